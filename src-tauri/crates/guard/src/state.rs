//! What stands at a path, by handle: its kind, its mode, and the stamp by which it is known again.

use crate::root::{Root, open_at, open_beneath, real_path, reopen};
use crate::{GuardError, pseudo};
use countersign_protocol::{Digest, KeptEntry, KeptKind, Stamp};
use rustix::fs::{
    AtFlags, FileType, Mode, OFlags, ResolveFlags, Statx, StatxAttributes, StatxFlags,
};
use rustix::io::Errno;
use sha2::{Digest as _, Sha256};
use std::ffi::OsStr;
use std::io::Read as _;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// A stamp younger than this is not trusted: what is written within the same tick of a file system's
/// clock leaves the stamp as it is, and ticks are up to two seconds long.
const TICK_NS: i128 = 2_000_000_000;

/// A path as bytes: beneath a folder's handle.
pub(crate) struct Spot<'a> {
    start: Start<'a>,
    /// The names below the handle; never empty, never with `..`.
    pub(crate) below: PathBuf,
}

enum Start<'a> {
    Workspace(BorrowedFd<'a>),
    Outside(OwnedFd),
}

impl<'a> Spot<'a> {
    /// Finds a path of the workspace, or an absolute one from the deepest folder of it that exists.
    /// Links are not followed to it.
    pub(crate) fn find(root: &'a Root, path: &[u8]) -> Result<Self, GuardError> {
        let bad = || GuardError::BadPath(format!("{} is no path of a file", shown(path)));
        let whole = Path::new(OsStr::from_bytes(path));
        let names = path.strip_prefix(b"/").unwrap_or(path);
        let plain = |name: &[u8]| !name.is_empty() && name != b"." && name != b"..";
        if names.contains(&0) || !names.split(|&byte| byte == b'/').all(plain) {
            return Err(bad());
        }
        if whole.is_relative() {
            let start = Start::Workspace(root.handle());
            return Ok(Self { start, below: whole.to_owned() });
        }
        let failed = |error: Errno| GuardError::system(&shown(path), error);
        let top = rustix::fs::open(
            "/",
            OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC,
            Mode::empty(),
        )
        .map_err(failed)?;
        let whole = whole.strip_prefix("/").map_err(|_| bad())?;
        for folder in whole.ancestors().skip(1) {
            let name = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
            let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
            match rustix::fs::openat2(&top, name, flags, Mode::empty(), resolve) {
                Ok(handle) => {
                    let real = real_path(handle.as_fd());
                    if pseudo::by_handle(handle.as_fd())
                        || real.is_none_or(|real| pseudo::by_name(&real))
                    {
                        return Err(GuardError::Pseudo(shown(path)));
                    }
                    let below = whole.strip_prefix(folder).map_err(|_| bad())?.to_owned();
                    return Ok(Self { start: Start::Outside(handle), below });
                }
                Err(Errno::NOENT) => {}
                Err(error) => return Err(failed(error)),
            }
        }
        Err(GuardError::NotFound(shown(path)))
    }

    pub(crate) fn start(&self) -> BorrowedFd<'_> {
        match &self.start {
            Start::Workspace(handle) => *handle,
            Start::Outside(handle) => handle.as_fd(),
        }
    }

    /// Opens the object itself, be it a link; it can be looked at, not read.
    pub(crate) fn open(&self) -> rustix::io::Result<OwnedFd> {
        open_object(self.start(), &self.below)
    }
}

/// Opens an object beneath a folder to look at it, be it a link. No link leads to it.
pub(crate) fn open_object(start: BorrowedFd<'_>, below: &Path) -> rustix::io::Result<OwnedFd> {
    let name = below.file_name().ok_or(Errno::INVAL)?;
    let flags = OFlags::PATH | OFlags::NOFOLLOW;
    match below.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        // One call would follow links on the way, as long as they stay beneath.
        Some(parent) => {
            let folder = open_beneath(start, parent, OFlags::PATH | OFlags::DIRECTORY)?;
            open_at(folder.as_fd(), name, flags)
        }
        None => open_at(start, name, flags),
    }
}

/// A path for messages.
pub(crate) fn shown(path: &[u8]) -> String {
    String::from_utf8_lossy(path).into_owned()
}

/// What is known of an object without reading it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    /// What it is; none for a socket, a pipe or a device.
    pub(crate) entry: Option<KeptEntry>,
    pub(crate) stamp: Stamp,
    pub(crate) links: u64,
    /// Who owns it.
    pub(crate) owner: u32,
    /// Whether another file system is mounted on it.
    pub(crate) mounted: bool,
}

