//! Sessions as they are listed, named, forked and deleted.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use countersign_protocol::{
    CallId, Digest, Event, ExecSecurity, FileApproval, FileDelta, KeptEntry, KeptKind,
    PolicySummary, RunEnd, SessionId, SessionSummary,
};
use countersign_store::{Checkpoints, Journal as _, SessionLock, Store, StoreError};
use sha2::{Digest as _, Sha256};
use std::path::Path;

fn said(text: &str) -> Event {
    Event::UserMessage { text: text.to_owned() }
}

fn ended() -> Event {
    Event::RunFinished { reason: RunEnd::EndTurn, error: None }
}

fn started() -> Event {
    Event::SessionStarted {
        workspace: "/w".to_owned(),
        provider: "p".to_owned(),
        model: "m".to_owned(),
        policy: PolicySummary {
            exec_security: ExecSecurity::ApprovalAlways,
            file_approval: FileApproval::Always,
            confine: true,
            allow: Vec::new(),
        },
        forked_from: None,
    }
}

fn ids(store: &Store) -> Vec<SessionId> {
    store.sessions().unwrap().into_iter().map(|session| session.id).collect()
}

#[test]
fn a_session_goes_by_its_name_else_by_what_was_said_first() {
    let data = tempfile::tempdir().unwrap();
    let store = Store::open(data.path()).unwrap();
    let session = store.create_session("/w").unwrap();
    let title = || store.session(&session).unwrap().title;
    assert_eq!(title(), "");
    for text in ["  \n", "\n first line \nsecond", "later"] {
        store.append(&session, said(text)).unwrap();
    }
    assert_eq!(title(), "first line");
    assert_eq!(store.rename_session(&session, "A name").unwrap().seq, Some(4));
    assert_eq!(title(), "A name");
    store.rename_session(&session, "").unwrap();
    assert_eq!(title(), "first line");
    store.append(&session, Event::SessionRenamed { title: "Told".to_owned() }).unwrap();
    assert_eq!(title(), "Told");

    assert!(!store.session(&session).unwrap().archived);
    store.archive_session(&session, true).unwrap();
    let listed = store.sessions().unwrap().remove(0);
    assert!(listed.archived && listed.title == "Told" && listed.events == 6);
    store.archive_session(&session, false).unwrap();
    assert!(!store.session(&session).unwrap().archived);
    let nobody = SessionId::new("nobody");
    assert!(matches!(store.archive_session(&nobody, true), Err(StoreError::NoSession(_))));
    assert!(matches!(store.rename_session(&nobody, "x"), Err(StoreError::NoSession(_))));
}

#[test]
fn a_session_is_unfinished_from_a_message_to_the_end_of_its_run() {
    let data = tempfile::tempdir().unwrap();
    let store = Store::open(data.path()).unwrap();
    let session = store.create_session("/w").unwrap();
    let steps = [
        (started(), false),
        (said("do"), true),
        (Event::StepStarted { step: 1 }, true),
        (said("steer"), true),
        (ended(), false),
        (Event::SessionResumed, false),
        (said("more"), true),
        (Event::SessionResumed, true),
    ];
    for (event, unfinished) in steps {
        store.append(&session, event.clone()).unwrap();
        assert_eq!(store.session(&session).unwrap().unfinished, unfinished, "{event:?}");
        // What is brought in is judged by the same rule.
        let other = Store::open(&data.path().join("other")).unwrap();
        other.import(&session, "/w", &store.events(&session, 0).unwrap()).unwrap();
        let shown = |store: &Store| {
            let SessionSummary { title, updated, events, unfinished, .. } =
                store.session(&session).unwrap();
            (title, updated, events, unfinished)
        };
        assert_eq!(shown(&other), shown(&store), "{event:?}");
        other.delete_session(&session).unwrap();
    }
}

