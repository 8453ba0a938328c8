//! What a person began to write and did not send yet.

use crate::ApprovalId;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What a draft is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "of", rename_all = "snake_case")]
#[ts(export)]
pub enum DraftOf {
    /// The next message.
    Message,
    /// Words for the model that go with a denial.
    Feedback {
        /// The card.
        approval: ApprovalId,
    },
    /// The new text of a file, edited on its card.
    Proposal {
        /// The card.
        approval: ApprovalId,
    },
}

/// A draft of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Draft {
    /// What it is of.
    #[serde(flatten)]
    pub of: DraftOf,
    /// Its text.
    pub text: String,
}
