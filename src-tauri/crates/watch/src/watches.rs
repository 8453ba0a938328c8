//! The watches of [`Dirt`](crate::Dirt): one a folder, under the folder's present path.

use rustix::fs::inotify::{self, ReadFlags, WatchFlags};
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::OsStr;
use std::fmt;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

/// More changed paths than this are told as "anything".
const MOST_PATHS: usize = 100_000;
/// Bytes of the queue that are read at once.
const BUFFER: usize = 64 * 1024;
/// The size of an event without its name; names are padded to a multiple of it.
const EVENT: usize = 16;

type Skip = Box<dyn Fn(&Path) -> bool + Send + Sync>;
type Touched = Box<dyn Fn() + Send + Sync>;

pub(crate) struct Watches {
    queue: Arc<OwnedFd>,
    root: OwnedFd,
    skip: Skip,
    /// Told whenever something changed.
    touched: Touched,
    /// The path of each watched folder, and the other way round.
    paths: HashMap<i32, Vec<u8>>,
    numbers: BTreeMap<Vec<u8>, i32>,
    dirty: BTreeSet<Vec<u8>>,
    /// Whether changes were lost, so that anything may be another.
    lost: bool,
    /// Whether no more folders can be watched, or the root is gone.
    given_up: bool,
}

impl fmt::Debug for Watches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watches").field("folders", &self.paths.len()).finish_non_exhaustive()
    }
}

/// What one event says.
struct Noted {
    number: i32,
    flags: ReadFlags,
    name: Option<Vec<u8>>,
}

