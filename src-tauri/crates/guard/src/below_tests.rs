#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up ends there")]

use super::*;
use crate::root::Root;
use ignore::WalkBuilder;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs::{File, create_dir_all, write};
use std::sync::Mutex;
use tokio_util::sync::CancellationToken;

#[test]
fn what_is_mounted_is_not_entered() {
    let root = OwnedFd::from(File::open("/").unwrap());
    assert_eq!(enter(root.as_fd(), Path::new("proc")).unwrap_err(), Errno::XDEV);
    assert!(enter(root.as_fd(), Path::new("usr")).is_ok());
}

/// Numbers that look random and are the same each time.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

/// Files that all look like secrets, and ignore files at random.
fn lay_out(place: &Path, random: &mut Random) {
    let folders = ["", "d", "d/e", ".h", ".h/d", "d/.h", "e", "d/e/d"];
    for folder in folders {
        create_dir_all(place.join(folder)).unwrap();
        for name in ["a.pem", "b.key", ".c.pem"] {
            write(place.join(folder).join(name), "").unwrap();
        }
    }
    let lines = [
        "a.pem",
        "!a.pem",
        "*.key",
        "/d",
        "!d/",
        "e/",
        "e/*.pem",
        "!.c.pem",
        ".h",
        "!.h/",
        "**/e",
        "#d",
        "*",
        "!*",
        "!b.key",
        "/e/b.key",
        "d/e/*",
        "!/d/e/a.pem",
        "\\!x",
        "[ab].pem",
        "{a,b}.*",
        "",
        "c/**",
        "**/d/**",
    ];
    for folder in folders {
        if random.below(4) == 0 {
            create_dir_all(place.join(folder).join(".git/info")).unwrap();
        }
        for file in [".gitignore", ".ignore", ".git/info/exclude"] {
            let count = random.below(4);
            let text: Vec<&str> = (0..count).map(|_| random.pick(&lines)).collect();
            if random.below(3) == 0 {
                let _ = write(place.join(folder).join(file), text.join("\n"));
            }
        }
    }
}

/// Whether it is none of the ignore files and repositories.
fn is_counted(path: &str) -> bool {
    ["a.pem", "b.key", ".c.pem"].contains(&path.rsplit('/').next().unwrap_or(path))
}

#[test]
fn the_same_files_are_read_as_by_the_walk_of_ripgrep() {
    let mut shut = 0;
    for seed in 0..150 {
        let place = tempfile::tempdir().unwrap();
        let mut random = Random(seed);
        lay_out(place.path(), &mut random);
        let (hidden, ignored) = (random.below(2) == 0, random.below(4) == 0);
        let depth = (random.below(4) == 0).then_some(2);
        let expected: BTreeSet<String> = WalkBuilder::new(place.path())
            .hidden(!hidden)
            .ignore(!ignored)
            .git_ignore(!ignored)
            .git_exclude(!ignored)
            .git_global(false)
            .parents(false)
            .max_depth(depth)
            .build()
            .map(Result::unwrap)
            .filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()))
            .map(|entry| entry.path().strip_prefix(place.path()).unwrap().display().to_string())
            .filter(|path| is_counted(path))
            .collect();
        let view = View {
            root: Arc::new(Root::open(place.path()).unwrap()),
            tightening: Arc::default(),
            grants: Vec::new(),
            used: Arc::new(Mutex::default()),
            stop: CancellationToken::new(),
        };
        let found = RefCell::new(BTreeSet::new());
        let read = |path: &str| {
            if is_counted(path) {
                found.borrow_mut().insert(path.to_owned());
            }
            false
        };
        let look = Look { read: &read, hidden, ignored, depth, ..Look::ALL };
        let told = secret(&view, Path::new(""), ".", &look, &Effort::default());
        assert_eq!(told, Ok(None));
        assert_eq!(found.into_inner(), expected, "seed {seed}");
        shut += usize::from(expected.len() < 8);
    }
    assert!(shut > 25, "the ignore files leave out much: {shut}");
}
