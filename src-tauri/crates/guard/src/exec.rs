//! Commands: proposed, bound to the files that they name, and run under a supervisor.

use crate::action::{ExecAction, JudgedExec, ParsedRun};
use crate::command::loose_words;
use crate::fingerprint::Fingerprint;
use crate::outside::open_outside;
use crate::resolve::{Inside, Located, locate};
use crate::root::{open_beneath, reopen};
use crate::view::{ExecRequest, View};
use crate::{GuardError, pseudo};
use countersign_sandbox::confine::{Bounds, Limits};
use countersign_sandbox::environment;
use countersign_sandbox::{CommandSpec, Finished, Output, SandboxError, Supervisor};
use rustix::fs::{FileType, OFlags};
use std::collections::HashSet;
use std::ffi::OsString;
use std::fs::File;
use std::io::Read as _;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// When a command is ended unless told.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(300);
/// The longest that a command may be given.
const MAX_TIMEOUT: Duration = Duration::from_secs(24 * 60 * 60);
/// Bytes of a command line; the kernel's own limit for one argument.
const MAX_COMMAND: usize = 128 * 1024 - 1;
/// Bytes of a file that is known again by its digest.
const MAX_DIGESTED: u64 = 32 * 1024 * 1024;
/// Bytes of all the files of one command that are.
const MAX_DIGESTED_IN_ALL: u64 = 64 * 1024 * 1024;
/// Characters of a stream that are kept.
pub(crate) const CAPTURE: usize = 100_000;

pub(crate) fn propose(view: &View, request: ExecRequest) -> Result<ExecAction, GuardError> {
    let ExecRequest { command, cwd, env, timeout } = request;
    if command.trim().is_empty() {
        return Err(forbidden("an empty command"));
    }
    if command.contains('\0') {
        return Err(forbidden("a command with a NUL character"));
    }
    if command.len() > MAX_COMMAND {
        return Err(GuardError::BadPath("the command is longer than 131,071 bytes".to_owned()));
    }
    for (name, value) in &env {
        if name.is_empty() || name.contains(['=', '\0']) || value.contains('\0') {
            return Err(GuardError::BadPath(format!(
                "{name:?} cannot be a variable of the environment"
            )));
        }
    }
    let timeout = timeout.unwrap_or(DEFAULT_TIMEOUT).clamp(Duration::from_secs(1), MAX_TIMEOUT);
    let (folder, cwd, cwd_outside) = folder_of(view, cwd.as_deref().unwrap_or("."))?;
    Ok(ExecAction {
        command,
        folder,
        cwd,
        cwd_outside,
        env,
        timeout,
        confine: false,
        network: true,
        judged: JudgedExec::default(),
    })
}

/// What no shell can be given as it stands.
fn forbidden(what: &str) -> GuardError {
    GuardError::Forbidden {
        what: what.to_owned(),
        rule: "a command is some text without NUL".to_owned(),
    }
}

/// The folder of a command, by handle.
fn folder_of(view: &View, cwd: &str) -> Result<(OwnedFd, PathBuf, bool), GuardError> {
    match view.locate(cwd)? {
        Located::Inside(Inside { relative, object, .. }) => match object {
            Some((folder, FileType::Directory)) => {
                Ok((folder, view.root.real().join(relative), false))
            }
            Some(_) => Err(GuardError::WrongKind(format!("{cwd} is not a folder"))),
            None => Err(GuardError::NotFound(cwd.to_owned())),
        },
        Located::Outside(outside) => match open_outside(&outside.lexical)? {
            Some((folder, FileType::Directory, real)) if !pseudo::by_name(&real) => {
                Ok((folder, real, true))
            }
            _ => Err(GuardError::BadPath(format!(
                "{cwd} cannot be the folder of a command; name a folder of the workspace"
            ))),
        },
    }
}

/// Binds a command to the workspace's files that it names, so that a yes is for their bytes too.
pub(crate) fn bind(view: &View, exec: &mut ExecAction) {
    exec.judged.operands = operands(view, &exec.cwd, &loose_words(&exec.command));
}

fn operands(view: &View, folder: &Path, words: &[String]) -> Vec<(PathBuf, Fingerprint)> {
    let below = folder.strip_prefix(view.root.real()).unwrap_or(Path::new(""));
    let mut found: Vec<(PathBuf, Fingerprint)> = Vec::new();
    let (mut seen, mut bound) = (HashSet::new(), HashSet::new());
    let mut digests = Digests::default();
    for word in words.iter().filter(|word| seen.insert(word.as_str())) {
        let Ok(Located::Inside(Inside { relative, object: Some((object, kind)), .. })) =
            locate(&view.root, below, word)
        else {
            continue;
        };
        if kind != FileType::RegularFile || !bound.insert(relative.clone()) {
            continue;
        }
        if let Ok(file) = reopen(object.as_fd(), OFlags::RDONLY)
            && let Ok(fingerprint) = digests.of(file)
        {
            found.push((relative, fingerprint));
        }
    }
    found
}