/// Opens the root to look below it.
pub(crate) fn open_root(root: &Path) -> rustix::io::Result<OwnedFd> {
    rustix::fs::open(root, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
}

impl Watches {
    pub(crate) fn new(queue: Arc<OwnedFd>, root: OwnedFd, skip: Skip, touched: Touched) -> Self {
        Self {
            queue,
            root,
            skip,
            touched,
            paths: HashMap::new(),
            numbers: BTreeMap::new(),
            dirty: BTreeSet::new(),
            lost: false,
            given_up: false,
        }
    }

    /// Watches all folders anew, and no others.
    pub(crate) fn watch_all(&mut self) {
        let before = std::mem::take(&mut self.paths);
        self.numbers.clear();
        self.adopt(Vec::new());
        for number in before.into_keys() {
            if !self.paths.contains_key(&number) {
                self.unwatch(number);
            }
        }
    }

    pub(crate) fn limit_reached(&self) -> bool {
        self.given_up
    }

    pub(crate) fn len(&self) -> usize {
        self.paths.len()
    }

    /// What was noted, taken out.
    pub(crate) fn take(&mut self) -> Option<BTreeSet<Vec<u8>>> {
        let dirty = std::mem::take(&mut self.dirty);
        // The system does not tell that a folder is gone of which a handle is held.
        self.given_up |= rustix::fs::fstat(&self.root).is_ok_and(|root| root.st_nlink == 0);
        if self.given_up {
            return None;
        }
        if std::mem::take(&mut self.lost) {
            // Folders may have come of which nothing was told.
            self.watch_all();
            return None;
        }
        Some(dirty)
    }

    /// Notes what stands in the queue at this moment; what comes meanwhile need not be read, or a
    /// busy program would keep the reader for ever.
    pub(crate) fn read_queue(&mut self) {
        let waiting = rustix::io::ioctl_fionread(&*self.queue).unwrap_or(u64::MAX);
        if waiting > 0 {
            (self.touched)();
        }
        let queue = Arc::clone(&self.queue);
        let mut buffer = vec![MaybeUninit::uninit(); BUFFER];
        let mut events = inotify::Reader::new(&*queue, &mut buffer);
        let mut read = 0_u64;
        while read < waiting || !events.is_buffer_empty() {
            match events.next() {
                Ok(event) => {
                    let name = event.file_name().map(|name| name.to_bytes().to_vec());
                    let padded = name.as_ref().map_or(0, |name| (name.len() / EVENT + 1) * EVENT);
                    read += (EVENT + padded) as u64;
                    self.note(Noted { number: event.wd(), flags: event.events(), name });
                }
                Err(Errno::INTR) => {}
                Err(Errno::WOULDBLOCK) => return,
                Err(error) => {
                    tracing::warn!(%error, "the queue of changes cannot be read");
                    self.lost = true;
                    return;
                }
            }
        }
    }

    fn note(&mut self, event: Noted) {
        if event.flags.contains(ReadFlags::QUEUE_OVERFLOW) {
            self.lost = true;
        }
        if event.flags.contains(ReadFlags::IGNORED) {
            self.forget_number(event.number);
        }
        let Some(folder) = self.paths.get(&event.number) else { return };
        // Of a folder itself its parent tells; the root's own mode is no part of it.
        let Some(name) = event.name else { return };
        if self.lost || self.given_up {
            // All is looked at anew anyway.
            return;
        }
        if name == b".gitignore" || name == b".ignore" {
            self.lost = true;
            return;
        }
        let path = join(folder, &name);
        if event.flags.contains(ReadFlags::ISDIR) {
            if event.flags.intersects(ReadFlags::MOVED_FROM | ReadFlags::DELETE) {
                self.forget(&path);
            }
            // A folder may have come, may be readable now that was not, or may stand where one left:
            // when two change places, both come before the second is told to have left.
            self.adopt(path.clone());
        }
        self.dirty.insert(path);
        if self.dirty.len() > MOST_PATHS {
            self.dirty.clear();
            self.lost = true;
        }
    }

    /// Watches a folder and all below it that are not watched under their path yet.
    fn adopt(&mut self, path: Vec<u8>) {
        let mut folders = vec![path];
        while let Some(path) = folders.pop() {
            if self.given_up {
                return;
            }
            if !path.is_empty() && (self.skip)(as_path(&path)) {
                continue;
            }
            // Gone, no folder, a link, another mount, or not to be read.
            let Ok(handle) = self.open(&path) else { continue };
            // The watch first: what comes after is told, what came before is listed.
            match self.watch(&handle, &path) {
                // What comes and goes in it has been told since.
                Ok(false) => {}
                Ok(true) => subfolders(&handle, &path, &mut folders),
                Err(Errno::NOSPC | Errno::NOMEM) => self.give_up(),
                Err(error) => {
                    tracing::debug!(path = %as_path(&path).display(), %error, "not watched");
                }
            }
        }
    }

    /// Watches a folder; false where it was watched under this path.
    fn watch(&mut self, handle: &OwnedFd, path: &[u8]) -> rustix::io::Result<bool> {
        let flags = WatchFlags::MODIFY
            | WatchFlags::ATTRIB
            | WatchFlags::CLOSE_WRITE
            | WatchFlags::CREATE
            | WatchFlags::DELETE
            | WatchFlags::MOVED_FROM
            | WatchFlags::MOVED_TO
            | WatchFlags::ONLYDIR
            | WatchFlags::EXCL_UNLINK;
        // By the handle: by its name it might be another by now.
        let name = format!("/proc/self/fd/{}", handle.as_raw_fd());
        let number = inotify::add_watch(&*self.queue, name, flags)?;
        if self.paths.get(&number).is_some_and(|known| known == path) {
            return Ok(false);
        }
        if let Some(before) = self.paths.insert(number, path.to_owned()) {
            // It was moved, which is not read yet.
            self.numbers.remove(&before);
        }
        if let Some(other) = self.numbers.insert(path.to_owned(), number)
            && other != number
        {
            // What had this path is elsewhere; if it is in here, it is found there.
            self.paths.remove(&other);
            self.unwatch(other);
        }
        Ok(true)
    }

    /// Ends the watches on what had this path and on all that was below it.
    fn forget(&mut self, path: &[u8]) {
        let mut below = path.to_vec();
        below.push(b'/');
        let gone: Vec<Vec<u8>> = self
            .numbers
            .range(below.clone()..)
            .map(|(path, _)| path)
            .take_while(|path| path.starts_with(&below))
            .cloned()
            .chain([path.to_vec()])
            .collect();
        for path in gone {
            if let Some(number) = self.numbers.remove(&path) {
                self.paths.remove(&number);
                self.unwatch(number);
            }
        }
    }

    /// The system ended a watch.
    fn forget_number(&mut self, number: i32) {
        if let Some(path) = self.paths.remove(&number) {
            self.numbers.remove(&path);
            // Without the root nothing is told any more: its file system was unmounted.
            self.given_up |= path.is_empty();
        }
    }

    /// No more folders can be watched: the others are given back to those who can use them.
    fn give_up(&mut self) {
        tracing::warn!("the system does not let all folders be watched");
        self.given_up = true;
        self.numbers.clear();
        for number in std::mem::take(&mut self.paths).into_keys() {
            self.unwatch(number);
        }
    }

    fn unwatch(&self, number: i32) {
        // The system drops the watch of a folder that is removed by itself.
        let _ = inotify::remove_watch(&*self.queue, number);
    }

    fn open(&self, path: &[u8]) -> rustix::io::Result<OwnedFd> {
        let path = if path.is_empty() { Path::new(".") } else { as_path(path) };
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_XDEV;
        loop {
            match rustix::fs::openat2(&self.root, path, flags, Mode::empty(), resolve) {
                // The kernel could not rule out a race with a rename: ask again.
                Err(Errno::AGAIN | Errno::INTR) => {}
                other => return other,
            }
        }
    }
}

/// Adds the folders in a folder.
fn subfolders(handle: &OwnedFd, path: &[u8], folders: &mut Vec<Vec<u8>>) {
    let Ok(mut entries) = Dir::read_from(handle) else { return };
    while let Some(Ok(entry)) = entries.read() {
        let name = entry.file_name();
        if name == c"." || name == c".." {
            continue;
        }
        let mut kind = entry.file_type();
        if kind == FileType::Unknown {
            kind = rustix::fs::statat(handle, name, AtFlags::SYMLINK_NOFOLLOW)
                .map_or(kind, |stat| FileType::from_raw_mode(stat.st_mode));
        }
        if kind == FileType::Directory {
            folders.push(join(path, name.to_bytes()));
        }
    }
}

fn join(folder: &[u8], name: &[u8]) -> Vec<u8> {
    let mut path = Vec::with_capacity(folder.len() + 1 + name.len());
    if !folder.is_empty() {
        path.extend_from_slice(folder);
        path.push(b'/');
    }
    path.extend_from_slice(name);
    path
}

fn as_path(path: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(path))
}
