//! What git says of the entries of a workspace, at one moment.

use crate::folder::is_within;
use countersign_protocol::GitState;
use std::collections::{BTreeSet, HashMap};

/// More untracked entries than this are not told one by one; their folders still are.
const MOST_UNTRACKED: usize = 20_000;
/// More changed folders than this are told as "everything".
const MOST_FOLDERS: usize = 1_000;

/// The states of all entries that have one. Paths are relative to the workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Marks {
    /// The branch that is checked out, or the short id of a commit.
    pub(crate) branch: Option<String>,
    entries: HashMap<String, GitState>,
    /// Folders with something in them that has a state.
    folders: HashMap<String, GitState>,
    /// Folders of which git knows nothing: all that is in them is untracked.
    untracked: BTreeSet<String>,
    untracked_count: usize,
}

/// What is another than before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Differing {
    Nothing,
    /// Entries of these folders.
    Folders(Vec<String>),
    Everything,
}

impl Marks {
    /// Notes the state of an entry. What says more of it stays.
    pub(crate) fn note(&mut self, path: &str, state: GitState) {
        self.note_above(path, state);
        if state == GitState::Untracked {
            self.untracked_count += 1;
            if self.untracked_count > MOST_UNTRACKED {
                return;
            }
        }
        let known = self.entries.entry(path.to_owned()).or_insert(state);
        if weight(state) > weight(*known) {
            *known = state;
        }
    }

    /// Notes a folder of which git knows nothing.
    pub(crate) fn note_untracked_folder(&mut self, path: &str) {
        self.note(path, GitState::Untracked);
        if self.entries.contains_key(path) || path.is_empty() {
            self.untracked.insert(path.to_owned());
        }
    }

    /// Notes that something is gone: what stood above it differs.
    pub(crate) fn note_gone(&mut self, path: &str) {
        self.note_above(path, GitState::Modified);
    }

    fn note_above(&mut self, path: &str, state: GitState) {
        let state = if state == GitState::Conflicted { state } else { GitState::Modified };
        let mut at = path;
        while let Some((folder, _)) = at.rsplit_once('/') {
            match self.folders.get_mut(folder) {
                Some(known) if weight(*known) >= weight(state) => return,
                Some(known) => *known = state,
                None => drop(self.folders.insert(folder.to_owned(), state)),
            }
            at = folder;
        }
    }

    /// The state of an entry that no ignore file leaves out.
    pub(crate) fn state(&self, path: &str) -> Option<GitState> {
        if let Some(state) = self.entries.get(path).or_else(|| self.folders.get(path)) {
            return Some(*state);
        }
        let mut at = path;
        while let Some((folder, _)) = at.rsplit_once('/') {
            if self.untracked.contains(folder) {
                return Some(GitState::Untracked);
            }
            at = folder;
        }
        self.untracked.contains("").then_some(GitState::Untracked)
    }

    /// How many entries have a state of their own.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The folders whose entries have another state than before.
    pub(crate) fn differing(&self, before: &Self) -> Differing {
        // What is in such a folder has no state of its own that could be compared.
        if self.untracked != before.untracked {
            return Differing::Everything;
        }
        let mut folders = BTreeSet::new();
        for (now, then) in [(&self.entries, &before.entries), (&self.folders, &before.folders)] {
            let changed = now.iter().filter(|(path, state)| then.get(*path) != Some(*state));
            let gone = then.keys().filter(|path| !now.contains_key(*path));
            for path in changed.map(|(path, _)| path).chain(gone) {
                folders.insert(path.rsplit_once('/').map_or("", |(folder, _)| folder));
                if folders.len() > MOST_FOLDERS {
                    return Differing::Everything;
                }
            }
        }
        if folders.is_empty() {
            return Differing::Nothing;
        }
        Differing::Folders(folders.into_iter().map(str::to_owned).collect())
    }
}

/// Of two states of one entry the weightier is shown.
fn weight(state: GitState) -> u8 {
    match state {
        GitState::Modified => 0,
        GitState::Untracked => 1,
        GitState::Added => 2,
        GitState::Conflicted => 3,
    }
}

/// The path relative to the workspace, which lies at `prefix` in the repository; the workspace itself for
/// a folder that holds it. None for what is elsewhere.
pub(crate) fn within<'a>(path: &'a str, prefix: &str) -> Option<&'a str> {
    if prefix.is_empty() {
        return Some(path);
    }
    if is_within(path, prefix) {
        return Some(path[prefix.len()..].trim_start_matches('/'));
    }
    is_within(prefix, path).then_some("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_tells_of_what_is_in_it_the_gravest() {
        let mut marks = Marks::default();
        marks.note("a/b/x", GitState::Added);
        marks.note("a/c/y", GitState::Conflicted);
        marks.note_gone("d/z");
        marks.note_untracked_folder("new");
        for (path, wanted) in [
            ("a", Some(GitState::Conflicted)),
            ("a/b", Some(GitState::Modified)),
            ("a/b/x", Some(GitState::Added)),
            ("a/b/other", None),
            ("a/c", Some(GitState::Conflicted)),
            ("d", Some(GitState::Modified)),
            ("d/z", None),
            ("new", Some(GitState::Untracked)),
            ("new/deep/er", Some(GitState::Untracked)),
            ("newer", None),
            ("", None),
        ] {
            assert_eq!(marks.state(path), wanted, "{path:?}");
        }
    }

    #[test]
    fn only_folders_with_entries_that_differ_are_told() {
        let mut before = Marks::default();
        before.note("a/b/x", GitState::Modified);
        before.note("c", GitState::Modified);
        assert_eq!(before.differing(&before.clone()), Differing::Nothing);
        let mut now = Marks::default();
        now.note("a/b/x", GitState::Added);
        now.note("c", GitState::Modified);
        assert_eq!(now.differing(&before), Differing::Folders(vec!["a/b".to_owned()]));
        let none = Marks::default();
        let folders = ["", "a", "a/b"].map(str::to_owned).to_vec();
        assert_eq!(none.differing(&before), Differing::Folders(folders));
        now.note_untracked_folder("n");
        assert_eq!(now.differing(&before), Differing::Everything);
    }

    #[test]
    fn untracked_entries_are_bounded() {
        let mut marks = Marks::default();
        for number in 0..MOST_UNTRACKED + 10 {
            marks.note(&format!("a/{number}"), GitState::Untracked);
        }
        assert_eq!(marks.len(), MOST_UNTRACKED);
        marks.note("b/x", GitState::Untracked);
        assert_eq!(marks.state("b"), Some(GitState::Modified));
    }

    #[test]
    fn a_workspace_may_lie_in_a_repository() {
        for (path, prefix, wanted) in [
            ("a/b", "", Some("a/b")),
            ("sub/a", "sub", Some("a")),
            ("sub", "sub/ws", Some("")),
            ("subway/a", "sub", None),
            ("other", "sub", None),
        ] {
            assert_eq!(within(path, prefix), wanted, "{path} {prefix}");
        }
    }
}
