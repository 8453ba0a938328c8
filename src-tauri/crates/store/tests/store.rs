//! The database as a second start of the program finds it.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use countersign_protocol::{Event, RuleGrant, RuleId, SessionId};
use countersign_store::{Journal, MemoryJournal, NewRule, Store, StoreError};
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

fn npm_test<'a>(session: &'a SessionId, grant: &'a RuleGrant) -> NewRule<'a> {
    NewRule {
        workspace: "/w",
        session,
        lasting: true,
        grant,
        shown: "npm test",
        source: "npm test",
        expires_in: None,
    }
}

#[test]
fn rules_are_kept_with_their_history() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let session = store.create_session("/w").unwrap();
    let other = store.create_session("/w").unwrap();
    let command = RuleGrant::Command { pattern: "npm test".to_owned() };
    let lasting = store.add_rule(&npm_test(&session, &command)).unwrap();
    let edits = NewRule {
        lasting: false,
        shown: "/w",
        source: "a.txt",
        ..npm_test(&session, &RuleGrant::EditWorkspace)
    };
    let own = store.add_rule(&edits).unwrap();
    assert_eq!(store.add_rule(&npm_test(&other, &command)).unwrap(), lasting, "it is that one");
    store.count_rule_uses(std::slice::from_ref(&lasting)).unwrap();
    store.count_rule_uses(&[lasting.clone(), own.clone()]).unwrap();
    drop(store);

    let store = Store::open(folder.path()).unwrap();
    let ids = |session| -> Vec<RuleId> {
        let rules = store.rules_in_force("/w", session).unwrap();
        rules.into_iter().map(|rule| rule.id).collect()
    };
    assert_eq!(ids(Some(&session)), [own.clone(), lasting.clone()]);
    assert_eq!(ids(Some(&other)), std::slice::from_ref(&lasting));
    assert_eq!(ids(None), std::slice::from_ref(&lasting));
    assert!(store.rules_in_force("/elsewhere", Some(&session)).unwrap().is_empty());

    let ended = store.revoke_rule(&lasting).unwrap();
    assert_eq!((ended.uses, ended.in_force, ended.grant), (2, false, command.clone()));
    assert!(ended.last_used.is_some() && ended.revoked.is_some());
    assert!(matches!(store.revoke_rule(&lasting), Err(StoreError::NoRule(_))));
    assert!(ids(None).is_empty());
    assert_eq!(store.all_rules().unwrap().len(), 2, "what was revoked stays on record");
    assert_ne!(store.add_rule(&npm_test(&session, &command)).unwrap(), lasting);
}

#[test]
fn a_rule_holds_until_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let session = store.create_session("/w").unwrap();
    let grant = RuleGrant::EditWorkspace;
    let day = NewRule { expires_in: Some(86_400), ..npm_test(&session, &grant) };
    let rule = store.add_rule(&day).unwrap();
    assert_eq!(store.rules_in_force("/w", None).unwrap().len(), 1);

    // The end is put into the past, as time would.
    let raw = rusqlite::Connection::open(folder.path().join("countersign.db")).unwrap();
    raw.execute("UPDATE rule SET expires = '2020-01-01T00:00:00.000Z'", []).unwrap();
    assert!(store.rules_in_force("/w", None).unwrap().is_empty());
    assert!(!store.all_rules().unwrap()[0].in_force);
    assert!(matches!(store.revoke_rule(&rule), Err(StoreError::NoRule(_))));
}

#[test]
fn a_database_of_the_first_format_is_brought_along() {
    let folder = tempfile::tempdir().unwrap();
    let raw = rusqlite::Connection::open(folder.path().join("countersign.db")).unwrap();
    raw.execute_batch(include_str!("format_1.sql")).unwrap();
    drop(raw);
    let store = Store::open(folder.path()).unwrap();
    assert_eq!(store.sessions().unwrap()[0].events, 1);
    assert!(store.all_rules().unwrap().is_empty());
    assert_eq!(store.search("hel").unwrap()[0].excerpt, "hello", "what was said before is found");
    let session = store.sessions().unwrap()[0].id.clone();
    store.add_rule(&npm_test(&session, &RuleGrant::EditWorkspace)).unwrap();
    assert_eq!(store.append(&session, said("more")).unwrap().seq, Some(2));
}

#[test]
fn looking_makes_no_database() {
    let folder = tempfile::tempdir().unwrap();
    assert!(Store::open_existing(&folder.path().join("data")).unwrap().is_none());
    assert!(!folder.path().join("data").exists());
}
