//! The one place that writes files: whole, atomically, and only over what the person saw.
//!
//! The new content is written beside the file and synced. Where a file is replaced, the two are
//! exchanged in one step (`renameat2` with `RENAME_EXCHANGE`), and what came out is compared with
//! what was approved against; if another program was quicker, they are exchanged back, so that even
//! a change in the last instant is kept.

use crate::GuardError;
use crate::action::{Base, FileChange, Target};
use crate::fingerprint::Fingerprint;
use crate::root::{Root, open_at};
use crate::view::open_regular;
use rustix::fs::{AtFlags, Mode, OFlags, RenameFlags};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Write;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

/// Writes the approved bytes.
pub(crate) fn replace(root: &Root, change: &FileChange) -> Result<(), GuardError> {
    let (start, below) = match &change.target {
        Target::Inside(relative) => (root.handle(), relative.as_path()),
        Target::Outside { folder, below, .. } => (folder.as_fd(), below.as_path()),
    };
    let failed = |error: Errno| GuardError::system(&format!("cannot write {}", change.path), error);
    let Some(name) = below.file_name() else {
        return Err(GuardError::WrongKind(format!("{} names no file", change.path)));
    };
    let base = change.base.as_ref();
    // What stands there now is compared before anything is made, not even a folder.
    check(start, below, base, &change.path)?;
    let mut made = MadeFolders::default();
    let folder = made.open(start, below.parent().unwrap_or(Path::new(""))).map_err(failed)?;
    let written = write_beside(&folder, name, change, base);
    let result = written.and_then(|temporary| {
        let moved = swap_in(&folder, &temporary, name, base, &change.path);
        if moved.is_err() {
            let _ = rustix::fs::unlinkat(&folder, &temporary, AtFlags::empty());
        }
        moved
    });
    if result.is_ok() {
        sync(&folder);
    } else {
        made.remove();
    }
    result
}

/// Compares what stands at a place with what the proposal was made from.
pub(crate) fn check(
    start: BorrowedFd<'_>,
    below: &Path,
    base: Option<&Base>,
    shown: &str,
) -> Result<(), GuardError> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::NOFOLLOW;
    let now = match crate::root::open_beneath(start, below, flags) {
        Ok(file) => Some(
            Fingerprint::of_reader(&mut File::from(file))
                .map_err(|_| GuardError::Stale(shown.to_owned()))?,
        ),
        Err(Errno::NOENT) => None,
        Err(_) => return Err(GuardError::Stale(shown.to_owned())),
    };
    if now == base.map(|base| base.fingerprint) {
        Ok(())
    } else {
        Err(GuardError::Stale(shown.to_owned()))
    }
}

/// Folders that were made for a file, to be taken away again if the file is not written.
#[derive(Default)]
struct MadeFolders {
    made: Vec<(OwnedFd, OsString)>,
}

impl MadeFolders {
    fn open(&mut self, start: BorrowedFd<'_>, below: &Path) -> rustix::io::Result<OwnedFd> {
        let mut here = rustix::io::fcntl_dupfd_cloexec(start, 0)?;
        for name in below.components() {
            let name = name.as_os_str();
            let flags = OFlags::PATH | OFlags::DIRECTORY;
            let next = match open_at(here.as_fd(), name, flags) {
                Err(Errno::NOENT) => {
                    rustix::fs::mkdirat(&here, name, Mode::from_raw_mode(0o777))?;
                    let parent = rustix::io::fcntl_dupfd_cloexec(&here, 0)?;
                    self.made.push((parent, name.to_owned()));
                    open_at(here.as_fd(), name, flags)?
                }
                other => other?,
            };
            here = next;
        }
        Ok(here)
    }

    fn remove(self) {
        for (parent, name) in self.made.into_iter().rev() {
            // Something else may stand in it by now: then it stays.
            let _ = rustix::fs::unlinkat(parent, name, AtFlags::REMOVEDIR);
        }
    }
}

/// Writes the new content to a file of its own in the same folder, synced.
fn write_beside(
    folder: &OwnedFd,
    name: &OsStr,
    change: &FileChange,
    base: Option<&Base>,
) -> Result<OsString, GuardError> {
    let what = format!("cannot write {}", change.path);
    let mut temporary = OsString::from(".");
    // Long names leave no room for an addition; the temporary one needs to be unique only.
    temporary.push(name.to_string_lossy().chars().take(40).collect::<String>());
    temporary.push(format!(".{}", uuid::Uuid::now_v7().simple()));
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mode = Mode::from_raw_mode(0o666);
    let file = rustix::fs::openat(folder, &temporary, flags, mode)
        .map_err(|error| GuardError::system(&what, error))?;
    let mut file = File::from(file);
    let filled = (|| {
        if let Some(base) = base {
            rustix::fs::fchmod(&file, Mode::from_raw_mode(base.mode))?;
        }
        file.write_all(&change.after)?;
        file.sync_all()
    })();
    filled.map_err(|error: std::io::Error| {
        let _ = rustix::fs::unlinkat(folder, &temporary, AtFlags::empty());
        GuardError::system(&what, error)
    })?;
    Ok(temporary)
}

/// Puts the new file in its place.
fn swap_in(
    folder: &OwnedFd,
    temporary: &OsStr,
    name: &OsStr,
    base: Option<&Base>,
    shown: &str,
) -> Result<(), GuardError> {
    let failed = |error: Errno| GuardError::system(&format!("cannot write {shown}"), error);
    let stale = || GuardError::Stale(shown.to_owned());
    let Some(base) = base else {
        return match rename(folder, temporary, name, RenameFlags::NOREPLACE) {
            Ok(()) => Ok(()),
            Err(Errno::EXIST) => Err(stale()),
            // A file system without this call: a hard link refuses an existing name as well.
            Err(Errno::INVAL | Errno::NOSYS) => {
                rustix::fs::linkat(folder, temporary, folder, name, AtFlags::empty())
                    .map_err(|error| if error == Errno::EXIST { stale() } else { failed(error) })?;
                let _ = rustix::fs::unlinkat(folder, temporary, AtFlags::empty());
                Ok(())
            }
            Err(error) => Err(failed(error)),
        };
    };
    match rename(folder, temporary, name, RenameFlags::EXCHANGE) {
        Ok(()) => {
            // The old file has the temporary name now.
            let was = open_regular(folder, temporary)
                .ok()
                .flatten()
                .and_then(|mut file| Fingerprint::of_reader(&mut file).ok());
            if was == Some(base.fingerprint) {
                let _ = rustix::fs::unlinkat(folder, temporary, AtFlags::empty());
                return Ok(());
            }
            rename(folder, temporary, name, RenameFlags::EXCHANGE).map_err(failed)?;
            Err(stale())
        }
        Err(Errno::NOENT) => Err(stale()),
        Err(Errno::INVAL | Errno::NOSYS) => {
            rustix::fs::renameat(folder, temporary, folder, name).map_err(failed)
        }
        Err(error) => Err(failed(error)),
    }
}

#[cfg(target_os = "linux")]
fn rename(
    folder: &OwnedFd,
    from: &OsStr,
    to: &OsStr,
    flags: RenameFlags,
) -> rustix::io::Result<()> {
    rustix::fs::renameat_with(folder, from, folder, to, flags)
}

fn sync(folder: &OwnedFd) {
    // Best effort: the content itself is synced, and some file systems cannot sync a folder.
    if let Ok(folder) = crate::root::reopen(folder.as_fd(), OFlags::RDONLY | OFlags::DIRECTORY) {
        let _ = folder.sync_all();
    }
}
