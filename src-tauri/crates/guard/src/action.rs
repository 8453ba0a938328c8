//! What the agent may ask for. An action holds all that would happen; it changes nothing by itself.

use crate::document::TextEncoding;
use crate::fingerprint::Fingerprint;
use crate::names::Sensitivity;
use countersign_protocol::CommandPart;
use rustix::fs::FileType;
use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::time::Duration;

/// An act that needs a decision.
#[derive(Debug)]
pub enum Action {
    /// Write a whole file.
    Write(Box<FileChange>),
    /// Change a part of a file.
    Edit(Box<FileChange>),
    /// Run a command.
    Exec(Box<ExecAction>),
    /// Look outside, or at a secret.
    Reach(Box<PathAccess>),
}

/// A file as it would become.
#[derive(Debug)]
pub struct FileChange {
    /// The path as the tool named it.
    pub(crate) asked: String,
    /// The path for cards and results: from the workspace, or absolute outside.
    pub(crate) path: String,
    /// Where it is.
    pub(crate) target: Target,
    /// Set where a link inside the workspace led there.
    pub(crate) through_link: bool,
    /// The file as it was; none where there is none.
    pub(crate) base: Option<Base>,
    /// The bytes as they will be.
    pub(crate) after: Vec<u8>,
    /// The same as text, with the text as it was, for the diff.
    pub(crate) text: TextPair,
    /// How the text is written in bytes.
    pub(crate) encoding: TextEncoding,
    /// What kind of name it has.
    pub(crate) sensitivity: Sensitivity,
    /// Places that an edit changes.
    pub(crate) replacements: usize,
    /// Why it cannot be done, where the model may only be told after a yes.
    pub(crate) blocked: Option<String>,
}

/// A text before and after.
#[derive(Clone, Debug, Default)]
pub(crate) struct TextPair {
    pub(crate) before: String,
    pub(crate) after: String,
    /// Whether the file as it was is no text, so that `before` is a likeness only.
    pub(crate) binary: bool,
}

/// Where a file is.
#[derive(Debug)]
pub(crate) enum Target {
    /// Below the workspace's handle; links resolved.
    Inside(PathBuf),
    /// Outside: the deepest folder that exists, by handle, and the names below it.
    Outside { path: PathBuf, folder: OwnedFd, below: PathBuf },
}

/// A file as it was when the proposal was made.
#[derive(Clone, Debug)]
pub(crate) struct Base {
    pub(crate) fingerprint: Fingerprint,
    pub(crate) mode: u32,
    pub(crate) links: u64,
}

/// A command as it would run.
#[derive(Debug)]
pub struct ExecAction {
    /// The command line, to the byte.
    pub(crate) command: String,
    /// The folder, by handle.
    pub(crate) folder: OwnedFd,
    /// The folder's path, absolute.
    pub(crate) cwd: PathBuf,
    /// Whether the folder is outside the workspace.
    pub(crate) cwd_outside: bool,
    /// Additions to the environment.
    pub(crate) env: BTreeMap<String, String>,
    /// After how long it is ended.
    pub(crate) timeout: Duration,
    /// Whether the operating system confines it, and whether it reaches the network.
    pub(crate) confine: bool,
    pub(crate) network: bool,
    /// What the policy made of it, once judged.
    pub(crate) judged: JudgedExec,
}

/// What the policy read in a command.
#[derive(Clone, Debug, Default)]
pub(crate) struct JudgedExec {
    /// The simple commands, for the card.
    pub(crate) parts: Vec<CommandPart>,
    /// Patterns that may be offered.
    pub(crate) suggested: Vec<String>,
    /// Files of the workspace that the command names, with their digests.
    pub(crate) operands: Vec<(PathBuf, Fingerprint)>,
    /// Set where a rule allowed it: the shell text that was made from the parse, and what it adds to
    /// the environment. The raw text is not run then.
    pub(crate) from_parse: Option<ParsedRun>,
}

/// A command line made anew from its parse.
#[derive(Clone, Debug)]
pub(crate) struct ParsedRun {
    pub(crate) shell: String,
    pub(crate) env: Vec<(String, String)>,
    pub(crate) folder: Option<String>,
}

/// A look at something that asks.
#[derive(Debug)]
pub struct PathAccess {
    pub(crate) tool: String,
    /// The path as the tool named it.
    pub(crate) asked: String,
    /// The absolute path without `.` and `..`.
    pub(crate) resolved: PathBuf,
    /// Where the kernel says it is; what the card shows.
    pub(crate) shown: PathBuf,
    pub(crate) workspace: PathBuf,
    pub(crate) outside: bool,
    pub(crate) reasons: Vec<String>,
    /// The very object, so that a yes is for what was shown.
    pub(crate) object: Option<(OwnedFd, FileType)>,
}

impl Action {
    /// The proposed file, for a write or an edit.
    #[must_use]
    pub fn change(&self) -> Option<&FileChange> {
        match self {
            Self::Write(change) | Self::Edit(change) => Some(change),
            Self::Exec(_) | Self::Reach(_) => None,
        }
    }
}

impl PathAccess {
    /// Where it really is, absolute.
    #[must_use]
    pub fn shown(&self) -> &std::path::Path {
        &self.shown
    }
}

impl ExecAction {
    /// The command line, to the byte.
    #[must_use]
    pub fn command(&self) -> &str {
        &self.command
    }

    /// Whether the operating system confines it.
    #[must_use]
    pub fn confine(&self) -> bool {
        self.confine
    }

    /// Whether it reaches the network.
    #[must_use]
    pub fn network(&self) -> bool {
        self.network
    }

    /// The shell text that would be started: made from the parse where a pattern allowed it, else
    /// the command as it stands.
    #[must_use]
    pub fn runs(&self) -> &str {
        self.judged.from_parse.as_ref().map_or(&self.command, |parsed| &parsed.shell)
    }

    /// The folder, from the workspace, that a leading `cd` names; where none does it runs in the
    /// folder that was asked for.
    #[must_use]
    pub fn runs_in(&self) -> Option<&str> {
        self.judged.from_parse.as_ref().and_then(|parsed| parsed.folder.as_deref())
    }
}

impl FileChange {
    /// Whether it is outside the workspace.
    #[must_use]
    pub fn outside(&self) -> bool {
        matches!(self.target, Target::Outside { .. })
    }

    /// The path's bytes as undoing knows it: relative to the workspace, or absolute outside.
    #[must_use]
    pub fn place(&self) -> Vec<u8> {
        use std::os::unix::ffi::OsStrExt as _;
        match &self.target {
            Target::Inside(relative) => relative.as_os_str().as_bytes().to_vec(),
            Target::Outside { path, .. } => path.as_os_str().as_bytes().to_vec(),
        }
    }

    /// The absolute path, seen from `workspace`.
    pub(crate) fn resolved(&self, workspace: &std::path::Path) -> PathBuf {
        match &self.target {
            Target::Inside(relative) => workspace.join(relative),
            Target::Outside { path, .. } => path.clone(),
        }
    }
}
