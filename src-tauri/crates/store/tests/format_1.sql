-- A database as the first format had it, with a session.
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
PRAGMA user_version = 1;
INSERT INTO session VALUES ('s1', '/w', '2026-01-01T00:00:00.000Z');
INSERT INTO event VALUES ('s1', 1, '2026-01-01T00:00:00.000Z', '{"type":"user_message","text":"hello"}');
