//! Undoing in a stored session that is not open in a window: for the terminal.

use super::{Interrupted, Undo, UndoLimits};
use crate::calls::Call;
use crate::unfinished::Unfinished;
use crate::{AgentError, Folders};
use countersign_guard::{Policy, PolicySettings, Supervisor, Workspace};
use countersign_protocol::{CallId, ChangeScope, Event, Reverted, SessionChanges, SessionSummary};
use countersign_store::{Journal as _, SessionLock, Store};
use std::path::Path;

/// What a stored session changed, and the means to take it back.
pub struct StoredUndo {
    store: Store,
    undo: Undo,
    summary: SessionSummary,
    lock: Option<SessionLock>,
}

impl StoredUndo {
    /// Opens what is kept of a session.
    pub fn open(folders: &Folders, summary: &SessionSummary) -> Result<Self, AgentError> {
        let failed = |error| AgentError::system("this program cannot be found", error);
        let workspace = Workspace::open(
            Path::new(&summary.workspace),
            &folders.private(),
            Policy::new(PolicySettings::default(), Vec::new()),
            Supervisor::this_program().map_err(failed)?,
            Vec::new(),
        )
        .map_err(AgentError::Workspace)?;
        let lock = SessionLock::take(folders.data(), &summary.id)?;
        let store = Store::open(folders.data())?;
        let limits = crate::Settings::load(folders.settings_file(), crate::Overrides::default())
            .map_or_else(|_| UndoLimits::default(), |settings| settings.undo);
        let mut undo = Undo::open(&workspace, summary.id.clone(), folders.data(), limits)?;
        undo.only_looks = lock.is_none();
        if lock.is_some()
            && let Some(unfinished) = Unfinished::of(&store.events(&summary.id, 0)?)
        {
            let of = |call: &Call| Interrupted::of(call, &summary.workspace);
            undo.recover_now(unfinished.started().iter().map(of).collect())?;
        }
        Ok(Self { store, undo, summary: summary.clone(), lock })
    }

    /// What the session changed, against its start.
    pub fn changes(&self) -> Result<SessionChanges, AgentError> {
        Ok(self.undo.changes(&self.store.events(&self.summary.id, 0)?)?)
    }

    /// Takes back what a scope means. Refused while another program has the session open.
    pub fn revert(&self, scope: ChangeScope) -> Result<Reverted, AgentError> {
        if self.lock.is_none() {
            return Err(AgentError::state(
                "Another Countersign has this session open.",
                "Take its changes back there, or close it first. Nothing was changed.",
            ));
        }
        let id = &self.summary.id;
        let events = self.store.events(id, 0)?;
        let act = new_act();
        let started = Event::RevertStarted { act: act.clone(), scope: scope.clone() };
        self.store.append(id, started)?;
        let reverted = self.undo.revert(&act, &scope, &[], &events)?;
        let Reverted { restored, left, .. } = reverted.clone();
        self.store.append(id, Event::ChangesReverted { act, scope, restored, left })?;
        Ok(reverted)
    }
}

/// The name of an act of taking back.
pub(crate) fn new_act() -> CallId {
    CallId::new(format!("revert_{}", uuid::Uuid::now_v7().simple()))
}
