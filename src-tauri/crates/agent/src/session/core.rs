//! What a session's run and its calls share, and what is journaled and told of them.

use super::lock;
use crate::Settings;
use crate::calls::Call;
use crate::conversation::Conversation;
use crate::export::{Export, Spans};
use crate::queue::Hub;
use crate::rules::Rules;
use crate::turn::Control;
use crate::undo::{Interrupted, Undo};
use crate::words::sentence;
use countersign_guard::Workspace;
use countersign_protocol::{Envelope, Event, RunEnd, SessionId};
use countersign_provider::Provider;
use countersign_store::{Journal, SessionLock, StoreError};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

/// What the run and its calls share.
pub(crate) struct Core {
    pub(crate) id: SessionId,
    pub(crate) workspace: Workspace,
    pub(crate) rules: Rules,
    pub(crate) undo: Arc<Undo>,
    pub(crate) max_steps: u32,
    pub(super) provider: Mutex<Arc<dyn Provider>>,
    pub(super) journal: Arc<dyn Journal>,
    pub(super) hub: Arc<Hub>,
    pub(super) conversation: Mutex<Conversation>,
    pub(super) run: Mutex<Option<Arc<Control>>>,
    /// The same as `run.is_some()`, for readers that must not wait.
    pub(super) running: AtomicBool,
    pub(super) closing: AtomicBool,
    /// Why a run stands still that can go on.
    pub(super) paused: Mutex<Option<String>>,
    /// Whether this program took the session up from the journal and has not said so there.
    pub(super) taken_up: AtomicBool,
    /// Held while this program writes the session.
    pub(super) lock: Mutex<Option<SessionLock>>,
    /// Whether this program writes the session.
    pub(super) is_ours: bool,
    /// The spans of its runs, where they are exported; and why they do not arrive, until it was told.
    pub(super) spans: OnceLock<Mutex<Spans>>,
    pub(super) trouble: Mutex<Option<String>>,
    /// Told when a run begins or ends, and when the rules changed.
    pub(super) changed: Box<dyn Fn() + Send + Sync>,
}

impl Core {
    /// Journals an event, then tells the subscribers. When it fails nobody was told, and what the
    /// event announces must not happen.
    pub(crate) fn publish(&self, event: Event) -> Result<(), StoreError> {
        let mut conversation = lock(&self.conversation);
        let envelope = self.journal.append(&self.id, event)?;
        conversation.apply(&envelope.event);
        self.hub.envelope(&envelope);
        self.export_ended(&envelope);
        Ok(())
    }

    /// Exports the spans that end with an event, where the settings say so.
    fn export_ended(&self, envelope: &Envelope) {
        if let Some(spans) = self.spans.get() {
            lock(spans).take(envelope);
        }
    }

    /// Exports the spans of what happens from here on, where the settings say so.
    pub(super) fn export(self: &Arc<Self>, settings: &Settings, before: &[Envelope]) {
        let weak = Arc::downgrade(self);
        let trouble = move |words| {
            if let Some(core) = weak.upgrade() {
                *lock(&core.trouble) = Some(words);
                core.told();
            }
        };
        if let Some(export) = Export::of(settings, trouble) {
            let _ = self.spans.set(Mutex::new(Spans::new(self.id.as_str(), export, before)));
        }
    }

    /// Tells that what the window shows beside the transcript has changed.
    pub(crate) fn told(&self) {
        (self.changed)();
    }

    pub(crate) fn provider(&self) -> Arc<dyn Provider> {
        Arc::clone(&lock(&self.provider))
    }

    pub(crate) fn conversation(&self) -> MutexGuard<'_, Conversation> {
        lock(&self.conversation)
    }

    /// Copies the workspace aside, so that what acts change can be undone.
    pub(super) fn copy_workspace(self: &Arc<Self>, interrupted: &[Call]) {
        let weak = Arc::downgrade(self);
        let workspace = self.workspace.path().display().to_string();
        let interrupted =
            interrupted.iter().map(|call| Interrupted::of(call, &workspace)).collect();
        let told = move || {
            if let Some(core) = weak.upgrade() {
                core.told();
            }
        };
        let hub = Arc::clone(&self.hub);
        self.undo.start_baseline(interrupted, told, Arc::new(move || hub.touch()));
    }

    /// Says in the journal that the session was taken up again, once.
    pub(super) fn say_taken_up(&self) -> Result<(), StoreError> {
        if self.taken_up.load(Ordering::SeqCst) {
            self.publish(Event::SessionResumed)?;
            self.taken_up.store(false, Ordering::SeqCst);
        }
        Ok(())
    }

    /// The journal failed: the run stands still, and can go on from what was stored. That is told, and
    /// not stored.
    pub(crate) fn pause(&self, error: &StoreError) {
        let error = sentence(&error.to_string());
        self.stand_still(&format!("{error} The run stands still; go on when it is mended."));
    }

    /// The run stands still for this reason, and can go on from what was stored.
    pub(crate) fn stand_still(&self, words: &str) {
        let run = lock(&self.run);
        self.workspace.broker().lose_all();
        *lock(&self.paused) = Some(words.to_owned());
        if !self.is_closing() {
            let envelope = Envelope {
                seq: None,
                session: self.id.clone(),
                time: String::new(),
                event: Event::RunFinished { reason: RunEnd::Error, error: Some(words.to_owned()) },
            };
            self.hub.envelope(&envelope);
            self.export_ended(&envelope);
        }
        self.ended(run);
    }

    /// The run is over. Who is told may let go of the whole session, so the lock is let go of first.
    fn ended(&self, mut run: MutexGuard<'_, Option<Arc<Control>>>) {
        let control = run.take();
        self.running.store(false, Ordering::SeqCst);
        drop(run);
        if let Some(control) = control {
            control.ended.cancel();
        }
        (self.changed)();
    }

    /// Whether the program is about to end: cards then stay open, and the run is not finished.
    pub(crate) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::SeqCst)
    }

    /// Ends the run, unless the person said more meanwhile: then it goes on. Where the end cannot be
    /// stored, the run stands still instead.
    pub(crate) fn finish(&self, reason: RunEnd, error: Option<String>) -> bool {
        let run = lock(&self.run);
        if reason == RunEnd::EndTurn && self.conversation().has_unanswered() {
            return false;
        }
        self.workspace.broker().lose_all();
        let undo = Arc::clone(&self.undo);
        tokio::task::spawn_blocking(move || undo.trim());
        if !self.is_closing()
            && let Err(failure) = self.publish(Event::RunFinished { reason, error })
        {
            drop(run);
            self.pause(&failure);
            return true;
        }
        self.ended(run);
        true
    }
}
