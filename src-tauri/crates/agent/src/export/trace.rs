//! The fold of a session's envelopes into spans, as `frontend/src/state/trace.ts` has it: what is exported
//! while a run goes on is what a copy of the trace holds when it is over.

use super::span::{Id, Kind, Span, State, add};
use countersign_protocol::{CallId, Decision, Envelope, Event, Role, RunEnd, StepUsage};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::HashMap;

/// The spans of the turn under way. Those of an ended one are forgotten once they were taken.
#[derive(Debug, Default)]
pub(super) struct Trace {
    pub(super) session: String,
    pub(super) provider: String,
    pub(super) model: String,
    pub(super) spans: Vec<Span>,
    turn: Option<Id>,
    step: Option<Id>,
    model_call: Option<Id>,
    calls: HashMap<CallId, Id>,
    approvals: HashMap<countersign_protocol::ApprovalId, Id>,
    seq: u64,
    last: i64,
    counted: bool,
    /// Whether what was said is kept.
    content: bool,
    /// Whether a turn has ended that was not forgotten yet.
    over: bool,
}

impl Trace {
    /// No spans yet. `content`: whether what was said is kept.
    pub(super) fn new(session: &str, content: bool) -> Self {
        Self { session: session.to_owned(), content, ..Self::default() }
    }

    /// Takes one envelope in.
    pub(super) fn take(&mut self, envelope: &Envelope) {
        let seq = envelope.seq.unwrap_or(0);
        if seq != 0 {
            if seq <= self.seq {
                return;
            }
            self.seq = seq;
        }
        let time = envelope.time.parse().map_or(self.last, Timestamp::as_millisecond);
        self.event(&envelope.event, seq, time);
        self.last = self.last.max(time);
    }

    /// The spans that ended since the last call, parents after what they hold. What was only cut off may go
    /// on, and comes with its turn.
    pub(super) fn ended(&mut self) -> Vec<Id> {
        let over = self.over;
        let ready =
            |span: &Span| span.end.is_some() && !span.told && (over || span.state != State::Cut);
        let mut ended: Vec<Id> =
            (0..self.spans.len()).filter(|&id| ready(&self.spans[id])).collect();
        ended.reverse();
        for &id in &ended {
            self.spans[id].told = true;
        }
        ended
    }

    /// Forgets an ended turn. What is under way, if anything, stays.
    pub(super) fn forget(&mut self) {
        if self.over && self.turn.is_none() {
            self.spans.clear();
            self.calls.clear();
            self.over = false;
        }
    }

    fn event(&mut self, event: &Event, seq: u64, time: i64) {
        match event {
            Event::SessionStarted { provider, model, .. } => {
                self.provider.clone_from(provider);
                self.model.clone_from(model);
            }
            Event::SessionResumed => self.cut_off(self.last),
            Event::UserMessage { text } => self.said(text, seq, time),
            Event::StepStarted { .. } => self.start_step(seq, time),
            Event::Message { role: Role::Assistant, usage, .. } => {
                if self.content
                    && let Some(model) = self.model_call
                    && let Event::Message { content, .. } = event
                {
                    self.spans[model].output = serde_json::to_value(content).ok();
                }
                self.finish(self.model_call, time, State::Ok);
                if let Some(usage) = usage {
                    self.count(*usage);
                    self.counted = true;
                }
            }
            Event::ToolCall { call, tool, args, .. } => self.proposed(call, tool, args, seq, time),
            Event::ApprovalRequested { approval, call, replaces, .. } => {
                self.asked((approval, call, replaces.as_ref()), seq, time);
            }
            Event::ApprovalDecided { .. } => self.decided(event, seq, time),
            Event::ToolStarted { call } => {
                if let Some(&of) = self.calls.get(call) {
                    self.reopen(Some(of));
                    let act = self.begin(Some(of), Kind::Act, seq, time);
                    self.spans[act].call = call.to_string();
                }
            }
            Event::FilesChanged { call, files, more, .. } => {
                if let Some(&of) = self.calls.get(call) {
                    self.spans[of].changed += files.len() as u64 + u64::from(*more);
                }
            }
            Event::ToolFinished { .. } => self.finished(event, time),
            Event::StepFinished { usage, .. } => {
                if !std::mem::take(&mut self.counted) {
                    self.count(*usage);
                }
                self.finish(self.model_call, time, State::Ok);
                if let Some(step) = self.step.take() {
                    self.finish_all(step, time, State::Ok);
                }
            }
            Event::Retrying { wait_ms, .. } => {
                let end = time.saturating_add_unsigned(*wait_ms);
                let retry = self.begin(self.step.or(self.turn), Kind::Retry, seq, time);
                self.finish(Some(retry), end, State::Failed);
            }
            // One that is not stored stands still, and can go on.
            Event::RunFinished { .. } if seq == 0 => self.cut_off(time),
            Event::RunFinished { reason, .. } => self.end_run(*reason, time),
            Event::ChangesReverted { .. } => {
                let revert = self.begin(None, Kind::Revert, seq, time);
                self.finish(Some(revert), time, State::Ok);
                self.over |= self.turn.is_none();
            }
            Event::Message { .. }
            | Event::SessionRenamed { .. }
            | Event::TextDelta { .. }
            | Event::ThinkingDelta { .. }
            | Event::ToolOutput { .. }
            | Event::RevertStarted { .. }
            | Event::RuleRevoked { .. }
            | Event::InputError { .. } => {}
        }
    }

