//! Rules that people make on cards: how long they hold, what is told of them, and how they end; and
//! the rules that a workspace brings.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::wildcard_enum_match_arm, missing_docs)]

mod common;

use common::{Rig, answer, deny, never};
use countersign_agent::{all_rules, revoke_rule};
use countersign_protocol::{
    ApprovalId, Card, DecidedBy, Decision, DecisionInput, Event, RuleGrant, RuleId,
};
use countersign_testkit::{Reply, Script, TempWorkspace};
use serde_json::json;

fn script(replies: impl IntoIterator<Item = Reply>) -> Script {
    Script::new(replies)
}

fn run(id: &str, command: &str) -> Reply {
    Reply::new().tool_use(id, "exec", json!({"command": command}))
}

fn cat_a() -> Script {
    script([run("1", "cat a.txt"), Reply::text("done")])
}

fn with_a() -> TempWorkspace {
    TempWorkspace::new().file("a.txt", "A\n")
}

fn always(approval: ApprovalId) -> DecisionInput {
    DecisionInput { pattern: Some("cat *".to_owned()), ..answer(approval, Decision::ApproveAlways) }
}

/// What decided by the policy: the rule in words, and the person's own rules.
fn by_policy(rig: &Rig) -> Vec<(String, Vec<RuleId>)> {
    rig.events
        .iter()
        .filter_map(|event| match event {
            Event::ApprovalDecided {
                by: DecidedBy::Policy, rule: Some(rule), rule_ids, ..
            } => Some((rule.clone(), rule_ids.clone())),
            _ => None,
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_lasting_rule_holds_in_the_next_session_and_is_counted() {
    let mut first = Rig::new(with_a(), cat_a()).await;
    first.run("x", |_, approval| always(approval)).await;
    let made = all_rules(&first.folders).unwrap();
    let [rule] = made.as_slice() else { panic!("{made:?}") };
    assert_eq!(rule.grant, RuleGrant::Command { pattern: "cat *".to_owned() });
    assert_eq!((rule.source.as_str(), rule.uses, rule.lasting), ("cat a.txt", 0, true));
    assert_eq!(rule.session, *first.session.id());
    assert!(first.events.iter().any(|event| matches!(event,
        Event::ApprovalDecided { by: DecidedBy::User, rule_ids, .. } if *rule_ids == [rule.id.clone()])));

    let mut second = Rig::new(first.workspace, cat_a()).await;
    second.run("x", never).await;
    assert_eq!(by_policy(&second), [("cat *".to_owned(), vec![rule.id.clone()])]);
    let used = &all_rules(&second.folders).unwrap()[0];
    assert_eq!(used.uses, 1);
    assert!(used.last_used.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_rule_that_is_revoked_elsewhere_asks_at_the_very_next_call() {
    let write = Reply::new().tool_use("2", "write", json!({"path": "b.txt", "content": "B"}));
    let mut rig = Rig::new(
        with_a(),
        script([run("1", "cat a.txt"), write, run("3", "cat a.txt"), Reply::text("done")]),
    )
    .await;
    let folders = rig.folders.clone();
    let mut cards = 0;
    rig.run("x", |card, approval| {
        cards += 1;
        match (cards, card) {
            (1, Card::Exec(_)) => always(approval),
            (2, Card::Write(_)) => {
                let rule = all_rules(&folders).unwrap()[0].id.clone();
                revoke_rule(&folders, &rule).unwrap().expect("it was in force");
                assert!(revoke_rule(&folders, &rule).unwrap().is_none(), "it is revoked once");
                answer(approval, Decision::Approve)
            }
            (3, Card::Exec(_)) => answer(approval, Decision::Deny),
            _ => panic!("{card:?}"),
        }
    })
    .await;
    assert_eq!(cards, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_rule_for_the_session_ends_with_it() {
    let mut first = Rig::new(with_a(), cat_a()).await;
    first
        .run("x", |_, approval| DecisionInput {
            decision: Decision::ApproveSession,
            ..always(approval)
        })
        .await;
    assert!(!all_rules(&first.folders).unwrap()[0].lasting);
    let mut second = Rig::new(first.workspace, cat_a()).await;
    second.run("x", deny("no")).await;
    assert_eq!(second.cards(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_rule_has_the_end_that_was_asked_for() {
    let mut rig = Rig::new(with_a(), cat_a()).await;
    rig.run("x", |_, approval| DecisionInput { expires_in: Some(3_600), ..always(approval) }).await;
    let rule = &all_rules(&rig.folders).unwrap()[0];
    let length = |from: &str, to: &str| {
        let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap();
        at(to).duration_since(at(from)).as_secs()
    };
    assert_eq!(length(&rule.made, rule.expires.as_deref().unwrap()), 3_600);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_look_that_is_kept_for_the_session_is_told_each_time_and_can_be_ended() {
    let workspace = TempWorkspace::new();
    let outside = workspace.root().join("notes.txt");
    std::fs::write(&outside, "outside\n").unwrap();
    let read = |id: &str| Reply::new().tool_use(id, "read", json!({"path": outside}));
    let mut rig = Rig::new(
        workspace,
        script([read("1"), read("2"), Reply::text("done"), read("3"), Reply::text("done")]),
    )
    .await;
    rig.run("x", |card, approval| {
        assert!(matches!(card, Card::Path(_)));
        answer(approval, Decision::ApproveSession)
    })
    .await;
    assert_eq!(rig.cards(), 1);
    assert!(rig.result("2").0);
    let rule = all_rules(&rig.folders).unwrap()[0].clone();
    assert_eq!((rule.uses, rule.lasting), (1, false));
    let told = by_policy(&rig);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].1, std::slice::from_ref(&rule.id));
    assert!(told[0].0.contains("notes.txt"), "{told:?}");

    revoke_rule(&rig.folders, &rule.id).unwrap().expect("it was in force");
    rig.run("again", deny("no")).await;
    assert_eq!(rig.cards(), 2);
    assert!(!rig.result("3").0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_the_workspace_forbids_no_rule_and_no_look_reaches() {
    let workspace = with_a()
        .file(".countersign.toml", "deny = [\"vault\", \"cat b.txt\"]\nask = [\"notes/**\"]\n")
        .file("b.txt", "B\n")
        .file("vault/key.txt", "KEY-31\n")
        .file("notes/n.txt", "NOTE-31\n");
    let calls = [
        ("1", "exec", json!({"command": "cat a.txt"})),
        ("2", "exec", json!({"command": "cat vault/key.txt"})),
        ("3", "exec", json!({"command": "cat b.txt"})),
        ("4", "read", json!({"path": "vault/key.txt"})),
        ("5", "grep", json!({"pattern": "31"})),
        ("6", "glob", json!({"pattern": "**/*.txt"})),
        ("7", "read", json!({"path": "notes/n.txt"})),
        ("8", "exec", json!({"command": "cat notes/n.txt"})),
    ];
    let replies =
        calls.iter().map(|(id, tool, args)| Reply::new().tool_use(*id, *tool, args.clone()));
    let mut rig = Rig::new(workspace, script(replies.chain([Reply::text("done")]))).await;
    let mut asked = Vec::new();
    rig.run("x", |card, approval| {
        asked.push(match card {
            Card::Exec(card) => card.command.clone(),
            Card::Path(card) => card.path.clone(),
            _ => panic!("{card:?}"),
        });
        if asked.len() == 1 { always(approval) } else { answer(approval, Decision::Deny) }
    })
    .await;
    assert_eq!(asked, ["cat a.txt", "notes/n.txt", "cat notes/n.txt"]);
    for id in ["2", "3", "4"] {
        let (ok, result) = rig.result(id);
        assert!(
            !ok && result["error"].as_str().unwrap().contains("denied by the rule"),
            "{result}"
        );
    }
    assert_eq!(rig.result("5").1["matches"], json!([]), "neither is searched");
    let files = rig.result("6").1["files"].to_string();
    assert!(
        files.contains("a.txt") && files.contains("n.txt") && !files.contains("key.txt"),
        "{files}"
    );
}
