//! The state of the window that is not part of a session, and what is sent to it unasked.

use crate::{Envelope, ExecSecurity, FileApproval, ProviderKind, RuleRecord, SessionId, UndoState};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A folder that was opened before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RecentWorkspace {
    /// The folder, absolute.
    pub path: String,
    /// Its last name.
    pub name: String,
    /// When it was opened last, as RFC 3339.
    pub opened: String,
    /// Whether it is still there.
    pub exists: bool,
}

/// The open workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct WorkspaceInfo {
    /// The folder, absolute.
    pub path: String,
    /// Its last name, as drawn.
    pub name: String,
    /// Whether this is the tour's copy of the sample project.
    pub tour: bool,
    /// How many files it holds that no ignore file leaves out; none until they are counted.
    #[serde(default)]
    pub files: Option<u32>,
    /// The branch that is checked out, or the short id of a commit; none without git.
    #[serde(default)]
    pub branch: Option<String>,
    /// Set where the folder was removed or can no longer be read: what happened, and what to do.
    #[serde(default)]
    pub trouble: Option<String>,
}

/// Where a key came from. The key itself never reaches the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum KeySource {
    /// The environment.
    Environment,
    /// The `.env` file in the settings folder.
    EnvFile,
    /// Typed into the window, for this start of the program.
    Window,
    /// The system's keychain.
    Keychain,
    /// None is needed.
    NotNeeded,
    /// There is none.
    Missing,
}

/// What a model costs, in US dollars for a million tokens, as the person said in the settings.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct Prices {
    /// Tokens that are sent.
    pub input: f64,
    /// Tokens that come back.
    pub output: f64,
    /// Sent tokens that are read from the provider's cache; the price of `input` where none is said.
    #[serde(default)]
    pub cache_read: Option<f64>,
    /// Sent tokens that are written to it; the price of `input` where none is said.
    #[serde(default)]
    pub cache_write: Option<f64>,
}

/// The model in use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ModelInfo {
    /// Which kind of client.
    pub provider: ProviderKind,
    /// The model's name.
    pub model: String,
    /// The server's address, where it is not the provider's own.
    #[serde(default)]
    pub base_url: Option<String>,
    /// Where the key came from.
    pub key: KeySource,
    /// What it costs, where the settings say so.
    #[serde(default)]
    pub prices: Option<Prices>,
}

/// What confines commands here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ConfinementInfo {
    /// Whether commands are confined by the operating system.
    pub active: bool,
    /// In plain words, for the status bar.
    pub text: String,
}

/// The session in the window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SessionState {
    /// Its id.
    pub id: SessionId,
    /// Whether a run is under way.
    pub running: bool,
    /// The limit of model calls a run.
    pub max_steps: u32,
    /// Its name, or the first line of its first message; empty where there is neither.
    #[serde(default)]
    pub title: String,
    /// Set where a run stands still and can go on: why.
    #[serde(default)]
    pub paused: Option<String>,
    /// Set where it can only be read: why.
    #[serde(default)]
    pub read_only: Option<String>,
    /// How far the copy is that undoing needs.
    #[serde(default)]
    pub undo: UndoState,
}

/// The state of the window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct AppState {
    /// The program's version.
    pub version: String,
    /// The open workspace; none on the welcome screen.
    #[serde(default)]
    pub workspace: Option<WorkspaceInfo>,
    /// The session; there is one whenever a workspace is open.
    #[serde(default)]
    pub session: Option<SessionState>,
    /// The model in use.
    pub model: ModelInfo,
    /// What decides over commands.
    pub exec_security: ExecSecurity,
    /// What decides over writes and edits.
    pub file_approval: FileApproval,
    /// What confines commands here.
    pub confinement: ConfinementInfo,
    /// The person's rules that hold in the open workspace and session, newest first.
    #[serde(default)]
    pub rules: Vec<RuleRecord>,
    /// What the person should know of: a database that was set aside, a folder that is full.
    #[serde(default)]
    pub notices: Vec<String>,
}

/// What the backend sends to the window unasked, in order.
#[expect(
    clippy::large_enum_variant,
    reason = "few of them exist at a time, and each is sent at once"
)]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
#[ts(export)]
pub enum Feed {
    /// Events of the session; several at once where they come fast.
    Envelopes {
        /// The events, in order.
        envelopes: Vec<Envelope>,
    },
    /// The state of the window changed. A new session id empties the transcript: its envelopes follow.
    App {
        /// The new state.
        state: AppState,
    },
    /// Folders of the workspace changed: what is drawn of them is to be asked for again.
    Tree {
        /// The folders, relative to the workspace; empty for all of them.
        folders: Vec<String>,
    },
    /// Files of the workspace may hold something else than before: what is drawn of them is to be asked for
    /// again. Told of files that are written in place; of names that come and go `Tree` tells.
    Touched,
    /// Something is dragged over the window that could be dropped on it, or no longer.
    Dragging {
        /// Whether it is over the window.
        over: bool,
    },
}
