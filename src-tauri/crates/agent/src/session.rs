//! A session: one conversation in one workspace.

use crate::calls::Asking;
use crate::queue::{Hub, Reader};
use crate::rules::Rules;
use crate::turn::{self, Control};
use crate::undo::Undo;
use crate::unfinished::{Unfinished, last_end};
use crate::words::sentence;
use crate::{AgentError, Folders, Settings};
use countersign_guard::{DecideError, Supervisor, Workspace};
use countersign_protocol::{ApprovalId, DecisionInput, Envelope, Event, RuleRecord, SessionId};
use countersign_provider::Provider;
use countersign_store::{Journal as _, SessionLock, Store, StoreError};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

mod core;

pub(crate) use core::Core;

/// Why a run stands still that the journal shows to be open.
const INTERRUPTED: &str = "The last run was interrupted before its end.";
/// How long a stop may take before the program ends all the same.
const SHUTDOWN: Duration = Duration::from_millis(1_800);

/// How long the last spans may take to leave.
const FLUSH: Duration = Duration::from_millis(500);

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
    pub(crate) core: Arc<Core>,
}

impl Session {
    /// Opens a workspace and begins a session in it, for a program that shows one session.
    pub fn open(options: SessionOptions<'_>) -> Result<Self, AgentError> {
        Self::begin(options, Arc::default(), Box::new(|| ()))
    }

    /// Takes up a stored session, for a program that shows one session. Nothing goes on by itself: see
    /// [`Self::go_on`]. While another program has it open it can only be read.
    pub fn resume(options: SessionOptions<'_>, id: &SessionId) -> Result<Self, AgentError> {
        Self::take_up(options, id, Arc::default(), Box::new(|| ()))
    }

    /// A new session, for a program that has its own hub; `changed` is told when a run begins or ends.
    pub(crate) fn begin(
        options: SessionOptions<'_>,
        hub: Arc<Hub>,
        changed: Box<dyn Fn() + Send + Sync>,
    ) -> Result<Self, AgentError> {
        let store = Arc::clone(&options.store);
        let data = options.folders.data().to_owned();
        let (provider, model) =
            (options.provider.name().to_owned(), options.provider.model().to_owned());
        let workspace = workspace(&options)?;
        let path = workspace.path().display().to_string();
        let id = store.create_session(&path)?;
        let held = SessionLock::take(&data, &id)?;
        let started = Event::SessionStarted {
            workspace: path,
            provider,
            model,
            policy: workspace.policy().summary(),
            forked_from: None,
        };
        let settings = options.settings;
        let session = Self::assemble(options, workspace, id, held, hub, changed)?;
        session.core.copy_workspace(&[]);
        // Not told to the hub: who shows this session first reads its events from the journal.
        let started = session.core.journal.append(&session.core.id, started)?;
        session.core.export(settings, &[started]);
        Ok(session)
    }

    /// A stored session.
    pub(crate) fn take_up(
        options: SessionOptions<'_>,
        id: &SessionId,
        hub: Arc<Hub>,
        changed: Box<dyn Fn() + Send + Sync>,
    ) -> Result<Self, AgentError> {
        // Locked before it is read, so that what was read stays the end of it.
        let held = SessionLock::take(options.folders.data(), id)?;
        let events = options.store.events(id, 0)?;
        let workspace = workspace(&options)?;
        let settings = options.settings;
        let session = Self::assemble(options, workspace, id.clone(), held, hub, changed)?;
        let core = &session.core;
        core.export(settings, &events);
        core.taken_up.store(events.len() > 1, Ordering::SeqCst);
        let mut conversation = core.conversation();
        for envelope in &events {
            conversation.apply(&envelope.event);
        }
        drop(conversation);
        let unfinished = Unfinished::of(&events);
        if core.is_ours {
            core.copy_workspace(&unfinished.as_ref().map(Unfinished::started).unwrap_or_default());
        }
        if unfinished.is_some() {
            *lock(&core.paused) = Some(INTERRUPTED.to_owned());
        }
        Ok(session)
    }

