//! Walking a folder: by path through the folder's own handle, links not followed; and every entry is
//! opened beneath that handle again before it is reported.

use crate::GuardError;
use crate::names::{Sensitivity, classify};
use crate::root::{kind_of, open_beneath};
use crate::tighten::{Tightened, Tightening};
use crate::view::{View, display};
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use ignore::{WalkBuilder, WalkState};
use rustix::fs::{FileType, OFlags};
use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Entries of one walk; past this the result is marked as cut.
const MAX_ENTRIES: usize = 1_000_000;
/// Ignore files larger than this are not read.
const MAX_IGNORE_FILE: u64 = 1024 * 1024;

/// What lies below a folder, sorted by path.
#[derive(Debug)]
pub struct Walk {
    folder: Arc<OwnedFd>,
    tightening: Arc<Tightening>,
    prefix: String,
    paths: Vec<PathBuf>,
    truncated: bool,
}

/// One file or link below a folder.
#[derive(Debug)]
pub struct WalkEntry {
    source: Source,
    path: String,
    kind: FileType,
    modified: SystemTime,
    secret: bool,
}

#[derive(Debug)]
enum Source {
    Beneath(Arc<OwnedFd>, PathBuf),
    Opened(Mutex<Option<File>>),
}

impl Walk {
    pub(crate) fn new(
        view: &View,
        folder: BorrowedFd<'_>,
        relative: Option<&Path>,
        name: &str,
    ) -> Result<Self, GuardError> {
        let folder = rustix::io::fcntl_dupfd_cloexec(folder, 0)
            .map_err(|error| GuardError::system(name, error))?;
        let start = PathBuf::from(format!("/proc/self/fd/{}/.", folder.as_raw_fd()));
        let prefix = if name.is_empty() { String::new() } else { format!("{name}/") };
        let tightening = Arc::clone(&view.tightening);
        if view.is_stopped() {
            return Ok(Self {
                folder: Arc::new(folder),
                tightening,
                prefix,
                paths: Vec::new(),
                truncated: true,
            });
        }
        let above = relative.map(|relative| ignores_above(view, relative)).unwrap_or_default();
        let relative = relative.map(Path::to_owned).unwrap_or_default();
        let paths = Mutex::new(Vec::new());
        let count = AtomicUsize::new(0);
        let filter_start = start.clone();
        WalkBuilder::new(&start)
            .hidden(false)
            .parents(false)
            .require_git(false)
            .git_global(false)
            .follow_links(false)
            .same_file_system(true)
            .max_filesize(None)
            .filter_entry(move |entry| {
                let Ok(below) = entry.path().strip_prefix(&filter_start) else { return true };
                if below.as_os_str().is_empty() {
                    return true;
                }
                let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
                if below.file_name().is_some_and(|name| name == ".git") && is_folder {
                    return false;
                }
                !is_ignored(&above, &relative.join(below), is_folder)
            })
            .build_parallel()
            .run(|| {
                Box::new(|entry| {
                    // A folder that cannot be read is left out, as a listing would leave it out.
                    let Ok(entry) = entry else { return WalkState::Continue };
                    if view.is_stopped() || count.load(Ordering::Relaxed) > MAX_ENTRIES {
                        return WalkState::Quit;
                    }
                    if entry.file_type().is_some_and(|kind| !kind.is_dir())
                        && let Ok(below) = entry.path().strip_prefix(&start)
                    {
                        count.fetch_add(1, Ordering::Relaxed);
                        let mut paths = paths.lock().unwrap_or_else(PoisonError::into_inner);
                        paths.push(below.to_owned());
                    }
                    WalkState::Continue
                })
            });
        let mut paths = paths.into_inner().unwrap_or_else(PoisonError::into_inner);
        paths.sort_unstable();
        let truncated = paths.len() > MAX_ENTRIES || view.is_stopped();
        Ok(Self { folder: Arc::new(folder), tightening, prefix, paths, truncated })
    }

    /// Whether the walk ended before its end: too many entries, or stopped.
    #[must_use]
    pub fn truncated(&self) -> bool {
        self.truncated
    }

    /// The paths below the folder, sorted. They are names only: nothing is known of them until
    /// [`Self::entry`] opened them.
    #[must_use]
    pub fn paths(&self) -> &[PathBuf] {
        &self.paths
    }

