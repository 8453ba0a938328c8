//! The engine as the window drives it: one open workspace with one session at a time.

use crate::models::{self, ModelChoice};
use crate::queue::Reader;
use crate::words::sentence;
use crate::{AgentError, Folders, Keychain, Overrides, Settings, sample};
use countersign_protocol::{
    DecisionInput, ErrorCode, Feed, KeySource, Op, Query, QueryAnswer, RuleId, SessionId, WireError,
};
use countersign_provider::Secret;
use countersign_store::Store;
use shared::{Shared, Which};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

mod answers;
mod desktop;
mod entries;
mod kept;
mod shared;
mod stored;

/// What the tour is asked.
const TOUR_TASK: &str =
    "Show me what you do: the test of this project fails. Find out why, fix it, and run the test.";

/// Where the engine keeps its things, and what it opens.
#[derive(Clone, Debug, Default)]
pub struct EngineOptions {
    /// Where sessions live; none for the platform's own folder.
    pub data_dir: Option<PathBuf>,
    /// The settings file; none for the platform's own.
    pub config: Option<PathBuf>,
    /// A folder to open at the start.
    pub workspace: Option<PathBuf>,
    /// Where removed files go; none for the desktop's own trash.
    pub trash: Option<PathBuf>,
    /// Where keys are kept; none where they are not.
    pub keychain: Option<Arc<dyn Keychain>>,
}

/// Batches of what happens, for the window.
pub type FeedReader = Reader;

/// The engine behind the window.
pub struct Engine {
    shared: Arc<Shared>,
}

impl Drop for Engine {
    /// Lets go of the session, though a thread that tells something may hold the rest for a moment longer.
    fn drop(&mut self) {
        // Not under the lock: the threads that end with it may wait for that.
        let open = lock(&self.shared.open).take();
        drop(open);
    }
}

impl Engine {
    /// Starts with the settings in force. A workspace that cannot be opened is told as an error of
    /// its own: see the second value.
    pub async fn start(options: EngineOptions) -> Result<(Self, Option<WireError>), AgentError> {
        let EngineOptions { data_dir, config, workspace, trash, keychain } = options;
        let folders = Folders::find(data_dir, config)?;
        folders.make()?;
        let settings = Settings::load(folders.settings_file(), Overrides::default())?;
        for warning in &settings.warnings {
            tracing::warn!("{warning}");
        }
        let store = Store::open(folders.data())?;
        let shared = Arc::new(Shared::new(folders, settings, store, trash, keychain));
        let engine = Self { shared };
        let trouble = match workspace {
            None => None,
            Some(folder) => {
                engine.open(&folder, false, Which::Last).await.err().map(WireError::from)
            }
        };
        engine.look_for_key();
        Ok((engine, trouble))
    }

