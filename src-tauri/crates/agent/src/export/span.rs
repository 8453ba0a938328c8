//! The spans of a session's runs, as the page's trace has them: `frontend/src/state/spans.ts`.

use countersign_protocol::{DecidedBy, Decision, StepUsage};
use serde_json::Value;

/// What a span is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Turn,
    Step,
    Model,
    Call,
    Approval,
    Act,
    Retry,
    Said,
    Revert,
}

impl Kind {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Turn => "turn",
            Self::Step => "step",
            Self::Model => "model",
            Self::Call => "call",
            Self::Approval => "approval",
            Self::Act => "act",
            Self::Retry => "retry",
            Self::Said => "said",
            Self::Revert => "revert",
        }
    }
}

/// How a span stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// It runs still, or waits.
    Open,
    Ok,
    Failed,
    Refused,
    /// It was cut off, and nothing says that it failed by itself.
    Cut,
}

impl State {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::Refused => "refused",
            Self::Cut => "cut",
        }
    }
}

/// The number of a span among those of its turn.
pub(super) type Id = usize;

/// One stretch of a session.
#[derive(Clone, Debug)]
pub(super) struct Span {
    pub(super) kind: Kind,
    /// The place of the envelope that opened it.
    pub(super) seq: u64,
    pub(super) parent: Option<Id>,
    pub(super) children: Vec<Id>,
    /// The tool of a call.
    pub(super) name: String,
    /// Milliseconds since 1970.
    pub(super) start: i64,
    pub(super) end: Option<i64>,
    pub(super) state: State,
    pub(super) usage: Option<StepUsage>,
    pub(super) call: String,
    pub(super) exit_code: Option<i32>,
    /// How many files a call changed.
    pub(super) changed: u64,
    pub(super) verdict: Option<(Decision, DecidedBy)>,
    /// What was said, asked for and answered; kept only where it is exported.
    pub(super) input: Option<Value>,
    pub(super) output: Option<Value>,
    /// Whether it was exported as it stands.
    pub(super) told: bool,
}

impl Span {
    pub(super) fn new(kind: Kind, seq: u64, parent: Option<Id>, start: i64) -> Self {
        Self {
            kind,
            seq,
            parent,
            children: Vec::new(),
            name: String::new(),
            start,
            end: None,
            state: State::Open,
            usage: None,
            call: String::new(),
            exit_code: None,
            changed: 0,
            verdict: None,
            input: None,
            output: None,
            told: false,
        }
    }

    /// Whether it waits, or waited, for the person.
    pub(super) fn is_wait(&self) -> bool {
        self.kind == Kind::Approval && self.verdict.is_none_or(|(_, by)| by == DecidedBy::User)
    }
}

/// The sum of what two took.
pub(super) fn add(one: Option<StepUsage>, other: StepUsage) -> StepUsage {
    let one = one.unwrap_or_default();
    StepUsage {
        input_tokens: one.input_tokens.saturating_add(other.input_tokens),
        output_tokens: one.output_tokens.saturating_add(other.output_tokens),
        cache_read_tokens: one.cache_read_tokens.saturating_add(other.cache_read_tokens),
        cache_write_tokens: one.cache_write_tokens.saturating_add(other.cache_write_tokens),
    }
}
