//! One program writes a session. A lock belongs to the open file, not to the process, so that two of them in
//! one process are to each other what two programs are.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use countersign_protocol::SessionId;
use countersign_store::{SessionLock, Store, StoreError};
use std::fs::File;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

fn files(data: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(data.join("locks")).unwrap();
    files.map(|file| file.unwrap().path()).collect()
}

#[test]
fn a_session_is_had_once_until_it_is_let_go() {
    let data = tempfile::tempdir().unwrap();
    let (one, two) = (SessionId::new("0190-a"), SessionId::new("0190-b"));
    assert_eq!(SessionLock::holder(data.path(), &one), None);
    let held = SessionLock::take(data.path(), &one).unwrap().unwrap();
    assert!(SessionLock::take(data.path(), &one).unwrap().is_none());
    assert!(SessionLock::take(data.path(), &two).unwrap().is_some(), "another session is free");
    assert_eq!(SessionLock::holder(data.path(), &one), Some(std::process::id()));
    assert_eq!(SessionLock::holder(data.path(), &two), None);
    let [file] = &files(data.path())[..] else { panic!("the lock let go of left its file") };
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    drop(held);
    assert_eq!(SessionLock::holder(data.path(), &one), None);
    assert!(SessionLock::take(data.path(), &one).unwrap().is_some());
    assert!(files(data.path()).is_empty());
}

#[test]
fn what_a_killed_program_left_is_no_lock() {
    let data = tempfile::tempdir().unwrap();
    let session = SessionId::new("s");
    let held = SessionLock::take(data.path(), &session).unwrap().unwrap();
    let file = files(data.path()).remove(0);
    drop(held);
    // As the kernel leaves it: the file is there and nobody has it locked.
    std::fs::write(&file, "1234567890").unwrap();
    assert_eq!(SessionLock::holder(data.path(), &session), None);
    let held = SessionLock::take(data.path(), &session).unwrap().unwrap();
    assert_eq!(SessionLock::holder(data.path(), &session), Some(std::process::id()));
    drop(held);
}

#[test]
fn a_process_that_ends_lets_go() {
    let data = tempfile::tempdir().unwrap();
    let session = SessionId::new("s");
    drop(SessionLock::take(data.path(), &session).unwrap());
    let file = data.path().join("locks/s.lock");
    let mut other = std::process::Command::new("flock")
        .arg(&file)
        .args(["sh", "-c", "echo had; cat"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut had = [0; 4];
    std::io::Read::read_exact(other.stdout.as_mut().unwrap(), &mut had).unwrap();
    assert!(SessionLock::take(data.path(), &session).unwrap().is_none());
    drop(other.stdin.take());
    other.wait().unwrap();
    assert!(SessionLock::take(data.path(), &session).unwrap().is_some());
}

#[test]
fn a_lock_that_is_removed_while_another_waits_is_never_had_twice() {
    let data = tempfile::tempdir().unwrap();
    let session = SessionId::new("s");
    let (inside, times) = (AtomicU32::new(0), AtomicU32::new(0));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while times.load(Ordering::SeqCst) < 300 {
                    if let Some(held) = SessionLock::take(data.path(), &session).unwrap() {
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "one at a time");
                        times.fetch_add(1, Ordering::SeqCst);
                        std::thread::yield_now();
                        inside.fetch_sub(1, Ordering::SeqCst);
                        drop(held);
                    }
                }
            });
        }
    });
}

#[test]
fn an_id_that_was_brought_in_names_no_file_elsewhere() {
    let data = tempfile::tempdir().unwrap();
    let long = "x".repeat(5000);
    let ids = ["../../out", "/abs", "", ".", "a/b", "ä", "nul\0", &long, "a.b", "a_b"];
    let held: Vec<_> = ids
        .iter()
        .map(|id| SessionLock::take(data.path(), &SessionId::new(*id)).unwrap())
        .collect();
    assert!(held.iter().all(Option::is_some), "each id has a lock of its own");
    assert_eq!(files(data.path()).len(), ids.len());
}

#[test]
fn a_session_that_is_open_is_not_deleted() {
    let data = tempfile::tempdir().unwrap();
    let store = Store::open(data.path()).unwrap();
    let session = store.create_session("/w").unwrap();
    let held = SessionLock::take(data.path(), &session).unwrap().unwrap();
    let refused = store.delete_session(&session).unwrap_err();
    assert!(
        matches!(&refused, StoreError::InUse { holder, .. } if *holder == Some(std::process::id())),
        "{refused}"
    );
    assert_eq!(store.sessions().unwrap().len(), 1);
    drop(held);
    store.delete_session(&session).unwrap();
    assert!(store.sessions().unwrap().is_empty());
    assert!(files(data.path()).is_empty());
}

#[test]
fn a_lock_does_not_pass_to_programs_that_are_started() {
    let data = tempfile::tempdir().unwrap();
    let session = SessionId::new("s");
    let held = SessionLock::take(data.path(), &session).unwrap().unwrap();
    let file = files(data.path()).remove(0);
    let listed = std::process::Command::new("ls").args(["-l", "/proc/self/fd"]).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    assert!(!listed.contains(&file.display().to_string()), "{listed}");
    let opened = File::open(&file).unwrap();
    assert!(rustix::fs::flock(&opened, rustix::fs::FlockOperation::NonBlockingLockShared).is_err());
    drop(held);
}
