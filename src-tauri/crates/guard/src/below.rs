//! What a program that recurses would read below a folder: a look for secrets with a bound.

use crate::command::{Look, Walking};
use crate::names::{Sensitivity, classify};
use crate::resolve::{Inside, Located, locate};
use crate::root::open_beneath;
use crate::view::View;
use ignore::WalkBuilder;
use rustix::fs::{FileType, OFlags};
use std::os::fd::AsRawFd;
use std::path::Path;

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
    let flags = OFlags::RDONLY | OFlags::DIRECTORY;
    let at = if relative.as_os_str().is_empty() { Path::new(".") } else { &relative };
    let handle = open_beneath(view.root.handle(), at, flags)
        .map_err(|error| format!("{word} cannot be looked through: {error}."))?;
    let start = format!("/proc/self/fd/{}/.", handle.as_raw_fd());
    let left_out: Vec<String> = look.left_out.iter().map(|&name| name.to_owned()).collect();
    let walk = WalkBuilder::new(&start)
        .hidden(!look.hidden)
        .ignore(!look.ignored)
        .git_ignore(!look.ignored)
        .git_exclude(!look.ignored)
        .git_global(false)
        .parents(false)
        .follow_links(false)
        .same_file_system(true)
        .filter_entry(move |entry| {
            entry.depth() == 0 || !left_out.iter().any(|name| entry.file_name() == name.as_str())
        })
        .build();
    for entry in walk {
        if !walking.goes_on() {
            return Err(format!("there is too much below {word} to look through in time."));
        }
        let Ok(entry) = entry else { continue };
        let Ok(below) = entry.path().strip_prefix(&start) else { continue };
        let Some(kind) = entry.file_type().filter(|_| entry.depth() > 0) else { continue };
        let name = below.to_string_lossy();
        if kind.is_symlink() {
            if look.links {
                return Ok(Some(format!("what the link {name} leads to")));
            }
            continue;
        }
        if kind.is_dir() {
            continue;
        }
        let place = relative.join(below);
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
