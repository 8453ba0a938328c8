//! What is kept for undoing, as a second start of the program finds it.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use countersign_protocol::{CallId, Digest, FileDelta, KeptEntry, KeptKind, SessionId};
use countersign_store::{Checkpoints, IndexRow, StoreError};
use sha2::{Digest as _, Sha256};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

fn kept(bytes: &[u8]) -> (Digest, Vec<u8>) {
    (Digest(Sha256::digest(bytes).into()), bytes.to_vec())
}

fn digest(bytes: &[u8]) -> Digest {
    kept(bytes).0
}

fn file(bytes: &[u8]) -> KeptEntry {
    let size = bytes.len() as u64;
    KeptEntry { kind: KeptKind::File, mode: 0o644, size, digest: Some(digest(bytes)) }
}

fn row(path: &str, bytes: &[u8]) -> IndexRow {
    IndexRow { path: path.into(), entry: file(bytes), stamp: [7; 40] }
}

/// From nothing to a file.
fn made(path: &str, bytes: &[u8]) -> FileDelta {
    FileDelta { path: path.into(), before: None, after: Some(file(bytes)) }
}

fn session(name: &str) -> SessionId {
    SessionId::new(name)
}

fn call(name: &str) -> CallId {
    CallId::new(name)
}

fn open(data: &Path) -> Checkpoints {
    Checkpoints::open(data, Path::new("/w")).unwrap()
}

fn put(store: &Checkpoints, bytes: &[u8]) {
    store.put(&mut std::iter::once(kept(bytes))).unwrap();
}

/// The one database in the data folder.
fn database(data: &Path) -> PathBuf {
    let mut found: Vec<_> = std::fs::read_dir(data.join("checkpoints"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "db"))
        .collect();
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

/// Bytes that do not compress, and differ from those of another seed.
fn noise(seed: u32, length: usize) -> Vec<u8> {
    (0_u32..)
        .flat_map(|part| Sha256::digest([seed.to_le_bytes(), part.to_le_bytes()].concat()))
        .take(length)
        .collect()
}

#[test]
fn contents_come_back_whatever_they_are() {
    let data = tempfile::tempdir().unwrap();
    let texts = "all work and no play\n".repeat(5000).into_bytes();
    let contents = [Vec::new(), vec![0], b"short".to_vec(), texts, noise(1, 300_000)];
    let store = open(data.path());
    store.put(&mut contents.iter().map(|bytes| kept(bytes))).unwrap();
    store.put(&mut contents.iter().map(|bytes| kept(bytes))).unwrap();
    drop(store);

    let store = open(data.path());
    for bytes in &contents {
        assert_eq!(&store.get(&digest(bytes)).unwrap(), bytes);
        assert!(store.has(&digest(bytes)).unwrap());
    }
    let asked = [digest(b"never kept"), digest(b"short"), digest(b""), digest(b"nor this")];
    assert_eq!(store.has_many(&asked).unwrap(), [false, true, true, false]);
    assert!(!store.has(&asked[0]).unwrap());
    assert!(matches!(store.get(&asked[0]), Err(StoreError::Content { .. })));
    let size = store.size().unwrap();
    assert!(size > 300_000 && size < 400_000, "each once, the text small: {size}");
}

#[test]
fn a_content_that_is_not_what_it_was_is_not_given() {
    let data = tempfile::tempdir().unwrap();
    let store = open(data.path());
    let (long, short) = ("word ".repeat(1000).into_bytes(), b"abc".to_vec());
    put(&store, &long);
    put(&store, &short);
    let raw = rusqlite::Connection::open(database(data.path())).unwrap();
    raw.execute("UPDATE content SET body = CAST('abd' AS BLOB)", []).unwrap();
    for bytes in [long, short] {
        assert!(matches!(store.get(&digest(&bytes)), Err(StoreError::Content { .. })));
    }
}

#[test]
fn the_index_is_kept_by_path() {
    let data = tempfile::tempdir().unwrap();
    let store = open(data.path());
    let link = KeptEntry { kind: KeptKind::Link, mode: 0, size: 3, digest: Some(digest(b"a/b")) };
    let folder = KeptEntry { kind: KeptKind::Folder, mode: 0o755, size: 0, digest: None };
    let large = KeptEntry { digest: None, size: 1 << 40, ..file(b"") };
    let rows = vec![
        IndexRow { path: b"a".to_vec(), entry: folder, stamp: [1; 40] },
        IndexRow { path: b"a/\xff\n".to_vec(), entry: link, stamp: [2; 40] },
        IndexRow { path: b"large".to_vec(), entry: large, stamp: [3; 40] },
        row("z", b"z"),
    ];
    store.update_index(&rows.iter().rev().cloned().collect::<Vec<_>>(), &[]).unwrap();
    assert_eq!(store.index().unwrap(), rows);

    let changed = IndexRow { stamp: [9; 40], ..row("z", b"other") };
    // What is gone goes first: a path may be named as gone and stand again.
    let gone = [b"a/\xff\n".to_vec(), b"never".to_vec(), b"z".to_vec()];
    store.update_index(std::slice::from_ref(&changed), &gone).unwrap();
    drop(store);
    let expected = [rows[0].clone(), rows[2].clone(), changed];
    assert_eq!(open(data.path()).index().unwrap(), expected);
}

#[test]
fn acts_come_back_in_order_after_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let store = open(data.path());
    let folder = KeptEntry { kind: KeptKind::Folder, mode: 0o700, size: 0, digest: None };
    let first = vec![
        FileDelta { path: b"z".to_vec(), before: Some(file(b"1")), after: Some(file(b"2")) },
        FileDelta { path: b"a".to_vec(), before: Some(folder), after: None },
        FileDelta { path: b"/etc/\xfe".to_vec(), before: None, after: Some(file(b"3")) },
    ];
    let second = vec![made("b", b"4")];
    store.record(&session("s"), &call("one"), &first).unwrap();
    store.record(&session("other"), &call("one"), &second).unwrap();
    store.record(&session("s"), &call("two"), &second).unwrap();
    store.record(&session("s"), &call("nothing"), &[]).unwrap();
    store.record(&session("s"), &call("one"), &second).unwrap();
    drop(store);

    let acts = open(data.path()).recorded(&session("s")).unwrap();
    let seen: Vec<_> = acts.iter().map(|act| (act.act.as_str(), act.deltas.clone())).collect();
    assert_eq!(seen, [("one", first), ("two", second.clone()), ("one", second)]);
    assert!(acts.iter().all(|act| act.time.ends_with('Z')));
    assert!(open(data.path()).recorded(&session("nobody")).unwrap().is_empty());
}

