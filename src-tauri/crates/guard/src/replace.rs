//! The one place that writes files: whole, atomically, and only over what the person saw.
//!
//! The new content is written beside the file and synced. Where a file is replaced, the two are
//! exchanged in one step (`renameat2` with `RENAME_EXCHANGE`), and what came out is compared with
//! what was approved against; if another program was quicker, they are exchanged back, so that even
//! a change in the last instant is kept.

use crate::GuardError;
use crate::action::{Base, FileChange, Target};
use crate::beside::{self, MadeFolders};
use crate::fingerprint::Fingerprint;
use crate::root::Root;
use crate::view::open_regular;
use rustix::fs::{AtFlags, Mode, OFlags};
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
        beside::sync(&folder);
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

/// Writes the new content to a file of its own in the same folder, synced.
fn write_beside(
    folder: &OwnedFd,
    name: &OsStr,
    change: &FileChange,
    base: Option<&Base>,
) -> Result<OsString, GuardError> {
    let what = format!("cannot write {}", change.path);
    let temporary = beside::temporary_name(name);
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
    let put = match base {
        None => beside::put_new(folder, temporary, name),
        Some(base) => beside::exchange(folder, temporary, name, || {
            let was = open_regular(folder, temporary)
                .ok()
                .flatten()
                .and_then(|mut file| Fingerprint::of_reader(&mut file).ok());
            let fits = was == Some(base.fingerprint);
            if fits {
                let _ = rustix::fs::unlinkat(folder, temporary, AtFlags::empty());
            }
            fits
        }),
    };
    match put {
        Ok(true) => Ok(()),
        Ok(false) => Err(GuardError::Stale(shown.to_owned())),
        Err(error) => Err(GuardError::system(&format!("cannot write {shown}"), error)),
    }
}
