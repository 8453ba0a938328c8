//! What the guard refuses, in words for the model and the person.

use thiserror::Error;

/// Why a path, or an act on it, is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum GuardError {
    /// The path itself makes no sense: empty, blank, with a NUL, too long.
    #[error("{0}")]
    BadPath(String),
    /// There is no such file or folder inside the workspace.
    #[error("no such file or folder: {0}")]
    NotFound(String),
    /// A component that should be a folder is none, or the other way round.
    #[error("{0}")]
    WrongKind(String),
    /// Links that lead in a circle, or too many of them.
    #[error("{0}: the links lead in a circle")]
    Loop(String),
    /// Inside by name, outside by resolution.
    #[error(
        "{0} is a symbolic link that leads out of the workspace. The guard never follows such a link, neither to read nor to write. If you need what it points to, name the real path; the user will be asked."
    )]
    LeadsOut(String),
    /// `/proc`, `/sys`, `/dev` and the like.
    #[error(
        "{0} lies in a system pseudo file system (/proc, /sys, /dev and the like), which the guard never opens. No approval can change that."
    )]
    Pseudo(String),
    /// A rule forbids it.
    #[error("denied by the rule {rule}: {what}")]
    Forbidden {
        /// What was asked for.
        what: String,
        /// The rule, as it stands in the settings.
        rule: String,
    },
    /// What the proposal was made from has changed.
    #[error("{0} changed since the proposal was made; nothing was written")]
    Stale(String),
    /// The file is not text, or too large to hold in memory.
    #[error("{0}")]
    Unreadable(String),
    /// The system failed.
    #[error("{0}")]
    System(String),
}

impl GuardError {
    /// An error of the system, with what was tried.
    pub(crate) fn system(what: &str, error: impl Into<std::io::Error>) -> Self {
        let error = error.into();
        #[expect(clippy::wildcard_enum_match_arm, reason = "most kinds need no hint")]
        let hint = match error.kind() {
            std::io::ErrorKind::PermissionDenied => " (the file's permissions do not allow it)",
            std::io::ErrorKind::StorageFull => " (the disk is full; nothing was changed)",
            std::io::ErrorKind::ReadOnlyFilesystem => " (the file system is read-only)",
            _ => "",
        };
        Self::System(format!("{what}: {error}{hint}"))
    }
}
