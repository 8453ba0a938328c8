//! What a person can do. The window's `submit` takes one of these; so does the engine from a terminal.

use crate::{
    ApprovalId, ChangeScope, Decision, DraftOf, ExportFormat, ProviderKind, RuleId, SessionId,
};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Which further edits a yes covers, until the session ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum EditScope {
    /// Those of the same file.
    File,
    /// Those of ordinary files of this workspace.
    Workspace,
}

/// A person's answer to a card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct DecisionInput {
    /// The proposal.
    pub approval: ApprovalId,
    /// The revision that the person saw; the broker refuses an older one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub revision: Option<u32>,
    /// Yes or no. `void` is the guard's alone and refused here.
    pub decision: Decision,
    /// Words for the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub feedback: Option<String>,
    /// End the run after a no.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stop: bool,
    /// The command pattern to remember, for `approve_session` and `approve_always`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub pattern: Option<String>,
    /// The edits to accept from now on, for `approve_session` and `approve_always`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub scope: Option<EditScope>,
    /// After how many seconds what is remembered no longer holds; none for no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub expires_in: Option<u32>,
    /// The hunks to keep, by number; the others are dropped from the proposal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub hunks: Option<Vec<u32>>,
    /// The whole text as the person edited it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub text: Option<String>,
    /// Confine this command, or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub confine: Option<bool>,
    /// Let this command reach the network, or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub network: Option<bool>,
}

impl DecisionInput {
    /// A plain answer to a card of any revision.
    #[must_use]
    pub fn new(approval: ApprovalId, decision: Decision) -> Self {
        Self {
            approval,
            revision: None,
            decision,
            feedback: None,
            stop: false,
            pattern: None,
            scope: None,
            expires_in: None,
            hunks: None,
            text: None,
            confine: None,
            network: None,
        }
    }
}

/// A file as the person saw it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SeenPath {
    /// Relative to the workspace, or absolute outside.
    pub path: String,
    /// SHA-256 of what stood there, in hex; none where nothing did.
    pub sha256: Option<String>,
}

/// Something that the person wants done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
#[ts(export)]
pub enum Op {
    /// Open a folder; without a path, by the system's dialog.
    OpenWorkspace {
        /// The folder.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        path: Option<String>,
    },
    /// Go back to the welcome screen. Refused while a run is under way.
    CloseWorkspace,
    /// Copy the sample project aside, open the copy, and start the scripted tour in it.
    StartTour,
    /// Take a folder off the list of recent ones. Nothing on the disk changes.
    ForgetRecent {
        /// The folder.
        path: String,
    },
    /// Begin an empty conversation in the open workspace.
    NewSession,
    /// Open a stored session with its workspace. One that another program has open is opened to be
    /// read only. Refused while a run is under way.
    OpenSession {
        /// The session.
        session: SessionId,
    },
    /// Go on with a run that was interrupted: by a crash, a quit, or a disk that was full.
    GoOn {
        /// The session.
        session: SessionId,
    },
    /// Give a session a name; an empty one takes it away.
    RenameSession {
        /// The session.
        session: SessionId,
        /// The name.
        title: String,
    },
    /// Take a session off the list, or put it back.
    ArchiveSession {
        /// The session.
        session: SessionId,
        /// Whether it is off.
        archived: bool,
    },
    /// Remove a session for good, with what is kept for undoing its changes. Refused while it is open in
    /// another program, or running.
    DeleteSession {
        /// The session.
        session: SessionId,
    },
    /// Make a new session of all that came before a message, and open it with that message as its draft.
    /// Files stay as they are.
    ForkSession {
        /// The session.
        session: SessionId,
        /// The message's place.
        before: u64,
    },
    /// Write a session to a file; without a path, to one chosen by the system's dialog.
    ExportSession {
        /// The session.
        session: SessionId,
        /// In which form.
        format: ExportFormat,
        /// The file. One that is there is replaced: the dialog asked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        path: Option<String>,
    },
    /// Bring in a session from a file; without a path, from one chosen by the system's dialog.
    ImportSession {
        /// The file.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        path: Option<String>,
    },
    /// Take changes back. What the person changed since is left, but for the files named.
    Revert {
        /// The session.
        session: SessionId,
        /// Which changes.
        #[serde(flatten)]
        scope: ChangeScope,
        /// Files that are put back all the same, as the person saw them.
        #[serde(default)]
        overwrite: Vec<SeenPath>,
    },
    /// Take a session's changes of a file back and keep the person's own, where both can be.
    RevertMerged {
        /// The session.
        session: SessionId,
        /// The file as the person saw it.
        seen: SeenPath,
    },
    /// Keep what the person began to write; an empty text removes it.
    SaveDraft {
        /// The session.
        session: SessionId,
        /// What it is of.
        #[serde(flatten)]
        of: DraftOf,
        /// Its text.
        text: String,
    },
    /// Take the notices off the window.
    DismissNotices,
    /// Give a task, or steer the run that is under way.
    Send {
        /// The session.
        session: SessionId,
        /// The words.
        text: String,
    },
    /// Answer a card.
    Decide {
        /// The session.
        session: SessionId,
        /// The answer.
        decision: DecisionInput,
    },
    /// Change a write or an edit on its card. The guard makes the new proposal and its diff: the card is
    /// told anew, under the same id with the next revision.
    Revise {
        /// The session.
        session: SessionId,
        /// The card.
        approval: ApprovalId,
        /// The revision that the person changed; an older one is refused.
        revision: u32,
        /// The whole text as the person edited it; none to go back to what the model proposed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        text: Option<String>,
    },
    /// Set a setting in the settings file, or take it out there. It holds from the next session on.
    SetSetting {
        /// Its key in the file.
        key: String,
        /// Its value as TOML writes it; none to take it out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        value: Option<String>,
    },
    /// End the step and whatever it runs. The session can go on.
    Interrupt {
        /// The session.
        session: SessionId,
    },
    /// End a rule. What it let through asks again from the next call on.
    RevokeRule {
        /// The rule.
        rule: RuleId,
    },
    /// Choose the model, and keep its key for this start of the program.
    ConnectModel {
        /// Which kind of client.
        provider: ProviderKind,
        /// The model's name; none for the provider's own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        model: Option<String>,
        /// The server's address; none for the provider's own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        base_url: Option<String>,
        /// The key. It goes to the backend and never comes back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        api_key: Option<String>,
        /// Keep the key in the system's keychain, for later starts too.
        #[serde(default)]
        keep_key: bool,
    },
    /// Give a file or folder of the workspace another name. Nothing that is there is replaced; a link is
    /// renamed itself. Refused while a command of the agent runs.
    RenameEntry {
        /// What is renamed, relative to the workspace.
        path: String,
        /// Its new place, relative to the workspace; the folder must be there.
        to: String,
    },
    /// Move a file or folder of the workspace to the system's trash; of a link, the link itself. Refused
    /// while a command of the agent runs, and where the trash is on another file system.
    DeleteEntry {
        /// What is removed, relative to the workspace.
        path: String,
    },
    /// Show a file or folder of the workspace in the system's file manager.
    Reveal {
        /// What is shown, relative to the workspace.
        path: String,
    },
    /// Open a file of the workspace in the person's editor: the one of the settings, else one that is
    /// installed.
    OpenInEditor {
        /// The file, relative to the workspace.
        path: String,
        /// The line, from 1.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        line: Option<u32>,
    },
}
