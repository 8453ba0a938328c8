//! Databases that were damaged on the disk.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use countersign_protocol::{
    Digest, DraftOf, Event, ExecSecurity, FileApproval, PolicySummary, RuleGrant, SessionId,
};
use countersign_store::{Checkpoints, Journal as _, NewRule, Store, StoreError};
use sha2::{Digest as _, Sha256};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

const PAGE: usize = 4096;

fn said(text: &str) -> Event {
    Event::UserMessage { text: text.to_owned() }
}

fn started(workspace: &str) -> Event {
    Event::SessionStarted {
        workspace: workspace.to_owned(),
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

fn database(data: &Path) -> PathBuf {
    data.join("countersign.db")
}

/// Sessions of 100 events each, whose words `event N of SESSION` tell the pages that they are on.
fn filled(data: &Path, sessions: usize) -> Vec<SessionId> {
    let store = Store::open(data).unwrap();
    let made: Vec<_> = (0..sessions)
        .map(|number| {
            let session = store.create_session("/w").unwrap();
            store.append(&session, started("/w")).unwrap();
            for event in 2..=100 {
                let text = format!("event {event} of {number} {}", "filling ".repeat(20));
                store.append(&session, said(&text)).unwrap();
            }
            session
        })
        .collect();
    store.save_draft(&made[0], &DraftOf::Message, "a draft").unwrap();
    store.archive_session(&made[0], true).unwrap();
    store.rename_session(&made[0], "A name").unwrap();
    let rule = NewRule {
        workspace: "/w",
        session: &made[0],
        lasting: true,
        grant: &RuleGrant::EditWorkspace,
        shown: "/w",
        source: "a.txt",
        expires_in: None,
    };
    store.add_rule(&rule).unwrap();
    store.remember_workspace("/w").unwrap();
    made
}

/// Overwrites each page of a kind (SQLite's first byte of a page) that holds these words.
fn spoil(path: &Path, words: &str, kind: u8) -> usize {
    let mut bytes = std::fs::read(path).unwrap();
    let mut spoilt = 0;
    for page in bytes.chunks_mut(PAGE).skip(1) {
        if page[0] == kind && page.windows(words.len()).any(|window| window == words.as_bytes()) {
            page.fill(0xa5);
            spoilt += 1;
        }
    }
    std::fs::write(path, bytes).unwrap();
    spoilt
}

/// A page at the end of an index or of a table without rowid.
const INDEX_LEAF: u8 = 10;
/// A page at the end of a table.
const TABLE_LEAF: u8 = 13;

#[test]
fn what_is_no_database_is_set_aside_untouched() {
    let data = tempfile::tempdir().unwrap();
    let garbage = b"this was never a database\n".repeat(1000);
    std::fs::write(database(data.path()), &garbage).unwrap();
    let store = Store::open(data.path()).unwrap();
    let aside = store.set_aside().unwrap().clone();
    assert_eq!((aside.salvaged, aside.lost), (0, 0));
    let name = aside.path.file_name().unwrap().to_str().unwrap().to_owned();
    assert!(name.starts_with("countersign.db.damaged-2") && name.ends_with('Z'), "{name}");
    assert_eq!(std::fs::read(&aside.path).unwrap(), garbage);
    assert_eq!(aside.path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let session = store.create_session("/w").unwrap();
    drop(store);

    let store = Store::open(data.path()).unwrap();
    assert_eq!(store.set_aside(), None, "it is told once");
    assert_eq!(store.sessions().unwrap()[0].id, session);
}

#[test]
fn damage_met_later_is_mended_at_the_next_start_and_all_that_is_readable_is_kept() {
    let data = tempfile::tempdir().unwrap();
    let sessions = filled(data.path(), 3);
    let path = database(data.path());
    assert!(spoil(&path, "event 60 of 1 ", INDEX_LEAF) > 0);

    let store = Store::open(data.path()).unwrap();
    assert_eq!(store.set_aside(), None, "the list can be read");
    let met = store.events(&sessions[1], 0);
    assert!(matches!(met, Err(StoreError::Damaged(_))), "{met:?}");
    assert_eq!(store.events(&sessions[2], 0).unwrap().len(), 100);
    let before = store.events(&sessions[0], 0).unwrap();
    drop(store);

    let damaged = std::fs::read(&path).unwrap();
    let store = Store::open(data.path()).unwrap();
    let aside = store.set_aside().unwrap().clone();
    assert_eq!((aside.salvaged, aside.lost), (2, 1));
    assert_eq!(std::fs::read(&aside.path).unwrap(), damaged);
    let ids: Vec<_> = store.sessions().unwrap().into_iter().map(|session| session.id).collect();
    assert_eq!(ids, [0, 2, 1].map(|number| sessions[number].clone()), "in the order of use");

    let part = store.events(&sessions[1], 0).unwrap();
    let seqs: Vec<_> = part.iter().map(|event| event.seq.unwrap()).collect();
    assert!(seqs.len() > 1 && seqs.len() < 60, "{seqs:?}");
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>());
    assert_eq!(store.append(&sessions[1], said("on")).unwrap().seq, Some(part.len() as u64 + 1));

    assert_eq!(store.events(&sessions[0], 0).unwrap(), before);
    let named = store.session(&sessions[0]).unwrap();
    assert!(named.title == "A name" && named.archived && named.unfinished);
    assert_eq!(store.drafts(&sessions[0]).unwrap()[0].text, "a draft");
    assert_eq!(store.rules_in_force("/w", None).unwrap().len(), 1);
    assert_eq!(store.recent_workspaces(5).unwrap().len(), 1);
    assert_eq!(store.search("99 \"of\" 2").unwrap()[0].session, sessions[2]);
    drop(store);
    assert_eq!(Store::open(data.path()).unwrap().set_aside(), None);
}

#[test]
fn sessions_that_the_list_lost_are_found_by_their_events() {
    let data = tempfile::tempdir().unwrap();
    let sessions = filled(data.path(), 2);
    let path = database(data.path());
    assert!(spoil(&path, sessions[1].as_str(), TABLE_LEAF) > 0);
    let store = Store::open(data.path()).unwrap();
    let aside = store.set_aside().unwrap();
    assert_eq!((aside.salvaged, aside.lost), (2, 0));
    for session in &sessions {
        assert!(store.events(session, 0).unwrap().len() >= 100);
        assert_eq!(store.session(session).unwrap().workspace, "/w");
    }
}

#[test]
fn a_truncated_database_is_salvaged_as_far_as_it_goes() {
    let data = tempfile::tempdir().unwrap();
    let sessions = filled(data.path(), 4);
    let path = database(data.path());
    let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    let length = file.metadata().unwrap().len();
    file.set_len(length / 8 * 7 / PAGE as u64 * PAGE as u64).unwrap();
    let store = Store::open(data.path()).unwrap();
    assert!(store.set_aside().is_some_and(|aside| aside.salvaged > 0 && aside.lost > 0));
    assert_eq!(store.events(&sessions[0], 0).unwrap().len(), 101, "the oldest lies first");
    let kept = store.events(&sessions[3], 0).unwrap();
    assert!(kept.len() < 100, "{}", kept.len());
}

#[test]
fn it_is_not_moved_away_from_under_another_program() {
    let data = tempfile::tempdir().unwrap();
    let sessions = filled(data.path(), 2);
    let other = Store::open(data.path()).unwrap();
    let path = database(data.path());
    assert!(spoil(&path, sessions[1].as_str(), TABLE_LEAF) > 0);
    let refused = Store::open(data.path()).unwrap_err();
    assert!(matches!(refused, StoreError::Damaged(_)), "{refused}");
    assert!(refused.to_string().contains("Close every Countersign"));
    let mut names = std::fs::read_dir(data.path()).unwrap().map(|file| file.unwrap().file_name());
    assert!(!names.any(|name| name.to_str().unwrap().contains("damaged")));
    drop(other);
    assert!(Store::open(data.path()).unwrap().set_aside().is_some());
}

#[test]
fn a_start_that_was_cut_off_while_replacing_is_made_up_for() {
    let data = tempfile::tempdir().unwrap();
    let sessions = filled(data.path(), 1);
    let path = database(data.path());
    std::fs::rename(&path, data.path().join("countersign.db.new")).unwrap();
    let store = Store::open(data.path()).unwrap();
    assert_eq!(store.sessions().unwrap()[0].id, sessions[0]);
    drop(store);
    // A new one that was not finished is of no account.
    std::fs::write(data.path().join("countersign.db.new"), "half").unwrap();
    assert_eq!(Store::open(data.path()).unwrap().sessions().unwrap().len(), 1);
    std::fs::write(&path, "no database at all".repeat(300)).unwrap();
    assert!(Store::open(data.path()).unwrap().set_aside().is_some());
}

#[test]
fn a_suspicion_that_proves_false_changes_nothing() {
    let data = tempfile::tempdir().unwrap();
    let sessions = filled(data.path(), 1);
    let marker = data.path().join("countersign.db.check");
    std::fs::write(&marker, "").unwrap();
    let store = Store::open(data.path()).unwrap();
    assert_eq!(store.set_aside(), None);
    assert_eq!(store.events(&sessions[0], 0).unwrap().len(), 101);
    assert!(!marker.exists());
}

#[test]
fn damaged_checkpoints_are_set_aside_and_begun_anew() {
    let data = tempfile::tempdir().unwrap();
    let open = || Checkpoints::open(data.path(), Path::new("/w")).unwrap();
    let contents: Vec<_> = (0..50_u8)
        .map(|number| [vec![number], b"medlar ".to_vec(), vec![number; 2000]].concat())
        .map(|bytes| (Digest(Sha256::digest(&bytes).into()), bytes))
        .collect();
    let store = open();
    store.put(&mut contents.iter().cloned()).unwrap();
    drop(store);
    let path = std::fs::read_dir(data.path().join("checkpoints"))
        .unwrap()
        .map(|file| file.unwrap().path())
        .find(|path| path.extension().is_some_and(|end| end == "db"))
        .unwrap();
    assert!(spoil(&path, "medlar ", TABLE_LEAF) > 0);
    let store = open();
    assert_eq!(store.set_aside(), None);
    let read: Vec<_> = contents.iter().map(|(digest, _)| store.get(digest)).collect();
    assert!(read.iter().any(|read| matches!(read, Err(StoreError::Damaged(_)))), "{read:?}");
    drop(store);
    let store = open();
    assert!(store.set_aside().is_some_and(|aside| aside.path.exists()));
    assert!(!store.has(&contents[0].0).unwrap());
    store.put(&mut contents.iter().cloned()).unwrap();
    assert_eq!(store.get(&contents[7].0).unwrap(), contents[7].1);
}
