//! What tools may see: reads, walks and searches by handle. A view has no write method and no process.

use crate::action::{Action, FileChange, PathAccess};
use crate::document::{self, Document, Lines, MAX_DOCUMENT};
use crate::grant::Grant;
use crate::names::{Sensitivity, classify};
use crate::outside::open_outside;
use crate::resolve::{Inside, Located, Outside, locate};
use crate::root::{Root, kind_of, open_at, reopen};
use crate::text::reveal_line;
use crate::tighten::{self, Tightened, Tightening};
use crate::walk::{Walk, WalkEntry};
use crate::{GuardError, change, exec};
use countersign_protocol::{FileView, RuleId};
use rustix::fs::{FileType, OFlags};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Bytes of a file that the window shows.
const MAX_SHOWN: u64 = 4 * 1024 * 1024;

/// Either the thing itself, or a proposal that the person must approve first.
#[derive(Debug)]
pub enum Access<T> {
    /// It may be had.
    Granted(T),
    /// It asks.
    Asks(Box<PathAccess>),
}

/// The workspace as tools see it.
#[derive(Clone, Debug)]
pub struct View {
    pub(crate) root: Arc<Root>,
    pub(crate) tightening: Arc<Tightening>,
    pub(crate) grants: Vec<Arc<Grant>>,
    /// Rules that let a look through.
    pub(crate) used: Arc<Mutex<Vec<RuleId>>>,
    pub(crate) stop: CancellationToken,
}

/// A file or folder that may be read, by handle.
#[derive(Debug)]
pub struct Place {
    object: OwnedFd,
    kind: FileType,
    name: String,
    /// From the workspace, for places inside.
    relative: Option<PathBuf>,
}

impl View {
    /// A view on which long walks and searches end once `stop` is cancelled.
    #[must_use]
    pub fn until(mut self, stop: CancellationToken) -> Self {
        self.stop = stop;
        self
    }

    /// Whether the person asked for an end.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// The person's rules that let looks of this view through, where without them it had asked.
    #[must_use]
    pub fn rules_used(&self) -> Vec<RuleId> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn granted(&self, resolved: &Path, path: &str) -> Option<Result<Access<Place>, GuardError>> {
        let grant = self.grants.iter().find(|grant| grant.resolved == resolved)?;
        if let Some(rule) = &grant.rule {
            let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
            if !used.contains(rule) {
                used.push(rule.clone());
            }
        }
        let relative = grant.resolved.strip_prefix(self.root.real()).ok().map(Path::to_owned);
        let name = display(relative.as_deref().unwrap_or(&grant.resolved));
        Some(
            grant
                .handle(path)
                .map(|(object, kind)| Access::Granted(Place { object, kind, name, relative })),
        )
    }

    /// What the workspace's own rules say of a look: an error where they forbid it, a reason where
    /// they ask.
    fn tightened(&self, resolved: &Path, path: &str) -> Result<Option<String>, GuardError> {
        let workspace = self.root.real();
        match self.tightening.both(resolved, Path::new(path), workspace) {
            Some(Tightened::Deny(rule)) => {
                Err(GuardError::Forbidden { what: path.to_owned(), rule })
            }
            Some(Tightened::Ask(rule)) => Ok(Some(tighten::asks(&rule))),
            None => Ok(None),
        }
    }

    /// The workspace folder, absolute, for messages.
    #[must_use]
    pub fn workspace(&self) -> &Path {
        self.root.real()
    }

    /// Where a tool wants to look. `path` is taken from the workspace where it is relative; a secret
    /// and anything outside ask. `tool` names the tool on the card.
    pub fn look(&self, tool: &str, path: &str) -> Result<Access<Place>, GuardError> {
        match locate(&self.root, Path::new(""), path)? {
            Located::Outside(outside) => self.look_outside(tool, path, &outside),
            Located::Inside(inside) => {
                let secret = secret_of(&inside.relative, path);
                let full = self.root.real().join(&inside.relative);
                let asks = self.tightened(&full, path)?;
                if let Some(granted) = self.granted(&full, path) {
                    return granted;
                }
                let Inside { relative, object, .. } = inside;
                let Some((object, kind)) = object else {
                    return Err(GuardError::NotFound(path.to_owned()));
                };
                let secret = secret.filter(|_| kind == FileType::RegularFile).map(|why| {
                    format!(
                        "It may be a secret. {why} What is read is sent to the model's provider."
                    )
                });
                let reasons: Vec<String> = asks.into_iter().chain(secret).collect();
                if !reasons.is_empty() {
                    return Ok(Access::Asks(Box::new(PathAccess {
                        tool: tool.to_owned(),
                        asked: path.to_owned(),
                        resolved: full.clone(),
                        shown: full,
                        workspace: self.root.real().to_owned(),
                        outside: false,
                        reasons,
                        object: Some((object, kind)),
                    })));
                }
                let name = display(&relative);
                Ok(Access::Granted(Place { object, kind, name, relative: Some(relative) }))
            }
        }
    }

