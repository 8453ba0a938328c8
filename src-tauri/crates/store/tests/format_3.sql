-- A database as the third format had it, with sessions, recent folders, rules and what can be searched.
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
CREATE VIRTUAL TABLE said USING fts5 (
    text, session UNINDEXED, seq UNINDEXED, tokenize = 'unicode61 remove_diacritics 2'
);
INSERT INTO said (said, rank) VALUES ('secure-delete', 1);
PRAGMA user_version = 3;
INSERT INTO session VALUES ('s1', '/w', '2026-01-01T00:00:00.000Z');
INSERT INTO event VALUES ('s1', 1, '2026-01-01T00:00:00.000Z', '{"type":"session_started","workspace":"/w","provider":"p","model":"m","policy":{"exec_security":"approval-always","file_approval":"always","confine":true,"allow":[]}}');
INSERT INTO event VALUES ('s1', 2, '2026-01-01T00:00:01.000Z', '{"type":"user_message","text":"hello\nmore"}');
INSERT INTO event VALUES ('s1', 3, '2026-01-01T00:00:02.000Z', '{"type":"run_finished","reason":"end_turn"}');
INSERT INTO session VALUES ('s2', '/v', '2026-01-02T00:00:00.000Z');
INSERT INTO event VALUES ('s2', 1, '2026-01-02T00:00:00.000Z', '{"type":"user_message","text":"  steered"}');
INSERT INTO event VALUES ('s2', 2, '2026-01-02T00:00:01.000Z', '{"type":"message","role":"assistant","content":[{"type":"text","text":"words of the model"}]}');
INSERT INTO session VALUES ('s3', '/w', '2026-01-03T00:00:00.000Z');
INSERT INTO recent_workspace VALUES ('/w', '2026-01-03T00:00:00.000Z');
INSERT INTO recent_workspace VALUES ('/v', '2026-01-02T00:00:00.000Z');
INSERT INTO rule VALUES ('r1', '/w', 's1', 1, '{"grant":"command","pattern":"npm test"}', 'npm test', 'npm test', '2026-01-01T00:00:01.500Z', 3, '2026-01-01T00:00:01.900Z', NULL, NULL);
INSERT INTO rule VALUES ('r2', '/w', 's1', 0, '{"grant":"edit_workspace"}', '/w', 'a.txt', '2026-01-01T00:00:01.600Z', 0, NULL, NULL, '2026-01-01T00:00:01.700Z');
INSERT INTO said (text, session, seq) VALUES ('hello
more', 's1', 2);
INSERT INTO said (text, session, seq) VALUES ('  steered', 's2', 1);
INSERT INTO said (text, session, seq) VALUES ('words of the model', 's2', 2);
