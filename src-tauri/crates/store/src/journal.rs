//! The journal as the agent sees it.

use crate::StoreError;
use countersign_protocol::{Envelope, Event, SessionId};

/// An append-only record of sessions.
pub trait Journal: Send + Sync {
    /// Stores an event with the next `seq` of its session and gives the envelope. When this returns,
    /// the event outlives a crash. An event that is not to be stored ([`Event::is_stored`]) gets an
    /// envelope without `seq` and touches no disk.
    fn append(&self, session: &SessionId, event: Event) -> Result<Envelope, StoreError>;

    /// The stored events of a session after `since` (0 for all), in order.
    fn events(&self, session: &SessionId, since: u64) -> Result<Vec<Envelope>, StoreError>;
}

/// The time as envelopes carry it: RFC 3339 in UTC, to the millisecond.
pub(crate) fn now() -> String {
    let now = jiff::Timestamp::now();
    format!("{now:.3}")
}

/// An envelope without a place: live only.
pub(crate) fn unstored(session: &SessionId, event: Event) -> Envelope {
    Envelope { seq: None, session: session.clone(), time: now(), event }
}
