//! What the person does to entries in the window: by handle, replacing nothing, losing nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use countersign_guard::{GuardError, Policy, PolicySettings, Supervisor, Trash, Workspace};
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tempfile::{TempDir, tempdir};

const NOW: &str = "2026-01-31T12:59:00";

struct Place {
    folder: TempDir,
    workspace: Workspace,
}

fn place() -> Place {
    let folder = tempdir().unwrap();
    let top = folder.path().join("ws");
    fs::create_dir_all(top.join("src/deep")).unwrap();
    fs::create_dir(top.join(".git")).unwrap();
    fs::create_dir(folder.path().join("outside")).unwrap();
    for (path, text) in [
        ("ws/a.txt", "a"),
        ("ws/b.txt", "b"),
        ("ws/src/x.txt", "x"),
        ("ws/src/deep/y.txt", "y"),
        ("ws/.git/HEAD", "ref"),
        ("outside/secret", "s"),
    ] {
        fs::write(folder.path().join(path), text).unwrap();
    }
    symlink("../outside", top.join("out")).unwrap();
    symlink("src", top.join("in")).unwrap();
    let workspace = Workspace::open(
        &top,
        &[],
        Policy::new(PolicySettings::default(), Vec::new()),
        Supervisor::this_program().unwrap(),
        Vec::new(),
    )
    .unwrap();
    Place { folder, workspace }
}

impl Place {
    fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join("ws").join(path)
    }

    fn trash(&self) -> PathBuf {
        self.folder.path().join("home/Trash")
    }

    fn delete(&self, path: &str) -> Result<(), GuardError> {
        self.workspace.trash_entry(path, &Trash { folder: &self.trash(), now: NOW })
    }
}

/// Every path below a folder, with its text.
fn all(at: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![at.to_owned()];
    while let Some(at) = folders.pop() {
        for entry in fs::read_dir(at).unwrap().flatten() {
            let kind = entry.file_type().unwrap();
            if kind.is_dir() {
                folders.push(entry.path());
            }
            let text = if kind.is_file() { fs::read(entry.path()).unwrap() } else { Vec::new() };
            found.push((entry.path(), text));
        }
    }
    found.sort();
    found
}

#[test]
fn an_entry_gets_another_name_here_or_elsewhere() {
    let place = place();
    place.workspace.rename_entry("a.txt", "c.txt").unwrap();
    place.workspace.rename_entry("src/x.txt", "x.txt").unwrap();
    place.workspace.rename_entry("src/deep", "depth").unwrap();
    assert_eq!(fs::read(place.at("c.txt")).unwrap(), b"a");
    assert_eq!(fs::read(place.at("x.txt")).unwrap(), b"x");
    assert_eq!(fs::read(place.at("depth/y.txt")).unwrap(), b"y");
    assert!(!place.at("a.txt").exists() && !place.at("src/deep").exists());
    // A link is renamed itself.
    place.workspace.rename_entry("out", "outward").unwrap();
    assert_eq!(fs::read_link(place.at("outward")).unwrap(), Path::new("../outside"));
}

#[test]
fn what_must_not_be_renamed_is_refused_and_nothing_changes() {
    let place = place();
    let before = all(place.folder.path());
    for (from, to) in [
        ("a.txt", "b.txt"),
        ("a.txt", "a.txt"),
        ("a.txt", "src"),
        ("gone.txt", "c.txt"),
        ("a.txt", "nowhere/c.txt"),
        ("a.txt", "out/c.txt"),
        ("out/secret", "c.txt"),
        ("in/x.txt", "c.txt"),
        ("a.txt", "in/c.txt"),
        ("a.txt", "b.txt/c"),
        ("a.txt", "../c.txt"),
        ("../outside/secret", "c.txt"),
        ("a.txt", "/tmp/c.txt"),
        ("/etc/passwd", "c.txt"),
        ("a.txt", ""),
        ("", "c.txt"),
        (".", "c.txt"),
        ("a.txt", "c.txt/"),
        ("a.txt", "./c.txt"),
        ("a.txt", "new\nline"),
        ("a.txt", "nul\0"),
        (".git", "git"),
        (".git/HEAD", "HEAD"),
        ("a.txt", ".git/hooks"),
        ("a.txt", "src/.GIT"),
        ("src", "src/deep/src"),
        ("a.txt", &"n".repeat(256)),
    ] {
        let refused = place.workspace.rename_entry(from, to);
        assert!(refused.is_err(), "{from:?} to {to:?}");
    }
    assert_eq!(all(place.folder.path()), before);
}

