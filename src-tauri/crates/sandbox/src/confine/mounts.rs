//! The command's own view of the files: all of it read-only but for what it may write, and empty where
//! it may not look. This holds what Landlock does not know of: modes, times, owners.

use rustix::fs::{AtFlags, Mode, OFlags, fstat, open};
use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// Shared memory. A command gets its own.
pub(super) const SHARED_MEMORY: &str = "/dev/shm";

/// Changes to mounts, as `mount_setattr` takes them.
#[repr(C)]
#[derive(Default)]
struct Attributes {
    set: u64,
    clear: u64,
    propagation: u64,
    namespace: u64,
}

/// A place that stays writable, held by a mount of its own until all else is read-only.
struct Kept {
    place: CString,
    mount: OwnedFd,
}

/// Arranges the view. `writable` has no place within another, `hidden` exists; both are free of links.
pub(super) fn arrange(writable: &[PathBuf], hidden: &[PathBuf]) -> io::Result<()> {
    private()?;
    let kept: Vec<Kept> = writable
        .iter()
        .filter(|place| place.as_path() != Path::new(SHARED_MEMORY))
        .map(|place| {
            let place = named(place)?;
            let mount = copy(rustix::fs::CWD, &place)?;
            Ok(Kept { place, mount })
        })
        .collect::<io::Result<_>>()?;
    read_only()?;
    for Kept { place, mount } in &kept {
        attach(mount, place)?;
    }
    if Path::new(SHARED_MEMORY).is_dir() {
        let flags = libc::MS_NOSUID | libc::MS_NODEV;
        mount(c"tmpfs", c"/dev/shm", c"tmpfs", flags, Some(c"mode=1777"))?;
    }
    for place in hidden {
        let about = place.symlink_metadata()?;
        let name = named(place)?;
        if about.is_dir() {
            let flags = libc::MS_RDONLY | libc::MS_NOSUID | libc::MS_NODEV | libc::MS_NOEXEC;
            mount(c"tmpfs", &name, c"tmpfs", flags, Some(c"mode=0,size=4k"))?;
        } else if writable.iter().any(|kept| place.starts_with(kept)) {
            // Elsewhere Landlock grants no reading of it, and says so.
            mount(c"/dev/null", &name, c"none", libc::MS_BIND, None)?;
        }
    }
    Ok(())
}

/// Opens what a handle from outside holds anew, within this view: through the old one, `..` would
/// lead out of it. Refused where its name now leads elsewhere.
pub(super) fn reopen(handle: BorrowedFd<'_>) -> io::Result<(OwnedFd, PathBuf)> {
    let path = std::fs::read_link(format!("/proc/self/fd/{}", handle.as_raw_fd()))?;
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let found = open(&path, flags, Mode::empty())?;
    let (was, is) = (fstat(handle)?, fstat(&found)?);
    if (was.st_dev, was.st_ino) != (is.st_dev, is.st_ino) {
        return Err(io::Error::from_raw_os_error(libc::ESTALE));
    }
    Ok((found, path))
}

/// Whether mounts can be changed at all, for a trial. Allocates nothing.
pub(super) fn can_mount() -> io::Result<()> {
    private()?;
    let kept = copy(rustix::fs::CWD, c"/dev")?;
    read_only()?;
    attach(&kept, c"/dev")?;
    let flags = libc::MS_RDONLY | libc::MS_NOSUID | libc::MS_NODEV | libc::MS_NOEXEC;
    mount(c"tmpfs", c"/dev", c"tmpfs", flags, Some(c"mode=0,size=4k"))
}

/// Nothing that is mounted here is seen outside, and the other way round.
fn private() -> io::Result<()> {
    change_all(&Attributes { propagation: libc::MS_PRIVATE, ..Attributes::default() })
}

fn read_only() -> io::Result<()> {
    change_all(&Attributes { set: libc::MOUNT_ATTR_RDONLY, ..Attributes::default() })
}

fn change_all(attributes: &Attributes) -> io::Result<()> {
    // SAFETY: the path is a C string, and the structure has the size that is told.
    let result = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            libc::AT_FDCWD,
            c"/".as_ptr(),
            libc::AT_RECURSIVE,
            std::ptr::from_ref(attributes),
            size_of::<Attributes>(),
        )
    };
    done(result).map(drop)
}

/// A mount of its own, with all below, that is attached nowhere yet.
fn copy(start: BorrowedFd<'_>, place: &CStr) -> io::Result<OwnedFd> {
    let flags = libc::OPEN_TREE_CLONE
        | libc::OPEN_TREE_CLOEXEC
        | libc::AT_RECURSIVE.cast_unsigned()
        | AtFlags::SYMLINK_NOFOLLOW.bits();
    // SAFETY: the path is a C string; the new descriptor belongs to nobody else.
    unsafe {
        let result = libc::syscall(libc::SYS_open_tree, start.as_raw_fd(), place.as_ptr(), flags);
        Ok(OwnedFd::from_raw_fd(done(result)?))
    }
}

fn attach(tree: &OwnedFd, place: &CStr) -> io::Result<()> {
    // SAFETY: both paths are C strings.
    let result = unsafe {
        libc::syscall(
            libc::SYS_move_mount,
            tree.as_fd().as_raw_fd(),
            c"".as_ptr(),
            libc::AT_FDCWD,
            place.as_ptr(),
            libc::MOVE_MOUNT_F_EMPTY_PATH,
        )
    };
    done(result).map(drop)
}

fn mount(
    source: &CStr,
    place: &CStr,
    kind: &CStr,
    flags: libc::c_ulong,
    options: Option<&CStr>,
) -> io::Result<()> {
    let options = options.map_or(std::ptr::null(), |options| options.as_ptr().cast());
    // SAFETY: all are C strings, or null where that means none.
    match unsafe { libc::mount(source.as_ptr(), place.as_ptr(), kind.as_ptr(), flags, options) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

fn done(result: libc::c_long) -> io::Result<RawFd> {
    match RawFd::try_from(result) {
        Ok(value) if value >= 0 => Ok(value),
        _ => Err(io::Error::last_os_error()),
    }
}

fn named(path: &Path) -> io::Result<CString> {
    Ok(CString::new(path.as_os_str().as_bytes())?)
}
