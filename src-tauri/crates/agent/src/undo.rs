//! Undoing: what stood in the workspace before each act is kept, and can be put back.
//!
//! The last known state of the workspace (the index) is brought to what stands there before each act and
//! after it; the difference is what the act changed. Nothing acts before what it may overwrite is kept,
//! as far as that can be kept at all: what is not is told.

mod acts;
mod baseline;
mod chain;
mod changes;
mod index;
mod reach;
mod recover;
mod revert;
mod stored;
#[cfg(test)]
mod tests;

pub(crate) use acts::Begun;
pub(crate) use changes::named;
pub(crate) use recover::Interrupted;
pub use stored::StoredUndo;
pub(crate) use stored::new_act;

use crate::AgentError;
use crate::words::sentence;
use acts::{Act, EndedAct};
use countersign_guard::{GuardError, Policy, PolicySettings, Workspace};
use countersign_protocol::{CallId, FileDelta, SessionId, UndoState};
use countersign_store::{Checkpoints, StoreError};
use countersign_watch::Dirt;
use index::{Index, Pending};
use reach::Reach;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long an act waits for the first copy of the workspace: a small one is copied by then.
const PATIENCE: Duration = Duration::from_secs(2);

/// How much is kept.
#[derive(Clone, Copy, Debug)]
pub struct UndoLimits {
    /// Bytes of the largest file that is kept.
    pub file: u64,
    /// Bytes on disk that may be taken for one workspace.
    pub budget: u64,
}

impl Default for UndoLimits {
    fn default() -> Self {
        Self { file: 10 * 1024 * 1024, budget: 2 * 1024 * 1024 * 1024 }
    }
}

/// Why undoing failed. Where it was to come before an act, the act is not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UndoError {
    /// What is kept could not be stored or read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The workspace cannot be read.
    #[error(transparent)]
    Guard(#[from] GuardError),
    /// The person stopped it.
    #[error("it was stopped")]
    Stopped,
}

impl From<UndoError> for AgentError {
    fn from(error: UndoError) -> Self {
        match error {
            UndoError::Store(error) => error.into(),
            UndoError::Guard(error) => Self::Workspace(error),
            UndoError::Stopped => Self::state("It was stopped.", "Nothing was changed."),
        }
    }
}

/// The kept states of one workspace, for one session.
pub(crate) struct Undo {
    workspace: Workspace,
    session: SessionId,
    checkpoints: Checkpoints,
    limits: UndoLimits,
    state: Mutex<State>,
    changed: Condvar,
    progress: Progress,
    stop: CancellationToken,
    /// Whether a copy is being made.
    copying: AtomicBool,
    /// Whether the session is another program's, whose index is not to learn what its acts under way did.
    pub(crate) only_looks: bool,
}

#[derive(Default)]
struct State {
    index: Index,
    dirt: Option<Dirt>,
    /// Whether the index knows of all that stands there, be it only that it does.
    surveyed: bool,
    /// Acts under way: what stands there now may be theirs, and is not taken for the state before.
    acting: Vec<Act>,
    /// Acts that ended and whose changes are not recorded yet: before anything else is looked at, it is
    /// tried again.
    ended: Vec<EndedAct>,
    /// Acts that were interrupted, by the end of the program or by a disk that failed; the same.
    interrupted: Vec<Act>,
    /// What of the index could not be stored yet; the same.
    pending: Pending,
}

#[derive(Default)]
struct Progress {
    done: AtomicU32,
    total: AtomicU32,
    bytes: AtomicU64,
    failed: AtomicBool,
    /// Whether all that can be kept is kept. Not behind the state's lock, which is held for as long as the
    /// workspace is looked through: the window's state is told meanwhile.
    ready: AtomicBool,
    /// Whether the room on disk is used up: what is not copied by then is not copied.
    full: AtomicBool,
}

impl Undo {
    /// Opens what is kept of a workspace. Nothing is copied yet: see [`Self::start_baseline`].
    pub(crate) fn open(
        workspace: &Workspace,
        session: SessionId,
        data: &Path,
        limits: UndoLimits,
    ) -> Result<Self, StoreError> {
        let checkpoints = Checkpoints::open(data, workspace.path())?;
        let index = Index::load(&checkpoints)?;
        let bytes = checkpoints.size()?;
        Ok(Self {
            workspace: workspace.under(Policy::new(PolicySettings::default(), Vec::new())),
            session,
            checkpoints,
            limits,
            state: Mutex::new(State { index, ..State::default() }),
            changed: Condvar::new(),
            progress: Progress { bytes: AtomicU64::new(bytes), ..Progress::default() },
            stop: CancellationToken::new(),
            copying: AtomicBool::new(false),
            only_looks: false,
        })
    }

    /// What the person is told where what was kept was damaged when it was opened.
    pub(crate) fn damage(&self) -> Option<String> {
        self.checkpoints.set_aside().map(crate::aside::damage_of_undo)
    }

    /// Bytes of the largest file that is kept.
    pub(crate) fn largest(&self) -> u64 {
        self.limits.file
    }

