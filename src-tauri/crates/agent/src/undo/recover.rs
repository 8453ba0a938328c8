//! What acts changed that were interrupted, by the end of the program or by a disk that failed.

use super::acts::{Act, EndedAct, Found};
use super::reach::Reach;
use super::{State, Undo, UndoError};
use crate::calls::Call;
use countersign_protocol::{CallId, FileDelta};
use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use tokio_util::sync::CancellationToken;

/// An act that had begun and did not come to its end.
#[derive(Debug)]
pub(crate) struct Interrupted(pub(super) Act);

impl Interrupted {
    /// From the call in the workspace of this path.
    pub(crate) fn of(call: &Call, workspace: &str) -> Self {
        Self(Act { call: call.id.clone(), reach: Reach::of_call(call, workspace) })
    }
}

impl Undo {
    /// Remembers interrupted acts: nothing is learned of the workspace any more before what they changed
    /// is recorded.
    pub(super) fn remember(&self, state: &mut State, interrupted: Vec<Interrupted>) {
        for Interrupted(act) in interrupted {
            // It broke off, and does not come to its end.
            state.acting.retain(|other| other.call != act.call);
            if state.interrupted.iter().all(|other| other.call != act.call) {
                state.interrupted.push(act);
            }
        }
        self.changed.notify_all();
    }

    /// Records what interrupted acts changed: a write or an edit its file, a command all that differs from
    /// the state before it. What the person changed meanwhile is among that; nobody can tell.
    pub(super) fn recover(
        &self,
        state: &mut State,
        stop: &CancellationToken,
    ) -> Result<(), UndoError> {
        if state.interrupted.is_empty() {
            return Ok(());
        }
        let recorded = self.recorded()?;
        state.interrupted.retain(|act| recorded.iter().all(|known| known.act != act.call));
        // All at once: what is found here is not found again.
        let mut paths = Some(BTreeSet::new());
        for act in &state.interrupted {
            paths = paths.zip(act.reach.paths()).map(|(mut all, more)| {
                all.extend(more);
                all
            });
        }
        let (mut deltas, pending) =
            state.index.bring_to_now(&self.reading(stop), paths.as_ref(), &state.acting)?;
        state.pending.add(pending);
        for Act { call, reach } in std::mem::take(&mut state.interrupted) {
            // Only what it reaches: an index that is not whole yet takes what stood there before for new.
            let (own, others) = deltas.into_iter().partition(|delta| reach.covers(&delta.path));
            deltas = others;
            state.ended.push(EndedAct { call, found: Found::Known(own) });
        }
        self.record_ended(state, stop).map(drop)
    }

    /// Records what interrupted acts changed, at once.
    pub(crate) fn recover_now(&self, interrupted: Vec<Interrupted>) -> Result<(), UndoError> {
        let mut state = self.lock();
        self.remember(&mut state, interrupted);
        self.settle(&mut state, &self.stop)
    }

    /// What an interrupted act changed, once the workspace was looked through.
    pub(crate) fn changes_of(&self, call: &CallId) -> Result<Vec<FileDelta>, UndoError> {
        let waits =
            |state: &mut State| !state.surveyed && !self.progress.failed.load(Ordering::Relaxed);
        drop(self.changed.wait_while(self.lock(), waits));
        let acts = self.recorded()?.into_iter();
        Ok(acts.filter(|act| act.act == *call).flat_map(|act| act.deltas).collect())
    }
}
