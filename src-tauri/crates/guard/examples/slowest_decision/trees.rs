//! Folders that are made to be slow.

use super::commands::{numbered, spelled};
use super::{Kind, kind};
use std::fs::{File, create_dir, create_dir_all, write};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// Readers that recurse, in ways that make the guard look in each its own way.
const READERS: &[&str] = &[
    "grep -r x .",
    "rg x",
    "rg x .",
    "rg -uu x",
    "rg -u x",
    "rg --hidden x",
    "rg -g '*.rs' x",
    "rg -trust x",
    "grep -r x . . . . . . . .",
    "rg x . d ./ ./d",
    "rg x; rg y; rg -u z; grep -r x .",
    "grep -r --include='*.c' x .",
    "diff -r . d",
    "diff . d",
    "rg --ignore-file i x",
    "git log",
    "rg x d",
    "cd d && rg x",
    "cd d && git log",
    "git status && rg x",
];

pub(super) fn plain(place: &Path) {
    create_dir_all(place.join("d/e")).unwrap();
    for name in ["a.txt", "b.txt", "i", "d/e/c.txt"] {
        write(place.join(name), "x\n").unwrap();
    }
    symlink("d", place.join("l")).unwrap();
    create_dir_all(place.join(".git/info")).unwrap();
    write(place.join(".git/config"), "[core]\n\tbare = false\n").unwrap();
}

fn files(folder: &Path, count: usize, name: impl Fn(usize) -> String) {
    create_dir_all(folder).unwrap();
    for number in 0..count {
        File::create(folder.join(name(number))).unwrap();
    }
}

/// Folders in folders, each made as `make` says.
fn nested(place: &Path, depth: usize, name: &str, make: impl Fn(&Path)) {
    let mut folder = PathBuf::from(place);
    for _ in 0..depth {
        folder.push(name);
        if folder.as_os_str().len() > 3_900 {
            break;
        }
        create_dir(&folder).unwrap();
        make(&folder);
    }
}

/// Files that look like secrets, and that filters leave out.
pub(super) fn secrets(place: &Path) {
    plain(place);
    files(&place.join("s"), 9_000, |number| format!(".env.{number}"));
}

/// 1,000 rules of the workspace.
pub(super) fn ruled(place: &Path) {
    plain(place);
    let rules: Vec<String> = (0..1_000)
        .map(|number| match number % 4 {
            0 => format!("make r{number}"),
            1 => format!("r{number} *"),
            2 => format!("private{number}/**"),
            _ => format!("*x{number}*y"),
        })
        .collect();
    write(place.join(".countersign.toml"), format!("deny = {rules:?}\nask = {rules:?}\n")).unwrap();
}

/// Rules that hold many wildcards.
pub(super) fn wild(place: &Path) {
    plain(place);
    let rules: Vec<String> = (0..200)
        .map(|number| {
            let letter = char::from(b'a' + u8::try_from(number % 26).unwrap());
            format!("{0}{letter}{0}{number}", format!("*{letter}?[a-z]").repeat(10))
        })
        .chain((0..20).map(|_| "make ** ** *a*b*c -x -y".to_owned()))
        .collect();
    write(place.join(".countersign.toml"), format!("deny = {rules:?}\nask = [\"* *\"]\n")).unwrap();
}

fn deep(place: &Path) {
    plain(place);
    nested(place, 300, "d0", |folder| write(folder.join("f"), "").unwrap());
}

fn deepest(place: &Path) {
    plain(place);
    std::fs::remove_dir_all(place.join("d")).unwrap();
    nested(place, 2_000, "d", |_| ());
}

