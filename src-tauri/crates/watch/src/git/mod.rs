//! What git says of the entries of a workspace, kept up to date by a thread of its own.

mod look;
mod marks;

use crate::background::spawn_background;
use countersign_protocol::GitState;
use look::look;
use marks::{Differing, Marks};
use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long changes are collected before there is a look at them.
const PAUSE: Duration = Duration::from_millis(150);
/// A look is followed by a rest of so many times its length: in a storm of changes it takes a tenth of one
/// processor.
const REST: u32 = 9;

/// What is another than when it was told last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitChange {
    /// The branch that is checked out, or the short id of a commit; none without git.
    pub branch: Option<String>,
    /// The folders whose entries have other states, relative to the workspace; none where the states are
    /// the same and only the branch is another.
    pub folders: Vec<String>,
    /// Whether entries of any folder may have other states.
    pub everything: bool,
}

/// What git says of a workspace's entries. Ends when dropped.
///
/// Git itself is never started, nothing that the repository's configuration names is run, and nothing is
/// written. Where there is no repository, or it cannot be read, no entry has a state.
#[derive(Debug)]
pub struct Git {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    marks: Mutex<Arc<Marks>>,
    asked: Mutex<Asked>,
    wake: Condvar,
    stop: AtomicBool,
}

#[derive(Debug, Default)]
struct Asked {
    /// Whether something may be another than at the last look.
    look: bool,
    stopped: bool,
}

impl Git {
    /// Looks at the repository that this folder lies in, now and whenever it was asked for or the repository
    /// itself changed. `told` is called from the thread that looks.
    pub fn start(root: &Path, told: impl Fn(GitChange) + Send + 'static) -> Self {
        let shared = Arc::new(Shared::default());
        shared.ask();
        let worker = Worker {
            root: root.canonicalize().unwrap_or_else(|_| root.to_owned()),
            shared: Arc::clone(&shared),
            repository: None,
        };
        let spawned = spawn_background("git-state", move || worker.run(told));
        if let Err(error) = spawned {
            tracing::warn!(%error, "the tree shows no states of git");
        }
        Self { shared }
    }

    /// What git said at the last look of an entry that no ignore file leaves out. Of a folder: that something
    /// in it has a state, the gravest of them, or that git does not know it.
    #[must_use]
    pub fn state(&self, relative: &str) -> Option<GitState> {
        self.shared.marks().state(relative)
    }

    /// Says that something may have changed. There is a look at it soon, one at a time and not too often.
    pub fn refresh(&self) {
        self.shared.ask();
    }
}

impl Drop for Git {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        lock(&self.shared.asked).stopped = true;
        self.shared.wake.notify_all();
    }
}

impl Shared {
    fn marks(&self) -> Arc<Marks> {
        Arc::clone(&lock(&self.marks))
    }

    fn ask(&self) {
        lock(&self.asked).look = true;
        self.wake.notify_all();
    }

    /// Waits until a look is asked for; whether it is still wanted.
    fn wait_until_asked(&self) -> bool {
        let idle = |asked: &mut Asked| !asked.look && !asked.stopped;
        let asked = self.wake.wait_while(lock(&self.asked), idle);
        !asked.unwrap_or_else(PoisonError::into_inner).stopped
    }

    /// Waits this long; whether looks are still wanted.
    fn rest(&self, time: Duration) -> bool {
        let resting = |asked: &mut Asked| !asked.stopped;
        let waited = self.wake.wait_timeout_while(lock(&self.asked), time, resting);
        !waited.unwrap_or_else(PoisonError::into_inner).0.stopped
    }
}

struct Worker {
    root: PathBuf,
    shared: Arc<Shared>,
    /// Watches on what changes with a commit, and where.
    repository: Option<(Vec<PathBuf>, RecommendedWatcher)>,
}

impl Worker {
    fn run(mut self, told: impl Fn(GitChange)) {
        let mut next = Instant::now();
        while self.shared.wait_until_asked()
            && self.shared.rest(PAUSE.max(next.saturating_duration_since(Instant::now())))
        {
            lock(&self.shared.asked).look = false;
            let began = Instant::now();
            let marks = Arc::new(self.look());
            if self.shared.stop.load(Ordering::Relaxed) {
                return;
            }
            let took = began.elapsed();
            next = Instant::now() + took * REST;
            tracing::debug!(?took, entries = marks.len(), "looked at git's states");
            let before = std::mem::replace(&mut *lock(&self.shared.marks), Arc::clone(&marks));
            let differing = marks.differing(&before);
            if differing == Differing::Nothing && marks.branch == before.branch {
                continue;
            }
            let (folders, everything) = match differing {
                Differing::Nothing => (Vec::new(), false),
                Differing::Folders(folders) => (folders, false),
                Differing::Everything => (Vec::new(), true),
            };
            told(GitChange { branch: marks.branch.clone(), folders, everything });
        }
    }

    /// Looks once. What cannot be read has no states: a foreign repository may be broken in any way.
    fn look(&mut self) -> Marks {
        let looked = catch_unwind(AssertUnwindSafe(|| look(&self.root, &self.shared.stop)));
        match looked {
            Ok(Ok(Some(found))) => {
                self.watch(found.places);
                found.marks
            }
            Ok(Ok(None)) => Marks::default(),
            Ok(Err(error)) => {
                tracing::info!(root = %self.root.display(), %error, "no states of git are shown");
                Marks::default()
            }
            Err(_) => {
                tracing::error!(root = %self.root.display(), "the repository could not be looked at");
                Marks::default()
            }
        }
    }

    /// Watches what changes with a commit, where it is not watched yet.
    fn watch(&mut self, places: Vec<PathBuf>) {
        if self.repository.as_ref().is_some_and(|(watched, _)| *watched == places) {
            return;
        }
        let shared = Arc::clone(&self.shared);
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            if event.as_ref().map_or(true, tells) {
                shared.ask();
            }
        });
        match watcher {
            Ok(mut watcher) => {
                for place in &places {
                    if let Err(error) = watcher.watch(place, RecursiveMode::NonRecursive) {
                        tracing::debug!(place = %place.display(), %error, "not watched");
                    }
                }
                self.repository = Some((places, watcher));
                // What changed before the watches stood is seen by another look.
                self.shared.ask();
            }
            Err(error) => tracing::warn!(%error, "commits are not seen at once"),
        }
    }
}

/// Whether an event in the repository may change a state. Its locks come and go with every command.
fn tells(event: &Event) -> bool {
    let writes = match event.kind {
        EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_) | EventKind::Any => true,
        EventKind::Access(kind) => kind == AccessKind::Close(AccessMode::Write),
        EventKind::Other => false,
    };
    let is_lock = |path: &PathBuf| path.extension().is_some_and(|end| end == "lock");
    event.need_rescan() || (writes && !event.paths.iter().all(is_lock))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