/// What the files of one command are known by again, asked in the same order each time.
struct Digests {
    /// Bytes that may still be read.
    left: u64,
}

impl Default for Digests {
    fn default() -> Self {
        Self { left: MAX_DIGESTED_IN_ALL }
    }
}

impl Digests {
    /// A file's bytes; or for a large one, and where much was read already, since a card must not wait
    /// for it, what the file system says of its last change.
    fn of(&mut self, file: File) -> std::io::Result<Fingerprint> {
        let about = file.metadata()?;
        let size = about.len();
        if let Some(left) = self.left.checked_sub(size).filter(|_| size <= MAX_DIGESTED) {
            self.left = left;
            // One that grows meanwhile has no end.
            return Fingerprint::of_reader(&mut file.take(size + 1));
        }
        let known = [
            about.dev(),
            about.ino(),
            size,
            about.mtime().cast_unsigned(),
            about.mtime_nsec().cast_unsigned(),
            about.ctime().cast_unsigned(),
            about.ctime_nsec().cast_unsigned(),
        ];
        Ok(Fingerprint::of(known.map(u64::to_le_bytes).as_flattened()))
    }
}

/// The first of the named files that is no longer what it was.
pub(crate) fn stale_operand(view: &View, exec: &ExecAction) -> Option<String> {
    let mut digests = Digests::default();
    exec.judged.operands.iter().find_map(|(path, before)| {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::NOFOLLOW;
        let now = open_beneath(view.root.handle(), path, flags)
            .ok()
            .and_then(|file| digests.of(File::from(file)).ok());
        (now != Some(*before)).then(|| path.display().to_string())
    })
}

/// What commands are run by.
#[derive(Clone, Debug)]
pub(crate) struct Means {
    pub(crate) supervisor: Supervisor,
    /// Names of variables that commands keep.
    pub(crate) pass_through: Vec<String>,
    /// The program's own folders, which no confined command reads.
    pub(crate) private: Vec<PathBuf>,
}

/// Runs an approved command to its end.
pub(crate) async fn run(
    view: &View,
    exec: ExecAction,
    means: &Means,
    live: mpsc::Sender<Output>,
    stop: CancellationToken,
) -> Result<Finished, SandboxError> {
    let ExecAction { command, folder, env, timeout, judged, confine, network, .. } = exec;
    let (program, mut args) = environment::shell();
    let mut additions: Vec<(OsString, OsString)> =
        env.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
    let mut cwd = folder;
    let text = match judged.from_parse {
        None => command,
        Some(ParsedRun { shell, env, folder }) => {
            additions.extend(env.into_iter().map(|(name, value)| (name.into(), value.into())));
            if let Some(below) = folder {
                cwd = inside_folder(view, &below)?;
            }
            shell
        }
    };
    args.push(text.into());
    let confine = if confine {
        let gone = |_| SandboxError::folder_gone(&view.root.real().display().to_string());
        let workspace = view.root.handle().try_clone_to_owned().map_err(gone)?;
        Some(Bounds { workspace, private: means.private.clone() })
    } else {
        None
    };
    let spec = CommandSpec {
        program,
        args,
        cwd,
        env: environment::build(std::env::vars_os(), &means.pass_through, &additions),
        timeout,
        capture_limit: CAPTURE,
        limits: Limits { confine, network },
    };
    means.supervisor.run(spec, live, stop).await
}

fn inside_folder(view: &View, below: &str) -> Result<OwnedFd, SandboxError> {
    match view.locate(below) {
        Ok(Located::Inside(Inside { object: Some((folder, FileType::Directory)), .. })) => {
            Ok(folder)
        }
        _ => Err(SandboxError::folder_gone(below)),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot set itself up ends there")]
mod tests {
    use super::*;
    use std::io::Write as _;

    #[test]
    fn beyond_some_bytes_a_file_is_known_by_its_last_change() {
        let content = || {
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(b"x").unwrap();
            std::io::Seek::rewind(&mut file).unwrap();
            file
        };
        let mut digests = Digests { left: 2 };
        let known: Vec<Fingerprint> = (0..3).map(|_| digests.of(content()).unwrap()).collect();
        assert_eq!(known[0], Fingerprint::of(b"x"));
        assert_eq!(known[1], Fingerprint::of(b"x"));
        assert_ne!(known[2], Fingerprint::of(b"x"));
        let large = content();
        large.set_len(MAX_DIGESTED + 1).unwrap();
        let before = Digests::default().of(large.try_clone().unwrap()).unwrap();
        assert_eq!(before, Digests::default().of(large.try_clone().unwrap()).unwrap());
        large.set_len(MAX_DIGESTED + 2).unwrap();
        assert_ne!(before, Digests::default().of(large).unwrap());
    }
}
