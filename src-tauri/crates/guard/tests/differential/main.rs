//! What the allowlist lets through, run as it would be run, in real shells whose programs are all
//! logging stand-ins: only allowed programs start, with just the words that were read, and no file
//! is made. The raw command is run too: a shell must read in it what the guard read.
//!
//! `COUNTERSIGN_FUZZ_COUNT` says how many commands are decided, `COUNTERSIGN_FUZZ_SEED` which.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod generator;
mod shells;

use countersign_guard::command::Pattern;
use countersign_guard::{
    Action, ExecRequest, Policy, PolicySettings, Supervisor, Verdict, Workspace,
};
use countersign_protocol::ExecSecurity;
use countersign_testkit::{TempWorkspace, lay_out};
use generator::{Generator, PATTERNS};
use shells::{Bench, Log};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long one decision may take. The limit for the program as it is built for people is 50 ms; a
/// test build on a shared machine is given more.
const MAX_DECISION: Duration = Duration::from_millis(500);

/// A command that the guard lets through.
struct Allowed {
    raw: String,
    runs: String,
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn guard(path: &Path) -> Workspace {
    let settings = PolicySettings {
        exec_security: ExecSecurity::Allowlist,
        allow: PATTERNS.iter().map(|text| Pattern::parse(text).unwrap()).collect(),
        ..PolicySettings::default()
    };
    let supervisor = Supervisor::this_program().unwrap();
    Workspace::open(path, &[], Policy::new(settings, Vec::new()), supervisor, Vec::new()).unwrap()
}

fn decide(workspace: &Workspace, raw: &str) -> Option<Allowed> {
    let request = ExecRequest { command: raw.to_owned(), cwd: None, env: [].into(), timeout: None };
    let action = workspace.view().propose_exec(request).ok()?;
    let begun = Instant::now();
    let verdict = workspace.decide(action);
    assert!(begun.elapsed() < MAX_DECISION, "{raw:?} took {:?}", begun.elapsed());
    match verdict {
        Verdict::Allow { approved, .. } => match approved.action() {
            Action::Exec(exec) => {
                Some(Allowed { raw: raw.to_owned(), runs: exec.runs().to_owned() })
            }
            Action::Write(_) | Action::Edit(_) | Action::Reach(_) => None,
        },
        Verdict::Ask { .. } | Verdict::Deny { .. } => None,
    }
}

#[test]
fn what_is_let_through_starts_only_what_was_read() {
    let count = number("COUNTERSIGN_FUZZ_COUNT", 20_000);
    let seed = number("COUNTERSIGN_FUZZ_SEED", 20_261_125);
    println!("{count} commands from the seed {seed}");

    let place = TempWorkspace::new();
    let setup = include_str!("../corpus/commands.setup.json");
    lay_out(place.root(), &serde_json::from_str(setup).unwrap()).unwrap();
    let workspace = guard(&place.path());
    let bench = Bench::new(&place.path());
    let programs: BTreeSet<&str> =
        // A stand-in knows the last part of its name only.
        PATTERNS.iter().filter_map(|pattern| pattern.split(' ').next()?.rsplit('/').next()).collect();

    let mut generator = Generator::new(seed);
    let (mut allowed, mut ran) = (Vec::new(), 0);
    for _ in 0..count {
        allowed.extend(decide(&workspace, &generator.command()));
        if allowed.len() == shells::BATCH {
            ran += run(&bench, &programs, &allowed);
            allowed.clear();
        }
    }
    ran += run(&bench, &programs, &allowed);
    println!("{ran} were let through and run in {}", bench.names().join(", "));
    assert!(ran * 50 > count, "only {ran} of {count} were let through; the fuzzer is blind");
}

/// Runs a batch in every shell, parsed and raw, and compares what started.
fn run(bench: &Bench, programs: &BTreeSet<&str>, allowed: &[Allowed]) -> u64 {
    let parsed: Vec<&str> = allowed.iter().map(|one| one.runs.as_str()).collect();
    let raw: Vec<&str> = allowed.iter().map(|one| one.raw.as_str()).collect();
    let reference = bench.run("bash", &raw);
    for shell in bench.names() {
        let logs = bench.run(shell, &parsed);
        for ((one, log), read) in allowed.iter().zip(&logs).zip(&reference) {
            for started in log {
                assert!(
                    programs.contains(started[0].as_str()),
                    "{shell} started {started:?} for {:?}, which runs {:?}",
                    one.raw,
                    one.runs
                );
            }
            compare(shell, one, log, read);
        }
    }
    bench.check_untouched();
    allowed.len() as u64
}

/// The same programs with the same words. Git is given more options than were asked for.
fn compare(shell: &str, one: &Allowed, log: &Log, read: &Log) {
    let builtin = |started: &&Vec<String>| !shells::BUILTIN.contains(&started[0].as_str());
    let mut log: Vec<Vec<String>> = log.iter().filter(builtin).cloned().collect();
    let mut read: Vec<Vec<String>> = read.iter().filter(builtin).cloned().collect();
    for words in log.iter_mut().chain(&mut read).filter(|words| words[0] == "git") {
        words.retain(|word| !shells::INSERTED.contains(&word.as_str()));
    }
    log.sort();
    read.sort();
    assert_eq!(log, read, "in {shell}, {:?} runs {:?}", one.raw, one.runs);
}

/// Long inputs of the kinds that make a reader slow.
#[test]
fn no_input_makes_a_decision_slow() {
    let place = TempWorkspace::new();
    let setup = include_str!("../corpus/commands.setup.json");
    lay_out(place.root(), &serde_json::from_str(setup).unwrap()).unwrap();
    let workspace = guard(&place.path());
    let mut slowest = (Duration::ZERO, String::new());
    for raw in generator::heavy() {
        let begun = Instant::now();
        decide(&workspace, &raw);
        if begun.elapsed() > slowest.0 {
            slowest = (begun.elapsed(), raw.chars().take(60).collect());
        }
    }
    println!("the slowest took {:?}: {:?}", slowest.0, slowest.1);
}
