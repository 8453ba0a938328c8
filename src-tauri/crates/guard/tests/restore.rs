//! States are put back exactly, and only where they stand as they were left.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::wildcard_enum_match_arm, missing_docs)]

use countersign_guard::{
    Content, Policy, PolicySettings, Restoration, Restored, Scope, Supervisor, Workspace,
};
use countersign_protocol::KeptEntry;
use proptest::prelude::*;
use rustix::fs::{CWD, RenameFlags};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// What stands at each path, and its bytes.
type State = BTreeMap<Vec<u8>, (KeptEntry, Vec<u8>)>;

fn open(path: &Path) -> Workspace {
    let policy = Policy::new(PolicySettings::default(), Vec::new());
    let supervisor = Supervisor::this_program().unwrap();
    Workspace::open(path, &[], policy, supervisor, Vec::new()).unwrap()
}

fn lay_out() -> (TempDir, PathBuf, Workspace) {
    let root = tempfile::tempdir().unwrap();
    let top = root.path().join("ws");
    fs::create_dir(&top).unwrap();
    let workspace = open(&top);
    (root, top, workspace)
}

fn state(workspace: &Workspace) -> State {
    let survey = workspace.survey(Scope::Everything, &CancellationToken::new()).unwrap();
    assert!(survey.complete && survey.left_out.is_empty(), "{:?}", survey.left_out);
    let read = |path: &[u8], entry: KeptEntry| match workspace.content(path, 1_000_000).unwrap() {
        Content::Read { entry, bytes, .. } => (entry, bytes),
        Content::NoContent => (entry, Vec::new()),
        other => panic!("{other:?}"),
    };
    survey
        .entries
        .into_iter()
        .map(|found| (found.path.clone(), read(&found.path, found.entry)))
        .collect()
}

fn at(workspace: &Workspace, path: &[u8]) -> Option<(KeptEntry, Vec<u8>)> {
    match workspace.content(path, 1_000_000).unwrap() {
        Content::Read { entry, bytes, .. } => Some((entry, bytes)),
        Content::Gone => None,
        other => panic!("{other:?}"),
    }
}

/// What leads from one state to another.
fn between(now: &State, wanted: &State) -> Vec<Restoration> {
    let paths: BTreeSet<&Vec<u8>> = now.keys().chain(wanted.keys()).collect();
    paths
        .into_iter()
        .filter(|path| now.get(*path) != wanted.get(*path))
        .map(|path| Restoration {
            path: path.clone(),
            now: now.get(path).map(|(entry, _)| *entry),
            wanted: wanted.get(path).map(|(entry, _)| *entry),
            bytes: wanted.get(path).map(|(_, bytes)| bytes.clone()).unwrap_or_default(),
        })
        .collect()
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
}

fn left(restored: &Restored) -> Vec<(&str, &str)> {
    let text = |path| std::str::from_utf8(path).unwrap();
    restored.left.iter().map(|(path, why)| (text(path), why.as_str())).collect()
}

/// A workspace with something of everything.
fn furnish(top: &Path) {
    for folder in ["a/b/c", "empty", "locked", "odd", "becomes_file/deep", "t"] {
        fs::create_dir_all(top.join(folder)).unwrap();
    }
    for file in ["a/1", "a/b/2", "a/b/c/3", "locked/4", "odd/5", "becomes_file/deep/6", "file", "7"]
    {
        fs::write(top.join(file), format!("content of {file}\r\n\0\u{e4}")).unwrap();
    }
    fs::write(top.join(OsStr::from_bytes(b"odd/\xff\n")), b"\xff\xfe").unwrap();
    fs::write(top.join("nothing"), "").unwrap();
    symlink("a/b", top.join("link")).unwrap();
    symlink("nowhere", top.join("dangling")).unwrap();
    chmod(&top.join("7"), 0o700);
    chmod(&top.join("a/1"), 0o444);
    chmod(&top.join("empty"), 0o1751);
    chmod(&top.join("t"), 0o1777);
    chmod(&top.join("locked"), 0o555);
}

/// What a wild command does to it.
fn storm(top: &Path) {
    fs::remove_dir_all(top.join("a")).unwrap();
    fs::remove_dir(top.join("empty")).unwrap();
    chmod(&top.join("locked"), 0o755);
    fs::write(top.join("locked/4"), "other").unwrap();
    fs::write(top.join("locked/new"), "new").unwrap();
    chmod(&top.join("locked"), 0o555);
    fs::rename(top.join("odd"), top.join("moved")).unwrap();
    fs::remove_dir_all(top.join("becomes_file")).unwrap();
    fs::write(top.join("becomes_file"), "a file now").unwrap();
    fs::remove_file(top.join("file")).unwrap();
    fs::create_dir_all(top.join("file/with/folders")).unwrap();
    fs::write(top.join("file/with/folders/x"), "x").unwrap();
    chmod(&top.join("file/with"), 0o500);
    fs::remove_file(top.join("link")).unwrap();
    fs::write(top.join("link"), "no link").unwrap();
    fs::remove_file(top.join("dangling")).unwrap();
    symlink("elsewhere", top.join("dangling")).unwrap();
    fs::remove_file(top.join("nothing")).unwrap();
    symlink("7", top.join("nothing")).unwrap();
    chmod(&top.join("7"), 0o000);
    chmod(&top.join("t"), 0o700);
    fs::create_dir_all(top.join("fresh/empty")).unwrap();
    chmod(&top.join("fresh/empty"), 0o000);
}

