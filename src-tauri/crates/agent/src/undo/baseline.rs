//! The first copy of the workspace, made beside everything else from the moment it is opened.

use super::index::Reading;
use super::reach::Reach;
use super::{Interrupted, State, Undo, UndoError};
use countersign_watch::{Dirt, spawn_background};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// Files that are read in one go, during which an act waits.
const BATCH: usize = 200;
/// How often the window is told of it.
const TELL: Duration = Duration::from_millis(300);

impl Undo {
    /// Copies the workspace on a thread of its own; `told` is called as it goes on, and `touched` from then
    /// on whenever something in the workspace may have changed. Where acts were
    /// interrupted by the end of the program, what differs from the state before them is recorded as
    /// theirs.
    pub(crate) fn start_baseline(
        self: &Arc<Self>,
        interrupted: Vec<Interrupted>,
        told: impl Fn() + Send + 'static,
        touched: Arc<dyn Fn() + Send + Sync>,
    ) {
        self.copying.store(true, Ordering::Relaxed);
        self.remember(&mut self.lock(), interrupted);
        let weak = Arc::downgrade(self);
        let stop = self.stop.clone();
        let spawned = spawn_background("undo-copy", move || {
            // Held only while a piece is done, so that closing the workspace ends it.
            let with = |work: &dyn Fn(&Undo) -> Result<bool, UndoError>| {
                weak.upgrade().map_or(Ok(false), |undo| work(&undo))
            };
            let done = with(&|undo| undo.begin_baseline(&touched, &stop)).and_then(|_| {
                let mut last = Instant::now();
                while with(&|undo| undo.read_more(&stop))? {
                    if last.elapsed() >= TELL {
                        last = Instant::now();
                        told();
                    }
                }
                Ok(())
            });
            if let Some(undo) = weak.upgrade() {
                if let Err(error) = done
                    && !stop.is_cancelled()
                {
                    tracing::error!("the workspace cannot be copied for undoing: {error}");
                    undo.progress.failed.store(true, Ordering::Relaxed);
                }
                undo.measure();
                undo.changed.notify_all();
            }
            told();
        });
        if let Err(error) = spawned {
            tracing::error!("the workspace is not copied for undoing: {error}");
            self.progress.failed.store(true, Ordering::Relaxed);
        }
    }

    fn begin_baseline(
        &self,
        touched: &Arc<dyn Fn() + Send + Sync>,
        stop: &CancellationToken,
    ) -> Result<bool, UndoError> {
        let mut state = self.lock();
        let touched = Arc::clone(touched);
        // Before the survey: what changes during it is told.
        let skip = self.workspace.folders_left_out();
        state.dirt = Dirt::start(self.workspace.path(), skip, move || touched())
            .inspect_err(|error| {
                tracing::warn!("the workspace is looked through each time: {error}");
            })
            .ok();
        if state.surveyed {
            self.settle(&mut state, stop)?;
        } else {
            self.look_through(&mut state, stop)?;
        }
        Ok(true)
    }

    /// Learns what stands in the workspace, without reading it.
    pub(super) fn look_through(
        &self,
        state: &mut State,
        stop: &CancellationToken,
    ) -> Result<(), UndoError> {
        self.settle(state, stop)?;
        let pending = state.index.look_through(&self.reading(stop), &state.acting)?;
        self.keep(state, pending)?;
        state.surveyed = true;
        self.count(state);
        self.changed.notify_all();
        Ok(())
    }

    /// Reads some more of what is not kept yet. Whether there is more to do.
    fn read_more(&self, stop: &CancellationToken) -> Result<bool, UndoError> {
        let waits = |state: &mut State| !state.acting.is_empty() && !stop.is_cancelled();
        let waited = self.changed.wait_timeout_while(self.lock(), TELL, waits);
        let mut state = waited.unwrap_or_else(std::sync::PoisonError::into_inner).0;
        if stop.is_cancelled() {
            return Ok(false);
        }
        if !state.acting.is_empty() {
            return Ok(true);
        }
        if self.is_full() {
            self.progress.full.store(true, Ordering::Relaxed);
            return Ok(false);
        }
        self.settle(&mut state, stop)?;
        let paths = state.index.unread(BATCH);
        let pending = state.index.read(&self.reading(stop), &paths)?;
        self.keep(&mut state, pending)?;
        self.count(&state);
        let ready = self.is_ready(&state);
        if ready {
            self.changed.notify_all();
        }
        Ok(!ready)
    }

    /// Whether the room on disk is used up, also after what is oldest was dropped.
    fn is_full(&self) -> bool {
        let over = || self.checkpoints.size().is_ok_and(|size| size >= self.limits.budget);
        if over() {
            self.trim();
        }
        over()
    }

    fn count(&self, state: &State) {
        let (done, total) = state.index.counts();
        self.progress.done.store(done, Ordering::Relaxed);
        self.progress.total.store(total, Ordering::Relaxed);
    }

    pub(super) fn reading<'a>(&'a self, stop: &'a CancellationToken) -> Reading<'a> {
        Reading {
            workspace: &self.workspace,
            checkpoints: &self.checkpoints,
            limit: self.limits.file,
            stop,
        }
    }

    /// Brings the index to now, for a question or before taking back.
    pub(super) fn refresh(&self, state: &mut State) -> Result<(), UndoError> {
        if state.surveyed {
            return self.absorb(state, &Reach::Anything, &self.stop);
        }
        self.settle(state, &self.stop)?;
        let (_, pending) =
            state.index.bring_to_now(&self.reading(&self.stop), None, &state.acting)?;
        self.keep(state, pending)?;
        state.surveyed = true;
        self.is_ready(state);
        self.count(state);
        Ok(())
    }

    /// Whether all that can be kept is kept; it is told from then on.
    fn is_ready(&self, state: &State) -> bool {
        let ready = state.index.unread(1).is_empty();
        self.progress.ready.store(ready, Ordering::Relaxed);
        ready
    }
}
