//! Sessions as they are listed and found.

use crate::SessionId;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A session in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SessionSummary {
    /// The session.
    pub id: SessionId,
    /// Its workspace folder, absolute.
    pub workspace: String,
    /// Its name, else the first line of its first message; empty where nothing was said yet.
    pub title: String,
    /// When it was made, as RFC 3339.
    pub created: String,
    /// When its last event happened, as RFC 3339.
    pub updated: String,
    /// How many events it has.
    pub events: u64,
    /// Whether the person took it off the list.
    #[serde(default)]
    pub archived: bool,
    /// Whether its last run has not ended: it can go on.
    #[serde(default)]
    pub unfinished: bool,
}

/// In which form a session is written to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum ExportFormat {
    /// One envelope a line; can be brought in again.
    Jsonl,
    /// To be read.
    Markdown,
}

/// A place in a session where words were found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SessionHit {
    /// The session.
    pub session: SessionId,
    /// The event.
    pub seq: u64,
    /// When it happened, as RFC 3339.
    pub time: String,
    /// The words around, on one line.
    pub excerpt: String,
}
