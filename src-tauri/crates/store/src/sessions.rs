//! Sessions as a whole: listed, named, brought in, deleted.

use crate::database::empty_log;
use crate::{Checkpoints, Journal as _, SessionLock, Store, StoreError, derived, search};
use countersign_protocol::{Envelope, Event, SessionId, SessionSummary};
use rusqlite::{Connection, OptionalExtension as _, Row, TransactionBehavior, params};
use std::path::Path;

// Events have no gaps, so the last one's place is their number.
const SUMMARY: &str = "
    SELECT id, workspace, created, CASE title WHEN '' THEN first_said ELSE title END,
        coalesce((SELECT time FROM event WHERE session = id ORDER BY seq DESC LIMIT 1), created),
        coalesce((SELECT max(seq) FROM event WHERE session = id), 0),
        archived, unfinished
    FROM session";

impl Store {
    /// All sessions, the one used last first: in which something happened last, or which was made, forked or
    /// brought in last. No clock decides.
    pub fn sessions(&self) -> Result<Vec<SessionSummary>, StoreError> {
        self.with(|connection| {
            let mut statement =
                connection.prepare_cached(&format!("{SUMMARY} ORDER BY used DESC, id DESC"))?;
            let rows = statement.query_map([], summary)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// At most `limit` sessions of a workspace (absolute path) that are not archived, the one used last
    /// first.
    pub fn latest_sessions(
        &self,
        workspace: &str,
        limit: usize,
    ) -> Result<Vec<SessionSummary>, StoreError> {
        self.with(|connection| {
            let mut statement = connection.prepare_cached(&format!(
                "{SUMMARY} WHERE workspace = ?1 AND NOT archived ORDER BY used DESC, id DESC LIMIT ?2"
            ))?;
            let rows = statement.query_map(params![workspace, limit], summary)?;
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

    /// Gives a session a name, which is an event of it; an empty one takes the name away. Appending
    /// [`Event::SessionRenamed`] does the same.
    pub fn rename_session(&self, id: &SessionId, title: &str) -> Result<Envelope, StoreError> {
        self.append(id, Event::SessionRenamed { title: title.to_owned() })
    }

    /// Takes a session off the list, or puts it back.
    pub fn archive_session(&self, id: &SessionId, archived: bool) -> Result<(), StoreError> {
        let found = self.with(|connection| {
            Ok(connection.execute(
                "UPDATE session SET archived = ?2 WHERE id = ?1",
                params![id.as_str(), archived],
            )?)
        })?;
        if found == 0 {
            return Err(StoreError::NoSession(id.to_string()));
        }
        Ok(())
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
            insert(&transaction, id, workspace, created)?;
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
            derived::remake(&transaction, id.as_str())?;
            transaction.commit()?;
            Ok(())
        })
    }

    /// Removes a session for good: its events and drafts, what was indexed of them, the rules that end with
    /// it, and what was kept only so that its changes can be undone. The bytes are overwritten, in the logs
    /// beside the databases too. Refuses one that is open for writing; a program that has it open itself
    /// drops its [`SessionLock`] first.
    pub fn delete_session(&self, session: &SessionId) -> Result<(), StoreError> {
        let workspace = self.session(session)?.workspace;
        let Some(_lock) = SessionLock::take(self.data_dir(), session)? else {
            let holder = SessionLock::holder(self.data_dir(), session);
            return Err(StoreError::InUse { session: session.to_string(), holder });
        };
        // First, so that it can be done again where it fails.
        let workspace_path = Path::new(&workspace);
        if let Some(kept) = Checkpoints::open_existing(self.data_dir(), workspace_path)? {
            kept.forget(session)?;
        }
        let others = self.with(|connection| {
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
            let others = transaction
                .prepare("SELECT 1 FROM session WHERE workspace = ?1")?
                .exists([&workspace])?;
            transaction.commit()?;
            empty_log(connection)?;
            Ok(others)
        })?;
        if !others {
            // Nothing is left that could be undone in that workspace.
            Checkpoints::discard(self.data_dir(), workspace_path)?;
        }
        Ok(())
    }
}

/// Makes the row of a session, first in the order of use. Refuses one that is there already.
pub(crate) fn insert(
    connection: &Connection,
    id: &SessionId,
    workspace: &str,
    created: &str,
) -> Result<(), StoreError> {
    let made = connection.execute(
        "INSERT INTO session (id, workspace, created, used) VALUES
         (?1, ?2, ?3, (SELECT coalesce(max(used), 0) + 1 FROM session))
         ON CONFLICT (id) DO NOTHING",
        params![id.as_str(), workspace, created],
    )?;
    if made == 0 {
        return Err(StoreError::Exists(id.to_string()));
    }
    Ok(())
}

fn summary(row: &Row<'_>) -> rusqlite::Result<SessionSummary> {
    Ok(SessionSummary {
        id: SessionId::new(row.get::<_, String>(0)?),
        workspace: row.get(1)?,
        created: row.get(2)?,
        title: row.get(3)?,
        updated: row.get(4)?,
        events: row.get(5)?,
        archived: row.get(6)?,
        unfinished: row.get(7)?,
    })
}
