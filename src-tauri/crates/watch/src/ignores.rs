//! What the ignore files of a workspace leave out.

use crate::folder;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use rustix::fs::{FileType, Mode, OFlags};
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// An ignore file is read up to this many bytes.
const MOST_BYTES: u64 = 1024 * 1024;
/// The folders that are remembered; beyond it all are forgotten and read again.
const MOST_REMEMBERED: usize = 4_096;

/// The rules of `.gitignore`, `.ignore` and `.git/info/exclude` in a workspace, and of the folders
/// above it up to the repository it lies in. They count whether or not there is a repository.
///
/// They are read when first needed and remembered until [`refresh`](Self::refresh).
#[derive(Debug)]
pub struct Ignores {
    root: PathBuf,
    remembered: Mutex<HashMap<String, Rules>>,
}

impl Ignores {
    /// The rules of this workspace. A file that cannot be read has none.
    #[must_use]
    pub fn load(root: &Path) -> Self {
        Self { root: root.to_owned(), remembered: Mutex::new(HashMap::new()) }
    }

    /// Whether a path, relative to the workspace, is left out: by itself, or with a folder it lies
    /// in. `.git` and all in it always is. The path need not exist; the workspace itself, and a path
    /// that leads out of it, are not ignored.
    #[must_use]
    pub fn is_ignored(&self, relative: &str, is_dir: bool) -> bool {
        let parts = folder::parts(relative).unwrap_or_default();
        let Some(last) = parts.len().checked_sub(1) else { return false };
        let mut rules = self.rules_of("", &Rules::default());
        let mut path = String::new();
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                rules = self.rules_of(&path, &rules);
                path.push('/');
            }
            path.push_str(part);
            if rules.ignores(&path, index < last || is_dir) {
                return true;
            }
        }
        false
    }

    /// Forgets what was read; for when an ignore file changed.
    pub fn refresh(&self) {
        self.lock().clear();
    }

    fn rules_of(&self, folder: &str, above: &Rules) -> Rules {
        if let Some(rules) = self.lock().get(folder) {
            return rules.clone();
        }
        let rules = if folder.is_empty() {
            Rules::of_root(&self.root)
        } else {
            above.in_folder(&self.root.join(folder), folder)
        };
        let mut remembered = self.lock();
        if remembered.len() >= MOST_REMEMBERED {
            remembered.clear();
        }
        remembered.insert(folder.to_owned(), rules.clone());
        rules
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Rules>> {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The rules that hold in a folder: its own and those of the folders above it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rules(Option<Arc<Level>>);

/// The rules a folder adds.
#[derive(Debug)]
struct Level {
    place: Place,
    /// Of `.ignore`, which comes before all else.
    ignore: Option<Gitignore>,
    /// Of `.gitignore`.
    git: Option<Gitignore>,
    /// Of `.git/info/exclude`, which comes last.
    exclude: Option<Gitignore>,
    /// Whether a repository begins here: git's rules above do not count in it.
    repository: bool,
    above: Rules,
}

/// Where a level stands, seen from the root.
#[derive(Debug)]
enum Place {
    /// The root, or a folder below it, by its relative path.
    Within(String),
    /// Above the root; the way from there to the root.
    Above(PathBuf),
}

impl Rules {
    /// The rules in the root: its own, and where it lies in a repository those up to there.
    pub(crate) fn of_root(root: &Path) -> Self {
        let repository =
            root.ancestors().find(|folder| folder.join(".git").symlink_metadata().is_ok());
        let mut above: Vec<&Path> = match repository {
            Some(top) => {
                root.ancestors().skip(1).take_while(|folder| folder.starts_with(top)).collect()
            }
            None => Vec::new(),
        };
        above.reverse();
        let mut rules = Self::default();
        for folder in above {
            let way = root.strip_prefix(folder).unwrap_or(root).to_owned();
            rules = rules.with(folder, Place::Above(way));
        }
        rules.with(root, Place::Within(String::new()))
    }

    /// The rules in a folder, given with its path relative to the root, whose parent has these.
    pub(crate) fn in_folder(&self, path: &Path, relative: &str) -> Self {
        // Below a link the rules would be read from elsewhere.
        if path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir()) {
            self.with(path, Place::Within(relative.to_owned()))
        } else {
            self.clone()
        }
    }

    fn with(&self, folder: &Path, place: Place) -> Self {
        let level = Level {
            place,
            ignore: read_rules(&folder.join(".ignore")),
            git: read_rules(&folder.join(".gitignore")),
            exclude: read_rules(&folder.join(".git/info/exclude")),
            repository: folder.join(".git").symlink_metadata().is_ok(),
            above: self.clone(),
        };
        let adds = level.ignore.is_some() || level.git.is_some() || level.exclude.is_some();
        if adds || level.repository { Self(Some(Arc::new(level))) } else { self.clone() }
    }

    /// Whether an entry of the folder of these rules, by its path relative to the root, is left out.
    pub(crate) fn ignores(&self, path: &str, is_dir: bool) -> bool {
        if path == ".git" || path.ends_with("/.git") {
            return true;
        }
        let by_ignore =
            self.levels().find_map(|level| level.decides(level.ignore.as_ref(), path, is_dir));
        if let Some(decided) = by_ignore {
            return decided;
        }
        let mut levels = Vec::new();
        for level in self.levels() {
            levels.push(level);
            if level.repository {
                break;
            }
        }
        let by_git =
            levels.iter().find_map(|level| level.decides(level.git.as_ref(), path, is_dir));
        let by_exclude =
            || levels.iter().find_map(|level| level.decides(level.exclude.as_ref(), path, is_dir));
        by_git.or_else(by_exclude).unwrap_or(false)
    }

    /// The levels, the folder's own first.
    fn levels(&self) -> impl Iterator<Item = &Level> {
        std::iter::successors(self.0.as_deref(), |level| level.above.0.as_deref())
    }
}

impl Level {
    /// What these rules of the level say of a path: leave it out, keep it, or nothing.
    fn decides(&self, rules: Option<&Gitignore>, path: &str, is_dir: bool) -> Option<bool> {
        let rules = rules?;
        let found = match &self.place {
            Place::Within(folder) => {
                let inner =
                    path.strip_prefix(folder.as_str()).unwrap_or(path).trim_start_matches('/');
                rules.matched(inner, is_dir)
            }
            Place::Above(way) => rules.matched(way.join(path), is_dir),
        };
        match found {
            ignore::Match::None => None,
            ignore::Match::Ignore(_) => Some(true),
            ignore::Match::Whitelist(_) => Some(false),
        }
    }
}

/// The rules of a file; none where there is no such file, or it holds none.
fn read_rules(path: &Path) -> Option<Gitignore> {
    let text = match read_plain_file(path) {
        Ok(text) => text,
        Err(error)
            if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
        {
            return None;
        }
        Err(error) => {
            tracing::debug!(path = %path.display(), %error, "an ignore file is not read");
            return None;
        }
    };
    let mut builder = GitignoreBuilder::new("");
    for line in String::from_utf8_lossy(&text).trim_start_matches('\u{feff}').lines() {
        if let Err(error) = builder.add_line(None, line) {
            tracing::debug!(path = %path.display(), %error, "a rule is not understood");
        }
    }
    builder.build().ok().filter(|rules| !rules.is_empty())
}

/// The bytes of a regular file. A link is not followed and a pipe is not waited for.
fn read_plain_file(path: &Path) -> io::Result<Vec<u8>> {
    let flags =
        OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    let file = rustix::fs::open(path, flags, Mode::empty())?;
    let kind = FileType::from_raw_mode(rustix::fs::fstat(&file)?.st_mode);
    if kind != FileType::RegularFile {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    let mut bytes = Vec::new();
    File::from(file).take(MOST_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}
