//! One look at the repository around a workspace.
//!
//! It only reads, and runs nothing: the repository is opened as one that is not trusted, so that no program
//! that its configuration names is known (filters above all), and no configuration but its own is read.

use super::marks::{Marks, within};
use countersign_protocol::GitState;
use gix::bstr::{BStr, BString, ByteSlice as _};
use gix::diff::index::ChangeRef;
use gix::status::plumbing::index_as_worktree::traits::{FastEq, SubmoduleStatus};
use gix::status::plumbing::index_as_worktree::{Change, EntryStatus};
use gix::status::plumbing::index_as_worktree_with_renames::{Entry, VisitEntry};
use gix::status::tree_index::TrackRenames;
use gix::{Repository, dir};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// Characters of a commit's id that are shown where no branch is checked out.
const SHORT: usize = 7;

/// What was found.
pub(crate) struct Look {
    pub(crate) marks: Marks,
    /// What changes when something is added, committed or checked out.
    pub(crate) places: Vec<PathBuf>,
}

/// Looks at the repository that the workspace lies in; none where there is none, or `stop` was set.
pub(crate) fn look(root: &Path, stop: &AtomicBool) -> gix::Result<Option<Look>> {
    let Some(top) = top_of(root) else { return Ok(None) };
    let repository = open(top)?;
    // `core.worktree` may name any folder of the machine.
    if repository.workdir().and_then(|folder| folder.canonicalize().ok()).as_deref() != Some(top) {
        tracing::debug!(top = %top.display(), "the files of this repository are elsewhere");
        return Ok(None);
    }
    let Some(prefix) = root.strip_prefix(top).ok().and_then(Path::to_str) else { return Ok(None) };
    let mut seen = Seen { prefix, marks: Marks::default() };
    seen.marks.branch = branch(&repository);
    compare(&repository, &mut seen, stop)?;
    if stop.load(Ordering::Relaxed) {
        return Ok(None);
    }
    let places = vec![
        repository.git_dir().to_owned(),
        repository.git_dir().join("logs"),
        repository.common_dir().join("refs/heads"),
    ];
    Ok(Some(Look { marks: seen.marks, places }))
}

/// The folder of the repository around the workspace.
fn top_of(root: &Path) -> Option<&Path> {
    root.ancestors().find(|folder| folder.join(".git").symlink_metadata().is_ok())
}

fn open(top: &Path) -> gix::Result<Repository> {
    let mut may = gix::open::Permissions::isolated();
    // For the person's own list of what is ignored everywhere.
    may.env.home = gix::sec::Permission::Allow;
    may.env.xdg_config_home = gix::sec::Permission::Allow;
    let options = gix::open::Options::isolated().permissions(may).with(gix::sec::Trust::Reduced);
    Ok(options.open(top.join(".git"))?.to_thread_local())
}

/// The name of the branch, also where it has no commit yet.
fn branch(repository: &Repository) -> Option<String> {
    let head = repository.head().ok()?;
    match head.referent_name() {
        Some(name) => Some(name.shorten().to_str_lossy().into_owned()),
        None => head.id().map(|id| id.to_hex_with_len(SHORT).to_string()),
    }
}

fn compare(repository: &Repository, seen: &mut Seen<'_>, stop: &AtomicBool) -> gix::Result<()> {
    let index = repository.index_or_empty()?;
    let pattern =
        (!seen.prefix.is_empty()).then(|| BString::from(format!(":(top,literal){}", seen.prefix)));
    let mut pathspec = repository.pathspec(
        false,
        pattern.as_slice(),
        false,
        &index,
        gix::worktree::stack::state::attributes::Source::IdMapping,
    )?;
    let head = repository.head_tree_id_or_empty()?;
    let renames = TrackRenames::Disabled;
    repository.tree_index_status(&head, &index, Some(&mut pathspec), renames, |change, _, _| {
        seen.staged(&change);
        Ok(if stop.load(Ordering::Relaxed) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        })
    })?;
    let walk = repository
        .dirwalk_options()?
        .emit_untracked(dir::walk::EmissionMode::CollapseDirectory)
        .recurse_repositories(false);
    let options = gix::status::index_worktree::Options {
        sorting: None,
        dirwalk_options: Some(walk),
        rewrites: None,
        thread_limit: Some(1),
    };
    repository.index_worktree_status(
        &index,
        pattern.as_slice(),
        seen,
        FastEq,
        NoSubmodules,
        &mut gix::progress::Discard,
        stop,
        options,
    )?;
    Ok(())
}

/// What is noted on the way.
struct Seen<'a> {
    /// Where the workspace lies in the repository.
    prefix: &'a str,
    marks: Marks,
}

impl Seen<'_> {
    /// The path in the workspace; none for one that is no text, which the tree does not show either.
    fn path<'p>(&self, path: &'p BStr) -> Option<&'p str> {
        within(path.to_str().ok()?, self.prefix)
    }

    fn note(&mut self, path: &BStr, state: GitState) {
        if let Some(path) = self.path(path) {
            self.marks.note(path, state);
        }
    }

    fn gone(&mut self, path: &BStr) {
        if let Some(path) = self.path(path) {
            self.marks.note_gone(path);
        }
    }

    /// What the index has that the last commit has not, and the other way round.
    fn staged(&mut self, change: &ChangeRef<'_, '_>) {
        let (path, .., mode, _) = change.fields();
        if mode == gix::index::entry::Mode::COMMIT {
            return;
        }
        match change {
            ChangeRef::Addition { .. } => self.note(path, GitState::Added),
            ChangeRef::Deletion { .. } => self.gone(path),
            ChangeRef::Modification { .. } | ChangeRef::Rewrite { .. } => {
                self.note(path, GitState::Modified);
            }
        }
    }
}

impl<'index> VisitEntry<'index> for Seen<'_> {
    type ContentChange = ();
    type SubmoduleStatus = ();

    /// What stands on the disk that the index has not, and the other way round.
    fn visit_entry(&mut self, entry: Entry<'index, (), ()>) {
        match entry {
            Entry::Modification { rela_path, status, .. } => match status {
                EntryStatus::Conflict { .. } => self.note(rela_path, GitState::Conflicted),
                EntryStatus::IntentToAdd => self.note(rela_path, GitState::Added),
                EntryStatus::Change(Change::Removed) => self.gone(rela_path),
                EntryStatus::Change(Change::Type { .. } | Change::Modification { .. }) => {
                    self.note(rela_path, GitState::Modified);
                }
                EntryStatus::Change(Change::SubmoduleModification(()))
                | EntryStatus::NeedsUpdate(_) => {}
            },
            Entry::DirectoryContents { entry, .. } => {
                let nested = entry.disk_kind == Some(dir::entry::Kind::Repository);
                if entry.status != dir::entry::Status::Untracked || nested {
                    return;
                }
                let Some(path) = self.path(entry.rela_path.as_ref()) else { return };
                if entry.disk_kind == Some(dir::entry::Kind::Directory) {
                    self.marks.note_untracked_folder(path);
                } else {
                    self.marks.note(path, GitState::Untracked);
                }
            }
            // Renames are not looked for.
            Entry::Rewrite { .. } => {}
        }
    }
}

/// A submodule is a repository of its own, which is left alone.
#[derive(Clone)]
struct NoSubmodules;

impl SubmoduleStatus for NoSubmodules {
    type Output = ();

    fn status(&mut self, _: &gix::index::Entry, _: &BStr) -> gix::Result<Option<()>> {
        Ok(None)
    }
}
