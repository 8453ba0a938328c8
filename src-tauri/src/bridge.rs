//! The three commands of the page.

use crate::{dialogs, page};
use countersign_agent::Engine;
use countersign_protocol::{Feed, Op, Query, QueryAnswer, WireError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tauri::ipc::Channel;

/// How often the page is told of what happened: about once a frame.
const FRAME: Duration = Duration::from_millis(16);

/// What the commands share.
pub(crate) struct State {
    engine: Arc<Engine>,
    /// Why the folder of the command line was not opened; told once.
    trouble: Mutex<Option<WireError>>,
    /// The page's subscription: a reloaded page ends the one before.
    feeding: Mutex<Option<tauri::async_runtime::JoinHandle<()>>>,
}

impl State {
    pub(crate) fn new(engine: Arc<Engine>, trouble: Option<WireError>) -> Self {
        Self { engine, trouble: Mutex::new(trouble), feeding: Mutex::default() }
    }
}

/// Does what the person wants.
#[tauri::command]
pub(crate) async fn submit(
    window: tauri::WebviewWindow,
    state: tauri::State<'_, State>,
    op: Op,
) -> Result<(), WireError> {
    match with_path(&window, op).await? {
        Some(op) => state.engine.submit(op).await,
        None => Ok(()),
    }
}

/// Asks for the path that an operation leaves open; none where the dialog was closed.
async fn with_path(window: &tauri::WebviewWindow, mut op: Op) -> Result<Option<Op>, WireError> {
    let picked = if let Op::OpenWorkspace { path: path @ None } = &mut op {
        *path = dialogs::pick_folder(window).await?;
        path.is_some()
    } else if let Op::ExportSession { path: path @ None, format, .. } = &mut op {
        *path = dialogs::pick_target(window, *format).await?;
        path.is_some()
    } else if let Op::ImportSession { path: path @ None } = &mut op {
        *path = dialogs::pick_file(window).await?;
        path.is_some()
    } else {
        true
    };
    Ok(picked.then_some(op))
}

/// Answers a question.
#[tauri::command]
pub(crate) async fn query(
    state: tauri::State<'_, State>,
    query: Query,
) -> Result<QueryAnswer, WireError> {
    state.engine.query(query).await
}

/// Tells the page all that happens, in batches. An error of the start is given back once.
#[tauri::command]
pub(crate) async fn subscribe(
    state: tauri::State<'_, State>,
    channel: Channel<Vec<Feed>>,
    since: u64,
) -> Result<Option<WireError>, WireError> {
    let mut reader = state.engine.subscribe(since);
    let feeding = tauri::async_runtime::spawn(async move {
        while let Some(mut batch) = reader.next().await {
            page::lighten(&mut batch);
            if channel.send(batch).is_err() {
                return;
            }
            tokio::time::sleep(FRAME).await;
        }
    });
    let before = state.feeding.lock().unwrap_or_else(PoisonError::into_inner).replace(feeding);
    if let Some(before) = before {
        before.abort();
    }
    Ok(state.trouble.lock().unwrap_or_else(PoisonError::into_inner).take())
}
