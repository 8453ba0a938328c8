//! Folders below the root, by their relative path.

use crate::WatchError;
use std::fs;
use std::path::{Path, PathBuf};

/// The parts of a relative path, `.` and empty ones left out; none where it is absolute or has `..`.
pub(crate) fn parts(relative: &str) -> Option<Vec<&str>> {
    if relative.starts_with('/') || relative.contains('\0') {
        return None;
    }
    let parts: Vec<&str> =
        relative.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    if parts.contains(&"..") { None } else { Some(parts) }
}

/// The path of a relative folder. The root stays without a slash at its end, as the watches have it.
pub(crate) fn absolute(root: &Path, relative: &str) -> PathBuf {
    if relative.is_empty() { root.to_owned() } else { root.join(relative) }
}

/// The relative path of a path below the root, `/` between its parts; none for what is not below it
/// or is no text.
pub(crate) fn relative(root: &Path, path: &Path) -> Option<String> {
    path.strip_prefix(root).ok()?.to_str().map(str::to_owned)
}

/// That each part of the path is a folder and none is a link.
pub(crate) fn check(root: &Path, relative: &str) -> Result<(), WatchError> {
    let parts = parts(relative).ok_or_else(|| WatchError::NotInside(relative.to_owned()))?;
    let mut path = root.to_owned();
    for part in parts {
        path.push(part);
        let kind = fs::symlink_metadata(&path)
            .map_err(|error| WatchError::of_io(&path, &error))?
            .file_type();
        if kind.is_symlink() {
            return Err(WatchError::Link(relative.to_owned()));
        }
        if !kind.is_dir() {
            let reason = "it is not a folder".to_owned();
            return Err(WatchError::NoFolder { path: relative.to_owned(), reason });
        }
    }
    Ok(())
}

/// Whether a folder is this one or lies in it.
pub(crate) fn is_within(folder: &str, ancestor: &str) -> bool {
    ancestor.is_empty()
        || folder
            .strip_prefix(ancestor)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_that_stay_inside_have_parts() {
        for (path, wanted) in [
            ("", Some(vec![])),
            ("a/b", Some(vec!["a", "b"])),
            ("./a//b/", Some(vec!["a", "b"])),
            ("..", None),
            ("a/../..", None),
            ("/a", None),
            ("a\0b", None),
            ("..a/b..", Some(vec!["..a", "b.."])),
        ] {
            assert_eq!(parts(path), wanted, "{path:?}");
        }
    }

    #[test]
    fn within_is_by_whole_names() {
        for (folder, ancestor, wanted) in [
            ("a/b", "a", true),
            ("a", "a", true),
            ("ab", "a", false),
            ("a", "a/b", false),
            ("x", "", true),
        ] {
            assert_eq!(is_within(folder, ancestor), wanted, "{folder} in {ancestor}");
        }
    }
}