    fn look_outside(
        &self,
        tool: &str,
        path: &str,
        outside: &Outside,
    ) -> Result<Access<Place>, GuardError> {
        let asks = self.tightened(&outside.lexical, path)?;
        if let Some(granted) = self.granted(&outside.lexical, path) {
            return granted;
        }
        let opened = open_outside(&outside.lexical)?;
        let mut reasons = vec![if outside.other_mount {
            "It is on another mount below the workspace, which counts as outside.".to_owned()
        } else {
            "It is outside the workspace.".to_owned()
        }];
        let shown = opened.as_ref().map_or(&outside.lexical, |(_, _, real)| real).clone();
        for place in [&outside.lexical, &shown] {
            if let Sensitivity::Secret(why) = classify(&place.to_string_lossy()) {
                reasons.push(format!("It may be a secret. {why}"));
                break;
            }
        }
        if shown != outside.lexical {
            reasons.push(format!("It is a link; the real file is {}.", shown.display()));
        }
        if shown != outside.lexical {
            self.tightened(&shown, path)?;
        }
        reasons.extend(asks);
        Ok(Access::Asks(Box::new(PathAccess {
            tool: tool.to_owned(),
            asked: path.to_owned(),
            resolved: outside.lexical.clone(),
            shown,
            workspace: self.root.real().to_owned(),
            outside: true,
            reasons,
            object: opened.map(|(object, kind, _)| (object, kind)),
        })))
    }

    /// Lists what lies below a folder, ignore files respected, links not followed, on this file
    /// system only. Refuses a place that is no folder.
    pub fn walk(&self, folder: &Place) -> Result<Walk, GuardError> {
        folder.must_be(FileType::Directory)?;
        Walk::new(self, folder.object.as_fd(), folder.relative.as_deref(), &folder.name)
    }

    /// Proposes to write a whole file.
    pub fn propose_write(&self, path: &str, content: &str) -> Result<Action, GuardError> {
        change::propose_write(self, path, content).map(|change| Action::Write(Box::new(change)))
    }

    /// Proposes to change a text file. `edit` is given its text and returns the new one with the
    /// number of places that it changed, or why it cannot.
    pub fn propose_edit(
        &self,
        path: &str,
        edit: impl FnOnce(&str) -> Result<(String, usize), String>,
    ) -> Result<Action, GuardError> {
        change::propose_edit(self, path, edit).map(|change| Action::Edit(Box::new(change)))
    }

    /// Proposes to run a command.
    pub fn propose_exec(&self, request: ExecRequest) -> Result<Action, GuardError> {
        exec::propose(self, request).map(|exec| Action::Exec(Box::new(exec)))
    }

    /// The base of a change, for the guard's own use.
    pub(crate) fn locate(&self, path: &str) -> Result<Located, GuardError> {
        locate(&self.root, Path::new(""), path)
    }

    /// A file of the workspace for the person's eyes. Secrets are shown: they are the person's own.
    pub fn show(&self, path: &str) -> Result<FileView, GuardError> {
        let Located::Inside(inside) = self.locate(path)? else {
            return Err(GuardError::BadPath(format!("{path} is outside the workspace")));
        };
        let Some((object, FileType::RegularFile)) = inside.object else {
            return Err(GuardError::NotFound(path.to_owned()));
        };
        let failed = |error| GuardError::system(&format!("cannot read {path}"), error);
        let file = reopen(object.as_fd(), OFlags::RDONLY)
            .map_err(|error| GuardError::system(&format!("cannot read {path}"), error))?;
        let size = file.metadata().map_err(failed)?.len();
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut std::io::Read::take(file, MAX_SHOWN), &mut bytes)
            .map_err(failed)?;
        let truncated = size > MAX_SHOWN;
        if truncated {
            // Not in the middle of a character.
            let keep =
                bytes.iter().rposition(|&byte| byte == b'\n').map_or(bytes.len(), |at| at + 1);
            bytes.truncate(keep);
        }
        let decoded = document::decode(path, &bytes).ok();
        let binary = decoded.is_none();
        let text = decoded.map(|document| document.text).unwrap_or_default();
        let revealed = crate::text::reveal(&text);
        Ok(FileView {
            path: display(&inside.relative),
            shown: reveal_line(&display(&inside.relative)).shown,
            content: revealed.shown,
            size,
            truncated,
            binary,
            warnings: revealed.warnings,
        })
    }
}