    fn begin(&mut self, parent: Option<Id>, kind: Kind, seq: u64, time: i64) -> Id {
        let id = self.spans.len();
        self.spans.push(Span::new(kind, seq, parent, time));
        if let Some(parent) = parent {
            self.spans[parent].children.push(id);
        }
        id
    }

    /// Ends a span that is open; one that ended keeps its end.
    fn finish(&mut self, span: Option<Id>, time: i64, state: State) {
        let Some(span) = span.map(|id| &mut self.spans[id]).filter(|span| span.end.is_none())
        else {
            return;
        };
        // A clock that was set back makes no span that ends before it begins.
        span.end = Some(time.max(span.start));
        span.state = state;
    }

    /// Ends a span, and all that is open in it: steps end as it does, and what they did is cut off.
    fn finish_all(&mut self, span: Id, time: i64, state: State) {
        for child in self.spans[span].children.clone() {
            if self.spans[child].end.is_none() {
                let is_step = self.spans[child].kind == Kind::Step;
                self.finish_all(child, time, if is_step { state } else { State::Cut });
            }
        }
        self.finish(Some(span), time, state);
    }

    /// All but the turn is cut off: the turn can go on.
    fn cut_off(&mut self, time: i64) {
        if let Some(turn) = self.turn {
            for child in self.spans[turn].children.clone() {
                if self.spans[child].end.is_none() {
                    self.finish_all(child, time, State::Cut);
                }
            }
        }
        self.step = None;
        self.model_call = None;
    }

    fn said(&mut self, text: &str, seq: u64, time: i64) {
        let id = if let Some(turn) = self.turn {
            let said = self.begin(Some(turn), Kind::Said, seq, time);
            self.finish(Some(said), time, State::Ok);
            said
        } else {
            let turn = self.begin(None, Kind::Turn, seq, time);
            self.turn = Some(turn);
            turn
        };
        if self.content {
            self.spans[id].input = Some(Value::from(text));
        }
    }

    fn start_step(&mut self, seq: u64, time: i64) {
        if let Some(step) = self.step {
            self.finish_all(step, time, State::Ok);
        }
        let turn = match self.turn {
            Some(turn) => turn,
            None => self.begin(None, Kind::Turn, seq, time),
        };
        self.turn = Some(turn);
        let step = self.begin(Some(turn), Kind::Step, seq, time);
        self.step = Some(step);
        self.model_call = Some(self.begin(Some(step), Kind::Model, seq, time));
        self.counted = false;
    }

    fn count(&mut self, usage: StepUsage) {
        for id in [self.model_call, self.step, self.turn].into_iter().flatten() {
            self.spans[id].usage = Some(add(self.spans[id].usage, usage));
        }
    }

    fn proposed(&mut self, call: &CallId, tool: &str, args: &Value, seq: u64, time: i64) {
        // A journal without the message ends the model call here.
        self.finish(self.model_call, time, State::Ok);
        // A run that goes on may name a call again.
        if self.calls.contains_key(call) {
            return;
        }
        let id = self.begin(self.step.or(self.turn), Kind::Call, seq, time);
        let span = &mut self.spans[id];
        tool.clone_into(&mut span.name);
        span.call = call.to_string();
        span.input = self.content.then(|| args.clone());
        self.calls.insert(call.clone(), id);
    }

