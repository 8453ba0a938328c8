//! The watches on a workspace and the telling of what they see.

use crate::WatchError;
use crate::folder;
use crate::pending::{Pending, Root, Taken};
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

/// How long changes are collected before they are told.
const PAUSE: Duration = Duration::from_millis(50);
/// The longest such pause, which a burst that goes on gets to.
const LONGEST_PAUSE: Duration = Duration::from_millis(400);
/// How often a receiver that has no room is asked again.
const RETRY: Duration = Duration::from_millis(25);

/// What changed in the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// In these folders entries came, went or got another name, or an ignore file was written.
    /// Relative to the workspace, `/` between the parts, empty for the workspace itself; each once,
    /// sorted.
    Folders(Vec<String>),
    /// Changes were lost: anything may be different.
    Everything,
    /// The workspace was moved or removed, told in plain words. Nothing is told after it.
    Gone(String),
}

/// Watches on a workspace folder and on the folders in it that are unfolded. Ends when dropped.
#[derive(Debug)]
pub struct Watcher {
    shared: Arc<Shared>,
    watches: Arc<Mutex<RecommendedWatcher>>,
}

#[derive(Debug)]
struct Shared {
    root: PathBuf,
    /// The device and the number of the root, by which it is known again.
    identity: (u64, u64),
    // Never held while a watch is added or removed: the thread that does it may be waiting for this
    // lock to note an event.
    pending: Mutex<Pending>,
    wake: Condvar,
}

impl Watcher {
    /// Watches the entries of this folder, not those of the folders in it. What changes is sent a
    /// few times a second at most; while the channel is full it is collected, nothing is lost.
    ///
    /// # Errors
    /// There is no such folder, it may not be read, or a limit of the system is reached.
    pub fn start(root: &Path, changes: mpsc::Sender<Change>) -> Result<Self, WatchError> {
        let root = root.canonicalize().map_err(|error| WatchError::of_io(root, &error))?;
        let name = root.to_string_lossy().into_owned();
        let identity = identity(&root).ok_or_else(|| WatchError::NoFolder {
            path: name.clone(),
            reason: "it is not a folder".to_owned(),
        })?;
        let shared = Arc::new(Shared {
            root,
            identity,
            pending: Mutex::new(Pending::default()),
            wake: Condvar::new(),
        });
        let noting = Arc::clone(&shared);
        let mut watches = notify::recommended_watcher(move |event| noting.note(&event))
            .map_err(|error| WatchError::of_notify(&name, &error))?;
        watches
            .watch(&shared.root, RecursiveMode::NonRecursive)
            .map_err(|error| WatchError::of_notify(&name, &error))?;
        let watches = Arc::new(Mutex::new(watches));
        let teller = Teller { shared: Arc::clone(&shared), watches: Arc::clone(&watches), changes };
        std::thread::Builder::new()
            .name("file-tree".to_owned())
            .spawn(move || teller.run())
            .map_err(|error| WatchError::Other(error.to_string()))?;
        Ok(Self { shared, watches })
    }

    /// Watches a folder as well, relative to the workspace. List its entries after this, not before:
    /// then no change is missed. Should the folder go and come back later, it is watched again.
    ///
    /// # Errors
    /// The path leads out of the workspace, a part of it is a link or no folder, or a limit of the
    /// system is reached.
    pub fn watch_folder(&self, relative: &str) -> Result<(), WatchError> {
        folder::check(&self.shared.root, relative)?;
        let Some(name) = clean(relative).filter(|name| !name.is_empty()) else { return Ok(()) };
        let mut watches = lock(&self.watches);
        self.shared.lock().wanted.insert(name.clone());
        let added = watch(&mut watches, &self.shared.root, &name);
        if added.is_err() {
            self.shared.lock().wanted.remove(&name);
        }
        added
    }