#[test]
fn what_is_deleted_stands_in_the_trash_with_its_place() {
    let place = place();
    place.delete("a.txt").unwrap();
    place.delete("src").unwrap();
    place.delete("out").unwrap();
    fs::write(place.at("a.txt"), "another").unwrap();
    fs::write(place.at("ä b%.txt"), "odd").unwrap();
    place.delete("a.txt").unwrap();
    place.delete("ä b%.txt").unwrap();
    let files = place.trash().join("files");
    let infos = place.trash().join("info");
    assert_eq!(fs::read(files.join("a.txt")).unwrap(), b"a");
    assert_eq!(fs::read(files.join("a.txt.2")).unwrap(), b"another");
    assert_eq!(fs::read(files.join("src/deep/y.txt")).unwrap(), b"y");
    assert_eq!(fs::read_link(files.join("out")).unwrap(), Path::new("../outside"));
    assert!(place.folder.path().join("outside/secret").exists(), "the link's target stays");
    let real = fs::canonicalize(place.folder.path()).unwrap();
    let wanted = |path: &str| {
        format!("[Trash Info]\nPath={}/ws/{path}\nDeletionDate={NOW}\n", real.display())
    };
    for (info, path) in [
        ("a.txt", "a.txt"),
        ("a.txt.2", "a.txt"),
        ("src", "src"),
        ("ä b%.txt", "%C3%A4%20b%25.txt"),
    ] {
        let text = fs::read_to_string(infos.join(format!("{info}.trashinfo"))).unwrap();
        assert_eq!(text, wanted(path));
    }
    for private in ["", "files", "info"] {
        let mode = fs::metadata(place.trash().join(private)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "{private}");
    }
}

#[test]
fn what_must_not_be_deleted_is_refused_and_nothing_changes() {
    let place = place();
    place.delete("b.txt").unwrap();
    let before = all(place.folder.path());
    for path in [
        "",
        ".",
        "..",
        "gone",
        ".git",
        ".git/HEAD",
        "out/secret",
        "in/x.txt",
        "/etc",
        "a.txt/",
        "../outside",
    ] {
        assert!(place.delete(path).is_err(), "{path:?}");
    }
    assert_eq!(all(place.folder.path()), before);
}

#[test]
fn another_file_system_and_a_trash_within_leave_all_as_it_is() {
    let place = place();
    let before = all(&place.folder.path().join("ws"));
    // The trash would lie in what is moved there.
    let within = place.at("src/Trash");
    let error =
        place.workspace.trash_entry("src", &Trash { folder: &within, now: NOW }).unwrap_err();
    assert!(error.to_string().contains("lies in it"), "{error}");
    assert!(fs::read_dir(within.join("info")).unwrap().next().is_none(), "no note is left");
    fs::remove_dir_all(&within).unwrap();
    let Ok(elsewhere) = tempfile::tempdir_in("/dev/shm") else { return };
    let device = |path: &Path| std::os::unix::fs::MetadataExt::dev(&fs::metadata(path).unwrap());
    if device(elsewhere.path()) == device(place.folder.path()) {
        return;
    }
    let error = place
        .workspace
        .trash_entry("a.txt", &Trash { folder: elsewhere.path(), now: NOW })
        .unwrap_err();
    assert!(error.to_string().contains("another file system than the trash"), "{error}");
    assert!(fs::read_dir(elsewhere.path().join("info")).unwrap().next().is_none());
    assert_eq!(all(&place.folder.path().join("ws")), before);
}

#[test]
fn nothing_outside_is_touched_while_a_folder_is_swapped_for_a_link() {
    let place = place();
    let outside = place.folder.path().join("outside");
    for name in ["x.txt", "z.txt"] {
        fs::write(outside.join(name), "outside").unwrap();
    }
    let before = all(&outside);
    let stop = Arc::new(AtomicBool::new(false));
    let swapping = {
        let (stop, src, kept) = (Arc::clone(&stop), place.at("src"), place.at("kept"));
        let outside = outside.clone();
        std::thread::spawn(move || {
            let mut swaps = 0_u32;
            while !stop.load(Ordering::Relaxed) {
                fs::rename(&src, &kept).unwrap();
                symlink(&outside, &src).unwrap();
                fs::remove_file(&src).unwrap();
                fs::rename(&kept, &src).unwrap();
                swaps += 1;
            }
            swaps
        })
    };
    let (mut done, mut refused) = (0, 0);
    for number in 0..3_000 {
        let acts = [
            place.workspace.rename_entry("src/x.txt", "moved"),
            place.workspace.rename_entry("moved", "src/x.txt"),
            place.workspace.rename_entry("b.txt", &format!("src/{number}")),
            place.delete("src/z.txt"),
        ];
        done += acts.iter().filter(|act| act.is_ok()).count();
        refused += acts.iter().filter(|act| act.is_err()).count();
    }
    stop.store(true, Ordering::Relaxed);
    assert!(swapping.join().unwrap() > 0);
    assert!(done > 0 && refused > 0, "{done} done, {refused} refused");
    assert_eq!(all(&outside), before);
}
