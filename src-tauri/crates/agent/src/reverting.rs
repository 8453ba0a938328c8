//! What the person does about a session's changes: looks at them, and takes them back.

use crate::AgentError;
use crate::session::Session;
use crate::undo::{UndoError, new_act};
use countersign_protocol::{
    CallId, ChangeScope, Event, Reverted, SeenPath, SessionChanges, ThreeWay, UndoState,
};

impl Session {
    /// What the person is told where what was kept for undoing was damaged.
    pub(crate) fn damage(&self) -> Option<String> {
        self.core.undo.damage()
    }

    /// How far the copy is that undoing needs.
    #[must_use]
    pub fn undo(&self) -> UndoState {
        self.core.undo.told()
    }

    /// What the session changed in its workspace, against its start.
    pub fn changes(&self) -> Result<SessionChanges, AgentError> {
        Ok(self.core.undo.changes(&self.events(0)?)?)
    }

    /// The texts of a file that the person changed since the session did.
    pub fn three_way(&self, path: &str) -> Result<ThreeWay, AgentError> {
        self.core.undo.three_way(path)?.ok_or_else(|| {
            AgentError::state("The session did not change that file.", "Look at the list again.")
        })
    }

    /// Takes back what a scope means. Files that the person changed since are left, but for those in
    /// `overwrite`, as far as they are still what the person saw.
    pub fn revert(
        &self,
        scope: &ChangeScope,
        overwrite: &[SeenPath],
    ) -> Result<Reverted, AgentError> {
        self.take_back(scope.clone(), |act| {
            self.core.undo.revert(act, scope, overwrite, &self.events(0)?)
        })
    }

    /// Takes the session's changes of a file back and keeps the person's.
    pub fn revert_merged(&self, seen: &SeenPath) -> Result<Reverted, AgentError> {
        let scope = ChangeScope::File { path: seen.path.clone(), turn: None };
        self.take_back(scope, |act| self.core.undo.revert_merged(act, seen))
    }

    fn take_back(
        &self,
        scope: ChangeScope,
        work: impl FnOnce(&CallId) -> Result<Reverted, UndoError>,
    ) -> Result<Reverted, AgentError> {
        if self.is_busy() {
            return Err(AgentError::state("A run is under way.", "Stop it first."));
        }
        let act = new_act();
        self.note(Event::RevertStarted { act: act.clone(), scope: scope.clone() })?;
        let reverted = work(&act)?;
        let Reverted { restored, left, .. } = reverted.clone();
        self.note(Event::ChangesReverted { act, scope, restored, left })?;
        self.core.told();
        Ok(reverted)
    }
}
