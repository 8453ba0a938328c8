//! Whole turns with a scripted model over the wire format of Anthropic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::wildcard_enum_match_arm, missing_docs)]

mod common;

use common::{KEY, Rig, answer, approve, never};
use countersign_agent::Overrides;
use countersign_protocol::{Card, Decision, Event, RunEnd};
use countersign_testkit::{Reply, Script, TempWorkspace, seed_task};
use serde_json::json;

fn script(replies: impl IntoIterator<Item = Reply>) -> Script {
    Script::new(replies)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_seed_task_is_done_with_every_act_approved() {
    let mut rig = Rig::new(TempWorkspace::new(), seed_task()).await;
    let mut kinds = Vec::new();
    let end = rig
        .run("Create hello.js and fibonacci.js and run both.", |card, approval| {
            kinds.push(match card {
                Card::Exec(card) => format!("exec {}", card.command),
                Card::Write(card) => format!("write {}", card.path),
                Card::Edit(card) => format!("edit {}", card.path),
                Card::Path(card) => format!("path {}", card.path),
            });
            approve(card, approval)
        })
        .await;
    assert_eq!(end, (RunEnd::EndTurn, None));
    assert_eq!(
        kinds,
        ["write hello.js", "exec node hello.js", "write fibonacci.js", "exec node fibonacci.js"]
    );
    assert!(rig.workspace.read("hello.js").contains("Hello from the local sandbox!"));
    let text = rig.last_text();
    assert!(text.contains("Hello from the local sandbox!"), "{text}");
    assert!(text.contains("0, 1, 1, 2, 3, 5, 8, 13, 21, 34"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn endless_output_stops_on_stop_and_the_session_goes_on() {
    let mut rig = Rig::new(
        TempWorkspace::new(),
        script([
            Reply::new().tool_use("t1", "exec", json!({"command": "echo $$ > pid; yes"})),
            Reply::text("we go on"),
        ]),
    )
    .await;
    rig.session.send("run").unwrap();
    let (approval, ..) = rig.card().await;
    rig.session.decide(&answer(approval, Decision::Approve)).unwrap();
    // More than a result keeps must have come before the stop, or nothing would be left out of it.
    let shown = std::cell::Cell::new(0);
    rig.until(|event| {
        if let Event::ToolOutput { text, .. } = event {
            shown.set(shown.get() + text.len());
        }
        shown.get() > 200_000
    })
    .await;
    let pid = rig.workspace.read("pid");
    rig.session.interrupt();
    assert_eq!(rig.end().await.0, RunEnd::Interrupted);
    assert!(!std::path::Path::new(&format!("/proc/{}", pid.trim())).exists());
    let (ok, result) = rig.result("t1");
    assert!(ok && result["truncated"] == true, "what came is kept");
    assert!(result["stdout"].as_str().unwrap().chars().count() < 101_000);
    assert_eq!(rig.run("go on", never).await.0, RunEnd::EndTurn);
    assert_eq!(rig.last_text(), "we go on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_stop_while_the_model_speaks_keeps_what_it_said() {
    let mut rig = Rig::new(
        TempWorkspace::new(),
        script([Reply::text("I will now explain at length").then_hang(), Reply::text("yes?")]),
    )
    .await;
    rig.session.send("explain").unwrap();
    rig.until(|event| matches!(event, Event::TextDelta { .. })).await;
    rig.session.interrupt();
    assert_eq!(rig.end().await.0, RunEnd::Interrupted);
    assert!(rig.last_text().starts_with('I'));
    assert_eq!(rig.run("and now", never).await.0, RunEnd::EndTurn);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_stop_denies_open_cards_and_late_answers_change_nothing() {
    let mut rig = Rig::new(
        TempWorkspace::new(),
        script([Reply::new().tool_use("t1", "write", json!({"path": "a.txt", "content": "x"}))]),
    )
    .await;
    rig.session.send("write").unwrap();
    let (approval, ..) = rig.card().await;
    rig.session.interrupt();
    assert_eq!(rig.end().await.0, RunEnd::Interrupted);
    assert!(rig.session.decide(&answer(approval.clone(), Decision::Approve)).is_err());
    assert!(rig.events.iter().any(|event| matches!(event,
        Event::ApprovalDecided { approval: closed, decision: Decision::Deny, .. } if *closed == approval)));
    assert!(!rig.workspace.path().join("a.txt").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_a_tool_cannot_do_is_told_to_the_model_and_ends_nothing() {
    let mut rig = Rig::new(
        TempWorkspace::new().file("a.txt", "x x\n"),
        script([
            Reply::new()
                .tool_use("unknown", "fly", json!({}))
                .raw_tool_json("broken", "read", "{\"path\": ")
                .tool_use("missing", "read", json!({}))
                .tool_use("absent", "read", json!({"path": "nope.txt"}))
                .tool_use(
                    "twice",
                    "edit",
                    json!({"path": "a.txt", "old_text": "x", "new_text": "y"}),
                ),
            Reply::text("I see"),
        ]),
    )
    .await;
    assert_eq!(rig.run("x", never).await.0, RunEnd::EndTurn);
    for (call, part) in [
        ("unknown", "fly"),
        ("broken", "no JSON object"),
        ("missing", "path"),
        ("absent", "no such file"),
        ("twice", "2"),
    ] {
        let (ok, result) = rig.result(call);
        let error = result["error"].as_str().unwrap();
        assert!(!ok && error.contains(part), "{call}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_run_stops_after_its_steps() {
    let over = Overrides { max_steps: Some(2), ..Overrides::default() };
    let list = |id: &str| Reply::new().tool_use(id, "glob", json!({"pattern": "*"}));
    let mut rig =
        Rig::with(TempWorkspace::new(), script([list("1"), list("2"), list("3")]), over).await;
    assert_eq!(rig.run("x", never).await.0, RunEnd::MaxSteps);
    assert_eq!(rig.server.requests().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn words_said_meanwhile_reach_the_model_at_its_next_step() {
    let mut rig = Rig::new(
        TempWorkspace::new(),
        script([
            Reply::new().tool_use("t1", "write", json!({"path": "a.txt", "content": "x"})),
            Reply::text("yes"),
        ]),
    )
    .await;
    rig.session.send("write").unwrap();
    let (approval, ..) = rig.card().await;
    rig.session.send("and be quick").unwrap();
    rig.session.decide(&answer(approval, Decision::Approve)).unwrap();
    assert_eq!(rig.end().await.0, RunEnd::EndTurn);
    rig.server.assert_well_formed();
    let last = rig.server.requests()[1]["messages"][2]["content"].clone();
    assert_eq!(last[0]["type"], "tool_result");
    assert_eq!(last[1]["text"], "and be quick");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_wrong_key_ends_the_run_with_clear_words_and_without_the_key() {
    let mut rig = Rig::new(
        TempWorkspace::new(),
        script([Reply::error(401, "authentication_error", format!("invalid x-api-key {KEY}"))]),
    )
    .await;
    rig.session.send("x").unwrap();
    let (reason, error) = rig.end().await;
    assert_eq!(reason, RunEnd::Error);
    let error = error.unwrap();
    assert!(error.to_lowercase().contains("key"), "{error}");
    assert!(!format!("{:?}", rig.events).contains(KEY));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn call_ids_that_repeat_are_told_apart() {
    let read = || Reply::new().tool_use("same", "read", json!({"path": "a.txt"}));
    let mut rig = Rig::new(
        TempWorkspace::new().file("a.txt", "x\n"),
        script([read(), read(), Reply::text("done")]),
    )
    .await;
    assert_eq!(rig.run("x", never).await.0, RunEnd::EndTurn);
    let mut calls: Vec<String> = rig.results().into_iter().map(|(call, ..)| call).collect();
    calls.dedup();
    assert_eq!(calls.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_guide_of_the_workspace_and_the_folder_are_in_the_prompt() {
    let mut rig = Rig::new(
        TempWorkspace::new().file("AGENTS.md", "Tabs, never blanks."),
        script([Reply::text("hello")]),
    )
    .await;
    rig.run("x", never).await;
    let request = rig.server.requests()[0].to_string();
    assert!(request.contains("Tabs, never blanks."));
    assert!(request.contains(&*rig.workspace.path().to_string_lossy()));
    assert!(request.contains("include the actual output in the final message"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_workspace_that_vanished_is_said_and_nothing_is_lost() {
    let rig = Rig::new(TempWorkspace::new(), script([])).await;
    std::fs::remove_dir(rig.workspace.path()).unwrap();
    let error = rig.session.send("x").unwrap_err().to_string();
    assert!(error.contains("moved or removed"), "{error}");
}