    /// Opens an entry beneath the folder. None where it is gone, no longer beneath, or forbidden by
    /// a rule of the workspace.
    #[must_use]
    pub fn entry(&self, path: &Path) -> Option<WalkEntry> {
        let flags = OFlags::PATH | OFlags::NOFOLLOW;
        let object = open_beneath(self.folder.as_fd(), path, flags).ok()?;
        let stat = rustix::fs::fstat(&object).ok()?;
        let name = format!("{}{}", self.prefix, display(path));
        let tightened = self.tightening.name(Path::new(&name));
        if matches!(tightened, Some(Tightened::Deny(_))) {
            return None;
        }
        let secret = tightened.is_some() || matches!(classify(&name), Sensitivity::Secret(_));
        Some(WalkEntry {
            source: Source::Beneath(Arc::clone(&self.folder), path.to_owned()),
            path: name,
            kind: kind_of(&stat),
            modified: modified(&stat),
            secret,
        })
    }
}

impl WalkEntry {
    pub(crate) fn single(file: File, path: String) -> std::io::Result<Self> {
        let stat = rustix::fs::fstat(&file)?;
        Ok(Self {
            kind: kind_of(&stat),
            modified: modified(&stat),
            source: Source::Opened(Mutex::new(Some(file))),
            path,
            secret: false,
        })
    }

    /// The path from the workspace, or absolute outside.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// When it was changed last.
    #[must_use]
    pub fn modified(&self) -> SystemTime {
        self.modified
    }

    /// Whether its content is a secret or asks by a rule of the workspace: a search leaves it out.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        self.secret
    }

    /// Opens it for reading; none where it is no ordinary file (any more).
    #[must_use]
    pub fn open(&self) -> Option<impl Read + use<>> {
        match &self.source {
            Source::Opened(file) => file.lock().unwrap_or_else(PoisonError::into_inner).take(),
            Source::Beneath(folder, path) => {
                if self.kind != FileType::RegularFile {
                    return None;
                }
                let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::NOFOLLOW;
                let file = open_beneath(folder.as_fd(), path, flags).ok()?;
                let stat = rustix::fs::fstat(&file).ok()?;
                (kind_of(&stat) == FileType::RegularFile).then(|| File::from(file))
            }
        }
    }
}

fn modified(stat: &rustix::fs::Stat) -> SystemTime {
    let seconds = Duration::from_secs(u64::try_from(stat.st_mtime).unwrap_or(0));
    #[allow(clippy::useless_conversion)]
    let nanos = Duration::from_nanos(u64::try_from(stat.st_mtime_nsec).unwrap_or(0));
    UNIX_EPOCH + seconds + nanos
}

/// The ignore rules of the folders above the one that is walked, from the workspace down. `ignore`
/// itself would read them by name, past the workspace.
fn ignores_above(view: &View, relative: &Path) -> Vec<Gitignore> {
    let mut folder = PathBuf::new();
    let mut found = Vec::new();
    for name in relative.components() {
        for file in [".gitignore", ".ignore"] {
            found.extend(read_ignores(view, &folder, file));
        }
        folder.push(name);
    }
    found
}

fn read_ignores(view: &View, folder: &Path, file: &str) -> Option<Gitignore> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::NOFOLLOW;
    let handle = open_beneath(view.root.handle(), &folder.join(file), flags).ok()?;
    if kind_of(&rustix::fs::fstat(&handle).ok()?) != FileType::RegularFile {
        return None;
    }
    let mut text = String::new();
    File::from(handle).take(MAX_IGNORE_FILE).read_to_string(&mut text).ok()?;
    // The rules are matched against paths from the workspace, so a made-up root serves.
    let mut builder = GitignoreBuilder::new(Path::new("/").join(folder));
    for line in text.lines() {
        // A line that makes no sense is skipped, as git skips it.
        let _ = builder.add_line(None, line);
    }
    builder.build().ok()
}

fn is_ignored(above: &[Gitignore], path: &Path, is_folder: bool) -> bool {
    let path = Path::new("/").join(path);
    above
        .iter()
        .rev()
        .map(|rules| rules.matched(&path, is_folder))
        .find(|matched| !matched.is_none())
        .is_some_and(|matched| matched.is_ignore())
}
