//! A session: one conversation in one workspace.

use crate::conversation::Conversation;
use crate::queue::{Hub, Reader};
use crate::rules::Rules;
use crate::turn::{self, Control};
use crate::{AgentError, Folders, Settings};
use countersign_guard::{DecideError, Supervisor, Workspace};
use countersign_protocol::{DecisionInput, Event, RuleRecord, RunEnd, SessionId};
use countersign_provider::Provider;
use countersign_store::{Journal, Store, StoreError};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long a stop may take before the program ends all the same.
const SHUTDOWN: Duration = Duration::from_millis(1_800);

/// What a session is made from.
pub struct SessionOptions<'a> {
    /// The workspace folder.
    pub workspace: &'a Path,
    /// The program's own folders.
    pub folders: &'a Folders,
    /// The settings in force.
    pub settings: &'a Settings,
    /// The model.
    pub provider: Arc<dyn Provider>,
    /// The sessions on disk.
    pub store: Arc<Store>,
}

/// A conversation in a workspace. Dropping it stops its run.
pub struct Session {
    core: Arc<Core>,
}

/// What the run and its calls share.
pub(crate) struct Core {
    pub(crate) id: SessionId,
    pub(crate) workspace: Workspace,
    pub(crate) rules: Rules,
    pub(crate) max_steps: u32,
    provider: Mutex<Arc<dyn Provider>>,
    journal: Arc<dyn Journal>,
    hub: Arc<Hub>,
    conversation: Mutex<Conversation>,
    run: Mutex<Option<Arc<Control>>>,
    /// The same as `run.is_some()`, for readers that must not wait.
    running: AtomicBool,
    closing: AtomicBool,
    /// Told when a run begins or ends, and when the rules changed.
    changed: Box<dyn Fn() + Send + Sync>,
}

impl Session {
    /// Opens a workspace and begins a session in it, for a program that shows one session.
    pub fn open(options: SessionOptions<'_>) -> Result<Self, AgentError> {
        Self::open_in(options, Arc::default(), Box::new(|| ()))
    }

    pub(crate) fn open_in(
        options: SessionOptions<'_>,
        hub: Arc<Hub>,
        changed: Box<dyn Fn() + Send + Sync>,
    ) -> Result<Self, AgentError> {
        let SessionOptions { workspace, folders, settings, provider, store } = options;
        let supervisor = Supervisor::this_program()
            .map_err(|error| AgentError::system("this program cannot be found", error))?;
        let workspace = Workspace::open(
            workspace,
            &folders.private(),
            settings.policy(Vec::new()),
            supervisor,
            settings.pass_through.clone(),
        )
        .map_err(AgentError::Workspace)?;
        let path = workspace.path().display().to_string();
        let id = store.create_session(&path)?;
        let started = Event::SessionStarted {
            workspace: path,
            provider: provider.name().to_owned(),
            model: provider.model().to_owned(),
            policy: workspace.policy().summary(),
        };
        let rules = Rules::new(Arc::clone(&store), workspace.path(), id.clone());
        let core = Arc::new(Core {
            id,
            workspace,
            rules,
            max_steps: settings.max_steps,
            provider: Mutex::new(provider),
            journal: store,
            hub,
            conversation: Mutex::default(),
            run: Mutex::default(),
            running: AtomicBool::new(false),
            closing: AtomicBool::new(false),
            changed,
        });
        // Not told to the hub: who shows this session first reads its events from the journal.
        core.journal.append(&core.id, started)?;
        Ok(Self { core })
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> &SessionId {
        &self.core.id
    }

    pub(crate) fn workspace(&self) -> &Workspace {
        &self.core.workspace
    }

    /// Whether a run is under way.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.core.running.load(Ordering::SeqCst)
    }

    /// The model calls that a run may take.
    #[must_use]
    pub fn max_steps(&self) -> u32 {
        self.core.max_steps
    }

    /// Uses another model from the next step on.
    pub(crate) fn connect(&self, provider: Arc<dyn Provider>) {
        *lock(&self.core.provider) = provider;
    }

    /// All events so far and those to come.
    #[must_use]
    pub fn subscribe(&self) -> Reader {
        let core = &self.core;
        core.hub.subscribe(|| {
            let envelopes = core.journal.events(&core.id, 0).unwrap_or_default();
            vec![countersign_protocol::Feed::Envelopes { envelopes }]
        })
    }

