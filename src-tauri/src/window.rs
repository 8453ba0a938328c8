//! A window: where it may go, its title, and what happens to it.

use crate::attention::Caller;
use crate::windows::{Open, Windows};
use crate::{crash, dropped};
use countersign_agent::Engine;
use countersign_protocol::{Feed, WireError};
use std::sync::{Arc, PoisonError};
use tauri::webview::NewWindowResponse;
use tauri::{Manager as _, WebviewUrl, WebviewWindow, WebviewWindowBuilder, WindowEvent};

const NAME: &str = "Countersign";
/// The page's first question, asked while its script is read.
const EARLY: &str = include_str!("early.js");

/// An engine, and why the folder that was asked for is not open in it.
pub(crate) type Started = (Engine, Option<WireError>);

/// Opens the first window, on an engine that is being started meanwhile: the page's process takes longer to come
/// up than an engine does. Must be called before the main loop turns: until then no page can ask for its engine.
pub(crate) fn open_first(
    app: &tauri::AppHandle,
    starting: impl Future<Output = anyhow::Result<Started>>,
) -> anyhow::Result<()> {
    let label = app.state::<Windows>().label();
    let window = build(app, &label)?;
    let started = tauri::async_runtime::block_on(starting)?;
    stand_behind(&window, &take_in(app, &label, started));
    Ok(())
}

/// Opens another window on an engine.
pub(crate) fn open(app: &tauri::AppHandle, started: Started) -> tauri::Result<()> {
    let label = app.state::<Windows>().label();
    let open = take_in(app, &label, started);
    match build(app, &label) {
        Ok(window) => {
            stand_behind(&window, &open);
            Ok(())
        }
        Err(error) => {
            let app = app.clone();
            tauri::async_runtime::spawn(async move { app.state::<Windows>().close(&label).await });
            Err(error)
        }
    }
}

fn take_in(app: &tauri::AppHandle, label: &str, (engine, trouble): Started) -> Arc<Open> {
    if let Some(WireError { message, hint, .. }) = trouble {
        engine.notice(format!("The folder was not opened. {message} {hint}").trim_end().to_owned());
    }
    app.state::<Windows>().add(label, engine)
}

/// A window shows the page that is built in and goes nowhere else.
fn build(app: &tauri::AppHandle, label: &str) -> tauri::Result<WebviewWindow> {
    WebviewWindowBuilder::new(app, label, WebviewUrl::default())
        .title(NAME)
        .inner_size(1280.0, 800.0)
        .min_inner_size(720.0, 480.0)
        .initialization_script(EARLY)
        .on_navigation(|url| {
            let built_in = url.scheme() == "tauri" || url.host_str() == Some("tauri.localhost");
            // The page's own server, in development only.
            let developing = cfg!(dev) && url.host_str() == Some("localhost");
            built_in || developing
        })
        .on_new_window(|_, _| NewWindowResponse::Deny)
        .build()
}

fn stand_behind(window: &WebviewWindow, open: &Arc<Open>) {
    crash::watch(window);
    let following =
        follow(window.app_handle().clone(), window.label().to_owned(), Arc::clone(open));
    *open.following.lock().unwrap_or_else(PoisonError::into_inner) =
        Some(tauri::async_runtime::spawn(following));
}

/// Brings a window to the front.
pub(crate) fn focus(app: &tauri::AppHandle, label: &str) {
    if let Some(window) = app.get_webview_window(label) {
        let _ = window.unminimize();
        let _ = window.show();
        let _ = window.set_focus();
    }
}

/// What happened to a window.
pub(crate) fn happened(app: &tauri::AppHandle, label: &str, event: &WindowEvent) {
    if let WindowEvent::Focused(front) = event
        && let Ok(open) = app.state::<Windows>().of(label)
    {
        open.front.send_replace(*front);
    } else if let WindowEvent::DragDrop(event) = event {
        dropped::happened(app, label, event);
    } else if let WindowEvent::Destroyed = event {
        let (app, label) = (app.clone(), label.to_owned());
        tauri::async_runtime::spawn(async move { app.state::<Windows>().close(&label).await });
    }
}

/// Keeps the title, the folder and how many cards wait, and calls for the person.
async fn follow(app: tauri::AppHandle, label: String, open: Arc<Open>) {
    let mut reader = open.engine.subscribe(u64::MAX);
    let mut front = open.front.subscribe();
    let mut caller = Caller::new(app.clone(), label.clone());
    caller.front(*front.borrow_and_update());
    let (mut folder, mut shown) = (None, String::new());
    loop {
        let batch = tokio::select! {
            batch = reader.next() => batch,
            _ = front.changed() => {
                caller.front(*front.borrow_and_update());
                continue;
            }
        };
        let Some(batch) = batch else { break };
        for feed in &batch {
            if let Feed::App { state } = feed {
                folder = state.workspace.as_ref().map(|workspace| workspace.name.clone());
            }
        }
        let waiting = open.engine.waiting();
        caller.learn(&batch, waiting, folder.as_deref(), &open.engine.settings().desktop);
        let title = title(waiting, folder.as_deref());
        if title != shown
            && let Some(window) = app.get_webview_window(&label)
        {
            let _ = window.set_title(&title);
            shown = title;
        }
    }
    caller.end().await;
}

fn title(waiting: usize, folder: Option<&str>) -> String {
    let count = if waiting == 0 { String::new() } else { format!("({waiting}) ") };
    let place = folder.map(|name| format!("{name} - ")).unwrap_or_default();
    format!("{count}{place}{NAME}")
}