    /// Watches a folder no longer. One that is not watched, and the workspace itself, are left as
    /// they are.
    pub fn unwatch_folder(&self, relative: &str) {
        let Some(name) = clean(relative) else { return };
        let mut watches = lock(&self.watches);
        if self.shared.lock().wanted.remove(&name) {
            forget(&mut watches, &self.shared.root, &name);
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.shared.lock().stopped = true;
        self.shared.wake.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Pending> {
        lock(&self.pending)
    }

    fn note(&self, event: &notify::Result<notify::Event>) {
        let mut pending = self.lock();
        let was_empty = pending.is_empty();
        pending.note(&self.root, event);
        if was_empty && !pending.is_empty() {
            self.wake.notify_all();
        }
    }
}

/// The thread that tells the changes. It waits without being woken while nothing happens.
struct Teller {
    shared: Arc<Shared>,
    watches: Arc<Mutex<RecommendedWatcher>>,
    changes: mpsc::Sender<Change>,
}

impl Teller {
    fn run(&self) {
        let mut pause = PAUSE;
        loop {
            // A burst that goes on while the last change was told is told less often.
            pause =
                if self.shared.lock().is_empty() { PAUSE } else { (pause * 2).min(LONGEST_PAUSE) };
            if !self.wait_for_change() || !self.wait(pause) {
                return;
            }
            let permit = loop {
                match self.changes.try_reserve() {
                    Ok(permit) => break permit,
                    Err(TrySendError::Full(())) if self.wait(RETRY) => {}
                    Err(TrySendError::Full(()) | TrySendError::Closed(())) => return,
                }
            };
            let removed = self.shared.lock().root == Root::Removed;
            if removed || identity(&self.shared.root) != Some(self.shared.identity) {
                let root = self.shared.root.display();
                permit.send(Change::Gone(format!("the folder {root} was moved or removed")));
                return;
            }
            let taken = self.shared.lock().take();
            if let Some(change) = self.settle(taken) {
                permit.send(change);
            }
        }
    }

    /// Waits until there is something to tell; whether it is still wanted.
    fn wait_for_change(&self) -> bool {
        let wait = |pending: &mut Pending| pending.is_empty() && !pending.stopped;
        let pending = self.shared.wake.wait_while(self.shared.lock(), wait);
        !pending.unwrap_or_else(PoisonError::into_inner).stopped
    }

    /// Waits this long; whether the changes are still wanted.
    fn wait(&self, time: Duration) -> bool {
        let wait = |pending: &mut Pending| !pending.stopped;
        let waited = self.shared.wake.wait_timeout_while(self.shared.lock(), time, wait);
        !waited.unwrap_or_else(PoisonError::into_inner).0.stopped
    }

    /// Puts the watches right and says what there is to tell, if anything.
    fn settle(&self, taken: Taken) -> Option<Change> {
        let Taken { mut folders, suspects, everything } = taken;
        if everything {
            self.watch_again(|_| true);
            return Some(Change::Everything);
        }
        if !suspects.is_empty() {
            let suspect = |name: &str| suspects.iter().any(|entry| folder::is_within(name, entry));
            folders.extend(self.watch_again(suspect));
        }
        // A folder that is gone is told by the one that held it.
        folders.retain(|name| folder::check(&self.shared.root, name).is_ok());
        if folders.is_empty() { None } else { Some(Change::Folders(folders.into_iter().collect())) }
    }

    /// Watches the wanted folders anew whose watch may be on what is no longer there; those that
    /// exist.
    fn watch_again(&self, which: impl Fn(&str) -> bool) -> BTreeSet<String> {
        let mut watches = lock(&self.watches);
        let mut names = self.shared.lock().wanted.clone();
        names.retain(|name| which(name));
        let root = &self.shared.root;
        names.retain(|name| {
            forget(&mut watches, root, name);
            if folder::check(root, name).is_err() {
                return false;
            }
            if let Err(error) = watch(&mut watches, root, name) {
                tracing::warn!(folder = name, %error, "a folder of the tree is no longer watched");
            }
            true
        });
        names
    }
}

/// Adds a watch on a folder that was checked, and checks it again: what is watched may have been
/// replaced by a link in between.
fn watch(watches: &mut RecommendedWatcher, root: &Path, name: &str) -> Result<(), WatchError> {
    watches
        .watch(&folder::absolute(root, name), RecursiveMode::NonRecursive)
        .map_err(|error| WatchError::of_notify(name, &error))?;
    folder::check(root, name).inspect_err(|_| forget(watches, root, name))
}

fn forget(watches: &mut RecommendedWatcher, root: &Path, name: &str) {
    if let Err(error) = watches.unwatch(&folder::absolute(root, name)) {
        // The system drops the watch of a folder that is removed by itself.
        tracing::trace!(folder = name, %error, "nothing to unwatch");
    }
}

/// The path without `.` and double slashes; none where it leads out.
fn clean(relative: &str) -> Option<String> {
    folder::parts(relative).map(|parts| parts.join("/"))
}

/// By what a folder is known again, wherever it is moved; none where it is no folder.
fn identity(root: &Path) -> Option<(u64, u64)> {
    let metadata = fs::symlink_metadata(root).ok().filter(fs::Metadata::is_dir)?;
    Some((metadata.dev(), metadata.ino()))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
