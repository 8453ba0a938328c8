//! What a program that recurses would read below a folder: a look for secrets with a bound.

use crate::command::{Effort, Look, too_long};
use crate::heeded::{self, Rules};
use crate::names::{Sensitivity, classify};
use crate::resolve::{Inside, Located, locate};
use crate::root::{kind_of, open_beneath, stat_at};
use crate::taken_in::TakenIn;
use crate::view::View;
use rustix::fs::{Dir, FileType, OFlags};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Folders above one whose ignore files are heeded.
const MAX_DEPTH: usize = 64;

/// A folder to look through, by handle.
struct Start {
    handle: OwnedFd,
    /// Its path from the workspace.
    relative: PathBuf,
    /// What the command calls it.
    word: String,
}

/// The first secret below `word`, or the first link where links are followed. An error where there
/// is too much to look through.
pub(crate) fn secret(
    view: &View,
    folder: &Path,
    word: &str,
    look: &Look<'_>,
    effort: &Effort,
) -> Result<Option<String>, String> {
    let slow = || too_long(&format!("look through {word}"));
    let Ok(Located::Inside(Inside { relative, object: Some((_, FileType::Directory)), .. })) =
        locate(&view.root, folder, word)
    else {
        // A file was judged by its name already, and nothing is below what is not there.
        return if effort.spend(Effort::NAME) { Ok(None) } else { Err(slow()) };
    };
    let start = open(view, relative, word)
        .map_err(|error| format!("{word} cannot be looked through: {error}."))?;
    // Where the folder lies deep, each one above would be asked for a repository.
    let ignored = look.ignored || start.relative.components().count() > MAX_DEPTH;
    let look = &Look { ignored, ..look.clone() };
    let everywhere = look.hidden && look.ignored && look.enters.is_none();
    let Some(named) = look.ignore_files.filter(|_| !everywhere) else {
        return Walk { view, start: &start, look, effort }.run(None);
    };
    let mut taken = TakenIn::above(&view.root.real().join(&start.relative), effort);
    for file in named {
        taken.read_named(&view.root, folder, file, effort);
    }
    let found = Walk { view, start: &start, look, effort }.run(Some(&mut taken))?;
    if found.is_some() || taken.globs.is_empty() {
        return Ok(found);
    }
    // What an ignore file takes in is read although it is hidden.
    let (globs, ignored) = (Arc::new(taken.globs), look.ignored || taken.over_others);
    let (compile, compare) = globs.steps();
    if !effort.spend(compile) {
        return Err(slow());
    }
    let read = |path: &str| (look.read)(path) && globs.name_or_folder(path);
    let enters = (!look.hidden || look.enters.is_some()).then(|| Arc::clone(&globs));
    let steps = look.steps + compare;
    let look =
        Look { read: &read, steps, hidden: true, ignored, ignore_files: None, enters, ..*look };
    Walk { view, start: &start, look: &look, effort }.run(None)
}

fn open(view: &View, relative: PathBuf, word: &str) -> rustix::io::Result<Start> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY;
    let at = if relative.as_os_str().is_empty() { Path::new(".") } else { &relative };
    let handle = open_beneath(view.root.handle(), at, flags)?;
    Ok(Start { handle, relative, word: word.to_owned() })
}

/// A folder on the way.
struct Pending {
    /// From where the look began; empty for that folder itself.
    path: PathBuf,
    /// How deep what lies in it is.
    depth: usize,
    /// The rules of its parent.
    rules: Rules,
}

struct Walk<'a> {
    view: &'a View,
    start: &'a Start,
    look: &'a Look<'a>,
    effort: &'a Effort,
}

