//! A new session from the beginning of another.

use crate::{Store, StoreError, derived, sessions};
use countersign_protocol::{Event, ForkPoint, SessionId};
use rusqlite::{OptionalExtension as _, Transaction, TransactionBehavior, params};

impl Store {
    /// Makes a session of all that came before an event of another, in the same workspace: the same events
    /// with the same places and times. Its `session_started` says where it was forked from. Drafts, and what
    /// was recorded for undoing, stay with the other one.
    pub fn fork_session(&self, from: &SessionId, before_seq: u64) -> Result<SessionId, StoreError> {
        let id = SessionId::new(uuid::Uuid::now_v7().to_string());
        self.with(|connection| {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let workspace: String = transaction
                .query_row("SELECT workspace FROM session WHERE id = ?1", [from.as_str()], |row| {
                    row.get(0)
                })
                .optional()?
                .ok_or_else(|| StoreError::NoSession(from.to_string()))?;
            let created = crate::journal::now();
            sessions::insert(&transaction, &id, &workspace, &created)?;
            copy(&transaction, from, &id, before_seq)?;
            derived::remake(&transaction, id.as_str())?;
            transaction.commit()?;
            Ok(())
        })?;
        Ok(id)
    }
}

fn copy(
    transaction: &Transaction<'_>,
    from: &SessionId,
    to: &SessionId,
    before: u64,
) -> Result<(), StoreError> {
    let of_old_and_new = params![to.as_str(), from.as_str(), before];
    let copied = transaction.execute(
        "INSERT INTO event (session, seq, time, body)
         SELECT ?1, seq, time, body FROM event WHERE session = ?2 AND seq < ?3",
        of_old_and_new,
    )?;
    if copied == 0 {
        return Err(StoreError::NothingBefore { session: from.to_string(), seq: before });
    }
    transaction.execute(
        "INSERT INTO said (text, session, seq)
         SELECT text, ?1, seq FROM said WHERE session = ?2 AND seq < ?3",
        of_old_and_new,
    )?;
    let (seq, body): (u64, String) = transaction.query_row(
        "SELECT (SELECT max(seq) FROM event WHERE session = ?1), body FROM event
         WHERE session = ?1 AND seq = 1",
        [to.as_str()],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let unreadable = |source| StoreError::Event { session: from.to_string(), seq: 1, source };
    let mut first: Event = serde_json::from_str(&body).map_err(unreadable)?;
    if let Event::SessionStarted { forked_from, .. } = &mut first {
        *forked_from = Some(ForkPoint { session: from.clone(), seq });
        let body = serde_json::to_string(&first).map_err(unreadable)?;
        transaction.execute(
            "UPDATE event SET body = ?2 WHERE session = ?1 AND seq = 1",
            [to.as_str(), &body],
        )?;
    }
    Ok(())
}
