//! The database of sessions.

use crate::aside::{Database, SetAside};
use crate::journal::{Journal, now, unstored};
use crate::private::private_folder;
use crate::{StoreError, derived, migrations, salvage, search, sessions};
use countersign_protocol::{Envelope, Event, SessionId};
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};
use std::path::{Path, PathBuf};

/// The name of the database in the data folder.
const FILE: &str = "countersign.db";
/// Workspaces that are remembered.
const RECENT: usize = 50;

/// The sessions of all workspaces.
#[derive(Debug)]
pub struct Store {
    database: Database,
    data_dir: PathBuf,
}

impl Store {
    /// Opens the database in `data_dir`, which is made where it is missing (mode 0700, its files
    /// 0600). Refuses a database that a newer version wrote. A damaged one is set aside, and what can
    /// still be read of it is kept ([`Self::set_aside`]).
    pub fn open(data_dir: &Path) -> Result<Self, StoreError> {
        private_folder(data_dir)?;
        let database =
            Database::open(&data_dir.join(FILE), &migrations::DESIGN, Some(salvage::salvage))?;
        Ok(Self { database, data_dir: data_dir.to_owned() })
    }

    /// Set where the database was damaged when it was opened, and this is a new one.
    #[must_use]
    pub fn set_aside(&self) -> Option<&SetAside> {
        self.database.set_aside()
    }

    /// Opens the database where there is one; makes nothing where there is none.
    pub fn open_existing(data_dir: &Path) -> Result<Option<Self>, StoreError> {
        if !data_dir.join(FILE).exists() {
            return Ok(None);
        }
        Self::open(data_dir).map(Some)
    }

    pub(crate) fn with<T>(
        &self,
        act: impl FnOnce(&mut Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.database.with(act)
    }

    /// The folder that the database lies in.
    pub(crate) fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// Makes an empty session in a workspace (absolute path).
    pub fn create_session(&self, workspace: &str) -> Result<SessionId, StoreError> {
        let id = SessionId::new(uuid::Uuid::now_v7().to_string());
        self.with(|connection| sessions::insert(connection, &id, workspace, &now()))?;
        Ok(id)
    }

    /// Puts a workspace (absolute path) at the top of the recent ones.
    pub fn remember_workspace(&self, path: &str) -> Result<(), StoreError> {
        self.with(|connection| {
            connection.execute(
                "INSERT INTO recent_workspace (path, opened, used) VALUES
                 (?1, ?2, (SELECT coalesce(max(used), 0) + 1 FROM recent_workspace))
                 ON CONFLICT (path) DO UPDATE SET opened = excluded.opened, used = excluded.used",
                params![path, now()],
            )?;
            connection.execute(
                "DELETE FROM recent_workspace WHERE path NOT IN
             (SELECT path FROM recent_workspace ORDER BY used DESC LIMIT ?1)",
                [RECENT],
            )?;
            Ok(())
        })
    }

    /// Takes a workspace off the recent ones.
    pub fn forget_workspace(&self, path: &str) -> Result<(), StoreError> {
        self.with(|connection| {
            connection.execute("DELETE FROM recent_workspace WHERE path = ?1", [path])?;
            Ok(())
        })
    }

    /// The recent workspaces, the one opened last first: path, and when it was opened (RFC 3339).
    pub fn recent_workspaces(&self, limit: usize) -> Result<Vec<(String, String)>, StoreError> {
        self.with(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT path, opened FROM recent_workspace ORDER BY used DESC LIMIT ?1",
            )?;
            let rows = statement.query_map([limit], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

impl Journal for Store {
    fn append(&self, session: &SessionId, event: Event) -> Result<Envelope, StoreError> {
        if !event.is_stored() {
            return Ok(unstored(session, event));
        }
        let time = now();
        let body = serde_json::to_string(&event).map_err(|source| StoreError::Event {
            session: session.to_string(),
            seq: 0,
            source,
        })?;
        self.with(|connection| {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let known: Option<i64> = transaction
                .prepare_cached("SELECT 1 FROM session WHERE id = ?1")?
                .query_row([session.as_str()], |row| row.get(0))
                .optional()?;
            if known.is_none() {
                return Err(StoreError::NoSession(session.to_string()));
            }
            let seq: u64 = transaction
                .prepare_cached("SELECT coalesce(max(seq), 0) + 1 FROM event WHERE session = ?1")?
                .query_row([session.as_str()], |row| row.get(0))?;
            transaction
                .prepare_cached(
                    "INSERT INTO event (session, seq, time, body) VALUES (?1, ?2, ?3, ?4)",
                )?
                .execute(params![session.as_str(), seq, time, body])?;
            search::index(&transaction, session, seq, &event)?;
            derived::take(&transaction, session.as_str(), &event)?;
            transaction.commit()?;
            Ok(Envelope { seq: Some(seq), session: session.clone(), time, event })
        })
    }

    fn events(&self, session: &SessionId, since: u64) -> Result<Vec<Envelope>, StoreError> {
        self.with(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT seq, time, body FROM event WHERE session = ?1 AND seq > ?2 ORDER BY seq",
            )?;
            let rows = statement.query_map(params![session.as_str(), since], |row| {
                Ok((row.get::<_, u64>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?))
            })?;
            let mut events = Vec::new();
            for row in rows {
                let (seq, time, body) = row?;
                let event = serde_json::from_str(&body).map_err(|source| StoreError::Event {
                    session: session.to_string(),
                    seq,
                    source,
                })?;
                events.push(Envelope { seq: Some(seq), session: session.clone(), time, event });
            }
            Ok(events)
        })
    }
}
