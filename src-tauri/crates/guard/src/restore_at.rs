//! Putting back the state of one path: what stands there is compared before, and again in the act.

use crate::beside::{self, MadeFolders, temporary_name};
use crate::root::{kind_of, open_at, stat_at};
use crate::state::{Seen, Spot, digest, digest_of};
use countersign_protocol::{KeptEntry, KeptKind};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, RenameFlags};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Write as _;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::Path;

/// Permission bits that are put back: none by which a file runs as somebody else.
const MODES: u32 = 0o7777 & !0o6000;
const CHANGED: &str = "it was changed since";
const CAME: &str = "something stands there now";
const GONE: &str = "nothing stands there any more";
const NO_FOLDER: &str = "a folder on the way to it is none any more";
const NOT_KEPT: &str = "its content was not kept";

/// Why nothing was done, in plain words.
pub(crate) type Why = String;

/// The state that a wanted one becomes: without the bits that are not put back.
pub(crate) fn becomes(wanted: KeptEntry) -> KeptEntry {
    KeptEntry { mode: wanted.mode & MODES, ..wanted }
}

/// An act on one name of an opened folder.
pub(crate) struct At {
    folder: OwnedFd,
    name: OsString,
    made: MadeFolders,
    // Put back last, when this is dropped.
    _unlocked: Vec<Unlocked>,
}

/// Something that waits under a temporary name to take its place.
pub(crate) struct Waiting {
    at: At,
    temporary: OsString,
}

/// Why the folder of a path cannot be reached.
pub(crate) enum NoWay {
    /// A folder on the way is gone, or is no folder: nothing stands at the path.
    Nothing(Why),
    /// It cannot be told what stands at the path.
    Other(Why),
}

impl From<NoWay> for Why {
    fn from(way: NoWay) -> Self {
        match way {
            NoWay::Nothing(why) | NoWay::Other(why) => why,
        }
    }
}

/// What a comparison found.
pub(crate) enum Standing {
    /// What must stand there.
    AsExpected,
    /// Something else; why the act cannot be.
    Other(Why),
}

impl At {
    /// Opens the folder of a path. `make` makes those that are missing. Folders whose mode does not
    /// let their owner change them do until this is dropped.
    pub(crate) fn open(spot: &Spot<'_>, make: bool) -> Result<Self, NoWay> {
        Self::enter(spot, make).map_err(|error| match error {
            Errno::NOENT => NoWay::Nothing(GONE.to_owned()),
            Errno::NOTDIR => NoWay::Nothing(NO_FOLDER.to_owned()),
            Errno::LOOP => NoWay::Other(NO_FOLDER.to_owned()),
            Errno::XDEV => {
                NoWay::Other("another file system is mounted on the way to it".to_owned())
            }
            other => NoWay::Other(failed("cannot reach it", other)),
        })
    }

    fn enter(spot: &Spot<'_>, make: bool) -> rustix::io::Result<Self> {
        let name = spot.below.file_name().ok_or(Errno::INVAL)?.to_owned();
        let mut folders = MadeFolders::default();
        let mut unlocked = Vec::new();
        let mut here = rustix::io::fcntl_dupfd_cloexec(spot.start(), 0)?;
        for name in spot.below.parent().unwrap_or(Path::new("")) {
            unlocked.extend(Unlocked::new(&here, if make { 0o300 } else { 0o100 })?);
            let next = if make {
                folders.step(&here, name)
            } else {
                open_at(here.as_fd(), name, OFlags::PATH | OFlags::DIRECTORY)
            };
            here = match next {
                // A link may lead to where something stands.
                Err(Errno::NOTDIR) if is_link(&here, name) => return Err(Errno::LOOP),
                other => other?,
            };
        }
        unlocked.extend(Unlocked::new(&here, 0o300)?);
        Ok(Self { folder: here, name, made: folders, _unlocked: unlocked })
    }

