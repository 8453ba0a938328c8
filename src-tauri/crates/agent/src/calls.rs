//! The tool calls of one step. Reads run side by side; what acts runs in the model's order, and each
//! act waits for its approval.

use crate::act::{Yes, act};
use crate::order::{named, waits_for};
use crate::rules::{look_rule, source};
use crate::session::Core;
use crate::takeup;
use crate::turn::Control;
use crate::undo::{Interrupted, UndoError};
use crate::unfinished::{CameTo, OpenCall};
use crate::words::{
    allowed_by_policy, approved_by_user, decided_by_policy, denied, refusal, shortened,
};
use countersign_guard::{Action, Answer, Approved, GuardError, Verdict, View};
use countersign_protocol::{ApprovalId, CallId, Card, Decision, Event, RuleId};
use countersign_store::StoreError;
use countersign_tools::{Named, Proposal, ToolError};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Instant;
use tokio_util::sync::CancellationToken;

/// A call as the model made it.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) id: CallId,
    pub(crate) tool: String,
    pub(crate) args: Value,
    /// What the model wrote, where it is no JSON object.
    pub(crate) invalid: Option<String>,
}

impl From<&OpenCall> for Call {
    fn from(open: &OpenCall) -> Self {
        Self {
            id: open.id.clone(),
            tool: open.tool.clone(),
            args: open.args.clone(),
            invalid: open.invalid.clone(),
        }
    }
}

/// How a call ended.
pub(crate) struct Outcome {
    pub(crate) ok: bool,
    pub(crate) result: Value,
}

impl Outcome {
    pub(crate) fn done(result: Value) -> Self {
        Self { ok: true, result }
    }

    pub(crate) fn error(error: impl Into<String>) -> Self {
        Self { ok: false, result: json!({"error": error.into()}) }
    }
}

/// A proposal that went stale, or what came of the call. None where the program is closing and the
/// call stays open for the next start.
pub(crate) enum Settled {
    Done(Option<Outcome>),
    Stale(ApprovalId),
}

pub(crate) const STOPPED: &str =
    "The user stopped the run before this was done. Nothing was changed by it.";

/// Runs all calls of a step to their ends, each from where it stands. An error means that the journal
/// failed: then nothing further acts.
pub(crate) async fn run_all(
    core: &Arc<Core>,
    control: &Control,
    open: &[OpenCall],
) -> Result<(), StoreError> {
    for call in open.iter().filter(|call| !call.told) {
        core.publish(Event::ToolCall {
            call: call.id.clone(),
            tool: call.tool.clone(),
            args: call.args.clone(),
            cut: None,
        })?;
    }
    let calls: Vec<Call> = open.iter().map(Call::from).collect();
    let calls = &calls;
    let workspace = core.workspace.path().display().to_string();
    let named: Vec<Named> = calls.iter().map(|call| named(call, &workspace)).collect();
    recover(core, open, &workspace)?;
    let done: Vec<CancellationToken> = calls.iter().map(|_| CancellationToken::new()).collect();
    let running = calls.iter().enumerate().map(|(at, call)| {
        let (named, done) = (&named, &done);
        async move {
            for earlier in 0..at {
                if waits_for(&named[at], &named[earlier]) {
                    done[earlier].cancelled().await;
                }
            }
            let outcome = run_one(core, control, call, &open[at].came_to).await;
            done[at].cancel();
            outcome
        }
    });
    let result = futures_util::future::try_join_all(running).await;
    if control.stop.is_cancelled() || result.is_err() {
        core.workspace.broker().lose_all();
    }
    result.map(drop)
}

