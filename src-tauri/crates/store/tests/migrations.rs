//! Databases of every earlier format, and of later ones.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use countersign_protocol::{DraftOf, Event, RuleGrant, SessionId};
use countersign_store::{Checkpoints, Journal as _, Store, StoreError};
use std::path::{Path, PathBuf};

const FORMATS: [&str; 3] =
    [include_str!("format_1.sql"), include_str!("format_2.sql"), include_str!("format_3.sql")];

fn database(data: &Path) -> PathBuf {
    data.join("countersign.db")
}

fn of_format(data: &Path, format: usize) {
    let raw = rusqlite::Connection::open(database(data)).unwrap();
    raw.pragma_update(None, "journal_mode", "WAL").unwrap();
    raw.execute_batch(FORMATS[format - 1]).unwrap();
    let found: usize = raw.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    assert_eq!(found, format);
}

/// All files in a folder with their bytes.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .map(|path| (path.clone(), std::fs::read(path).unwrap()))
        .collect();
    found.sort();
    found
}

#[test]
fn all_of_the_formats_before_is_readable() {
    for format in [2, 3] {
        let data = tempfile::tempdir().unwrap();
        of_format(data.path(), format);
        drop(Store::open(data.path()).unwrap());
        let store = Store::open(data.path()).unwrap();
        assert_eq!(store.set_aside(), None);
        let listed: Vec<_> = store
            .sessions()
            .unwrap()
            .into_iter()
            .map(|session| {
                (session.id.to_string(), session.title, session.events, session.unfinished)
            })
            .collect();
        let expected =
            [("s3", "", 0, false), ("s2", "steered", 2, true), ("s1", "hello", 3, false)].map(
                |(id, title, events, unfinished)| {
                    (id.to_owned(), title.to_owned(), events, unfinished)
                },
            );
        assert_eq!(listed, expected, "{format}");
        let (first, second) = (SessionId::new("s1"), SessionId::new("s2"));
        let events = store.events(&first, 0).unwrap();
        assert_eq!(events[1].event, Event::UserMessage { text: "hello\nmore".to_owned() });
        assert_eq!(events[2].time, "2026-01-01T00:00:02.000Z");
        assert!(store.sessions().unwrap().iter().all(|session| !session.archived));

        let rules = store.all_rules().unwrap();
        let told: Vec<_> =
            rules.iter().map(|rule| (rule.id.as_str(), rule.uses, rule.in_force)).collect();
        assert_eq!(told, [("r2", 0, false), ("r1", 3, true)]);
        assert_eq!(rules[1].grant, RuleGrant::Command { pattern: "npm test".to_owned() });
        let recent = store.recent_workspaces(5).unwrap();
        assert_eq!(recent.iter().map(|(path, _)| path.as_str()).collect::<Vec<_>>(), ["/w", "/v"]);
        let hits = store.search("words mod").unwrap();
        assert_eq!((hits.len(), &hits[0].session, hits[0].seq), (1, &second, 2));
        assert_eq!(store.search("hello").unwrap().len(), 1, "{format}: indexed once");

        store.save_draft(&first, &DraftOf::Message, "on").unwrap();
        store.append(&first, Event::SessionResumed).unwrap();
        assert_eq!(store.sessions().unwrap()[0].id, first);
        let fork = store.fork_session(&first, 3).unwrap();
        assert_eq!(store.events(&fork, 0).unwrap().len(), 2);
        store.delete_session(&second).unwrap();
        assert!(store.search("words").unwrap().is_empty());
    }
}

#[test]
fn a_session_of_the_first_format_takes_part_in_all_that_is_new() {
    let data = tempfile::tempdir().unwrap();
    of_format(data.path(), 1);
    let store = Store::open(data.path()).unwrap();
    let session = store.sessions().unwrap().remove(0);
    assert_eq!((session.title.as_str(), session.unfinished), ("hello", true));
    store.rename_session(&session.id, "A name").unwrap();
    assert_eq!(store.latest_sessions("/w", 1).unwrap()[0].title, "A name");
}

