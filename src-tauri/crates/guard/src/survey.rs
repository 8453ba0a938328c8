//! What stands in the workspace: every file, link and folder that is kept, by handle. Nothing is read
//! here but the folders and their ignore files; [`Workspace::content`] reads what the caller does not
//! know yet.

use crate::ignored::{Remembered, Rules};
use crate::state::{self, Seen, Spot, open_object, shown};
use crate::survey_walk::Walker;
use crate::{GuardError, Workspace};
use countersign_protocol::{KeptEntry, KeptKind, Stamp};
use rustix::io::Errno;
use std::collections::{BTreeSet, HashMap};
use std::ffi::OsStr;
use std::fmt;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// What a survey looks at.
#[derive(Clone, Copy, Debug)]
pub enum Scope<'a> {
    /// The whole workspace.
    Everything,
    /// Each of these paths, everything below it where it is a folder, and the folders on the way to
    /// it. An absolute path is an outside file: it alone is looked at.
    Paths(&'a BTreeSet<Vec<u8>>),
}

/// Something that stands in the workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Surveyed {
    /// Bytes of the path, relative to the workspace; absolute outside.
    pub path: Vec<u8>,
    /// What it is. The digest is none until it is read.
    pub entry: KeptEntry,
    /// While this is the same, so is the content; but see [`Content::Read`].
    pub stamp: Stamp,
    /// Its names, in the workspace and elsewhere: a file with more than one may be changed through
    /// another.
    pub links: u64,
}

/// Why something is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeftOutWhy {
    /// A folder that an ignore file names.
    Ignored,
    /// A repository's own folder.
    Git,
    /// A socket, a pipe or a device.
    Special,
    /// Another file system is mounted there.
    Mount,
    /// A folder that may not be read. It is itself among the entries.
    Unreadable,
    /// It was exchanged for something else while it was looked at.
    Changing,
}

impl fmt::Display for LeftOutWhy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ignored => "an ignore file names this folder",
            Self::Git => "a repository's own folder",
            Self::Special => "a socket, a pipe or a device",
            Self::Mount => "another file system is mounted here",
            Self::Unreadable => "this folder may not be read",
            Self::Changing => "it changed while it was looked at",
        })
    }
}

/// A place that is not looked at: nothing is known of it and of what is below it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeftOut {
    /// Bytes of the path, relative to the workspace.
    pub path: Vec<u8>,
    /// Why.
    pub why: LeftOutWhy,
}

/// What a survey found.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// Files, links and folders, by path. The workspace itself is not among them.
    pub entries: Vec<Surveyed>,
    /// What was left out, by path. What was kept before and lies in one of these is not gone.
    pub left_out: Vec<LeftOut>,
    /// Whether it came to its end: not stopped, and not more than a million entries.
    pub complete: bool,
}

impl Survey {
    /// Whether nothing is known of a path, because it is, or lies in, a place that was left out.
    #[must_use]
    pub fn leaves_out(&self, path: &[u8]) -> bool {
        let ends = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
        ends.chain([path.len()]).any(|end| {
            self.left_out
                .binary_search_by(|left| left.path.as_slice().cmp(&path[..end]))
                // A folder that may not be read is known itself.
                .is_ok_and(|at| end < path.len() || self.left_out[at].why != LeftOutWhy::Unreadable)
        })
    }
}

/// What reading a path gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// The bytes of a file, or the target of a link.
    Read {
        /// What it is, with its digest.
        entry: KeptEntry,
        /// The bytes.
        bytes: Vec<u8>,
        /// The stamp to remember the content by. Of what was changed only just now it is one that is
        /// never surveyed again, so that it is read once more: a further write could leave the
        /// stamp as it is.
        stamp: Stamp,
        /// Its names, in the workspace and elsewhere.
        links: u64,
    },
    /// It is larger than the limit, and was not read.
    TooLarge {
        /// What it is, without a digest.
        entry: KeptEntry,
        /// The stamp to remember it by.
        stamp: Stamp,
    },
    /// It changed while it was read: ask again.
    Changing,
    /// Nothing stands there.
    Gone,
    /// It is a folder, or nothing that is kept.
    NoContent,
}

impl Workspace {
    /// Looks at what stands in the workspace, by handle: never through links, never across mounts.
    /// `.git` folders, ignored folders, sockets, pipes and devices are left out and reported; a file
    /// that is ignored by itself, in a folder that is not, is kept.
    ///
    /// # Errors
    /// A path of the scope that leads out, or the workspace that may not be read.
    pub fn survey(&self, scope: Scope<'_>, stop: &CancellationToken) -> Result<Survey, GuardError> {
        let mut walker = Walker::new(self.root(), stop);
        match scope {
            Scope::Everything => walker.begin_at_root()?,
            Scope::Paths(paths) => Ways::new(self, &mut walker).visit(paths)?,
        }
        Ok(walker.run())
    }