/// Records what calls changed that had begun and did not end.
fn recover(core: &Core, open: &[OpenCall], workspace: &str) -> Result<(), StoreError> {
    let started = open.iter().filter(|call| matches!(call.came_to, CameTo::Started { .. }));
    let started = started.map(|call| Interrupted::of(&Call::from(call), workspace)).collect();
    match tokio::task::block_in_place(|| core.undo.recover_now(started)) {
        Err(UndoError::Store(error)) => Err(error),
        Err(error) => {
            tracing::warn!("what interrupted calls changed is not known: {error}");
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

/// Runs one call to its end and tells it.
async fn run_one(
    core: &Arc<Core>,
    control: &Control,
    call: &Call,
    came_to: &CameTo,
) -> Result<(), StoreError> {
    let started = Instant::now();
    let mut settled = match came_to {
        CameTo::Nothing { replaces } => attempt(core, control, call, replaces.clone()).await?,
        CameTo::Finished => return Ok(()),
        CameTo::Started { changes_told } => takeup::interrupted(core, call, *changes_told)?,
        CameTo::Denied { feedback, stop } => {
            if *stop {
                control.refuse();
            }
            done(Outcome::error(refusal(feedback.as_deref())))
        }
        CameTo::Asked(asked) => takeup::ask_again(core, control, call, asked).await?,
        CameTo::Approved(asked, yes) => takeup::begin(core, control, call, asked, yes).await?,
    };
    loop {
        settled = match settled {
            Settled::Stale(approval) => attempt(core, control, call, Some(approval)).await?,
            Settled::Done(None) => return Ok(()),
            Settled::Done(Some(outcome)) => return finish(core, call, started, outcome),
        };
    }
}

pub(crate) fn finish(
    core: &Core,
    call: &Call,
    started: Instant,
    outcome: Outcome,
) -> Result<(), StoreError> {
    let exit_code = outcome.result.get("exit_code").and_then(Value::as_i64);
    core.publish(Event::ToolFinished {
        call: call.id.clone(),
        ok: outcome.ok,
        result: outcome.result,
        duration_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        exit_code: exit_code.and_then(|code| i32::try_from(code).ok()),
    })
}

/// Proposes, decides, and acts once.
pub(crate) async fn attempt(
    core: &Arc<Core>,
    control: &Control,
    call: &Call,
    replaces: Option<ApprovalId>,
) -> Result<Settled, StoreError> {
    if control.stop.is_cancelled() {
        return Ok(Settled::Done((!core.is_closing()).then(|| Outcome::error(STOPPED))));
    }
    if let Some(written) = &call.invalid {
        return Ok(done(Outcome::error(format!(
            "the arguments are no JSON object; call the tool again with valid JSON. What came was: {}",
            shortened(written)
        ))));
    }
    core.rules.refresh(&core.workspace)?;
    let view = core.workspace.view();
    let action = match propose(core, control, call, view.clone()).await {
        Ok(Proposal::Answer(result)) => {
            by_rules(core, call, view.rules_used())?;
            core.publish(Event::ToolStarted { call: call.id.clone() })?;
            return Ok(done(Outcome::done(result)));
        }
        Ok(Proposal::Act(action)) => action,
        Ok(Proposal::Reach(access)) => Action::Reach(access),
        Err(error) => return Ok(done(Outcome::error(error))),
    };
    let judging = Arc::clone(core);
    let judged = tokio::task::spawn_blocking(move || judging.workspace.judge(action)).await;
    let Ok(verdict) = judged else {
        return Ok(done(Outcome::error("the guard failed to judge this; nothing was done")));
    };
    let approval = ApprovalId::new(uuid::Uuid::now_v7().to_string());
    match verdict {
        Verdict::Allow { approved, rule, by } => {
            core.rules.used(&by)?;
            core.publish(allowed_by_policy(call, &approval, rule, by, Some(approved.action())))?;
            act(core, control, call, approval, approved, &Yes::default()).await
        }
        Verdict::Deny { rule } => {
            let event = decided_by_policy(call, &approval, Decision::Deny, rule.clone());
            core.publish(event)?;
            Ok(done(Outcome::error(format!("denied by the rule {rule}; the user was not asked"))))
        }
        Verdict::Ask { action, reasons } => {
            ask(core, control, call, Question { approval, replaces, action, reasons, text: None })
                .await
        }
    }
}

/// Tells that rules of the person's let a look through.
fn by_rules(core: &Core, call: &Call, rules: Vec<RuleId>) -> Result<(), StoreError> {
    if rules.is_empty() {
        return Ok(());
    }
    core.rules.used(&rules)?;
    let words = look_rule(&core.rules.in_force()?, &rules);
    let approval = ApprovalId::new(uuid::Uuid::now_v7().to_string());
    core.publish(allowed_by_policy(call, &approval, words, rules, None))
}

pub(crate) fn done(outcome: Outcome) -> Settled {
    Settled::Done(Some(outcome))
}

/// A proposal for the person.
pub(crate) struct Question {
    pub(crate) approval: ApprovalId,
    pub(crate) replaces: Option<ApprovalId>,
    pub(crate) action: Action,
    pub(crate) reasons: Vec<String>,
    /// The person's text, where they had edited it on the card before.
    pub(crate) text: Option<String>,
}

/// A card that is told, at one revision or another.
pub(crate) struct Asking {
    pub(crate) approval: ApprovalId,
    pub(crate) call: CallId,
    pub(crate) replaces: Option<ApprovalId>,
    pub(crate) reasons: Vec<String>,
}

impl Asking {
    /// The card at a revision, with the text that the person edited it to.
    pub(crate) fn told(&self, revision: u32, card: Card, text: Option<String>) -> Event {
        Event::ApprovalRequested {
            approval: self.approval.clone(),
            call: self.call.clone(),
            revision,
            text,
            replaces: self.replaces.clone(),
            card: card.because(self.reasons.clone()),
        }
    }
}

/// Puts a proposal to the person and waits for the answer.
pub(crate) async fn put(
    core: &Arc<Core>,
    control: &Control,
    call: &Call,
    question: Question,
) -> Result<Answer, StoreError> {
    let Question { approval, replaces, action, reasons, text } = question;
    let mut card = core.workspace.card(&action, reasons);
    if let Card::Exec(card) = &mut card {
        card.undo = tokio::task::block_in_place(|| core.undo.card_note());
    }
    let broker = core.workspace.broker();
    let pending = broker.open(approval.clone(), action);
    let (call, reasons) = (call.id.clone(), card.reasons().to_vec());
    let asked = Asking { approval, call, replaces, reasons };
    core.publish(asked.told(1, card, None))?;
    if let Some(text) = text
        && let Ok((revision, card)) = broker.revise(&asked.approval, 1, Some(&text))
    {
        core.publish(asked.told(revision, card, Some(text)))?;
    }
    Ok(tokio::select! {
        biased;
        answer = pending.answer() => answer,
        () = control.stop.cancelled() => {
            // Decided no more: a late answer is told that it came too late.
            broker.lose_all();
            Answer::Lost
        }
    })
}

/// Puts a proposal to the person and does what is answered.
pub(crate) async fn ask(
    core: &Arc<Core>,
    control: &Control,
    call: &Call,
    question: Question,
) -> Result<Settled, StoreError> {
    let approval = question.approval.clone();
    match put(core, control, call, question).await? {
        Answer::Lost if core.is_closing() => Ok(Settled::Done(None)),
        Answer::Lost => {
            let words = "The run was interrupted.";
            core.publish(denied(call, &approval, Some(words.to_owned()), false))?;
            Ok(done(Outcome::error(STOPPED)))
        }
        Answer::Denied { feedback, stop } => {
            core.publish(denied(call, &approval, feedback.clone(), stop))?;
            if stop {
                control.refuse();
            }
            Ok(done(Outcome::error(refusal(feedback.as_deref()))))
        }
        Answer::Approved { approved, decision, rule, revised, feedback } => {
            let (checked, approved) = check(core, approved).await;
            match checked {
                Err(GuardError::Stale(_)) => {
                    core.publish(decided_by_policy(
                        call,
                        &approval,
                        Decision::Void,
                        "what the proposal was made from has changed".to_owned(),
                    ))?;
                    return Ok(Settled::Stale(approval));
                }
                Err(error) => {
                    core.publish(decided_by_policy(
                        call,
                        &approval,
                        Decision::Void,
                        error.to_string(),
                    ))?;
                    return Ok(done(Outcome::error(error.to_string())));
                }
                Ok(()) => {}
            }
            // Kept before the yes is journaled, which names it: what the journal says is so.
            let kept = match &rule {
                None => None,
                Some(wish) => Some(core.rules.add(wish, decision, &source(approved.action()))?),
            };
            let made = rule.as_ref().zip(kept.as_ref());
            let mut yes = Yes { revised, feedback, keep: None };
            let action = approved.action();
            core.publish(approved_by_user(call, &approval, decision, &yes, made, action))?;
            if kept.is_some() {
                core.told();
            }
            yes.keep = kept.filter(|_| matches!(approved.action(), Action::Reach(_)));
            act(core, control, call, approval, approved, &yes).await
        }
    }
}

pub(crate) async fn check(
    core: &Arc<Core>,
    approved: Approved<Action>,
) -> (Result<(), GuardError>, Approved<Action>) {
    // In place: the digests of what a card names are read again, which is short.
    let checked = tokio::task::block_in_place(|| core.workspace.check(&approved));
    (checked, approved)
}

/// Asks the tool what it would do; a long search ends with the run.
pub(crate) async fn propose(
    core: &Arc<Core>,
    control: &Control,
    call: &Call,
    view: View,
) -> Result<Proposal, String> {
    let view = view.until(control.stop.clone());
    let Call { tool, args, .. } = call.clone();
    let proposing = tokio::task::spawn_blocking(move || {
        countersign_tools::propose(&tool, &args, &view)
            .map_err(|error: ToolError| error.to_string())
    });
    match proposing.await {
        Ok(proposal) => proposal,
        Err(error) => {
            tracing::error!(session = %core.id, "a tool failed: {error}");
            Err("the tool failed by a fault of Countersign; nothing was done".to_owned())
        }
    }
}
