//! What keeping a workspace for undoing costs: times and bytes, on the disk of the folder that is given.
//!
//!     cargo run --release -p countersign-store --example checkpoint_cost -- [FOLDER [FILES]]
#![allow(clippy::print_stdout, clippy::unit_arg)]

use countersign_protocol::{CallId, Digest, FileDelta, KeptEntry, KeptKind, SessionId};
use countersign_store::{Checkpoints, IndexRow, Journal as _, Store};
use sha2::{Digest as _, Sha256};
use std::error::Error;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Instant;

/// Files of the made-up workspace, of 2 KiB on average.
const FILES: u32 = 100_000;
/// Calls to `record` and `append`.
const ACTS: u32 = 200;
/// Events of a long session.
const EVENTS: u32 = 5000;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().map_or_else(std::env::temp_dir, PathBuf::from);
    let files = arguments.next().map_or(Ok(FILES), |text| text.parse())?;
    let data = tempfile::tempdir_in(folder)?;
    let store = Checkpoints::open(data.path(), "/made/up".as_ref())?;

    let digests = timed("digests of the contents", || {
        Ok((0..files).map(|file| digest(&content(file))).collect::<Vec<_>>())
    })?;
    timed("put", || {
        let mut contents = (0..files).zip(&digests).map(|(file, digest)| (*digest, content(file)));
        Ok(store.put(&mut contents)?)
    })?;
    timed("has_many", || Ok(assert!(store.has_many(&digests)?.iter().all(|has| *has))))?;
    let rows: Vec<IndexRow> =
        (0..files).zip(&digests).map(|(file, digest)| row(file, *digest)).collect();
    timed("update_index, all new", || Ok(store.update_index(&rows, &[])?))?;
    timed("update_index, all again", || Ok(store.update_index(&rows, &[])?))?;
    timed("index", || Ok(assert_eq!(store.index()?.len(), rows.len())))?;
    timed("get, every hundredth", || {
        digests.iter().step_by(100).try_for_each(|digest| Ok(drop(store.get(digest)?)))
    })?;
    println!(
        "{:>10} bytes in all, {} a file",
        store.size()?,
        store.size()? / u64::from(files.max(1))
    );

    let session = SessionId::new("s");
    timed("200 acts of one path", || {
        (0..ACTS).try_for_each(|act| {
            let bytes = act.to_le_bytes().to_vec();
            let after = entry(digest(&bytes));
            store.put(&mut std::iter::once((digest(&bytes), bytes)))?;
            let delta = FileDelta { path: b"p".to_vec(), before: None, after: Some(after) };
            Ok(store.record(&session, &CallId::new(act.to_string()), &[delta])?)
        })
    })?;
    let deltas: Vec<FileDelta> = rows
        .iter()
        .map(|row| FileDelta { path: row.path.clone(), before: Some(row.entry), after: None })
        .collect();
    timed("one act of all paths", || Ok(store.record(&session, &CallId::new("all"), &deltas)?))?;
    timed("recorded", || Ok(drop(store.recorded(&session)?)))?;
    timed("forget", || Ok(store.forget(&session)?))?;
    timed("everything let go", || {
        store.update_index(&[], &rows.iter().map(|row| row.path.clone()).collect::<Vec<_>>())?;
        store.record(&session, &CallId::new("all"), &deltas)?;
        Ok(drop(store.trim(0, &[])?))
    })?;

    let sessions = Store::open(data.path())?;
    let long = sessions.create_session("/w")?;
    timed("5,000 events", || {
        (0..EVENTS).try_for_each(|_| {
            let text = "words that a person said ".repeat(20);
            let event = countersign_protocol::Event::UserMessage { text };
            Ok(drop(sessions.append(&long, event)?))
        })
    })?;
    timed("the list of sessions", || Ok(drop(sessions.sessions()?)))?;
    timed("all its events", || Ok(drop(sessions.events(&long, 0)?)))?;
    let fork = timed("a fork of it", || Ok(sessions.fork_session(&long, u64::from(EVENTS))?))?;
    timed("deleting it", || Ok(sessions.delete_session(&fork)?))
}

fn timed<T>(
    what: &str,
    act: impl FnOnce() -> Result<T, Box<dyn Error>>,
) -> Result<T, Box<dyn Error>> {
    let started = Instant::now();
    let done = act()?;
    println!("{:>10.1} ms  {what}", started.elapsed().as_secs_f64() * 1000.0);
    Ok(done)
}

/// Text about as repetitive as source code.
fn content(file: u32) -> Vec<u8> {
    let mut text = String::new();
    for line in 0..file % 100 {
        let word = file.wrapping_mul(2_654_435_761).rotate_left(line % 32);
        // Writing to a text does not fail.
        let _ = writeln!(text, "    let value_{line} = compute({word}, &options)?;");
    }
    text.push_str(&file.to_string());
    text.into_bytes()
}

fn digest(bytes: &[u8]) -> Digest {
    Digest(Sha256::digest(bytes).into())
}

fn entry(digest: Digest) -> KeptEntry {
    KeptEntry { kind: KeptKind::File, mode: 0o644, size: 1, digest: Some(digest) }
}

fn row(file: u32, digest: Digest) -> IndexRow {
    let path = format!("packages/part_{}/src/module_{}/file_{file}.rs", file % 50, file % 997);
    IndexRow { path: path.into_bytes(), entry: entry(digest), stamp: [7; 40] }
}