#[test]
fn the_order_of_lists_follows_use_and_no_clock() {
    let data = tempfile::tempdir().unwrap();
    let store = Store::open(data.path()).unwrap();
    let made: Vec<_> = ["/w", "/v", "/w", "/w"]
        .iter()
        .map(|workspace| store.create_session(workspace).unwrap())
        .collect();
    let reversed: Vec<_> = made.iter().rev().cloned().collect();
    assert_eq!(ids(&store), reversed, "one made later is first, within a millisecond too");
    for session in &made {
        store.append(session, said("pear")).unwrap();
    }
    // The first two were made, and used, while the clock was a year ahead.
    let raw = rusqlite::Connection::open(data.path().join("countersign.db")).unwrap();
    for session in &made[..2] {
        let ahead = "2999-01-01T00:00:00.000Z";
        for sql in [
            "UPDATE session SET created = ?2 WHERE id = ?1",
            "UPDATE event SET time = ?2 WHERE session = ?1",
        ] {
            raw.execute(sql, [session.as_str(), ahead]).unwrap();
        }
    }
    assert_eq!(ids(&store), reversed);
    store.append(&made[0], said("pear again")).unwrap();
    let newest = store.session(&made[0]).unwrap();
    assert!(newest.updated < newest.created, "the last event says when it was, in its own time");
    let seqs: Vec<_> = store.events(&made[0], 0).unwrap().iter().map(|event| event.seq).collect();
    assert_eq!(seqs, [Some(1), Some(2)], "within a session the place decides");
    assert_eq!(ids(&store), [0, 3, 2, 1].map(|number| made[number].clone()));

    let hits = store.search("pear").unwrap();
    let places: Vec<_> = hits.into_iter().map(|hit| (hit.session, hit.seq)).collect();
    let expected =
        [(0, 2), (0, 1), (3, 1), (2, 1), (1, 1)].map(|(number, seq)| (made[number].clone(), seq));
    assert_eq!(places, expected);

    store.archive_session(&made[3], true).unwrap();
    let latest = |limit| -> Vec<_> {
        let found = store.latest_sessions("/w", limit).unwrap();
        found.into_iter().map(|session| session.id).collect()
    };
    assert_eq!(latest(5), [made[0].clone(), made[2].clone()]);
    assert_eq!(latest(1), [made[0].clone()]);
}

#[test]
fn the_workspace_opened_last_is_first_though_the_clock_was_put_back() {
    let data = tempfile::tempdir().unwrap();
    let store = Store::open(data.path()).unwrap();
    for number in 0..50 {
        store.remember_workspace(&format!("/{number}")).unwrap();
    }
    let raw = rusqlite::Connection::open(data.path().join("countersign.db")).unwrap();
    raw.execute("UPDATE recent_workspace SET opened = '2999-01-01T00:00:00.000Z'", []).unwrap();
    store.remember_workspace("/new").unwrap();
    let paths: Vec<_> =
        store.recent_workspaces(60).unwrap().into_iter().map(|(path, _)| path).collect();
    assert_eq!((paths.len(), paths[0].as_str(), paths[1].as_str()), (50, "/new", "/49"));
    assert!(!paths.contains(&"/0".to_owned()));
}

#[test]
fn a_fork_has_what_came_before_and_says_where_it_is_from() {
    let data = tempfile::tempdir().unwrap();
    let store = Store::open(data.path()).unwrap();
    let session = store.create_session("/w").unwrap();
    for event in [started(), said("greengage"), ended(), said("second"), ended()] {
        store.append(&session, event).unwrap();
    }
    let fork = store.fork_session(&session, 4).unwrap();
    let (old, new) = (store.events(&session, 0).unwrap(), store.events(&fork, 0).unwrap());
    assert_eq!(new.len(), 3);
    for (old, new) in old.iter().zip(&new) {
        assert_eq!((old.seq, &old.time, &fork), (new.seq, &new.time, &new.session));
    }
    assert_eq!([&new[1].event, &new[2].event], [&old[1].event, &old[2].event]);
    let Event::SessionStarted { forked_from: Some(from), workspace, .. } = &new[0].event else {
        panic!("{:?}", new[0]);
    };
    assert_eq!((&from.session, from.seq, workspace.as_str()), (&session, 3, "/w"));
    let listed = store.sessions().unwrap();
    assert_eq!((&listed[0].id, listed[0].title.as_str()), (&fork, "greengage"));
    assert_eq!((listed[0].unfinished, listed[0].events), (false, 3));
    assert_eq!(store.search("greengage").unwrap().len(), 2, "its words are found too");
    assert_eq!(store.append(&fork, said("else")).unwrap().seq, Some(4));
    assert_eq!(store.events(&session, 0).unwrap(), old, "the other one is as it was");

    let cut = store.fork_session(&session, 3).unwrap();
    assert!(store.session(&cut).unwrap().unfinished, "the end of its run is not part of it");
    let whole = store.fork_session(&session, 1000).unwrap();
    let Event::SessionStarted { forked_from: Some(from), .. } =
        &store.events(&whole, 0).unwrap()[0].event
    else {
        panic!("it says where it is from");
    };
    assert_eq!(from.seq, 5);

    let count = ids(&store).len();
    for before in [0, 1] {
        let refused = store.fork_session(&session, before);
        assert!(matches!(refused, Err(StoreError::NothingBefore { .. })), "{refused:?}");
    }
    let nobody = store.fork_session(&SessionId::new("nobody"), 2);
    assert!(matches!(nobody, Err(StoreError::NoSession(_))));
    assert_eq!(ids(&store).len(), count, "what was refused made nothing");

    // A fork is exported and brought in like any other.
    let exported = store.events(&fork, 0).unwrap();
    store.delete_session(&fork).unwrap();
    store.import(&fork, "/w", &exported).unwrap();
    assert_eq!(store.events(&fork, 0).unwrap(), exported);
}

