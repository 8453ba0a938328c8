//! What the window may ask. A query changes nothing.

use crate::{
    AppState, ApprovalId, Draft, RecentWorkspace, SessionChanges, SessionHit, SessionId,
    SessionSummary, TextWarning, ThreeWay,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use ts_rs::TS;

/// A question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
#[ts(export)]
pub enum Query {
    /// The state of the whole window.
    App,
    /// What the welcome screen shows.
    Welcome,
    /// The entries of one folder of the workspace.
    Folder {
        /// The folder, relative to the workspace; empty for the workspace itself.
        path: String,
        /// How many entries at most; none for all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        first: Option<u32>,
    },
    /// The text of one file of the workspace.
    File {
        /// The file, relative to the workspace.
        path: String,
    },
    /// The stored sessions of all workspaces, newest first.
    Sessions,
    /// Where all these words were said.
    SearchSessions {
        /// The words.
        text: String,
    },
    /// What a session changed, against its start.
    Changes {
        /// The session.
        session: SessionId,
    },
    /// A file that the session changed and the person changed since.
    ThreeWay {
        /// The session.
        session: SessionId,
        /// The file.
        path: String,
    },
    /// The texts of a write or an edit that waits on its card.
    Proposal {
        /// The session.
        session: SessionId,
        /// The card.
        approval: ApprovalId,
    },
    /// Which commands of a session a pattern would cover.
    PatternMatches {
        /// The session.
        session: SessionId,
        /// The pattern.
        pattern: String,
    },
    /// What a model was sent and what came back.
    ModelCall {
        /// The session.
        session: SessionId,
        /// The place of the `step_started` of the call.
        seq: u64,
    },
    /// The settings, each with where its value comes from.
    Settings,
    /// What the person began to write in a session.
    Drafts {
        /// The session.
        session: SessionId,
    },
}

/// The answer to a [`Query`], of the same name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
#[ts(export)]
pub enum QueryAnswer {
    /// See [`Query::App`].
    App(Box<AppState>),
    /// See [`Query::Welcome`].
    Welcome(WelcomeInfo),
    /// See [`Query::Folder`].
    Folder(FolderListing),
    /// See [`Query::File`].
    File(FileView),
    /// See [`Query::Sessions`].
    Sessions {
        /// The sessions.
        sessions: Vec<SessionSummary>,
    },
    /// See [`Query::SearchSessions`].
    SearchSessions {
        /// The places, the last first.
        hits: Vec<SessionHit>,
    },
    /// See [`Query::Changes`].
    Changes(SessionChanges),
    /// See [`Query::ThreeWay`].
    ThreeWay(ThreeWay),
    /// See [`Query::Proposal`].
    Proposal(ProposalTexts),
    /// See [`Query::PatternMatches`].
    PatternMatches(PatternMatches),
    /// See [`Query::ModelCall`].
    ModelCall(ModelCall),
    /// See [`Query::Settings`].
    Settings {
        /// The settings file.
        file: String,
        /// The settings.
        settings: Vec<Setting>,
    },
    /// See [`Query::Drafts`].
    Drafts {
        /// The drafts.
        drafts: Vec<Draft>,
    },
}

/// The texts of a proposal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ProposalTexts {
    /// The revision that they are of.
    pub revision: u32,
    /// The file as it is; empty where there is none.
    pub before: String,
    /// As it would become.
    pub after: String,
    /// As the model proposed it.
    pub proposed: String,
}

/// Which commands of a session a pattern covers. Each command is named once, as drawn, the last first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct PatternMatches {
    /// Why the pattern cannot be a rule; none where it can.
    pub refused: Option<String>,
    /// Commands that it covers: they would have run without a card.
    pub covered: Vec<String>,
    /// Commands that it does not cover.
    pub others: Vec<String>,
}

/// One model call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ModelCall {
    /// The conversation that was sent: the messages, as they are derived from the journal.
    #[ts(type = "unknown")]
    pub request: Value,
    /// The message that came back; none where none did.
    #[ts(type = "unknown")]
    pub response: Option<Value>,
}

/// Where a setting's value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum SettingSource {
    /// Nobody said anything else.
    Default,
    /// The settings file.
    File,
}

/// A setting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Setting {
    /// Its key in the settings file.
    pub key: String,
    /// What it is for, a plain sentence.
    pub about: String,
    /// Its value as TOML writes it; empty where it has none.
    pub value: String,
    /// Where that comes from.
    pub source: SettingSource,
    /// The values that it may have, as TOML writes them; empty where they cannot be listed.
    pub choices: Vec<String>,
}

/// What the welcome screen shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct WelcomeInfo {
    /// Folders that were opened before, newest first.
    pub recent: Vec<RecentWorkspace>,
}

/// What an entry of a folder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum EntryKind {
    /// A folder.
    Folder,
    /// An ordinary file.
    File,
    /// A link to something inside the workspace.
    Link,
    /// A link that leads out of the workspace, or nowhere; it is never followed.
    LinkOut,
    /// A pipe, a socket or a device.
    Special,
}

/// What git says of an entry, against its last commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum GitState {
    /// Git does not know it yet.
    Untracked,
    /// It is new and in the index.
    Added,
    /// Its text or mode differs; of a folder, that something within it has a state.
    Modified,
    /// Two sides of a merge are not brought together yet.
    Conflicted,
}

/// One entry of a folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct TreeEntry {
    /// Relative to the workspace, with `/` between the names.
    pub path: String,
    /// The name as drawn, with deceptive characters as visible marks.
    pub shown: String,
    /// What it is.
    pub kind: EntryKind,
    /// Whether an ignore file leaves it out.
    pub ignored: bool,
    /// What git says of it; none where it says nothing, or there is no git.
    #[serde(default)]
    pub git: Option<GitState>,
}

/// The entries of one folder: folders first, then by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct FolderListing {
    /// The folder, relative to the workspace.
    pub path: String,
    /// Its entries.
    pub entries: Vec<TreeEntry>,
    /// How many come after these that were not asked for.
    pub more: u32,
    /// How many further entries there are that are not listed.
    pub omitted: u32,
}

/// A file of the workspace, to look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct FileView {
    /// Relative to the workspace.
    pub path: String,
    /// The name as drawn.
    pub shown: String,
    /// The text, up to the limit; empty for a binary file.
    pub content: String,
    /// Size on the disk in bytes.
    pub size: u64,
    /// Whether `content` is only the beginning.
    pub truncated: bool,
    /// Whether it is no text.
    pub binary: bool,
    /// Why the text is deceptive; empty where it is not.
    pub warnings: Vec<TextWarning>,
}
