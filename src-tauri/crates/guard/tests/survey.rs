//! What a survey finds, and what it leaves out.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::wildcard_enum_match_arm, missing_docs)]

use countersign_guard::{
    Content, LeftOut, LeftOutWhy, Policy, PolicySettings, Scope, Supervisor, Survey, Workspace,
};
use countersign_protocol::KeptKind;
use rustix::fs::{CWD, Mode, RenameFlags};
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

fn open(path: &Path) -> Workspace {
    let policy = Policy::new(PolicySettings::default(), Vec::new());
    let supervisor = Supervisor::this_program().unwrap();
    Workspace::open(path, &[], policy, supervisor, Vec::new()).unwrap()
}

/// A workspace `ws` with these files; a name with `/` at its end is an empty folder.
fn lay_out(files: &[(&str, &str)]) -> (TempDir, Workspace) {
    let root = tempfile::tempdir().unwrap();
    let top = root.path().join("ws");
    fs::create_dir(&top).unwrap();
    for (name, content) in files {
        let path = top.join(name);
        if name.ends_with('/') {
            fs::create_dir_all(path).unwrap();
        } else {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
    }
    let workspace = open(&top);
    (root, workspace)
}

fn all(workspace: &Workspace) -> Survey {
    let survey = workspace.survey(Scope::Everything, &CancellationToken::new()).unwrap();
    assert!(survey.complete);
    survey
}

fn some(workspace: &Workspace, paths: &[&str]) -> Survey {
    let paths: BTreeSet<Vec<u8>> = paths.iter().map(|path| path.as_bytes().to_vec()).collect();
    workspace.survey(Scope::Paths(&paths), &CancellationToken::new()).unwrap()
}

fn names(survey: &Survey) -> Vec<String> {
    survey.entries.iter().map(|entry| String::from_utf8_lossy(&entry.path).into_owned()).collect()
}

fn left(survey: &Survey) -> Vec<(String, LeftOutWhy)> {
    let name = |left: &LeftOut| String::from_utf8_lossy(&left.path).into_owned();
    survey.left_out.iter().map(|left| (name(left), left.why)).collect()
}

#[test]
fn files_links_and_folders_are_found_with_what_they_are() {
    let (root, workspace) = lay_out(&[("a/b.txt", "four"), ("empty/", ""), ("run.sh", "")]);
    let top = root.path().join("ws");
    fs::set_permissions(top.join("run.sh"), PermissionsExt::from_mode(0o4755)).unwrap();
    fs::set_permissions(top.join("empty"), PermissionsExt::from_mode(0o1750)).unwrap();
    symlink("../outside", top.join("link")).unwrap();
    fs::hard_link(top.join("run.sh"), top.join("again.sh")).unwrap();
    let survey = all(&workspace);
    assert_eq!(names(&survey), ["a", "a/b.txt", "again.sh", "empty", "link", "run.sh"]);
    let entry = |name: &str| {
        survey.entries.iter().find(|entry| entry.path == name.as_bytes()).unwrap().clone()
    };
    let file = entry("a/b.txt");
    assert_eq!((file.entry.kind, file.entry.size, file.links), (KeptKind::File, 4, 1));
    assert_eq!((entry("run.sh").entry.mode, entry("run.sh").links), (0o4755, 2));
    let empty = entry("empty").entry;
    assert_eq!((empty.kind, empty.mode, empty.size), (KeptKind::Folder, 0o1750, 0));
    let link = entry("link").entry;
    assert_eq!((link.kind, link.mode, link.size), (KeptKind::Link, 0, 10));
}

#[test]
fn names_that_are_no_text_are_found_and_read() {
    let (root, workspace) = lay_out(&[]);
    let name = OsStr::from_bytes(b"a\xff\nb\xc3");
    fs::create_dir(root.path().join("ws").join(name)).unwrap();
    fs::write(root.path().join("ws").join(name).join(name), "x").unwrap();
    let survey = all(&workspace);
    let path = b"a\xff\nb\xc3/a\xff\nb\xc3";
    assert_eq!(survey.entries[1].path, path);
    let read = workspace.content(path, 10).unwrap();
    assert!(matches!(read, Content::Read { bytes, .. } if bytes == b"x"));
}

#[test]
fn ignored_folders_repositories_and_special_files_are_left_out() {
    let (root, workspace) = lay_out(&[
        (".gitignore", "target/\n*.log\n/only-top\n!kept.log/\n"),
        (".env", "KEY=1"),
        ("debug.log", "ignored by itself, and kept"),
        ("target/debug/x", ""),
        ("sub/target/y", ""),
        ("sub/only-top/z", ""),
        ("only-top/z", ""),
        ("logs.log/z", ""),
        ("kept.log/z", ""),
        ("sub/.ignore", "!target/\ncache\n"),
        ("sub/cache/z", ""),
        (".git/config", ""),
        (".git/info/exclude", "local\n"),
        ("local/z", ""),
        ("vendor/.git/HEAD", ""),
        ("vendor/target/z", "a repository of its own has its own rules"),
        ("work/.git", "gitdir: elsewhere"),
    ]);
    let top = root.path().join("ws");
    let mode = Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(CWD, top.join("pipe"), rustix::fs::FileType::Fifo, mode, 0).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(top.join("socket")).unwrap();
    let survey = all(&workspace);
    assert_eq!(
        left(&survey),
        [
            (".git".to_owned(), LeftOutWhy::Git),
            ("local".to_owned(), LeftOutWhy::Ignored),
            ("logs.log".to_owned(), LeftOutWhy::Ignored),
            ("only-top".to_owned(), LeftOutWhy::Ignored),
            ("pipe".to_owned(), LeftOutWhy::Special),
            ("socket".to_owned(), LeftOutWhy::Special),
            ("sub/cache".to_owned(), LeftOutWhy::Ignored),
            ("target".to_owned(), LeftOutWhy::Ignored),
            ("vendor/.git".to_owned(), LeftOutWhy::Git),
        ]
    );
    let names = names(&survey);
    let kept = [
        ".env",
        "debug.log",
        "sub/target/y",
        "sub/only-top/z",
        "kept.log/z",
        "vendor/target/z",
        "work/.git",
    ];
    for kept in kept {
        assert!(names.iter().any(|name| name == kept), "{kept}");
    }
    for (path, wanted) in [
        ("target", true),
        ("target/debug/x", true),
        ("targets", false),
        ("sub/target/y", false),
        ("pipe", true),
        ("debug.log", false),
    ] {
        assert_eq!(survey.leaves_out(path.as_bytes()), wanted, "{path}");
    }
    // The same for named paths, and for a watcher.
    let skip = workspace.folders_left_out();
    for entry in &survey.entries {
        let name = std::str::from_utf8(&entry.path).unwrap();
        let alone = some(&workspace, &[name]);
        assert!(alone.entries.contains(entry), "{name}");
        let folder = entry.entry.kind == KeptKind::Folder;
        assert!(!folder || !skip(Path::new(name)), "{name}");
    }
    for left in &survey.left_out {
        let name = std::str::from_utf8(&left.path).unwrap();
        let below = format!("{name}/z");
        for paths in [[name], [below.as_str()]] {
            let found = some(&workspace, &paths);
            assert!(found.left_out.contains(left), "{paths:?}: {found:?}");
            assert!(!found.entries.iter().any(|entry| entry.path.starts_with(&left.path)));
        }
        let special = left.why == LeftOutWhy::Special;
        assert!(special || skip(Path::new(name)) && skip(Path::new(&below)), "{name}");
    }
    // Ignore files are read anew when they change.
    fs::write(top.join(".gitignore"), "sub\n").unwrap();
    assert!(skip(Path::new("sub")) && !skip(Path::new("target")));
    assert!(left(&all(&workspace)).contains(&("sub".to_owned(), LeftOutWhy::Ignored)));
}

#[test]
fn named_paths_are_found_with_all_below_and_the_folders_to_them() {
    let (root, workspace) = lay_out(&[
        ("a/b/c.txt", ""),
        ("a/b/d/e.txt", ""),
        ("a/other.txt", ""),
        ("a-b/x", ""),
        ("f", "a file"),
    ]);
    assert_eq!(
        names(&some(&workspace, &["a/b"])),
        ["a", "a/b", "a/b/c.txt", "a/b/d", "a/b/d/e.txt"]
    );
    assert_eq!(names(&some(&workspace, &["a/b", "a/b/d/e.txt", "a-b"])).len(), 7);
    assert_eq!(names(&some(&workspace, &["a/b/gone", "gone/x"])), ["a", "a/b"]);
    // A folder that became a file is seen on the way.
    assert_eq!(names(&some(&workspace, &["f/x/y"])), ["f"]);
    assert_eq!(names(&some(&workspace, &[""])), names(&all(&workspace)));
    for bad in ["../x", "a/../b", "a//b", "./a", "a/"] {
        let paths = BTreeSet::from([bad.as_bytes().to_vec()]);
        let stop = CancellationToken::new();
        assert!(workspace.survey(Scope::Paths(&paths), &stop).is_err(), "{bad}");
        assert!(workspace.content(bad.as_bytes(), 1).is_err(), "{bad}");
    }
    let outside = root.path().join("beside.txt");
    fs::write(&outside, "12").unwrap();
    let found = some(&workspace, &[outside.to_str().unwrap()]);
    assert_eq!(found.entries[0].entry.size, 2);
    assert!(some(&workspace, &["/proc/self/status"]).entries.is_empty());
}

#[test]
fn links_are_never_followed() {
    let (root, workspace) = lay_out(&[("a/b.txt", "inside")]);
    let top = root.path().join("ws");
    fs::create_dir(root.path().join("outside")).unwrap();
    fs::write(root.path().join("outside/b.txt"), "outside").unwrap();
    symlink("../outside", top.join("l")).unwrap();
    assert_eq!(names(&all(&workspace)), ["a", "a/b.txt", "l"]);
    assert_eq!(names(&some(&workspace, &["l/b.txt"])), ["l"]);
    assert_eq!(workspace.content(b"l/b.txt", 100).unwrap(), Content::Gone);
    let link = workspace.content(b"l", 100).unwrap();
    assert!(matches!(link, Content::Read { bytes, .. } if bytes == b"../outside"));
    let outside = root.path().join("ws/l/b.txt");
    assert!(workspace.content(outside.as_os_str().as_bytes(), 100).is_err());
}

/// Ends the swapping where an assertion fails, too.
struct Ending<'a>(&'a AtomicBool);
impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_link_swapped_in_for_a_folder_is_never_followed() {
    let (root, workspace) = lay_out(&[("d/a.txt", "inside")]);
    let top = root.path().join("ws");
    fs::create_dir(root.path().join("outside")).unwrap();
    for name in ["a.txt", "b.txt"] {
        fs::write(root.path().join("outside").join(name), "what lies outside").unwrap();
    }
    symlink("../outside", top.join("l")).unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let ending = Ending(&done);
        let swapping = scope.spawn(|| {
            let mut swaps = 0;
            while !done.load(Ordering::Relaxed) || swaps % 2 == 1 {
                let (one, other) = (top.join("d"), top.join("l"));
                rustix::fs::renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE).unwrap();
                swaps += 1;
            }
            swaps
        });
        for _ in 0..2_000 {
            for survey in [all(&workspace), some(&workspace, &["d/a.txt", "l/a.txt"])] {
                assert!(!names(&survey).iter().any(|name| name.ends_with("b.txt")));
                let sizes = survey.entries.iter().filter(|found| found.path.ends_with(b"a.txt"));
                assert!(sizes.into_iter().all(|found| found.entry.size == 6));
            }
            if let Content::Read { bytes, .. } = workspace.content(b"d/a.txt", 100).unwrap() {
                assert_eq!(bytes, b"inside");
            }
        }
        drop(ending);
        assert!(swapping.join().unwrap() > 100);
    });
}