fn deep_ignoring(place: &Path) {
    plain(place);
    std::fs::remove_dir_all(place.join("d")).unwrap();
    nested(place, 60, "d", |folder| {
        create_dir_all(folder.join(".git/info")).unwrap();
        write(folder.join(".git/config"), "[core]\n\tbare = false\n".repeat(7_000)).unwrap();
        write(folder.join(".git/info/exclude"), "a*\n!b\n").unwrap();
        write(folder.join(".gitignore"), "*.o\n!.x\n").unwrap();
        files(&folder.join("z"), 20, |number| format!("d{number}"));
    });
}

fn full(place: &Path) {
    plain(place);
    files(&place.join("d"), 100_000, |number| format!("file-number-{number}.txt"));
}

/// Full folders on the way down: who keeps few of them open reads the rest of one at once.
fn full_and_deep(place: &Path) {
    plain(place);
    nested(place, 14, "d0", |_| ());
    files(&place.join("d0"), 60_000, |number| format!("f{number}"));
    files(&place.join("d0/d0"), 60_000, |number| format!("f{number}"));
}

fn wide(place: &Path) {
    plain(place);
    for number in 0..10_000 {
        create_dir(place.join(format!("d{number}"))).unwrap();
    }
}

fn ignoring(place: &Path) {
    plain(place);
    for number in 0..3_000 {
        let folder = place.join(format!("d{number}"));
        create_dir(&folder).unwrap();
        write(folder.join(".gitignore"), "*.o\n/build\n!.keep\n").unwrap();
        write(folder.join("a.c"), "").unwrap();
    }
}

/// Ignore files with thousands of lines.
fn huge_ignores(place: &Path) {
    plain(place);
    let lines =
        |form: &str| (0..8_000).map(|n| form.replace('#', &n.to_string())).collect::<String>();
    write(place.join(".gitignore"), lines("a#b\n")).unwrap();
    write(place.join("d/.gitignore"), lines("*a#?[a-z]*b\n")).unwrap();
    write(place.join("d/e/.ignore"), lines("**/x#/**/{a,b}*/c\n")).unwrap();
    write(place.join(".git/info/exclude"), lines("!x*#*\n")).unwrap();
    write(place.join("i"), lines("!*#*?[a-z]\n")).unwrap();
    files(&place.join("d/e"), 3_000, |number| format!("aa{number}{}", "b".repeat(200)));
}

/// Few lines, each hard to compare.
fn hard_ignores(place: &Path) {
    plain(place);
    let hard: Vec<String> =
        (0..60).map(|number| format!("{}{number}", "*a?[a-b]".repeat(6))).collect();
    write(place.join(".gitignore"), hard.join("\n")).unwrap();
    write(place.join("d/.ignore"), format!("!{}\n!.x\n", hard.join("\n!"))).unwrap();
    files(&place.join("d/e"), 5_000, |number| format!("{}{number}", "ab".repeat(110)));
    files(&place.join("d/.x"), 5_000, |number| format!(".env.{}{number}", "ab".repeat(110)));
}

fn large_ignore(place: &Path) {
    plain(place);
    write(place.join(".gitignore"), "some-name-of-a-file\n".repeat(2_000_000)).unwrap();
    write(place.join("d/.gitignore"), "a".repeat(10_000_000)).unwrap();
    write(place.join("d/e/.ignore"), "#\n".repeat(10_000_000)).unwrap();
}

fn links(place: &Path) {
    plain(place);
    for number in 0..39 {
        symlink(format!("l{}", number + 1), place.join(format!("l{number}"))).unwrap();
    }
    symlink("d", place.join("l39")).unwrap();
    let round = "d/e/../../".repeat(390);
    for number in 0..39 {
        symlink(format!("{round}m{}", number + 1), place.join(format!("m{number}"))).unwrap();
    }
    symlink("d", place.join("m39")).unwrap();
    for number in 0..3_000 {
        symlink("l0", place.join(format!("n{number}"))).unwrap();
    }
}

fn long_names(place: &Path) {
    plain(place);
    let name = |number: usize| format!("{number:05}{}", "\u{e9}".repeat(124));
    files(&place.join("d"), 6_000, name);
    files(&place.join("d/f"), 6_000, |number| format!("{number:05}{}", ".Env~1".repeat(41)));
}

