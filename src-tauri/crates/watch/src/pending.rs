//! What changed and has not been told yet.

use crate::folder;
use notify::event::{AccessKind, AccessMode, Event, EventKind, ModifyKind};
use std::collections::BTreeSet;
use std::path::Path;

/// More changed folders than this are told as "everything".
const MOST_FOLDERS: usize = 1_000;

/// Changes that are collected until there is room and time to tell them.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    /// The folders the tree wants to know about, whether or not they exist at the moment. The root
    /// is not among them: it is always watched.
    pub(crate) wanted: BTreeSet<String>,
    /// The folders whose entries changed.
    pub(crate) folders: BTreeSet<String>,
    /// Entries that came or went and are wanted folders, or hold some: the watches on these have to
    /// be looked at.
    pub(crate) suspects: BTreeSet<String>,
    /// Whether changes were lost, so that anything may have changed.
    pub(crate) everything: bool,
    /// What befell the root itself.
    pub(crate) root: Root,
    /// Whether nobody wants to know any more.
    pub(crate) stopped: bool,
}

/// What befell the root.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Root {
    /// Nothing.
    #[default]
    Same,
    /// It was moved, perhaps back again.
    Moved,
    /// It was removed. A new folder at its place is another.
    Removed,
}

/// What was collected, taken out to be told.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    pub(crate) folders: BTreeSet<String>,
    pub(crate) suspects: BTreeSet<String>,
    pub(crate) everything: bool,
}

impl Pending {
    /// Whether there is nothing to tell.
    pub(crate) fn is_empty(&self) -> bool {
        self.folders.is_empty()
            && self.suspects.is_empty()
            && !self.everything
            && self.root == Root::Same
    }

    /// Takes out what there is to tell.
    pub(crate) fn take(&mut self) -> Taken {
        self.root = Root::Same;
        Taken {
            folders: std::mem::take(&mut self.folders),
            suspects: std::mem::take(&mut self.suspects),
            everything: std::mem::take(&mut self.everything),
        }
    }

    /// Notes what the system said.
    pub(crate) fn note(&mut self, root: &Path, event: &notify::Result<Event>) {
        let event = match event {
            Ok(event) if !event.need_rescan() => event,
            // The system's queue ran over, or could not be read.
            Ok(_) | Err(_) => {
                self.everything = true;
                return;
            }
        };
        let entries = changes_entries(event.kind);
        let content = changes_content(event.kind);
        for path in &event.paths {
            if path == root {
                if event.kind.is_remove() {
                    self.root = Root::Removed;
                } else if entries && self.root == Root::Same {
                    self.root = Root::Moved;
                }
            } else if entries {
                self.note_entry(root, path);
            } else if content && is_ignore_file(path) {
                // What is ignored below may be another now.
                self.note_parent(root, path);
            }
        }
    }

    fn note_entry(&mut self, root: &Path, path: &Path) {
        self.note_parent(root, path);
        if let Some(entry) = folder::relative(root, path)
            && self.holds_wanted(&entry)
        {
            self.suspects.insert(entry);
        }
    }

    fn note_parent(&mut self, root: &Path, path: &Path) {
        if let Some(parent) = path.parent().and_then(|parent| folder::relative(root, parent)) {
            self.folders.insert(parent);
        }
        if self.folders.len() > MOST_FOLDERS {
            self.folders.clear();
            self.everything = true;
        }
    }

    fn holds_wanted(&self, entry: &str) -> bool {
        // A name such as "a-b" sorts between "a" and "a/b", so the one after "a" need not be below it.
        self.wanted.contains(entry) || {
            let below = format!("{entry}/");
            self.wanted.range(below.clone()..).next().is_some_and(|next| next.starts_with(&below))
        }
    }
}

/// Whether entries came, went or got another name.
fn changes_entries(kind: EventKind) -> bool {
    match kind {
        EventKind::Any | EventKind::Create(_) | EventKind::Remove(_) => true,
        EventKind::Modify(kind) => matches!(kind, ModifyKind::Any | ModifyKind::Name(_)),
        EventKind::Access(_) | EventKind::Other => false,
    }
}

