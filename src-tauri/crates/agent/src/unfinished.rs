//! Where a run stands that was interrupted: a fold over the session's events. From it the run goes on
//! without doing anything twice.

use crate::calls::Call;
use countersign_protocol::{
    ApprovalId, CallId, Card, ContentBlock, DecidedBy, Decision, Envelope, Event, Role, StepUsage,
};
use serde_json::Value;

/// A run that has not ended.
#[derive(Debug)]
pub(crate) struct Unfinished {
    /// The last step that began; 0 where none did.
    pub(crate) step: u32,
    /// What it had come to.
    pub(crate) stage: Stage,
}

/// What a step had come to.
#[derive(Debug)]
pub(crate) enum Stage {
    /// The next step is to begin.
    Between,
    /// The model was asked, and its answer did not arrive whole.
    Asking,
    /// The turn is over; only its end was not journaled.
    Over,
    /// The answer broke off, and what came of it is kept: the run is to end.
    BrokenOff,
    /// The answer is there; its calls are not all done.
    Calling { calls: Vec<OpenCall>, usage: StepUsage },
}

/// A call of the last message, and how far it came.
#[derive(Debug)]
pub(crate) struct OpenCall {
    pub(crate) id: CallId,
    pub(crate) tool: String,
    pub(crate) args: Value,
    pub(crate) invalid: Option<String>,
    /// Whether `tool_call` is journaled.
    pub(crate) told: bool,
    pub(crate) came_to: CameTo,
}

/// How far a call came.
#[derive(Debug)]
pub(crate) enum CameTo {
    /// Nothing was decided that holds: it is proposed anew. Names a card that it then replaces.
    Nothing { replaces: Option<ApprovalId> },
    /// Its card is open.
    Asked(Asked),
    /// The person said yes; it had not begun.
    Approved(Asked, Box<SavedYes>),
    /// The person said no; the model was not told yet.
    Denied { feedback: Option<String>, stop: bool },
    /// It had begun: it may have acted in part, and what it changed may be told already.
    Started { changes_told: bool },
    /// It is done.
    Finished,
}

/// A card as it was shown first, of what the model proposed.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) approval: ApprovalId,
    pub(crate) replaces: Option<ApprovalId>,
    pub(crate) card: Box<Card>,
    /// The text as the person edited it on the card.
    pub(crate) text: Option<String>,
    /// Whether it offers to run a command again that ran before.
    pub(crate) again: bool,
}

/// A yes of the person's, as it was journaled.
#[derive(Clone, Debug, Default)]
pub(crate) struct SavedYes {
    pub(crate) feedback: Option<String>,
    pub(crate) hunks: Option<Vec<u32>>,
    pub(crate) text: Option<String>,
    pub(crate) confine: Option<bool>,
    pub(crate) network: Option<bool>,
}

impl Unfinished {
    /// The run of a session that has not ended; none where none is open.
    pub(crate) fn of(envelopes: &[Envelope]) -> Option<Self> {
        let mut run: Option<Self> = None;
        for envelope in envelopes {
            match (&mut run, &envelope.event) {
                (None, Event::UserMessage { .. }) => {
                    run = Some(Self { step: 0, stage: Stage::Between });
                }
                (Some(_), Event::RunFinished { .. }) => run = None,
                (Some(run), event) => run.apply(event),
                (None, _) => {}
            }
        }
        run
    }

    /// Its calls that had begun and did not end.
    pub(crate) fn started(&self) -> Vec<Call> {
        let Stage::Calling { calls, .. } = &self.stage else { return Vec::new() };
        let started = calls.iter().filter(|call| matches!(call.came_to, CameTo::Started { .. }));
        started.map(Call::from).collect()
    }

    /// Whether all that is left to do of its step waits for the person: then going on does nothing
    /// before an answer.
    pub(crate) fn only_waits(&self) -> bool {
        let Stage::Calling { calls, .. } = &self.stage else { return false };
        let asked = |call: &&OpenCall| matches!(call.came_to, CameTo::Asked(_));
        let moves =
            |call: &OpenCall| matches!(call.came_to, CameTo::Approved(..) | CameTo::Denied { .. });
        calls.iter().find(asked).is_some() && !calls.iter().any(moves)
    }

