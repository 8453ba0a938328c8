//! What happened: past-tense facts, one an envelope. The journal, the window, the terminal and
//! `run --json` carry the same envelopes.

use crate::{
    ApprovalId, CallId, Card, ChangeScope, ChangedPath, ContentBlock, EditScope, ExecSecurity,
    FileApproval, ForkPoint, LeftPath, Role, RuleId, SessionId,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use ts_rs::TS;

/// One event of a session, in its place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Envelope {
    /// Place in the session, from 1 and without gaps; none for events that are not stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub seq: Option<u64>,
    /// The session.
    pub session: SessionId,
    /// When, as RFC 3339 in UTC.
    pub time: String,
    /// What.
    #[serde(flatten)]
    pub event: Event,
}

/// A stream of a command's output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// How a proposal was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Decision {
    /// Yes, this once.
    Approve,
    /// Yes, and the like of it until the session ends.
    ApproveSession,
    /// Yes, and the like of it from now on.
    ApproveAlways,
    /// No.
    Deny,
    /// The proposal no longer stands: what it was made from has changed.
    Void,
}

/// Who decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum DecidedBy {
    /// The person.
    User,
    /// A rule or a setting.
    Policy,
}

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum RunEnd {
    /// The model ended its turn.
    EndTurn,
    /// The limit of model calls was reached.
    MaxSteps,
    /// The person stopped it.
    Interrupted,
    /// The person denied a proposal and stopped.
    Refused,
    /// It could not go on.
    Error,
}

/// Tokens that one step took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct StepUsage {
    /// Tokens read, without those from the cache.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
    /// Tokens read from the provider's cache.
    pub cache_read_tokens: u64,
    /// Tokens written to the provider's cache.
    pub cache_write_tokens: u64,
}

/// The policy that a session started under.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct PolicySummary {
    /// What decides over commands.
    pub exec_security: ExecSecurity,
    /// What decides over writes and edits.
    pub file_approval: FileApproval,
    /// Whether commands are confined by the operating system.
    pub confine: bool,
    /// Patterns of commands that run without asking under `allowlist`.
    pub allow: Vec<String>,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
