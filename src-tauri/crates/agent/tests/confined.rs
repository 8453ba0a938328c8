//! Confinement as the person and the model meet it: on cards, in results, and in what may happen.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::wildcard_enum_match_arm, missing_docs)]

mod common;

use common::{Rig, answer, approve, deny};
use countersign_agent::Overrides;
use countersign_protocol::{Card, Decision, DecisionInput, Event, ExecSecurity, RunEnd};
use countersign_testkit::{Reply, Script, TempWorkspace};
use serde_json::json;
use std::path::PathBuf;
use std::time::Duration;

/// Whether this system confines commands; where it does not, there is nothing to test here.
fn confines() -> bool {
    countersign_sandbox::confine::system().active()
}

/// A folder in the home folder: commands may write to the temporary ones.
fn outside() -> tempfile::TempDir {
    tempfile::tempdir_in(std::env::home_dir().unwrap()).unwrap()
}

async fn rig(commands: &[String], over: Overrides) -> Rig {
    let calls = commands.iter().enumerate().map(|(at, command)| {
        Reply::new().tool_use(format!("c{at}"), "exec", json!({"command": command}))
    });
    let replies: Vec<Reply> = calls.chain([Reply::text("done")]).collect();
    Rig::with(TempWorkspace::new(), Script::new(replies), over).await
}

fn exec(card: &Card) -> &countersign_protocol::ExecCard {
    match card {
        Card::Exec(card) => card,
        other => panic!("{other:?} is no command"),
    }
}