#[test]
fn a_storm_of_changes_is_taken_back_to_the_byte_and_given_again() {
    let (_root, top, workspace) = lay_out();
    furnish(&top);
    let start = state(&workspace);
    let inode = fs::metadata(top.join("7")).unwrap().ino();
    storm(&top);
    let end = state(&workspace);
    let items = between(&end, &start);
    let number = items.len();
    let restored = workspace.restore(&items);
    assert_eq!(left(&restored), []);
    assert_eq!((restored.done.len(), restored.already.len()), (number, 0));
    assert_eq!(state(&workspace), start);
    assert_eq!(fs::metadata(top.join("7")).unwrap().ino(), inode, "only its mode was set");
    // Once more does nothing.
    let again = workspace.restore(&items);
    assert_eq!((again.done.len(), again.already.len()), (0, number), "{again:?}");
    // And what was taken back can be given again.
    let restored = workspace.restore(&between(&start, &end));
    assert_eq!(left(&restored), []);
    assert_eq!(state(&workspace), end);
}

#[test]
fn folders_that_lock_their_owner_out_are_opened_and_locked_again() {
    const NOBODY: u32 = 65_534;
    let (root, top, workspace) = lay_out();
    let rooted = rustix::process::geteuid().is_root();
    if rooted {
        chmod(root.path(), 0o755);
        std::os::unix::fs::chown(&top, Some(NOBODY), Some(NOBODY)).unwrap();
    }
    // A thread of its own, for it gives up what it may do.
    std::thread::spawn(move || {
        if rooted {
            let nobody = rustix::process::Uid::from_raw(NOBODY);
            rustix::thread::set_thread_res_uid(nobody, nobody, nobody).unwrap();
            assert!(fs::write(root.path().join("x"), "").is_err());
        }
        fs::create_dir_all(top.join("d/e")).unwrap();
        fs::write(top.join("d/e/f"), "before").unwrap();
        fs::write(top.join("d/secret"), "kept").unwrap();
        let start = state(&workspace);
        fs::write(top.join("d/e/f"), "after").unwrap();
        fs::write(top.join("d/e/new"), "new").unwrap();
        let mut end = state(&workspace);
        for (name, mode) in [("d/secret", 0), ("d/e", 0o444), ("d", 0)] {
            chmod(&top.join(name), mode);
            end.get_mut(name.as_bytes()).unwrap().0.mode = mode;
        }
        let mut items = between(&end, &start);
        let modes = items.iter().position(|item| item.path == b"d").unwrap();
        let mode_of_d = items.remove(modes);
        let restored = workspace.restore(&items);
        assert_eq!(left(&restored), []);
        assert_eq!(fs::metadata(top.join("d")).unwrap().mode() & 0o7777, 0);
        assert_eq!(left(&workspace.restore(&[mode_of_d])), []);
        assert_eq!(state(&workspace), start);
    })
    .join()
    .unwrap();
}

#[test]
fn what_was_changed_since_is_left_and_told() {
    let (_root, top, workspace) = lay_out();
    for folder in ["made", "gone", "held"] {
        fs::create_dir(top.join(folder)).unwrap();
    }
    for file in ["content", "mode", "removed", "made/x", "made_file", "kind", "held/y"] {
        fs::write(top.join(file), "start").unwrap();
    }
    let mut start = state(&workspace);
    for name in [&b"made"[..], b"made/x", b"made_file"] {
        start.remove(name);
    }
    for file in ["content", "mode", "removed", "kind", "held/y"] {
        fs::write(top.join(file), "session").unwrap();
    }
    fs::remove_dir(top.join("gone")).unwrap();
    let end = state(&workspace);
    // The person goes on.
    fs::write(top.join("content"), "persons").unwrap();
    chmod(&top.join("mode"), 0o640);
    fs::remove_file(top.join("removed")).unwrap();
    fs::write(top.join("made/own"), "own").unwrap();
    fs::write(top.join("made_file"), "other").unwrap();
    fs::write(top.join("gone"), "a file of that name").unwrap();
    fs::remove_file(top.join("kind")).unwrap();
    fs::create_dir(top.join("kind")).unwrap();
    fs::rename(top.join("held"), top.join("elsewhere")).unwrap();
    symlink("elsewhere", top.join("held")).unwrap();
    let before = state(&workspace);
    let restored = workspace.restore(&between(&end, &start));
    let mut found = left(&restored);
    found.sort_unstable();
    assert_eq!(
        found,
        [
            ("content", "it was changed since"),
            ("gone", "something stands there now"),
            ("held/y", "a folder on the way to it is none any more"),
            ("kind", "it was changed since"),
            ("made", "the folder is not empty"),
            ("made_file", "it was changed since"),
            ("mode", "it was changed since"),
            ("removed", "nothing stands there any more"),
        ]
    );
    assert_eq!(restored.done, [b"made/x"]);
    let mut wanted = before;
    wanted.remove(&b"made/x"[..]);
    assert_eq!(state(&workspace), wanted, "nothing else was touched");
}

