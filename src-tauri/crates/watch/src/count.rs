//! How many files a workspace has.

use crate::ignores::Rules;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// Counts the files below a folder. What the ignore files leave out is not counted, nor is `.git`;
/// hidden files are. A link counts as one file and is not followed; a folder that cannot be read
/// counts as empty. Stops soon after `stop` is set, with what it has by then.
#[must_use]
pub fn count_files(root: &Path, stop: &AtomicBool) -> usize {
    let mut count = 0;
    let mut folders = vec![(root.to_owned(), String::new(), Rules::of_root(root))];
    while let Some((at, folder, rules)) = folders.pop() {
        let Ok(entries) = fs::read_dir(&at) else { continue };
        for entry in entries.flatten() {
            if stop.load(Ordering::Relaxed) {
                return count;
            }
            let Ok(kind) = entry.file_type() else { continue };
            let name = entry.file_name();
            let path = if folder.is_empty() {
                name.to_string_lossy().into_owned()
            } else {
                format!("{folder}/{}", name.to_string_lossy())
            };
            if rules.ignores(&path, kind.is_dir()) {
                continue;
            }
            if kind.is_dir() {
                let at = entry.path();
                let inner = rules.in_folder(&at, &path);
                folders.push((at, path, inner));
            } else {
                count += 1;
            }
        }
    }
    count
}
