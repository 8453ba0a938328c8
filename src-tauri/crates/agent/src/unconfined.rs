//! A second try without confinement, for a command that failed since it was confined: offered to the
//! person on a card of its own, and never begun without an answer to that card.

use crate::act::{Yes, act};
use crate::calls::{Call, Outcome, Question, Settled, check, done, propose, put};
use crate::session::Core;
use crate::turn::Control;
use crate::words::{approved_by_user, decided_by_policy, denied, say};
use countersign_guard::{Answer, Receipt, RunEnd, Verdict};
use countersign_protocol::{ApprovalId, Decision};
use countersign_store::StoreError;
use countersign_tools::Proposal;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::Value;
use std::path::PathBuf;
use std::sync::Arc;

/// A command that ran confined, and failed.
pub(crate) struct Tried {
    /// The approval that it ran under.
    pub(crate) approval: ApprovalId,
    /// What it came to; what the model is told unless it runs again.
    pub(crate) outcome: Outcome,
    /// What it was refused.
    pub(crate) refused: Vec<PathBuf>,
    /// Whether it had the network.
    pub(crate) network: bool,
}

/// What confinement refused a command that failed; nothing for all that did not.
pub(crate) fn refused(receipt: &Receipt) -> Vec<PathBuf> {
    match receipt {
        Receipt::Ran(finished) => match finished.end {
            RunEnd::Exited(0) | RunEnd::TimedOut | RunEnd::Stopped | RunEnd::NotStarted(_) => {
                Vec::new()
            }
            RunEnd::Exited(_) | RunEnd::Signalled(_) => finished.refused.paths.clone(),
        },
        Receipt::Written { .. } | Receipt::Reached(_) => Vec::new(),
    }
}

const DECLINED: &str = "The user was offered to run it unconfined, and did not.";

/// Offers to run the command again, unconfined. Without a yes the call ends with what it came to.
pub(crate) fn offer<'a>(
    core: &'a Arc<Core>,
    control: &'a Control,
    call: &'a Call,
    tried: Tried,
) -> BoxFuture<'a, Result<Settled, StoreError>> {
    offered(core, control, call, tried).boxed()
}

async fn offered(
    core: &Arc<Core>,
    control: &Control,
    call: &Call,
    tried: Tried,
) -> Result<Settled, StoreError> {
    let Tried { approval: replaces, mut outcome, refused, network } = tried;
    if control.stop.is_cancelled() {
        return Ok(done(outcome));
    }
    // Made anew, by the files as they are after the first try.
    let Ok(Proposal::Act(action)) = propose(core, control, call, core.workspace.view()).await
    else {
        return Ok(done(outcome));
    };
    let judging = Arc::clone(core);
    let judged = tokio::task::spawn_blocking(move || {
        judging.workspace.judge_unconfined(action, &refused, network)
    });
    let Ok(Verdict::Ask { action, reasons }) = judged.await else { return Ok(done(outcome)) };
    let approval = ApprovalId::new(uuid::Uuid::now_v7().to_string());
    let question = Question {
        approval: approval.clone(),
        replaces: Some(replaces),
        action,
        reasons,
        text: None,
    };
    let void = |why: &str| decided_by_policy(call, &approval, Decision::Void, why.to_owned());
    match put(core, control, call, question).await? {
        Answer::Lost => {
            core.publish(void("the run ended before an answer"))?;
        }
        Answer::Denied { feedback, stop } => {
            core.publish(denied(call, &approval, feedback.clone(), stop))?;
            if stop {
                control.refuse();
            }
            if let Some(object) = outcome.result.as_object_mut() {
                object.insert("unconfined".to_owned(), Value::String(DECLINED.to_owned()));
            }
            say(&mut outcome.result, feedback.as_deref());
        }
        Answer::Approved { approved, decision, feedback, .. } => {
            let (checked, approved) = check(core, approved).await;
            if let Err(error) = checked {
                core.publish(void(&error.to_string()))?;
                return Ok(done(outcome));
            }
            let yes = Yes { feedback, ..Yes::default() };
            let action = approved.action();
            core.publish(approved_by_user(call, &approval, decision, &yes, None, action))?;
            return act(core, control, call, approval, approved, &yes).await;
        }
    }
    Ok(done(outcome))
}
