//! Where an act may change something.

use crate::calls::Call;
use crate::order::named;
use countersign_guard::Action;
use countersign_tools::Named;
use std::collections::BTreeSet;

/// What an act may change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// A look: nothing changes.
    Nothing,
    /// A file, the folders to it, and what is laid beside it before it takes its place.
    File(Vec<u8>),
    /// Anything in the workspace.
    Anything,
}

impl Reach {
    /// Of what was approved.
    pub(super) fn of(action: &Action) -> Self {
        match action {
            Action::Reach(_) => Self::Nothing,
            Action::Write(change) | Action::Edit(change) => Self::File(change.place()),
            Action::Exec(_) => Self::Anything,
        }
    }

    /// Of a call as the model made it, in the workspace of this path.
    pub(super) fn of_call(call: &Call, workspace: &str) -> Self {
        match named(call, workspace) {
            Named::Everything => Self::Anything,
            Named::Changes(path) => Self::File(path.into_bytes()),
            Named::Reads(_) | Named::Searches | Named::Nothing => Self::Nothing,
        }
    }

    /// Where all that it may have left is to be looked for, also by an act that was killed; none for
    /// everywhere.
    pub(super) fn paths(&self) -> Option<BTreeSet<Vec<u8>>> {
        match self {
            Self::Nothing => Some(BTreeSet::new()),
            Self::File(path) => folder(path).map(|folder| BTreeSet::from([folder.to_vec()])),
            Self::Anything => None,
        }
    }

    /// Whether a change of a path may be its doing.
    pub(super) fn covers(&self, path: &[u8]) -> bool {
        match self {
            Self::Nothing => false,
            Self::File(file) => {
                file == path
                    || file.strip_prefix(path).is_some_and(|rest| rest.starts_with(b"/"))
                    || is_beside(path, file)
            }
            Self::Anything => true,
        }
    }
}

/// The folder of a path; none for the workspace itself.
fn folder(path: &[u8]) -> Option<&[u8]> {
    path.iter().rposition(|byte| *byte == b'/').map(|end| &path[..end])
}

/// Whether a path is that of a new content which was to take the place of a file, as the guard names it:
/// a dot, the beginning of the name, another dot and 32 hex digits.
fn is_beside(path: &[u8], file: &[u8]) -> bool {
    let name = |path: &[u8]| {
        let start = folder(path).map_or(0, |folder| folder.len() + 1);
        String::from_utf8_lossy(&path[start..]).into_owned()
    };
    let beginning: String = name(file).chars().take(40).collect();
    let path_name = name(path);
    folder(path) == folder(file)
        && path_name
            .strip_prefix(&format!(".{beginning}."))
            .is_some_and(|end| end.len() == 32 && end.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_reaches_its_file_its_folders_and_what_was_laid_beside_it() {
        let reach = Reach::File(b"a/b/c.txt".to_vec());
        let beside = "a/b/.c.txt.0123456789abcdef0123456789abcdef";
        for (path, covered) in [
            ("a/b/c.txt", true),
            ("a/b", true),
            ("a", true),
            (beside, true),
            ("a/b/d.txt", false),
            ("a/b/c.txt/d", false),
            ("a/bb", false),
            ("a/.c.txt.0123456789abcdef0123456789abcdef", false),
            ("a/b/.c.txt.0123456789abcdef", false),
            ("a/b/.c.txt.0123456789abcdef0123456789abcdeg", false),
        ] {
            assert_eq!(reach.covers(path.as_bytes()), covered, "{path}");
        }
        assert_eq!(reach.paths(), Some(BTreeSet::from([b"a/b".to_vec()])));
        assert_eq!(Reach::File(b"c.txt".to_vec()).paths(), None);
    }
}
