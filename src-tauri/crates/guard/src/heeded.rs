//! The ignore files that a reader which recurses heeds below a folder: read by handle, within what a
//! decision may cost. Those that take time to compile or to compare cost accordingly.

use crate::command::Effort;
use crate::taken_in::TakenIn;
use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use rustix::fs::{FileType, Mode, OFlags, openat};
use std::ffi::OsStr;
use std::fs::File;
use std::io::Read as _;
use std::os::fd::{AsRawFd as _, BorrowedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bytes of one ignore file.
const MAX_FILE: u64 = 256 * 1024;

/// Steps of a comparison from which on the clock is looked at each time.
const MUCH: usize = 30;

/// Something that takes too long.
pub(crate) struct Slow;

/// Whether a name matters here.
pub(crate) fn concerns(name: &OsStr) -> bool {
    [".gitignore", ".ignore", ".rgignore", ".git", ".jj"].iter().any(|known| name == *known)
}

/// The rules that hold in a folder: its own, and those of the folders above up to where the look began.
#[derive(Clone, Default)]
pub(crate) struct Rules(Option<Arc<Level>>);

/// What one folder adds.
#[derive(Default)]
struct Level {
    folder: PathBuf,
    ignore: Option<Lines>,
    git: Option<Lines>,
    exclude: Option<Lines>,
    /// Whether a repository is here, for which git's rules count.
    repository: bool,
    /// Whether git's rules above may not count here.
    boundary: bool,
    above: Rules,
}

/// The lines of one file, and the steps that it takes to compare a path with them.
struct Lines {
    matcher: Gitignore,
    steps: usize,
}

impl Rules {
    /// Those before the look begins: none, but git's count wherever some folder above is a repository.
    pub(crate) fn before(folder: &Path, effort: &Effort) -> Result<Self, Slow> {
        for above in folder.ancestors().skip(1) {
            if !effort.spend(Effort::NAME) {
                return Err(Slow);
            }
            if std::fs::metadata(above.join(".git")).is_ok() {
                let repository = Level { repository: true, ..Level::default() };
                return Ok(Self(Some(Arc::new(repository))));
            }
        }
        Ok(Self::default())
    }

    /// The rules in `folder` (its path from where the look began), whose parent has these. `found` are
    /// those of its names that matter. Where `heeds` is not set, files are read for `taken` only.
    pub(crate) fn enter(
        &self,
        handle: BorrowedFd<'_>,
        folder: &Path,
        found: &[(&OsStr, FileType)],
        heeds: bool,
        mut taken: Option<&mut TakenIn>,
        effort: &Effort,
    ) -> Result<Self, Slow> {
        let mut level =
            Level { folder: folder.to_owned(), above: self.clone(), ..Level::default() };
        for (name, kind) in found {
            let mut read = |path: &str, over_others: bool, heeds: bool| {
                read(handle, path, over_others, heeds, taken.as_deref_mut(), effort)
            };
            match name.to_str() {
                Some(".gitignore") => level.git = read(".gitignore", false, heeds)?,
                Some(".ignore") => level.ignore = read(".ignore", true, heeds)?,
                Some(".rgignore") => {
                    read(".rgignore", true, false)?;
                }
                Some(".git") => {
                    level.repository = matches!(kind, FileType::Directory | FileType::RegularFile);
                    level.boundary = true;
                    level.exclude = read(".git/info/exclude", false, heeds)?;
                    if let Some(taken) = taken.as_deref_mut() {
                        let here = format!("/proc/self/fd/{}", handle.as_raw_fd());
                        taken.read_worktree(Path::new(&here), effort);
                    }
                }
                _ => level.boundary = true,
            }
        }
        Ok(if found.is_empty() || !heeds { self.clone() } else { Self(Some(Arc::new(level))) })
    }

    /// Whether it is read; none where no rule says so.
    pub(crate) fn reads(
        &self,
        path: &Path,
        is_folder: bool,
        effort: &Effort,
    ) -> Result<Option<bool>, Slow> {
        let levels = || std::iter::successors(self.0.as_deref(), |level| level.above.0.as_deref());
        let any_git = levels().any(|level| level.repository);
        let (mut by_ignore, mut by_git, mut by_exclude) = (None, None, None);
        let mut git = any_git;
        for level in levels() {
            let below = path.strip_prefix(&level.folder).unwrap_or(path);
            let fits = |said: &mut Option<bool>, lines: &Option<Lines>, counts: bool| {
                if let Some(lines) = lines.as_ref().filter(|_| counts && said.is_none()) {
                    let late = || lines.steps > MUCH && effort.is_late();
                    if !effort.spend(lines.steps) || late() {
                        return Err(Slow);
                    }
                    *said = match lines.matcher.matched(below, is_folder) {
                        Match::None => None,
                        Match::Ignore(_) => Some(false),
                        Match::Whitelist(_) => Some(true),
                    };
                }
                Ok(())
            };
            fits(&mut by_ignore, &level.ignore, true)?;
            fits(&mut by_git, &level.git, git)?;
            fits(&mut by_exclude, &level.exclude, git)?;
            git &= !level.boundary;
        }
        Ok(by_ignore.or(by_git).or(by_exclude))
    }
}

/// Reads an ignore file: its rules where it is heeded, and what it takes in. nothing where it is
/// none.
fn read(
    folder: BorrowedFd<'_>,
    path: &str,
    over_others: bool,
    heeds: bool,
    taken: Option<&mut TakenIn>,
    effort: &Effort,
) -> Result<Option<Lines>, Slow> {
    if !effort.spend(Effort::FILE) {
        return Err(Slow);
    }
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let Ok(file) = openat(folder, path, flags, Mode::empty()).map(File::from) else {
        return Ok(None);
    };
    let mut bytes = Vec::new();
    match file.metadata() {
        Ok(about) if about.is_file() => {}
        Ok(about) if about.is_dir() => return Ok(None),
        _ => {
            taken.map(TakenIn::everything);
            return Ok(None);
        }
    }
    let complete = file.take(MAX_FILE + 1).read_to_end(&mut bytes).is_ok();
    if !complete || bytes.len() as u64 > MAX_FILE || !effort.spend(bytes.len() / 8) {
        return Err(Slow);
    }
    if let Some(taken) = taken {
        taken.take(&bytes, over_others);
    }
    if heeds { compiled(&bytes, effort).map(Some) } else { Ok(None) }
}

fn compiled(bytes: &[u8], effort: &Effort) -> Result<Lines, Slow> {
    let mut builder = GitignoreBuilder::new("/");
    let mut steps = 3;
    // A line that is no text is left out, as the reader leaves it out.
    let lines = bytes.split(|&byte| byte == b'\n').map(std::str::from_utf8).enumerate();
    for (place, line) in lines.filter_map(|(place, line)| Some((place, line.ok()?))) {
        let line = line.strip_suffix('\r').unwrap_or(line);
        let line = if place == 0 { line.trim_start_matches('\u{feff}') } else { line };
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let hard = is_hard(line);
        if !effort.spend(10 + line.len() * if hard { 40 } else { 3 }) {
            return Err(Slow);
        }
        steps += if hard { 1 + line.len() / 32 } else { 0 };
        // One that makes no sense is skipped, as the reader skips it.
        let _ = builder.add_line(None, line);
    }
    let matcher = builder.build().unwrap_or_else(|_| Gitignore::empty());
    Ok(Lines { matcher, steps })
}

/// Whether a line is more than a name, or the ending of names.
fn is_hard(line: &str) -> bool {
    let line = line.strip_prefix('!').unwrap_or(line);
    let line = line.strip_prefix("*.").unwrap_or(line);
    line.contains(['*', '?', '[', '{', '\\'])
}
