//! The engine as the window drives it: one open workspace with one session at a time.

use crate::models::{self, ModelChoice, Unconnected};
use crate::queue::{Hub, Reader};
use crate::recent::recent;
use crate::session::{Session, SessionOptions};
use crate::tree::{Learned, Tree};
use crate::words::sentence;
use crate::{AgentError, Folders, Overrides, Settings, sample};
use countersign_protocol::{
    AppState, ErrorCode, Feed, KeySource, ModelInfo, Op, ProviderKind, Query, QueryAnswer, RuleId,
    SessionState, WelcomeInfo, WireError, WorkspaceInfo,
};
use countersign_provider::{Provider, Secret, Tour};
use countersign_store::Store;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

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
}

/// Batches of what happens, for the window.
pub type FeedReader = Reader;

/// The engine behind the window.
pub struct Engine {
    shared: Arc<Shared>,
}

struct Shared {
    folders: Folders,
    settings: Settings,
    store: Arc<Store>,
    hub: Arc<Hub>,
    choice: Mutex<ModelChoice>,
    open: Mutex<Option<Open>>,
}

/// The open workspace.
struct Open {
    session: Arc<Session>,
    tree: Option<Arc<Tree>>,
    info: WorkspaceInfo,
}

impl Engine {
    /// Starts with the settings in force. A workspace that cannot be opened is told as an error of
    /// its own: see the second value.
    pub async fn start(options: EngineOptions) -> Result<(Self, Option<WireError>), AgentError> {
        let folders = Folders::find(options.data_dir, options.config)?;
        folders.make()?;
        let settings = Settings::load(folders.settings_file(), Overrides::default())?;
        for warning in &settings.warnings {
            tracing::warn!("{warning}");
        }
        let store = Arc::new(Store::open(folders.data())?);
        let shared = Arc::new(Shared {
            folders,
            settings,
            store,
            hub: Arc::default(),
            choice: Mutex::default(),
            open: Mutex::default(),
        });
        let engine = Self { shared };
        let trouble = match options.workspace {
            None => None,
            Some(folder) => engine.open(&folder, false).await.err().map(WireError::from),
        };
        Ok((engine, trouble))
    }

