//! What ignore files take in: a line that starts with `!` makes ripgrep read what is hidden, or what
//! another line leaves out.

use crate::command::Effort;
use crate::globs::Globs;
use crate::resolve::{Inside, Located, locate};
use crate::root::{Root, open_beneath};
use rustix::fs::{FileType, OFlags};
use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Names of ignore files, and whether their lines count before those of others.
const FILES: [(&str, bool); 4] =
    [(".gitignore", false), (".git/info/exclude", false), (".ignore", true), (".rgignore", true)];

/// Bytes of ignore files that are read for one look.
const MAX_BYTES: u64 = 256 * 1024;
/// Folders above that are asked for theirs.
const MAX_FOLDERS: usize = 64;
/// Globs that one look compares.
const MAX_GLOBS: usize = 300;

/// The lines that start with `!`. Where there is more than can be read, they take in everything.
pub(crate) struct TakenIn {
    pub(crate) globs: Globs,
    /// Whether some take in what another ignore file leaves out.
    pub(crate) over_others: bool,
    left: u64,
}

impl TakenIn {
    /// From the folders that hold `folder`, up to the root, as ripgrep goes.
    pub(crate) fn above(folder: &Path, effort: &Effort) -> Self {
        let mut taken = Self { globs: Globs::default(), over_others: false, left: MAX_BYTES };
        if folder.ancestors().count() > MAX_FOLDERS {
            taken.everything();
        } else {
            folder.ancestors().skip(1).for_each(|folder| taken.read_folder(folder, effort));
        }
        taken
    }

    /// From a folder's own ignore files.
    fn read_folder(&mut self, folder: &Path, effort: &Effort) {
        for (name, over_others) in FILES {
            self.read_at(&folder.join(name), over_others, effort);
        }
        self.read_worktree(folder, effort);
    }

    /// From the repository that a worktree's `.git` names, which is a file.
    pub(crate) fn read_worktree(&mut self, folder: &Path, effort: &Effort) {
        if !effort.spend(Effort::FILE) {
            return self.everything();
        }
        let Some(text) = small(&folder.join(".git")) else { return };
        let Some(git) = text.strip_prefix("gitdir:").map(|git| folder.join(git.trim())) else {
            return;
        };
        self.read_at(&git.join("info/exclude"), false, effort);
        if let Some(common) = small(&git.join("commondir")) {
            self.read_at(&git.join(common.trim()).join("info/exclude"), false, effort);
        }
    }

    /// From a file that an option names.
    pub(crate) fn read_named(&mut self, root: &Root, folder: &Path, word: &str, effort: &Effort) {
        if !effort.spend(Effort::FILE) {
            return self.everything();
        }
        let Ok(Located::Inside(Inside { relative, object: Some((_, kind)), .. })) =
            locate(root, folder, word)
        else {
            return;
        };
        let flags = OFlags::RDONLY | OFlags::NONBLOCK;
        match open_beneath(root.handle(), &relative, flags) {
            Ok(file) if kind == FileType::RegularFile => {
                self.read(File::from(file), false, effort);
            }
            _ => self.everything(),
        }
    }

    fn read_at(&mut self, path: &Path, over_others: bool, effort: &Effort) {
        if !effort.spend(Effort::FILE) {
            return self.everything();
        }
        let Some(file) = open(path) else { return };
        match file.metadata() {
            Ok(kind) if kind.is_file() => self.read(file, over_others, effort),
            Ok(kind) if kind.is_dir() => {}
            _ => self.everything(),
        }
    }

    fn read(&mut self, file: File, over_others: bool, effort: &Effort) {
        let mut bytes = Vec::new();
        let read = file.take(self.left + 1).read_to_end(&mut bytes);
        if read.is_err() || !effort.spend(bytes.len() / 8) {
            return self.everything();
        }
        self.take(&bytes, over_others);
    }

    /// From what is in an ignore file.
    pub(crate) fn take(&mut self, bytes: &[u8], over_others: bool) {
        let Some(left) = self.left.checked_sub(bytes.len() as u64) else {
            return self.everything();
        };
        self.left = left;
        let text = String::from_utf8_lossy(bytes);
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        for glob in text.lines().filter_map(|line| line.strip_prefix('!')) {
            if self.globs.len() >= MAX_GLOBS {
                return self.everything();
            }
            self.globs.add_ignore(glob);
            self.over_others |= over_others;
        }
    }

    /// All is taken in.
    pub(crate) fn everything(&mut self) {
        if self.globs.len() <= MAX_GLOBS {
            self.globs.add_all();
        }
        self.over_others = true;
        self.left = 0;
    }
}

fn open(path: &Path) -> Option<File> {
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    OpenOptions::new().read(true).custom_flags(flags).open(path).ok()
}

/// A file that holds a path.
fn small(path: &Path) -> Option<String> {
    let mut bytes = Vec::new();
    let file = open(path).filter(|file| file.metadata().is_ok_and(|kind| kind.is_file()))?;
    file.take(4096).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}
