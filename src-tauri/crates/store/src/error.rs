//! What can go wrong, in words for a person.

use std::path::PathBuf;
use thiserror::Error;

/// Why something could not be stored or read. Nothing that was stored before is lost by it.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The data folder cannot be used.
    #[error(
        "the folder {path} cannot be used: {source}. Check its owner and permissions, or choose another with --data-dir."
    )]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The database was written by a later version.
    #[error(
        "the sessions in {path} were written by a newer Countersign (format {found}, this one knows {known}). Update Countersign, or choose another folder with --data-dir."
    )]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The newest format that this version knows.
        known: u32,
    },
    /// The database failed.
    #[error(
        "the sessions could not be stored or read: {0}. What was stored before is kept; check the disk's free space."
    )]
    Database(#[from] rusqlite::Error),
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
    /// No such rule is in force.
    #[error("there is no rule {0} in force")]
    NoRule(String),
    /// A session with this id is there already.
    #[error("the session {0} is there already; nothing was changed")]
    Exists(String),
    /// No such session.
    #[error("there is no session {0}")]
    NoSession(String),
}
