//! Sessions as a whole: listed, found, brought in, deleted.

use crate::database::empty_log;
use crate::{Store, StoreError, search};
use countersign_protocol::{Envelope, SessionId, SessionSummary};
use rusqlite::{OptionalExtension as _, Row, TransactionBehavior, params};

const SUMMARY: &str = "
    SELECT id, workspace, created,
        coalesce((SELECT json_extract(body, '$.text') FROM event
            WHERE session = id AND json_extract(body, '$.type') = 'user_message'
            ORDER BY seq LIMIT 1), ''),
        coalesce((SELECT time FROM event WHERE session = id ORDER BY seq DESC LIMIT 1), created),
        (SELECT count(*) FROM event WHERE session = id)
    FROM session";

impl Store {
    /// All sessions, newest first.
    pub fn sessions(&self) -> Result<Vec<SessionSummary>, StoreError> {
        self.with(|connection| {
            let mut statement =
                connection.prepare_cached(&format!("{SUMMARY} ORDER BY created DESC, id DESC"))?;
            let rows = statement.query_map([], summary)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// The session of an id.
    pub fn session(&self, id: &SessionId) -> Result<SessionSummary, StoreError> {
        self.with(|connection| {
            connection
                .query_row(&format!("{SUMMARY} WHERE id = ?1"), [id.as_str()], summary)
                .optional()?
                .ok_or_else(|| StoreError::NoSession(id.to_string()))
        })
    }

    /// Brings in a session: all of its events, which the caller found to be in order and without gaps.
    /// Refuses one that is there already.
    pub fn import(
        &self,
        id: &SessionId,
        workspace: &str,
        events: &[Envelope],
    ) -> Result<(), StoreError> {
        let created = events.first().map_or("", |first| first.time.as_str());
        self.with(|connection| {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let made = transaction.execute(
                "INSERT INTO session (id, workspace, created) VALUES (?1, ?2, ?3)
             ON CONFLICT (id) DO NOTHING",
                params![id.as_str(), workspace, created],
            )?;
            if made == 0 {
                return Err(StoreError::Exists(id.to_string()));
            }
            for (seq, envelope) in (1_u64..).zip(events) {
                let body = serde_json::to_string(&envelope.event)
                    .map_err(|source| StoreError::Event { session: id.to_string(), seq, source })?;
                transaction
                    .prepare_cached(
                        "INSERT INTO event (session, seq, time, body) VALUES (?1, ?2, ?3, ?4)",
                    )?
                    .execute(params![id.as_str(), seq, envelope.time, body])?;
                search::index(&transaction, id, seq, &envelope.event)?;
            }
            transaction.commit()?;
            Ok(())
        })
    }

    /// Removes a session for good: its events, what was indexed of them, and the rules that end with
    /// it. The bytes are overwritten, in the log beside the database too.
    pub fn delete_session(&self, session: &SessionId) -> Result<(), StoreError> {
        self.with(|connection| {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            transaction.execute("DELETE FROM said WHERE session = ?1", [session.as_str()])?;
            transaction.execute(
                "DELETE FROM rule WHERE session = ?1 AND NOT lasting",
                [session.as_str()],
            )?;
            let removed =
                transaction.execute("DELETE FROM session WHERE id = ?1", [session.as_str()])?;
            if removed == 0 {
                return Err(StoreError::NoSession(session.to_string()));
            }
            transaction.commit()?;
            empty_log(connection)
        })
    }
}

fn summary(row: &Row<'_>) -> rusqlite::Result<SessionSummary> {
    let said: String = row.get(3)?;
    Ok(SessionSummary {
        id: SessionId::new(row.get::<_, String>(0)?),
        workspace: row.get(1)?,
        created: row.get(2)?,
        title: said.trim().lines().next().unwrap_or_default().to_owned(),
        updated: row.get(4)?,
        events: row.get(5)?,
        archived: false,
        unfinished: false,
    })
}