#[test]
fn a_database_of_an_earlier_format_that_is_damaged_is_salvaged_too() {
    let data = tempfile::tempdir().unwrap();
    of_format(data.path(), 3);
    let raw = rusqlite::Connection::open(database(data.path())).unwrap();
    raw.execute("UPDATE event SET body = 'no event' WHERE session = 's1' AND seq = 3", []).unwrap();
    // An index whose root is no page of an index.
    raw.execute_batch(
        "PRAGMA writable_schema = ON;
         UPDATE sqlite_schema SET rootpage = 2 WHERE name = 'rule_by_workspace';",
    )
    .unwrap();
    drop(raw);
    std::fs::write(data.path().join("countersign.db.check"), "").unwrap();
    let store = Store::open(data.path()).unwrap();
    let aside = store.set_aside().unwrap();
    assert_eq!((aside.salvaged, aside.lost), (2, 1));
    assert_eq!(store.events(&SessionId::new("s1"), 0).unwrap().len(), 2);
    assert_eq!(store.session(&SessionId::new("s2")).unwrap().title, "steered");
    assert_eq!(store.all_rules().unwrap().len(), 2);
    assert_eq!(store.search("model").unwrap().len(), 1);
}

#[test]
fn two_programs_may_bring_it_along_at_once() {
    for format in [0, 1, 3] {
        let data = tempfile::tempdir().unwrap();
        if format > 0 {
            of_format(data.path(), format);
        }
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let store = Store::open(data.path()).unwrap();
                    store.create_session("/w").unwrap();
                    Checkpoints::open(data.path(), Path::new("/w")).unwrap().size().unwrap();
                });
            }
        });
        let expected = [4, 5, 0, 7][format];
        assert_eq!(Store::open(data.path()).unwrap().sessions().unwrap().len(), expected);
    }
}

fn make_newer(path: &Path) {
    let raw = rusqlite::Connection::open(path).unwrap();
    raw.execute_batch("CREATE TABLE of_tomorrow (x); PRAGMA user_version = 999;").unwrap();
}

#[test]
fn a_newer_database_is_left_byte_for_byte() {
    let data = tempfile::tempdir().unwrap();
    Store::open(data.path()).unwrap().create_session("/w").unwrap();
    make_newer(&database(data.path()));
    // Not even a suspicion of damage changes that.
    std::fs::write(data.path().join("countersign.db.check"), "").unwrap();
    let before = files(data.path());
    for _ in 0..2 {
        let refused = Store::open(data.path()).unwrap_err();
        assert!(matches!(refused, StoreError::Newer { found: 999, known: 4, .. }), "{refused}");
        assert!(refused.to_string().contains("Update Countersign"));
    }
    assert_eq!(files(data.path()), before);
}

#[test]
fn newer_checkpoints_are_left_byte_for_byte_and_their_session_is_not_deleted() {
    let data = tempfile::tempdir().unwrap();
    let open = || Checkpoints::open(data.path(), Path::new("/w"));
    drop(open().unwrap());
    let folder = data.path().join("checkpoints");
    let path = files(&folder).into_iter().map(|(path, _)| path);
    let path = path.into_iter().find(|path| path.extension().is_some_and(|end| end == "db"));
    make_newer(&path.unwrap());
    let before = files(&folder);
    assert!(matches!(open(), Err(StoreError::Newer { found: 999, known: 1, .. })));
    let store = Store::open(data.path()).unwrap();
    let session = store.create_session("/w").unwrap();
    assert!(matches!(store.delete_session(&session), Err(StoreError::Newer { .. })));
    assert_eq!(store.sessions().unwrap().len(), 1);
    assert_eq!(files(&folder), before);
}

#[test]
fn what_a_newer_program_left_in_the_log_stays_there() {
    let data = tempfile::tempdir().unwrap();
    let crashed = tempfile::tempdir().unwrap();
    Store::open(data.path()).unwrap().create_session("/w").unwrap();
    let raw = rusqlite::Connection::open(database(data.path())).unwrap();
    raw.execute_batch("CREATE TABLE of_tomorrow (x); PRAGMA user_version = 999;").unwrap();
    // As a crash leaves it: the new format stands in the log only.
    for end in ["", "-wal"] {
        let name = format!("countersign.db{end}");
        std::fs::copy(data.path().join(&name), crashed.path().join(&name)).unwrap();
    }
    let bytes =
        |end: &str| std::fs::read(crashed.path().join(format!("countersign.db{end}"))).unwrap();
    let before = (bytes(""), bytes("-wal"));
    assert_eq!(before.0[60..64], [0, 0, 0, 4], "the test is of the log");
    let refused = Store::open(crashed.path()).unwrap_err();
    assert!(matches!(refused, StoreError::Newer { found: 999, .. }), "{refused}");
    assert!((bytes(""), bytes("-wal")) == before);
}