fn repositories(place: &Path) {
    plain(place);
    for number in 0..1_000 {
        let folder = place.join(format!("r{number}"));
        create_dir_all(folder.join(".git/info")).unwrap();
        write(folder.join(".git/config"), "[core]\n").unwrap();
        write(folder.join(".git/info/exclude"), "*.o\n!.x\n").unwrap();
    }
    for number in 0..500 {
        let folder = place.join(format!("w{number}"));
        create_dir(&folder).unwrap();
        write(folder.join(".git"), format!("gitdir: ../r{number}/.git\n")).unwrap();
    }
}

fn configuration(place: &Path) {
    plain(place);
    let value = "x/".repeat(50);
    let text = format!("[core]\n{}", format!("excludesfile = {value}\n").repeat(2_000));
    write(place.join(".git/config"), text).unwrap();
    write(place.join(".gitattributes"), "*.c diff=x filter=y\n".repeat(100_000)).unwrap();
    create_dir_all(place.join("d/.git")).unwrap();
    let one = format!("[core]\nexcludesfile = {}\n", "x/".repeat(130_000));
    write(place.join("d/.git/config"), one).unwrap();
    create_dir_all(place.join("d/e/.git")).unwrap();
    write(place.join("d/e/.git/config"), "[a]\nx=\n".repeat(36_000)).unwrap();
}

pub(super) fn kinds() -> Vec<Kind> {
    let with = |more: Vec<String>| {
        let readers = READERS.iter().map(|&reader| reader.to_owned());
        readers.chain(more).collect::<Vec<String>>()
    };
    let below = |depth: usize| vec!["d"; depth].join("/");
    let mut in_deep: Vec<String> = [60, 200, 1_000, 1_900]
        .iter()
        .flat_map(|&depth| {
            let folder = below(depth);
            ["git log", "rg x", "cat a.txt b.txt c/d", "ls"]
                .map(|does| format!("cd {folder} && {does}"))
        })
        .collect();
    in_deep.push(spelled("rg x", &below(60)));
    in_deep.push(spelled("mytool", &below(400)));
    let of_links = ["cat", "mytool", "rg x", "python3"]
        .iter()
        .flat_map(|first| {
            let rounds = spelled(first, "m0");
            [numbered(first, "n"), spelled(first, "l0"), rounds, format!("cd m0 && {first} a")]
        })
        .collect();
    vec![
        kind("folders 300 deep", deep, with(Vec::new())),
        kind("folders as deep as can be", deepest, with(in_deep.clone())),
        kind("folders 60 deep, repositories each", deep_ignoring, with(in_deep)),
        kind("100,000 files in a folder", full, with(Vec::new())),
        kind("full folders, deep", full_and_deep, with(Vec::new())),
        kind("10,000 folders", wide, with(vec![numbered("rg x", "d"), numbered("grep -r x", "d")])),
        kind(
            "3,000 folders that ignore",
            ignoring,
            with(vec![numbered("rg x", "d"), numbered("rg -u x", "d")]),
        ),
        kind("ignore files of 8,000 lines", huge_ignores, with(vec!["cd d/e && rg x".to_owned()])),
        kind("ignore files that are hard to compare", hard_ignores, with(Vec::new())),
        kind("ignore files of 10 to 40 MB", large_ignore, with(vec!["cd d/e && rg x".to_owned()])),
        kind("chains of links", links, with(of_links)),
        kind("long names", long_names, with(Vec::new())),
        kind(
            "1,000 repositories",
            repositories,
            with(vec![numbered("rg x", "w"), numbered("rg x", "r")]),
        ),
        kind(
            "a huge configuration of git",
            configuration,
            with(vec!["cd d/e && git log".to_owned()]),
        ),
    ]
}