    /// Does what the person wants. An error changed nothing.
    pub async fn submit(&self, op: Op) -> Result<(), WireError> {
        match op {
            Op::OpenWorkspace { path: Some(path) } => self.open(Path::new(&path), false).await?,
            Op::OpenWorkspace { path: None } => {
                return Err(WireError::new(ErrorCode::Input, "No folder was named.", ""));
            }
            Op::CloseWorkspace => self.close()?,
            Op::StartTour => self.tour().await?,
            Op::ForgetRecent { path } => {
                self.shared.store.forget_workspace(&path).map_err(AgentError::from)?;
            }
            Op::NewSession => self.new_session().await?,
            Op::Send { session, text } => {
                let current = self.session(&session)?;
                if self.shared.model().key == KeySource::Missing {
                    return Err(self.shared.no_model().into());
                }
                current.send(&text)?;
            }
            Op::Decide { session, decision } => {
                if decision.revision.is_none() {
                    // A drawn card always has one; without it the broker could not tell what was seen.
                    let message = "That decision names no revision of the card.";
                    return Err(WireError::new(ErrorCode::Input, message, "Nothing was decided."));
                }
                self.session(&session)?.decide(&decision).map_err(|error| {
                    WireError::new(ErrorCode::State, sentence(&error.to_string()), "")
                })?;
            }
            Op::RevokeRule { rule } => self.revoke(&rule)?,
            Op::Interrupt { session } => self.session(&session)?.interrupt(),
            Op::ConnectModel { provider, model, base_url, api_key } => {
                let set = |text: Option<String>| {
                    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
                };
                let choice = ModelChoice {
                    provider: Some(provider),
                    model: set(model),
                    base_url: set(base_url),
                    key: set(api_key).map(Secret::new),
                };
                self.connect(choice).await?;
            }
        }
        Ok(())
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

    async fn open(&self, folder: &Path, tour: bool) -> Result<(), AgentError> {
        self.shared.must_be_idle()?;
        let shared = Arc::clone(&self.shared);
        let folder = folder.to_owned();
        blocking(move || {
            let provider = shared.provider(tour);
            shared.begin(&folder, provider, tour)
        })
        .await
    }

    async fn tour(&self) -> Result<(), AgentError> {
        self.shared.must_be_idle()?;
        let copy = blocking(sample::copy).await?;
        self.open(&copy, true).await?;
        match self.shared.current() {
            Some(session) => session.send(TOUR_TASK),
            None => Ok(()),
        }
    }

    async fn new_session(&self) -> Result<(), AgentError> {
        self.shared.must_be_idle()?;
        let (folder, tour) = {
            let open = lock(&self.shared.open);
            let open = open.as_ref().ok_or_else(no_workspace)?;
            (open.session.workspace().path().to_owned(), open.info.tour)
        };
        self.open(&folder, tour).await
    }

    fn close(&self) -> Result<(), AgentError> {
        self.shared.must_be_idle()?;
        *lock(&self.shared.open) = None;
        self.shared.tell();
        Ok(())
    }

    async fn connect(&self, choice: ModelChoice) -> Result<(), AgentError> {
        let shared = Arc::clone(&self.shared);
        let provider = models::connect(&shared.folders, &shared.settings, &choice)?;
        *lock(&shared.choice) = choice;
        let open = lock(&shared.open)
            .as_ref()
            .filter(|open| !open.info.tour)
            .map(|open| Arc::clone(&open.session));
        if let Some(session) = open {
            // A session that has not begun is made anew, so that its first event names its model.
            if session.events(1)?.is_empty() {
                self.new_session().await?;
            } else {
                session.connect(provider);
            }
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

    fn session(&self, id: &countersign_protocol::SessionId) -> Result<Arc<Session>, WireError> {
        self.shared.current().filter(|session| session.id() == id).ok_or_else(|| {
            WireError::new(
                ErrorCode::State,
                "That session is no longer open.",
                "Nothing was changed.",
            )
        })
    }
}

impl Shared {
    fn current(&self) -> Option<Arc<Session>> {
        lock(&self.open).as_ref().map(|open| Arc::clone(&open.session))
    }

    fn must_be_idle(&self) -> Result<(), AgentError> {
        if self.current().is_some_and(|session| session.is_running()) {
            return Err(AgentError::state("A run is under way.", "Stop it first."));
        }
        Ok(())
    }

    fn provider(&self, tour: bool) -> Arc<dyn Provider> {
        if tour {
            return Arc::new(Tour::new());
        }
        let choice = lock(&self.choice).clone();
        models::connect(&self.folders, &self.settings, &choice).unwrap_or_else(|error| {
            tracing::info!("no model is connected: {error}");
            Arc::new(Unconnected::because(&error))
        })
    }

    fn no_model(&self) -> AgentError {
        models::no_model(&self.folders, &self.settings, &lock(&self.choice))
    }

    /// Opens a folder with a new session and tells the window.
    fn begin(
        self: &Arc<Self>,
        folder: &Path,
        provider: Arc<dyn Provider>,
        tour: bool,
    ) -> Result<(), AgentError> {
        let weak: Weak<Self> = Arc::downgrade(self);
        let changed = {
            let weak = weak.clone();
            Box::new(move || {
                if let Some(shared) = weak.upgrade() {
                    shared.tell();
                }
            })
        };
        let options = SessionOptions {
            workspace: folder,
            folders: &self.folders,
            settings: &self.settings,
            provider,
            store: Arc::clone(&self.store),
        };
        let session = Arc::new(Session::open_in(options, Arc::clone(&self.hub), changed)?);
        let root = session.workspace().path().to_owned();
        let path = root.display().to_string();
        let name = root.file_name().unwrap_or(root.as_os_str()).to_string_lossy().into_owned();
        let mut info = WorkspaceInfo { path: path.clone(), name, tour, files: None, trouble: None };
        if !tour {
            self.store.remember_workspace(&path)?;
        }
        let learned = move |learned: Learned| {
            if let Some(shared) = weak.upgrade() {
                shared.learn(&path, learned);
            }
        };
        let kept = self.tree_of(&root);
        let tree = match kept {
            Some((tree, files)) => {
                info.files = files;
                Some(tree)
            }
            None => match Tree::start(&root, Arc::clone(&self.hub), learned) {
                Ok(tree) => Some(Arc::new(tree)),
                Err(error) => {
                    info.trouble = Some(format!("The tree does not follow the disk: {error}"));
                    None
                }
            },
        };
        let envelopes = session.events(0)?;
        *lock(&self.open) = Some(Open { session, tree, info });
        self.tell();
        self.hub.publish(&Feed::Envelopes { envelopes });
        Ok(())
    }

    /// The tree that is followed already, where the folder stays the same.
    fn tree_of(&self, root: &Path) -> Option<(Arc<Tree>, Option<u32>)> {
        let open = lock(&self.open);
        let open = open.as_ref().filter(|open| open.session.workspace().path() == root)?;
        Some((open.tree.clone()?, open.info.files))
    }

    fn learn(&self, path: &str, learned: Learned) {
        {
            let mut open = lock(&self.open);
            let Some(open) = open.as_mut().filter(|open| open.info.path == path) else { return };
            match learned {
                Learned::Files(files) if open.info.files == Some(files) => return,
                Learned::Files(files) => open.info.files = Some(files),
                Learned::Gone(what) => open.info.trouble = Some(what),
            }
        }
        self.tell();
    }

    fn tell(&self) {
        self.hub.app(self.state());
    }

    fn model(&self) -> ModelInfo {
        let tour = lock(&self.open).as_ref().is_some_and(|open| open.info.tour);
        let mut choice = lock(&self.choice).clone();
        if tour {
            choice.provider = Some(ProviderKind::Tour);
        }
        models::describe(&self.folders, &self.settings, &choice)
    }

    fn state(&self) -> AppState {
        let model = self.model();
        let open = lock(&self.open);
        let open = open.as_ref();
        AppState {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            workspace: open.map(|open| open.info.clone()),
            session: open.map(|open| SessionState {
                id: open.session.id().clone(),
                running: open.session.is_running(),
                max_steps: open.session.max_steps(),
            }),
            model,
            exec_security: self.settings.exec_security,
            file_approval: self.settings.file_approval,
            confinement: self.settings.confinement(),
            rules: open.map(|open| open.session.rules().unwrap_or_default()).unwrap_or_default(),
        }
    }

    fn answer(&self, query: Query) -> Result<QueryAnswer, WireError> {
        let failed = |error: AgentError| WireError::from(error);
        Ok(match query {
            Query::App => QueryAnswer::App(self.state()),
            Query::Welcome => {
                QueryAnswer::Welcome(WelcomeInfo { recent: recent(&self.store).map_err(failed)? })
            }
            Query::Folder { path } => {
                let (session, tree) = {
                    let open = lock(&self.open);
                    let open = open.as_ref().ok_or_else(|| failed(no_workspace()))?;
                    (Arc::clone(&open.session), open.tree.clone())
                };
                let tree = tree.ok_or_else(|| {
                    WireError::new(
                        ErrorCode::System,
                        "The folder cannot be followed.",
                        "Open it again.",
                    )
                })?;
                QueryAnswer::Folder(tree.list(&session.workspace().view(), &path).map_err(failed)?)
            }
            Query::File { path } => {
                let session = self.current().ok_or_else(|| failed(no_workspace()))?;
                let shown = session.workspace().view().show(&path).map_err(|error| {
                    WireError::new(ErrorCode::NotFound, sentence(&error.to_string()), "")
                })?;
                QueryAnswer::File(shown)
            }
        })
    }
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
