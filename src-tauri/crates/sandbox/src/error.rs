//! What can go wrong around a command, as opposed to within it.

use thiserror::Error;

/// Why a command could not be run or followed.
#[derive(Debug, Error)]
pub enum SandboxError {
    /// The supervisor could not be started.
    #[error("the command's supervisor could not be started: {0}. Nothing was run.")]
    Start(std::io::Error),
    /// The supervisor could not be told what to run.
    #[error("the command's supervisor could not be told what to run: {0}. Nothing was run.")]
    Tell(std::io::Error),
    /// The supervisor went away before the command's end.
    #[error(
        "the command's supervisor was killed from outside; what the command started may still be running"
    )]
    Lost,
    /// The folder is no longer there.
    #[error("the folder {0} is gone; nothing was run")]
    FolderGone(String),
}

impl SandboxError {
    /// The folder of a command is no longer there.
    #[must_use]
    pub fn folder_gone(path: &str) -> Self {
        Self::FolderGone(path.to_owned())
    }
}
