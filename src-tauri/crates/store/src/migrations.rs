//! The format of the database of sessions, one step a version. A step that was released is never edited.

use crate::database::Design;
use crate::{StoreError, derived, search};
use rusqlite::Connection;

pub(crate) const DESIGN: Design = Design {
    steps: &[
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
        "
    ALTER TABLE session ADD COLUMN title TEXT NOT NULL DEFAULT '';
    ALTER TABLE session ADD COLUMN archived INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE session ADD COLUMN unfinished INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE session ADD COLUMN first_said TEXT NOT NULL DEFAULT '';
    ALTER TABLE session ADD COLUMN used INTEGER NOT NULL DEFAULT 0;
    CREATE INDEX session_by_use ON session (used);
    CREATE INDEX session_by_workspace ON session (workspace, used);
    UPDATE session SET used = place.number FROM (
        SELECT id, row_number() OVER (ORDER BY coalesce(
            (SELECT time FROM event WHERE session = id ORDER BY seq DESC LIMIT 1), created
        ), created, id) AS number FROM session
    ) AS place WHERE place.id = session.id;
    ALTER TABLE recent_workspace ADD COLUMN used INTEGER NOT NULL DEFAULT 0;
    UPDATE recent_workspace SET used = place.number FROM (
        SELECT path, row_number() OVER (ORDER BY opened, path) AS number FROM recent_workspace
    ) AS place WHERE place.path = recent_workspace.path;
    CREATE TABLE draft (
        session TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
        of_json TEXT NOT NULL,
        text TEXT NOT NULL,
        PRIMARY KEY (session, of_json)
    ) STRICT, WITHOUT ROWID;
",
    ],
    migrated,
    look: "SELECT id, workspace, created FROM session",
    shrinks: false,
};

/// The format from which on what was said can be searched.
const SEARCHED: u32 = 3;
/// The format from which on what a list shows stands beside the session.
const DERIVED: u32 = 4;

fn migrated(connection: &Connection, found: u32) -> Result<(), StoreError> {
    if found < SEARCHED {
        search::index_all(connection)?;
    }
    if found < DERIVED {
        derived::remake_all(connection)?;
    }
    Ok(())
}