fn touch(file: &std::path::Path) -> String {
    format!("touch {} && echo made", file.display())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_refused_command_runs_unconfined_only_after_a_yes_on_a_card_of_its_own() {
    if !confines() {
        return;
    }
    let folder = outside();
    let file = folder.path().join("new");
    let mut rig = rig(&[touch(&file)], Overrides::default()).await;
    let mut cards = Vec::new();
    let end = rig
        .run("make it", |card, approval| {
            assert!(!file.exists(), "it was made before it was approved unconfined");
            cards.push(exec(card).clone());
            approve(card, approval)
        })
        .await;
    assert_eq!(end, (RunEnd::EndTurn, None));
    assert_eq!(cards.iter().map(|card| card.confine).collect::<Vec<_>>(), [true, false]);
    let reasons = cards[1].reasons.join(" ");
    assert!(
        reasons.contains(file.to_str().unwrap()) && reasons.contains("UNCONFINED"),
        "{reasons}"
    );
    assert_eq!(cards[0].command, cards[1].command);
    assert!(cards[1].suggested_patterns.is_empty(), "no rule can come of it");
    assert!(file.exists());
    let (ok, result) = rig.result("c0");
    assert!(ok && result["exit_code"] == 0 && result["stdout"] == "made\n", "{result}");
    assert_eq!(rig.results().len(), 1, "one call has one result");
    let replaced = rig.events.iter().filter_map(|event| match event {
        Event::ApprovalRequested { approval, replaces, .. } => {
            Some((approval.clone(), replaces.clone()))
        }
        _ => None,
    });
    let replaced: Vec<_> = replaced.collect();
    assert_eq!(replaced[1].1.as_ref(), Some(&replaced[0].0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn without_that_yes_it_is_not_run_again_and_the_model_is_told_what_was_refused() {
    if !confines() {
        return;
    }
    let folder = outside();
    let file = folder.path().join("new");
    // Also where no command asks: unconfined is the person's word alone.
    for exec_security in [ExecSecurity::ApprovalAlways, ExecSecurity::AllowAlways] {
        let over = Overrides { exec_security: Some(exec_security), ..Overrides::default() };
        let mut rig = rig(&[touch(&file)], over).await;
        let mut refuse = deny("no, use the workspace");
        rig.run("make it", |card, approval| {
            if exec(card).confine { approve(card, approval) } else { refuse(card, approval) }
        })
        .await;
        assert!(!file.exists());
        let (ok, result) = rig.result("c0");
        assert!(ok, "the command ran, and failed by itself");
        assert_ne!(result["exit_code"], 0);
        assert_eq!(result["confinement"]["refused"], json!([file]));
        assert_eq!(result["user_said"], "no, use the workspace");
        assert!(result["unconfined"].as_str().unwrap().contains("did not"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_yes_without_confinement_is_for_one_command() {
    if !confines() {
        return;
    }
    let folder = outside();
    let files: Vec<PathBuf> = ["one", "two"].map(|name| folder.path().join(name)).to_vec();
    let commands: Vec<String> = files.iter().map(|file| touch(file)).collect();
    let mut rig = rig(&commands, Overrides::default()).await;
    let mut cards = Vec::new();
    rig.run("make them", |card, approval| {
        cards.push(exec(card).confine);
        match cards.len() {
            1 => DecisionInput { confine: Some(false), ..answer(approval, Decision::Approve) },
            2 => answer(approval, Decision::Approve),
            _ => answer(approval, Decision::Deny),
        }
    })
    .await;
    assert_eq!(cards, [true, true, false], "the second command is confined again");
    assert!(files[0].exists() && !files[1].exists());
    let journaled: Vec<Option<bool>> = rig
        .events
        .iter()
        .filter_map(|event| match event {
            Event::ApprovalDecided { decision: Decision::Approve, confine, .. } => Some(*confine),
            _ => None,
        })
        .collect();
    assert_eq!(journaled, [Some(false), Some(true)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_run_that_ends_while_that_card_is_open_keeps_what_the_command_came_to() {
    if !confines() {
        return;
    }
    let folder = outside();
    let file = folder.path().join("new");
    let over = Overrides { exec_security: Some(ExecSecurity::AllowAlways), ..Overrides::default() };
    let mut rig = rig(&[touch(&file)], over).await;
    rig.session.send("make it").unwrap();
    let (approval, card, _) = rig.card().await;
    assert!(!exec(&card).confine);
    rig.session.interrupt();
    assert_eq!(rig.end().await.0, RunEnd::Interrupted);
    assert!(rig.session.decide(&answer(approval, Decision::Approve)).is_err(), "too late");
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!file.exists());
    let (_, result) = rig.result("c0");
    assert_eq!(result["confinement"]["refused"], json!([file]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_network_is_cut_for_the_one_command_that_the_person_says_so_of() {
    if !confines() {
        return;
    }
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let dial = format!(
        "python3 -c 'import socket; socket.create_connection((\"127.0.0.1\", {}), 5)'",
        server.local_addr().unwrap().port()
    );
    let mut rig = rig(&[dial.clone(), dial], Overrides::default()).await;
    let mut cards = 0;
    rig.run("dial", |card, approval| {
        cards += 1;
        assert!(exec(card).network);
        let network = (cards == 1).then_some(false);
        DecisionInput { network, ..answer(approval, Decision::Approve) }
    })
    .await;
    assert_ne!(rig.result("c0").1["exit_code"], 0);
    assert_eq!(rig.result("c1").1["exit_code"], 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_programs_own_data_is_out_of_a_commands_reach() {
    if !confines() {
        return;
    }
    // Within the temporary folder, where these tests are, it takes a mount namespace to hide it.
    let level = countersign_sandbox::confine::system().describe();
    let hidden = !level.contains("no namespaces");
    let command = "ls ../own/data; cat ../own/data/* > /dev/null && echo read".to_owned();
    let mut rig = rig(&[command], Overrides::default()).await;
    assert!(std::fs::read_dir(rig.folders.data()).unwrap().next().is_some(), "there is data");
    rig.run("look", |card, approval| {
        answer(approval, if exec(card).confine { Decision::Approve } else { Decision::Deny })
    })
    .await;
    let (_, result) = rig.result("c0");
    assert_eq!(result["stdout"] == "", hidden, "{level}: {result}");
}
