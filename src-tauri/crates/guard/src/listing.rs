//! The entries of one folder, for the window's tree.

use crate::resolve::{Inside, Located, locate};
use crate::root::{kind_of, reopen};
use crate::text::reveal_line;
use crate::view::display;
use crate::{GuardError, View};
use countersign_protocol::{EntryKind, TreeEntry};
use rustix::fs::{FileType, OFlags};
use std::ffi::OsStr;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Entries of one folder that the window lists.
const MAX_ENTRIES: usize = 100_000;

/// Entries of one folder, for the window's tree.
#[derive(Debug)]
pub struct Listed {
    /// Folders first, then by name.
    pub entries: Vec<TreeEntry>,
    /// How many come after these.
    pub more: usize,
    /// How many there are beside, which are not listed.
    pub omitted: usize,
}

impl View {
    /// The first entries of a folder of the workspace for the window's tree: folders first, then by name.
    /// Names that an ignore file leaves out are listed; the caller marks them.
    pub fn list(&self, folder: &str, first: usize) -> Result<Listed, GuardError> {
        let place = match folder {
            "" => locate(&self.root, Path::new(""), ".")?,
            _ => locate(&self.root, Path::new(""), folder)?,
        };
        let Located::Inside(Inside {
            object: Some((object, FileType::Directory)), relative, ..
        }) = place
        else {
            return Err(GuardError::NotFound(folder.to_owned()));
        };
        let failed = |error| GuardError::system(&format!("cannot list {folder}"), error);
        let readable =
            reopen(object.as_fd(), OFlags::RDONLY | OFlags::DIRECTORY).map_err(failed)?;
        let mut names = Vec::new();
        let mut omitted = 0;
        for entry in rustix::fs::Dir::read_from(&readable).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            if name == "." || name == ".." {
                continue;
            }
            // A name that is no text cannot be asked for again by this interface.
            let Some(text) = name.to_str().filter(|_| names.len() < MAX_ENTRIES) else {
                omitted += 1;
                continue;
            };
            let mut kind = entry.file_type();
            if kind == FileType::Unknown {
                kind = crate::root::stat_at(object.as_fd(), name)
                    .map_or(FileType::Unknown, |stat| kind_of(&stat));
            }
            names.push((kind != FileType::Directory, text.to_lowercase(), text.to_owned(), kind));
        }
        names.sort_unstable_by(|one, other| {
            (one.0, &one.1, &one.2).cmp(&(other.0, &other.1, &other.2))
        });
        let more = names.len().saturating_sub(first);
        // What takes longer is done for what is shown only.
        let entries = names.into_iter().take(first).map(|(_, _, name, kind)| {
            let path = relative.join(&name);
            TreeEntry {
                kind: self.entry_kind(kind, &path),
                path: display(&path),
                shown: reveal_line(&name).shown,
                ignored: false,
                git: None,
            }
        });
        Ok(Listed { entries: entries.collect(), more, omitted })
    }

    pub(crate) fn entry_kind(&self, kind: FileType, path: &Path) -> EntryKind {
        match kind {
            FileType::Directory => EntryKind::Folder,
            FileType::RegularFile => EntryKind::File,
            FileType::Symlink => match locate(&self.root, Path::new(""), &display(path)) {
                Ok(Located::Inside(Inside { object: Some(_), .. })) => EntryKind::Link,
                Ok(_) | Err(_) => EntryKind::LinkOut,
            },
            FileType::Fifo
            | FileType::Socket
            | FileType::CharacterDevice
            | FileType::BlockDevice
            | FileType::Unknown => EntryKind::Special,
        }
    }
}
