//! Disks that are full or read-only: real ones, mounted where nobody else sees them. A system that lets nobody
//! mount has nothing to run here.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use countersign_protocol::{CallId, Digest, Event, FileDelta, SessionId};
use countersign_store::{Checkpoints, Journal as _, Store, StoreError};
use sha2::{Digest as _, Sha256};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Names the mounted folder to the test that is run inside.
const DISK: &str = "COUNTERSIGN_TEST_DISK";

/// Runs a test of this file anew where `folder` is a disk of 2 MiB.
fn on_a_disk(test: &str) {
    let own = |script: &str, folder: &Path| {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "sh", "-ec", script, "sh"]);
        command.arg(std::env::current_exe().unwrap()).arg(test).env(DISK, folder);
        command.output().unwrap()
    };
    let folder = tempfile::tempdir().unwrap();
    let mount = format!("mount -t tmpfs -o size=2m none \"${DISK}\"");
    if !own(&mount, folder.path()).status.success() {
        return;
    }
    let run = own(&format!("{mount}; exec \"$1\" --exact \"$2\" --nocapture"), folder.path());
    let told = String::from_utf8_lossy(&run.stdout).into_owned();
    assert!(run.status.success(), "{told}{}", String::from_utf8_lossy(&run.stderr));
    assert!(told.contains("1 passed"), "{told}");
}

/// The disk, in the test that is run inside.
fn disk() -> Option<PathBuf> {
    std::env::var_os(DISK).map(PathBuf::from)
}

fn said(text: &str) -> Event {
    Event::UserMessage { text: text.to_owned() }
}

/// Takes the room that is left but for some bytes.
fn fill(disk: &Path, left: usize) -> PathBuf {
    let path = disk.join("filler");
    let mut file = std::fs::File::create(&path).unwrap();
    let mut length = 0;
    while file.write_all(&[1; 4096]).is_ok() {
        length += 4096;
    }
    file.set_len((length - left) as u64).unwrap();
    path
}

#[test]
fn a_full_disk_keeps_what_was_stored_and_takes_more_when_there_is_room() {
    let Some(disk) = disk() else {
        return on_a_disk("a_full_disk_keeps_what_was_stored_and_takes_more_when_there_is_room");
    };
    let data = disk.join("data");
    let store = Store::open(&data).unwrap();
    let kept = Checkpoints::open(&data, Path::new("/w")).unwrap();
    let session = store.create_session("/w").unwrap();
    let filler = fill(&disk, 200_000);
    let long = "words ".repeat(1000);
    let mut stored = 0;
    let refused = loop {
        match store.append(&session, said(&long)) {
            Ok(_) => stored += 1,
            Err(error) => break error,
        }
        assert!(stored < 1000, "the disk is full at last");
    };
    assert!(matches!(refused, StoreError::Full), "{refused:?}");
    assert!(refused.to_string().contains("is kept. Free some space"), "{refused}");
    assert!(stored > 3);

    let bytes: Vec<u8> = (0..40_000_u32).flat_map(|n| Sha256::digest(n.to_le_bytes())).collect();
    let digest = Digest(Sha256::digest(&bytes).into());
    let refused = kept.put(&mut std::iter::once((digest, bytes.clone()))).unwrap_err();
    assert!(matches!(refused, StoreError::Full), "{refused:?}");
    let deltas: Vec<_> = (0..10_000)
        .map(|n| FileDelta { path: format!("path/{n}").into(), before: None, after: None })
        .collect();
    let refused = kept.record(&session, &CallId::new("c"), &deltas).unwrap_err();
    assert!(matches!(refused, StoreError::Full), "{refused:?}");
    assert!(kept.recorded(&session).unwrap().is_empty() && !kept.has(&digest).unwrap());

    // Started anew while it is full, all is there, and nothing is taken for damaged.
    drop((store, kept));
    let store = Store::open(&data).unwrap();
    assert_eq!(store.set_aside(), None);
    assert_eq!(store.events(&session, 0).unwrap().len(), stored);

    std::fs::remove_file(filler).unwrap();
    assert_eq!(store.append(&session, said("on")).unwrap().seq, Some(stored as u64 + 1));
    let kept = Checkpoints::open(&data, Path::new("/w")).unwrap();
    assert_eq!(kept.set_aside(), None);
    kept.record(&session, &CallId::new("c"), &deltas[..10]).unwrap();
    assert_eq!(kept.recorded(&session).unwrap().len(), 1);
}

#[test]
fn a_new_data_folder_on_a_full_disk_says_so() {
    let Some(disk) = disk() else {
        return on_a_disk("a_new_data_folder_on_a_full_disk_says_so");
    };
    for left in [0, 8192, 40_000] {
        let filler = fill(&disk, left);
        let data = disk.join(format!("data-{left}"));
        let refused = Store::open(&data).unwrap_err();
        assert!(matches!(refused, StoreError::Full), "{left}: {refused:?}");
        std::fs::remove_file(filler).unwrap();
        Store::open(&data).unwrap().create_session("/w").unwrap();
    }
}

#[test]
fn a_read_only_data_folder_says_so_and_is_left_alone() {
    let Some(disk) = disk() else {
        return on_a_disk("a_read_only_data_folder_says_so_and_is_left_alone");
    };
    let data = disk.join("data");
    let session = Store::open(&data).unwrap().create_session("/w").unwrap();
    drop(Checkpoints::open(&data, Path::new("/w")).unwrap());
    let before = files(&data);
    let remount = |how: &str| {
        let done = Command::new("mount").args(["-o", how]).arg(&disk).status().unwrap();
        assert!(done.success());
    };
    remount("remount,ro");
    let refused = [
        Store::open(&data).unwrap_err(),
        Store::open_existing(&data).unwrap_err(),
        Store::open(&disk.join("another")).unwrap_err(),
        Checkpoints::open(&data, Path::new("/w")).unwrap_err(),
        countersign_store::SessionLock::take(&data, &SessionId::new("s")).unwrap_err(),
    ];
    for error in refused {
        assert!(matches!(error, StoreError::ReadOnly { .. }), "{error:?}");
        assert!(error.to_string().contains("is read-only"), "{error}");
    }
    remount("remount,rw");
    assert_eq!(files(&data), before);
    assert_eq!(Store::open(&data).unwrap().sessions().unwrap()[0].id, session);
}

fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            let bytes = std::fs::read(&path).unwrap();
            found.push((path, bytes));
        }
    }
    found.sort();
    found
}
