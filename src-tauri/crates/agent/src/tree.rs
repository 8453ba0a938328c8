//! The live file tree of the open workspace.

use crate::AgentError;
use crate::queue::Hub;
use countersign_guard::text::reveal_line;
use countersign_guard::{Listed, View};
use countersign_protocol::{Feed, FolderListing};
use countersign_watch::{Change, Git, GitChange, Ignores, Watcher, count_files, spawn_background};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};

/// The least time between two counts of all files.
const RECOUNT: Duration = Duration::from_secs(5);

/// The least time between two words that files may have changed.
const TOUCHED: Duration = Duration::from_millis(300);

/// What the tree learns that is part of the window's state.
pub(crate) enum Learned {
    /// How many files there are.
    Files(u32),
    /// The branch that is checked out, as drawn, or the short id of a commit; none without git.
    Branch(Option<String>),
    /// The folder is gone: what happened.
    Gone(String),
}

/// Watches the folders that are shown. Dropping it ends the watch.
pub(crate) struct Tree {
    watcher: Watcher,
    ignores: Arc<Mutex<Ignores>>,
    git: Arc<Git>,
    stop: Arc<AtomicBool>,
}

impl Tree {
    /// Watches `root`; changes go to the hub, and `learned` is called with what else is found.
    pub(crate) fn start(
        root: &Path,
        hub: Arc<Hub>,
        learned: impl Fn(Learned) + Send + Sync + 'static,
    ) -> Result<Self, AgentError> {
        let (sender, changes) = mpsc::channel(64);
        let watcher = Watcher::start(root, sender)?;
        let ignores = Arc::new(Mutex::new(Ignores::load(root)));
        let stop = Arc::new(AtomicBool::new(false));
        let learned = Arc::new(learned);
        let git = Arc::new(follow_git(root, &hub, Arc::clone(&learned)));
        tokio::spawn(tell_when_touched(hub.touched(), Arc::downgrade(&hub), Arc::downgrade(&git)));
        let follow = Follow {
            root: root.to_owned(),
            hub,
            ignores: Arc::clone(&ignores),
            git: Arc::downgrade(&git),
            stop: Arc::clone(&stop),
        };
        tokio::spawn(follow.run(changes, learned));
        Ok(Self { watcher, ignores, git, stop })
    }

    /// The first entries of a folder, which is watched from now on.
    pub(crate) fn list(
        &self,
        view: &View,
        folder: &str,
        first: usize,
    ) -> Result<FolderListing, AgentError> {
        // Watched first: a change between the two is then told.
        if let Err(error) = self.watcher.watch_folder(folder) {
            tracing::warn!("{folder} is not watched: {error}");
        }
        let Listed { mut entries, more, omitted } = view.list(folder, first).map_err(|error| {
            self.watcher.unwatch_folder(folder);
            AgentError::state(error.to_string(), "It may have been removed meanwhile.")
        })?;
        let ignores = self.ignores.lock().unwrap_or_else(PoisonError::into_inner);
        for entry in &mut entries {
            let is_folder = entry.kind == countersign_protocol::EntryKind::Folder;
            entry.ignored = ignores.is_ignored(&entry.path, is_folder);
            // What is left out in a folder that git does not know is not new to it.
            entry.git = if entry.ignored { None } else { self.git.state(&entry.path) };
        }
        let count = |count| u32::try_from(count).unwrap_or(u32::MAX);
        Ok(FolderListing {
            path: folder.to_owned(),
            entries,
            more: count(more),
            omitted: count(omitted),
        })
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
    }
}

/// Follows what git says of the entries, and tells what changed of it.
fn follow_git(
    root: &Path,
    hub: &Arc<Hub>,
    learned: Arc<impl Fn(Learned) + Send + Sync + 'static>,
) -> Git {
    let hub = Arc::clone(hub);
    Git::start(root, move |change| {
        let GitChange { branch, folders, everything } = change;
        if everything {
            hub.publish(&Feed::Tree { folders: Vec::new() });
        } else if !folders.is_empty() {
            hub.publish(&Feed::Tree { folders });
        }
        learned(Learned::Branch(branch.map(|name| reveal_line(&name).shown)));
    })
}

/// Tells when files may have changed, and has git's states looked at anew then, for as long as they are shown.
async fn tell_when_touched(mut touched: watch::Receiver<u64>, hub: Weak<Hub>, git: Weak<Git>) {
    while touched.changed().await.is_ok() {
        let (Some(hub), Some(git)) = (hub.upgrade(), git.upgrade()) else { return };
        git.refresh();
        hub.publish(&Feed::Touched);
        drop((hub, git));
        tokio::time::sleep(TOUCHED).await;
    }
}

struct Follow {
    root: PathBuf,
    hub: Arc<Hub>,
    ignores: Arc<Mutex<Ignores>>,
    git: Weak<Git>,
    stop: Arc<AtomicBool>,
}

impl Follow {
    async fn run(
        self,
        mut changes: mpsc::Receiver<Change>,
        learned: Arc<impl Fn(Learned) + Send + Sync + 'static>,
    ) {
        let mut recount = true;
        loop {
            if std::mem::take(&mut recount) {
                let counted = self.count().await;
                if self.stop.load(Ordering::SeqCst) {
                    return;
                }
                learned(Learned::Files(u32::try_from(counted).unwrap_or(u32::MAX)));
            }
            let Some(first) = changes.recv().await else { return };
            if self.tell(first, &*learned) {
                return;
            }
            // What follows soon is told at once; the files are counted again when the burst is over.
            let until = tokio::time::Instant::now() + RECOUNT;
            while let Ok(Some(change)) = tokio::time::timeout_at(until, changes.recv()).await {
                if self.tell(change, &*learned) {
                    return;
                }
            }
            recount = true;
        }
    }

    /// How many files there are; none where that cannot be found out.
    async fn count(&self) -> usize {
        let (root, stop) = (self.root.clone(), Arc::clone(&self.stop));
        let (sender, counted) = oneshot::channel();
        let spawned = spawn_background("file-count", move || {
            let _ = sender.send(count_files(&root, &stop));
        });
        if let Err(error) = spawned {
            tracing::warn!("the files are not counted: {error}");
        }
        counted.await.unwrap_or(0)
    }

    /// Tells a change; whether it was the last one.
    fn tell(&self, change: Change, learned: &impl Fn(Learned)) -> bool {
        let folders = match change {
            Change::Folders(folders) => folders,
            Change::Everything => Vec::new(),
            Change::Gone(what) => {
                learned(Learned::Gone(what));
                return true;
            }
        };
        *self.ignores.lock().unwrap_or_else(PoisonError::into_inner) = Ignores::load(&self.root);
        self.hub.publish(&Feed::Tree { folders });
        if let Some(git) = self.git.upgrade() {
            git.refresh();
        }
        false
    }
}