    /// Does what the person wants. An error changed nothing.
    pub async fn submit(&self, op: Op) -> Result<(), WireError> {
        match op {
            Op::OpenWorkspace { path: Some(path) } => {
                self.open(Path::new(&path), false, Which::Last).await?;
            }
            Op::CloseWorkspace => self.close()?,
            Op::StartTour => self.tour().await?,
            Op::ForgetRecent { path } => {
                self.shared.store.forget_workspace(&path).map_err(AgentError::from)?;
            }
            Op::NewSession => self.new_session().await?,
            Op::OpenSession { session } => {
                self.with_shared(move |shared| shared.open_session(&session)).await?;
            }
            Op::GoOn { session } => {
                self.shared.session(&session)?.go_on()?;
            }
            Op::RenameSession { session, title } => {
                self.with_shared(move |shared| shared.rename_session(&session, &title)).await?;
            }
            Op::ArchiveSession { session, archived } => {
                self.with_shared(move |shared| shared.archive_session(&session, archived)).await?;
            }
            Op::DeleteSession { session } => {
                self.with_shared(move |shared| shared.delete_session(&session)).await?;
            }
            Op::ForkSession { session, before } => {
                self.with_shared(move |shared| shared.fork_session(&session, before)).await?;
            }
            Op::ExportSession { session, format, path: Some(path) } => {
                self.with_shared(move |shared| shared.export(&session, format, Path::new(&path)))
                    .await?;
            }
            Op::ImportSession { path: Some(path) } => {
                self.with_shared(move |shared| shared.import(Path::new(&path))).await?;
            }
            Op::Revert { session, scope, overwrite } => {
                let current = self.shared.session(&session)?;
                self.with_shared(move |_| current.revert(&scope, &overwrite)).await?;
            }
            Op::RevertMerged { session, seen } => {
                let current = self.shared.session(&session)?;
                self.with_shared(move |_| current.revert_merged(&seen)).await?;
            }
            Op::SaveDraft { session, of, text } => {
                self.with_shared(move |shared| {
                    Ok(shared.store.save_draft(&session, &of, &text)?)
                })
                .await?;
            }
            Op::Revise { session, approval, revision, text } => {
                let current = self.shared.session(&session)?;
                self.with_shared(move |_| current.revise(&approval, revision, text.as_deref()))
                    .await?;
            }
            Op::SetSetting { key, value } => {
                self.with_shared(move |shared| shared.set_setting(&key, value.as_deref())).await?;
                self.look_for_key();
            }
            Op::DismissNotices => {
                lock(&self.shared.notices).clear();
                self.shared.tell();
            }
            Op::Send { session, text } => self.send(&session, &text)?,
            Op::Decide { session, decision } => self.decide(&session, &decision)?,
            Op::RevokeRule { rule } => self.revoke(&rule)?,
            Op::Interrupt { session } => self.shared.session(&session)?.interrupt(),
            Op::RenameEntry { path, to } => {
                self.with_shared(move |shared| shared.rename_entry(&path, &to)).await?;
            }
            Op::DeleteEntry { path } => {
                self.with_shared(move |shared| shared.delete_entry(&path)).await?;
            }
            // What the shell asks for or does by itself.
            Op::OpenWorkspace { path: None }
            | Op::ExportSession { path: None, .. }
            | Op::ImportSession { path: None }
            | Op::Reveal { .. }
            | Op::OpenInEditor { .. } => {
                let message = "That is not done without a window.";
                return Err(WireError::new(ErrorCode::Input, message, ""));
            }
            Op::ConnectModel { provider, model, base_url, api_key, keep_key } => {
                let choice = ModelChoice {
                    provider: Some(provider),
                    model: filled(model),
                    base_url: filled(base_url),
                    key: filled(api_key).map(Secret::new),
                    kept: lock(&self.shared.choice).kept.clone(),
                };
                self.connect_model(choice, keep_key).await?;
            }
        }
        Ok(())
    }

    fn send(&self, session: &SessionId, text: &str) -> Result<(), WireError> {
        let current = self.shared.session(session)?;
        if self.shared.model().key == KeySource::Missing {
            return Err(self.shared.no_model().into());
        }
        Ok(current.send(text)?)
    }

    fn decide(&self, session: &SessionId, decision: &DecisionInput) -> Result<(), WireError> {
        if decision.revision.is_none() {
            // A drawn card always has one; without it the broker could not tell what was seen.
            let message = "That decision names no revision of the card.";
            return Err(WireError::new(ErrorCode::Input, message, "Nothing was decided."));
        }
        let decided = self.shared.session(session)?.decide(decision);
        decided.map_err(|error| WireError::new(ErrorCode::State, sentence(&error.to_string()), ""))
    }

    /// Answers a question; changes nothing.
    pub async fn query(&self, query: Query) -> Result<QueryAnswer, WireError> {
        let shared = Arc::clone(&self.shared);
        let answering = tokio::task::spawn_blocking(move || shared.answer(query));
        answering.await.unwrap_or_else(|error| {
            tracing::error!("a question was not answered: {error}");
            Err(WireError::new(ErrorCode::System, "Countersign failed to answer.", "Try again."))
        })
    }

    /// The state of the window, the events of the open session after `since`, and all that follows.
    #[must_use]
    pub fn subscribe(&self, since: u64) -> FeedReader {
        self.shared.hub.subscribe(|| {
            let mut first = vec![Feed::App { state: self.shared.state() }];
            if let Some(session) = self.shared.current() {
                let envelopes = session.events(since).unwrap_or_default();
                first.push(Feed::Envelopes { envelopes });
            }
            first
        })
    }

