//! Going on with a call that an interruption left open: its card is shown again, and what was approved
//! and had not begun is compared and begun. Nothing that had begun is begun again.

use crate::act::{Yes, act, tell_changes};
use crate::calls::{Call, Outcome, Question, STOPPED, Settled, ask, attempt, check, done, propose};
use crate::session::Core;
use crate::turn::Control;
use crate::undo::UndoError;
use crate::unfinished::{Asked, SavedYes};
use crate::words::decided_by_policy;
use countersign_guard::{Action, Answer, Verdict};
use countersign_protocol::{ApprovalId, Card, Decision, DecisionInput};
use countersign_store::StoreError;
use countersign_tools::Proposal;
use std::sync::Arc;

/// What the model is told of a call that had begun.
pub(crate) const INTERRUPTED: &str = "The program was interrupted while this ran. It may have acted in part, and is not run again by itself: look before you go on.";
const CHANGED: &str = "It changed while the program was not running, so it is asked anew.";
const NOT_BEGUN: &str =
    "You approved it before, but what it was made from has changed since. Nothing was done.";

/// What comes of a call that had begun: what it changed is told, unless it was, and that it was interrupted.
pub(crate) fn interrupted(
    core: &Core,
    call: &Call,
    changes_told: bool,
) -> Result<Settled, StoreError> {
    if changes_told {
        return Ok(done(Outcome::error(INTERRUPTED)));
    }
    match tokio::task::block_in_place(|| core.undo.changes_of(&call.id)) {
        Ok(deltas) => tell_changes(core, call, &deltas)?,
        Err(UndoError::Store(error)) => return Err(error),
        Err(error) => tracing::warn!("what {} changed is not known: {error}", call.id),
    }
    Ok(done(Outcome::error(INTERRUPTED)))
}

/// Shows a card again, under its own id where it would be drawn as before.
pub(crate) async fn ask_again(
    core: &Arc<Core>,
    control: &Control,
    call: &Call,
    asked: &Asked,
) -> Result<Settled, StoreError> {
    let void = |why: &str| decided_by_policy(call, &asked.approval, Decision::Void, why.to_owned());
    if asked.again {
        core.publish(void("what the first try came to is no longer known"))?;
        return Ok(done(Outcome::error(INTERRUPTED)));
    }
    match judge(core, control, call).await? {
        Some((action, reasons)) => {
            let same = same(&core.workspace.card(&action, Vec::new()), &asked.card);
            let (approval, replaces) = if same {
                (asked.approval.clone(), asked.replaces.clone())
            } else {
                core.publish(void(CHANGED))?;
                (fresh(), Some(asked.approval.clone()))
            };
            let text = asked.text.clone();
            ask(core, control, call, Question { approval, replaces, action, reasons, text }).await
        }
        None if core.is_closing() => Ok(Settled::Done(None)),
        None => {
            core.publish(void("it no longer asks"))?;
            attempt(core, control, call, None).await
        }
    }
}

/// Begins what was approved and had not begun, if it is still what the person saw; else asks anew.
pub(crate) async fn begin(
    core: &Arc<Core>,
    control: &Control,
    call: &Call,
    asked: &Asked,
    saved: &SavedYes,
) -> Result<Settled, StoreError> {
    if asked.again {
        return Ok(done(Outcome::error(INTERRUPTED)));
    }
    let Some((action, mut reasons)) = judge(core, control, call).await? else {
        return attempt(core, control, call, None).await;
    };
    if !same(&core.workspace.card(&action, Vec::new()), &asked.card) {
        reasons.insert(0, NOT_BEGUN.to_owned());
        let replaces = Some(asked.approval.clone());
        let question = Question { approval: fresh(), replaces, action, reasons, text: None };
        return ask(core, control, call, question).await;
    }
    // The recorded yes is given to the guard once more: nothing but its broker makes an approval.
    let broker = core.workspace.broker();
    let pending = broker.open(asked.approval.clone(), action);
    if let Err(error) = broker.decide(&yes_again(&asked.approval, saved)) {
        broker.lose_all();
        return Ok(done(Outcome::error(format!("the approval could not be taken up: {error}"))));
    }
    let Answer::Approved { approved, revised, feedback, .. } = pending.answer().await else {
        return Ok(done(Outcome::error(STOPPED)));
    };
    let (checked, approved) = check(core, approved).await;
    if checked.is_err() {
        return Ok(Settled::Stale(asked.approval.clone()));
    }
    let yes = Yes { revised, feedback, keep: None };
    act(core, control, call, asked.approval.clone(), approved, &yes).await
}

/// What the call would do now, where that asks.
async fn judge(
    core: &Arc<Core>,
    control: &Control,
    call: &Call,
) -> Result<Option<(Action, Vec<String>)>, StoreError> {
    if control.stop.is_cancelled() || call.invalid.is_some() {
        return Ok(None);
    }
    core.rules.refresh(&core.workspace)?;
    let action = match propose(core, control, call, core.workspace.view()).await {
        Ok(Proposal::Act(action)) => action,
        Ok(Proposal::Reach(access)) => Action::Reach(access),
        Ok(Proposal::Answer(_)) | Err(_) => return Ok(None),
    };
    let judging = Arc::clone(core);
    let judged = tokio::task::spawn_blocking(move || judging.workspace.judge(action)).await;
    Ok(match judged {
        Ok(Verdict::Ask { action, reasons }) => Some((action, reasons)),
        Ok(Verdict::Allow { .. } | Verdict::Deny { .. }) | Err(_) => None,
    })
}

/// Whether two cards are of the same act: what would be done, to what, and by what means.
fn same(now: &Card, before: &Card) -> bool {
    match (now, before) {
        (Card::Exec(now), Card::Exec(before)) => {
            now.command == before.command
                && now.cwd == before.cwd
                && now.env == before.env
                && now.timeout == before.timeout
                && now.shell == before.shell
                && now.confine == before.confine
                && now.network == before.network
                && now.files == before.files
        }
        (Card::Write(now), Card::Write(before)) | (Card::Edit(now), Card::Edit(before)) => {
            now.resolved == before.resolved
                && now.outside == before.outside
                && now.before_sha256 == before.before_sha256
                && now.after_sha256 == before.after_sha256
        }
        (Card::Path(now), Card::Path(before)) => {
            now.tool == before.tool && now.resolved == before.resolved
        }
        (Card::Exec(_) | Card::Write(_) | Card::Edit(_) | Card::Path(_), _) => false,
    }
}

fn fresh() -> ApprovalId {
    ApprovalId::new(uuid::Uuid::now_v7().to_string())
}

fn yes_again(approval: &ApprovalId, saved: &SavedYes) -> DecisionInput {
    DecisionInput {
        feedback: saved.feedback.clone(),
        hunks: saved.hunks.clone(),
        text: saved.text.clone(),
        confine: saved.confine,
        network: saved.network,
        ..DecisionInput::new(approval.clone(), Decision::Approve)
    }
}
