//! What a card asks, and what its answer does to a turn.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::wildcard_enum_match_arm, missing_docs)]

mod common;

use common::{Rig, answer, approve, deny, never};
use countersign_agent::Overrides;
use countersign_protocol::{
    Card, Decision, DecisionInput, EditScope, Event, ExecSecurity, FileApproval, RunEnd,
};
use countersign_testkit::{Reply, Script, TempWorkspace};
use serde_json::json;

fn script(replies: impl IntoIterator<Item = Reply>) -> Script {
    Script::new(replies)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_words_of_a_refusal_reach_the_model_unchanged() {
    let words = "use pnpm, not npm: \"ja\" & <b>\n\tsecond line \u{1f642}";
    let mut rig = Rig::new(
        TempWorkspace::new(),
        script([
            Reply::new().tool_use("t1", "exec", json!({"command": "npm install"})),
            Reply::text("understood"),
        ]),
    )
    .await;
    assert_eq!(rig.run("install", deny(words)).await.0, RunEnd::EndTurn);
    let (ok, result) = rig.result("t1");
    assert!(!ok);
    assert!(result["error"].as_str().unwrap().contains(words));
    let sent = &rig.server.requests()[1]["messages"][2]["content"][0];
    assert_eq!(sent["is_error"], true);
    let content: serde_json::Value =
        serde_json::from_str(sent["content"].as_str().unwrap()).unwrap();
    assert!(content["error"].as_str().unwrap().contains(words));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_look_outside_asks_and_is_answered_after_a_yes() {
    let workspace =
        TempWorkspace::new().beside("outside/notes.txt", "far away\n").file("in.txt", "near\n");
    let outside = workspace.outside().join("notes.txt");
    let look = |id: &str| Reply::new().tool_use(id, "read", json!({"path": outside}));
    let mut rig = Rig::new(
        workspace,
        script([
            Reply::new().tool_use("in", "read", json!({"path": "in.txt"})),
            look("no"),
            look("yes"),
            look("session"),
            look("again"),
            Reply::text("done"),
        ]),
    )
    .await;
    let mut number = 0;
    rig.run("look", |card, approval| {
        assert!(matches!(card, Card::Path(card) if card.outside), "{card:?}");
        number += 1;
        answer(
            approval,
            match number {
                1 => Decision::Deny,
                2 => Decision::Approve,
                _ => Decision::ApproveSession,
            },
        )
    })
    .await;
    assert_eq!(number, 3, "inside is free, and a yes for the session lasts");
    assert!(!rig.result("no").0);
    assert!(!rig.result("no").1.to_string().contains("far away"));
    for call in ["yes", "session", "again"] {
        assert_eq!(rig.result(call).1["content"], "far away\n", "{call}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_link_that_leads_out_is_refused_without_a_card() {
    let workspace = TempWorkspace::new()
        .beside("outside/notes.txt", "far away\n")
        .symlink("out", "../outside")
        .symlink("file", "../outside/notes.txt");
    let mut rig = Rig::new(
        workspace,
        script([
            Reply::new()
                .tool_use("read", "read", json!({"path": "out/notes.txt"}))
                .tool_use("file", "read", json!({"path": "file"}))
                .tool_use("write", "write", json!({"path": "out/new.txt", "content": "x"}))
                .tool_use(
                    "edit",
                    "edit",
                    json!({"path": "file", "old_text": "far", "new_text": "x"}),
                )
                .tool_use("grep", "grep", json!({"pattern": "far", "cwd": "out"})),
            Reply::text("I see"),
        ]),
    )
    .await;
    rig.run("look", never).await;
    for call in ["read", "file", "write", "edit", "grep"] {
        let (ok, result) = rig.result(call);
        let error = result["error"].as_str().unwrap();
        assert!(!ok && error.contains("leads out of the workspace"), "{call}: {error}");
        assert!(!error.contains("far away"));
    }
    assert!(!rig.workspace.outside().join("new.txt").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_edit_of_a_file_that_changed_meanwhile_gets_a_new_card() {
    let workspace = TempWorkspace::new().file("a.txt", "one\ntwo\n");
    let file = workspace.path().join("a.txt");
    let mut rig = Rig::new(
        workspace,
        script([
            Reply::new().tool_use(
                "t1",
                "edit",
                json!({"path": "a.txt", "old_text": "two", "new_text": "2"}),
            ),
            Reply::text("done"),
        ]),
    )
    .await;
    rig.session.send("edit").unwrap();
    let (first, card, replaces) = rig.card().await;
    assert!(replaces.is_none());
    assert!(matches!(&card, Card::Edit(card) if card.diff.contains("-two\n+2")));
    std::fs::write(&file, "zero\ntwo\n").unwrap();
    rig.session.decide(&answer(first.clone(), Decision::Approve)).unwrap();
    let (second, card, replaces) = rig.card().await;
    assert_eq!(
        std::fs::read_to_string(&file).unwrap(),
        "zero\ntwo\n",
        "the stale edit was not applied"
    );
    assert_eq!(replaces.as_ref(), Some(&first));
    assert!(matches!(&card, Card::Edit(card) if card.diff.contains(" zero\n-two\n+2")), "{card:?}");
    assert!(rig.events.iter().any(|event| matches!(event,
        Event::ApprovalDecided { approval, decision: Decision::Void, .. } if *approval == first)));
    assert!(rig.session.decide(&answer(first, Decision::Approve)).is_err(), "decided once");
    rig.session.decide(&answer(second, Decision::Approve)).unwrap();
    assert_eq!(rig.end().await.0, RunEnd::EndTurn);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "zero\n2\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_stale_edit_whose_text_is_gone_is_an_error_without_a_card() {
    let workspace = TempWorkspace::new().file("a.txt", "one\ntwo\n");
    let file = workspace.path().join("a.txt");
    let mut rig = Rig::new(
        workspace,
        script([
            Reply::new().tool_use(
                "t1",
                "edit",
                json!({"path": "a.txt", "old_text": "two", "new_text": "2"}),
            ),
            Reply::text("done"),
        ]),
    )
    .await;
    rig.run("edit", |card, approval| {
        std::fs::write(&file, "one\n").unwrap();
        approve(card, approval)
    })
    .await;
    assert_eq!(rig.cards(), 1);
    assert!(!rig.result("t1").0);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "one\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_command_whose_script_changed_meanwhile_gets_a_new_card() {
    let workspace = TempWorkspace::new().file("run.sh", "echo good\n");
    let file = workspace.path().join("run.sh");
    let mut rig = Rig::new(
        workspace,
        script([
            Reply::new().tool_use("t1", "exec", json!({"command": "sh run.sh"})),
            Reply::text("done"),
        ]),
    )
    .await;
    let mut number = 0;
    rig.run("run", |card, approval| {
        number += 1;
        if number == 1 {
            std::fs::write(&file, "echo other\n").unwrap();
        }
        approve(card, approval)
    })
    .await;
    assert_eq!(number, 2);
    assert_eq!(rig.result("t1").1["stdout"], "other\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_denied_write_leaves_nothing_behind() {
    let mut rig = Rig::new(
        TempWorkspace::new(),
        script([
            Reply::new().tool_use("t1", "write", json!({"path": "new/deep/a.txt", "content": "x"})),
            Reply::text("done"),
        ]),
    )
    .await;
    rig.run("write", deny("no")).await;
    assert_eq!(std::fs::read_dir(rig.workspace.path()).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn deny_and_stop_ends_the_run_as_refused() {
    let mut rig = Rig::new(
        TempWorkspace::new(),
        script([Reply::new().tool_use("t1", "exec", json!({"command": "rm x"})).tool_use(
            "t2",
            "exec",
            json!({"command": "touch made"}),
        )]),
    )
    .await;
    let end = rig
        .run("x", |_, approval| DecisionInput {
            stop: true,
            feedback: Some("stop it".to_owned()),
            ..answer(approval, Decision::Deny)
        })
        .await;
    assert_eq!(end.0, RunEnd::Refused);
    assert_eq!(rig.cards(), 1, "the later call was not even asked for");
    assert!(!rig.workspace.path().join("made").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn edits_of_one_file_wait_for_each_other_and_others_are_open_together() {
    let mut rig = Rig::new(
        TempWorkspace::new().file("a.txt", "1\n2\n").file("b.txt", "1\n"),
        script([
            Reply::new()
                .tool_use(
                    "a1",
                    "edit",
                    json!({"path": "a.txt", "old_text": "1", "new_text": "one"}),
                )
                .tool_use(
                    "a2",
                    "edit",
                    json!({"path": "./a.txt", "old_text": "2", "new_text": "two"}),
                )
                .tool_use(
                    "b1",
                    "edit",
                    json!({"path": "b.txt", "old_text": "1", "new_text": "one"}),
                ),
            Reply::text("done"),
        ]),
    )
    .await;
    rig.session.send("edit").unwrap();
    let (first, ..) = rig.card().await;
    let (second, ..) = match rig.events.iter().filter(|event| common::is_card(event)).count() {
        2 => {
            let approval = |event: &Event| match event {
                Event::ApprovalRequested { approval, .. } => Some(approval.clone()),
                _ => None,
            };
            (rig.events.iter().filter_map(approval).nth(1).unwrap(), 0)
        }
        _ => (rig.card().await.0, 0),
    };
    let calls: Vec<String> = rig
        .events
        .iter()
        .filter_map(|event| match event {
            Event::ApprovalRequested { call, .. } => Some(call.to_string()),
            _ => None,
        })
        .collect();
    assert_eq!(calls.len(), 2);
    assert!(calls.contains(&"a1".to_owned()) && calls.contains(&"b1".to_owned()), "{calls:?}");
    for approval in [first, second] {
        rig.session.decide(&answer(approval, Decision::Approve)).unwrap();
    }
    let (third, card, replaces) = rig.card().await;
    assert!(replaces.is_none(), "no card is stale from birth");
    assert!(matches!(&card, Card::Edit(card) if card.diff.contains(" one\n-2\n+two")), "{card:?}");
    rig.session.decide(&answer(third, Decision::Approve)).unwrap();
    assert_eq!(rig.end().await.0, RunEnd::EndTurn);
    assert_eq!(rig.workspace.read("a.txt"), "one\ntwo\n");
    assert_eq!(rig.workspace.read("b.txt"), "one\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_yes_for_the_session_covers_its_pattern_and_no_more() {
    let run =
        |id: &str, command: &str| Reply::new().tool_use(id, "exec", json!({"command": command}));
    let mut rig = Rig::new(
        TempWorkspace::new().file("a.txt", "A\n").file("b.txt", "B\n"),
        script([
            run("1", "cat a.txt"),
            run("2", "cat b.txt"),
            run("3", "cat a.txt; echo x"),
            Reply::text("done"),
        ]),
    )
    .await;
    let mut asked = Vec::new();
    rig.run("x", |card, approval| {
        let Card::Exec(card) = card else { panic!("{card:?}") };
        asked.push(card.command.clone());
        if asked.len() > 1 {
            return answer(approval, Decision::Deny);
        }
        assert!(
            card.suggested_patterns.contains(&"cat *".to_owned()),
            "{:?}",
            card.suggested_patterns
        );
        DecisionInput {
            pattern: Some("cat *".to_owned()),
            ..answer(approval, Decision::ApproveSession)
        }
    })
    .await;
    assert_eq!(asked, ["cat a.txt", "cat a.txt; echo x"]);
    assert_eq!(rig.result("2").1["stdout"], "B\n");
    assert!(rig.events.iter().any(|event| matches!(event,
        Event::ApprovalDecided { rule: Some(rule), by: countersign_protocol::DecidedBy::Policy, .. } if rule == "cat *")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_yes_for_edits_of_a_file_covers_that_file() {
    let write = |id: &str, path: &str| {
        Reply::new().tool_use(id, "write", json!({"path": path, "content": id}))
    };
    let mut rig = Rig::new(
        TempWorkspace::new(),
        script([
            write("1", "a.txt"),
            write("2", "a.txt"),
            write("3", "b.txt"),
            Reply::text("done"),
        ]),
    )
    .await;
    let mut asked = 0;
    rig.run("x", |_, approval| {
        asked += 1;
        match asked {
            1 => DecisionInput {
                scope: Some(EditScope::File),
                ..answer(approval, Decision::ApproveSession)
            },
            _ => answer(approval, Decision::Deny),
        }
    })
    .await;
    assert_eq!(asked, 2);
    assert_eq!(rig.workspace.read("a.txt"), "2");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_revised_write_is_applied_as_revised_and_told_so() {
    let mut rig = Rig::new(
        TempWorkspace::new(),
        script([
            Reply::new().tool_use("t1", "write", json!({"path": "a.txt", "content": "theirs\n"})),
            Reply::text("done"),
        ]),
    )
    .await;
    rig.run("x", |_, approval| DecisionInput {
        text: Some("mine\n".to_owned()),
        ..answer(approval, Decision::Approve)
    })
    .await;
    assert_eq!(rig.workspace.read("a.txt"), "mine\n");
    let (ok, result) = rig.result("t1");
    assert!(ok && result["applied"].as_str().unwrap().contains("+mine"), "{result}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn settings_that_allow_are_told_as_the_policy_s_decision() {
    let over = Overrides {
        exec_security: Some(ExecSecurity::Allowlist),
        allow: vec!["echo *".to_owned()],
        file_approval: Some(FileApproval::None),
        ..Overrides::default()
    };
    let mut rig =
        Rig::with(
            TempWorkspace::new(),
            script([
                Reply::new()
                    .tool_use("w", "write", json!({"path": "a.txt", "content": "x"}))
                    .tool_use("e", "exec", json!({"command": "echo 'a  b' c"})),
                Reply::text("done"),
            ]),
            over,
        )
        .await;
    assert_eq!(rig.run("x", never).await.0, RunEnd::EndTurn);
    assert_eq!(rig.result("e").1["stdout"], "a  b c\n");
    let decided = rig.events.iter().filter(|event| {
        matches!(
            event,
            Event::ApprovalDecided {
                by: countersign_protocol::DecidedBy::Policy,
                rule: Some(_),
                ..
            }
        )
    });
    assert_eq!(decided.count(), 2);
}