    /// The person's rules that hold here, newest first.
    pub(crate) fn rules(&self) -> Result<Vec<RuleRecord>, StoreError> {
        self.core.rules.in_force()
    }

    /// Records that the person ended a rule.
    pub(crate) fn rule_revoked(&self, rule: &RuleRecord) -> Result<(), StoreError> {
        self.core.publish(Event::RuleRevoked { rule: rule.id.clone(), shown: rule.shown.clone() })
    }

    pub(crate) fn events(
        &self,
        since: u64,
    ) -> Result<Vec<countersign_protocol::Envelope>, StoreError> {
        self.core.journal.events(&self.core.id, since)
    }

    /// Gives a task, or steers the run that is under way: the words reach the model at its next step.
    /// Must be called within a Tokio runtime.
    pub fn send(&self, text: &str) -> Result<(), AgentError> {
        if text.trim().is_empty() {
            return Err(AgentError::state("The message is empty.", "Write what you want done."));
        }
        if !self.core.workspace.in_place() {
            return Err(AgentError::state(
                "The workspace folder was moved or removed.",
                "Put it back, or open another folder. The conversation so far is kept.",
            ));
        }
        let mut run = lock(&self.core.run);
        self.core.publish(Event::UserMessage { text: text.to_owned() })?;
        if run.is_none() {
            let control = Arc::new(Control::default());
            *run = Some(Arc::clone(&control));
            self.core.running.store(true, Ordering::SeqCst);
            drop(run);
            (self.core.changed)();
            tokio::spawn(turn::run(Arc::clone(&self.core), control));
        }
        Ok(())
    }

    /// Takes a person's answer to a card. An answer that is not taken changes nothing.
    pub fn decide(&self, decision: &DecisionInput) -> Result<(), DecideError> {
        self.core.workspace.broker().decide(decision)
    }

    /// Ends the step and whatever it runs, and denies the open cards. The session can go on.
    pub fn interrupt(&self) {
        if let Some(control) = lock(&self.core.run).clone() {
            control.stop.cancel();
        }
    }

    /// Tells subscribers of an input that was not taken.
    pub fn input_error(&self, error: String) {
        let _ = self.core.publish(Event::InputError { error });
    }

    /// Ends commands, and leaves open cards open for the next start.
    pub async fn shutdown(&self) {
        self.core.closing.store(true, Ordering::SeqCst);
        let control = lock(&self.core.run).clone();
        if let Some(control) = control {
            control.stop.cancel();
            let _ = tokio::time::timeout(SHUTDOWN, control.ended.cancelled()).await;
        }
        self.core.hub.close();
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.core.closing.store(true, Ordering::SeqCst);
        self.interrupt();
    }
}

impl Core {
    /// Journals an event, then tells the subscribers. When it fails nobody was told, and what the
    /// event announces must not happen.
    pub(crate) fn publish(&self, event: Event) -> Result<(), StoreError> {
        let mut conversation = lock(&self.conversation);
        let envelope = self.journal.append(&self.id, event)?;
        conversation.apply(&envelope.event);
        self.hub.envelope(&envelope);
        Ok(())
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

    /// Whether the program is about to end: cards then stay open, and the run is not finished.
    pub(crate) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::SeqCst)
    }

    /// Ends the run, unless the person said more meanwhile: then it goes on. An event that cannot be
    /// stored is still told, so that nobody waits for a run that is over.
    pub(crate) fn finish(&self, reason: RunEnd, error: Option<String>) -> bool {
        let mut run = lock(&self.run);
        if reason == RunEnd::EndTurn && self.conversation().has_unanswered() {
            return false;
        }
        self.workspace.broker().lose_all();
        if !self.is_closing() {
            let event = Event::RunFinished { reason, error };
            if let Err(failure) = self.publish(event.clone()) {
                tracing::error!("the end of the run could not be stored: {failure}");
                self.hub.envelope(&countersign_protocol::Envelope {
                    seq: None,
                    session: self.id.clone(),
                    time: String::new(),
                    event,
                });
            }
        }
        let control = run.take();
        self.running.store(false, Ordering::SeqCst);
        drop(run);
        if let Some(control) = control {
            control.ended.cancel();
        }
        (self.changed)();
        true
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
