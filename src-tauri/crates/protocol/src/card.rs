//! What an approval card shows. A card is data: it holds exactly what the guard judged, and nothing
//! in it can approve anything.

use crate::Diff;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use ts_rs::TS;

/// A text from the model or from a file, and how it is drawn.
///
/// `text` is what will run or be written, to the byte; `shown` is what a person may be shown: the
/// same text with every deceptive character replaced by a visible mark.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Shown {
    /// The text as it would be drawn.
    pub shown: String,
    /// Why it is deceptive; empty where it is not.
    pub warnings: Vec<TextWarning>,
}

/// One kind of deceptive character that a text holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct TextWarning {
    /// What was found, in plain words: "right-to-left override".
    pub what: String,
    /// How many of them.
    pub count: u32,
}

/// Where a proposal reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Reach {
    /// Beneath the workspace folder.
    Inside,
    /// Anywhere else.
    Outside,
}

/// What the guard makes of one simple command of a compound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum PartVerdict {
    /// A rule covers it.
    Allow,
    /// It asks.
    Ask,
    /// A rule forbids it.
    Deny,
}

/// One simple command of the command line, as the guard read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct CommandPart {
    /// Its text as a card draws it.
    pub text: String,
    /// What the guard makes of it.
    pub verdict: PartVerdict,
    /// The rule that covers it, or why it asks.
    pub note: String,
}

/// A file that a command names, and is bound to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct BoundFile {
    /// Relative to the workspace.
    pub path: String,
    /// What it is known again by, in hex: SHA-256 of its bytes, or for a very large one of what the
    /// file system says of its last change.
    pub known_by: String,
}

/// A command that waits for a decision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ExecCard {
    /// The command, to the byte.
    pub command: String,
    /// The command as drawn, with its warnings.
    pub display: Shown,
    /// The folder that it runs in, absolute.
    pub cwd: String,
    /// Additions to the environment, by name.
    pub env: BTreeMap<String, String>,
    /// After how many seconds it is ended.
    pub timeout: u64,
    /// The shell that runs it.
    pub shell: String,
    /// Whether the operating system confines it.
    pub confine: bool,
    /// Whether it reaches the network.
    pub network: bool,
    /// Why it asks, a plain sentence each.
    pub reasons: Vec<String>,
    /// The simple commands that it consists of, where the guard could read all of it.
    pub parts: Vec<CommandPart>,
    /// Patterns that a person may allow from now on; empty where none is safe to offer.
    pub suggested_patterns: Vec<String>,
    /// Files of the workspace that it names, by what they hold: the yes is to these bytes too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<BoundFile>>", optional)]
    pub files: Vec<BoundFile>,
    /// Set where what it changes could not be undone in full: how far that is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub undo: Option<String>,
}

/// A write or an edit that waits for a decision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct FileCard {
    /// The path as the tool named it, relative to the workspace where it is inside.
    pub path: String,
    /// The path as drawn, with its warnings.
    pub display: Shown,
    /// What the path resolves to, absolute.
    pub resolved: String,
    /// Whether it is outside the workspace.
    pub outside: bool,
    /// Whether the file is made anew.
    pub created: bool,
    /// Whether it is sensitive or a secret: such files are approved one by one.
    pub sensitive: bool,
    /// The change as a unified diff.
    pub diff: String,
    /// The same change in hunks, for drawing and for choosing.
    pub changes: Diff,
    /// Why the new text is deceptive; empty where it is not.
    pub warnings: Vec<TextWarning>,
    /// SHA-256 of the file as it was, in hex; none where there was no file.
    #[serde(default)]
    pub before_sha256: Option<String>,
    /// SHA-256 of the file as it will be, in hex.
    pub after_sha256: String,
    /// Why it asks, a plain sentence each.
    pub reasons: Vec<String>,
}

/// A look outside the workspace, or at a secret, that waits for a decision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct PathCard {
    /// The tool that would look.
    pub tool: String,
    /// The path as the tool named it.
    pub path: String,
    /// The path as drawn, with its warnings.
    pub display: Shown,
    /// Where it really is, absolute: links followed.
    pub resolved: String,
    /// The workspace folder, absolute.
    pub workspace: String,
    /// Whether it is outside the workspace (else it is a secret inside).
    pub outside: bool,
    /// Why it asks, a plain sentence each.
    pub reasons: Vec<String>,
}

/// A proposal, by kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[ts(export)]
pub enum Card {
    /// Run a command.
    Exec(ExecCard),
    /// Write a whole file.
    Write(FileCard),
    /// Change a part of a file.
    Edit(FileCard),
    /// Look outside, or at a secret.
    Path(PathCard),
}

impl Card {
    /// Why it asks.
    #[must_use]
    pub fn reasons(&self) -> &[String] {
        match self {
            Self::Exec(card) => &card.reasons,
            Self::Write(card) | Self::Edit(card) => &card.reasons,
            Self::Path(card) => &card.reasons,
        }
    }

    /// The same card with these reasons.
    #[must_use]
    pub fn because(mut self, reasons: Vec<String>) -> Self {
        match &mut self {
            Self::Exec(card) => card.reasons = reasons,
            Self::Write(card) | Self::Edit(card) => card.reasons = reasons,
            Self::Path(card) => card.reasons = reasons,
        }
        self
    }
}
