//! Which paths of a workspace may be others than when they were last asked for.
//!
//! The system's queue is read directly. What a program did stands in it before the program's own call
//! returned, so who reads it to its end has seen everything that happened before; no waiting is
//! needed. Openings are not asked for: a survey of the workspace opens everything, and would flood
//! the queue.

use crate::WatchError;
use crate::watches::{Watches, open_root};
use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};
use rustix::fs::inotify;
use rustix::io::Errno;
use std::collections::BTreeSet;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// Watches on all folders of a workspace that are not left out. Ends when dropped.
#[derive(Debug)]
pub struct Dirt {
    shared: Arc<Shared>,
    reader: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    queue: Arc<OwnedFd>,
    /// Becomes readable when nobody wants to know any more.
    ended: OwnedFd,
    watches: Mutex<Watches>,
}

impl Dirt {
    /// Watches this folder and all folders below it. Links are not followed, other mounts not
    /// entered. `skip` is asked for each folder, by its path from the root, whether it is left out
    /// with all below it; it is asked anew for all when a `.gitignore` or `.ignore` changes. `touched` is
    /// called soon after each change, and must return at once.
    ///
    /// # Errors
    /// There is no such folder, or the system lets no more programs watch. That it lets no more
    /// folders be watched is no error: see [`Self::limit_reached`].
    pub fn start(
        root: &Path,
        skip: impl Fn(&Path) -> bool + Send + Sync + 'static,
        touched: impl Fn() + Send + Sync + 'static,
    ) -> Result<Self, WatchError> {
        let name = root.to_string_lossy();
        let failed = |error: Errno| WatchError::of_notify(&name, &notify::Error::io(error.into()));
        let flags = inotify::CreateFlags::NONBLOCK | inotify::CreateFlags::CLOEXEC;
        let queue = Arc::new(inotify::init(flags).map_err(failed)?);
        let ended = eventfd(0, EventfdFlags::CLOEXEC).map_err(failed)?;
        let folder = open_root(root).map_err(failed)?;
        let watches = Watches::new(Arc::clone(&queue), folder, Box::new(skip), Box::new(touched));
        let shared = Arc::new(Shared { queue, ended, watches: Mutex::new(watches) });
        // The lock makes the reader wait until all stand.
        let mut watches = shared.lock();
        let reading = Arc::clone(&shared);
        let reader = std::thread::Builder::new()
            .name("dirt".to_owned())
            .spawn(move || reading.read())
            .map_err(|error| WatchError::Other(error.to_string()))?;
        watches.watch_all();
        drop(watches);
        Ok(Self { shared, reader: Some(reader) })
    }

    /// The paths that were changed since they were last asked for, relative to the root: by a write,
    /// an mmap that ended, a change of mode, and by coming and going. With a folder all that is below it
    /// may be another. All that happened before this call is among them.
    ///
    /// None where changes were lost, an ignore file changed, or [`Self::limit_reached`]: anything may
    /// be another.
    #[must_use]
    pub fn take(&self) -> Option<BTreeSet<Vec<u8>>> {
        let mut watches = self.shared.lock();
        watches.read_queue();
        watches.take()
    }

    /// Whether the system does not let all folders be watched, or the root is gone. From then on
    /// [`Self::take`] gives none.
    #[must_use]
    pub fn limit_reached(&self) -> bool {
        self.shared.lock().limit_reached()
    }

    /// The folders that are watched.
    #[must_use]
    pub fn folders(&self) -> usize {
        self.shared.lock().len()
    }
}

impl Drop for Dirt {
    fn drop(&mut self) {
        let told = rustix::io::write(&self.shared.ended, &1_u64.to_ne_bytes());
        // Without the word the thread would not end.
        if told.is_ok()
            && let Some(reader) = self.reader.take()
        {
            let _ = reader.join();
        }
    }
}

impl Shared {
    /// Keeps the queue short, so that nothing is lost while nobody asks, and watches new folders.
    fn read(&self) {
        loop {
            let mut ready = [
                PollFd::from_borrowed_fd(self.queue.as_fd(), PollFlags::IN),
                PollFd::from_borrowed_fd(self.ended.as_fd(), PollFlags::IN),
            ];
            match poll(&mut ready, None) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => {
                    tracing::warn!(%error, "changes are no longer read");
                    return;
                }
            }
            if !ready[1].revents().is_empty() {
                return;
            }
            if !ready[0].revents().is_empty() {
                self.lock().read_queue();
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Watches> {
        self.watches.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
