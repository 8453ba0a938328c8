//! What keeping files for undoing costs: in a workspace of 100,000 files, beside one of ten, in the same
//! run. Prints the first copy, the time of a step that changes one file, and the room on disk.
//!
//! `cargo run --release -p countersign-agent --example undo_cost [files]`
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::wildcard_enum_match_arm,
    clippy::cast_precision_loss
)]

use countersign_agent::{
    Folders, ModelChoice, Overrides, Session, SessionOptions, Settings, connect, open_store,
};
use countersign_protocol::{Event, ExecSecurity, Feed, FileApproval, ProviderKind};
use countersign_provider::Secret;
use countersign_testkit::{ModelServer, Reply, Script, TempWorkspace};
use serde_json::json;
use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

/// Edits of the session whose room on disk is measured.
const EDITS: usize = 200;
/// Commands that are timed.
const COMMANDS: usize = 50;

struct Cost {
    copy: Duration,
    copied: u64,
    edit: Duration,
    command: Duration,
    grown: u64,
}

fn main() {
    countersign_agent::become_supervisor_if_asked();
    let files = std::env::args().nth(1).map_or(100_000, |files| files.parse().unwrap());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let small = runtime.block_on(measure(10));
    let large = runtime.block_on(measure(files));
    println!("{:<44} {:>12} {:>12}", "", "10 files", format!("{files} files"));
    let ms = |time: Duration| format!("{:.1} ms", time.as_secs_f64() * 1000.0);
    let mb = |bytes: u64| format!("{:.2} MB", bytes as f64 / 1_048_576.0);
    let row =
        |what: &str, small: String, large: String| println!("{what:<44} {small:>12} {large:>12}");
    row("first copy, beside everything else", ms(small.copy), ms(large.copy));
    row("room on disk for it", mb(small.copied), mb(large.copied));
    row("a write of one file, from yes to done", ms(small.edit), ms(large.edit));
    row("a command that changes one file", ms(small.command), ms(large.command));
    row(&format!("room on disk for {EDITS} edits more"), mb(small.grown), mb(large.grown));
    println!(
        "a write costs {:.2} times, a command {:.2} times what it costs among ten files",
        large.edit.as_secs_f64() / small.edit.as_secs_f64(),
        large.command.as_secs_f64() / small.command.as_secs_f64(),
    );
}

async fn measure(files: usize) -> Cost {
    let workspace = TempWorkspace::new();
    fill(&workspace.path(), files);
    let server = ModelServer::start(Script::new(replies())).await;
    let own = workspace.root().join("own");
    let folders =
        Folders::find(Some(own.join("data")), Some(own.join("settings/config.toml"))).unwrap();
    folders.make().unwrap();
    let over = Overrides {
        exec_security: Some(ExecSecurity::AllowAlways),
        file_approval: Some(FileApproval::None),
        max_steps: Some(1_000),
        ..Overrides::default()
    };
    let settings = Settings::load(folders.settings_file(), over).unwrap();
    let choice = ModelChoice {
        provider: Some(ProviderKind::Anthropic),
        base_url: Some(server.url()),
        key: Some(Secret::new("none")),
        ..ModelChoice::default()
    };
    let begun = Instant::now();
    let session = Session::open(SessionOptions {
        workspace: &workspace.path(),
        folders: &folders,
        settings: &settings,
        provider: connect(&folders, &settings, &choice).unwrap(),
        store: open_store(&folders).unwrap(),
    })
    .unwrap();
    while !session.undo().ready {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let kept = own.join("data/checkpoints");
    let (copy, copied) = (begun.elapsed(), size(&kept));
    let mut reader = session.subscribe();
    session.send("go").unwrap();
    let (mut edits, mut commands, mut decided) = (Vec::new(), Vec::new(), Instant::now());
    let mut after_edits = 0;
    'run: loop {
        for feed in reader.next().await.unwrap() {
            let Feed::Envelopes { envelopes } = feed else { continue };
            for envelope in envelopes {
                match envelope.event {
                    Event::ApprovalDecided { .. } => decided = Instant::now(),
                    Event::ToolFinished { call, ok, .. } => {
                        assert!(ok, "{call} failed");
                        let write = call.as_str().starts_with('w');
                        let times = if write { &mut edits } else { &mut commands };
                        times.push(decided.elapsed());
                        if edits.len() == EDITS && after_edits == 0 {
                            after_edits = size(&kept);
                        }
                    }
                    Event::RunFinished { .. } => break 'run,
                    _ => {}
                }
            }
        }
    }
    assert_eq!((edits.len(), commands.len()), (EDITS, COMMANDS));
    Cost {
        copy,
        copied,
        edit: median(edits),
        command: median(commands),
        grown: after_edits.saturating_sub(copied),
    }
}

fn replies() -> Vec<Reply> {
    let mut replies: Vec<Reply> = Vec::new();
    for number in 0..EDITS {
        let content = format!("{}\nchanged {number}\n", text(number));
        let args = json!({"path": format!("f0/{}.txt", number % 10), "content": content});
        replies.push(Reply::new().tool_use(format!("w{number}"), "write", args));
    }
    for number in 0..COMMANDS {
        let args = json!({"command": format!("echo {number} >> f0/0.txt")});
        replies.push(Reply::new().tool_use(format!("x{number}"), "exec", args));
    }
    replies.push(Reply::text("done"));
    replies
}

fn fill(root: &Path, files: usize) {
    for number in 0..files {
        let folder = root.join(format!("f{}", number / 100));
        if number % 100 == 0 {
            std::fs::create_dir(&folder).unwrap();
        }
        std::fs::write(folder.join(format!("{}.txt", number % 100)), text(number)).unwrap();
    }
}

/// Some 4,000 bytes that differ from file to file.
fn text(seed: usize) -> String {
    let mut state = seed as u64 + 1;
    let mut text = String::new();
    while text.len() < 4_000 {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let _ = writeln!(text, "let value_{} = {};", state >> 60, state >> 33);
    }
    text
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn size(folder: &Path) -> u64 {
    std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().metadata().unwrap().len()).sum()
}