    fn assemble(
        options: SessionOptions<'_>,
        workspace: Workspace,
        id: SessionId,
        lock: Option<SessionLock>,
        hub: Arc<Hub>,
        changed: Box<dyn Fn() + Send + Sync>,
    ) -> Result<Self, AgentError> {
        let SessionOptions { settings, provider, store, folders, .. } = options;
        let mut undo = Undo::open(&workspace, id.clone(), folders.data(), settings.undo)?;
        undo.only_looks = lock.is_none();
        let rules = Rules::new(Arc::clone(&store), workspace.path(), id.clone());
        let core = Arc::new(Core {
            id,
            workspace,
            rules,
            undo: Arc::new(undo),
            max_steps: settings.max_steps,
            provider: Mutex::new(provider),
            journal: store,
            hub,
            conversation: Mutex::default(),
            run: Mutex::default(),
            running: AtomicBool::new(false),
            closing: AtomicBool::new(false),
            paused: Mutex::default(),
            taken_up: AtomicBool::new(false),
            is_ours: lock.is_some(),
            lock: Mutex::new(lock),
            spans: OnceLock::new(),
            trouble: Mutex::default(),
            changed,
        });
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

    /// Why a run stands still that can go on; none where there is no such run.
    #[must_use]
    pub fn paused(&self) -> Option<String> {
        if self.is_running() { None } else { lock(&self.core.paused).clone() }
    }

    /// Why this session can only be read here; none where it can be written.
    #[must_use]
    pub fn read_only(&self) -> Option<String> {
        (!self.core.is_ours).then(|| {
            "Another Countersign has this session open. It can be read here, and written there."
                .to_owned()
        })
    }

    fn may_write(&self) -> Result<(), AgentError> {
        if let Some(why) = self.read_only() {
            return Err(AgentError::state(why, "Close it there, and open it here again."));
        }
        if !self.core.workspace.in_place() {
            return Err(AgentError::state(
                "The workspace folder was moved or removed.",
                "Put it back, or open another folder. The conversation so far is kept.",
            ));
        }
        Ok(())
    }

    /// Goes on with a run that was interrupted, from what the journal holds of it. Whether there was
    /// one. Must be called within a Tokio runtime.
    pub fn go_on(&self) -> Result<bool, AgentError> {
        self.may_write()?;
        let core = &self.core;
        let mut run = lock(&core.run);
        if run.is_some() {
            return Ok(false);
        }
        let Some(unfinished) = Unfinished::of(&core.journal.events(&core.id, 0)?) else {
            return Ok(false);
        };
        core.say_taken_up()?;
        self.start(&mut run, Some(unfinished));
        drop(run);
        (core.changed)();
        Ok(true)
    }

    /// Shows the cards again that were open, where nothing else would go on by that.
    pub(crate) fn show_cards_again(&self) -> Result<(), AgentError> {
        let core = &self.core;
        if self.read_only().is_none()
            && Unfinished::of(&core.journal.events(&core.id, 0)?)
                .is_some_and(|unfinished| unfinished.only_waits())
        {
            self.go_on()?;
        }
        Ok(())
    }

    fn start(&self, run: &mut Option<Arc<Control>>, from: Option<Unfinished>) {
        let control = Arc::new(Control::default());
        *run = Some(Arc::clone(&control));
        *lock(&self.core.paused) = None;
        self.core.running.store(true, Ordering::SeqCst);
        tokio::spawn(turn::run(Arc::clone(&self.core), control, from));
    }

    /// Whether nothing was said in it yet.
    pub(crate) fn is_empty(&self) -> bool {
        !self.core.conversation().has_begun()
    }

    /// Whether a run does more than wait for the person. The end of a run is told while the lock is held:
    /// whoever acts upon it finds the run over.
    pub(crate) fn is_busy(&self) -> bool {
        let under_way = lock(&self.core.run).is_some();
        under_way && !self.only_waits()
    }

    /// Whether its run does nothing before the person answers: all that it is about is open cards.
    fn only_waits(&self) -> bool {
        self.core.journal.events(&self.core.id, 0).is_ok_and(|events| {
            Unfinished::of(&events).is_some_and(|unfinished| unfinished.only_waits())
        })
    }

    /// Journals something that the person did beside the run, and tells it.
    pub(crate) fn note(&self, event: Event) -> Result<(), AgentError> {
        self.may_write()?;
        Ok(self.core.publish(event)?)
    }

    /// Does something of the person's to the workspace that is not to be taken for an act of the run.
    pub(crate) fn between_acts<T>(&self, work: impl FnOnce() -> T) -> Option<T> {
        self.core.undo.between_acts(work)
    }

    /// Why the spans of its runs do not arrive, told once.
    pub(crate) fn take_trouble(&self) -> Option<String> {
        lock(&self.core.trouble).take()
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

    /// The events to come.
    #[must_use]
    pub fn subscribe_new(&self) -> Reader {
        self.core.hub.subscribe(Vec::new)
    }

    /// The end of the last run, as it was journaled; none where a run is open or none ever was.
    pub fn last_end(&self) -> Result<Option<Envelope>, AgentError> {
        Ok(last_end(&self.events(0)?).cloned())
    }

    /// The person's rules that hold here, newest first.
    pub(crate) fn rules(&self) -> Result<Vec<RuleRecord>, StoreError> {
        self.core.rules.in_force()
    }

    /// Records that the person ended a rule.
    pub(crate) fn rule_revoked(&self, rule: &RuleRecord) -> Result<(), StoreError> {
        self.core.publish(Event::RuleRevoked { rule: rule.id.clone(), shown: rule.shown.clone() })
    }

    pub(crate) fn events(&self, since: u64) -> Result<Vec<Envelope>, StoreError> {
        self.core.journal.events(&self.core.id, since)
    }

    /// Gives a task, or steers the run that is under way: the words reach the model at its next step.
    /// Must be called within a Tokio runtime.
    pub fn send(&self, text: &str) -> Result<(), AgentError> {
        if text.trim().is_empty() {
            return Err(AgentError::state("The message is empty.", "Write what you want done."));
        }
        self.may_write()?;
        let core = &self.core;
        let mut run = lock(&core.run);
        let from = match &*run {
            Some(_) => None,
            None => Unfinished::of(&core.journal.events(&core.id, 0)?),
        };
        core.say_taken_up()?;
        core.publish(Event::UserMessage { text: text.to_owned() })?;
        if run.is_none() {
            self.start(&mut run, from);
            drop(run);
            (core.changed)();
        }
        Ok(())
    }

    /// Takes a person's answer to a card. An answer that is not taken changes nothing.
    pub fn decide(&self, decision: &DecisionInput) -> Result<(), DecideError> {
        self.core.workspace.broker().decide(decision)
    }

    /// Changes a write or an edit on its card to this text, or back to what the model proposed. The card
    /// is told anew with the next revision.
    pub fn revise(
        &self,
        approval: &ApprovalId,
        revision: u32,
        text: Option<&str>,
    ) -> Result<(), AgentError> {
        self.may_write()?;
        let core = &self.core;
        let asked = asked_before(&core.journal.events(&core.id, 0)?, approval)
            .ok_or_else(|| AgentError::state("That card is not open.", "Nothing was changed."))?;
        let broker = core.workspace.broker();
        let (revision, card) = broker.revise(approval, revision, text).map_err(|error| {
            AgentError::state(sentence(&error.to_string()), "Nothing was changed.")
        })?;
        Ok(core.publish(asked.told(revision, card, text.map(str::to_owned)))?)
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
        self.flush().await;
        self.core.hub.close();
    }

    /// Lets the last exported spans leave, where there are any; not for long.
    pub async fn flush(&self) {
        let sink = self.core.spans.get().map(|spans| lock(spans).sink());
        if let Some(sink) = sink {
            sink.flush(FLUSH).await;
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.core.closing.store(true, Ordering::SeqCst);
        self.interrupt();
        // A thread that tells something may hold the rest for a moment longer; who opens the session next is
        // not to find it locked. A run lets go of it at its end.
        if lock(&self.core.run).is_none() {
            drop(lock(&self.core.lock).take());
        }
    }
}

/// Opens the workspace of a session.
fn workspace(options: &SessionOptions<'_>) -> Result<Workspace, AgentError> {
    let supervisor = Supervisor::this_program()
        .map_err(|error| AgentError::system("this program cannot be found", error))?;
    Workspace::open(
        options.workspace,
        &options.folders.private(),
        options.settings.policy(Vec::new()),
        supervisor,
        options.settings.pass_through.clone(),
    )
    .map_err(AgentError::Workspace)
}

/// What a card was told with.
fn asked_before(events: &[Envelope], approval: &ApprovalId) -> Option<Asking> {
    events.iter().rev().find_map(|envelope| {
        let Event::ApprovalRequested { approval: known, call, replaces, card, .. } =
            &envelope.event
        else {
            return None;
        };
        (known == approval).then(|| Asking {
            approval: known.clone(),
            call: call.clone(),
            replaces: replaces.clone(),
            reasons: card.reasons().to_vec(),
        })
    })
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
