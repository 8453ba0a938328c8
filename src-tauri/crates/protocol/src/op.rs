//! What a person can do. The window's `submit` takes one of these; so does the engine from a terminal.

use crate::{ApprovalId, Decision, ProviderKind, RuleId, SessionId};
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
    },
}