#[test]
fn a_forgotten_session_leaves_no_byte_that_nothing_else_needs() {
    let data = tempfile::tempdir().unwrap();
    let store = open(data.path());
    let secrets: Vec<Vec<u8>> = (0..40)
        .map(|number| [format!("quince {number} ").into_bytes(), noise(number, 9000)].concat())
        .collect();
    let (indexed, shared) = (b"quince in the index".to_vec(), b"quince of another".to_vec());
    let all = || secrets.iter().chain([&indexed, &shared]);
    store.put(&mut all().map(|bytes| kept(bytes))).unwrap();
    store.update_index(&[row("now", &indexed)], &[]).unwrap();
    let deltas: Vec<_> = all().map(|bytes| made("quincepath", bytes)).collect();
    store.record(&session("gone"), &call("1"), &deltas).unwrap();
    let before = FileDelta { path: b"p".to_vec(), before: Some(file(&shared)), after: None };
    store.record(&session("stays"), &call("2"), &[before]).unwrap();
    let place = database(data.path());
    let found = |needle: &[u8]| {
        ["", "-wal"].iter().any(|end| {
            let file = PathBuf::from(format!("{}{end}", place.display()));
            let bytes = std::fs::read(file).unwrap_or_default();
            bytes.windows(needle.len()).any(|window| window == needle)
        })
    };
    assert!(found(b"quince 7 ") && found(b"quincepath"), "the test looks where they are");

    let size = store.size().unwrap();
    store.forget(&session("gone")).unwrap();
    store.forget(&session("never was")).unwrap();
    for (number, secret) in secrets.iter().enumerate() {
        assert!(!store.has(&digest(secret)).unwrap());
        assert!(!found(format!("quince {number} ").as_bytes()), "{number}");
        assert!(!found(&secret[4000..4032]), "{number}");
    }
    assert!(!found(b"quincepath"));
    assert!(store.recorded(&session("gone")).unwrap().is_empty());
    assert_eq!(store.get(&digest(&indexed)).unwrap(), indexed);
    assert_eq!(store.get(&digest(&shared)).unwrap(), shared);
    assert_eq!(store.recorded(&session("stays")).unwrap().len(), 1);
    assert!(store.size().unwrap() + 300_000 < size);
    assert!(place.metadata().unwrap().len() < 100_000, "the disk has its room back");
}

