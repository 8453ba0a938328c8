//! What the allowlist lets through, run as it would be run, in real shells whose programs are all
//! logging stand-ins: only allowed programs start, with just the words that were read, and no file
//! is made. The raw command is run too: a shell must read in it what the guard read.
//!
//! `COUNTERSIGN_FUZZ_COUNT` says how many commands are decided, `COUNTERSIGN_FUZZ_SEED` which.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, missing_docs)]

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
use std::collections::{BTreeSet, HashSet};
use std::path::Path;
use std::time::Duration;

/// A command that the guard lets through.
struct Allowed {
    raw: String,
    runs: String,
}

/// How many commands were decided, and which took longest. Told, not asserted: how fast a shared
/// machine is proves nothing.
#[derive(Default)]
struct Decisions {
    count: u64,
    total: Duration,
    slowest: Duration,
    command: String,
}

impl Decisions {
    fn took(&mut self, time: Duration, raw: &str) {
        self.count += 1;
        self.total += time;
        if time > self.slowest {
            self.slowest = time;
            self.command = raw.chars().take(100).collect();
        }
    }

    fn tell(&self) {
        let mean = self.total / u32::try_from(self.count.max(1)).unwrap_or(u32::MAX);
        println!(
            "{} decisions, {mean:?} of processor time each; the slowest took {:?}: {:?}",
            self.count, self.slowest, self.command
        );
    }
}

/// How long this thread was on a processor: what else runs on the machine does not count.
fn processor_time() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = text.split(' ').next().and_then(|number| number.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or(0))
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

fn decide(workspace: &Workspace, raw: &str, decisions: &mut Decisions) -> Option<Allowed> {
    let request = ExecRequest { command: raw.to_owned(), cwd: None, env: [].into(), timeout: None };
    let action = workspace.view().propose_exec(request).ok()?;
    let begun = processor_time();
    let verdict = workspace.decide(action);
    decisions.took(processor_time().saturating_sub(begun), raw);
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
    let mut decisions = Decisions::default();
    let (mut allowed, mut passed, mut ran) = (Vec::new(), 0, 0);
    let mut before = HashSet::new();
    for _ in 0..count {
        let Some(one) = decide(&workspace, &generator.command(), &mut decisions) else { continue };
        passed += 1;
        // Shells are slow, and the same command does the same.
        if before.insert(one.raw.clone()) {
            allowed.push(one);
        }
        if allowed.len() == shells::BATCH {
            ran += run(&bench, &programs, &allowed);
            allowed.clear();
        }
    }
    ran += run(&bench, &programs, &allowed);
    decisions.tell();
    // Each as it would be run in every shell, and as it was written in bash.
    let shells = bench.names();
    println!(
        "{passed} were let through, {ran} different ones run in {}: {} runs, 0 disagreements",
        shells.join(", "),
        ran * (shells.len() as u64 + 1)
    );
    assert!(passed * 50 > count, "only {passed} of {count} were let through; the fuzzer is blind");
}

/// Runs a batch in every shell, parsed and raw, and compares what started.
fn run(bench: &Bench, programs: &BTreeSet<&str>, allowed: &[Allowed]) -> u64 {
    let parsed: Vec<&str> = allowed.iter().map(|one| one.runs.as_str()).collect();
    let raw: Vec<&str> = allowed.iter().map(|one| one.raw.as_str()).collect();
    // All at once: nothing of it changes a file, which is compared below.
    let (reference, logs) = std::thread::scope(|scope| {
        let reference = scope.spawn(|| bench.run("raw", "bash", &raw));
        let logs: Vec<_> = bench
            .names()
            .into_iter()
            .map(|shell| (shell, scope.spawn(|| bench.run(shell, shell, &parsed))))
            .collect();
        let logs = logs.into_iter().map(|(shell, logs)| (shell, logs.join().unwrap()));
        let logs: Vec<_> = logs.collect();
        (reference.join().unwrap(), logs)
    });
    for (shell, logs) in logs {
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
    let (mut log, mut read) = (log.clone(), read.clone());
    for words in log.iter_mut().chain(&mut read).filter(|words| words[0] == "git") {
        words.retain(|word| !shells::INSERTED.contains(&word.as_str()));
    }
    log.sort();
    read.sort();
    assert_eq!(log, read, "in {shell}, {:?} runs {:?}", one.raw, one.runs);
}

/// Long inputs of the kinds that make a reader without bounds slow: each is decided, and the slowest
/// is named.
#[test]
fn long_inputs_are_decided() {
    let place = TempWorkspace::new();
    let setup = include_str!("../corpus/commands.setup.json");
    lay_out(place.root(), &serde_json::from_str(setup).unwrap()).unwrap();
    let workspace = guard(&place.path());
    let mut decisions = Decisions::default();
    for raw in generator::heavy() {
        decide(&workspace, &raw, &mut decisions);
    }
    decisions.tell();
}
