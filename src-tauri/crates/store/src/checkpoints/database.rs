//! The format of a workspace's database, and how entries stand in it.

use crate::database::Design;
use countersign_protocol::{Digest, KeptEntry, KeptKind};
use rusqlite::Row;
use rusqlite::types::Type;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// The folder of all workspaces' databases within the data folder.
pub(super) const FOLDER: &str = "checkpoints";
/// How many bytes of the workspace's digest name its database.
const NAMED_BY: usize = 16;

pub(super) const DESIGN: Design = Design {
    steps: &["
    CREATE TABLE content (
        id INTEGER PRIMARY KEY,
        digest BLOB NOT NULL UNIQUE,
        kept INTEGER NOT NULL,
        packed INTEGER NOT NULL,
        size INTEGER NOT NULL,
        body BLOB NOT NULL
    ) STRICT;
    CREATE TABLE known (
        path BLOB PRIMARY KEY,
        kind INTEGER NOT NULL,
        mode INTEGER NOT NULL,
        size INTEGER NOT NULL,
        digest BLOB,
        stamp BLOB NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE act (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        session TEXT NOT NULL,
        call TEXT NOT NULL,
        time TEXT NOT NULL
    ) STRICT;
    CREATE INDEX act_by_session ON act (session);
    CREATE TABLE delta (
        act INTEGER NOT NULL REFERENCES act (id) ON DELETE CASCADE,
        place INTEGER NOT NULL,
        path BLOB NOT NULL,
        before_kind INTEGER,
        before_mode INTEGER,
        before_size INTEGER,
        before_digest BLOB,
        after_kind INTEGER,
        after_mode INTEGER,
        after_size INTEGER,
        after_digest BLOB,
        PRIMARY KEY (act, place)
    ) STRICT, WITHOUT ROWID;
"],
    migrated: |_, _| Ok(()),
    look: "SELECT id, session FROM act",
    shrinks: true,
};

/// Where a workspace's database lies.
pub(super) fn path(data_dir: &Path, workspace: &Path) -> PathBuf {
    let digest = Sha256::digest(workspace.as_os_str().as_bytes());
    let mut name = String::new();
    for byte in digest.iter().take(NAMED_BY) {
        // Writing to a text does not fail.
        let _ = write!(name, "{byte:02x}");
    }
    data_dir.join(FOLDER).join(name + ".db")
}

pub(super) fn number_of(kind: KeptKind) -> u8 {
    match kind {
        KeptKind::File => 0,
        KeptKind::Link => 1,
        KeptKind::Folder => 2,
    }
}

/// The entry in four columns from `first` on: kind, mode, size, digest. None where the kind is null.
pub(super) fn entry(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<KeptEntry>> {
    let kind = match row.get::<_, Option<u8>>(first)? {
        None => return Ok(None),
        Some(0) => KeptKind::File,
        Some(1) => KeptKind::Link,
        Some(2) => KeptKind::Folder,
        Some(other) => {
            return Err(rusqlite::Error::IntegralValueOutOfRange(first, other.into()));
        }
    };
    Ok(Some(KeptEntry {
        kind,
        mode: row.get(first + 1)?,
        size: row.get(first + 2)?,
        digest: row.get_ref(first + 3)?.as_blob_or_null()?.map(digest).transpose()?,
    }))
}

/// The digest that a column holds.
pub(super) fn digest(bytes: &[u8]) -> rusqlite::Result<Digest> {
    Ok(Digest(array(bytes)?))
}

/// Bytes of a fixed length.
pub(super) fn array<const LENGTH: usize>(bytes: &[u8]) -> rusqlite::Result<[u8; LENGTH]> {
    bytes.try_into().map_err(|error: std::array::TryFromSliceError| {
        rusqlite::Error::FromSqlConversionFailure(0, Type::Blob, error.into())
    })
}
