//! Ignore rules and the count of files, on real folders.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use countersign_watch::{Ignores, count_files};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use tempfile::{TempDir, tempdir};

fn put(root: &Path, path: &str, content: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

/// A repository with rules at several levels.
fn laid_out() -> TempDir {
    let folder = tempdir().unwrap();
    let root = folder.path();
    put(root, ".git/info/exclude", "/private\n*.tmp\n");
    put(root, ".git/HEAD", "x");
    put(root, ".gitignore", "target/\n*.log\n/only-top.txt\ndocs/*.pdf\n# no rule\n");
    put(root, "sub/.gitignore", "!keep.log\nlocal.txt\n/anchored\n!good.tmp\n");
    put(root, "sub/deep/.ignore", "!special.log\nhidden-by-ignore\n");
    put(root, "nested/.git/HEAD", "x");
    put(root, "nested/.gitignore", "own.txt\n");
    folder
}

#[test]
fn the_nearest_rule_decides() {
    let folder = laid_out();
    let ignores = Ignores::load(folder.path());
    for (path, is_dir, wanted) in [
        ("", true, false),
        ("README.md", false, false),
        (".hidden", false, false),
        (".git", true, true),
        (".git/config", false, true),
        ("nested/.git/HEAD", false, true),
        (".github", true, false),
        ("target", true, true),
        ("target", false, false),
        ("target/debug/app", false, true),
        ("sub/target/x", false, true),
        ("a.log", false, true),
        ("sub/a.log", false, true),
        ("sub/keep.log", false, false),
        ("sub/deep/keep.log", false, false),
        ("other/keep.log", false, true),
        ("only-top.txt", false, true),
        ("sub/only-top.txt", false, false),
        ("docs/a.pdf", false, true),
        ("docs/more/a.pdf", false, false),
        ("sub/docs/a.pdf", false, false),
        ("sub/local.txt", false, true),
        ("sub/deep/local.txt", false, true),
        ("local.txt", false, false),
        ("sub/anchored", false, true),
        ("sub/deep/anchored", false, false),
        ("sub/deep/special.log", false, false),
        ("sub/deep/hidden-by-ignore", false, true),
        ("private", false, true),
        ("private/x", false, true),
        ("sub/private", false, false),
        ("x.tmp", false, true),
        ("sub/good.tmp", false, false),
        // A repository of its own does not have the rules of the one it lies in.
        ("nested/a.log", false, false),
        ("nested/x.tmp", false, false),
        ("nested/own.txt", false, true),
        ("./sub//a.log", false, true),
        ("../a.log", false, false),
        ("/a.log", false, false),
    ] {
        assert_eq!(ignores.is_ignored(path, is_dir), wanted, "{path:?}, a folder: {is_dir}");
    }
}

#[test]
fn rules_are_read_again_after_a_refresh() {
    let folder = tempdir().unwrap();
    put(folder.path(), "a/.gitignore", "one\n");
    let ignores = Ignores::load(folder.path());
    assert!(ignores.is_ignored("a/one", false));
    put(folder.path(), "a/.gitignore", "two\n");
    assert!(ignores.is_ignored("a/one", false), "remembered");
    ignores.refresh();
    assert!(!ignores.is_ignored("a/one", false));
    assert!(ignores.is_ignored("a/two", false));
}

#[test]
fn a_workspace_inside_a_repository_has_its_rules() {
    let folder = laid_out();
    put(folder.path(), "packages/.ignore", "dist\n");
    put(folder.path(), "packages/one/a.txt", "");
    let ignores = Ignores::load(&folder.path().join("packages/one"));
    assert!(ignores.is_ignored("a.log", false));
    assert!(ignores.is_ignored("target", true));
    assert!(ignores.is_ignored("dist", true));
    assert!(!ignores.is_ignored("only-top.txt", false));
    assert!(ignores.is_ignored("x.tmp", false));
    assert!(!ignores.is_ignored("docs/a.pdf", false));
}

#[test]
fn odd_ignore_files_do_no_harm() {
    let folder = tempdir().unwrap();
    let root = folder.path();
    put(root, "elsewhere", "*\n");
    symlink("elsewhere", root.join(".gitignore")).unwrap();
    fs::create_dir(root.join(".ignore")).unwrap();
    fs::create_dir(root.join("zero")).unwrap();
    symlink("/dev/zero", root.join("zero/.gitignore")).unwrap();
    fs::create_dir(root.join("pipe")).unwrap();
    let made =
        std::process::Command::new("mkfifo").arg(root.join("pipe/.gitignore")).status().unwrap();
    assert!(made.success());
    put(root, "broken/.gitignore", "[z-a\n\u{0}\nreal\n");
    put(root, "marked/.gitignore", "\u{feff}first\n");
    let ignores = Ignores::load(root);
    for path in ["a", "zero/a", "pipe/a", "broken/a"] {
        assert!(!ignores.is_ignored(path, false), "{path}");
    }
    assert!(ignores.is_ignored("broken/real", false));
    assert!(ignores.is_ignored("marked/first", false));
}

#[test]
fn counts_what_is_not_ignored() {
    let folder = laid_out();
    let root = folder.path();
    let stop = AtomicBool::new(false);
    // .gitignore, sub/.gitignore, sub/deep/.ignore, nested/.gitignore
    assert_eq!(count_files(root, &stop), 4);
    put(root, "src/main.rs", "");
    put(root, "src/.env", "");
    put(root, "target/debug/app", "");
    put(root, "a.log", "");
    symlink(root, root.join("src/loop")).unwrap();
    assert_eq!(count_files(root, &stop), 7);
    assert_eq!(count_files(&root.join("nothing"), &stop), 0);
    assert_eq!(count_files(root, &AtomicBool::new(true)), 0);
}

#[test]
fn counts_below_names_that_are_no_text() {
    use std::os::unix::ffi::OsStrExt as _;
    let folder = tempdir().unwrap();
    let odd = folder.path().join(std::ffi::OsStr::from_bytes(b"\xff\xfe"));
    fs::create_dir(&odd).unwrap();
    fs::write(odd.join("x"), "").unwrap();
    assert_eq!(count_files(folder.path(), &AtomicBool::new(false)), 1);
}