impl Seen {
    /// Of a name in a folder, links not followed.
    pub(crate) fn at(folder: BorrowedFd<'_>, name: &std::ffi::CStr) -> rustix::io::Result<Self> {
        let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT;
        rustix::fs::statx(folder, name, flags, StatxFlags::BASIC_STATS).map(|stat| Self::of(&stat))
    }

    /// Of an opened object.
    pub(crate) fn by_handle(object: BorrowedFd<'_>) -> rustix::io::Result<Self> {
        let stat = rustix::fs::statx(object, c"", AtFlags::EMPTY_PATH, StatxFlags::BASIC_STATS)?;
        Ok(Self::of(&stat))
    }

    fn of(stat: &Statx) -> Self {
        let mode = u32::from(stat.stx_mode);
        let kind = match FileType::from_raw_mode(mode) {
            FileType::RegularFile => Some(KeptKind::File),
            FileType::Symlink => Some(KeptKind::Link),
            FileType::Directory => Some(KeptKind::Folder),
            FileType::Fifo
            | FileType::Socket
            | FileType::CharacterDevice
            | FileType::BlockDevice
            | FileType::Unknown => None,
        };
        let entry = kind.map(|kind| KeptEntry {
            kind,
            mode: if kind == KeptKind::Link { 0 } else { mode & 0o7777 },
            size: if kind == KeptKind::Folder { 0 } else { stat.stx_size },
            digest: None,
        });
        Self {
            entry,
            stamp: stamp(stat),
            links: u64::from(stat.stx_nlink),
            owner: stat.stx_uid,
            mounted: stat.stx_attributes.contains(StatxAttributes::MOUNT_ROOT),
        }
    }

    /// The stamp to remember what was just read by: one that is never seen again where a later write
    /// could leave it as it is.
    pub(crate) fn lasting_stamp(&self) -> Stamp {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_nanos());
        let changed = |at: usize| i128::from(i64::from_le_bytes(part(&self.stamp, at)));
        let latest = changed(24).max(changed(32));
        if i128::try_from(now).unwrap_or(0) - latest > TICK_NS {
            return self.stamp;
        }
        let mut stamp = self.stamp;
        stamp[32..].copy_from_slice(&i64::MIN.to_le_bytes());
        stamp
    }
}

fn stamp(stat: &Statx) -> Stamp {
    let device = (u64::from(stat.stx_dev_major) << 32) | u64::from(stat.stx_dev_minor);
    let time = |seconds: i64, nanos: u32| {
        seconds.saturating_mul(1_000_000_000).saturating_add(i64::from(nanos))
    };
    let mut stamp = [0; 40];
    let parts = [
        device.to_le_bytes(),
        stat.stx_ino.to_le_bytes(),
        stat.stx_size.to_le_bytes(),
        time(stat.stx_mtime.tv_sec, stat.stx_mtime.tv_nsec).to_le_bytes(),
        time(stat.stx_ctime.tv_sec, stat.stx_ctime.tv_nsec).to_le_bytes(),
    ];
    for (place, part) in stamp.chunks_exact_mut(8).zip(parts) {
        place.copy_from_slice(&part);
    }
    stamp
}

fn part(stamp: &Stamp, at: usize) -> [u8; 8] {
    let mut part = [0; 8];
    part.copy_from_slice(&stamp[at..at + 8]);
    part
}

/// The SHA-256 of bytes.
pub(crate) fn digest(bytes: &[u8]) -> Digest {
    Digest(Sha256::digest(bytes).into())
}

/// The bytes of an opened file, at most `limit` and one more, or the target of an opened link.
pub(crate) fn read(object: BorrowedFd<'_>, kind: KeptKind, limit: u64) -> std::io::Result<Vec<u8>> {
    match kind {
        KeptKind::File => {
            let mut bytes = Vec::new();
            reopen(object, OFlags::RDONLY)?
                .take(limit.saturating_add(1))
                .read_to_end(&mut bytes)?;
            Ok(bytes)
        }
        KeptKind::Link => Ok(rustix::fs::readlinkat(object, "", Vec::new())?.into_bytes()),
        KeptKind::Folder => Ok(Vec::new()),
    }
}

/// The digest of an opened file's bytes, however many, or of an opened link's target.
pub(crate) fn digest_of(object: BorrowedFd<'_>, kind: KeptKind) -> std::io::Result<Digest> {
    if kind != KeptKind::File {
        return read(object, kind, 0).map(|bytes| digest(&bytes));
    }
    let mut file = reopen(object, OFlags::RDONLY)?;
    let mut state = Sha256::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(Digest(state.finalize().into())),
            read => state.update(&buffer[..read]),
        }
    }
}