    /// Compares what stands there.
    pub(crate) fn compare(&self, now: Option<&KeptEntry>) -> Standing {
        compare(&self.folder, &self.name, now)
    }

    /// Compares what stands there where only its mode will be touched: a content that was not kept
    /// need only have its size.
    pub(crate) fn compare_for_mode(&self, now: &KeptEntry) -> Standing {
        match open_at(self.folder.as_fd(), &self.name, OFlags::PATH | OFlags::NOFOLLOW) {
            Ok(object) => compare_for_mode(&object, now),
            Err(_) => Standing::Other(GONE.to_owned()),
        }
    }

    /// Removes a file or a link.
    pub(crate) fn remove(&self, now: &KeptEntry) -> Result<(), Why> {
        let temporary = temporary_name(&self.name);
        let cannot = |error| failed("cannot remove it", error);
        match beside::rename(&self.folder, &self.name, &temporary, RenameFlags::NOREPLACE) {
            Ok(()) => {}
            Err(Errno::NOENT) => return Err(GONE.to_owned()),
            // A file system without this call.
            Err(Errno::INVAL | Errno::NOSYS) => {
                return rustix::fs::unlinkat(&self.folder, &self.name, AtFlags::empty())
                    .map_err(cannot);
            }
            Err(error) => return Err(cannot(error)),
        }
        let why = match compare(&self.folder, &temporary, Some(now)) {
            Standing::AsExpected => {
                match rustix::fs::unlinkat(&self.folder, &temporary, AtFlags::empty()) {
                    Ok(()) => return Ok(()),
                    Err(error) => cannot(error),
                }
            }
            Standing::Other(why) => why,
        };
        match beside::rename(&self.folder, &temporary, &self.name, RenameFlags::NOREPLACE) {
            Ok(()) => Err(why),
            Err(_) => Err(format!(
                "{why}; something else has its name now, and it has the name {}",
                temporary.display()
            )),
        }
    }

    /// Removes a folder, if it is empty.
    pub(crate) fn remove_folder(&self) -> Result<(), Why> {
        rustix::fs::unlinkat(&self.folder, &self.name, AtFlags::REMOVEDIR).map_err(|error| {
            match error {
                Errno::NOTEMPTY | Errno::EXIST => "the folder is not empty".to_owned(),
                Errno::NOTDIR => CHANGED.to_owned(),
                Errno::NOENT => GONE.to_owned(),
                other => failed("cannot remove the folder", other),
            }
        })
    }

    /// Makes a folder that only its owner may use until [`Self::set_mode`].
    pub(crate) fn make_folder(mut self, now: Option<&KeptEntry>) -> Result<(), Why> {
        let private = Mode::from_raw_mode(0o700);
        let make = |name: &OsStr| rustix::fs::mkdirat(&self.folder, name, private);
        if now.is_none() {
            let result = make(&self.name);
            if result.is_err() {
                self.made.remove();
            }
            return result.map_err(|error| match error {
                Errno::EXIST => CAME.to_owned(),
                other => failed("cannot make the folder", other),
            });
        }
        let temporary = temporary_name(&self.name);
        make(&temporary).map_err(|error| failed("cannot make the folder", error))?;
        Waiting { at: self, temporary }.put(now)
    }

    /// Writes a file or a link under a temporary name. `sync` makes its content last at once.
    pub(crate) fn write(
        mut self,
        wanted: &KeptEntry,
        bytes: &[u8],
        sync: bool,
    ) -> Result<Waiting, Why> {
        if wanted.digest != Some(digest(bytes)) {
            self.made.remove();
            return Err(NOT_KEPT.to_owned());
        }
        let temporary = temporary_name(&self.name);
        let filled = match wanted.kind {
            KeptKind::File => self.fill(&temporary, wanted, bytes, sync),
            KeptKind::Link => {
                rustix::fs::symlinkat(bytes, &self.folder, &temporary).map_err(Into::into)
            }
            KeptKind::Folder => Err(std::io::ErrorKind::InvalidInput.into()),
        };
        let mut waiting = Waiting { at: self, temporary };
        match filled {
            Ok(()) => Ok(waiting),
            Err(error) => {
                waiting.give_up();
                Err(failed("cannot write it", error))
            }
        }
    }

