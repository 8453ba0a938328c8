//! A turn: model calls and their tools, until the model ends it or the person does.

use crate::calls;
use crate::prompt;
use crate::session::Core;
use crate::unfinished::{CameTo, OpenCall, Stage, Unfinished};
use countersign_protocol::{CallId, ContentBlock, Event, Role, RunEnd};
use countersign_provider::{Completion, ProviderEvent, Request, StopReason};
use countersign_store::StoreError;
use futures_util::{FutureExt as _, StreamExt as _};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Tokens that one model call may write.
const MAX_TOKENS: u32 = 32_000;

/// What is said where the program itself fails during a run.
const PANICKED: &str = "Countersign failed during this run, and the run stands still. Everything up to the last step is kept. Go on, or send a message.";

/// How a run is ended from outside.
#[derive(Debug, Default)]
pub(crate) struct Control {
    /// Ends the step and whatever it runs.
    pub(crate) stop: CancellationToken,
    /// Set where the person denied and stopped.
    pub(crate) refused: AtomicBool,
    /// Acts under way: the run stands still only once they have come to their ends.
    pub(crate) acts: TaskTracker,
    /// The run is over.
    pub(crate) ended: CancellationToken,
}

impl Control {
    /// Ends the run with a refusal.
    pub(crate) fn refuse(&self) {
        self.refused.store(true, Ordering::SeqCst);
        self.stop.cancel();
    }

    /// Waits for acts that are under way though nobody waits for what comes of them any more.
    async fn acts_end(&self) {
        self.acts.close();
        self.acts.wait().await;
    }

    fn end(&self) -> Option<RunEnd> {
        if self.refused.load(Ordering::SeqCst) {
            Some(RunEnd::Refused)
        } else {
            self.stop.is_cancelled().then_some(RunEnd::Interrupted)
        }
    }
}

/// Why the steps ended.
struct End {
    reason: RunEnd,
    error: Option<String>,
}

impl From<RunEnd> for End {
    fn from(reason: RunEnd) -> Self {
        Self { reason, error: None }
    }
}

fn failed(error: impl Into<String>) -> End {
    End { reason: RunEnd::Error, error: Some(error.into()) }
}

/// Runs steps until there is an end, and tells it: from the beginning, or from where an interruption
/// left the run. Where the journal or the program fails, the run stands still and can go on from what the
/// journal holds.
pub(crate) async fn run(core: Arc<Core>, control: Arc<Control>, from: Option<Unfinished>) {
    let running = AssertUnwindSafe(run_on(&core, &control, from));
    // The panic's own words went to the hook. What it broke off is looked at anew from the journal.
    if running.catch_unwind().await.is_err() {
        control.acts_end().await;
        core.stand_still(PANICKED);
    }
}

async fn run_on(core: &Arc<Core>, control: &Control, from: Option<Unfinished>) {
    let mut at = from.unwrap_or(Unfinished { step: 0, stage: Stage::Between });
    loop {
        match steps(core, control, &mut at).await {
            Ok(end) => {
                if core.finish(end.reason, end.error) {
                    return;
                }
            }
            Err(error) => {
                control.acts_end().await;
                return core.pause(&error);
            }
        }
    }
}

