//! How long the guard's slowest decisions take: commands and folders that are made to be slow, each
//! decided alone, some times over. Prints the slowest of each kind, by the clock and by the time on
//! the processor, and ends with 1 where one takes too long.
//! `cargo run --release -p countersign-guard --example slowest_decision [KIND]`
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod commands;
mod trees;

use countersign_guard::command::Pattern;
use countersign_guard::{ExecRequest, Policy, PolicySettings, Supervisor, Verdict, Workspace};
use countersign_protocol::ExecSecurity;
use std::path::Path;
use std::time::{Duration, Instant};

/// How often each is measured; the least counts, for the rest is what else the machine does.
const ROUNDS: usize = 7;
/// How often at most, where the machine was too busy to tell.
const AT_MOST: usize = 50;
/// What a decision may take.
const ALLOWED: Duration = Duration::from_millis(50);

/// Patterns that let all readers run, so that each decision goes to its end.
const ALLOW: &[&str] = &[
    "cat *",
    "ls *",
    "grep *",
    "rg *",
    "find *",
    "diff *",
    "git *",
    "mytool *",
    "make *",
    "jq *",
    "sed *",
    "printf *",
    "python3 *",
    "npm run *",
    "head *",
];

/// Decisions of one kind: a folder, and commands to be decided in it.
struct Kind {
    name: &'static str,
    /// Lays out the folder.
    tree: fn(&Path),
    commands: Vec<String>,
    /// Patterns beside the usual ones.
    allow: Vec<String>,
}

fn kind(name: &'static str, tree: fn(&Path), commands: Vec<String>) -> Kind {
    Kind { name, tree, commands, allow: Vec::new() }
}

/// The slowest of a kind.
#[derive(Default)]
struct Slowest {
    clock: Duration,
    processor: Duration,
    decision: &'static str,
    command: String,
}

/// The time that this thread was on a processor.
fn on_processor() -> Duration {
    let told = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(told).unwrap_or_default()
}

fn decide(workspace: &Workspace, command: &str) -> &'static str {
    let request = ExecRequest { command: command.to_owned(), ..ExecRequest::default() };
    let Ok(action) = workspace.view().propose_exec(request) else {
        return "error";
    };
    match workspace.decide(action) {
        Verdict::Allow { .. } => "allow",
        Verdict::Ask { .. } => "ask",
        Verdict::Deny { .. } => "deny",
    }
}

fn measure(kind: &Kind, place: &Path) -> Slowest {
    (kind.tree)(place);
    let allow = ALLOW.iter().copied().chain(kind.allow.iter().map(String::as_str));
    let settings = PolicySettings {
        exec_security: ExecSecurity::Allowlist,
        allow: allow.filter_map(|text| Pattern::parse(text).ok()).collect(),
        ..PolicySettings::default()
    };
    let supervisor = Supervisor::this_program().unwrap();
    let policy = Policy::new(settings, Vec::new());
    let workspace = Workspace::open(place, &[], policy, supervisor, Vec::new()).unwrap();
    let mut slowest = Slowest::default();
    for command in &kind.commands {
        let (mut clock, mut processor) = (Duration::MAX, Duration::MAX);
        let mut decision = "";
        for round in 0..AT_MOST {
            if round >= ROUNDS && clock <= ALLOWED {
                break;
            }
            let (on_before, clock_before) = (on_processor(), Instant::now());
            decision = decide(&workspace, command);
            clock = clock.min(clock_before.elapsed());
            processor = processor.min(on_processor().saturating_sub(on_before));
        }
        if clock > slowest.clock {
            let command = command.chars().take(40).collect();
            slowest = Slowest { clock, processor, decision, command };
        }
    }
    slowest
}

fn main() {
    let wanted = std::env::args().nth(1).unwrap_or_default();
    let mut kept = true;
    println!(
        "the slowest decisions of each kind: the least of {ROUNDS} times by the clock, and on the processor"
    );
    for kind in commands::kinds().into_iter().chain(trees::kinds()) {
        if !kind.name.contains(&wanted) {
            continue;
        }
        let place = tempfile::tempdir().unwrap();
        let Slowest { clock, processor, decision, command } = measure(&kind, place.path());
        let word = if clock <= ALLOWED { "kept" } else { "BROKEN" };
        kept &= clock <= ALLOWED;
        println!(
            "  {clock:>9.2?} {processor:>9.2?}  {}: {word} ({decision}, {command:?})",
            kind.name
        );
    }
    std::process::exit(i32::from(!kept));
}