#[test]
fn what_was_not_kept_or_is_damaged_is_left() {
    let (_root, top, workspace) = lay_out();
    fs::write(top.join("f"), "start").unwrap();
    chmod(&top.join("f"), 0o4755);
    let (start, bytes) = at(&workspace, b"f").unwrap();
    fs::write(top.join("f"), "now").unwrap();
    chmod(&top.join("f"), 0o644);
    let (now, _) = at(&workspace, b"f").unwrap();
    let item = |now, wanted, bytes: &[u8]| {
        vec![Restoration { path: b"f".to_vec(), now, wanted, bytes: bytes.to_vec() }]
    };
    let unread = |entry: KeptEntry| Some(KeptEntry { digest: None, ..entry });
    for items in [
        item(Some(now), Some(start), b"other"),
        item(Some(now), unread(start), &bytes),
        item(unread(now), Some(start), &bytes),
        item(unread(now), None, b""),
    ] {
        let restored = workspace.restore(&items);
        assert_eq!(left(&restored), [("f", "its content was not kept")]);
        assert_eq!(at(&workspace, b"f").unwrap().0, now);
    }
    // A mode alone needs no content.
    let wanted = KeptEntry { mode: 0o600, ..now };
    let restored = workspace.restore(&item(unread(now), unread(wanted), b""));
    assert_eq!(left(&restored), []);
    assert_eq!(at(&workspace, b"f").unwrap().0.mode, 0o600);
    // And no file runs as somebody else again.
    let items = item(Some(wanted), Some(start), &bytes);
    let becomes = items[0].becomes().unwrap();
    assert_eq!(left(&workspace.restore(&items)), []);
    assert_eq!(at(&workspace, b"f").unwrap(), (becomes, bytes));
    assert_eq!(becomes.mode, 0o755);
    assert_eq!(fs::read_dir(&top).unwrap().count(), 1, "nothing is left beside it");
    for bad in [&b"../f"[..], b"", b"a/../f", b"/proc/self/comm", b"f/"] {
        let items =
            vec![Restoration { path: bad.to_vec(), now: None, wanted: None, bytes: vec![] }];
        assert_eq!(workspace.restore(&items).left.len(), 1, "{bad:?}");
    }
}

#[test]
fn an_outside_file_is_put_back_by_its_absolute_path_and_through_no_link() {
    let (root, _top, workspace) = lay_out();
    let real = root.path().canonicalize().unwrap();
    fs::create_dir(real.join("out")).unwrap();
    let path = real.join("out/made/f");
    let bytes_of = |path: &Path| path.as_os_str().as_bytes().to_vec();
    fs::create_dir(real.join("out/made")).unwrap();
    fs::write(&path, "start").unwrap();
    let (start, bytes) = at(&workspace, &bytes_of(&path)).unwrap();
    fs::remove_dir_all(real.join("out/made")).unwrap();
    let item = Restoration { path: bytes_of(&path), now: None, wanted: Some(start), bytes };
    assert_eq!(left(&workspace.restore(std::slice::from_ref(&item))), []);
    assert_eq!(fs::read(&path).unwrap(), b"start");
    fs::rename(real.join("out"), real.join("real")).unwrap();
    symlink("real", real.join("out")).unwrap();
    let now = item.wanted;
    let restored = workspace.restore(&[Restoration { now, wanted: None, ..item }]);
    assert_eq!(restored.left.len(), 1);
    assert_eq!(fs::read(real.join("real/made/f")).unwrap(), b"start");
}

