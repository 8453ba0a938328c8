//! What Landlock lets a command do. It adds and cannot subtract, so where something is to be hidden,
//! its neighbours are granted one by one.

use landlock::{
    ABI, Access as _, AccessFs, BitFlags, CompatLevel, Compatible as _, PathBeneath, Ruleset,
    RulesetAttr as _, RulesetCreated, RulesetCreatedAttr as _, Scope, make_bitflags,
};
use rustix::fs::{Mode, OFlags, open};
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::FileType;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

/// Devices that are no door to anything.
const DEVICES: &[&str] =
    &["/dev/full", "/dev/null", "/dev/random", "/dev/tty", "/dev/urandom", "/dev/zero"];
/// All other devices are out of reach: the keyboards and screens are among them, and the person's own
/// terminals.
const ALL_DEVICES: &str = "/dev";

/// What is looked at within a folder of programs and data.
const READ: BitFlags<AccessFs> = make_bitflags!(AccessFs::{Execute | ReadFile | ReadDir});
/// The part of it that a file has.
const READ_FILE: BitFlags<AccessFs> = make_bitflags!(AccessFs::{Execute | ReadFile});
const DEVICE: BitFlags<AccessFs> =
    make_bitflags!(AccessFs::{ReadFile | WriteFile | Truncate | IoctlDev});

/// The rules for a command, ready to be put on.
pub(super) fn rules(
    abi: u8,
    workspace: &OwnedFd,
    writable: &[PathBuf],
    hidden: &[PathBuf],
) -> io::Result<RulesetCreated> {
    let abi = ABI::from(i32::from(abi));
    let known = AccessFs::from_all(abi);
    let mut ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(known)
        .map_err(io::Error::other)?;
    let scopes = Scope::from_all(abi);
    if !scopes.is_empty() {
        ruleset = ruleset.scope(scopes).map_err(io::Error::other)?;
    }
    let mut rules = ruleset.create().map_err(io::Error::other)?;
    let mut grant = |what: &dyn AsFd, access: BitFlags<AccessFs>| {
        (&mut rules)
            .add_rule(PathBeneath::new(what, access & known))
            .map(drop)
            .map_err(io::Error::other)
    };
    // Names are seen everywhere: a folder's list cannot be kept apart from those below it.
    if let Some(root) = held(Path::new("/")) {
        grant(&root, AccessFs::ReadDir.into())?;
    }
    let write = known & !make_bitflags!(AccessFs::{MakeBlock | MakeChar | IoctlDev});
    grant(workspace, write)?;
    for place in writable {
        let Some(handle) = held(place) else { continue };
        grant(&handle, if place.is_dir() { write } else { write & AccessFs::from_file(abi) })?;
    }
    for device in DEVICES {
        if let Some(handle) = held(Path::new(device)) {
            grant(&handle, DEVICE)?;
        }
    }
    for (place, kind) in readable(hidden) {
        if let Some(handle) = held(&place) {
            grant(&handle, if kind.is_dir() { READ } else { READ_FILE })?;
        }
    }
    Ok(rules)
}

/// What can no longer be opened needs no grant.
fn held(place: &Path) -> Option<OwnedFd> {
    open(place, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty()).ok()
}

/// All that is not hidden, in as few places as there can be: the neighbours of what is hidden, and
/// of the folders that lead there. A link is granted by what it leads to, not by its own name.
fn readable(hidden: &[PathBuf]) -> Vec<(PathBuf, FileType)> {
    let devices = Path::new(ALL_DEVICES);
    let hidden: BTreeSet<&Path> =
        hidden.iter().map(PathBuf::as_path).chain(std::iter::once(devices)).collect();
    let leading: BTreeSet<&Path> =
        hidden.iter().flat_map(|place| place.ancestors().skip(1)).collect();
    let mut found = Vec::new();
    let mut open = vec![PathBuf::from("/")];
    while let Some(folder) = open.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for entry in entries.flatten() {
            let (path, Ok(kind)) = (entry.path(), entry.file_type()) else { continue };
            if kind.is_symlink() || hidden.contains(path.as_path()) {
                continue;
            }
            if leading.contains(path.as_path()) {
                open.push(path);
            } else {
                found.push((path, kind));
            }
        }
    }
    found
}

/// The folders and files of `places` that exist, free of links, each once and none within another.
pub(crate) fn settled(places: &[PathBuf]) -> Vec<PathBuf> {
    let real: BTreeSet<PathBuf> =
        places.iter().filter_map(|place| std::fs::canonicalize(place).ok()).collect();
    let mut kept: Vec<PathBuf> = Vec::new();
    // Sorted: a folder comes before what is in it.
    for place in real {
        if place != OsStr::new("/") && !kept.iter().any(|outer| place.starts_with(outer)) {
            kept.push(place);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_neighbours_of_what_is_hidden_are_granted_and_it_is_not() {
        let place = tempfile::tempdir().unwrap();
        let home = place.path().canonicalize().unwrap();
        for folder in [".ssh", ".config/browser", ".config/editor", "project"] {
            std::fs::create_dir_all(home.join(folder)).unwrap();
        }
        std::fs::write(home.join(".netrc"), "secret").unwrap();
        std::os::unix::fs::symlink(home.join(".ssh"), home.join("keys")).unwrap();
        let hidden = [".ssh", ".config/browser", ".netrc"].map(|name| home.join(name));
        let found: BTreeSet<PathBuf> =
            readable(&hidden).into_iter().map(|(path, _)| path).collect();
        for seen in ["project", ".config/editor"] {
            assert!(found.contains(&home.join(seen)), "{seen}");
        }
        assert!(found.contains(Path::new("/usr")));
        let covers = |what: &Path| found.iter().any(|granted| what.starts_with(granted));
        for unseen in [".ssh", ".ssh/id_ed25519", ".config/browser", ".netrc", "keys"] {
            assert!(!covers(&home.join(unseen)), "{unseen}");
        }
        assert!(!covers(Path::new("/dev/pts/0")) && !covers(&home));
    }

    #[test]
    fn places_are_settled() {
        let place = tempfile::tempdir().unwrap();
        let home = place.path().canonicalize().unwrap();
        std::fs::create_dir_all(home.join("a/b")).unwrap();
        std::os::unix::fs::symlink(home.join("a/b"), home.join("link")).unwrap();
        let given = ["link", "a", "missing", "a/b"].map(|name| home.join(name));
        assert_eq!(settled(&given), [home.join("a")]);
        assert_eq!(settled(&[PathBuf::from("/")]), Vec::<PathBuf>::new());
    }
}
