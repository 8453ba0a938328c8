//! What the engine's parts share: the open workspace, its session and its tree, and the window's state.

use super::{lock, no_workspace};
use crate::aside::damage_of;
use crate::models::{self, ModelChoice, Unconnected};
use crate::queue::Hub;
use crate::session::{Session, SessionOptions};
use crate::settings::listed;
use crate::tree::{Learned, Tree};
use crate::{AgentError, Folders, Keychain, Overrides, Settings};
use countersign_protocol::{
    AppState, ErrorCode, Event, Feed, ModelInfo, ProviderKind, SessionId, SessionState,
    SessionSummary, WireError, WorkspaceInfo,
};
use countersign_provider::{Provider, Tour};
use countersign_store::{Journal as _, SessionLock, Store};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};

/// Sessions of a folder that are looked at for one that can go on: as many windows may be open on it.
const LATEST: usize = 20;

pub(super) struct Shared {
    pub(super) folders: Folders,
    settings: Mutex<Arc<Settings>>,
    pub(super) store: Arc<Store>,
    pub(super) hub: Arc<Hub>,
    pub(super) choice: Mutex<ModelChoice>,
    pub(super) keychain: Option<Arc<dyn Keychain>>,
    /// Held while a folder is opened or a model connected, so that no session misses its model.
    pub(super) turn: tokio::sync::Mutex<()>,
    pub(super) open: Mutex<Option<Open>>,
    /// What the person should know of.
    pub(super) notices: Mutex<Vec<String>>,
    /// Where removed files go.
    pub(super) trash: Option<PathBuf>,
    /// Whether the person was told that traces do not arrive.
    export_told: AtomicBool,
    /// Held from looking at the state until it is told: else an older one could be told last.
    telling: Mutex<()>,
}

/// The open workspace.
pub(super) struct Open {
    pub(super) session: Arc<Session>,
    pub(super) tree: Option<Arc<Tree>>,
    pub(super) info: WorkspaceInfo,
}

/// Which session of a folder is opened.
pub(super) enum Which {
    /// A new one.
    New,
    /// The last one, where it can go on or is empty; else a new one.
    Last,
    /// This one.
    Stored(SessionId),
    /// A new one in place of an empty one, with what the person began to write in that.
    InPlaceOf(SessionId),
}

impl Shared {
    pub(super) fn new(
        folders: Folders,
        settings: Settings,
        store: Store,
        trash: Option<PathBuf>,
        keychain: Option<Arc<dyn Keychain>>,
    ) -> Self {
        let notices = damage_of(&store).into_iter().collect();
        Self {
            folders,
            settings: Mutex::new(Arc::new(settings)),
            store: Arc::new(store),
            hub: Arc::default(),
            choice: Mutex::default(),
            keychain,
            turn: tokio::sync::Mutex::default(),
            open: Mutex::default(),
            notices: Mutex::new(notices),
            trash: trash.or_else(crate::folders::trash),
            export_told: AtomicBool::new(false),
            telling: Mutex::default(),
        }
    }

    /// The settings in force for what is opened next.
    pub(super) fn settings(&self) -> Arc<Settings> {
        Arc::clone(&lock(&self.settings))
    }

    /// Sets a setting in the settings file, or takes it out there. What makes no sense changes nothing.
    pub(super) fn set_setting(&self, key: &str, value: Option<&str>) -> Result<(), AgentError> {
        listed::set(self.folders.settings_file(), key, value)?;
        self.read_settings()
    }

    /// Takes the settings file as it is now.
    pub(super) fn read_settings(&self) -> Result<(), AgentError> {
        let settings = Settings::load(self.folders.settings_file(), Overrides::default())?;
        *lock(&self.settings) = Arc::new(settings);
        self.export_told.store(false, Ordering::Relaxed);
        self.tell();
        Ok(())
    }

    pub(super) fn current(&self) -> Option<Arc<Session>> {
        lock(&self.open).as_ref().map(|open| Arc::clone(&open.session))
    }

