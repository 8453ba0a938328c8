//! `sessions resume`, driven over `--json`: after a kill, from another program, at the end.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod common;

use common::{KEY, Run, exec, server};
use countersign_testkit::{ModelServer, Reply, TempWorkspace};
use serde_json::{Value, json};
use std::process::Command;

fn resume(workspace: &TempWorkspace, server: &ModelServer, id: &str) -> Run {
    let own = workspace.root().join("own");
    let mut command = Command::new(env!("CARGO_BIN_EXE_countersign-cli"));
    command.args(["sessions", "resume", id, "--json"]);
    command.arg("--data-dir").arg(own.join("data"));
    command.arg("--config").arg(own.join("settings/config.toml"));
    command.env("ANTHROPIC_BASE_URL", server.url()).env("ANTHROPIC_API_KEY", KEY);
    command.env("HOME", workspace.home());
    Run::of(command)
}

fn kill(run: &mut Run) {
    // SIGKILL.
    run.child.kill().unwrap();
    run.child.wait().unwrap();
}

fn export(workspace: &TempWorkspace, id: &str) -> Vec<Value> {
    let own = workspace.root().join("own");
    let mut command = Command::new(env!("CARGO_BIN_EXE_countersign-cli"));
    command.args(["sessions", "export", id, "--data-dir"]).arg(own.join("data"));
    command.arg("--config").arg(own.join("settings/config.toml"));
    let text = String::from_utf8(command.output().unwrap().stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_run_goes_on_with_its_card() {
    let workspace = TempWorkspace::new();
    let server = server(vec![exec("1", "echo ran >> counter.txt"), Reply::text("done")]).await;
    let mut run = Run::start(&workspace, &server, &[]);
    let card = run.next("approval_requested");
    let id = card["session"].as_str().unwrap().to_owned();
    kill(&mut run);
    let last = run.seen.last().unwrap()["seq"].as_u64().unwrap();

    let mut run = resume(&workspace, &server, &id);
    let again = run.next("approval_requested");
    assert_eq!(run.seen[0]["type"], "session_resumed");
    assert_eq!(run.seen[0]["seq"], last + 1, "only what is new is printed");
    assert_eq!(again["approval"], card["approval"]);
    assert!(again["seq"].as_u64() > Some(last));
    run.say(&json!({"approval": again["approval"], "decision": "approve"}));
    let (code, seen, _) = run.end();
    assert_eq!(code, 0);
    assert_eq!(workspace.read("counter.txt"), "ran\n");
    let finished = seen.last().unwrap();
    let whole = export(&workspace, &id);
    let seqs: Vec<u64> = whole.iter().map(|event| event["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, (1..=whole.len() as u64).collect::<Vec<_>>());

    // At the end there is nothing to go on with: the end is repeated, and nothing is journaled.
    let (code, seen, _) = resume(&workspace, &server, &id).end();
    assert_eq!((code, seen), (0, vec![finished.clone()]));
    assert_eq!(export(&workspace, &id), whole);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_a_kill_interrupted_is_not_run_again() {
    let workspace = TempWorkspace::new();
    let command = "echo ran >> counter.txt; while true; do sleep 0.05; done";
    let server = server(vec![exec("1", command), Reply::text("done")]).await;
    let mut run = Run::start(&workspace, &server, &[]);
    let card = run.approve();
    let id = card["session"].as_str().unwrap().to_owned();
    run.next("tool_started");
    let counter = workspace.path().join("counter.txt");
    while std::fs::read_to_string(&counter).unwrap_or_default() != "ran\n" {
        std::thread::yield_now();
    }
    kill(&mut run);

    let (code, seen, errors) = resume(&workspace, &server, &id).end();
    assert_eq!(code, 0, "{errors}");
    assert_eq!(workspace.read("counter.txt"), "ran\n");
    let of = |kind: &str| seen.iter().find(|event| event["type"] == kind).unwrap().clone();
    let finished = of("tool_finished");
    assert_eq!(finished["ok"], false);
    assert!(finished["result"]["error"].as_str().unwrap().contains("interrupted"));
    assert_eq!(of("files_changed")["files"][0]["path"], "counter.txt", "{seen:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_written_by_one_program_at_a_time() {
    let workspace = TempWorkspace::new();
    let server = server(vec![exec("1", "echo ran >> counter.txt"), Reply::text("done")]).await;
    let mut run = Run::start(&workspace, &server, &[]);
    let card = run.next("approval_requested");
    let id = card["session"].as_str().unwrap().to_owned();
    let (code, seen, errors) = resume(&workspace, &server, &id).end();
    assert_eq!((code, seen.len()), (1, 0));
    assert!(errors.contains("Another Countersign"), "{errors}");
    run.say(&json!({"approval": card["approval"], "decision": "approve"}));
    assert_eq!(run.end().0, 0);
}
