//! What a program that recurses would read below a folder: a look for secrets with a bound.

use crate::command::{Look, Walking};
use crate::names::{Sensitivity, classify};
use crate::resolve::{Inside, Located, locate};
use crate::root::open_beneath;
use crate::taken_in::TakenIn;
use crate::view::View;
use ignore::WalkBuilder;
use rustix::fs::{FileType, OFlags, fstat};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Names on the way to an entry that count as one more.
const NAMES_AN_ENTRY: usize = 16;

/// Folders above one whose ignore files are heeded.
const MAX_DEPTH: usize = 64;

/// A folder to look through, by handle.
struct Start {
    handle: OwnedFd,
    /// Its path from the workspace.
    relative: PathBuf,
    /// What the command calls it.
    word: String,
    /// The file system that it is on.
    device: u64,
}

/// The first secret below `word`, or the first link where links are followed. An error where there
/// is too much to look through.
pub(crate) fn secret(
    view: &View,
    folder: &Path,
    word: &str,
    look: &Look<'_>,
    walking: &Walking,
) -> Result<Option<String>, String> {
    let Ok(Located::Inside(Inside { relative, object: Some((_, FileType::Directory)), .. })) =
        locate(&view.root, folder, word)
    else {
        // A file was judged by its name already, and nothing is below what is not there.
        return Ok(None);
    };
    let start = open(view, relative, word)
        .map_err(|error| format!("{word} cannot be looked through: {error}."))?;
    // Where the folder lies deep, the walk would ask each one above for a repository.
    let ignored = look.ignored || start.relative.components().count() > MAX_DEPTH;
    let look = &Look { ignored, ..look.clone() };
    let everywhere = look.hidden && look.ignored && look.enters.is_none();
    let Some(named) = look.ignore_files.filter(|_| !everywhere) else {
        return walk(view, &start, look, walking, None);
    };
    let mut taken = TakenIn::above(&view.root.real().join(&start.relative));
    for file in named {
        taken.read_named(&view.root, folder, file);
    }
    let found = walk(view, &start, look, walking, Some(&mut taken))?;
    if found.is_some() || taken.globs.is_empty() {
        return Ok(found);
    }
    // What an ignore file takes in is read although it is hidden.
    let (globs, ignored) = (Arc::new(taken.globs), look.ignored || taken.over_others);
    let read = |path: &str| (look.read)(path) && globs.name_or_folder(path);
    let enters = (!look.hidden || look.enters.is_some()).then(|| Arc::clone(&globs));
    let look = Look { read: &read, hidden: true, ignored, ignore_files: None, enters, ..*look };
    walk(view, &start, &look, walking, None)
}

fn open(view: &View, relative: PathBuf, word: &str) -> rustix::io::Result<Start> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY;
    let at = if relative.as_os_str().is_empty() { Path::new(".") } else { &relative };
    let handle = open_beneath(view.root.handle(), at, flags)?;
    let device = fstat(&handle)?.st_dev;
    Ok(Start { handle, relative, word: word.to_owned(), device })
}

/// What is found. An error where there is too much to look through.
fn walk(
    view: &View,
    start: &Start,
    look: &Look<'_>,
    walking: &Walking,
    mut taken: Option<&mut TakenIn>,
) -> Result<Option<String>, String> {
    let left_out: Vec<String> = look.left_out.iter().map(|&name| name.to_owned()).collect();
    let enters = look.enters.clone();
    let path = format!("/proc/self/fd/{}/.", start.handle.as_raw_fd());
    let entries = WalkBuilder::new(&path)
        .hidden(!look.hidden)
        .ignore(!look.ignored)
        .git_ignore(!look.ignored)
        .git_exclude(!look.ignored)
        .git_global(false)
        .parents(false)
        .follow_links(false)
        .max_depth(look.depth)
        .filter_entry(move |entry| {
            if entry.depth() == 0 || !entry.file_type().is_some_and(|kind| kind.is_dir()) {
                return true;
            }
            let name = entry.file_name();
            let shown = name.to_string_lossy();
            let shut =
                shown.starts_with('.') && enters.as_ref().is_some_and(|open| !open.folder(&shown));
            !shut && !left_out.iter().any(|left_out| name == left_out.as_str())
        })
        .build();
    for entry in entries {
        // A path is looked up name by name, so what lies deep costs more.
        let deep = entry.as_ref().map_or(0, |entry| entry.depth() / NAMES_AN_ENTRY);
        if !(0..=deep).all(|_| walking.goes_on()) {
            let word = &start.word;
            return Err(format!("there is too much below {word} to look through in time."));
        }
        let Ok(entry) = entry else { continue };
        let kind = entry.file_type();
        if kind.is_some_and(|kind| kind.is_dir())
            && let Some(taken) = taken.as_deref_mut()
        {
            taken.read_folder(entry.path());
        }
        let Ok(below) = entry.path().strip_prefix(&path) else { continue };
        let Some(kind) = kind.filter(|_| entry.depth() > 0) else { continue };
        let name = below.to_string_lossy();
        if kind.is_symlink() {
            if look.links {
                return Ok(Some(format!("what the link {name} leads to")));
            }
            continue;
        }
        if kind.is_dir() {
            // A program goes on there; what another file system holds is not looked through.
            if entry.metadata().is_ok_and(|there| is_mounted(there.dev(), start.device))
                && look.depth.is_none_or(|depth| entry.depth() < depth)
            {
                return Ok(Some(format!("what is mounted at {name}")));
            }
            continue;
        }
        let place = start.relative.join(below);
        let secret = matches!(classify(&place.to_string_lossy()), Sensitivity::Secret(_));
        if secret && (look.read)(&name) {
            return Ok(Some(format!("{name}, which looks like a secret")));
        }
        if view.tightening.name(&place).is_some() && (look.read)(&name) {
            return Ok(Some(format!("{name}, which a rule of the workspace covers")));
        }
    }
    Ok(None)
}

/// Whether a folder is on another device than the one that the look began in.
fn is_mounted(there: u64, start: u64) -> bool {
    there != start
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot set itself up ends there")]
mod tests {
    use super::*;

    #[test]
    fn a_folder_on_another_device_is_mounted_there() {
        let device = |path: &str| std::fs::metadata(path).unwrap().dev();
        assert!(is_mounted(device("/proc"), device("/")));
        assert!(!is_mounted(device("/"), device("/")));
    }
}
