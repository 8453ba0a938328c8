//! Writing beside a file and putting it in its place in one step, so that nothing is ever half
//! written, and nothing is lost that came in the last instant.

use crate::root::open_at;
use rustix::fs::{AtFlags, Mode, OFlags, RenameFlags};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

/// Folders that were made for a file, to be taken away again if the file is not written.
#[derive(Default)]
pub(crate) struct MadeFolders {
    made: Vec<(OwnedFd, OsString)>,
}

impl MadeFolders {
    /// Opens a folder below another, and makes those on the way that are missing.
    pub(crate) fn open(
        &mut self,
        start: BorrowedFd<'_>,
        below: &Path,
    ) -> rustix::io::Result<OwnedFd> {
        let mut here = rustix::io::fcntl_dupfd_cloexec(start, 0)?;
        for name in below.components() {
            here = self.step(&here, name.as_os_str())?;
        }
        Ok(here)
    }

    /// Opens a folder in another, or makes it.
    pub(crate) fn step(&mut self, here: &OwnedFd, name: &OsStr) -> rustix::io::Result<OwnedFd> {
        let flags = OFlags::PATH | OFlags::DIRECTORY;
        match open_at(here.as_fd(), name, flags) {
            Err(Errno::NOENT) => {
                rustix::fs::mkdirat(here, name, Mode::from_raw_mode(0o777))?;
                let parent = rustix::io::fcntl_dupfd_cloexec(here, 0)?;
                self.made.push((parent, name.to_owned()));
                open_at(here.as_fd(), name, flags)
            }
            other => other,
        }
    }

    /// Takes away what was made.
    pub(crate) fn remove(&mut self) {
        for (parent, name) in self.made.drain(..).rev() {
            // Something else may stand in it by now: then it stays.
            let _ = rustix::fs::unlinkat(parent, name, AtFlags::REMOVEDIR);
        }
    }
}

/// A name for something that is to take the place of `name` in the same folder.
pub(crate) fn temporary_name(name: &OsStr) -> OsString {
    let mut temporary = OsString::from(".");
    // Long names leave no room for an addition; the temporary one needs to be unique only.
    temporary.push(name.to_string_lossy().chars().take(40).collect::<String>());
    temporary.push(format!(".{}", uuid::Uuid::now_v7().simple()));
    temporary
}

/// Gives a file or a link its name where nothing stands yet; false where something does.
pub(crate) fn put_new(
    folder: &OwnedFd,
    temporary: &OsStr,
    name: &OsStr,
) -> rustix::io::Result<bool> {
    match rename(folder, temporary, name, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(true),
        Err(Errno::EXIST) => Ok(false),
        // A file system without this call: a hard link refuses an existing name as well.
        Err(Errno::INVAL | Errno::NOSYS) => {
            match rustix::fs::linkat(folder, temporary, folder, name, AtFlags::empty()) {
                Ok(()) => {
                    let _ = rustix::fs::unlinkat(folder, temporary, AtFlags::empty());
                    Ok(true)
                }
                Err(Errno::EXIST) => Ok(false),
                Err(error) => Err(error),
            }
        }
        Err(error) => Err(error),
    }
}

/// Exchanges what has the temporary name with what has the name. `take_away` is then given the old
/// one under the temporary name: it removes it and says true; or, if it is not what was expected, says
/// false, and both are exchanged back. False as well where nothing has the name.
pub(crate) fn exchange(
    folder: &OwnedFd,
    temporary: &OsStr,
    name: &OsStr,
    take_away: impl FnOnce() -> bool,
) -> rustix::io::Result<bool> {
    match rename(folder, temporary, name, RenameFlags::EXCHANGE) {
        Ok(()) if take_away() => Ok(true),
        Ok(()) => rename(folder, temporary, name, RenameFlags::EXCHANGE).map(|()| false),
        Err(Errno::NOENT) => Ok(false),
        Err(Errno::INVAL | Errno::NOSYS) => {
            rustix::fs::renameat(folder, temporary, folder, name).map(|()| true)
        }
        Err(error) => Err(error),
    }
}

#[cfg(target_os = "linux")]
pub(crate) fn rename(
    folder: &OwnedFd,
    from: &OsStr,
    to: &OsStr,
    flags: RenameFlags,
) -> rustix::io::Result<()> {
    rustix::fs::renameat_with(folder, from, folder, to, flags)
}

/// Makes the entries of a folder last.
pub(crate) fn sync(folder: &OwnedFd) {
    // Best effort: the content itself is synced, and some file systems cannot sync a folder.
    if let Ok(folder) = crate::root::reopen(folder.as_fd(), OFlags::RDONLY | OFlags::DIRECTORY) {
        let _ = folder.sync_all();
    }
}
