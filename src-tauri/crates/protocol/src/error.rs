//! Errors as the window is told of them.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What kind of thing went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum ErrorCode {
    /// The request makes no sense now: no such session, a run is under way, already decided.
    State,
    /// The request itself is wrong.
    Input,
    /// There is no such file or folder.
    NotFound,
    /// The guard refuses it.
    Denied,
    /// The disk or the system failed.
    System,
    /// The person closed the dialog.
    Cancelled,
    /// No model is connected.
    NoModel,
}

/// An error that a person is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct WireError {
    /// What kind.
    pub code: ErrorCode,
    /// What happened.
    pub message: String,
    /// What to do next; may be empty.
    #[serde(default)]
    pub hint: String,
}

impl WireError {
    /// An error with what happened and what to do next.
    pub fn new(code: ErrorCode, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: hint.into() }
    }
}

impl std::fmt::Display for WireError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)?;
        if !self.hint.is_empty() {
            write!(f, " {}", self.hint)?;
        }
        Ok(())
    }
}

impl std::error::Error for WireError {}