    /// How many cards wait for the person.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.shared.current().map_or(0, |session| session.workspace().broker().waiting())
    }

    /// Ends commands within two seconds, and leaves open cards for the next start.
    pub async fn shutdown(&self) {
        let session = self.shared.current();
        if let Some(session) = session {
            session.shutdown().await;
        }
        self.shared.hub.close();
    }

    /// Does what touches the disk beside the runtime.
    async fn with_shared<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Arc<Shared>) -> Result<T, AgentError> + Send + 'static,
    ) -> Result<T, AgentError> {
        let shared = Arc::clone(&self.shared);
        blocking(move || work(&shared)).await
    }

    async fn open(&self, folder: &Path, tour: bool, which: Which) -> Result<(), AgentError> {
        let _turn = self.shared.turn.lock().await;
        self.shared.must_be_idle()?;
        let folder = folder.to_owned();
        self.with_shared(move |shared| shared.open_folder(&folder, tour, which)).await
    }

    async fn tour(&self) -> Result<(), AgentError> {
        self.shared.must_be_idle()?;
        let copy = blocking(sample::copy).await?;
        self.open(&copy, true, Which::New).await?;
        match self.shared.current() {
            Some(session) => session.send(TOUR_TASK),
            None => Ok(()),
        }
    }

    /// An empty session; the open one, where it is empty.
    async fn new_session(&self) -> Result<(), AgentError> {
        let (folder, tour) = self.shared.place()?;
        if self.shared.current().is_some_and(|session| session.is_empty()) {
            return Ok(());
        }
        self.open(&folder, tour, Which::New).await
    }

    fn close(&self) -> Result<(), AgentError> {
        self.shared.must_be_idle()?;
        *lock(&self.shared.open) = None;
        self.shared.tell();
        Ok(())
    }

    async fn connect(&self, choice: ModelChoice) -> Result<(), AgentError> {
        let shared = Arc::clone(&self.shared);
        let provider = models::connect(&shared.folders, &shared.settings(), &choice)?;
        *lock(&shared.choice) = choice;
        let (empty, place) = {
            let open = lock(&shared.open);
            let open = open.as_ref().filter(|open| !open.info.tour);
            if let Some(open) = open.filter(|open| !open.session.is_empty()) {
                open.session.connect(Arc::clone(&provider));
            }
            let empty = open.filter(|open| open.session.is_empty());
            let place = empty.map(|open| open.session.workspace().path().to_owned());
            (empty.map(|open| open.session.id().clone()), place)
        };
        if let (Some(empty), Some(folder)) = (empty, place) {
            // A session that has not begun is made anew, so that its first event names its model.
            self.with_shared(move |shared| {
                shared.open_folder(&folder, false, Which::InPlaceOf(empty))
            })
            .await?;
        }
        self.shared.tell();
        Ok(())
    }

    fn revoke(&self, rule: &RuleId) -> Result<(), AgentError> {
        // One that was ended elsewhere already is told too: the window still shows it.
        let ended = self.shared.store.revoke_rule(rule).inspect_err(|_| self.shared.tell())?;
        if let Some(session) = self.shared.current()
            && session.workspace().path() == Path::new(&ended.workspace)
        {
            session.rule_revoked(&ended)?;
        }
        self.shared.tell();
        Ok(())
    }
}

/// A text that the person filled in, without blanks around it.
fn filled(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn no_workspace() -> AgentError {
    AgentError::state("No folder is open.", "Open one first.")
}

/// Runs what touches the disk beside the runtime.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, AgentError> + Send + 'static,
) -> Result<T, AgentError> {
    let handle = tokio::runtime::Handle::current();
    let working = tokio::task::spawn_blocking(move || {
        let _within = handle.enter();
        work()
    });
    working.await.unwrap_or_else(|error| {
        Err(AgentError::system("Countersign failed", std::io::Error::other(error.to_string())))
    })
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
