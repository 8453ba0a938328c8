//! Why a folder cannot be watched.

use notify::ErrorKind;
use rustix::io::Errno;
use std::path::Path;

/// Why a folder cannot be watched. The tree still works; it has to be refreshed by hand.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WatchError {
    /// The path is absolute, or has `..` in it.
    #[error("{0:?} is not a path inside the workspace")]
    NotInside(String),
    /// A part of the path is a link.
    #[error("{0:?} is reached through a link, and links are not followed")]
    Link(String),
    /// There is no such folder, or it may not be read.
    #[error("{path:?} cannot be watched: {reason}")]
    NoFolder {
        /// The folder as it was asked for.
        path: String,
        /// What the system said, or that it is not a folder.
        reason: String,
    },
    /// The system's limit of watched folders is reached.
    #[error(
        "the system does not let more folders be watched; raise the limit with: sudo sysctl fs.inotify.max_user_watches=524288"
    )]
    TooManyWatches,
    /// The system's limit of programs that watch folders is reached.
    #[error(
        "too many programs watch folders; close some, or raise the limit with: sudo sysctl fs.inotify.max_user_instances=1024"
    )]
    TooManyWatchers,
    /// Anything else, in the system's words.
    #[error("the folder cannot be watched: {0}")]
    Other(String),
}

impl WatchError {
    /// The error of a watch on this folder, in plain words.
    pub(crate) fn of_notify(path: &str, error: &notify::Error) -> Self {
        let no_folder =
            |reason: &str| Self::NoFolder { path: path.to_owned(), reason: reason.to_owned() };
        match &error.kind {
            ErrorKind::MaxFilesWatch => Self::TooManyWatches,
            ErrorKind::PathNotFound => no_folder("it does not exist"),
            ErrorKind::Io(io) => match io.raw_os_error().map(Errno::from_raw_os_error) {
                Some(Errno::MFILE | Errno::NFILE) => Self::TooManyWatchers,
                Some(Errno::NOSPC) => Self::TooManyWatches,
                Some(Errno::NOENT | Errno::NOTDIR) => no_folder("it does not exist"),
                Some(Errno::ACCESS | Errno::PERM) => no_folder("it may not be read"),
                Some(_) | None => Self::Other(io.to_string()),
            },
            ErrorKind::Generic(text) => Self::Other(text.clone()),
            ErrorKind::WatchNotFound | ErrorKind::InvalidConfig(_) => {
                Self::Other(error.to_string())
            }
        }
    }

    /// The error of looking at a folder, in plain words.
    pub(crate) fn of_io(path: &Path, error: &std::io::Error) -> Self {
        Self::NoFolder { path: path.to_string_lossy().into_owned(), reason: error.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    #[test]
    fn the_limits_are_told_in_plain_words() {
        let io =
            |errno: Errno| notify::Error::io(io::Error::from_raw_os_error(errno.raw_os_error()));
        let none = notify::Error::new(ErrorKind::MaxFilesWatch);
        for (error, wanted) in [
            (none, "fs.inotify.max_user_watches"),
            (io(Errno::NOSPC), "fs.inotify.max_user_watches"),
            (io(Errno::MFILE), "fs.inotify.max_user_instances"),
            (io(Errno::ACCESS), "\"src\" cannot be watched: it may not be read"),
            (notify::Error::path_not_found(), "\"src\" cannot be watched: it does not exist"),
        ] {
            let text = WatchError::of_notify("src", &error).to_string();
            assert!(text.contains(wanted), "{text}");
        }
    }
}
