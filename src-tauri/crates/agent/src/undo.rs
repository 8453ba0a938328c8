//! Undoing: what stood in the workspace before each act is kept, and can be put back.
//!
//! The last known state of the workspace (the index) is brought to what stands there before each act and
//! after it; the difference is what the act changed. Nothing acts before what it may overwrite is kept,
//! as far as that can be kept at all: what is not is told.

mod baseline;
mod chain;
mod changes;
mod index;
mod recover;
mod revert;
mod stored;

pub(crate) use changes::named;
pub(crate) use recover::Interrupted;
pub use stored::StoredUndo;
pub(crate) use stored::new_act;

use crate::AgentError;
use crate::words::sentence;
use countersign_guard::{Action, GuardError, Policy, PolicySettings, Workspace};
use countersign_protocol::{CallId, FileDelta, SessionId, UndoState};
use countersign_store::{Checkpoints, StoreError};
use countersign_watch::Dirt;
use index::{Index, Pending};
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
}

#[derive(Default)]
struct State {
    index: Index,
    dirt: Option<Dirt>,
    /// Whether the index knows of all that stands there, be it only that it does.
    surveyed: bool,
    /// Acts under way: what stands there now may be theirs, and is not taken for the state before.
    acting: u32,
    /// What could not be recorded yet; it is tried again before anything else is done.
    unrecorded: Vec<(CallId, Vec<FileDelta>)>,
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

/// An act that has begun, for which what stood there is kept.
pub(crate) struct Begun {
    scope: ActScope,
}

enum ActScope {
    /// A look: nothing changes.
    Nothing,
    /// One file, and the folders to it.
    Path(Vec<u8>),
    /// Anything in the workspace.
    Anything,
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

    /// Keeps what an act may overwrite. Fails where that cannot be kept; then the act must not be done.
    pub(crate) fn begin(
        &self,
        action: &Action,
        stop: &CancellationToken,
    ) -> Result<Begun, UndoError> {
        let scope = match action {
            Action::Reach(_) => ActScope::Nothing,
            Action::Write(change) | Action::Edit(change) => ActScope::Path(change.place()),
            Action::Exec(_) => ActScope::Anything,
        };
        match &scope {
            ActScope::Nothing => {}
            ActScope::Path(path) => {
                let mut state = self.lock();
                self.record_late(&mut state)?;
                self.absorb(&mut state, &ActScope::Path(path.clone()), stop)?;
                state.acting += 1;
            }
            ActScope::Anything => {
                self.wait_until_ready(PATIENCE);
                let mut state = self.lock();
                self.record_late(&mut state)?;
                if state.surveyed {
                    self.absorb(&mut state, &ActScope::Anything, stop)?;
                } else {
                    self.look_through(&mut state, stop)?;
                }
                state.acting += 1;
            }
        }
        Ok(Begun { scope })
    }

    /// Does something of the person's at a moment when no act is under way, and lets none begin meanwhile:
    /// it is not taken for an act's. None, and nothing was done, where an act goes on for long.
    pub(crate) fn between_acts<T>(&self, work: impl FnOnce() -> T) -> Option<T> {
        let acting = |state: &mut State| state.acting > 0;
        let waited = self.changed.wait_timeout_while(self.lock(), PATIENCE, acting);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let done = (state.acting == 0).then(work);
        drop(state);
        done
    }

    /// Records what an act changed, and gives it.
    pub(crate) fn end(
        &self,
        call: &CallId,
        begun: &Begun,
        stop: &CancellationToken,
    ) -> Result<Vec<FileDelta>, UndoError> {
        if matches!(begun.scope, ActScope::Nothing) {
            return Ok(Vec::new());
        }
        let mut state = self.lock();
        state.acting -= 1;
        let compared = self.compare(&mut state, &begun.scope, stop);
        let recorded = compared.and_then(|(deltas, pending)| {
            self.record(&mut state, call, &deltas)?;
            self.keep(&mut state, pending)?;
            Ok(deltas)
        });
        drop(state);
        self.changed.notify_all();
        recorded
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
        scope: &ActScope,
        stop: &CancellationToken,
    ) -> Result<(), UndoError> {
        let (_, pending) = self.compare(state, scope, stop)?;
        Ok(self.keep(state, pending)?)
    }

    /// Brings the index to what stands there now, keeps its content, and gives the differences.
    fn compare(
        &self,
        state: &mut State,
        scope: &ActScope,
        stop: &CancellationToken,
    ) -> Result<(Vec<FileDelta>, Pending), UndoError> {
        let paths = match scope {
            ActScope::Nothing => return Ok((Vec::new(), Pending::default())),
            ActScope::Path(path) => Some(BTreeSet::from([path.clone()])),
            // What was changed by another name of the same file is told under that name only.
            ActScope::Anything => state.dirt.as_ref().and_then(Dirt::take).map(|mut paths| {
                paths.extend(state.index.linked());
                paths
            }),
        };
        let reading = index::Reading {
            workspace: &self.workspace,
            checkpoints: &self.checkpoints,
            limit: self.limits.file,
            stop,
        };
        let compared = state.index.bring_to_now(&reading, paths.as_ref());
        if compared.is_err() && matches!(scope, ActScope::Anything) {
            // What it had told is known no more: all is looked through from now on.
            state.dirt = None;
        }
        compared
    }

    fn record(
        &self,
        state: &mut State,
        call: &CallId,
        deltas: &[FileDelta],
    ) -> Result<(), StoreError> {
        if deltas.is_empty() {
            return Ok(());
        }
        state.unrecorded.push((call.clone(), deltas.to_vec()));
        self.record_late(state)
    }

    /// Records what could not be recorded when it happened.
    fn record_late(&self, state: &mut State) -> Result<(), StoreError> {
        while let Some((call, deltas)) = state.unrecorded.first() {
            self.checkpoints.record(&self.session, call, deltas)?;
            state.unrecorded.remove(0);
        }
        Ok(())
    }

    /// Stores the index's changes, after what they came from was recorded.
    fn keep(&self, state: &mut State, pending: Pending) -> Result<(), StoreError> {
        state.pending.add(pending);
        state.pending.store(&self.checkpoints)?;
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use countersign_guard::Supervisor;

    #[test]
    fn the_window_is_told_while_the_workspace_is_looked_through() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("folder");
        std::fs::create_dir(&folder).unwrap();
        let policy = Policy::new(PolicySettings::default(), Vec::new());
        let supervisor = Supervisor::this_program().unwrap();
        let workspace = Workspace::open(&folder, &[], policy, supervisor, Vec::new()).unwrap();
        let data = home.path().join("data");
        let undo =
            Undo::open(&workspace, SessionId::new("s"), &data, UndoLimits::default()).unwrap();
        let looked_through = undo.lock();
        std::thread::scope(|scope| {
            assert!(!scope.spawn(|| undo.told()).join().unwrap().ready);
        });
        drop(looked_through);
    }
}