    fn asked(
        &mut self,
        (approval, call, replaces): (
            &countersign_protocol::ApprovalId,
            &CallId,
            Option<&countersign_protocol::ApprovalId>,
        ),
        seq: u64,
        time: i64,
    ) {
        let of = self.calls.get(call).copied();
        // The same card with another revision is one wait.
        if self.approvals.get(approval).is_some_and(|&id| self.spans[id].end.is_none()) {
            return;
        }
        let stale = replaces.and_then(|stale| self.approvals.get(stale)).copied();
        self.finish(stale, time, State::Cut);
        // A command that is put to the person again was refused something: that act is over.
        self.finish(self.open_child(of, Kind::Act), time, State::Failed);
        self.reopen(of);
        let wait = self.begin(of.or(self.step).or(self.turn), Kind::Approval, seq, time);
        self.spans[wait].call = call.to_string();
        self.approvals.insert(approval.clone(), wait);
    }

    /// A call that was cut off and goes on after all.
    fn reopen(&mut self, call: Option<Id>) {
        let mut at = call;
        while let Some(id) = at.filter(|&id| Some(id) != self.turn) {
            let span = &mut self.spans[id];
            if span.end.is_none() || span.state != State::Cut {
                return;
            }
            span.end = None;
            span.state = State::Open;
            if span.kind == Kind::Step {
                self.step = Some(id);
            }
            at = span.parent;
        }
    }

    fn decided(&mut self, event: &Event, seq: u64, time: i64) {
        let Event::ApprovalDecided { approval, call, decision, by, .. } = event else { return };
        let of = self.calls.get(call).copied();
        let state = match decision {
            Decision::Deny => State::Refused,
            Decision::Void => State::Cut,
            Decision::Approve | Decision::ApproveSession | Decision::ApproveAlways => State::Ok,
        };
        let id = match self.approvals.get(approval) {
            Some(&id) => id,
            // The policy decided at once.
            None => self.begin(of.or(self.step).or(self.turn), Kind::Approval, seq, time),
        };
        self.approvals.insert(approval.clone(), id);
        self.spans[id].call = call.to_string();
        self.spans[id].verdict = Some((*decision, *by));
        self.finish(Some(id), time, state);
    }

    fn finished(&mut self, event: &Event, time: i64) {
        let Event::ToolFinished { call, ok, result, exit_code, .. } = event else { return };
        let Some(&id) = self.calls.get(call) else { return };
        self.spans[id].exit_code = *exit_code;
        self.spans[id].output = self.content.then(|| result.clone());
        let children: Vec<&Span> =
            self.spans[id].children.iter().map(|&child| &self.spans[child]).collect();
        let verdict = children.iter().rev().find_map(|child| child.verdict);
        let acted = children.iter().any(|child| child.kind == Kind::Act);
        let state = match (ok, verdict) {
            (true, _) => State::Ok,
            (false, Some((Decision::Deny, _))) if !acted => State::Refused,
            (false, _) => State::Failed,
        };
        self.finish(self.open_child(Some(id), Kind::Act), time, state);
        self.finish(self.open_child(Some(id), Kind::Approval), time, State::Cut);
        self.finish(Some(id), time, state);
    }

    fn open_child(&self, call: Option<Id>, kind: Kind) -> Option<Id> {
        let children = self.spans[call?].children.iter().rev().copied();
        children.into_iter().find(|&id| self.spans[id].kind == kind && self.spans[id].end.is_none())
    }

    fn end_run(&mut self, reason: RunEnd, time: i64) {
        let state = match reason {
            RunEnd::EndTurn => State::Ok,
            RunEnd::MaxSteps | RunEnd::Error => State::Failed,
            RunEnd::Interrupted => State::Cut,
            RunEnd::Refused => State::Refused,
        };
        if reason == RunEnd::Error {
            self.finish(self.model_call, time, State::Failed);
        }
        if let Some(turn) = self.turn.take() {
            self.finish_all(turn, time, state);
        }
        self.step = None;
        self.model_call = None;
        self.approvals.clear();
        self.over = true;
    }
}

/// What was said, as the conventions for generative AI write messages.
pub(super) fn message(role: &str, content: &Value) -> Value {
    json!([{ "role": role, "parts": [{ "type": "text", "content": content }] }])
}