    fn fill(
        &self,
        temporary: &OsStr,
        wanted: &KeptEntry,
        bytes: &[u8],
        sync: bool,
    ) -> std::io::Result<()> {
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(0o600);
        let mut file = File::from(rustix::fs::openat(&self.folder, temporary, flags, mode)?);
        file.write_all(bytes)?;
        rustix::fs::fchmod(&file, Mode::from_raw_mode(wanted.mode & MODES))?;
        if sync { file.sync_all() } else { Ok(()) }
    }

    /// Sets the mode of a file or a folder that must be as `now` says; none for a folder that was
    /// just made.
    pub(crate) fn set_mode(&self, now: Option<&KeptEntry>, wanted: &KeptEntry) -> Result<(), Why> {
        let object = open_at(self.folder.as_fd(), &self.name, OFlags::PATH | OFlags::NOFOLLOW)
            .map_err(|_| GONE.to_owned())?;
        if let Some(now) = now
            && let Standing::Other(why) = compare_for_mode(&object, now)
        {
            return Err(why);
        }
        let seen = Seen::by_handle(object.as_fd()).map_err(|_| CHANGED.to_owned())?;
        let Some(stands) = seen.entry.filter(|stands| stands.kind == wanted.kind) else {
            return Err(CHANGED.to_owned());
        };
        // A folder's group bit lets nothing run as somebody else: it stays where it is inherited.
        let inherited = match stands.kind {
            KeptKind::Folder => stands.mode & wanted.mode & 0o2000,
            KeptKind::File | KeptKind::Link => 0,
        };
        chmod(&object, (wanted.mode & MODES) | inherited)
            .map_err(|error| failed("cannot set its permissions", error))
    }

    pub(crate) fn sync(&self) {
        beside::sync(&self.folder);
    }
}

impl Waiting {
    /// Takes the place of what must stand there.
    pub(crate) fn put(&mut self, now: Option<&KeptEntry>) -> Result<(), Why> {
        let At { folder, name, .. } = &self.at;
        let temporary = &self.temporary;
        let mut why = CHANGED.to_owned();
        let put = match now {
            None => beside::put_new(folder, temporary, name),
            Some(now) => beside::exchange(folder, temporary, name, || {
                if let Standing::Other(other) = compare(folder, temporary, Some(now)) {
                    why = other;
                    return false;
                }
                let is_folder = now.kind == KeptKind::Folder;
                let flags = if is_folder { AtFlags::REMOVEDIR } else { AtFlags::empty() };
                let removed = rustix::fs::unlinkat(folder, temporary, flags);
                if let Err(error) = removed {
                    why = match error {
                        Errno::NOTEMPTY | Errno::EXIST => "the folder is not empty".to_owned(),
                        other => failed("cannot remove what stands there", other),
                    };
                }
                removed.is_ok()
            }),
        };
        let result = match put {
            Ok(true) => Ok(()),
            Ok(false) if now.is_none() => Err(CAME.to_owned()),
            Ok(false) => Err(why),
            Err(error) => Err(failed("cannot put it in its place", error)),
        };
        if result.is_err() {
            self.give_up();
        }
        result
    }

    pub(crate) fn give_up(&mut self) {
        let gone = rustix::fs::unlinkat(&self.at.folder, &self.temporary, AtFlags::empty());
        if gone == Err(Errno::ISDIR) {
            let _ = rustix::fs::unlinkat(&self.at.folder, &self.temporary, AtFlags::REMOVEDIR);
        }
        self.at.made.remove();
    }
}