    fn apply(&mut self, event: &Event) {
        match event {
            Event::StepStarted { step } => {
                self.step = *step;
                self.stage = Stage::Asking;
            }
            Event::StepFinished { .. } => {
                let over = matches!(&self.stage, Stage::Calling { calls, .. } if calls.is_empty());
                self.stage = if over { Stage::Over } else { Stage::Between };
            }
            Event::UserMessage { .. } => {
                if matches!(self.stage, Stage::Over) {
                    self.stage = Stage::Between;
                }
            }
            Event::Message { role: Role::Assistant, content, usage: Some(usage) } => {
                self.stage = Stage::Calling { calls: calls_of(content), usage: *usage };
            }
            Event::Message { role: Role::Assistant, content, usage: None } => {
                let calls = calls_of(content);
                self.stage = if calls.is_empty() {
                    Stage::BrokenOff
                } else {
                    Stage::Calling { calls, usage: StepUsage::default() }
                };
            }
            Event::ToolCall { call, .. } => self.of_call(call, |call| call.told = true),
            Event::ApprovalRequested { approval, call, replaces, card, revision, text } => {
                self.of_call(call, |call| {
                    if *revision > 1
                        && let CameTo::Asked(asked) = &mut call.came_to
                        && asked.approval == *approval
                    {
                        asked.text.clone_from(text);
                        return;
                    }
                    let again = matches!(call.came_to, CameTo::Started { .. });
                    call.came_to = CameTo::Asked(Asked {
                        approval: approval.clone(),
                        replaces: replaces.clone(),
                        card: Box::new(card.clone()),
                        text: None,
                        again,
                    });
                });
            }
            Event::ApprovalDecided {
                approval,
                call,
                decision,
                feedback,
                stop,
                by,
                hunks,
                text,
                confine,
                network,
                ..
            } => {
                let yes = SavedYes {
                    feedback: feedback.clone(),
                    hunks: hunks.clone(),
                    text: text.clone(),
                    confine: *confine,
                    network: *network,
                };
                self.of_call(call, |call| call.decided(approval, *decision, *by, *stop, yes));
            }
            Event::ToolStarted { call } => {
                self.of_call(call, |call| call.came_to = CameTo::Started { changes_told: false });
            }
            Event::FilesChanged { call, .. } => self.of_call(call, |call| {
                if let CameTo::Started { changes_told } = &mut call.came_to {
                    *changes_told = true;
                }
            }),
            Event::ToolFinished { call, .. } => {
                self.of_call(call, |call| call.came_to = CameTo::Finished);
            }
            Event::SessionStarted { .. }
            | Event::SessionResumed
            | Event::SessionRenamed { .. }
            | Event::TextDelta { .. }
            | Event::ThinkingDelta { .. }
            | Event::Message { role: Role::User, .. }
            | Event::RuleRevoked { .. }
            | Event::ToolOutput { .. }
            | Event::RevertStarted { .. }
            | Event::ChangesReverted { .. }
            | Event::Retrying { .. }
            | Event::RunFinished { .. }
            | Event::InputError { .. } => {}
        }
    }

    fn of_call(&mut self, id: &CallId, change: impl FnOnce(&mut OpenCall)) {
        if let Stage::Calling { calls, .. } = &mut self.stage
            && let Some(call) = calls.iter_mut().find(|call| call.id == *id)
        {
            change(call);
        }
    }
}

impl OpenCall {
    fn decided(
        &mut self,
        approval: &ApprovalId,
        decision: Decision,
        by: DecidedBy,
        stop: bool,
        yes: SavedYes,
    ) {
        let before = std::mem::replace(&mut self.came_to, CameTo::Nothing { replaces: None });
        self.came_to = match (decision, before) {
            // The journal says that this was decided over a card that asked again; what the first
            // try came to is gone.
            (Decision::Void | Decision::Deny, CameTo::Asked(Asked { again: true, .. })) => {
                CameTo::Started { changes_told: true }
            }
            (Decision::Void, _) => CameTo::Nothing { replaces: Some(approval.clone()) },
            (Decision::Deny, _) => CameTo::Denied { feedback: yes.feedback, stop },
            (_, CameTo::Asked(asked)) if by == DecidedBy::User => {
                CameTo::Approved(asked, Box::new(yes))
            }
            // What the policy allowed is judged again: its rule may be gone by now.
            (Decision::Approve | Decision::ApproveSession | Decision::ApproveAlways, _) => {
                CameTo::Nothing { replaces: None }
            }
        };
    }
}

fn calls_of(content: &[ContentBlock]) -> Vec<OpenCall> {
    content
        .iter()
        .filter_map(|block| match block {
            ContentBlock::ToolUse { id, name, input, invalid } => Some(OpenCall {
                id: CallId::new(id.clone()),
                tool: name.clone(),
                args: input.clone(),
                invalid: invalid.clone(),
                told: false,
                came_to: CameTo::Nothing { replaces: None },
            }),
            ContentBlock::Text { .. }
            | ContentBlock::Thinking { .. }
            | ContentBlock::RedactedThinking { .. }
            | ContentBlock::ToolResult { .. } => None,
        })
        .collect()
}

/// The end of a session's last run; none where a run is open, or none ever was.
pub(crate) fn last_end(envelopes: &[Envelope]) -> Option<&Envelope> {
    for envelope in envelopes.iter().rev() {
        if let Event::RunFinished { .. } = &envelope.event {
            return Some(envelope);
        }
        if let Event::UserMessage { .. } = &envelope.event {
            return None;
        }
    }
    None
}
