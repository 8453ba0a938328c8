//! What changed is told, whatever it was, and compared with all that stands on the disk.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use countersign_watch::Dirt;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

struct Watched {
    folder: TempDir,
    dirt: Dirt,
}

/// A watched folder `ws` with these folders, where `target` and `.git` are left out.
fn started(folders: &[&str]) -> Watched {
    let folder = tempfile::tempdir().unwrap();
    for name in folders {
        fs::create_dir_all(folder.path().join("ws").join(name)).unwrap();
    }
    fs::create_dir_all(folder.path().join("ws")).unwrap();
    fs::create_dir(folder.path().join("beside")).unwrap();
    let skip = |path: &Path| path.ends_with("target") || path.ends_with(".git");
    let dirt = Dirt::start(&folder.path().join("ws"), skip, || {}).unwrap();
    Watched { folder, dirt }
}

impl Watched {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("ws").join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn taken(&self) -> Vec<String> {
        let taken = self.dirt.take().expect("changes were lost");
        taken.into_iter().map(|path| String::from_utf8(path).unwrap()).collect()
    }
}

/// All that stands below a folder, with what tells one state from another.
fn survey(top: &Path) -> BTreeMap<Vec<u8>, (u64, u32, i64, i64, u64)> {
    let mut found = BTreeMap::new();
    let mut folders = vec![top.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let data = fs::symlink_metadata(&path).unwrap();
            // A folder's own times change with its entries, which are told for themselves.
            let (time, nanos) =
                if data.is_dir() { (0, 0) } else { (data.mtime(), data.mtime_nsec()) };
            let size = if data.is_dir() { 0 } else { data.size() };
            let name = path.strip_prefix(top).unwrap().as_os_str().as_bytes().to_vec();
            found.insert(name, (data.ino(), data.mode(), time, nanos, size));
            if data.is_dir() {
                folders.push(path);
            }
        }
    }
    found
}

/// The paths that differ, and neither they nor a folder above them is among those that were told.
fn missed<T: PartialEq>(
    before: &BTreeMap<Vec<u8>, T>,
    after: &BTreeMap<Vec<u8>, T>,
    told: &BTreeSet<Vec<u8>>,
) -> Vec<String> {
    let all: BTreeSet<&Vec<u8>> = before.keys().chain(after.keys()).collect();
    all.into_iter()
        .filter(|path| before.get(*path) != after.get(*path))
        .filter(|path| {
            let ends = path.iter().enumerate().filter(|(_, byte)| **byte == b'/');
            let mut above = ends.map(|(end, _)| end).chain([path.len()]);
            !above.any(|end| told.contains(&path[..end]))
        })
        .map(|path| String::from_utf8_lossy(path).into_owned())
        .collect()
}

#[test]
fn each_kind_of_change_is_told_once() {
    let seen = started(&["a/b"]);
    seen.write("a/b/f", "1");
    assert_eq!(seen.taken(), ["a/b/f"]);
    assert!(seen.taken().is_empty());
    fs::read(seen.path("a/b/f")).unwrap();
    fs::read_dir(seen.path("a/b")).unwrap().count();
    assert!(seen.taken().is_empty(), "looking changes nothing");
    fs::set_permissions(seen.path("a/b/f"), PermissionsExt::from_mode(0o700)).unwrap();
    assert_eq!(seen.taken(), ["a/b/f"]);
    fs::set_permissions(seen.path("a/b"), PermissionsExt::from_mode(0o700)).unwrap();
    assert_eq!(seen.taken(), ["a/b"]);
    fs::rename(seen.path("a/b/f"), seen.path("a/g")).unwrap();
    assert_eq!(seen.taken(), ["a/b/f", "a/g"]);
    symlink("g", seen.path("a/l")).unwrap();
    assert_eq!(seen.taken(), ["a/l"]);
    let truncated = Command::new("truncate").arg("-s5").arg(seen.path("a/g")).status().unwrap();
    assert!(truncated.success());
    assert_eq!(seen.taken(), ["a/g"]);
    fs::remove_file(seen.path("a/g")).unwrap();
    fs::remove_dir(seen.path("a/b")).unwrap();
    assert_eq!(seen.taken(), ["a/b", "a/g"]);
    fs::create_dir(seen.path("e")).unwrap();
    assert_eq!(seen.taken(), ["e"]);
}

