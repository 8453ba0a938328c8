//! The one window: where it may go, and its title.

use countersign_agent::Engine;
use countersign_protocol::Feed;
use std::sync::Arc;
use tauri::webview::NewWindowResponse;
use tauri::{Manager as _, WebviewUrl, WebviewWindowBuilder};

const LABEL: &str = "main";
const NAME: &str = "Countersign";

/// Opens the window. It shows the page that is built in and goes nowhere else.
pub(crate) fn open(app: &tauri::AppHandle) -> tauri::Result<()> {
    WebviewWindowBuilder::new(app, LABEL, WebviewUrl::default())
        .title(NAME)
        .inner_size(1280.0, 800.0)
        .min_inner_size(720.0, 480.0)
        .on_navigation(|url| {
            let built_in = url.scheme() == "tauri" || url.host_str() == Some("tauri.localhost");
            // The page's own server, in development only.
            let developing = cfg!(dev) && url.host_str() == Some("localhost");
            built_in || developing
        })
        .on_new_window(|_, _| NewWindowResponse::Deny)
        .build()?;
    Ok(())
}

/// Keeps the title: the folder, and how many cards wait.
pub(crate) async fn follow(app: tauri::AppHandle, engine: Arc<Engine>) {
    let mut reader = engine.subscribe(u64::MAX);
    let (mut folder, mut shown) = (None, String::new());
    while let Some(batch) = reader.next().await {
        for feed in batch {
            if let Feed::App { state } = feed {
                folder = state.workspace.map(|workspace| workspace.name);
            }
        }
        let waiting = match engine.waiting() {
            0 => String::new(),
            waiting => format!("({waiting}) "),
        };
        let folder = folder.as_ref().map(|name| format!("{name} - ")).unwrap_or_default();
        let title = format!("{waiting}{folder}{NAME}");
        if title != shown
            && let Some(window) = app.get_webview_window(LABEL)
        {
            let _ = window.set_title(&title);
            shown = title;
        }
    }
}