#[test]
fn content_says_what_it_could_not_read() {
    let (root, workspace) = lay_out(&[("a.txt", "12345"), ("d/", "")]);
    let Content::Read { entry, bytes, .. } = workspace.content(b"a.txt", 5).unwrap() else {
        panic!("not read")
    };
    assert_eq!((bytes.as_slice(), entry.size), (&b"12345"[..], 5));
    assert_eq!(
        entry.digest.unwrap().to_string(),
        "5994471abb01112afcc18159f6cc74b4f511b99806da59b3caf5a9c173cacfc5"
    );
    assert!(matches!(workspace.content(b"a.txt", 4).unwrap(), Content::TooLarge { entry, .. }
        if entry.size == 5 && entry.digest.is_none()));
    assert_eq!(workspace.content(b"d", 5).unwrap(), Content::NoContent);
    assert_eq!(workspace.content(b"x", 5).unwrap(), Content::Gone);
    assert_eq!(workspace.content(b"a.txt/x", 5).unwrap(), Content::Gone);
    let beside = root.path().join("gone/too");
    assert_eq!(workspace.content(beside.as_os_str().as_bytes(), 5).unwrap(), Content::Gone);
    assert!(workspace.content(b"/proc/self/status", 5).is_err());
}

#[test]
fn what_was_changed_just_now_is_read_again() {
    let (root, workspace) = lay_out(&[("new.txt", "12345"), ("old.txt", "12345")]);
    let path = root.path().join("ws/old.txt");
    let stamp = |name: &str| match workspace.content(name.as_bytes(), 10).unwrap() {
        Content::Read { stamp, .. } => stamp,
        other => panic!("{other:?}"),
    };
    let surveyed = |name: &str| some(&workspace, &[name]).entries[0].stamp;
    assert_ne!(stamp("new.txt"), surveyed("new.txt"));
    // Until the clock of the file system has moved on.
    let begun = std::time::Instant::now();
    while stamp("old.txt") != surveyed("old.txt") {
        assert!(begun.elapsed() < std::time::Duration::from_secs(60), "never trusted");
        std::thread::yield_now();
    }
    let old = surveyed("old.txt");
    let times = fs::FileTimes::new().set_modified(fs::metadata(&path).unwrap().modified().unwrap());
    fs::write(&path, "54321").unwrap();
    fs::File::options().write(true).open(&path).unwrap().set_times(times).unwrap();
    assert_ne!(surveyed("old.txt"), old, "a time that was set back hides nothing");
}

#[test]
fn a_survey_that_is_stopped_says_so() {
    let (_root, workspace) = lay_out(&[("a/b.txt", "")]);
    let stop = CancellationToken::new();
    stop.cancel();
    assert!(!workspace.survey(Scope::Everything, &stop).unwrap().complete);
}
