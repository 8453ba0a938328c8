//! How much is kept, and letting go of it.

use super::Checkpoints;
use crate::database::{drain, empty_log};
use crate::{SessionLock, StoreError};
use countersign_protocol::SessionId;
use rusqlite::{Connection, TransactionBehavior};

/// A content that nothing names is let go once it was kept this many seconds ago: whoever keeps one names it
/// in a moment.
const UNNAMED: i64 = 3600;

/// What was let go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trimmed {
    /// The sessions whose changes can no longer be undone.
    pub sessions: Vec<SessionId>,
    /// Bytes on disk that are free again.
    pub freed: u64,
}

/// The digests that acts of a session (`?1`) name, and nothing else does.
const ONLY_THERE: &str = "
    SELECT before_digest FROM delta WHERE act IN (SELECT id FROM act WHERE session = ?1)
    UNION SELECT after_digest FROM delta WHERE act IN (SELECT id FROM act WHERE session = ?1)
    EXCEPT SELECT digest FROM known
    EXCEPT SELECT before_digest FROM delta WHERE act IN (SELECT id FROM act WHERE session <> ?1)
    EXCEPT SELECT after_digest FROM delta WHERE act IN (SELECT id FROM act WHERE session <> ?1)";

/// The digests that something names.
const NAMED: &str = "
    SELECT digest FROM known WHERE digest IS NOT NULL
    UNION SELECT before_digest FROM delta WHERE before_digest IS NOT NULL
    UNION SELECT after_digest FROM delta WHERE after_digest IS NOT NULL";

impl Checkpoints {
    /// Bytes on disk that are in use.
    pub fn size(&self) -> Result<u64, StoreError> {
        self.database.with(|connection| in_use(connection))
    }

    /// Brings the size down to `budget` bytes, as far as it can: lets go of contents that nothing names,
    /// then of what sessions recorded, beginning with the one whose last act is the oldest. What the
    /// sessions in `keep`, and those that a program has open, recorded stays, and so does what the last known
    /// state needs.
    pub fn trim(&self, budget: u64, keep: &[SessionId]) -> Result<Trimmed, StoreError> {
        let before = self.size()?;
        if before <= budget {
            return Ok(Trimmed::default());
        }
        self.database.with(|connection| drop_unnamed(connection))?;
        let mut sessions = Vec::new();
        for session in self.database.with(|connection| by_age(connection))? {
            if self.size()? <= budget {
                break;
            }
            if keep.contains(&session) || SessionLock::is_taken(&self.data_dir, &session) {
                continue;
            }
            // One at a time: another program may record in between.
            self.database.with(|connection| drop_session(connection, &session))?;
            sessions.push(session);
        }
        self.database.with(|connection| shrink(connection))?;
        Ok(Trimmed { sessions, freed: before.saturating_sub(self.size()?) })
    }

    /// Forgets a session that is deleted: what it recorded, and the contents that nothing else needs. The
    /// bytes are overwritten, in the log beside the database too. Not an error where it recorded nothing.
    pub fn forget(&self, session: &SessionId) -> Result<(), StoreError> {
        self.database.with(|connection| {
            drop_session(connection, session)?;
            shrink(connection)
        })
    }
}

fn in_use(connection: &Connection) -> Result<u64, StoreError> {
    let number = |pragma: &str| -> rusqlite::Result<u64> {
        connection.query_row(&format!("PRAGMA {pragma}"), [], |row| row.get(0))
    };
    let pages = number("page_count")?.saturating_sub(number("freelist_count")?);
    Ok(pages * number("page_size")?)
}

fn drop_unnamed(connection: &Connection) -> Result<(), StoreError> {
    let now = jiff::Timestamp::now().as_second();
    // A time that lies ahead is of a clock that was put back.
    connection.execute(
        &format!("DELETE FROM content WHERE abs(?1 - kept) > ?2 AND digest NOT IN ({NAMED})"),
        [now, UNNAMED],
    )?;
    Ok(())
}

/// The sessions that recorded something, the one whose last act is the oldest first.
fn by_age(connection: &Connection) -> Result<Vec<SessionId>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT session FROM act GROUP BY session ORDER BY max(id)")?;
    let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
    Ok(rows.map(|id| id.map(SessionId::new)).collect::<Result<_, _>>()?)
}

/// Removes all that is kept, and overwrites it.
pub(super) fn drop_all(connection: &Connection) -> Result<(), StoreError> {
    for table in ["act", "known", "content"] {
        connection.execute(&format!("DELETE FROM {table}"), [])?;
    }
    shrink(connection)
}

fn drop_session(connection: &mut Connection, session: &SessionId) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute(
        &format!("DELETE FROM content WHERE digest IN ({ONLY_THERE})"),
        [session.as_str()],
    )?;
    transaction.execute("DELETE FROM act WHERE session = ?1", [session.as_str()])?;
    transaction.commit()?;
    Ok(())
}

/// Gives free pages back to the disk.
fn shrink(connection: &Connection) -> Result<(), StoreError> {
    // First the zeros that deleting wrote go into the database file: pages that are cut off would be
    // cut off unwritten.
    empty_log(connection)?;
    drain(connection, "PRAGMA incremental_vacuum")?;
    empty_log(connection)
}