#[test]
fn a_file_that_is_written_through_a_map_is_told() {
    let seen = started(&["a"]);
    seen.write("a/f", "before");
    assert_eq!(seen.taken(), ["a/f"]);
    let script = "import mmap, sys\n\
        f = open(sys.argv[1], 'r+b'); m = mmap.mmap(f.fileno(), 0); f.close()\n\
        m[0:5] = b'after'; m.close()";
    let ran = Command::new("python3").arg("-c").arg(script).arg(seen.path("a/f")).status().unwrap();
    assert!(ran.success());
    assert_eq!(fs::read(seen.path("a/f")).unwrap(), b"aftere");
    assert_eq!(seen.taken(), ["a/f"]);
}

#[test]
fn new_folders_are_watched_with_what_is_in_them() {
    let seen = started(&[]);
    fs::create_dir_all(seen.path("n/e/s/t")).unwrap();
    seen.write("n/e/s/t/f", "1");
    assert!(seen.taken().contains(&"n".to_owned()));
    seen.write("n/e/s/t/f", "2");
    assert_eq!(seen.taken(), ["n/e/s/t/f"]);
    assert_eq!(seen.dirt.folders(), 5);
}

#[test]
fn what_is_left_out_is_not_watched() {
    let seen = started(&["target/debug", "a/target", "a/.git"]);
    assert_eq!(seen.dirt.folders(), 2);
    seen.write("target/debug/x", "");
    seen.write("a/target/x", "");
    fs::create_dir_all(seen.path("a/b/target/deep")).unwrap();
    assert!(seen.taken().contains(&"a/b".to_owned()));
    seen.write("a/b/target/deep/x", "");
    assert!(seen.taken().is_empty());
    symlink("../beside", seen.path("link")).unwrap();
    assert_eq!(seen.taken(), ["link"]);
    fs::write(seen.folder.path().join("beside/x"), "").unwrap();
    assert!(seen.taken().is_empty(), "links are not followed");
}

#[test]
fn a_folder_that_moved_is_told_under_its_new_name() {
    let seen = started(&["a/b/c", "d"]);
    fs::rename(seen.path("a/b"), seen.path("d/e")).unwrap();
    assert_eq!(seen.taken(), ["a/b", "d/e"]);
    seen.write("d/e/c/f", "");
    assert_eq!(seen.taken(), ["d/e/c/f"]);
    // Out of the workspace: no longer ours. And back again, under the first name.
    let out = seen.folder.path().join("beside/e");
    fs::rename(seen.path("d/e"), &out).unwrap();
    assert_eq!(seen.taken(), ["d/e"]);
    fs::write(out.join("c/g"), "").unwrap();
    assert!(seen.taken().is_empty());
    assert_eq!(seen.dirt.folders(), 3);
    fs::rename(&out, seen.path("a/b")).unwrap();
    assert_eq!(seen.taken(), ["a/b"]);
    seen.write("a/b/c/h", "");
    assert_eq!(seen.taken(), ["a/b/c/h"]);
    // Two that change places.
    fs::create_dir_all(seen.path("d/c")).unwrap();
    let (one, other) = (seen.path("a/b"), seen.path("d"));
    let cwd = rustix::fs::CWD;
    let flags = rustix::fs::RenameFlags::EXCHANGE;
    rustix::fs::renameat_with(cwd, one, cwd, other, flags).unwrap();
    let _ = seen.taken();
    seen.write("a/b/c/i", "");
    seen.write("d/c/j", "");
    assert_eq!(seen.taken(), ["a/b/c/i", "d/c/j"]);
}

#[test]
fn a_folder_that_is_made_again_is_watched_again() {
    let seen = started(&["a/b"]);
    for round in 0..20 {
        fs::remove_dir_all(seen.path("a")).unwrap();
        fs::create_dir_all(seen.path("a/b")).unwrap();
        if round % 2 == 0 {
            let _ = seen.taken();
        }
        seen.write("a/b/f", &round.to_string());
        let told = seen.taken();
        assert!(told.contains(&"a/b/f".to_owned()) || told.contains(&"a".to_owned()), "{told:?}");
    }
    assert_eq!(seen.dirt.folders(), 3);
    seen.write("a/b/f", "last");
    assert_eq!(seen.taken(), ["a/b/f"]);
}

