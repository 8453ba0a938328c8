//! What git says of the entries, in repositories that the `git` program made.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod hostile;

use countersign_protocol::GitState::{self, Added, Conflicted, Modified, Untracked};
use countersign_watch::{Git, GitChange};
use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;
use tempfile::{TempDir, tempdir};

const LONG: Duration = Duration::from_secs(30);

/// Runs git with no configuration but the repository's.
fn git(at: &Path, arguments: &[&str]) -> bool {
    Command::new("git")
        .args(["-c", "user.name=Test", "-c", "user.email=test@example.invalid"])
        .args(arguments)
        .current_dir(at)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("git is installed")
        .success()
}

fn write(at: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = at.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

/// A repository with some files, committed on `main`.
fn repository(files: &[(&str, &str)]) -> TempDir {
    let folder = tempdir().unwrap();
    assert!(git(folder.path(), &["init", "-q", "-b", "main"]));
    write(folder.path(), files);
    commit(folder.path());
    folder
}

fn commit(at: &Path) {
    assert!(git(at, &["add", "-A"]));
    assert!(git(at, &["commit", "-q", "--allow-empty", "-m", "more"]));
}

struct Followed {
    git: Git,
    told: Receiver<GitChange>,
    branch: Option<String>,
    folders: BTreeSet<String>,
    everything: bool,
}

fn follow(root: &Path) -> Followed {
    let (sender, told) = channel();
    let git = Git::start(root, move |change| drop(sender.send(change)));
    Followed { git, told, branch: None, folders: BTreeSet::new(), everything: false }
}

impl Followed {
    /// Takes in what is told until this holds.
    fn until(&mut self, what: &str, holds: impl Fn(&Self) -> bool) {
        while !holds(self) {
            let change = self.told.recv_timeout(LONG).unwrap_or_else(|_| panic!("never: {what}"));
            self.branch = change.branch;
            self.folders.extend(change.folders);
            self.everything |= change.everything;
        }
    }

    fn until_state(&mut self, path: &str, state: Option<GitState>) {
        self.until(&format!("{path} {state:?}"), |seen| seen.git.state(path) == state);
    }

    fn until_branch(&mut self, branch: &str) {
        self.until(branch, |seen| seen.branch.as_deref() == Some(branch));
    }

    fn has(&self, wanted: &[(&str, Option<GitState>)]) {
        for (path, state) in wanted {
            assert_eq!(self.git.state(path), *state, "{path:?}");
        }
    }

    /// Waits until a look that began after this call has ended: it is told by a mark in the root.
    fn looked(&mut self, root: &Path) {
        let mark = "zz-mark";
        let is = self.git.state(mark);
        let other = if is.is_none() {
            fs::write(root.join(mark), "").unwrap();
            Some(Untracked)
        } else {
            fs::remove_file(root.join(mark)).unwrap();
            None
        };
        self.git.refresh();
        self.until_state(mark, other);
    }
}

#[test]
fn each_state_is_told_and_folders_tell_of_what_is_in_them() {
    let folder = repository(&[
        ("same.txt", "1"),
        ("src/deep/changed.txt", "1"),
        ("src/same.txt", "1"),
        ("gone/was.txt", "1"),
        ("gone/stays.txt", "1"),
        ("mode.sh", "1"),
        ("quiet/x.txt", "1"),
        (".gitignore", "*.log\nbuild/\n"),
        ("nested/.gitignore", "only-here\n"),
    ]);
    let root = folder.path();
    write(
        root,
        &[
            ("src/deep/changed.txt", "two"),
            ("new/deep/er.txt", "1"),
            ("src/new.txt", "1"),
            ("staged.txt", "1"),
            ("a.log", "1"),
            ("build/out.txt", "1"),
            ("nested/only-here", "1"),
            ("nested/other", "1"),
            ("only-here", "1"),
        ],
    );
    fs::remove_file(root.join("gone/was.txt")).unwrap();
    fs::set_permissions(root.join("mode.sh"), Permissions::from_mode(0o755)).unwrap();
    assert!(git(root, &["add", "staged.txt"]));
    let mut seen = follow(root);
    seen.until_branch("main");
    seen.has(&[
        ("same.txt", None),
        ("src", Some(Modified)),
        ("src/deep", Some(Modified)),
        ("src/deep/changed.txt", Some(Modified)),
        ("src/same.txt", None),
        ("src/new.txt", Some(Untracked)),
        ("new", Some(Untracked)),
        ("new/deep/er.txt", Some(Untracked)),
        ("gone", Some(Modified)),
        ("gone/stays.txt", None),
        ("mode.sh", Some(Modified)),
        ("staged.txt", Some(Added)),
        ("quiet", None),
        ("a.log", None),
        ("build", None),
        ("nested/only-here", None),
        ("nested/other", Some(Untracked)),
        ("only-here", Some(Untracked)),
    ]);
    let before = fs::read(root.join(".git/index")).unwrap();
    commit(root);
    seen.until_state("src/deep/changed.txt", None);
    for path in ["src", "new", "gone", "mode.sh", "staged.txt", "nested/other", "only-here"] {
        seen.until_state(path, None);
    }
    assert_ne!(fs::read(root.join(".git/index")).unwrap(), before, "the commit wrote the index");
}

#[test]
fn only_folders_whose_entries_changed_are_told() {
    let folder = repository(&[("a/x", "1"), ("b/c/y", "1"), ("z", "1")]);
    let mut seen = follow(folder.path());
    seen.until_branch("main");
    seen.folders.clear();
    seen.everything = false;
    write(folder.path(), &[("b/c/y", "two")]);
    seen.git.refresh();
    seen.until_state("b/c/y", Some(Modified));
    let wanted: BTreeSet<String> = ["", "b", "b/c"].map(str::to_owned).into();
    assert_eq!((&seen.folders, seen.everything), (&wanted, false));
}

#[test]
fn another_branch_a_commit_without_one_and_a_branch_without_a_commit() {
    let folder = tempdir().unwrap();
    let root = folder.path();
    assert!(git(root, &["init", "-q", "-b", "first"]));
    write(root, &[("a", "1")]);
    let mut seen = follow(root);
    seen.until_branch("first");
    seen.has(&[("a", Some(Untracked))]);
    commit(root);
    seen.until_state("a", None);
    assert!(git(root, &["checkout", "-q", "-b", "side/line"]));
    seen.until_branch("side/line");
    assert!(git(root, &["checkout", "-q", "--detach"]));
    seen.until("a short id", |seen| {
        seen.branch
            .as_ref()
            .is_some_and(|id| id.len() == 7 && id.chars().all(|letter| letter.is_ascii_hexdigit()))
    });
}

#[test]
fn a_conflict_is_told_up_to_the_root() {
    let folder = repository(&[("deep/a", "1\n"), ("deep/b", "1\n")]);
    let root = folder.path();
    assert!(git(root, &["checkout", "-q", "-b", "side"]));
    write(root, &[("deep/a", "side\n")]);
    commit(root);
    assert!(git(root, &["checkout", "-q", "main"]));
    write(root, &[("deep/a", "main\n")]);
    commit(root);
    let mut seen = follow(root);
    seen.until_branch("main");
    seen.has(&[("deep", None)]);
    assert!(!git(root, &["merge", "-q", "side"]), "the merge conflicts");
    seen.until_state("deep/a", Some(Conflicted));
    seen.has(&[("deep", Some(Conflicted)), ("deep/b", None)]);
}

#[test]
fn a_workspace_within_a_repository_sees_only_its_own() {
    let folder = repository(&[
        ("app/src/x", "1"),
        ("app2/y", "1"),
        ("other/y", "1"),
        (".gitignore", "*.log\n"),
    ]);
    write(
        folder.path(),
        &[
            ("app/src/x", "two"),
            ("app/new", "1"),
            ("app/a.log", "1"),
            ("app2/y", "2 two"),
            ("other/y", "two"),
        ],
    );
    let mut seen = follow(&folder.path().join("app"));
    seen.until_branch("main");
    seen.has(&[
        ("src", Some(Modified)),
        ("src/x", Some(Modified)),
        ("new", Some(Untracked)),
        ("a.log", None),
        ("y", None),
        ("", None),
    ]);
    // All of it is new.
    write(folder.path(), &[("fresh/x/y", "1")]);
    let mut seen = follow(&folder.path().join("fresh"));
    seen.until_branch("main");
    seen.has(&[("x", Some(Untracked)), ("x/y", Some(Untracked))]);
}

#[test]
fn repositories_within_are_left_alone_and_links_not_followed() {
    let outside = tempdir().unwrap();
    write(outside.path(), &[("secret/x", "1")]);
    let folder = repository(&[("a", "1")]);
    let root = folder.path();
    fs::create_dir(root.join("inner")).unwrap();
    assert!(git(&root.join("inner"), &["init", "-q"]));
    write(root, &[("inner/x", "1"), ("beside/inner/y", "1")]);
    symlink(outside.path(), root.join("link")).unwrap();
    let mut seen = follow(root);
    seen.until_state("link", Some(Untracked));
    seen.has(&[
        ("inner", None),
        ("inner/x", None),
        ("beside", Some(Untracked)),
        ("link/secret", None),
    ]);
}

#[test]
fn a_linked_worktree_has_its_own_branch_and_states() {
    let folder = repository(&[("a", "1")]);
    let beside = tempdir().unwrap();
    let tree = beside.path().join("tree");
    assert!(git(folder.path(), &["worktree", "add", "-q", "-b", "apart", tree.to_str().unwrap()]));
    write(&tree, &[("a", "two")]);
    let mut seen = follow(&tree);
    seen.until_branch("apart");
    seen.has(&[("a", Some(Modified))]);
    commit(&tree);
    seen.until_state("a", None);
}

#[test]
fn a_repository_may_come_later_and_go() {
    let folder = tempdir().unwrap();
    let root = folder.path();
    write(root, &[("a", "1")]);
    let mut seen = follow(root);
    assert!(git(root, &["init", "-q", "-b", "main"]));
    seen.git.refresh();
    seen.until_state("a", Some(Untracked));
    fs::remove_dir_all(root.join(".git")).unwrap();
    seen.git.refresh();
    seen.until_state("a", None);
    assert_eq!(seen.branch, None);
}

#[test]
fn nothing_is_told_after_the_end() {
    let folder = repository(&[("a", "1")]);
    let mut seen = follow(folder.path());
    seen.until_branch("main");
    let Followed { git: followed, told, .. } = seen;
    drop(followed);
    write(folder.path(), &[("a", "two")]);
    assert!(git(folder.path(), &["commit", "-q", "-a", "-m", "more"]));
    // The thread ends, and with it the sender.
    loop {
        match told.recv_timeout(LONG) {
            Ok(_) => {}
            Err(error) => {
                assert_eq!(error, std::sync::mpsc::RecvTimeoutError::Disconnected);
                break;
            }
        }
    }
}