/// Ends a thread where an assertion fails, too.
struct Ending<'a>(&'a AtomicBool);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_link_swapped_in_for_a_folder_is_never_followed() {
    let (root, top, workspace) = lay_out();
    let outside = root.path().join("outside");
    for folder in [&top.join("d"), &outside] {
        fs::create_dir(folder).unwrap();
        fs::write(folder.join("changed"), "one").unwrap();
        fs::write(folder.join("made"), "one").unwrap();
        fs::create_dir(folder.join("folder")).unwrap();
    }
    symlink("../outside", top.join("l")).unwrap();
    let one = state(&workspace);
    fs::write(top.join("d/changed"), "two").unwrap();
    fs::remove_file(top.join("d/made")).unwrap();
    fs::remove_dir(top.join("d/folder")).unwrap();
    fs::write(top.join("d/new"), "two").unwrap();
    let two = state(&workspace);
    let done = AtomicBool::new(false);
    let mut acts = 0;
    std::thread::scope(|scope| {
        let ending = Ending(&done);
        let swapping = scope.spawn(|| {
            let mut swaps = 0;
            while !done.load(Ordering::Relaxed) || swaps % 2 == 1 {
                let (one, other) = (top.join("d"), top.join("l"));
                rustix::fs::renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE).unwrap();
                swaps += 1;
            }
            swaps
        });
        for _ in 0..200 {
            acts += workspace.restore(&between(&two, &one)).done.len();
            acts += workspace.restore(&between(&one, &two)).done.len();
        }
        drop(ending);
        assert!(swapping.join().unwrap() > 100);
    });
    assert!(acts > 0, "it was never in time");
    for name in ["changed", "made"] {
        assert_eq!(fs::read(outside.join(name)).unwrap(), b"one");
    }
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 3);
    assert_eq!(fs::read_dir(outside.join("folder")).unwrap().count(), 0);
}

#[test]
fn a_change_in_the_last_instant_is_kept() {
    let (root, top, workspace) = lay_out();
    let (path, own) = (top.join("f"), root.path().join("own"));
    let mut done = [0, 0];
    for round in 0..600 {
        fs::write(&path, "session").unwrap();
        fs::write(&own, "the person's").unwrap();
        let (now, _) = at(&workspace, b"f").unwrap();
        fs::write(root.path().join("ws/g"), "start").unwrap();
        let (start, bytes) = at(&workspace, b"g").unwrap();
        let wanted = (round % 2 == 0).then_some(start);
        let item = Restoration { path: b"f".to_vec(), now: Some(now), wanted, bytes };
        let restored = std::thread::scope(|scope| {
            let person = scope.spawn(|| {
                for _ in 0..(round / 2) * 100 {
                    std::hint::spin_loop();
                }
                fs::rename(&own, &path).unwrap();
            });
            let restored = workspace.restore(&[item]);
            person.join().unwrap();
            restored
        });
        done[usize::from(!restored.done.is_empty())] += 1;
        // Before, between or after: what the person put there is there, be it under another name.
        let texts: Vec<Vec<u8>> = fs::read_dir(&top)
            .unwrap()
            .map(|entry| fs::read(entry.unwrap().path()).unwrap())
            .collect();
        assert!(texts.iter().any(|text| text == b"the person's"), "round {round}: {restored:?}");
        assert_eq!(texts.len(), 2, "round {round}: {restored:?}");
    }
    assert!(done[1] > 0, "the person was always first: {done:?}");
}

/// Does something to a tree; most acts fail at times, which is as good.
fn act(top: &Path, (kind, one, other, text): &(u8, Vec<u8>, Vec<u8>, u8)) {
    let path = |names: &[u8]| {
        names
            .iter()
            .fold(top.to_owned(), |path, name| path.join(["a", "b", "c"][usize::from(*name)]))
    };
    let (one, other) = (path(one), path(other));
    match kind {
        0 | 1 => drop(fs::create_dir_all(&one)),
        2 | 3 => drop(fs::write(&one, vec![*text; usize::from(*text) % 7])),
        4 => drop(symlink(format!("{text}"), &one)),
        5 => drop(fs::remove_file(&one)),
        6 => drop(fs::remove_dir_all(&one)),
        7 => drop(fs::rename(&one, &other)),
        _ => {
            if fs::symlink_metadata(&one).is_ok_and(|data| !data.is_symlink()) {
                chmod(&one, [0o755, 0o700, 0o555, 0o444, 0o1777, 0][usize::from(*text) % 6]);
            }
        }
    }
}

fn acts() -> impl Strategy<Value = Vec<(u8, Vec<u8>, Vec<u8>, u8)>> {
    let path = || prop::collection::vec(0..3_u8, 1..5);
    prop::collection::vec((0..9_u8, path(), path(), any::<u8>()), 0..30)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_tree_is_put_back_from_any_other(first in acts(), second in acts()) {
        let (_root, top, workspace) = lay_out();
        for one in &first {
            act(&top, one);
        }
        let start = state(&workspace);
        for one in &second {
            act(&top, one);
        }
        let end = state(&workspace);
        let restored = workspace.restore(&between(&end, &start));
        prop_assert_eq!(left(&restored), []);
        prop_assert_eq!(state(&workspace), start);
    }
}
