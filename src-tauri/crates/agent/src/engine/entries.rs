//! What the person does to entries of the workspace in the window. It is no act of the session: no card
//! asks, and what undoing keeps sees it as the person's change.

use super::no_workspace;
use super::shared::Shared;
use crate::AgentError;
use countersign_guard::{GuardError, Trash, Workspace};

impl Shared {
    /// Gives an entry another name, or another place in the workspace.
    pub(super) fn rename_entry(&self, path: &str, to: &str) -> Result<(), AgentError> {
        self.change("Nothing was renamed.", |workspace| workspace.rename_entry(path, to))
    }

    /// Moves an entry to the trash.
    pub(super) fn delete_entry(&self, path: &str) -> Result<(), AgentError> {
        let folder = self.trash.as_deref().ok_or_else(|| {
            AgentError::state("The system names no trash.", "Nothing was deleted.")
        })?;
        let now = jiff::ZonedDateTime::now().strftime("%Y-%m-%dT%H:%M:%S").to_string();
        let trash = Trash { folder, now: &now };
        self.change("Nothing was deleted.", |workspace| workspace.trash_entry(path, &trash))
    }

    fn change(
        &self,
        hint: &'static str,
        work: impl FnOnce(&Workspace) -> Result<(), GuardError>,
    ) -> Result<(), AgentError> {
        let session = self.current().ok_or_else(no_workspace)?;
        let done = session.between_acts(|| work(session.workspace())).ok_or_else(|| {
            let why = "The agent is running a command, and what that changes is being recorded.";
            AgentError::state(why, format!("{hint} Stop it, or wait for its end."))
        })?;
        self.hub.touch();
        done.map_err(|error| AgentError::Entry { error, hint })
    }
}
