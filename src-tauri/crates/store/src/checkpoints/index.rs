//! The last known state of the workspace, so that only what changed since is read again.

use super::Checkpoints;
use super::database::{array, entry, number_of};
use crate::StoreError;
use countersign_protocol::{KeptEntry, Stamp};
use rusqlite::{TransactionBehavior, params};

/// What was last seen at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexRow {
    /// Bytes of the path, relative to the workspace with `/` between the names.
    pub path: Vec<u8>,
    /// What stood there.
    pub entry: KeptEntry,
    /// Its stat data at that time.
    pub stamp: Stamp,
}

impl Checkpoints {
    /// The last known state, by path.
    pub fn index(&self) -> Result<Vec<IndexRow>, StoreError> {
        self.database.with(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT path, stamp, kind, mode, size, digest FROM known ORDER BY path",
            )?;
            let mut rows = statement.query([])?;
            let mut index = Vec::new();
            while let Some(row) = rows.next()? {
                // The column is never null.
                if let Some(entry) = entry(row, 2)? {
                    let stamp = array(row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?)?;
                    index.push(IndexRow { path: row.get(0)?, entry, stamp });
                }
            }
            Ok(index)
        })
    }

    /// Brings the last known state up to date: rows that are new or other than they were, and paths at
    /// which nothing stands any more. Durable when it returns.
    pub fn update_index(&self, changed: &[IndexRow], gone: &[Vec<u8>]) -> Result<(), StoreError> {
        if changed.is_empty() && gone.is_empty() {
            return Ok(());
        }
        self.database.with(|connection| {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            {
                let mut remove = transaction.prepare_cached("DELETE FROM known WHERE path = ?1")?;
                for path in gone {
                    remove.execute([path.as_slice()])?;
                }
                let mut put = transaction.prepare_cached(
                    "INSERT OR REPLACE INTO known (path, kind, mode, size, digest, stamp)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                )?;
                for row in changed {
                    put.execute(params![
                        row.path,
                        number_of(row.entry.kind),
                        row.entry.mode,
                        row.entry.size,
                        row.entry.digest.map(|digest| digest.0),
                        row.stamp
                    ])?;
                }
            }
            transaction.commit()?;
            Ok(())
        })
    }
}
