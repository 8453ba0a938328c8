//! Walking the workspace for a survey, on a few threads.

use crate::GuardError;
use crate::ignored::Rules;
use crate::root::{Root, open_beneath};
use crate::state::Seen;
use crate::survey::{LeftOut, LeftOutWhy, Survey, Surveyed};
use countersign_protocol::KeptKind;
use rustix::fs::{Dir, OFlags};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use tokio_util::sync::CancellationToken;

/// Entries of one survey; past this it is not complete.
const MAX_ENTRIES: usize = 1_000_000;
/// More threads than this wait for the file system, not for processors.
const MAX_THREADS: usize = 4;

/// A walk: folders that wait to be read, and what was found so far.
pub(crate) struct Walker<'a> {
    root: &'a Root,
    stop: &'a CancellationToken,
    found: Found,
    queue: Mutex<Queue>,
    wake: Condvar,
    count: AtomicUsize,
    cut: AtomicBool,
}

#[derive(Default)]
struct Found {
    entries: Vec<Surveyed>,
    left_out: Vec<LeftOut>,
}

#[derive(Default)]
struct Queue {
    folders: Vec<Folder>,
    /// Threads that read a folder and may find more.
    busy: usize,
}

/// A folder to be read.
struct Folder {
    path: Vec<u8>,
    /// What was seen of it; none for the workspace itself, which is no entry.
    seen: Option<Seen>,
    /// The rules of its parent.
    rules: Rules,
}

impl<'a> Walker<'a> {
    pub(crate) fn new(root: &'a Root, stop: &'a CancellationToken) -> Self {
        Self {
            root,
            stop,
            found: Found::default(),
            queue: Mutex::default(),
            wake: Condvar::new(),
            count: AtomicUsize::new(0),
            cut: AtomicBool::new(false),
        }
    }

    pub(crate) fn begin_at_root(&mut self) -> Result<(), GuardError> {
        // A workspace that cannot be read is an error, not an empty one.
        self.open_root()?;
        let folder = Folder { path: Vec::new(), seen: None, rules: Rules::default() };
        self.lock().folders.push(folder);
        Ok(())
    }

    pub(crate) fn root_rules(&self) -> Result<Rules, GuardError> {
        Ok(Rules::default().enter(self.open_root()?.as_fd(), Path::new("")))
    }

    fn open_root(&self) -> Result<OwnedFd, GuardError> {
        open_folder(self.root, b"").map_err(|error| {
            let what = format!("cannot read {}", self.root.real().display());
            GuardError::system(&what, error)
        })
    }

    /// Notes what stands at a path, whatever is below it.
    pub(crate) fn found(&mut self, path: Vec<u8>, seen: &Seen) {
        self.found.add(path, seen);
    }

    /// Notes what stands at a path; a folder will be read with all below it.
    pub(crate) fn reach(&mut self, path: Vec<u8>, seen: &Seen, rules: &Rules) {
        if !is_folder(seen) {
            self.found.add(path, seen);
        } else if self.keeps(&path, seen, rules) {
            let folder = Folder { path, seen: Some(*seen), rules: rules.clone() };
            self.lock().folders.push(folder);
        }
    }

    /// Whether a folder is kept by the rules of its parent; notes it where it is left out.
    pub(crate) fn keeps(&mut self, path: &[u8], seen: &Seen, rules: &Rules) -> bool {
        let why = is_folder(seen).then(|| reason(path, seen, rules)).flatten();
        if let Some(why) = why {
            self.found.left_out.push(LeftOut { path: path.to_owned(), why });
        }
        why.is_none()
    }

    /// Notes that a path is left out.
    pub(crate) fn leave(&mut self, path: &[u8], why: LeftOutWhy) {
        self.found.leave(path, why);
    }

    /// Notes that a path could not be opened.
    pub(crate) fn no_way(&mut self, path: Vec<u8>, error: Errno, rules: &Rules) {
        let why = match error {
            Errno::NOENT | Errno::NOTDIR => return,
            _ if is_git(&path) => LeftOutWhy::Git,
            _ if rules.leave_out(as_path(&path)) => LeftOutWhy::Ignored,
            Errno::XDEV => LeftOutWhy::Mount,
            Errno::LOOP => LeftOutWhy::Changing,
            _ => LeftOutWhy::Unreadable,
        };
        self.found.left_out.push(LeftOut { path, why });
    }

    /// Reads all folders that wait and what is below them.
    pub(crate) fn run(mut self) -> Survey {
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(MAX_THREADS);
        let mut found = std::mem::take(&mut self.found);
        if !self.lock().folders.is_empty() {
            let walker = &self;
            let parts = std::thread::scope(|scope| {
                let others: Vec<_> = (1..threads).map(|_| scope.spawn(|| walker.work())).collect();
                let mut parts = vec![walker.work()];
                for other in others {
                    match other.join() {
                        Ok(part) => parts.push(part),
                        Err(_) => walker.cut.store(true, Ordering::Relaxed),
                    }
                }
                parts
            });
            for part in parts {
                found.entries.extend(part.entries);
                found.left_out.extend(part.left_out);
            }
        }
        found.entries.sort_unstable_by(|one, other| one.path.cmp(&other.path));
        found.left_out.sort_unstable();
        found.left_out.dedup();
        let complete = !self.cut.into_inner() && !self.stop.is_cancelled();
        Survey { entries: found.entries, left_out: found.left_out, complete }
    }