#[test]
fn a_storm_of_changes_is_told_whole() {
    let seen = started(&["a/b/c", "d/e", "f"]);
    let top = seen.path("");
    let mut random = 12_345_u64;
    let mut next = move |most: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        usize::try_from(random >> 33).unwrap() % most
    };
    let names = ["a", "b", "c", "d", "e", "f"];
    for round in 0..60 {
        let before = survey(&top);
        for _ in 0..40 {
            let mut path =
                || (0..=next(3)).fold(top.clone(), |path, _| path.join(names[next(names.len())]));
            let (one, other) = (path(), path());
            // Most of these fail at times: there is a file, or nothing, or one lies in the other.
            let (cwd, exchange) = (rustix::fs::CWD, rustix::fs::RenameFlags::EXCHANGE);
            match next(9) {
                0 | 1 => drop(fs::create_dir_all(&one)),
                2 => drop(fs::rename(&one, &other)),
                3 => drop(fs::remove_dir_all(&one)),
                4 => drop(fs::remove_file(&one)),
                5 => drop(fs::set_permissions(&one, PermissionsExt::from_mode(0o700))),
                6 => drop(symlink(&one, &other)),
                7 => drop(rustix::fs::renameat_with(cwd, &one, cwd, &other, exchange)),
                _ => drop(fs::File::create(&one).and_then(|mut file| file.write_all(b"text"))),
            }
        }
        let told = seen.dirt.take().expect("changes were lost");
        let missed = missed(&before, &survey(&top), &told);
        assert!(missed.is_empty(), "round {round}: {missed:?}");
        let folders = survey(&top).values().filter(|data| data.1 & 0o170_000 == 0o040_000).count();
        assert_eq!(seen.dirt.folders(), folders + 1, "round {round}");
    }
}

#[test]
fn ten_thousand_files_at_once_are_told() {
    let seen = started(&[]);
    let top = seen.path("");
    for round in 0..3 {
        let before = survey(&top);
        for number in 0..100 {
            let folder = seen.path(&format!("{}/{number}", number % 7));
            fs::create_dir_all(&folder).unwrap();
            for file in 0..100 {
                fs::write(folder.join(file.to_string()), format!("{round} {file}")).unwrap();
            }
        }
        let after = survey(&top);
        assert!(after.len() >= 10_000);
        // None would be true as well, but told are they where the queue is read meanwhile.
        if let Some(told) = seen.dirt.take() {
            let missed = missed(&before, &after, &told);
            assert!(missed.is_empty(), "{} missed, such as {}", missed.len(), missed[0]);
        }
    }
    seen.write("0/0/0", "again");
    assert_eq!(seen.taken(), ["0/0/0"]);
}

#[test]
fn a_changed_ignore_file_makes_all_doubtful_once() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("out/deep")).unwrap();
    let rules = folder.path().join(".gitignore");
    fs::write(&rules, "out").unwrap();
    let reading = rules.clone();
    let skip = move |path: &Path| {
        path.as_os_str().as_bytes() == fs::read(&reading).unwrap_or_default().as_slice()
    };
    let dirt = Dirt::start(folder.path(), skip, || {}).unwrap();
    assert_eq!(dirt.folders(), 1);
    fs::write(&rules, "other").unwrap();
    assert_eq!(dirt.take(), None);
    assert_eq!(dirt.take(), Some(BTreeSet::new()));
    fs::write(folder.path().join("out/deep/x"), "").unwrap();
    assert_eq!(dirt.take(), Some(BTreeSet::from([b"out/deep/x".to_vec()])));
    fs::remove_file(&rules).unwrap();
    fs::write(&rules, "out").unwrap();
    assert_eq!(dirt.take(), None);
    assert_eq!(dirt.folders(), 1);
}

#[test]
fn a_root_that_is_gone_makes_all_doubtful_for_good() {
    let seen = started(&["a"]);
    fs::remove_dir_all(seen.path("")).unwrap();
    assert_eq!(seen.dirt.take(), None);
    assert!(seen.dirt.limit_reached());
    assert_eq!(seen.dirt.take(), None);
    let nowhere = Dirt::start(&seen.path(""), |_| false, || {});
    assert!(nowhere.unwrap_err().to_string().contains("does not exist"));
}

#[test]
fn ten_thousand_folders_are_watched_from_the_start() {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..10_000 {
        fs::create_dir_all(folder.path().join(format!("{}/{}", number / 100, number % 100)))
            .unwrap();
    }
    let begun = std::time::Instant::now();
    let dirt = Dirt::start(folder.path(), |_| false, || {}).unwrap();
    println!("{} folders watched in {:?}", dirt.folders(), begun.elapsed());
    assert_eq!(dirt.folders(), 10_101);
    fs::write(folder.path().join("99/99/x"), "").unwrap();
    assert_eq!(dirt.take(), Some(BTreeSet::from([b"99/99/x".to_vec()])));
    let begun = std::time::Instant::now();
    fs::remove_dir_all(folder.path().join("50")).unwrap();
    assert!(dirt.take().unwrap().contains(&b"50"[..]));
    println!("101 folders removed in {:?}", begun.elapsed());
    assert_eq!(dirt.folders(), 10_000);
}
