//! The database's format, one step a version. A step that was released is never edited.

use crate::{StoreError, search};
use rusqlite::{Connection, TransactionBehavior};
use std::path::Path;

/// Each brings the format from its index to the next; SQLite's `user_version` counts them.
const STEPS: &[&str] = &[
    "
    CREATE TABLE session (
        id TEXT PRIMARY KEY,
        workspace TEXT NOT NULL,
        created TEXT NOT NULL
    ) STRICT;
    CREATE TABLE event (
        session TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
        seq INTEGER NOT NULL,
        time TEXT NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (session, seq)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE recent_workspace (
        path TEXT PRIMARY KEY,
        opened TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
",
    "
    CREATE TABLE rule (
        id TEXT PRIMARY KEY,
        workspace TEXT NOT NULL,
        session TEXT NOT NULL,
        lasting INTEGER NOT NULL,
        grant_json TEXT NOT NULL,
        shown TEXT NOT NULL,
        source TEXT NOT NULL,
        made TEXT NOT NULL,
        uses INTEGER NOT NULL DEFAULT 0,
        last_used TEXT,
        expires TEXT,
        revoked TEXT
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX rule_by_workspace ON rule (workspace);
",
    "
    CREATE VIRTUAL TABLE said USING fts5 (
        text, session UNINDEXED, seq UNINDEXED, tokenize = 'unicode61 remove_diacritics 2'
    );
    INSERT INTO said (said, rank) VALUES ('secure-delete', 1);
",
];

/// The format from which on what was said can be searched.
const SEARCHED: usize = 3;

/// Brings a database to the newest format. One that is newer still is refused untouched.
pub(crate) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let known = u32::try_from(STEPS.len()).unwrap_or(u32::MAX);
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found: u32 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if found > known {
        return Err(StoreError::Newer { path: path.to_owned(), found, known });
    }
    for step in STEPS.iter().skip(found as usize) {
        transaction.execute_batch(step)?;
    }
    if (found as usize) < SEARCHED {
        search::index_all(&transaction)?;
    }
    transaction.pragma_update(None, "user_version", known)?;
    transaction.commit()?;
    Ok(())
}