async fn steps(
    core: &Arc<Core>,
    control: &Control,
    at: &mut Unfinished,
) -> Result<End, StoreError> {
    loop {
        let (calls, usage, stop) = match std::mem::replace(&mut at.stage, Stage::Between) {
            // Why the answer ended is not journaled; one without calls has ended the turn.
            Stage::Calling { calls, usage } => (calls, usage, StopReason::ToolUse),
            Stage::Over => return Ok(RunEnd::EndTurn.into()),
            Stage::BrokenOff => {
                return Ok(failed("The model's answer broke off. Send \"go on\" to try again."));
            }
            stage @ (Stage::Between | Stage::Asking) => {
                if matches!(stage, Stage::Between) {
                    if at.step >= core.max_steps {
                        return Ok(RunEnd::MaxSteps.into());
                    }
                    at.step += 1;
                    core.publish(Event::StepStarted { step: at.step })?;
                }
                let completion = match ask(core, control).await? {
                    Ok(completion) => completion,
                    Err(end) => return Ok(end),
                };
                let Completion { mut message, usage, stop } = completion;
                let calls = calls_of(core, &mut message.content);
                let content = message.content;
                let told = Event::Message { role: Role::Assistant, content, usage: Some(usage) };
                core.publish(told)?;
                (calls, usage, stop)
            }
        };
        let ran = calls::run_all(core, control, &calls).await;
        if ran.is_err() {
            control.stop.cancel();
        }
        ran?;
        if core.is_closing() {
            return Ok(RunEnd::Interrupted.into());
        }
        core.publish(Event::StepFinished { step: at.step, usage })?;
        if let Some(reason) = control.end() {
            return Ok(reason.into());
        }
        if !calls.is_empty() || core.conversation().has_unanswered() {
            continue;
        }
        return Ok(match stop {
            StopReason::EndTurn | StopReason::ToolUse | StopReason::Other(_) => {
                RunEnd::EndTurn.into()
            }
            StopReason::MaxTokens => failed(format!(
                "The answer was cut off at {MAX_TOKENS} tokens. What came is kept; send \"go on\" to continue."
            )),
            StopReason::Refusal => {
                failed("The model declined to answer. Nothing was done; try other words.")
            }
        });
    }
}

/// One model call, streamed. What came before a stop or an error is kept.
async fn ask(core: &Arc<Core>, control: &Control) -> Result<Result<Completion, End>, StoreError> {
    let view = core.workspace.view();
    let request = Request {
        system: tokio::task::spawn_blocking(move || prompt::system(&view))
            .await
            .unwrap_or_default(),
        messages: core.conversation().messages(),
        tools: countersign_tools::specs(),
        max_tokens: MAX_TOKENS,
    };
    let mut stream = core.provider().complete(request);
    let mut partial = String::new();
    let end = loop {
        let next = tokio::select! {
            biased;
            () = control.stop.cancelled() => break RunEnd::Interrupted.into(),
            next = stream.next() => next,
        };
        match next {
            Some(Ok(ProviderEvent::TextDelta(text))) => {
                partial.push_str(&text);
                core.publish(Event::TextDelta { text })?;
            }
            Some(Ok(ProviderEvent::ThinkingDelta(text))) => {
                core.publish(Event::ThinkingDelta { text })?;
            }
            Some(Ok(ProviderEvent::Retrying { attempt, wait_ms, error })) => {
                core.publish(Event::Retrying { attempt, wait_ms, error })?;
            }
            Some(Ok(ProviderEvent::Finished(completion))) => return Ok(Ok(completion)),
            Some(Err(error)) => break failed(error.to_string()),
            None => break failed("The model's answer broke off. Send \"go on\" to try again."),
        }
    };
    if !partial.trim().is_empty() && !core.is_closing() {
        let content = vec![ContentBlock::Text { text: partial }];
        core.publish(Event::Message { role: Role::Assistant, content, usage: None })?;
    }
    Ok(Err(end))
}

/// The calls of a message. An id that is empty or was used before is replaced, so that each call of
/// the session has its own.
fn calls_of(core: &Core, content: &mut [ContentBlock]) -> Vec<OpenCall> {
    let conversation = core.conversation();
    let mut calls: Vec<OpenCall> = Vec::new();
    for block in content {
        let ContentBlock::ToolUse { id, name, input, invalid } = block else { continue };
        let used = |id: &str| {
            id.is_empty()
                || conversation.knows_call(id)
                || calls.iter().any(|call| call.id.as_str() == id)
        };
        if used(id) {
            *id = format!("call_{}", uuid::Uuid::now_v7().simple());
        }
        calls.push(OpenCall {
            id: CallId::new(id.clone()),
            tool: name.clone(),
            args: input.clone(),
            invalid: invalid.clone(),
            told: false,
            came_to: CameTo::Nothing { replaces: None },
        });
    }
    calls
}
