//! The watches, on real folders.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use countersign_watch::{Change, WatchError, Watcher};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use tempfile::{TempDir, tempdir};
use tokio::sync::mpsc::{Receiver, channel, error::TryRecvError};

const LONG: Duration = Duration::from_secs(20);

struct Seen {
    folder: TempDir,
    watcher: Watcher,
    changes: Receiver<Change>,
    marks: usize,
}

/// A watched workspace with the folders `a/b`, `c` and `marks`, and room for so many changes untold.
fn started(capacity: usize) -> Seen {
    let folder = tempdir().unwrap();
    let top = folder.path().join("ws");
    fs::create_dir_all(top.join("a/b")).unwrap();
    fs::create_dir(top.join("c")).unwrap();
    let (sender, changes) = channel(capacity);
    fs::create_dir(top.join("marks")).unwrap();
    let watcher = Watcher::start(&top, sender).unwrap();
    watcher.watch_folder("marks").unwrap();
    Seen { folder, watcher, changes, marks: 0 }
}

impl Seen {
    fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join("ws").join(relative)
    }

    fn next(&mut self) -> Change {
        let deadline = Instant::now() + LONG;
        loop {
            match self.changes.try_recv() {
                Ok(change) => return change,
                Err(TryRecvError::Empty) => {
                    assert!(Instant::now() < deadline, "no change was told");
                    std::thread::yield_now();
                }
                Err(TryRecvError::Disconnected) => panic!("the watcher ended"),
            }
        }
    }

    /// All folders told until this one is among them.
    fn until(&mut self, wanted: &str) -> BTreeSet<String> {
        let mut seen = BTreeSet::new();
        while !seen.contains(wanted) {
            match self.next() {
                Change::Folders(folders) => seen.extend(folders),
                other @ (Change::Everything | Change::Gone(_)) => panic!("{other:?}"),
            }
        }
        seen
    }

    /// All folders told of changes up to now, which a mark in a folder of its own comes after.
    fn settled(&mut self) -> BTreeSet<String> {
        self.marks += 1;
        fs::create_dir(self.path(&format!("marks/{}", self.marks))).unwrap();
        let mut seen = self.until("marks");
        assert!(seen.remove("marks"));
        seen
    }
}

fn set(folders: &[&str]) -> BTreeSet<String> {
    folders.iter().map(|&folder| folder.to_owned()).collect()
}

fn touch(path: &Path) {
    assert!(Command::new("touch").arg(path).status().unwrap().success());
}

#[test]
fn a_file_made_by_another_program_changes_its_folder() {
    let mut seen = started(16);
    touch(&seen.path("new.txt"));
    assert_eq!(seen.next(), Change::Folders(vec![String::new()]));
    seen.watcher.watch_folder("a/b").unwrap();
    touch(&seen.path("a/b/new.txt"));
    assert_eq!(seen.next(), Change::Folders(vec!["a/b".to_owned()]));
    fs::remove_file(seen.path("a/b/new.txt")).unwrap();
    assert_eq!(seen.next(), Change::Folders(vec!["a/b".to_owned()]));
}

#[test]
fn a_folder_that_is_not_watched_is_silent() {
    let mut seen = started(16);
    seen.watcher.watch_folder("c").unwrap();
    seen.watcher.watch_folder("./c/").unwrap();
    touch(&seen.path("a/new.txt"));
    assert_eq!(seen.settled(), set(&[]));
    seen.watcher.unwatch_folder("c");
    seen.watcher.unwatch_folder("c");
    seen.watcher.unwatch_folder("");
    seen.watcher.unwatch_folder("../x");
    touch(&seen.path("c/new.txt"));
    assert_eq!(seen.settled(), set(&[]));
}

#[test]
fn writing_and_reading_files_is_silent_but_for_ignore_files() {
    let mut seen = started(16);
    fs::write(seen.path("a/x"), "").unwrap();
    fs::write(seen.path("a/.gitignore"), "").unwrap();
    seen.watcher.watch_folder("a").unwrap();
    fs::write(seen.path("a/x"), "more").unwrap();
    fs::read(seen.path("a/x")).unwrap();
    assert_eq!(seen.settled(), set(&[]));
    fs::write(seen.path("a/.gitignore"), "x").unwrap();
    assert_eq!(seen.until("a"), set(&["a"]));
}

#[test]
fn a_rename_changes_both_folders() {
    let mut seen = started(16);
    fs::write(seen.path("a/x"), "").unwrap();
    seen.watcher.watch_folder("a").unwrap();
    seen.watcher.watch_folder("c").unwrap();
    fs::rename(seen.path("a/x"), seen.path("c/y")).unwrap();
    let mut told = BTreeSet::new();
    while told != set(&["a", "c"]) {
        let Change::Folders(folders) = seen.next() else { panic!("not folders") };
        told.extend(folders);
        assert!(told.is_subset(&set(&["a", "c"])), "{told:?}");
    }
}

