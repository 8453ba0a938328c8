//! The window. It decides nothing: it hands the page's words to the engine and the engine's to the page.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod arguments;
mod attention;
mod bridge;
mod bus;
mod crash;
mod dialogs;
mod dropped;
mod editor;
mod feed;
mod instance;
mod keychain;
mod launch;
mod notify;
mod page;
mod panics;
mod reveal;
mod window;
mod windows;

use anyhow::Context as _;
use arguments::Arguments;
use clap::Parser as _;
use countersign_agent::{Engine, EngineOptions, Folders};
use instance::Start;
use keychain::SystemKeychain;
use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;
use tauri::{Manager as _, RunEvent};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::UnboundedReceiver;
use windows::Windows;

fn main() -> ExitCode {
    countersign_agent::become_supervisor_if_asked();
    let arguments = Arguments::parse();
    let filter = tracing_subscriber::EnvFilter::try_from_env("COUNTERSIGN_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    if !arguments::has_display() {
        say(arguments::NO_DISPLAY);
        return ExitCode::FAILURE;
    }
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("countersign: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> anyhow::Result<()> {
    let options = EngineOptions {
        data_dir: arguments.data_dir,
        config: arguments.config,
        workspace: arguments.dir,
        trash: None,
        keychain: Some(Arc::new(SystemKeychain)),
    };
    let folders = Folders::find(options.data_dir.clone(), options.config.clone())?;
    folders.make()?;
    let failures = panics::tell_of_them(folders.data());
    let settings = folders.settings_file();
    let start = instance::start(folders.data(), settings, options.workspace.as_deref());
    let first = match tauri::async_runtime::block_on(start) {
        Start::First(first) => Some(first),
        Start::Handed => return Ok(()),
        Start::Alone => None,
    };
    let starting = tauri::async_runtime::spawn(Engine::start(options.clone()));
    let app = tauri::Builder::default()
        .manage(Windows::new(options))
        .invoke_handler(tauri::generate_handler![
            bridge::submit,
            bridge::query,
            bridge::subscribe,
            bridge::next
        ])
        .setup(move |app| {
            let app = app.handle();
            if let Err(error) = window::open_first(app, async { Ok(starting.await??) }) {
                // Told plainly: an error that is given back from here is a panic.
                say(&format!("countersign: {error:#}"));
                std::process::exit(1);
            }
            tauri::async_runtime::spawn(tell_failures(app.clone(), failures));
            tauri::async_runtime::spawn(quit_on_signal(app.clone()));
            if let Some(first) = first {
                tauri::async_runtime::spawn(first.serve(Arc::new(windows::Desk(app.clone()))));
            }
            Ok(())
        })
        .build(tauri::generate_context!())
        .context("the window cannot be opened")?;
    let mut ended = false;
    app.run(move |app, event| {
        if let RunEvent::WindowEvent { label, event, .. } = &event {
            window::happened(app, label, event);
        } else if let RunEvent::ExitRequested { api, code, .. } = event
            && !std::mem::replace(&mut ended, true)
        {
            // Commands are ended first; open cards stay open for the next start.
            api.prevent_exit();
            for window in app.webview_windows().into_values() {
                let _ = window.hide();
            }
            let app = app.clone();
            tauri::async_runtime::spawn(async move {
                app.state::<Windows>().end().await;
                app.exit(code.unwrap_or(0));
            });
        }
    });
    Ok(())
}

/// Says in all windows that a part of the program failed.
async fn tell_failures(app: tauri::AppHandle, mut failures: UnboundedReceiver<String>) {
    while let Some(words) = failures.recv().await {
        for open in app.state::<Windows>().all() {
            open.engine.notice(words.clone());
        }
    }
}

/// A polite end, as when the window is closed.
async fn quit_on_signal(app: tauri::AppHandle) {
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    app.exit(0);
}

fn say(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}