    /// The open session, if it is this one.
    pub(super) fn session(&self, id: &SessionId) -> Result<Arc<Session>, WireError> {
        self.current().filter(|session| session.id() == id).ok_or_else(|| {
            WireError::new(
                ErrorCode::State,
                "That session is no longer open.",
                "Nothing was changed.",
            )
        })
    }

    /// The open folder, and whether it is the tour's.
    pub(super) fn place(&self) -> Result<(PathBuf, bool), AgentError> {
        let open = lock(&self.open);
        let open = open.as_ref().ok_or_else(no_workspace)?;
        Ok((open.session.workspace().path().to_owned(), open.info.tour))
    }

    pub(super) fn must_be_idle(&self) -> Result<(), AgentError> {
        if self.current().is_some_and(|session| session.is_busy()) {
            return Err(AgentError::state("A run is under way.", "Stop it first."));
        }
        Ok(())
    }

    fn provider(&self, tour: bool) -> Arc<dyn Provider> {
        if tour {
            return Arc::new(Tour::new());
        }
        let choice = lock(&self.choice).clone();
        models::connect(&self.folders, &self.settings(), &choice).unwrap_or_else(|error| {
            tracing::info!("no model is connected: {error}");
            Arc::new(Unconnected::because(&error))
        })
    }

    pub(super) fn no_model(&self) -> AgentError {
        models::no_model(&self.folders, &self.settings(), &lock(&self.choice))
    }