#[test]
fn trimming_takes_the_oldest_and_never_what_is_needed() {
    let data = tempfile::tempdir().unwrap();
    let store = open(data.path());
    let part = |number| noise(number, 100_000);
    store.put(&mut (0..6).map(|number| kept(&part(number)))).unwrap();
    // 0 is in the index and in the oldest session; 5 is named by nothing yet.
    store.update_index(&[row("now", &part(0))], &[]).unwrap();
    let record = |name: &str, act: &str, number| {
        let deltas = [made("p", &part(number)), made("q", &part(0))];
        store.record(&session(name), &call(act), &deltas).unwrap();
    };
    record("kept", "1", 1);
    record("long", "2", 2);
    record("oldest", "3", 3);
    record("long", "4", 4);
    let has = || store.has_many(&(0..6).map(|number| digest(&part(number))).collect::<Vec<_>>());

    let size = store.size().unwrap();
    let nothing = store.trim(size, &[]).unwrap();
    assert_eq!((nothing.sessions.len(), nothing.freed), (0, 0));

    let trimmed = store.trim(size - 50_000, &[session("kept")]).unwrap();
    assert_eq!(trimmed.sessions, [session("oldest")]);
    assert_eq!(trimmed.freed, size - store.size().unwrap());
    assert!(trimmed.freed > 90_000, "{}", trimmed.freed);
    assert_eq!(has().unwrap(), [true, true, true, false, true, true]);

    // An hour later what nothing names is no longer about to be named.
    let raw = rusqlite::Connection::open(database(data.path())).unwrap();
    raw.execute("UPDATE content SET kept = kept - 3601", []).unwrap();
    assert!(store.trim(size - 150_000, &[session("kept")]).unwrap().sessions.is_empty());
    assert_eq!(has().unwrap(), [true, true, true, false, true, false]);

    assert_eq!(store.trim(0, &[session("kept")]).unwrap().sessions, [session("long")]);
    assert_eq!(has().unwrap(), [true, true, false, false, false, false]);
    assert_eq!(store.recorded(&session("kept")).unwrap().len(), 1);
    assert_eq!(store.get(&digest(&part(1))).unwrap(), part(1));
}

#[test]
fn two_programs_keep_and_record_side_by_side() {
    let data = tempfile::tempdir().unwrap();
    let threads: Vec<_> = (0..2_u8)
        .map(|number| {
            let store = open(data.path());
            std::thread::spawn(move || {
                for act in 0..30_u8 {
                    let own = [number, act];
                    store.put(&mut [kept(&own), kept(&[act])].into_iter()).unwrap();
                    let deltas = [made("own", &own), made("shared", &[act])];
                    let name = session(&number.to_string());
                    store.record(&name, &call(&act.to_string()), &deltas).unwrap();
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let store = open(data.path());
    for name in ["0", "1"] {
        let acts = store.recorded(&session(name)).unwrap();
        let order: Vec<_> = acts.iter().map(|act| act.act.as_str().to_owned()).collect();
        assert_eq!(order, (0..30).map(|act| act.to_string()).collect::<Vec<_>>());
        let named = acts.iter().flat_map(|act| &act.deltas).map(|delta| delta.after.unwrap());
        assert!(named.map(|entry| entry.digest.unwrap()).all(|digest| store.has(&digest).unwrap()));
    }
}

#[test]
fn workspaces_are_apart_and_all_is_private() {
    let data = tempfile::tempdir().unwrap();
    let data = data.path().join("data");
    assert!(Checkpoints::open_existing(&data, Path::new("/w")).unwrap().is_none());
    assert!(!data.exists(), "a look makes nothing");
    let store = open(&data);
    put(&store, b"x");
    assert!(Checkpoints::open_existing(&data, Path::new("/w")).unwrap().is_some());
    assert!(Checkpoints::open_existing(&data, Path::new("/v")).unwrap().is_none());
    let other = Checkpoints::open(&data, Path::new("/v")).unwrap();
    assert!(!other.has(&digest(b"x")).unwrap());

    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    let folder = data.join("checkpoints");
    assert_eq!((mode(&data), mode(&folder)), (0o700, 0o700));
    for file in std::fs::read_dir(folder).unwrap() {
        let file = file.unwrap().path();
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}
