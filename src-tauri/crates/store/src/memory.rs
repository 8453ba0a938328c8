//! A journal without a disk, for tests of what stands above it.

use crate::StoreError;
use crate::journal::{Journal, now, unstored};
use countersign_protocol::{Envelope, Event, SessionId};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Keeps events in memory.
#[derive(Debug, Default)]
pub struct MemoryJournal {
    sessions: Mutex<HashMap<SessionId, Vec<Envelope>>>,
}

impl Journal for MemoryJournal {
    fn append(&self, session: &SessionId, event: Event) -> Result<Envelope, StoreError> {
        if !event.is_stored() {
            return Ok(unstored(session, event));
        }
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let events = sessions.entry(session.clone()).or_default();
        let seq = Some(events.len() as u64 + 1);
        let envelope = Envelope { seq, session: session.clone(), time: now(), event };
        events.push(envelope.clone());
        Ok(envelope)
    }

    fn events(&self, session: &SessionId, since: u64) -> Result<Vec<Envelope>, StoreError> {
        let sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let events = sessions.get(session).map(Vec::as_slice).unwrap_or_default();
        Ok(events.iter().filter(|event| event.seq > Some(since)).cloned().collect())
    }
}
