//! What a session changed in its workspace, and taking it back.

use crate::{CallId, Diff, SessionId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What happened to a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum ChangeKind {
    /// Nothing stood there before.
    Created,
    /// Its content is another.
    Modified,
    /// Nothing stands there now.
    Deleted,
    /// Only its permissions are others.
    Mode,
    /// It is of another kind: a file became a link or a folder, or the other way round.
    Kind,
}

/// A path that an act changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ChangedPath {
    /// Relative to the workspace, or absolute outside.
    pub path: String,
    /// The path as drawn.
    pub shown: String,
    /// What happened to it.
    pub change: ChangeKind,
}

/// A path that was left alone, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct LeftPath {
    /// The path as drawn.
    pub path: String,
    /// Why, in plain words.
    pub why: String,
}

/// Where a session was forked from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ForkPoint {
    /// The session that it was made from.
    pub session: SessionId,
    /// Its last event that is part of this one.
    pub seq: u64,
}

/// Which changes are meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "scope", rename_all = "snake_case")]
#[ts(export)]
pub enum ChangeScope {
    /// All of the session.
    Session,
    /// Those of one turn: from a message of the person's that began a run to the run's end.
    Turn {
        /// The turn, from 1.
        turn: u32,
    },
    /// Those of one call, or of one act of taking back.
    Call {
        /// The call.
        call: CallId,
    },
    /// Those of one file, of the whole session or of one turn.
    File {
        /// Relative to the workspace, or absolute outside.
        path: String,
        /// The turn, from 1; none for the whole session.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        turn: Option<u32>,
    },
    /// Some hunks of one file, by their numbers in [`FileChanges::diff`].
    Hunks {
        /// Relative to the workspace, or absolute outside.
        path: String,
        /// The hunks' numbers.
        hunks: Vec<u32>,
        /// SHA-256 of the file as it was drawn, in hex; another file by now is left.
        seen_sha256: String,
    },
}

/// One file that a session changed, against the session's start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct FileChanges {
    /// Relative to the workspace, or absolute outside.
    pub path: String,
    /// The path as drawn.
    pub shown: String,
    /// What happened to it in all.
    pub change: ChangeKind,
    /// The calls that changed it, in order.
    pub calls: Vec<CallId>,
    /// The turns in which they did, in order, each once.
    pub turns: Vec<u32>,
    /// Lines added and removed; none for what is no text.
    pub added: Option<u32>,
    /// Lines removed.
    pub removed: Option<u32>,
    /// From the start to what stands there now, in hunks; none for what is no text or is too large.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub diff: Option<Diff>,
    /// The same as a unified diff.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub unified: Option<String>,
    /// SHA-256 of what stands there now, in hex; none where nothing does.
    pub now_sha256: Option<String>,
    /// Set where the person, or another program, changed it since the session last did: then it is
    /// not taken back unasked.
    pub changed_since: bool,
    /// Why it cannot be taken back; none where it can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub lost: Option<String>,
}

/// What a session changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SessionChanges {
    /// The session.
    pub session: SessionId,
    /// Its workspace, absolute.
    pub workspace: String,
    /// The files, by path. Those whose changes cancelled each other out are not among them.
    pub files: Vec<FileChanges>,
    /// Places that are not kept, and why: ignored folders, large files.
    pub left_out: Vec<LeftPath>,
    /// Bytes on disk that undoing takes for this workspace.
    pub kept_bytes: u64,
}

/// What taking back did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Reverted {
    /// The act, to take it back in turn; none where nothing was done.
    pub act: Option<CallId>,
    /// The paths that were put back.
    pub restored: Vec<String>,
    /// The paths that were left, and why.
    pub left: Vec<LeftPath>,
}

/// The three texts of a file that the person changed since.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ThreeWay {
    /// The path.
    pub path: String,
    /// From what the session left to what stands there now: the person's own change.
    pub theirs: Option<Diff>,
    /// From what stands there now to the session's start: what taking back would do.
    pub back: Option<Diff>,
    /// The text with the session's changes taken back and the person's kept; none where they overlap.
    pub merged: Option<String>,
    /// From what stands there now to `merged`.
    pub merged_diff: Option<Diff>,
    /// SHA-256 of what stands there now, in hex.
    pub now_sha256: Option<String>,
}

/// How far the copy is that undoing a command needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct UndoState {
    /// Whether everything stands that can be kept.
    pub ready: bool,
    /// Files looked at so far.
    pub done: u32,
    /// Files in all, as far as known.
    pub total: u32,
    /// Bytes on disk that it takes for this workspace.
    pub bytes: u64,
    /// Bytes that it may take.
    pub budget: u64,
}
