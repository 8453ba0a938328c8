//! What the window may ask. A query changes nothing.

use crate::{
    AppState, Draft, RecentWorkspace, SessionChanges, SessionHit, SessionId, SessionSummary,
    TextWarning, ThreeWay,
};
use serde::{Deserialize, Serialize};
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
    App(AppState),
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
    /// See [`Query::Drafts`].
    Drafts {
        /// The drafts.
        drafts: Vec<Draft>,
    },
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
}

/// The entries of one folder: folders first, then by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct FolderListing {
    /// The folder, relative to the workspace.
    pub path: String,
    /// Its entries.
    pub entries: Vec<TreeEntry>,
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
