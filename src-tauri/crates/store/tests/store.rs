//! The database as a second start of the program finds it.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use countersign_protocol::{Event, SessionId};
use countersign_store::{Journal, MemoryJournal, Store, StoreError, write_private};
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

fn said(text: &str) -> Event {
    Event::UserMessage { text: text.to_owned() }
}

#[test]
fn events_come_back_in_order_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let session = store.create_session("/w").unwrap();
    let other = store.create_session("/v").unwrap();
    for (seq, text) in (1..).zip(["one", "zwei", "три \u{0} \" "]) {
        assert_eq!(store.append(&session, said(text)).unwrap().seq, Some(seq));
        assert_eq!(store.append(&other, said(text)).unwrap().seq, Some(seq));
    }
    let written = store.events(&session, 0).unwrap();
    drop(store);

    let store = Store::open(folder.path()).unwrap();
    assert_eq!(store.events(&session, 0).unwrap(), written);
    assert_eq!(written.len(), 3);
    assert_eq!(store.events(&session, 2).unwrap(), written[2..]);
    assert_eq!(store.append(&session, said("four")).unwrap().seq, Some(4));
}

#[test]
fn live_events_are_not_stored() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let session = store.create_session("/w").unwrap();
    let delta = || Event::TextDelta { text: "x".to_owned() };
    assert_eq!(store.append(&session, delta()).unwrap().seq, None);
    assert_eq!(store.append(&session, said("a")).unwrap().seq, Some(1));
    assert_eq!(store.events(&session, 0).unwrap().len(), 1);

    let memory = MemoryJournal::default();
    assert_eq!(memory.append(&session, delta()).unwrap().seq, None);
    assert_eq!(memory.append(&session, said("a")).unwrap().seq, Some(1));
    assert_eq!(memory.events(&session, 0).unwrap().len(), 1);
}

#[test]
fn two_writers_leave_no_gap_and_no_double() {
    let folder = tempfile::tempdir().unwrap();
    let first = Store::open(folder.path()).unwrap();
    let session = Arc::new(first.create_session("/w").unwrap());
    let second = Store::open(folder.path()).unwrap();
    let threads: Vec<_> = [first, second]
        .into_iter()
        .map(|store| {
            let session = Arc::clone(&session);
            std::thread::spawn(move || {
                for _ in 0..50 {
                    store.append(&session, said("x")).unwrap();
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let store = Store::open(folder.path()).unwrap();
    let seqs: Vec<_> =
        store.events(&session, 0).unwrap().into_iter().filter_map(|event| event.seq).collect();
    assert_eq!(seqs, (1..=100).collect::<Vec<u64>>());
}

#[test]
fn an_unknown_session_takes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let nobody = SessionId::new("nobody");
    assert!(matches!(store.append(&nobody, said("x")), Err(StoreError::NoSession(_))));
    assert!(matches!(store.delete_session(&nobody), Err(StoreError::NoSession(_))));
}

#[test]
fn deleting_a_session_takes_its_events_along() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let session = store.create_session("/w").unwrap();
    store.append(&session, said("x")).unwrap();
    assert_eq!(store.sessions().unwrap()[0].events, 1);
    store.delete_session(&session).unwrap();
    assert!(store.sessions().unwrap().is_empty());
    assert!(store.events(&session, 0).unwrap().is_empty());
}

#[test]
fn all_is_private() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("deep/data");
    let store = Store::open(&data).unwrap();
    let session = store.create_session("/w").unwrap();
    store.append(&session, said("x")).unwrap();
    write_private(&data.join("rules.json"), b"{}").unwrap();
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    let files: Vec<_> =
        std::fs::read_dir(&data).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() >= 3, "{files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

#[test]
fn a_newer_database_is_refused_untouched() {
    let folder = tempfile::tempdir().unwrap();
    drop(Store::open(folder.path()).unwrap());
    let path = folder.path().join("countersign.db");
    let raw = rusqlite::Connection::open(&path).unwrap();
    raw.pragma_update(None, "user_version", 999).unwrap();
    drop(raw);
    assert!(matches!(Store::open(folder.path()), Err(StoreError::Newer { found: 999, .. })));
    let raw = rusqlite::Connection::open(&path).unwrap();
    let version: u32 = raw.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    assert_eq!(version, 999);
}

#[test]
fn recent_workspaces_are_newest_first_and_forgotten_on_demand() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let paths = |store: &Store| -> Vec<String> {
        store.recent_workspaces(10).unwrap().into_iter().map(|(path, _)| path).collect()
    };
    for path in ["/a", "/b", "/a"] {
        // The time of opening has milliseconds: wait until it is another one.
        let before = jiff::Timestamp::now().as_millisecond();
        while jiff::Timestamp::now().as_millisecond() <= before {
            std::thread::yield_now();
        }
        store.remember_workspace(path).unwrap();
    }
    assert_eq!(paths(&store), ["/a", "/b"]);
    store.forget_workspace("/a").unwrap();
    assert_eq!(paths(&store), ["/b"]);
}