#[test]
fn deleting_a_session_forgets_what_was_kept_to_undo_it() {
    let data = tempfile::tempdir().unwrap();
    let store = Store::open(data.path()).unwrap();
    let sessions = [store.create_session("/w").unwrap(), store.create_session("/w").unwrap()];
    let elsewhere = store.create_session("/v").unwrap();
    let kept = Checkpoints::open(data.path(), Path::new("/w")).unwrap();
    let contents: Vec<(Digest, Vec<u8>)> = sessions
        .iter()
        .map(|session| {
            let bytes = format!("damson of {session}").into_bytes();
            (Digest(Sha256::digest(&bytes).into()), bytes)
        })
        .collect();
    kept.put(&mut contents.iter().cloned()).unwrap();
    for (session, (digest, bytes)) in sessions.iter().zip(&contents) {
        let size = bytes.len() as u64;
        let entry = KeptEntry { kind: KeptKind::File, mode: 0o600, size, digest: Some(*digest) };
        let delta = FileDelta { path: b"p".to_vec(), before: Some(entry), after: None };
        kept.record(session, &CallId::new("c"), &[delta]).unwrap();
    }
    let digests = [contents[0].0, contents[1].0];
    store.delete_session(&elsewhere).unwrap();
    assert_eq!(kept.has_many(&digests).unwrap(), [true, true]);

    // One that a program has open is not trimmed away either.
    let held = SessionLock::take(data.path(), &sessions[1]).unwrap();
    assert!(kept.trim(0, &sessions[..1]).unwrap().sessions.is_empty());
    drop(held);

    store.delete_session(&sessions[0]).unwrap();
    assert_eq!(kept.has_many(&digests).unwrap(), [false, true]);
    assert!(kept.recorded(&sessions[0]).unwrap().is_empty());
    assert_eq!(kept.recorded(&sessions[1]).unwrap().len(), 1);

    // With the workspace's last session all of it goes, unless a program has it open.
    let last = store.create_session("/w").unwrap();
    store.delete_session(&sessions[1]).unwrap();
    store.delete_session(&last).unwrap();
    assert!(Checkpoints::open_existing(data.path(), Path::new("/w")).unwrap().is_some());
    drop(kept);
    let last = store.create_session("/w").unwrap();
    store.delete_session(&last).unwrap();
    assert!(Checkpoints::open_existing(data.path(), Path::new("/w")).unwrap().is_none());
}

#[test]
fn a_long_session_is_listed_without_reading_it() {
    let data = tempfile::tempdir().unwrap();
    let store = Store::open(data.path()).unwrap();
    let session = store.create_session("/w").unwrap();
    store.append(&session, said("long")).unwrap();
    // A list that read the events between would fail on these.
    let raw = rusqlite::Connection::open(data.path().join("countersign.db")).unwrap();
    raw.execute_batch(
        "INSERT INTO event SELECT session, 2, time, 'no event' FROM event;
         INSERT INTO event SELECT session, 3, time, '' FROM event WHERE seq = 1;",
    )
    .unwrap();
    let listed = store.sessions().unwrap().remove(0);
    assert_eq!((listed.title.as_str(), listed.events, listed.unfinished), ("long", 3, true));
    let plan: Vec<String> = raw
        .prepare("EXPLAIN QUERY PLAN SELECT max(seq) FROM event WHERE session = 'x'")
        .unwrap()
        .query_map([], |row| row.get(3))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert!(plan.iter().any(|line| line.contains("PRIMARY KEY")), "{plan:?}");
}
