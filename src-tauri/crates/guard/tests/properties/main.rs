//! Properties of the guard that must hold for whatever it is given: paths on random trees, random
//! commands, random texts and changes. What is right is told by the real file system or by a second,
//! plainer reading in the test, never by the guard itself.
//!
//! `PROPTEST_CASES` says how many cases each property is tried with; those on trees take a tenth of
//! it, as each tree is tried with many paths.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::wildcard_enum_match_arm, missing_docs)]

mod changes;
mod commands;
mod paths;
mod tree;
mod unified;

use countersign_guard::command::Pattern;
use countersign_guard::{Action, Answer, Approved, Policy, PolicySettings, Supervisor, Workspace};
use countersign_protocol::{ApprovalId, Decision, DecisionInput, ExecSecurity, FileApproval};
use proptest::test_runner::Config;
use std::path::Path;

/// As many cases as `PROPTEST_CASES` says, one `share` of them, or `default` where it says nothing. A
/// failure is shown with its smallest case, which then belongs in the corpora or in a test of its own;
/// no file of seeds is kept.
fn cases(default: u32, share: u32) -> Config {
    let asked: Option<u32> =
        std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok());
    Config {
        cases: asked.map_or(default, |asked| asked / share),
        failure_persistence: None,
        max_shrink_iters: 2_000,
        ..Config::default()
    }
}

fn settings(exec: ExecSecurity, files: FileApproval, allow: &[&str]) -> PolicySettings {
    PolicySettings {
        exec_security: exec,
        file_approval: files,
        allow: allow.iter().map(|text| Pattern::parse(text).unwrap()).collect(),
        ..PolicySettings::default()
    }
}

fn open(path: &Path, settings: PolicySettings) -> Workspace {
    let supervisor = Supervisor::this_program().unwrap();
    Workspace::open(path, &[], Policy::new(settings, Vec::new()), supervisor, Vec::new()).unwrap()
}

/// A yes of a person, to all of the card or to some hunks of it. None where it makes no sense.
fn approve(
    workspace: &Workspace,
    action: Action,
    hunks: Option<Vec<u32>>,
) -> Option<Approved<Action>> {
    let approval = ApprovalId::new("one");
    let pending = workspace.broker().open(approval.clone(), action);
    let input = DecisionInput { hunks, ..DecisionInput::new(approval, Decision::Approve) };
    workspace.broker().decide(&input).ok()?;
    match block_on(pending.answer()) {
        Answer::Approved { approved, .. } => Some(approved),
        _ => None,
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}