/// A command as a tool proposes it.
#[derive(Clone, Debug, Default)]
pub struct ExecRequest {
    /// The command line.
    pub command: String,
    /// The folder, from the workspace; none for the workspace itself.
    pub cwd: Option<String>,
    /// Additions to the environment.
    pub env: BTreeMap<String, String>,
    /// After how long it is ended; none for the default.
    pub timeout: Option<Duration>,
}

impl Place {
    /// The name for messages and results: from the workspace, or absolute outside.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether this is a folder.
    #[must_use]
    pub fn is_folder(&self) -> bool {
        self.kind == FileType::Directory
    }

    fn must_be(&self, kind: FileType) -> Result<(), GuardError> {
        if self.kind == kind {
            return Ok(());
        }
        let is = match self.kind {
            FileType::Directory => "a folder",
            FileType::RegularFile => "a file",
            FileType::Fifo => "a named pipe",
            FileType::Socket => "a socket",
            FileType::CharacterDevice | FileType::BlockDevice => "a device",
            FileType::Symlink | FileType::Unknown => "something else",
        };
        let wanted = if kind == FileType::Directory { "a folder" } else { "an ordinary file" };
        Err(GuardError::WrongKind(format!("{} is {is}, not {wanted}", self.name)))
    }

    /// Opens an ordinary file for reading.
    pub fn open(&self) -> Result<impl std::io::Read + std::io::Seek + use<>, GuardError> {
        self.file()
    }

    fn file(&self) -> Result<File, GuardError> {
        self.must_be(FileType::RegularFile)?;
        reopen(self.object.as_fd(), OFlags::RDONLY)
            .map_err(|error| GuardError::system(&format!("cannot read {}", self.name), error))
    }

    /// Reads lines of a text file; see [`Lines`].
    pub fn read_lines(&self, offset: u64, limit: u64) -> Result<Lines, GuardError> {
        document::read_lines(&self.name, self.file()?, offset, limit)
    }

    /// Reads a whole text file of at most [`MAX_DOCUMENT`] bytes.
    pub fn document(&self) -> Result<Document, GuardError> {
        let mut bytes = Vec::new();
        let mut file = std::io::Read::take(self.file()?, MAX_DOCUMENT + 1);
        std::io::Read::read_to_end(&mut file, &mut bytes)
            .map_err(|error| GuardError::system(&format!("cannot read {}", self.name), error))?;
        if bytes.len() as u64 > MAX_DOCUMENT {
            return Err(GuardError::Unreadable(format!("{} is larger than 64 MB", self.name)));
        }
        document::decode(&self.name, &bytes)
    }

    /// This file as the one entry of a search.
    pub fn as_entry(&self) -> Result<WalkEntry, GuardError> {
        WalkEntry::single(self.file()?, self.name.clone())
            .map_err(|error| GuardError::system(&format!("cannot read {}", self.name), error))
    }
}

/// Why a path inside is a secret, by its real name or by the name that was asked for.
pub(crate) fn secret_of(relative: &Path, asked: &str) -> Option<&'static str> {
    [display(relative).as_str(), asked].into_iter().find_map(|name| match classify(name) {
        Sensitivity::Secret(why) => Some(why),
        Sensitivity::Ordinary | Sensitivity::Sensitive(_) => None,
    })
}

/// A path as text; bytes that are no UTF-8 as replacement characters.
pub(crate) fn display(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// Opens a file of a folder for reading, if it is an ordinary one.
pub(crate) fn open_regular(folder: &OwnedFd, name: &OsStr) -> rustix::io::Result<Option<File>> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = open_at(folder.as_fd(), name, flags)?;
    let kind = kind_of(&rustix::fs::fstat(&file)?);
    Ok((kind == FileType::RegularFile).then(|| File::from(file)))
}

impl FileChange {
    /// The path that a card and a result name.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }
}