/// Whether the content of a file may be another.
fn changes_content(kind: EventKind) -> bool {
    matches!(
        kind,
        EventKind::Modify(ModifyKind::Data(_))
            | EventKind::Access(AccessKind::Close(AccessMode::Write))
    )
}

fn is_ignore_file(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == ".gitignore" || name == ".ignore")
}

#[cfg(test)]
mod tests {
    use super::*;
    use notify::event::{CreateKind, DataChange, Flag, MetadataKind, RemoveKind, RenameMode};

    fn noted(wanted: &[&str], kind: EventKind, paths: &[&str]) -> Pending {
        let mut pending = Pending {
            wanted: wanted.iter().map(|&folder| folder.to_owned()).collect(),
            ..Pending::default()
        };
        let mut event = Event::new(kind);
        for path in paths {
            event = event.add_path(path.into());
        }
        pending.note(Path::new("/r"), &Ok(event));
        pending
    }

    fn list(set: &BTreeSet<String>) -> Vec<&str> {
        set.iter().map(String::as_str).collect()
    }

    #[test]
    fn an_entry_that_comes_or_goes_changes_its_folder() {
        let create = EventKind::Create(CreateKind::File);
        assert_eq!(list(&noted(&[], create, &["/r/a.txt"]).folders), [""]);
        assert_eq!(list(&noted(&[], create, &["/r/a/b/c.txt"]).folders), ["a/b"]);
        let both = EventKind::Modify(ModifyKind::Name(RenameMode::Both));
        assert_eq!(list(&noted(&[], both, &["/r/a/x", "/r/b/y"]).folders), ["a", "b"]);
        assert!(noted(&[], create, &["/elsewhere/x"]).is_empty());
    }

    #[test]
    fn reading_and_writing_change_nothing_but_for_ignore_files() {
        let data = EventKind::Modify(ModifyKind::Data(DataChange::Any));
        let meta = EventKind::Modify(ModifyKind::Metadata(MetadataKind::Any));
        let open = EventKind::Access(AccessKind::Open(AccessMode::Any));
        for kind in [data, meta, open] {
            assert!(noted(&["a"], kind, &["/r/a", "/r/a/x"]).is_empty(), "{kind:?}");
        }
        assert_eq!(list(&noted(&[], data, &["/r/a/.gitignore"]).folders), ["a"]);
        assert!(noted(&[], meta, &["/r/a/.gitignore"]).is_empty());
    }

    #[test]
    fn watches_are_suspect_when_their_folder_or_one_above_moves() {
        let gone = EventKind::Remove(RemoveKind::Folder);
        for (wanted, entry, suspect) in [
            (&["a"][..], "/r/a", true),
            (&["a/b"], "/r/a", true),
            (&["a-b", "a/b"], "/r/a", true),
            (&["ab", "a-b"], "/r/a", false),
            (&["a"], "/r/a/b", false),
        ] {
            let pending = noted(wanted, gone, &[entry]);
            assert_eq!(!pending.suspects.is_empty(), suspect, "{wanted:?} {entry}");
        }
        assert_eq!(noted(&[], gone, &["/r"]).root, Root::Removed);
        let moved = noted(&[], EventKind::Modify(ModifyKind::Name(RenameMode::From)), &["/r"]);
        assert_eq!(moved.root, Root::Moved);
    }

    #[test]
    fn lost_changes_are_everything() {
        let mut pending = Pending::default();
        pending.note(Path::new("/r"), &Ok(Event::new(EventKind::Other).set_flag(Flag::Rescan)));
        assert!(pending.take().everything);
        assert!(pending.is_empty());
        pending.note(Path::new("/r"), &Err(notify::Error::generic("broken")));
        assert!(pending.take().everything);
        for number in 0..=MOST_FOLDERS {
            let path = format!("/r/{number}/x");
            let event = Event::new(EventKind::Create(CreateKind::File)).add_path(path.into());
            pending.note(Path::new("/r"), &Ok(event));
        }
        assert!(pending.take().everything);
    }
}
