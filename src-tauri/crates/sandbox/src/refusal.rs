//! What its limits refused a command: read from what it printed, and believed only where the limits
//! explain it. The kernel tells nobody what Landlock refused.

use crate::confine::{FilePlan, Held, settled};
use crate::supervisor::CommandSpec;
use rustix::fs::Access;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::path::{Component, Path, PathBuf};

/// What was refused. Empty where nothing was, or where the output does not tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refused {
    /// Paths that the confinement kept the command from.
    pub paths: Vec<PathBuf>,
    /// Whether it missed the network, which was cut off.
    pub network: bool,
}

/// How programs say that they were refused.
const REFUSALS: &[&str] = &[
    "ermission denied",
    "read-only file system",
    "Read-only file system",
    "peration not permitted",
    "EACCES",
    "EROFS",
    "EPERM",
    "(os error 13)",
    "(os error 30)",
];
/// How programs say that they miss the network.
const NO_NETWORK: &[&str] = &[
    "etwork is unreachable",
    "ENETUNREACH",
    "EAI_AGAIN",
    "ould not resolve host",
    "emporary failure in name resolution",
    "ame or service not known",
];
/// How programs say that they may not move or link from one folder to another.
const NO_CROSSING: &[&str] = &["ross-device link", "EXDEV", "(os error 18)"];
/// The version of Landlock's interface that knows of such moves; one before it refuses them all.
const CROSSING: u8 = 2;
/// What a hidden folder is like.
const ABSENT: &str = "No such file or directory";

/// Lines of output that are looked at, the last ones.
const LINES: usize = 400;
/// How many lines before the word of refusal may name the path.
const BEFORE: usize = 4;
/// Paths that are told at most.
const TOLD: usize = 5;

/// A command's limits, kept to understand its output by.
pub(crate) struct Seen {
    files: Option<Files>,
    network_cut: bool,
}

struct Files {
    plan: FilePlan,
    cwd: PathBuf,
    workspace: PathBuf,
    home: Option<PathBuf>,
}

impl Seen {
    pub(crate) fn of(held: &Held, spec: &CommandSpec) -> Self {
        let bounds = spec.limits.confine.as_ref();
        let files = match (held, bounds) {
            (Held::ByPlan(_, plan), Some(bounds)) => {
                plan.files.clone().zip(path_of(&bounds.workspace))
            }
            (Held::ByPlan(..) | Held::ByLaunch(_), _) => None,
        };
        let home = spec.env.iter().find(|(name, _)| name == "HOME").map(|(_, home)| home.into());
        let files = files.map(|(plan, workspace)| {
            let cwd = path_of(&spec.cwd).unwrap_or_else(|| workspace.clone());
            Files { plan, cwd, workspace, home }
        });
        Self { files, network_cut: !spec.limits.network }
    }

    /// What was refused, by the texts that the command printed.
    pub(crate) fn refused(&self, texts: &[&str]) -> Refused {
        let mut refused = Refused::default();
        for text in texts {
            let lines: Vec<&str> = text.lines().collect();
            let lines = &lines[lines.len().saturating_sub(LINES)..];
            refused.network |= self.network_cut && lines.iter().any(|line| says(line, NO_NETWORK));
            if let Some(files) = &self.files {
                files.refused(lines, &mut refused.paths);
            }
        }
        refused
    }
}

fn says(line: &str, words: &[&str]) -> bool {
    words.iter().any(|word| line.contains(word))
}

fn path_of(handle: &OwnedFd) -> Option<PathBuf> {
    std::fs::read_link(format!("/proc/self/fd/{}", handle.as_raw_fd())).ok()
}

impl Files {
    fn refused(&self, lines: &[&str], found: &mut Vec<PathBuf>) {
        let mut limits = None;
        for (at, line) in lines.iter().enumerate() {
            let absent = line.contains(ABSENT);
            let crossing = self.plan.abi < CROSSING && says(line, NO_CROSSING);
            if !absent && !crossing && !says(line, REFUSALS) {
                continue;
            }
            // Made only once there is something to judge.
            let limits = limits.get_or_insert_with(|| Limits::of(self));
            // The word itself, or what led to it: cargo and Python name the path some lines before.
            let nearest =
                (at.saturating_sub(if absent { 0 } else { BEFORE })..=at).rev().find_map(|at| {
                    let refused =
                        named(lines[at]).filter_map(|name| self.absolute(&name)).find(|path| {
                            limits.hides(path)
                                || (crossing && limits.writes(path))
                                || (!absent && limits.keeps_from_writing(path))
                        })?;
                    Some(refused)
                });
            if let Some(path) = nearest
                && !found.contains(&path)
                && found.len() < TOLD
            {
                found.push(path);
            }
        }
    }

    /// A name as the command meant it, without `.` and `..`.
    fn absolute(&self, name: &str) -> Option<PathBuf> {
        let path = match name.strip_prefix("~/") {
            Some(rest) => self.home.as_ref()?.join(rest),
            None => self.cwd.join(name),
        };
        let mut plain = PathBuf::new();
        for part in path.components() {
            match part {
                Component::ParentDir => {
                    plain.pop();
                }
                Component::CurDir => {}
                Component::RootDir | Component::Prefix(_) | Component::Normal(_) => {
                    plain.push(part);
                }
            }
        }
        Some(plain)
    }
}

/// The limits as they held.
struct Limits {
    writable: Vec<PathBuf>,
    hidden: Vec<PathBuf>,
}

