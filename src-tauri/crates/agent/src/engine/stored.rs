//! What a person does with whole sessions: opened, named, archived, removed, forked, written to a file
//! and brought in.

use super::shared::{Shared, Which};
use crate::sessions::fork;
use crate::whole::write_whole;
use crate::{AgentError, import_session, to_json_lines, to_markdown};
use countersign_protocol::{Envelope, Event, ExportFormat, SessionId};
use countersign_store::Journal as _;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::sync::Arc;

impl Shared {
    /// Opens a stored session with its folder.
    pub(super) fn open_session(self: &Arc<Self>, id: &SessionId) -> Result<(), AgentError> {
        if self.current().is_some_and(|session| session.id() == id) {
            return Ok(());
        }
        self.must_be_idle()?;
        let summary = self.store.session(id)?;
        let folder = Path::new(&summary.workspace);
        if !folder.is_dir() {
            return Err(AgentError::state(
                format!("The folder of that session is gone: {}.", summary.workspace),
                "Put it back, or export the session to read it.",
            ));
        }
        let first = self.store.events(id, 0)?.into_iter().next();
        let tour = first.is_some_and(|first| is_tour(&first));
        self.open_folder(folder, tour, Which::Stored(id.clone()))
    }

    pub(super) fn rename_session(&self, id: &SessionId, title: &str) -> Result<(), AgentError> {
        let renamed = Event::SessionRenamed { title: title.trim().to_owned() };
        match self.current().filter(|session| session.id() == id) {
            Some(session) => session.note(renamed)?,
            None => drop(self.store.append(id, renamed)?),
        }
        self.tell();
        Ok(())
    }

    pub(super) fn archive_session(&self, id: &SessionId, off: bool) -> Result<(), AgentError> {
        self.store.archive_session(id, off)?;
        self.tell();
        Ok(())
    }

    /// Removes a session for good. The open one is closed for a new one first.
    pub(super) fn delete_session(self: &Arc<Self>, id: &SessionId) -> Result<(), AgentError> {
        if self.current().is_some_and(|session| session.id() == id) {
            self.must_be_idle()?;
            let (folder, tour) = self.place()?;
            self.open_folder(&folder, tour, Which::New)?;
        }
        self.store.delete_session(id)?;
        self.tell();
        Ok(())
    }

    /// Makes a session of all that came before a message and opens it, with the message as its draft.
    pub(super) fn fork_session(
        self: &Arc<Self>,
        id: &SessionId,
        before: u64,
    ) -> Result<(), AgentError> {
        self.must_be_idle()?;
        let fork = fork(&self.store, id, before)?;
        self.open_session(&fork)
    }

    pub(super) fn import(self: &Arc<Self>, path: &Path) -> Result<(), AgentError> {
        let what = || format!("{} cannot be read", path.display());
        let file = File::open(path).map_err(|error| AgentError::system(what(), error))?;
        let id = import_session(&self.folders, BufReader::new(file))?;
        let summary = self.store.session(&id)?;
        self.notice(format!("The session \"{}\" was brought in.", summary.title));
        Ok(())
    }

    /// Writes a session to a file, whole or not at all.
    pub(super) fn export(
        &self,
        id: &SessionId,
        format: ExportFormat,
        path: &Path,
    ) -> Result<(), AgentError> {
        let events = self.store.events(id, 0)?;
        let text = match format {
            ExportFormat::Markdown => to_markdown(&events),
            ExportFormat::Jsonl => to_json_lines(&events)?,
        };
        write_whole(path, &text)?;
        self.notice(format!("The session was written to {}.", path.display()));
        Ok(())
    }
}

fn is_tour(first: &Envelope) -> bool {
    matches!(&first.event, Event::SessionStarted { provider, .. } if provider == "tour")
}
