//! A diff as the guard computed it. The page and the terminal draw it; they never compute one.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What a line of a hunk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum LineKind {
    /// The same before and after.
    Context,
    /// Only before.
    Removed,
    /// Only after.
    Added,
}

/// A stretch of a line, marked where it differs from the line that it replaces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Span {
    /// The text, with deceptive characters already drawn as visible marks.
    pub text: String,
    /// Whether it differs from the other side's line.
    pub changed: bool,
}

/// One line of a hunk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct DiffLine {
    /// Which side it stands on.
    pub kind: LineKind,
    /// Line number before, from 1.
    #[ts(optional)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<u32>,
    /// Line number after, from 1.
    #[ts(optional)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<u32>,
    /// The line's text without its ending, in spans.
    pub spans: Vec<Span>,
    /// Set where the file ends with this line and without a line break.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub no_newline: bool,
}

/// Changed lines that stand together, with their context.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Hunk {
    /// The hunk's number, from 1; a decision names the hunks to keep by it.
    pub number: u32,
    /// First line before, from 1 (0 where there is none).
    pub old_start: u32,
    /// How many lines before.
    pub old_lines: u32,
    /// First line after, from 1 (0 where there is none).
    pub new_start: u32,
    /// How many lines after.
    pub new_lines: u32,
    /// The lines, in order.
    pub lines: Vec<DiffLine>,
}

/// All changes of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Diff {
    /// The hunks, in order.
    pub hunks: Vec<Hunk>,
    /// How many lines are added.
    pub added: u32,
    /// How many lines are removed.
    pub removed: u32,
}
