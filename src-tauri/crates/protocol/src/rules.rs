//! Rules that the person made on cards, as they are kept and shown.

use crate::{RuleId, SessionId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What a rule lets through without a card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "grant", rename_all = "snake_case")]
#[ts(export)]
pub enum RuleGrant {
    /// Commands that the pattern covers.
    Command {
        /// The pattern, as it was stored.
        pattern: String,
    },
    /// Writes and edits of one file.
    EditFile {
        /// The file, absolute.
        path: String,
    },
    /// Writes and edits of ordinary files of the workspace.
    EditWorkspace,
    /// Looks at one file or folder outside, or at one secret.
    Look {
        /// It, absolute.
        path: String,
    },
}

/// A rule with its history. Rules are never removed from the record, only ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RuleRecord {
    /// Its id.
    pub id: RuleId,
    /// What it lets through.
    #[serde(flatten)]
    pub grant: RuleGrant,
    /// The same as drawn: a pattern or a path, deceptive characters as visible marks.
    pub shown: String,
    /// The workspace folder in which it holds, absolute.
    pub workspace: String,
    /// Whether it outlasts the session that it was made in.
    pub lasting: bool,
    /// The session that it was made in.
    pub session: SessionId,
    /// What stood on the card that it was made on, as drawn: a command, or a path.
    pub source: String,
    /// When it was made, as RFC 3339.
    pub made: String,
    /// How often it decided.
    pub uses: u64,
    /// When it decided last, as RFC 3339.
    #[serde(default)]
    pub last_used: Option<String>,
    /// From when on it no longer holds, as RFC 3339; none for no end.
    #[serde(default)]
    pub expires: Option<String>,
    /// When the person revoked it, as RFC 3339.
    #[serde(default)]
    pub revoked: Option<String>,
    /// Whether it held when this was read: neither revoked nor past its end.
    pub in_force: bool,
}
