//! What the person does to entries of the workspace in the window: another name, or into the trash.
//!
//! No card asks, for the person acts alone. The folders are opened by handle beneath the workspace and no
//! link is followed, so that a folder swapped for a link leads nowhere; an entry that is a link is itself
//! renamed or moved. Nothing is ever replaced, and no content is removed.

use crate::GuardError;
use crate::beside::sync;
use crate::root::{Root, open_beneath, real_path, stat_at};
use crate::workspace::Workspace;
use rustix::fs::{AtFlags, Mode, OFlags, RenameFlags};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// The longest name that a file system takes, and the longest path.
const LONGEST_NAME: usize = 255;
const LONGEST_PATH: usize = 4096;
/// Of a name, what is kept in the trash, where it gets a number and an ending.
const LONGEST_KEPT: usize = 200;
/// How many entries of one name the trash may hold.
const MOST_OF_A_NAME: u32 = 10_000;

/// The trash of the desktop, as freedesktop.org has it: `files` and, of each, its place in `info`.
#[derive(Clone, Copy, Debug)]
pub struct Trash<'a> {
    /// Its folder. It is made where it is missing.
    pub folder: &'a Path,
    /// The local time, as `2026-01-31T12:59:00`.
    pub now: &'a str,
}

/// A name in an opened folder of the workspace.
struct Held {
    folder: OwnedFd,
    name: OsString,
}

impl Workspace {
    /// Gives an entry another name, in this or another folder that is there. Paths are relative to the
    /// workspace. An error changed nothing.
    pub fn rename_entry(&self, from: &str, to: &str) -> Result<(), GuardError> {
        let (old, new) = (self.hold(from)?, self.hold(to)?);
        present(&old, from)?;
        if to.strip_prefix(from).is_some_and(|rest| rest.starts_with('/')) {
            return Err(GuardError::BadPath(format!("{from} cannot be moved into itself")));
        }
        match rename(&old.folder, &old.name, &new.folder, &new.name) {
            Ok(()) => {}
            Err(Errno::EXIST) => {
                return Err(GuardError::BadPath(format!("{to} is there already")));
            }
            Err(error) => return Err(cannot(&format!("cannot rename {from}"), error)),
        }
        sync(&old.folder);
        sync(&new.folder);
        Ok(())
    }

    /// Moves an entry, by its path relative to the workspace, to the trash. An error changed nothing.
    pub fn trash_entry(&self, path: &str, trash: &Trash<'_>) -> Result<(), GuardError> {
        let held = self.hold(path)?;
        present(&held, path)?;
        let failed = |error| GuardError::system("cannot use the trash", error);
        let files = trash_folder(trash.folder, "files").map_err(failed)?;
        let infos = trash_folder(trash.folder, "info").map_err(failed)?;
        let stood = real_path(held.folder.as_fd())
            .map_or_else(|| self.path().join(path), |folder| folder.join(&held.name));
        let info = info_of(&stood, trash.now);
        for number in 1..MOST_OF_A_NAME {
            let name = kept_name(&held.name, number);
            let mut info_name = name.clone();
            info_name.push(".trashinfo");
            match write_new(&infos, &info_name, info.as_bytes()) {
                Ok(()) => {}
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(failed(error)),
            }
            let moved = rename(&held.folder, &held.name, &files, &name);
            if moved.is_err() {
                let _ = rustix::fs::unlinkat(&infos, &info_name, AtFlags::empty());
            }
            match moved {
                Ok(()) => {
                    sync(&held.folder);
                    sync(&files);
                    return Ok(());
                }
                Err(Errno::EXIST) => {}
                Err(Errno::XDEV) => {
                    return Err(GuardError::System(format!(
                        "{path} lies on another file system than the trash, {}, and would have to be deleted for good",
                        trash.folder.display()
                    )));
                }
                Err(error) => {
                    return Err(cannot(&format!("cannot move {path} to the trash"), error));
                }
            }
        }
        Err(GuardError::System(format!("the trash holds too many entries named like {path}")))
    }

