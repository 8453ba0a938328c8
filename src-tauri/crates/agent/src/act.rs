//! Doing what was approved: what may be overwritten is kept first, and what changed is recorded.

use crate::calls::{Call, Outcome, Settled, done, finish, propose};
use crate::session::Core;
use crate::turn::Control;
use crate::unconfined::{self, Tried};
use crate::undo::{Begun, UndoError, named, not_kept};
use crate::words::{say, with};
use countersign_guard::{Action, Approved, GuardError, Output, Receipt, Revised};
use countersign_protocol::{ApprovalId, Event, FileDelta, LeftPath, RuleId};
use countersign_store::StoreError;
use countersign_tools::Proposal;
use serde_json::json;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// What the person said with a yes.
#[derive(Default)]
pub(crate) struct Yes {
    pub(crate) revised: Option<Revised>,
    pub(crate) feedback: Option<String>,
    /// The rule under which what a look may see is kept.
    pub(crate) keep: Option<RuleId>,
}

/// Does what was approved.
pub(crate) async fn act(
    core: &Arc<Core>,
    control: &Control,
    call: &Call,
    approval: ApprovalId,
    approved: Approved<Action>,
    yes: &Yes,
) -> Result<Settled, StoreError> {
    let started = Instant::now();
    let network = match approved.action() {
        Action::Exec(exec) => exec.network(),
        Action::Write(_) | Action::Edit(_) | Action::Reach(_) => true,
    };
    // A task of its own: where another call of the step meets a journal that fails, this one is not waited
    // for any more, and what it changed must be recorded all the same.
    let work = carry_out(Arc::clone(core), control.stop.clone(), call.clone(), approved);
    let carried_out = match control.acts.spawn(work).await {
        Ok(carried_out) => carried_out?,
        Err(failed) => match failed.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The program ends.
            Err(_) => std::future::pending().await,
        },
    };
    let receipt = match carried_out {
        Ok(receipt) => receipt,
        Err(NotDone::Stale(path)) => {
            let error = format!(
                "{path} changed in the very moment of acting; nothing was written. The user is asked again."
            );
            finish(core, call, started, Outcome::error(error))?;
            return Ok(Settled::Stale(approval));
        }
        Err(NotDone::Failed(words)) => return Ok(done(Outcome::error(words))),
    };
    let refused = unconfined::refused(&receipt);
    let mut result = match (countersign_tools::render(&call.tool, &receipt), receipt) {
        (Some(result), receipt) => {
            if let (Some(_), Receipt::Written { diff, .. }) = (&yes.revised, &receipt) {
                with(
                    result,
                    "note",
                    "The user changed your proposal before approving it. What was applied is in \"applied\".",
                    diff,
                )
            } else {
                result
            }
        }
        (None, Receipt::Reached(view)) => {
            if let Some(rule) = &yes.keep {
                core.rules.refresh(&core.workspace)?;
                core.workspace.keep_reach(&view, rule.clone());
            }
            match propose(core, control, call, view).await {
                Ok(Proposal::Answer(result)) => result,
                Ok(Proposal::Act(_) | Proposal::Reach(_)) => {
                    return Ok(done(Outcome::error(
                        "it leads to yet another place; name that one",
                    )));
                }
                Err(error) => return Ok(done(Outcome::error(error))),
            }
        }
        (None, Receipt::Written { .. } | Receipt::Ran(_)) => json!({}),
    };
    say(&mut result, yes.feedback.as_deref());
    let outcome = Outcome::done(result);
    if refused.is_empty() {
        return Ok(done(outcome));
    }
    unconfined::offer(core, control, call, Tried { approval, outcome, refused, network }).await
}

/// Why an act was not done.
enum NotDone {
    /// The file of this path is not what the person saw.
    Stale(String),
    Failed(String),
}

impl From<GuardError> for NotDone {
    fn from(error: GuardError) -> Self {
        if let GuardError::Stale(path) = error {
            Self::Stale(path)
        } else {
            Self::Failed(error.to_string())
        }
    }
}

/// Keeps what may be overwritten, acts, and records what changed.
async fn carry_out(
    core: Arc<Core>,
    stop: CancellationToken,
    call: Call,
    approved: Approved<Action>,
) -> Result<Result<Receipt, NotDone>, StoreError> {
    // In place, as the check before it: no act begins before what it may overwrite is kept.
    let begun = tokio::task::block_in_place(|| core.undo.begin(&call.id, approved.action(), &stop));
    let begun = match begun {
        Ok(begun) => begun,
        Err(UndoError::Store(error)) => return Err(error),
        Err(error) => return Ok(Err(NotDone::Failed(not_kept(&error)))),
    };
    let performed = match core.publish(Event::ToolStarted { call: call.id.clone() }) {
        Ok(()) => perform(&core, &stop, &call, approved).await,
        Err(error) => Err(error),
    };
    record(&core, &call, begun)?;
    Ok(performed?.map_err(NotDone::from))
}

/// Records what the call changed and tells it. It is recorded after a stop as well.
fn record(core: &Core, call: &Call, begun: Begun) -> Result<(), StoreError> {
    let never = CancellationToken::new();
    match tokio::task::block_in_place(|| core.undo.end(begun, &never)) {
        Ok(deltas) => tell_changes(core, call, &deltas),
        Err(UndoError::Store(error)) => Err(error),
        Err(error) => core.publish(Event::FilesChanged {
            call: call.id.clone(),
            files: Vec::new(),
            more: 0,
            left_out: vec![LeftPath {
                path: core.workspace.path().display().to_string(),
                why: format!("what the call changed could not be found: {error}"),
            }],
        }),
    }
}

/// Tells what the call changed.
pub(crate) fn tell_changes(
    core: &Core,
    call: &Call,
    deltas: &[FileDelta],
) -> Result<(), StoreError> {
    if deltas.is_empty() {
        return Ok(());
    }
    let (files, more, left_out) = named(deltas, core.undo.largest());
    core.publish(Event::FilesChanged { call: call.id.clone(), files, more, left_out })
}

/// Performs, and tells a command's output as it comes. Where that cannot be told any more, the command is
/// ended, and its end waited for.
async fn perform(
    core: &Arc<Core>,
    stop: &CancellationToken,
    call: &Call,
    approved: Approved<Action>,
) -> Result<Result<Receipt, GuardError>, StoreError> {
    let stop = stop.child_token();
    let (live, mut output) = mpsc::channel(256);
    let acting = core.workspace.perform(approved, live, stop.clone());
    tokio::pin!(acting);
    let mut told = Ok(());
    let mut tell = |piece: Output| {
        if told.is_ok() {
            let event =
                Event::ToolOutput { call: call.id.clone(), stream: piece.stream, text: piece.text };
            told = core.publish(event);
        }
        if told.is_err() {
            stop.cancel();
        }
    };
    let result = loop {
        tokio::select! {
            Some(piece) = output.recv() => tell(piece),
            result = &mut acting => break result,
        }
    };
    while let Ok(piece) = output.try_recv() {
        tell(piece);
    }
    told.map(|()| result)
}