#[test]
fn a_folder_that_goes_is_told_by_its_parent_and_watched_again_when_it_is_back() {
    let mut seen = started(16);
    seen.watcher.watch_folder("a").unwrap();
    seen.watcher.watch_folder("a/b").unwrap();
    fs::remove_dir_all(seen.path("a")).unwrap();
    seen.until("");
    let told = seen.settled();
    assert!(!told.contains("a") && !told.contains("a/b"), "{told:?}");
    fs::create_dir_all(seen.path("a/b")).unwrap();
    seen.until("a/b");
    seen.settled();
    touch(&seen.path("a/b/again.txt"));
    assert_eq!(seen.until("a/b"), set(&["a/b"]));
}

#[test]
fn a_folder_that_is_moved_away_is_no_longer_watched_under_its_old_name() {
    let mut seen = started(16);
    seen.watcher.watch_folder("a").unwrap();
    seen.watcher.watch_folder("a/b").unwrap();
    fs::rename(seen.path("a"), seen.path("z")).unwrap();
    seen.until("");
    seen.settled();
    touch(&seen.path("z/b/x"));
    touch(&seen.path("z/x"));
    assert_eq!(seen.settled(), set(&[]));
}

#[test]
fn a_burst_is_told_in_few_changes() {
    let mut seen = started(4);
    seen.watcher.watch_folder("c").unwrap();
    for number in 0..5_000 {
        fs::write(seen.path(&format!("c/{number}")), "").unwrap();
    }
    fs::write(seen.path("mark"), "").unwrap();
    let mut count = 0;
    let mut told = BTreeSet::new();
    // The system's queue may run over; then everything is told to have changed.
    while !told.contains("") {
        count += 1;
        match seen.next() {
            Change::Folders(folders) => told.extend(folders),
            Change::Everything => break,
            Change::Gone(what) => panic!("{what}"),
        }
    }
    assert!(count <= 100, "{count} changes were told");
}

#[test]
fn nothing_is_lost_while_the_channel_is_full() {
    let mut seen = started(1);
    let folders: Vec<String> = (0..20).map(|number| format!("f{number:02}")).collect();
    for folder in &folders {
        fs::create_dir(seen.path(folder)).unwrap();
        seen.watcher.watch_folder(folder).unwrap();
    }
    // Full from here on: the one place is taken and nobody receives.
    let deadline = Instant::now() + LONG;
    while seen.changes.is_empty() {
        assert!(Instant::now() < deadline);
        std::thread::yield_now();
    }
    for folder in &folders {
        touch(&seen.path(&format!("{folder}/x")));
    }
    let mut told = BTreeSet::new();
    while !folders.iter().all(|folder| told.contains(folder)) {
        let Change::Folders(some) = seen.next() else { panic!("not folders") };
        told.extend(some);
    }
}

#[test]
fn a_workspace_that_is_moved_or_removed_is_gone() {
    let gone = |change: &Change| match change {
        Change::Gone(what) => what.contains("/ws was moved or removed"),
        Change::Folders(_) | Change::Everything => false,
    };
    let mut moved = started(16);
    let parent = moved.folder.path();
    fs::rename(parent.join("ws"), parent.join("other")).unwrap();
    while !gone(&moved.next()) {}
    assert!(moved.watcher.watch_folder("a").is_err());

    let mut removed = started(16);
    fs::remove_dir_all(removed.path("")).unwrap();
    fs::create_dir(removed.path("")).unwrap();
    while !gone(&removed.next()) {}
}

#[test]
fn paths_that_lead_out_are_refused() {
    let seen = started(16);
    let outside = seen.folder.path().join("outside");
    fs::create_dir_all(outside.join("in")).unwrap();
    symlink(&outside, seen.path("link")).unwrap();
    fs::write(seen.path("file"), "").unwrap();
    for path in ["..", "a/../../outside", "/tmp"] {
        let error = seen.watcher.watch_folder(path).unwrap_err();
        assert!(matches!(error, WatchError::NotInside(_)), "{path}: {error}");
    }
    for path in ["link", "link/in"] {
        let error = seen.watcher.watch_folder(path).unwrap_err();
        assert!(matches!(error, WatchError::Link(_)), "{path}: {error}");
    }
    for path in ["none", "file", "file/x"] {
        let error = seen.watcher.watch_folder(path).unwrap_err();
        assert!(matches!(error, WatchError::NoFolder { .. }), "{path}: {error}");
    }
    seen.watcher.watch_folder("").unwrap();
    let (sender, _changes) = channel(1);
    assert!(Watcher::start(&seen.path("file"), sender.clone()).is_err());
    assert!(Watcher::start(&seen.path("none"), sender).is_err());
}

#[test]
fn a_watched_folder_replaced_by_a_link_is_not_followed() {
    let mut seen = started(16);
    let outside = seen.folder.path().join("outside");
    fs::create_dir(&outside).unwrap();
    seen.watcher.watch_folder("c").unwrap();
    fs::remove_dir(seen.path("c")).unwrap();
    symlink(&outside, seen.path("c")).unwrap();
    seen.until("");
    seen.settled();
    touch(&outside.join("x"));
    assert_eq!(seen.settled(), set(&[]));
}

#[test]
fn dropping_the_watcher_ends_the_changes() {
    let mut seen = started(1);
    drop(seen.watcher);
    let deadline = Instant::now() + LONG;
    while seen.changes.try_recv() != Err(TryRecvError::Disconnected) {
        assert!(Instant::now() < deadline, "the watcher did not end");
        std::thread::yield_now();
    }
}