#[ts(export)]
pub enum Event {
    /// A session began.
    SessionStarted {
        /// The workspace folder, absolute.
        workspace: String,
        /// The provider's name.
        provider: String,
        /// The model's name.
        model: String,
        /// The policy in force.
        policy: PolicySummary,
        /// Where it was forked from another session.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        forked_from: Option<ForkPoint>,
    },
    /// A program took the session up again.
    SessionResumed,
    /// The person gave the session a name.
    SessionRenamed {
        /// The name; empty to go by the first message again.
        title: String,
    },
    /// The person said something.
    UserMessage {
        /// What.
        text: String,
    },
    /// A model call began.
    StepStarted {
        /// Its number within the run, from 1.
        step: u32,
    },
    /// A piece of the model's text. Not stored.
    TextDelta {
        /// The piece.
        text: String,
    },
    /// A piece of the model's reasoning. Not stored.
    ThinkingDelta {
        /// The piece.
        text: String,
    },
    /// A message is complete.
    Message {
        /// Who spoke.
        role: Role,
        /// The blocks.
        content: Vec<ContentBlock>,
        /// What the model call took, for a message of the model's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        usage: Option<StepUsage>,
    },
    /// The model called a tool.
    ToolCall {
        /// The call.
        call: CallId,
        /// The tool's name, as the model wrote it.
        tool: String,
        /// The arguments, as the model wrote them.
        #[ts(type = "unknown")]
        args: Value,
        /// Characters of long arguments that are not among them: a window is told their beginnings. The journal
        /// has all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        cut: Option<u32>,
    },
    /// A proposal waits for the person.
    ApprovalRequested {
        /// The proposal.
        approval: ApprovalId,
        /// The call that made it.
        call: CallId,
        /// Rises with each change of what the card shows; a decision names the one it saw.
        revision: u32,
        /// The text as the person edited it on the card, where they did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        text: Option<String>,
        /// The proposal that this one replaces, which went stale.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        replaces: Option<ApprovalId>,
        /// What would happen.
        #[serde(flatten)]
        card: Card,
    },
    /// A proposal was decided.
    ApprovalDecided {
        /// The proposal.
        approval: ApprovalId,
        /// The call that made it.
        call: CallId,
        /// How.
        decision: Decision,
        /// The person's words to the model.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        feedback: Option<String>,
        /// Whether the run ends with this denial.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        #[ts(as = "Option<bool>", optional)]
        stop: bool,
        /// The command pattern that is remembered.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        pattern: Option<String>,
        /// Which further edits are accepted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        scope: Option<EditScope>,
        /// Who decided.
        by: DecidedBy,
        /// The rule that decided, where the policy did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        rule: Option<String>,
        /// The person's own rules among those that decided; or, where the person decided, the rule
        /// that was made.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[ts(optional, as = "Option<Vec<RuleId>>")]
        rule_ids: Vec<RuleId>,
        /// The hunks that the person kept, where not all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        hunks: Option<Vec<u32>>,
        /// The whole text, where the person edited it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        text: Option<String>,
        /// Whether the operating system confines it, for a command that was approved.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        confine: Option<bool>,
        /// Whether it reaches the network, for a command that was approved.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        network: Option<bool>,
    },
    /// The person ended a rule.
    RuleRevoked {
        /// The rule.
        rule: RuleId,
        /// What it let through, as drawn.
        shown: String,
    },
    /// A call acts from here on.
    ToolStarted {
        /// The call.
        call: CallId,
    },
    /// A piece of a command's output. Not stored.
    ToolOutput {
        /// The call.
        call: CallId,
        /// Which stream.
        stream: Stream,
        /// The piece.
        text: String,
    },
    /// A call changed files; what stood there before is kept.
    FilesChanged {
        /// The call.
        call: CallId,
        /// What changed, by path; the first of them.
        files: Vec<ChangedPath>,
        /// How many more changed.
        #[serde(default, skip_serializing_if = "is_zero")]
        #[ts(as = "Option<u32>", optional)]
        more: u32,
        /// What was changed and cannot be undone, and places that are not looked at.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[ts(as = "Option<Vec<LeftPath>>", optional)]
        left_out: Vec<LeftPath>,
    },
    /// The person wants changes taken back; what came of it follows.
    RevertStarted {
        /// The act, named as a call is.
        act: CallId,
        /// What is to be taken back.
        scope: ChangeScope,
    },
    /// The person took changes back. This is an act of its own, which can be taken back too.
    ChangesReverted {
        /// The act, named as a call is.
        act: CallId,
        /// What was to be taken back.
        scope: ChangeScope,
        /// The paths that were put back.
        restored: Vec<String>,
        /// The paths that were left as they are.
        left: Vec<LeftPath>,
    },
    /// A call is done.
    ToolFinished {
        /// The call.
        call: CallId,
        /// Whether it did what was asked.
        ok: bool,
        /// What the model is told: one JSON object.
        #[ts(type = "unknown")]
        result: Value,
        /// How long it acted, in milliseconds.
        duration_ms: u64,
        /// A command's exit code.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        exit_code: Option<i32>,
    },
    /// A model call and its tools are done.
    StepFinished {
        /// Its number within the run.
        step: u32,
        /// What it took.
        usage: StepUsage,
    },
    /// A model call failed and is tried again.
    Retrying {
        /// The attempt that comes next, from 2.
        attempt: u32,
        /// After how many milliseconds.
        wait_ms: u64,
        /// What failed.
        error: String,
    },
    /// The run is over.
    RunFinished {
        /// Why.
        reason: RunEnd,
        /// What failed, and what to do.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        error: Option<String>,
    },
    /// An input was not taken and changed nothing. Not stored.
    InputError {
        /// Why.
        error: String,
    },
}

impl Event {
    /// Whether the journal keeps it. The others are live only and carry no `seq`.
    #[must_use]
    pub fn is_stored(&self) -> bool {
        !matches!(
            self,
            Self::TextDelta { .. }
                | Self::ThinkingDelta { .. }
                | Self::ToolOutput { .. }
                | Self::InputError { .. }
        )
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}
