//! Sessions as a whole, for a program that lists, exports and brings them in.

use crate::{AgentError, Folders, damage_of};
use countersign_protocol::{DraftOf, Envelope, Event, SessionHit, SessionId, SessionSummary};
use countersign_store::{Journal as _, Store, StoreError};
use std::io::BufRead;

/// The stored sessions. Makes no data folder where there is none.
pub struct Sessions(Option<Store>);

impl Sessions {
    /// Opens the sessions of the data folder.
    pub fn open(folders: &Folders) -> Result<Self, AgentError> {
        Ok(Self(Store::open_existing(folders.data())?))
    }

    /// What the person is told where the database was damaged when it was opened.
    #[must_use]
    pub fn damage(&self) -> Option<String> {
        self.0.as_ref().and_then(damage_of)
    }

    /// All sessions, newest first.
    pub fn list(&self) -> Result<Vec<SessionSummary>, AgentError> {
        self.0.as_ref().map_or_else(|| Ok(Vec::new()), |store| Ok(store.sessions()?))
    }

    /// The session that an id, or a beginning of one that no other session has, names.
    pub fn find(&self, id: &str) -> Result<SessionSummary, AgentError> {
        let none = || AgentError::from(StoreError::NoSession(id.to_owned()));
        let all = self.list()?;
        if let Some(exact) = all.iter().find(|session| session.id.as_str() == id) {
            return Ok(exact.clone());
        }
        let mut found = all.into_iter().filter(|session| session.id.as_str().starts_with(id));
        match (found.next(), found.next()) {
            (Some(session), None) if !id.is_empty() => Ok(session),
            (Some(_), Some(_)) => Err(AgentError::state(
                "More than one session has an id that begins so.",
                "Write more of the id.",
            )),
            _ => Err(none()),
        }
    }

    /// All events of a session, in order.
    pub fn events(&self, id: &SessionId) -> Result<Vec<Envelope>, AgentError> {
        Ok(self.store(id)?.events(id, 0)?)
    }

    /// Where all these words were said, the last place first.
    pub fn search(&self, text: &str) -> Result<Vec<SessionHit>, AgentError> {
        self.0.as_ref().map_or_else(|| Ok(Vec::new()), |store| Ok(store.search(text)?))
    }

    /// Gives a session a name; an empty one takes it away.
    pub fn rename(&self, id: &SessionId, title: &str) -> Result<(), AgentError> {
        self.store(id)?.rename_session(id, title.trim())?;
        Ok(())
    }

    /// Takes a session off the list, or puts it back.
    pub fn archive(&self, id: &SessionId, archived: bool) -> Result<(), AgentError> {
        Ok(self.store(id)?.archive_session(id, archived)?)
    }

    /// Makes a session of all that came before one of the person's messages.
    pub fn fork(&self, id: &SessionId, before: u64) -> Result<SessionId, AgentError> {
        fork(self.store(id)?, id, before)
    }

    /// Removes a session for good.
    pub fn delete(&self, id: &SessionId) -> Result<(), AgentError> {
        Ok(self.store(id)?.delete_session(id)?)
    }

    fn store(&self, id: &SessionId) -> Result<&Store, AgentError> {
        self.0.as_ref().ok_or_else(|| StoreError::NoSession(id.to_string()).into())
    }
}

/// Makes a session of all that came before a message of the person's, with that message as its draft.
pub(crate) fn fork(store: &Store, id: &SessionId, before: u64) -> Result<SessionId, AgentError> {
    let events = store.events(id, before.saturating_sub(1))?;
    let Some(Envelope { event: Event::UserMessage { text }, .. }) = events.first() else {
        return Err(AgentError::state(
            "There is no message of yours at that place.",
            "Nothing was changed.",
        ));
    };
    let fork = store.fork_session(id, before)?;
    store.save_draft(&fork, &DraftOf::Message, text)?;
    Ok(fork)
}

/// A session as lines that [`import_session`] takes: one envelope a line.
pub fn to_json_lines(events: &[Envelope]) -> Result<String, AgentError> {
    let mut lines = String::new();
    for envelope in events {
        let line = serde_json::to_string(envelope).map_err(|error| {
            AgentError::system("a session cannot be written as JSON", error.into())
        })?;
        lines += &line;
        lines.push('\n');
    }
    Ok(lines)
}

/// Brings in a session from lines as an export has them: one envelope a line, from the first on and
/// without gaps. What makes no sense is refused as a whole.
pub fn import_session(folders: &Folders, lines: impl BufRead) -> Result<SessionId, AgentError> {
    let refused = |line: usize, why: &str| {
        AgentError::state(
            format!("Line {line} is no event of an exported session: {why}."),
            "Nothing was brought in.",
        )
    };
    let mut events: Vec<Envelope> = Vec::new();
    for (number, line) in (1..).zip(lines.lines()) {
        let line = line.map_err(|error| refused(number, &error.to_string()))?;
        if line.trim().is_empty() {
            continue;
        }
        let envelope: Envelope =
            serde_json::from_str(&line).map_err(|error| refused(number, &error.to_string()))?;
        if envelope.seq != Some(events.len() as u64 + 1) {
            return Err(refused(number, "its seq does not follow"));
        }
        if events.first().is_some_and(|first| first.session != envelope.session) {
            return Err(refused(number, "it is of another session"));
        }
        events.push(envelope);
    }
    let Some(Envelope { session, event: Event::SessionStarted { workspace, .. }, .. }) =
        events.first()
    else {
        return Err(refused(1, "a session begins with session_started"));
    };
    folders.make()?;
    Store::open(folders.data())?.import(session, workspace, &events)?;
    Ok(session.clone())
}