    /// What the window is told.
    pub(crate) fn told(&self) -> UndoState {
        UndoState {
            ready: self.progress.ready.load(Ordering::Relaxed),
            done: self.progress.done.load(Ordering::Relaxed),
            total: self.progress.total.load(Ordering::Relaxed),
            bytes: self.progress.bytes.load(Ordering::Relaxed),
            budget: self.limits.budget,
        }
    }

    /// What a command's card says where undoing it would be incomplete.
    pub(crate) fn card_note(&self) -> Option<String> {
        self.wait_until_ready(PATIENCE / 2);
        let told = self.told();
        if told.ready {
            return None;
        }
        Some(if self.progress.failed.load(Ordering::Relaxed) {
            "What it changes could NOT be undone: the workspace cannot be copied.".to_owned()
        } else if self.progress.full.load(Ordering::Relaxed) {
            let room = told.budget / (1024 * 1024);
            format!(
                "What it changes could be undone only in part: {} of {} files are copied, and the {room} MB for undoing are used up (undo_budget_mb).",
                told.done, told.total
            )
        } else if told.total == 0 {
            "What it changes could not be undone yet: the workspace is still being looked through."
                .to_owned()
        } else {
            format!(
                "What it changes could be undone only in part: {} of {} files are copied so far.",
                told.done, told.total
            )
        })
    }

    /// The changes of a session that are recorded.
    fn recorded(&self) -> Result<Vec<countersign_store::RecordedAct>, StoreError> {
        self.checkpoints.recorded(&self.session)
    }

    /// Drops what is oldest where the budget is passed, but nothing of this session.
    pub(crate) fn trim(&self) {
        let trimmed =
            self.checkpoints.trim(self.limits.budget, std::slice::from_ref(&self.session));
        match trimmed {
            Ok(trimmed) if !trimmed.sessions.is_empty() => {
                tracing::info!(
                    "changes of {} sessions can no longer be undone",
                    trimmed.sessions.len()
                );
            }
            Ok(_) => {}
            Err(error) => tracing::warn!("what is kept for undoing was not trimmed: {error}"),
        }
        self.measure();
    }

    fn measure(&self) {
        if let Ok(bytes) = self.checkpoints.size() {
            self.progress.bytes.store(bytes, Ordering::Relaxed);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits a little for the copy of the workspace, where one is being made.
    fn wait_until_ready(&self, time: Duration) {
        let state = self.lock();
        let waits = |_: &mut State| {
            !self.progress.ready.load(Ordering::Relaxed)
                && self.copying.load(Ordering::Relaxed)
                && !self.progress.failed.load(Ordering::Relaxed)
                && !self.progress.full.load(Ordering::Relaxed)
        };
        drop(self.changed.wait_timeout_while(state, time, waits));
    }

    /// Takes what changed since the last act for the person's: it is kept, and no act of the session.
    fn absorb(
        &self,
        state: &mut State,
        reach: &Reach,
        stop: &CancellationToken,
    ) -> Result<(), UndoError> {
        self.settle(state, stop)?;
        let (_, pending) = self.compare(state, reach, stop)?;
        Ok(self.keep(state, pending)?)
    }

    /// Brings the index to what stands there now, but for what acts under way may have done, keeps its
    /// content, and gives the differences.
    fn compare(
        &self,
        state: &mut State,
        reach: &Reach,
        stop: &CancellationToken,
    ) -> Result<(Vec<FileDelta>, Pending), UndoError> {
        let paths = match reach {
            Reach::Nothing => return Ok((Vec::new(), Pending::default())),
            Reach::File(path) => Some(BTreeSet::from([path.clone()])),
            // All that is told of by now may be that act's, and is still to be told at its end.
            Reach::Anything if state.acting.iter().any(|act| act.reach == Reach::Anything) => {
                return Ok((Vec::new(), Pending::default()));
            }
            // What was changed by another name of the same file is told under that name only.
            Reach::Anything => state.dirt.as_ref().and_then(Dirt::take).map(|mut paths| {
                paths.extend(state.index.linked());
                paths
            }),
        };
        let compared = state.index.bring_to_now(&self.reading(stop), paths.as_ref(), &state.acting);
        if compared.is_err() && *reach == Reach::Anything {
            // What it had told is known no more: all is looked through from now on.
            state.dirt = None;
        }
        compared
    }

    fn record(&self, call: &CallId, deltas: &[FileDelta]) -> Result<(), StoreError> {
        if deltas.is_empty() {
            return Ok(());
        }
        self.checkpoints.record(&self.session, call, deltas)
    }

    /// Stores the index's changes, after what they came from was recorded.
    fn keep(&self, state: &mut State, pending: Pending) -> Result<(), StoreError> {
        state.pending.add(pending);
        self.store_index(state)
    }

    fn store_index(&self, state: &mut State) -> Result<(), StoreError> {
        if !self.only_looks {
            state.pending.store(&self.checkpoints)?;
        }
        state.pending = Pending::default();
        Ok(())
    }
}

impl Drop for Undo {
    fn drop(&mut self) {
        self.stop.cancel();
        self.changed.notify_all();
    }
}

/// What a person is told where undoing failed before an act.
pub(crate) fn not_kept(error: &UndoError) -> String {
    format!(
        "{} What would be overwritten could not be kept, so nothing was done.",
        sentence(&error.to_string())
    )
}