fn is_link(folder: &OwnedFd, name: &OsStr) -> bool {
    stat_at(folder.as_fd(), name).is_ok_and(|stat| kind_of(&stat) == FileType::Symlink)
}

fn compare(folder: &OwnedFd, name: &OsStr, now: Option<&KeptEntry>) -> Standing {
    let object = open_at(folder.as_fd(), name, OFlags::PATH | OFlags::NOFOLLOW);
    match (object, now) {
        (Err(Errno::NOENT), None) => Standing::AsExpected,
        (Err(Errno::NOENT), Some(_)) => Standing::Other(GONE.to_owned()),
        (Err(error), _) => Standing::Other(failed("cannot look at it", error)),
        (Ok(_), None) => Standing::Other(CAME.to_owned()),
        (Ok(object), Some(now)) => compare_object(&object, now),
    }
}

fn compare_for_mode(object: &OwnedFd, now: &KeptEntry) -> Standing {
    if now.digest.is_some() || now.kind != KeptKind::File {
        return compare_object(object, now);
    }
    match Seen::by_handle(object.as_fd()).map(|seen| seen.entry) {
        Ok(entry) if entry == Some(*now) => Standing::AsExpected,
        Ok(_) | Err(_) => Standing::Other(CHANGED.to_owned()),
    }
}

fn compare_object(object: &OwnedFd, now: &KeptEntry) -> Standing {
    let changed = || Standing::Other(CHANGED.to_owned());
    let Ok(seen) = Seen::by_handle(object.as_fd()) else { return changed() };
    if !seen.entry.is_some_and(|entry| (entry.kind, entry.mode) == (now.kind, now.mode)) {
        return changed();
    }
    if now.kind == KeptKind::Folder {
        return Standing::AsExpected;
    }
    let Some(wanted) = now.digest else { return Standing::Other(NOT_KEPT.to_owned()) };
    if seen.entry.is_some_and(|entry| entry.size != now.size) {
        return changed();
    }
    let mut read = digest_of(object.as_fd(), now.kind);
    if read.is_err() && now.kind == KeptKind::File {
        // A mode that does not let its owner read it.
        let _unlocked = Unlocked::new(object, 0o400);
        read = digest_of(object.as_fd(), now.kind);
    }
    match read {
        Ok(is) if is == wanted => Standing::AsExpected,
        Ok(_) => changed(),
        Err(error) => Standing::Other(failed("cannot read it", error)),
    }
}

/// An object whose mode was widened for its owner for a moment.
struct Unlocked {
    object: OwnedFd,
    mode: u32,
}

impl Unlocked {
    /// Gives the owner these bits, where we are the owner and they are missing.
    fn new(object: &OwnedFd, bits: u32) -> rustix::io::Result<Option<Self>> {
        let seen = Seen::by_handle(object.as_fd())?;
        let Some(entry) = seen.entry else { return Ok(None) };
        let ours = seen.owner == rustix::process::geteuid().as_raw();
        if entry.mode & bits == bits || !ours {
            return Ok(None);
        }
        let object = rustix::io::fcntl_dupfd_cloexec(object, 0)?;
        // Where this fails, so will what needed it, and that is told.
        if chmod(&object, entry.mode | bits).is_err() {
            return Ok(None);
        }
        Ok(Some(Self { object, mode: entry.mode }))
    }
}

impl Drop for Unlocked {
    fn drop(&mut self) {
        if let Err(error) = chmod(&self.object, self.mode) {
            tracing::warn!(%error, "a mode that was widened could not be put back");
        }
    }
}

fn chmod(object: &OwnedFd, mode: u32) -> rustix::io::Result<()> {
    // By the handle: one that only looks cannot be changed directly.
    let name = format!("/proc/self/fd/{}", object.as_raw_fd());
    rustix::fs::chmod(name, Mode::from_raw_mode(mode))
}

fn failed(what: &str, error: impl Into<std::io::Error>) -> Why {
    crate::GuardError::system(what, error).to_string()
}
