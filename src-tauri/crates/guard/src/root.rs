//! The workspace folder, opened once. Everything inside is reached from this handle, so a folder
//! that is swapped in its place later is never followed.

use crate::GuardError;
use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat};
use std::ffi::OsStr;
use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// A folder by handle, with the names it was known by when it was opened.
#[derive(Debug)]
pub(crate) struct Root {
    handle: OwnedFd,
    /// The absolute path without links.
    real: PathBuf,
    /// The absolute path as the person gave it; differs from `real` where it runs through links.
    given: PathBuf,
}

impl Root {
    /// Opens the folder. `path` is taken from the process's own folder where it is relative.
    pub(crate) fn open(path: &Path) -> Result<Self, GuardError> {
        let named = path.display();
        let handle = rustix::fs::open(
            path,
            OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC,
            Mode::empty(),
        )
        .map_err(|error| GuardError::system(&format!("cannot open the folder {named}"), error))?;
        let real = real_path(handle.as_fd())
            .or_else(|| std::fs::canonicalize(path).ok())
            .ok_or_else(|| GuardError::System(format!("cannot tell where {named} is")))?;
        let given = std::path::absolute(path).unwrap_or_else(|_| real.clone());
        Ok(Self { handle, real, given })
    }

    pub(crate) fn handle(&self) -> BorrowedFd<'_> {
        self.handle.as_fd()
    }

    /// Whether the folder itself has something of this name, be it a link that leads nowhere.
    pub(crate) fn holds(&self, name: &str) -> bool {
        stat_at(self.handle(), OsStr::new(name)).is_ok()
    }

    pub(crate) fn real(&self) -> &Path {
        &self.real
    }

    /// What remains of an absolute path's names below this folder, where it starts with the folder.
    pub(crate) fn strip<'a, 'b>(&self, names: &'a [&'b OsStr]) -> Option<&'a [&'b OsStr]> {
        [&self.real, &self.given].into_iter().find_map(|folder| {
            let own: Vec<&OsStr> = names_of(folder.as_os_str()).collect();
            names.starts_with(&own).then(|| &names[own.len()..])
        })
    }

    /// Whether the folder still stands where it was opened.
    pub(crate) fn in_place(&self) -> bool {
        let Ok(own) = rustix::fs::fstat(&self.handle) else { return false };
        rustix::fs::stat(&self.real)
            .is_ok_and(|there| (there.st_dev, there.st_ino) == (own.st_dev, own.st_ino))
    }
}

/// The names of a path between its slashes, without empty ones and `.`.
pub(crate) fn names_of(path: &OsStr) -> impl Iterator<Item = &OsStr> {
    path.as_bytes()
        .split(|&byte| byte == b'/')
        .filter(|name| !name.is_empty() && *name != b".")
        .map(OsStr::from_bytes)
}

/// Where the kernel says that a handle is; none where it cannot tell, or the object was removed.
pub(crate) fn real_path(handle: BorrowedFd<'_>) -> Option<PathBuf> {
    use std::os::fd::AsRawFd;
    let link = format!("/proc/self/fd/{}", handle.as_raw_fd());
    let target = rustix::fs::readlink(link, Vec::new()).ok()?;
    let path = PathBuf::from(OsStr::from_bytes(target.as_bytes()));
    (path.is_absolute() && !target.as_bytes().ends_with(b" (deleted)")).then_some(path)
}

/// What kind of object a handle is.
pub(crate) fn kind_of(stat: &Stat) -> FileType {
    FileType::from_raw_mode(stat.st_mode)
}

/// Opens one name of a folder, never through a link and never across a mount.
pub(crate) fn open_at(
    folder: BorrowedFd<'_>,
    name: &OsStr,
    flags: OFlags,
) -> rustix::io::Result<OwnedFd> {
    open_beneath(folder, Path::new(name), flags | OFlags::NOFOLLOW)
}

/// Opens a path beneath a folder without following any link and without crossing a mount.
#[cfg(target_os = "linux")]
pub(crate) fn open_beneath(
    folder: BorrowedFd<'_>,
    path: &Path,
    flags: OFlags,
) -> rustix::io::Result<OwnedFd> {
    use rustix::fs::ResolveFlags;
    let mut resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS | ResolveFlags::NO_XDEV;
    // With `O_PATH | O_NOFOLLOW` a last name that is a link is opened itself, to be read.
    if !(flags.contains(OFlags::PATH) && flags.contains(OFlags::NOFOLLOW)) {
        resolve |= ResolveFlags::NO_SYMLINKS;
    }
    loop {
        let opened =
            rustix::fs::openat2(folder, path, flags | OFlags::CLOEXEC, Mode::empty(), resolve);
        match opened {
            // The kernel could not rule out a race with a rename: ask again.
            Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => {}
            other => return other,
        }
    }
}

/// Opens a path beneath a folder, a name at a time, without following any link.
#[cfg(not(target_os = "linux"))]
pub(crate) fn open_beneath(
    folder: BorrowedFd<'_>,
    path: &Path,
    flags: OFlags,
) -> rustix::io::Result<OwnedFd> {
    let device = rustix::fs::fstat(folder)?.st_dev;
    let names: Vec<&OsStr> = names_of(path.as_os_str()).collect();
    let mut here = rustix::io::dup(folder)?;
    for (place, name) in names.iter().enumerate() {
        if *name == ".." {
            return Err(rustix::io::Errno::XDEV);
        }
        let last = place + 1 == names.len();
        let step = if last { flags } else { OFlags::DIRECTORY | OFlags::RDONLY };
        here = rustix::fs::openat(
            &here,
            *name,
            step | OFlags::NOFOLLOW | OFlags::CLOEXEC,
            Mode::empty(),
        )?;
        if rustix::fs::fstat(&here)?.st_dev != device {
            return Err(rustix::io::Errno::XDEV);
        }
    }
    Ok(here)
}

/// The status of one name of a folder, links not followed.
pub(crate) fn stat_at(folder: BorrowedFd<'_>, name: &OsStr) -> rustix::io::Result<Stat> {
    rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)
}

/// Turns an `O_PATH` handle of an ordinary file into one that can be read, without going by name.
pub(crate) fn reopen(handle: BorrowedFd<'_>, flags: OFlags) -> rustix::io::Result<File> {
    use std::os::fd::AsRawFd;
    let link = format!("/proc/self/fd/{}", handle.as_raw_fd());
    // NONBLOCK: an object that turned out to be a pipe must not hang the program.
    let flags = flags | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    rustix::fs::open(link, flags, Mode::empty()).map(File::from)
}
