//! Which folders of the workspace are not kept: those that its ignore files leave out, and `.git`.
//! All is read by handle, beneath the workspace.

use crate::root::{Root, kind_of, open_beneath, stat_at};
use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use rustix::fs::{FileType, OFlags};
use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::File;
use std::io::Read as _;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Ignore files are read up to this many bytes.
const MAX_IGNORE_FILE: u64 = 1024 * 1024;
/// The files of a folder that bring rules, in the order in which they decide.
const FILES: [&str; 3] = [".ignore", ".gitignore", ".git/info/exclude"];
/// Folders that are remembered; beyond it all are forgotten and read again.
const MAX_REMEMBERED: usize = 65_536;

/// The rules that hold in a folder: its own and those of the folders above, up to the workspace.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules(Option<Arc<Level>>);

/// The rules that one folder adds.
#[derive(Debug)]
struct Level {
    folder: PathBuf,
    rules: [Option<Gitignore>; FILES.len()],
    /// Whether a repository begins here: git's rules above do not count in it.
    repository: bool,
    above: Rules,
}

impl Rules {
    /// The rules in a folder whose parent has these.
    pub(crate) fn enter(&self, handle: BorrowedFd<'_>, folder: &Path) -> Self {
        let repository = stat_at(handle, OsStr::new(".git")).is_ok();
        let mut rules = FILES.map(|_| None);
        for (place, file) in rules.iter_mut().zip(FILES) {
            if repository || !file.starts_with(".git/") {
                *place = read(handle, file);
            }
        }
        if !repository && rules.iter().all(Option::is_none) {
            return self.clone();
        }
        let level = Level { folder: folder.to_owned(), rules, repository, above: self.clone() };
        Self(Some(Arc::new(level)))
    }

    /// Whether a folder, by its path from the workspace, is left out by the rules of its parent.
    pub(crate) fn leave_out(&self, folder: &Path) -> bool {
        (0..FILES.len())
            .find_map(|file| {
                let mut level = self.0.as_deref();
                while let Some(here) = level {
                    let below = folder.strip_prefix(&here.folder).unwrap_or(folder);
                    match here.rules[file].as_ref().map(|rules| rules.matched(below, true)) {
                        Some(Match::Ignore(_)) => return Some(true),
                        Some(Match::Whitelist(_)) => return Some(false),
                        Some(Match::None) | None => {}
                    }
                    // `.ignore` has no thought of repositories.
                    level =
                        if here.repository && file > 0 { None } else { here.above.0.as_deref() };
                }
                None
            })
            .unwrap_or(false)
    }
}

fn read(folder: BorrowedFd<'_>, file: &str) -> Option<Gitignore> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::NOFOLLOW;
    let handle = open_beneath(folder, Path::new(file), flags).ok()?;
    if kind_of(&rustix::fs::fstat(&handle).ok()?) != FileType::RegularFile {
        return None;
    }
    let mut bytes = Vec::new();
    File::from(handle).take(MAX_IGNORE_FILE).read_to_end(&mut bytes).ok()?;
    let mut builder = GitignoreBuilder::new("");
    for line in String::from_utf8_lossy(&bytes).trim_start_matches('\u{feff}').lines() {
        // A line that makes no sense is skipped, as git skips it.
        let _ = builder.add_line(None, line);
    }
    builder.build().ok().filter(|rules| !rules.is_empty())
}

/// The rules of folders asked for one by one, read anew only where an ignore file changed.
#[derive(Debug)]
pub(crate) struct Remembered {
    root: Arc<Root>,
    folders: Mutex<HashMap<PathBuf, (Marks, Rules)>>,
}

/// By what it is known that a folder's ignore files are the same, and its parent's.
type Marks = Vec<Option<[i64; 4]>>;

impl Remembered {
    pub(crate) fn new(root: Arc<Root>) -> Self {
        Self { root, folders: Mutex::default() }
    }

    /// Whether a folder, by its path from the workspace, is left out, by itself or with one above it.
    pub(crate) fn leave_out(&self, folder: &Path) -> bool {
        let mut rules = Rules::default();
        let mut marks = Marks::new();
        let mut here = PathBuf::new();
        for name in folder {
            rules = self.rules(&here, &rules, &mut marks);
            here.push(name);
            if name == ".git" || rules.leave_out(&here) {
                return true;
            }
        }
        false
    }

    fn rules(&self, folder: &Path, above: &Rules, marks: &mut Marks) -> Rules {
        let path = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW;
        let Ok(handle) = open_beneath(self.root.handle(), path, flags) else {
            return above.clone();
        };
        for file in [".git"].into_iter().chain(FILES) {
            let stat =
                rustix::fs::statat(&handle, file, rustix::fs::AtFlags::SYMLINK_NOFOLLOW).ok();
            #[allow(clippy::useless_conversion, clippy::cast_possible_wrap)]
            marks.push(stat.map(|stat| {
                [stat.st_ino as i64, stat.st_size, stat.st_ctime, stat.st_ctime_nsec as i64]
            }));
        }
        let mut folders = self.folders.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, rules)) = folders.get(folder)
            && known == marks
        {
            return rules.clone();
        }
        let rules = above.enter(handle.as_fd(), folder);
        if folders.len() >= MAX_REMEMBERED {
            folders.clear();
        }
        folders.insert(folder.to_owned(), (marks.clone(), rules.clone()));
        rules
    }
}