impl Limits {
    fn of(files: &Files) -> Self {
        let mut writable = settled(&files.plan.writable);
        writable.push(files.workspace.clone());
        Self { writable, hidden: settled(&files.plan.hidden) }
    }

    fn hides(&self, path: &Path) -> bool {
        let real = std::fs::canonicalize(path);
        let real = real.as_deref().unwrap_or(path);
        self.hidden.iter().any(|hidden| real.starts_with(hidden))
    }

    fn writes(&self, path: &Path) -> bool {
        self.writable.iter().any(|writable| path.starts_with(writable))
    }

    /// Whether the person could write there and the command could not: else something other than
    /// the confinement refused it.
    fn keeps_from_writing(&self, path: &Path) -> bool {
        // Of what is not there yet, the folder that it would be made in.
        let Some(existing) = path.ancestors().find(|path| path.symlink_metadata().is_ok()) else {
            return false;
        };
        let Ok(real) = std::fs::canonicalize(existing) else { return false };
        // What the kernel shows of other processes is kept from a command for good: no reason to lift
        // its limits.
        if real.starts_with("/proc") || real.starts_with("/sys") {
            return false;
        }
        if self.writes(&real) {
            return false;
        }
        let may = |path: &Path| rustix::fs::access(path, Access::WRITE_OK).is_ok();
        may(&real) || real.parent().is_some_and(may)
    }
}

/// What may be a path in a line: what stands in quotes, and each word with a slash in it.
fn named(line: &str) -> impl Iterator<Item = String> {
    let quoted = line.split(['\'', '"', '`', '‘', '’']).skip(1).step_by(2);
    let words =
        line.split(|letter: char| letter.is_whitespace() || "'\"`‘’()<>[]=,;".contains(letter));
    let plain = words
        .map(|word| word.strip_prefix("unix://").unwrap_or(word).trim_end_matches([':', '.']))
        .filter(|word| word.contains('/') && !word.contains("://"));
    quoted
        .chain(plain)
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect::<Vec<_>>()
        .into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> (tempfile::TempDir, Seen) {
        let place = tempfile::tempdir().unwrap();
        let base = place.path().canonicalize().unwrap();
        for folder in ["home/.ssh", "home/notes", "work/src", "cache"] {
            std::fs::create_dir_all(base.join(folder)).unwrap();
        }
        let plan = FilePlan {
            abi: 6,
            writable: vec![base.join("cache")],
            made: Vec::new(),
            hidden: vec![base.join("home/.ssh")],
        };
        let files = Files {
            plan,
            cwd: base.join("work/src"),
            workspace: base.join("work"),
            home: Some(base.join("home")),
        };
        (place, Seen { files: Some(files), network_cut: true })
    }

    #[test]
    fn what_the_confinement_refused_is_found_in_what_programs_say() {
        let (place, seen) = place();
        let base = place.path().canonicalize().unwrap();
        let base = base.to_str().unwrap();
        for (said, path) in [
            ("touch: cannot touch 'BASE/home/new file': Read-only file system", "home/new file"),
            ("sh: 1: cannot create BASE/home/new: Permission denied", "home/new"),
            ("bash: line 1: BASE/home/new: Permission denied", "home/new"),
            ("PermissionError: [Errno 13] Permission denied: 'BASE/home/notes/x'", "home/notes/x"),
            ("Error: EACCES: permission denied, open 'BASE/home/x'", "home/x"),
            ("cat: ../../home/.ssh/id: Permission denied", "home/.ssh/id"),
            ("cat: BASE/home/.ssh/id: No such file or directory", "home/.ssh/id"),
            ("ls: cannot open directory '~/.ssh/': Permission denied", "home/.ssh"),
            (
                "failed to write `BASE/home/x`\n\nCaused by:\n  Permission denied (os error 13)",
                "home/x",
            ),
            ("dial unix BASE/home/notes: socket: permission denied", "home/notes"),
        ] {
            let refused = seen.refused(&[&said.replace("BASE", base)]);
            assert_eq!(refused.paths, [Path::new(base).join(path)], "{said}");
        }
    }

    #[test]
    fn what_something_else_refused_is_not_its_doing() {
        let (place, seen) = place();
        let base = place.path().canonicalize().unwrap();
        let base = base.to_str().unwrap();
        for said in [
            "sh: 1: ./run.sh: Permission denied",
            "sh: 1: BASE/work/x: Permission denied",
            "cat: BASE/cache/x: Permission denied",
            "cat: BASE/home/missing: No such file or directory",
            "cat: /proc/1/mem: Permission denied, as it says in https://example.org/home/x",
            "BASE/home/x is a fine name",
            "Permission denied",
        ] {
            let refused = seen.refused(&[&said.replace("BASE", base)]);
            assert_eq!(refused, Refused::default(), "{said}");
        }
    }

    #[test]
    fn a_move_between_folders_is_refused_by_the_first_version_alone() {
        let (place, mut seen) = place();
        let moved = place.path().canonicalize().unwrap().join("work/src/x");
        let said = format!("failed to write {}: Cross-device link (os error 18)", moved.display());
        assert_eq!(seen.refused(&[&said]), Refused::default());
        if let Some(files) = &mut seen.files {
            files.plan.abi = 1;
        }
        assert_eq!(seen.refused(&[&said]).paths, [moved]);
    }

    #[test]
    fn a_missing_network_is_told_only_where_it_was_cut() {
        let (_place, mut seen) = place();
        let said = "curl: (6) Could not resolve host: example.org";
        assert!(seen.refused(&[said]).network);
        seen.network_cut = false;
        assert!(!seen.refused(&[said]).network);
    }
}
