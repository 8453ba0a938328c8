//! What acts changed that were interrupted, by the end of the program or by a disk that failed.

use super::{State, Undo, UndoError};
use crate::calls::Call;
use crate::order::named;
use countersign_protocol::{CallId, FileDelta};
use countersign_tools::Named;
use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use tokio_util::sync::CancellationToken;

/// An act that had begun and did not come to its end.
#[derive(Debug)]
pub(crate) struct Interrupted {
    call: CallId,
    reach: Reach,
}

/// What an act may have changed.
#[derive(Debug)]
enum Reach {
    Nothing,
    /// A file, the folders to it, and what is laid beside it before it takes its place.
    File(Vec<u8>),
    Anything,
}

impl Interrupted {
    /// From the call in the workspace of this path.
    pub(crate) fn of(call: &Call, workspace: &str) -> Self {
        let reach = match named(call, workspace) {
            Named::Everything => Reach::Anything,
            Named::Changes(path) => Reach::File(path.into_bytes()),
            Named::Reads(_) | Named::Searches | Named::Nothing => Reach::Nothing,
        };
        Self { call: call.id.clone(), reach }
    }
}

impl Reach {
    /// Where it is to be looked; none for everywhere.
    fn paths(&self) -> Option<BTreeSet<Vec<u8>>> {
        match self {
            Self::Nothing => Some(BTreeSet::new()),
            Self::File(path) => folder(path).map(|folder| BTreeSet::from([folder.to_vec()])),
            Self::Anything => None,
        }
    }

    fn covers(&self, path: &[u8]) -> bool {
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

impl Undo {
    /// Records what interrupted acts changed: a write or an edit its file, a command all that differs from
    /// the state before it. What the person changed meanwhile is among that; nobody can tell.
    pub(super) fn recover(
        &self,
        state: &mut State,
        interrupted: &[Interrupted],
        stop: &CancellationToken,
    ) -> Result<(), UndoError> {
        self.record_late(state)?;
        if interrupted.is_empty() {
            return Ok(());
        }
        let recorded = self.recorded()?;
        let open = |act: &&Interrupted| recorded.iter().all(|known| known.act != act.call);
        let open: Vec<&Interrupted> = interrupted.iter().filter(open).collect();
        // All at once: what is found here is not found again.
        let mut paths = Some(BTreeSet::new());
        for act in &open {
            paths = paths.zip(act.reach.paths()).map(|(mut all, more)| {
                all.extend(more);
                all
            });
        }
        let (mut deltas, pending) =
            state.index.bring_to_now(&self.reading(stop), paths.as_ref())?;
        for act in open {
            // Only what it reaches: an index that is not whole yet takes what stood there before for new.
            let (own, others) = deltas.into_iter().partition(|delta| act.reach.covers(&delta.path));
            deltas = others;
            self.record(state, &act.call, &own)?;
        }
        Ok(self.keep(state, pending)?)
    }

    /// The same at once, where no copy is being made.
    pub(crate) fn recover_now(&self, interrupted: &[Interrupted]) -> Result<(), UndoError> {
        let mut state = self.lock();
        self.recover(&mut state, interrupted, &self.stop)
    }

    /// What an interrupted act changed, once the workspace was looked through.
    pub(crate) fn changes_of(&self, call: &CallId) -> Result<Vec<FileDelta>, UndoError> {
        let waits =
            |state: &mut State| !state.surveyed && !self.progress.failed.load(Ordering::Relaxed);
        drop(self.changed.wait_while(self.lock(), waits));
        let acts = self.recorded()?.into_iter();
        Ok(acts.filter(|act| act.act == *call).flat_map(|act| act.deltas).collect())
    }
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
