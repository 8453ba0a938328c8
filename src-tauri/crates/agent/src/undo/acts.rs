//! Acts from their begin until what they changed is recorded. Whatever else looks at the workspace
//! meanwhile leaves alone what they may have done: it is not taken for the state before them.

use super::reach::Reach;
use super::{PATIENCE, State, Undo, UndoError};
use countersign_guard::Action;
use countersign_protocol::{CallId, FileDelta};
use std::sync::PoisonError;
use tokio_util::sync::CancellationToken;

/// An act under way.
#[derive(Clone, Debug)]
pub(super) struct Act {
    pub(super) call: CallId,
    pub(super) reach: Reach,
}

/// An act that ended.
pub(super) struct EndedAct {
    pub(super) call: CallId,
    pub(super) found: Found,
}

/// What an act changed.
pub(super) enum Found {
    /// It is still to be looked for.
    Not(Reach),
    Known(Vec<FileDelta>),
}

/// An act that has begun, for which what stood there is kept.
pub(crate) struct Begun(Act);

impl Undo {
    /// Keeps what an act may overwrite. Fails where that cannot be kept; then the act must not be done.
    pub(crate) fn begin(
        &self,
        call: &CallId,
        action: &Action,
        stop: &CancellationToken,
    ) -> Result<Begun, UndoError> {
        self.begin_act(Act { call: call.clone(), reach: Reach::of(action) }, stop)
    }

    pub(super) fn begin_act(&self, act: Act, stop: &CancellationToken) -> Result<Begun, UndoError> {
        if act.reach == Reach::Nothing {
            return Ok(Begun(act));
        }
        if act.reach == Reach::Anything {
            self.wait_until_ready(PATIENCE);
        }
        let mut state = self.lock();
        if act.reach == Reach::Anything && !state.surveyed {
            self.look_through(&mut state, stop)?;
        } else {
            self.absorb(&mut state, &act.reach, stop)?;
        }
        state.acting.push(act.clone());
        Ok(Begun(act))
    }

    /// Records what an act changed, and gives it.
    pub(crate) fn end(
        &self,
        begun: Begun,
        stop: &CancellationToken,
    ) -> Result<Vec<FileDelta>, UndoError> {
        let Begun(act) = begun;
        if act.reach == Reach::Nothing {
            return Ok(Vec::new());
        }
        let mut state = self.lock();
        state.acting.retain(|other| other.call != act.call);
        state.ended.push(EndedAct { call: act.call, found: Found::Not(act.reach) });
        let recorded = self.record_ended(&mut state, stop);
        drop(state);
        self.changed.notify_all();
        recorded
    }

    /// Does something of the person's at a moment when no act is under way, and lets none begin meanwhile:
    /// it is not taken for an act's. None, and nothing was done, where an act goes on for long.
    pub(crate) fn between_acts<T>(&self, work: impl FnOnce() -> T) -> Option<T> {
        let acting = |state: &mut State| !state.acting.is_empty();
        let waited = self.changed.wait_timeout_while(self.lock(), PATIENCE, acting);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let done = state.acting.is_empty().then(work);
        drop(state);
        done
    }

    /// Records what acts changed that were interrupted, and what could not be recorded when acts ended.
    /// Comes before anything else that learns what stands in the workspace.
    pub(super) fn settle(
        &self,
        state: &mut State,
        stop: &CancellationToken,
    ) -> Result<(), UndoError> {
        self.record_ended(state, stop)?;
        self.recover(state, stop)
    }

    /// Records what ended acts changed, in their order. Gives what the last one did.
    pub(super) fn record_ended(
        &self,
        state: &mut State,
        stop: &CancellationToken,
    ) -> Result<Vec<FileDelta>, UndoError> {
        let mut last = Vec::new();
        while !state.ended.is_empty() {
            let EndedAct { call, found } = state.ended.remove(0);
            let found = match found {
                Found::Known(found) => found,
                Found::Not(reach) => match self.compare(state, &reach, stop) {
                    Ok((found, pending)) => {
                        state.pending.add(pending);
                        found
                    }
                    // The workspace cannot be read: that is told of this act, and is its end.
                    Err(error @ UndoError::Guard(_)) => return Err(error),
                    Err(error) => {
                        state.ended.insert(0, EndedAct { call, found: Found::Not(reach) });
                        return Err(error);
                    }
                },
            };
            if let Err(error) = self.record(&call, &found) {
                state.ended.insert(0, EndedAct { call, found: Found::Known(found) });
                return Err(error.into());
            }
            last = found;
        }
        self.store_index(state)?;
        Ok(last)
    }
}