    /// Opens the folder of an entry.
    fn hold(&self, path: &str) -> Result<Held, GuardError> {
        check(path)?;
        let root: &Root = self.root();
        if !root.in_place() {
            return Err(GuardError::System("the workspace was moved or removed".to_owned()));
        }
        let (above, name) = path.rsplit_once('/').unwrap_or((".", path));
        let flags = OFlags::PATH | OFlags::DIRECTORY;
        let folder =
            open_beneath(root.handle(), Path::new(above), flags).map_err(|error| match error {
                Errno::NOENT => GuardError::NotFound(above.to_owned()),
                Errno::NOTDIR | Errno::LOOP => GuardError::WrongKind(format!(
                    "{above} is no folder, or is reached through a link, which is not followed"
                )),
                Errno::XDEV => GuardError::WrongKind(format!("{above} is on another file system")),
                other => GuardError::system(&format!("cannot open {above}"), other),
            })?;
        Ok(Held { folder, name: name.into() })
    }
}

/// Refuses what names no entry of the workspace, and git's own.
fn check(path: &str) -> Result<(), GuardError> {
    let bad = |why: &str| Err(GuardError::BadPath(format!("{path:?} {why}")));
    if path.is_empty() {
        return bad("is no name: the workspace itself is left where it is");
    }
    if path.len() > LONGEST_PATH {
        return bad("is too long");
    }
    for name in path.split('/') {
        if name.is_empty() || name == "." || name == ".." {
            return bad("is not a plain path inside the workspace");
        }
        if name.len() > LONGEST_NAME {
            return bad("has a name that is too long");
        }
        if name.chars().any(char::is_control) {
            return bad("has a name with a control character");
        }
        if name.eq_ignore_ascii_case(".git") {
            return bad("is git's own: with another name the repository would be lost");
        }
    }
    Ok(())
}

fn present(held: &Held, path: &str) -> Result<(), GuardError> {
    match stat_at(held.folder.as_fd(), &held.name) {
        Ok(_) => Ok(()),
        Err(Errno::NOENT) => Err(GuardError::NotFound(path.to_owned())),
        Err(error) => Err(GuardError::system(&format!("cannot look at {path}"), error)),
    }
}

/// Moves a name and replaces nothing.
#[cfg(target_os = "linux")]
fn rename(from: &OwnedFd, old: &OsStr, to: &OwnedFd, new: &OsStr) -> rustix::io::Result<()> {
    rustix::fs::renameat_with(from, old, to, new, RenameFlags::NOREPLACE)
}

fn cannot(what: &str, error: Errno) -> GuardError {
    match error {
        Errno::XDEV => GuardError::System(format!("{what}: the place is on another file system")),
        Errno::BUSY => GuardError::System(format!("{what}: another file system is mounted there")),
        Errno::INVAL | Errno::NOSYS => GuardError::System(format!(
            "{what}: the place lies in it, or the file system cannot move without replacing"
        )),
        other => GuardError::system(what, other),
    }
}

/// Opens a folder of the trash, which only the person may enter.
fn trash_folder(trash: &Path, name: &str) -> std::io::Result<OwnedFd> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(trash.join(name))?;
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(rustix::fs::open(trash.join(name), flags, Mode::empty())?)
}

/// The name that an entry gets in the trash; the number is for those of one name.
fn kept_name(name: &OsStr, number: u32) -> OsString {
    let bytes = name.as_bytes();
    let mut kept = OsStr::from_bytes(&bytes[..bytes.len().min(LONGEST_KEPT)]).to_owned();
    if number > 1 {
        kept.push(format!(".{number}"));
    }
    kept
}

fn write_new(folder: &OwnedFd, name: &OsStr, bytes: &[u8]) -> std::io::Result<()> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut file = File::from(rustix::fs::openat(folder, name, flags, Mode::from_raw_mode(0o600))?);
    file.write_all(bytes).and_then(|()| file.sync_all()).inspect_err(|_| {
        let _ = rustix::fs::unlinkat(folder, name, AtFlags::empty());
    })
}

/// What the trash keeps of an entry's place. The path is written as in an address.
fn info_of(stood: &Path, now: &str) -> String {
    let mut path = String::new();
    for byte in stood.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.~".contains(byte) {
            path.push(char::from(*byte));
        } else {
            let _ = write!(path, "%{byte:02X}");
        }
    }
    format!("[Trash Info]\nPath={path}\nDeletionDate={now}\n")
}
