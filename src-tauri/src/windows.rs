//! The open windows, each with an engine of its own.

use crate::feed::PageFeed;
use crate::{dialogs, window};
use countersign_agent::{Engine, EngineOptions};
use countersign_protocol::{ErrorCode, WireError};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tauri::Manager as _;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How long the main loop may take to turn before the program counts as hanging.
const TURN: Duration = Duration::from_secs(2);
/// How long a notification may take to be withdrawn.
const WITHDRAWING: Duration = Duration::from_millis(500);

/// All windows of the program.
pub(crate) struct Windows {
    options: EngineOptions,
    open: Mutex<BTreeMap<String, Arc<Open>>>,
    made: AtomicU32,
    ending: AtomicBool,
}

/// What stands behind one window.
pub(crate) struct Open {
    pub(crate) engine: Arc<Engine>,
    /// Whether the window is in front.
    pub(crate) front: watch::Sender<bool>,
    /// What keeps its title and calls for the person.
    pub(crate) following: Mutex<Option<tauri::async_runtime::JoinHandle<()>>>,
    /// What its page is told.
    pub(crate) feed: PageFeed,
    closed: AtomicBool,
}

impl Windows {
    /// No window yet. `options` are those of the program's start.
    pub(crate) fn new(options: EngineOptions) -> Self {
        Self {
            options: EngineOptions { workspace: None, ..options },
            open: Mutex::default(),
            made: AtomicU32::new(0),
            ending: AtomicBool::new(false),
        }
    }

    /// The label for one more window.
    pub(crate) fn label(&self) -> String {
        match self.made.fetch_add(1, Ordering::SeqCst) {
            0 => "main".to_owned(),
            made => format!("main-{}", made + 1),
        }
    }

    /// Takes in the engine behind a window.
    pub(crate) fn add(&self, label: &str, engine: Engine) -> Arc<Open> {
        let open = Arc::new(Open {
            engine: Arc::new(engine),
            front: watch::Sender::new(false),
            following: Mutex::default(),
            feed: PageFeed::default(),
            closed: AtomicBool::new(false),
        });
        lock(&self.open).insert(label.to_owned(), Arc::clone(&open));
        open
    }

    /// What stands behind a window.
    pub(crate) fn of(&self, label: &str) -> Result<Arc<Open>, WireError> {
        lock(&self.open)
            .get(label)
            .cloned()
            .ok_or_else(|| WireError::new(ErrorCode::State, "The window is about to close.", ""))
    }

    /// All of them.
    pub(crate) fn all(&self) -> Vec<Arc<Open>> {
        lock(&self.open).values().cloned().collect()
    }

    /// The window that has this folder open.
    pub(crate) fn with_folder(&self, folder: &Path) -> Option<String> {
        let real = std::fs::canonicalize(folder).ok()?;
        lock(&self.open)
            .iter()
            .filter(|(_, open)| !open.closed.load(Ordering::SeqCst))
            .find(|(_, open)| open.engine.folder().is_some_and(|folder| folder == real))
            .map(|(label, _)| label.clone())
    }

    /// Whether the program is about to end.
    pub(crate) fn is_ending(&self) -> bool {
        self.ending.load(Ordering::SeqCst)
    }

    /// Ends what stands behind a window that was closed: its commands, and not its cards.
    pub(crate) async fn close(&self, label: &str) {
        let Ok(open) = self.of(label) else { return };
        open.closed.store(true, Ordering::SeqCst);
        open.end().await;
        lock(&self.open).remove(label);
    }

    /// Ends what stands behind all windows.
    pub(crate) async fn end(&self) {
        self.ending.store(true, Ordering::SeqCst);
        let mut ends = JoinSet::new();
        for open in self.all() {
            ends.spawn(async move { open.end().await });
        }
        ends.join_all().await;
    }
}

impl Open {
    /// Ends the engine, and withdraws what still calls for the person.
    async fn end(&self) {
        self.engine.shutdown().await;
        let following = lock(&self.following).take();
        if let Some(following) = following {
            let _ = tokio::time::timeout(WITHDRAWING, following).await;
        }
    }
}

/// Opens a window for another start of the program; or brings that one to the front that has the folder.
pub(crate) async fn open_another(app: tauri::AppHandle, folder: Option<PathBuf>) {
    let windows = app.state::<Windows>();
    if let Some(label) = folder.as_deref().and_then(|folder| windows.with_folder(folder)) {
        window::focus(&app, &label);
        return;
    }
    let options = EngineOptions { workspace: folder, ..windows.options.clone() };
    let opened = match Engine::start(options).await {
        Ok(started) => window::open(&app, started).map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    if let Err(error) = opened {
        tracing::error!("another window was not opened: {error}");
        dialogs::tell("Countersign cannot open another window", &error).await;
    }
}

/// What other starts of the program are served with.
pub(crate) struct Desk(pub(crate) tauri::AppHandle);

impl crate::instance::Desk for Desk {
    async fn is_ready(&self) -> bool {
        if self.0.state::<Windows>().is_ending() {
            return false;
        }
        let (turned, turns) = tokio::sync::oneshot::channel();
        let asked = self.0.run_on_main_thread(move || {
            let _ = turned.send(());
        });
        asked.is_ok() && matches!(tokio::time::timeout(TURN, turns).await, Ok(Ok(())))
    }

    fn open(&self, folder: Option<PathBuf>) {
        tauri::async_runtime::spawn(open_another(self.0.clone(), folder));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