    fn work(&self) -> Found {
        let mut found = Found::default();
        let mut more = Vec::new();
        let mut queue = self.lock();
        loop {
            if let Some(folder) = queue.folders.pop() {
                queue.busy += 1;
                drop(queue);
                // Told to the others even where reading panics, or they would wait for ever.
                let done = Busy { walker: self, more: &mut more };
                self.read(&folder, &mut found, done.more);
                drop(done);
                queue = self.lock();
            } else if queue.busy == 0 {
                self.wake.notify_all();
                return found;
            } else {
                queue = self.wake.wait(queue).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    fn read(&self, folder: &Folder, found: &mut Found, more: &mut Vec<Folder>) {
        if self.stop.is_cancelled() || self.count.load(Ordering::Relaxed) > MAX_ENTRIES {
            self.cut.store(true, Ordering::Relaxed);
            return;
        }
        let mut leave = |why| found.left_out.push(LeftOut { path: folder.path.clone(), why });
        let handle = match open_folder(self.root, &folder.path) {
            Ok(handle) => handle,
            // It is gone.
            Err(Errno::NOENT) => return,
            Err(Errno::XDEV) => return leave(LeftOutWhy::Mount),
            Err(Errno::NOTDIR | Errno::LOOP) => return leave(LeftOutWhy::Changing),
            Err(_) => {
                leave(LeftOutWhy::Unreadable);
                if let Some(seen) = &folder.seen {
                    found.add(folder.path.clone(), seen);
                }
                return;
            }
        };
        if folder.seen.is_some() {
            // What was opened may be another than what was seen.
            let Ok(seen) = Seen::by_handle(handle.as_fd()) else {
                return leave(LeftOutWhy::Changing);
            };
            found.add(folder.path.clone(), &seen);
        }
        let rules = folder.rules.enter(handle.as_fd(), as_path(&folder.path));
        let Ok(mut entries) = Dir::read_from(&handle) else {
            return found.leave(&folder.path, LeftOutWhy::Unreadable);
        };
        let mut number = 0;
        while let Some(entry) = entries.read() {
            let Ok(entry) = entry else {
                return found.leave(&folder.path, LeftOutWhy::Unreadable);
            };
            let name = entry.file_name();
            if name == c"." || name == c".." {
                continue;
            }
            // Gone between the listing and now.
            let Ok(seen) = Seen::at(handle.as_fd(), name) else { continue };
            let mut path = Vec::with_capacity(folder.path.len() + 1 + name.to_bytes().len());
            if !folder.path.is_empty() {
                path.extend_from_slice(&folder.path);
                path.push(b'/');
            }
            path.extend_from_slice(name.to_bytes());
            number += 1;
            if !is_folder(&seen) {
                found.add(path, &seen);
            } else if let Some(why) = reason(&path, &seen, &rules) {
                found.left_out.push(LeftOut { path, why });
            } else {
                more.push(Folder { path, seen: Some(seen), rules: rules.clone() });
            }
        }
        self.count.fetch_add(number, Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A thread that reads a folder.
struct Busy<'a, 'b> {
    walker: &'a Walker<'b>,
    more: &'a mut Vec<Folder>,
}

impl Drop for Busy<'_, '_> {
    fn drop(&mut self) {
        let mut queue = self.walker.lock();
        queue.busy -= 1;
        queue.folders.append(self.more);
        self.walker.wake.notify_all();
    }
}

impl Found {
    fn add(&mut self, path: Vec<u8>, seen: &Seen) {
        match seen.entry {
            Some(_) if seen.mounted => self.left_out.push(LeftOut { path, why: LeftOutWhy::Mount }),
            Some(entry) => {
                let (stamp, links) = (seen.stamp, seen.links);
                self.entries.push(Surveyed { path, entry, stamp, links });
            }
            None => self.left_out.push(LeftOut { path, why: LeftOutWhy::Special }),
        }
    }

    fn leave(&mut self, path: &[u8], why: LeftOutWhy) {
        self.left_out.push(LeftOut { path: path.to_owned(), why });
    }
}

fn open_folder(root: &Root, path: &[u8]) -> rustix::io::Result<OwnedFd> {
    let path = if path.is_empty() { Path::new(".") } else { as_path(path) };
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW;
    open_beneath(root.handle(), path, flags)
}

/// Why a folder is left out by the rules of its parent.
fn reason(path: &[u8], seen: &Seen, rules: &Rules) -> Option<LeftOutWhy> {
    if is_git(path) {
        Some(LeftOutWhy::Git)
    } else if rules.leave_out(as_path(path)) {
        Some(LeftOutWhy::Ignored)
    } else if seen.mounted {
        Some(LeftOutWhy::Mount)
    } else {
        None
    }
}

fn is_git(path: &[u8]) -> bool {
    path == b".git" || path.ends_with(b"/.git")
}

fn is_folder(seen: &Seen) -> bool {
    seen.entry.is_some_and(|entry| entry.kind == KeptKind::Folder)
}

fn as_path(path: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(path))
}
