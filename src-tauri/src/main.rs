//! The window. It decides nothing: it hands the page's words to the engine and the engine's to the page.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod arguments;
mod bridge;
mod dialogs;
mod page;
mod window;

use anyhow::Context as _;
use arguments::Arguments;
use clap::Parser as _;
use countersign_agent::{Engine, EngineOptions};
use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;
use tauri::{Manager as _, RunEvent};
use tokio::signal::unix::{SignalKind, signal};

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
    };
    let (engine, trouble) = tauri::async_runtime::block_on(Engine::start(options))?;
    let engine = Arc::new(engine);
    let ending = Arc::clone(&engine);
    let app = tauri::Builder::default()
        .manage(bridge::State::new(Arc::clone(&engine), trouble))
        .invoke_handler(tauri::generate_handler![bridge::submit, bridge::query, bridge::subscribe])
        .setup(move |app| {
            window::open(app.handle())?;
            tauri::async_runtime::spawn(window::follow(app.handle().clone(), engine));
            tauri::async_runtime::spawn(quit_on_signal(app.handle().clone()));
            Ok(())
        })
        .build(tauri::generate_context!())
        .context("the window cannot be opened")?;
    let mut ended = false;
    app.run(move |app, event| {
        if let RunEvent::ExitRequested { api, code, .. } = event
            && !std::mem::replace(&mut ended, true)
        {
            // Commands are ended first; open cards stay open for the next start.
            api.prevent_exit();
            for window in app.webview_windows().into_values() {
                let _ = window.hide();
            }
            let (app, engine) = (app.clone(), Arc::clone(&ending));
            tauri::async_runtime::spawn(async move {
                engine.shutdown().await;
                app.exit(code.unwrap_or(0));
            });
        }
    });
    Ok(())
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