    /// Reads a file's bytes or a link's target, if they are at most `limit` bytes.
    ///
    /// # Errors
    /// It may not be read, or the path leads out.
    pub fn content(&self, path: &[u8], limit: u64) -> Result<Content, GuardError> {
        let failed = |error| GuardError::system(&format!("cannot read {}", shown(path)), error);
        let spot = match Spot::find(self.root(), path) {
            Ok(spot) => spot,
            Err(GuardError::NotFound(_)) => return Ok(Content::Gone),
            Err(error) => return Err(error),
        };
        let object = match spot.open() {
            Ok(object) => object,
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => return Ok(Content::Gone),
            Err(error) => return Err(failed(error.into())),
        };
        let before = Seen::by_handle(object.as_fd()).map_err(|error| failed(error.into()))?;
        let Some(entry) = before.entry.filter(|entry| entry.kind != KeptKind::Folder) else {
            return Ok(Content::NoContent);
        };
        if entry.size > limit {
            return Ok(Content::TooLarge { entry, stamp: before.lasting_stamp() });
        }
        let bytes = state::read(object.as_fd(), entry.kind, limit).map_err(failed)?;
        let after = Seen::by_handle(object.as_fd()).map_err(|error| failed(error.into()))?;
        if after.stamp != before.stamp || bytes.len() as u64 != entry.size {
            return Ok(Content::Changing);
        }
        let entry = KeptEntry { digest: Some(state::digest(&bytes)), ..entry };
        Ok(Content::Read { entry, bytes, stamp: after.lasting_stamp(), links: after.links })
    }

    /// Whether surveys leave out a folder, by its path from the workspace: for a watcher, which need
    /// not watch it then. Ignore files are read as they are at each question.
    pub fn folders_left_out(&self) -> impl Fn(&Path) -> bool + Send + Sync + use<> {
        let remembered = Remembered::new(Arc::clone(self.root()));
        move |folder| remembered.leave_out(folder)
    }
}

/// The ways to named paths: each folder on them is looked at once.
struct Ways<'a, 'b> {
    workspace: &'a Workspace,
    walker: &'b mut Walker<'a>,
    /// The rules in folders on the way; none where there is no way on.
    entered: HashMap<PathBuf, Option<Rules>>,
}

impl<'a, 'b> Ways<'a, 'b> {
    fn new(workspace: &'a Workspace, walker: &'b mut Walker<'a>) -> Self {
        Self { workspace, walker, entered: HashMap::new() }
    }

    fn visit(mut self, paths: &BTreeSet<Vec<u8>>) -> Result<(), GuardError> {
        if paths.contains(&b""[..]) {
            return self.walker.begin_at_root();
        }
        for path in paths {
            let whole = Path::new(OsStr::from_bytes(path));
            let with_another =
                whole.ancestors().skip(1).any(|above| paths.contains(above.as_os_str().as_bytes()));
            let spot = match Spot::find(self.workspace.root(), path) {
                Ok(spot) => spot,
                Err(GuardError::NotFound(_)) => continue,
                // A link on the way, or a pseudo file system: not what was written there.
                Err(_) if whole.is_absolute() => {
                    self.walker.leave(path, LeftOutWhy::Unreadable);
                    continue;
                }
                Err(error) => return Err(error),
            };
            if whole.is_absolute() {
                if let Ok(seen) = spot.open().and_then(|object| Seen::by_handle(object.as_fd())) {
                    self.walker.found(path.clone(), &seen);
                }
            } else if !with_another {
                self.end(whole)?;
            }
        }
        Ok(())
    }

    fn end(&mut self, path: &Path) -> Result<(), GuardError> {
        let Some(rules) = self.enter(path.parent().unwrap_or(Path::new("")))? else {
            return Ok(());
        };
        if let Some((_, seen)) = self.look(path, &rules) {
            self.walker.reach(path.as_os_str().as_bytes().to_vec(), &seen, &rules);
        }
        Ok(())
    }

    /// The rules in a folder; none where it is none, is gone or is left out.
    fn enter(&mut self, folder: &Path) -> Result<Option<Rules>, GuardError> {
        if let Some(known) = self.entered.get(folder) {
            return Ok(known.clone());
        }
        let rules = match folder.parent() {
            None => Some(self.walker.root_rules()?),
            Some(parent) => match self.enter(parent)? {
                Some(above) => self.look(folder, &above).and_then(|(object, seen)| {
                    let path = folder.as_os_str().as_bytes().to_vec();
                    let is_folder = seen.entry.is_some_and(|entry| entry.kind == KeptKind::Folder);
                    let kept = self.walker.keeps(&path, &seen, &above);
                    if kept || !is_folder {
                        self.walker.found(path, &seen);
                    }
                    (kept && is_folder).then(|| above.enter(object.as_fd(), folder))
                }),
                None => None,
            },
        };
        self.entered.insert(folder.to_owned(), rules.clone());
        Ok(rules)
    }

    fn look(&mut self, path: &Path, rules: &Rules) -> Option<(OwnedFd, Seen)> {
        match open_object(self.workspace.root().handle(), path) {
            Ok(object) => {
                let seen = Seen::by_handle(object.as_fd()).ok()?;
                Some((object, seen))
            }
            Err(error) => {
                self.walker.no_way(path.as_os_str().as_bytes().to_vec(), error, rules);
                None
            }
        }
    }
}
