//! What can go wrong, in words for a person: what happened, what was kept, what to do.

use rusqlite::{Error as Sql, ErrorCode, ffi};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why something could not be stored or read. Nothing that was stored before is lost by it.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The data folder cannot be used.
    #[error(
        "the folder {path} cannot be used: {source}. Check its owner and permissions, or choose another with --data-dir."
    )]
    Folder {
        /// The folder, or the file in it.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The data folder can be read only.
    #[error(
        "the data folder is read-only, {path} cannot be written: nothing can be stored there. What was stored before is kept. Make it writable, or choose another with --data-dir."
    )]
    ReadOnly {
        /// The folder, or the file in it.
        path: PathBuf,
    },
    /// The database was written by a later version.
    #[error(
        "{path} was written by a newer Countersign (format {found}, this one knows {known}). It was not touched. Update Countersign, or choose another folder with --data-dir."
    )]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The newest format that this version knows.
        known: u32,
    },
    /// The disk is full.
    #[error(
        "the disk is full: this last step could not be stored. What was stored before it is kept. Free some space, and go on."
    )]
    Full,
    /// The database cannot be opened or written.
    #[error(
        "the database cannot be written ({0}): this last step could not be stored. What was stored before it is kept. Check that the data folder is writable and was not moved, and go on."
    )]
    Unwritable(#[source] Sql),
    /// Another program keeps the database to itself.
    #[error(
        "another program keeps the data folder's database to itself, and did not let go of it in time. Nothing was changed. Close that program, or wait, and try again."
    )]
    Busy(#[source] Sql),
    /// The disk failed.
    #[error(
        "the disk failed while sessions were stored or read ({0}): this last step may not be stored. What was stored before it is left as it is. Check the disk, and go on."
    )]
    Disk(#[source] Sql),
    /// The database is damaged. It is set aside when it is opened the next time.
    #[error(
        "the database is damaged ({0}). It is left as it is. Close every Countersign and start one again: it sets the damaged file aside, and keeps all that can still be read."
    )]
    Damaged(#[source] Sql),
    /// The database failed otherwise.
    #[error("the database could not do this: {0}. What was stored before is kept.")]
    Database(#[source] Sql),
    /// A stored event makes no sense.
    #[error("event {seq} of session {session} cannot be read: {source}")]
    Event {
        /// The session.
        session: String,
        /// The event's place.
        seq: u64,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// A content that is kept for undoing is missing or is not what it was.
    #[error("the kept content {digest} {why}: what was made from it cannot be put back")]
    Content {
        /// SHA-256 of the content, in hex.
        digest: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// No such rule is in force.
    #[error("there is no rule {0} in force")]
    NoRule(String),
    /// A session with this id is there already.
    #[error("the session {0} is there already; nothing was changed")]
    Exists(String),
    /// A session is open for writing.
    #[error(
        "the session {session} is open{}. Nothing was changed. Close it there first.",
        holder.map_or_else(String::new, |holder| format!(" in process {holder}"))
    )]
    InUse {
        /// The session.
        session: String,
        /// The process that has it open, as far as known.
        holder: Option<u32>,
    },
    /// A session has nothing before that place that could be taken over.
    #[error("the session {session} has nothing before event {seq}; nothing was made")]
    NothingBefore {
        /// The session.
        session: String,
        /// The place.
        seq: u64,
    },
    /// No such session.
    #[error("there is no session {0}")]
    NoSession(String),
}

impl StoreError {
    /// For a folder or file that the system refused.
    pub(crate) fn folder(path: &Path, source: std::io::Error) -> Self {
        let kind = source.kind();
        let readable = || path.ancestors().find(|part| part.exists()).is_some_and(is_readable);
        if kind == ErrorKind::StorageFull || kind == ErrorKind::QuotaExceeded {
            Self::Full
        } else if kind == ErrorKind::ReadOnlyFilesystem
            || kind == ErrorKind::PermissionDenied && readable()
        {
            Self::ReadOnly { path: path.to_owned() }
        } else {
            Self::Folder { path: path.to_owned(), source }
        }
    }

    /// Whether the database itself is broken. A locked or read-only one, a full disk, and one of a newer
    /// format are not.
    pub(crate) fn is_damage(&self) -> bool {
        matches!(self, Self::Damaged(_))
    }
}

fn is_readable(path: &Path) -> bool {
    rustix::fs::access(path, rustix::fs::Access::READ_OK).is_ok()
}

impl From<Sql> for StoreError {
    fn from(error: Sql) -> Self {
        let code = error.sqlite_error_code();
        let is = |codes: &[ErrorCode]| code.is_some_and(|code| codes.contains(&code));
        // Room for the index of the log is asked for by making its file longer: that fails on a full disk.
        let no_room = error
            .sqlite_error()
            .is_some_and(|error| error.extended_code == ffi::SQLITE_IOERR_SHMSIZE);
        if is(&[ErrorCode::DiskFull]) || no_room {
            Self::Full
        } else if is(&[ErrorCode::ReadOnly, ErrorCode::PermissionDenied, ErrorCode::CannotOpen]) {
            Self::Unwritable(error)
        } else if is(&[ErrorCode::DatabaseBusy, ErrorCode::DatabaseLocked]) {
            Self::Busy(error)
        } else if is(&[ErrorCode::SystemIoFailure]) {
            Self::Disk(error)
        } else if is(&[ErrorCode::DatabaseCorrupt, ErrorCode::NotADatabase]) {
            Self::Damaged(error)
        } else {
            Self::Database(error)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_broken_database_is_damage_and_each_failure_says_what_to_do() {
        let cases = [
            (ffi::SQLITE_CORRUPT, true, "damaged"),
            (ffi::SQLITE_CORRUPT_VTAB, true, "damaged"),
            (ffi::SQLITE_NOTADB, true, "sets the damaged file aside"),
            (ffi::SQLITE_FULL, false, "What was stored before it is kept. Free some space"),
            (ffi::SQLITE_IOERR_SHMSIZE, false, "the disk is full"),
            (ffi::SQLITE_BUSY, false, "Close that program"),
            (ffi::SQLITE_BUSY_SNAPSHOT, false, "Close that program"),
            (ffi::SQLITE_LOCKED, false, "Close that program"),
            (ffi::SQLITE_READONLY, false, "Check that the data folder is writable"),
            (ffi::SQLITE_READONLY_DBMOVED, false, "was not moved"),
            (ffi::SQLITE_IOERR_READ, false, "Check the disk"),
            (ffi::SQLITE_IOERR_FSYNC, false, "Check the disk"),
            (ffi::SQLITE_CANTOPEN, false, "Check that the data folder is writable"),
            (ffi::SQLITE_NOMEM, false, "What was stored before is kept"),
        ];
        for (code, damage, words) in cases {
            let error = StoreError::from(Sql::SqliteFailure(ffi::Error::new(code), None));
            assert_eq!(error.is_damage(), damage, "{code}");
            assert!(error.to_string().contains(words), "{code}: {error}");
        }
    }
}