impl Walk<'_> {
    /// What is found. An error where there is too much to look through.
    fn run(&self, mut taken: Option<&mut TakenIn>) -> Result<Option<String>, String> {
        let rules = if self.look.ignored {
            Rules::default()
        } else {
            let folder = self.view.root.real().join(&self.start.relative);
            Rules::before(&folder, self.effort).map_err(|heeded::Slow| self.slow())?
        };
        let mut pending = vec![Pending { path: PathBuf::new(), depth: 1, rules }];
        while let Some(folder) = pending.pop() {
            let found = self.folder(&folder, taken.as_deref_mut(), &mut pending)?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    fn slow(&self) -> String {
        too_long(&format!("look through {}", self.start.word))
    }

    fn spend(&self, steps: usize) -> Result<(), String> {
        if self.effort.spend(steps) { Ok(()) } else { Err(self.slow()) }
    }

    /// Looks at what lies in a folder, and puts its folders on the way.
    fn folder(
        &self,
        folder: &Pending,
        taken: Option<&mut TakenIn>,
        pending: &mut Vec<Pending>,
    ) -> Result<Option<String>, String> {
        // A path is looked up name by name, so what lies deep costs more.
        self.spend(Effort::FOLDER + folder.depth)?;
        let handle = match enter(self.start.handle.as_fd(), &folder.path) {
            Ok(handle) => handle,
            // A program goes on there; what is mounted is not looked through.
            Err(Errno::XDEV) => {
                return Ok(Some(format!("what is mounted at {}", folder.path.display())));
            }
            Err(Errno::NOENT | Errno::NOTDIR | Errno::ACCESS | Errno::LOOP | Errno::PERM) => {
                return Ok(None);
            }
            Err(error) => {
                let name = folder.path.display();
                return Err(format!("{name} cannot be looked through: {error}."));
            }
        };
        let entries = self.list(&handle)?;
        let heeds = !self.look.ignored;
        let rules = if heeds || taken.is_some() {
            let names = entries.iter().map(|(name, kind)| (name.as_os_str(), *kind));
            let found: Vec<(&OsStr, FileType)> =
                names.filter(|(name, _)| heeded::concerns(name)).collect();
            let (at, path) = (handle.as_fd(), &folder.path);
            folder
                .rules
                .enter(at, path, &found, heeds, taken, self.effort)
                .map_err(|heeded::Slow| self.slow())?
        } else {
            Rules::default()
        };
        for (name, kind) in entries {
            let path = folder.path.join(&name);
            let said = if heeds {
                let read = rules.reads(&path, kind == FileType::Directory, self.effort);
                read.map_err(|heeded::Slow| self.slow())?
            } else {
                None
            };
            let shown = name.as_bytes().first() != Some(&b'.') || self.look.hidden;
            if !said.unwrap_or(shown) {
                continue;
            }
            if kind == FileType::Directory {
                if self.look.depth.is_none_or(|most| folder.depth < most) && self.enters(&name)? {
                    let (depth, rules) = (folder.depth + 1, rules.clone());
                    pending.push(Pending { path, depth, rules });
                }
                continue;
            }
            let found = self.entry(&path, kind, folder.depth)?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// The names in a folder, with what they are.
    fn list(&self, handle: &OwnedFd) -> Result<Vec<(OsString, FileType)>, String> {
        let mut entries = Vec::new();
        let failed = |error| format!("{} cannot be looked through: {error}.", self.start.word);
        let mut listed = match Dir::read_from(handle) {
            Ok(listed) => listed,
            // Names of files that nobody may open.
            Err(Errno::ACCESS) => return Ok(entries),
            Err(error) => return Err(failed(error)),
        };
        while let Some(entry) = listed.read() {
            let entry = entry.map_err(failed)?;
            self.spend(Effort::ENTRY)?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            if name == "." || name == ".." {
                continue;
            }
            let mut kind = entry.file_type();
            if kind == FileType::Unknown {
                self.spend(Effort::NAME)?;
                kind =
                    stat_at(handle.as_fd(), name).map_or(FileType::Unknown, |stat| kind_of(&stat));
            }
            entries.push((name.to_owned(), kind));
        }
        Ok(entries)
    }

    fn enters(&self, name: &OsStr) -> Result<bool, String> {
        if self.look.left_out.iter().any(|left_out| name == *left_out) {
            return Ok(false);
        }
        let shown = name.to_string_lossy();
        let Some(open) = self.look.enters.as_ref().filter(|_| shown.starts_with('.')) else {
            return Ok(true);
        };
        self.spend(open.steps().1)?;
        Ok(open.folder(&shown))
    }

    /// What is found in something that is no folder.
    fn entry(&self, path: &Path, kind: FileType, depth: usize) -> Result<Option<String>, String> {
        let name = path.to_string_lossy();
        if kind == FileType::Symlink {
            let followed = self.look.links;
            return Ok(followed.then(|| format!("what the link {name} leads to")));
        }
        self.spend(2 * depth)?;
        let place = self.start.relative.join(path);
        let secret = matches!(classify(&place.to_string_lossy()), Sensitivity::Secret(_));
        let tightening = &self.view.tightening;
        let ruled = !tightening.is_empty() && tightening.name_within(&place, self.effort).is_some();
        if self.effort.is_over() {
            return Err(self.slow());
        }
        if !secret && !ruled {
            return Ok(None);
        }
        self.spend(self.look.steps)?;
        let why = if secret { "looks like a secret" } else { "a rule of the workspace covers" };
        Ok((self.look.read)(&name).then(|| format!("{name}, which {why}")))
    }
}

/// Opens a folder beneath the one where the look began, for its names.
fn enter(start: BorrowedFd<'_>, path: &Path) -> rustix::io::Result<OwnedFd> {
    let at = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    open_beneath(start, at, OFlags::RDONLY | OFlags::DIRECTORY)
}

#[cfg(test)]
#[path = "below_tests.rs"]
mod tests;
