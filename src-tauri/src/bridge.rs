//! The four commands of the page.

use crate::windows::{Open, Windows};
use crate::{dialogs, editor, page, reveal, window};
use countersign_protocol::{Feed, Op, Query, QueryAnswer, WireError};
use std::path::Path;
use std::sync::Arc;
use tauri::Manager as _;

/// Does what the person wants.
#[tauri::command]
pub(crate) async fn submit(window: tauri::WebviewWindow, op: Op) -> Result<(), WireError> {
    match with_path(&window, op).await? {
        Some(op) => act(window.app_handle(), window.label(), op).await,
        None => Ok(()),
    }
}

/// Does what was wanted in a window: what is about the desktop here, all else in its engine.
pub(crate) async fn act(app: &tauri::AppHandle, label: &str, op: Op) -> Result<(), WireError> {
    let windows = app.state::<Windows>();
    let engine = Arc::clone(&windows.of(label)?.engine);
    if let Op::OpenWorkspace { path: Some(path) } = &op
        && let Some(other) = windows.with_folder(Path::new(path)).filter(|other| other != label)
    {
        window::focus(app, &other);
        return Ok(());
    }
    if let Op::Reveal { path } = &op {
        return reveal::reveal(engine.place_of(path).await?).await;
    }
    if let Op::OpenInEditor { path, line } = &op {
        let file = engine.file_of(path).await?;
        return editor::open(&file, *line, engine.settings().desktop.editor.as_deref()).await;
    }
    let for_all = matches!(op, Op::SetSetting { .. });
    engine.submit(op).await?;
    if for_all {
        for other in windows.all().into_iter().filter(|other| !Arc::ptr_eq(&other.engine, &engine))
        {
            other.engine.read_settings().await;
        }
    }
    Ok(())
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
    window: tauri::WebviewWindow,
    query: Query,
) -> Result<QueryAnswer, WireError> {
    let open = window.state::<Windows>().of(window.label())?;
    open.engine.query(query).await
}

/// A subscription, from its begin.
#[derive(serde::Serialize)]
pub(crate) struct Subscribed {
    /// What to ask `next` with.
    feed: u64,
    /// The first batch: the state of the window, and the events that it has.
    first: Option<Vec<Feed>>,
}

/// Begins to tell the page of all that happens. What is told first comes at once, since a window that starts
/// waits for that.
#[tauri::command]
pub(crate) async fn subscribe(
    window: tauri::WebviewWindow,
    since: u64,
) -> Result<Subscribed, WireError> {
    let open = window.state::<Windows>().of(window.label())?;
    let feed = open.feed.begin(open.engine.subscribe(since));
    Ok(Subscribed { feed, first: batch(&open, feed).await })
}

/// What happened since the last call, once there is something; none once nothing more comes, or the page that
/// asks was loaded anew. The page asks again when it has drawn: what comes faster than it draws is joined here
/// and does not pile up there.
#[tauri::command]
pub(crate) async fn next(
    window: tauri::WebviewWindow,
    feed: u64,
) -> Result<Option<Vec<Feed>>, WireError> {
    let open = window.state::<Windows>().of(window.label())?;
    Ok(batch(&open, feed).await)
}

async fn batch(open: &Open, feed: u64) -> Option<Vec<Feed>> {
    let mut batch = open.feed.next(feed).await;
    if let Some(batch) = &mut batch {
        page::lighten(batch);
    }
    batch
}