    /// Opens a folder with a session and tells the window. Must be called within a Tokio runtime.
    pub(super) fn open_folder(
        self: &Arc<Self>,
        folder: &Path,
        tour: bool,
        which: Which,
    ) -> Result<(), AgentError> {
        let provider = self.provider(tour);
        let which = match which {
            Which::Last => self.to_go_on_with(folder, provider.as_ref())?,
            other @ (Which::New | Which::Stored(_) | Which::InPlaceOf(_)) => other,
        };
        let session = self.make_session(folder, provider, &which)?;
        let root = session.workspace().path().to_owned();
        let path = root.display().to_string();
        let name = root.file_name().unwrap_or(root.as_os_str()).to_string_lossy().into_owned();
        let mut info = WorkspaceInfo {
            path: path.clone(),
            name,
            tour,
            files: None,
            branch: None,
            trouble: None,
        };
        if !tour {
            self.store.remember_workspace(&path)?;
        }
        let weak = Arc::downgrade(self);
        let learned = move |learned: Learned| {
            if let Some(shared) = weak.upgrade() {
                shared.learn(&path, learned);
            }
        };
        let tree = match self.tree_of(&root) {
            Some((tree, known)) => {
                info.files = known.files;
                info.branch = known.branch;
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
        lock(&self.notices).extend(session.damage());
        let envelopes = session.events(0)?;
        let before = lock(&self.open).replace(Open { session: Arc::clone(&session), tree, info });
        drop(before);
        // Now that nothing holds it any more: what is open cannot be removed.
        if let Which::InPlaceOf(empty) = &which
            && let Err(error) = self.store.delete_session(empty)
        {
            tracing::warn!("an empty session is left: {error}");
        }
        self.tell();
        self.hub.publish(&Feed::Envelopes { envelopes });
        session.show_cards_again()
    }

    fn make_session(
        self: &Arc<Self>,
        folder: &Path,
        provider: Arc<dyn Provider>,
        which: &Which,
    ) -> Result<Arc<Session>, AgentError> {
        let weak: Weak<Self> = Arc::downgrade(self);
        let changed = Box::new(move || {
            if let Some(shared) = weak.upgrade() {
                shared.tell();
            }
        });
        let settings = self.settings();
        let options = SessionOptions {
            workspace: folder,
            folders: &self.folders,
            settings: &settings,
            provider,
            store: Arc::clone(&self.store),
        };
        let hub = Arc::clone(&self.hub);
        Ok(Arc::new(match which {
            Which::Stored(id) => Session::take_up(options, id, hub, changed)?,
            Which::New | Which::Last => Session::begin(options, hub, changed)?,
            Which::InPlaceOf(empty) => {
                let session = Session::begin(options, hub, changed)?;
                for draft in self.store.drafts(empty)? {
                    self.store.save_draft(session.id(), &draft.of, &draft.text)?;
                }
                session
            }
        }))
    }

    /// The last session of a folder that no other program has open, where its run has not ended or
    /// nothing was said in it yet; else a new one.
    fn to_go_on_with(&self, folder: &Path, provider: &dyn Provider) -> Result<Which, AgentError> {
        let Ok(real) = std::fs::canonicalize(folder) else { return Ok(Which::New) };
        for session in self.store.latest_sessions(&real.display().to_string(), LATEST)? {
            let SessionSummary { id, unfinished, events, .. } = session;
            // The lock is let go at once: it is taken again to open it.
            if SessionLock::take(self.folders.data(), &id)?.is_none() {
                continue;
            }
            return Ok(match (unfinished, events) {
                (true, _) => Which::Stored(id),
                (false, 1) if self.begun_with(&id, provider)? => Which::Stored(id),
                (false, 1) => Which::InPlaceOf(id),
                (false, _) => Which::New,
            });
        }
        Ok(Which::New)
    }

    /// Whether a session's first event names this model.
    fn begun_with(&self, id: &SessionId, provider: &dyn Provider) -> Result<bool, AgentError> {
        Ok(self.store.events(id, 0)?.first().is_some_and(|first| {
            if let Event::SessionStarted { provider: name, model, .. } = &first.event {
                name == provider.name() && model == provider.model()
            } else {
                false
            }
        }))
    }

    /// The tree that is followed already, where the folder stays the same.
    fn tree_of(&self, root: &Path) -> Option<(Arc<Tree>, WorkspaceInfo)> {
        let open = lock(&self.open);
        let open = open.as_ref().filter(|open| open.session.workspace().path() == root)?;
        Some((open.tree.clone()?, open.info.clone()))
    }

    fn learn(&self, path: &str, learned: Learned) {
        {
            let mut open = lock(&self.open);
            let Some(open) = open.as_mut().filter(|open| open.info.path == path) else { return };
            match learned {
                Learned::Files(files) if open.info.files == Some(files) => return,
                Learned::Files(files) => open.info.files = Some(files),
                Learned::Branch(branch) if open.info.branch == branch => return,
                Learned::Branch(branch) => open.info.branch = branch,
                Learned::Gone(what) => open.info.trouble = Some(what),
            }
        }
        self.tell();
    }

    pub(super) fn tell(&self) {
        let trouble = self.current().and_then(|session| session.take_trouble());
        if let Some(words) = trouble
            && !self.export_told.swap(true, Ordering::Relaxed)
        {
            lock(&self.notices).push(words);
        }
        let _one_at_a_time = lock(&self.telling);
        self.hub.app(self.state());
    }

    pub(super) fn notice(&self, words: String) {
        {
            let mut notices = lock(&self.notices);
            // Said once: what fails over and over must not fill the window.
            if notices.contains(&words) {
                return;
            }
            notices.push(words);
        }
        self.tell();
    }

    pub(super) fn model(&self) -> ModelInfo {
        let tour = lock(&self.open).as_ref().is_some_and(|open| open.info.tour);
        let mut choice = lock(&self.choice).clone();
        if tour {
            choice.provider = Some(ProviderKind::Tour);
        }
        models::describe(&self.folders, &self.settings(), &choice)
    }

    pub(super) fn state(&self) -> AppState {
        let model = self.model();
        let open = lock(&self.open);
        let open = open.as_ref();
        AppState {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            workspace: open.map(|open| open.info.clone()),
            session: open.map(|open| self.session_state(&open.session)),
            model,
            exec_security: self.settings().exec_security,
            file_approval: self.settings().file_approval,
            confinement: self.settings().confinement(),
            rules: open.map(|open| open.session.rules().unwrap_or_default()).unwrap_or_default(),
            notices: lock(&self.notices).clone(),
        }
    }

    fn session_state(&self, session: &Session) -> SessionState {
        SessionState {
            id: session.id().clone(),
            running: session.is_running(),
            max_steps: session.max_steps(),
            title: self.store.session(session.id()).map(|found| found.title).unwrap_or_default(),
            paused: session.paused(),
            read_only: session.read_only(),
            undo: session.undo(),
        }
    }
}
