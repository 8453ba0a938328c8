//! A proposal that the person edits on its card: the guard makes the new one, and that is approved.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::wildcard_enum_match_arm, missing_docs)]

mod common;

use common::{Rig, answer};
use countersign_protocol::{Card, Decision, DecisionInput, Event, RunEnd};
use countersign_testkit::{Reply, Script, TempWorkspace};
use serde_json::json;

fn place() -> TempWorkspace {
    TempWorkspace::new().file("a.txt", "one\ntwo\nthree\n")
}

fn script() -> Script {
    let edit = json!({"path": "a.txt", "old_text": "two", "new_text": "2"});
    Script::new([Reply::new().tool_use("e", "edit", edit), Reply::text("done")])
}

/// The revision, the text and the diff of a card as it was told.
fn told(event: &Event) -> (u32, Option<&str>, &str) {
    match event {
        Event::ApprovalRequested { revision, text, card: Card::Edit(card), .. } => {
            (*revision, text.as_deref(), &card.diff)
        }
        other => panic!("{other:?}"),
    }
}

fn at_revision(wanted: u32) -> impl Fn(&Event) -> bool {
    move |event| matches!(event, Event::ApprovalRequested { revision, .. } if *revision == wanted)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_edited_proposal_is_told_anew_and_is_what_is_written() {
    let mut rig = Rig::new(place(), script()).await;
    rig.session.send("do it").unwrap();
    let (approval, ..) = rig.card().await;
    rig.session.revise(&approval, 1, Some("one\nzwei\nthree\nfour\n")).unwrap();
    let again = rig.until(at_revision(2)).await;
    let (_, text, diff) = told(&again);
    assert_eq!(text, Some("one\nzwei\nthree\nfour\n"));
    assert!(diff.contains("+zwei") && diff.contains("+four") && !diff.contains("+2"), "{diff}");
    assert!(rig.session.revise(&approval, 1, Some("late")).is_err(), "an older revision");
    let old = DecisionInput { revision: Some(1), ..answer(approval.clone(), Decision::Approve) };
    assert!(rig.session.decide(&old).is_err(), "a decision on the older card");
    assert_eq!(rig.workspace.read("a.txt"), "one\ntwo\nthree\n");
    // Only a part of what was edited.
    let part = DecisionInput { hunks: Some(vec![1]), ..answer(approval, Decision::Approve) };
    rig.session.decide(&part).unwrap();
    assert_eq!(rig.end().await, (RunEnd::EndTurn, None));
    assert_eq!(rig.workspace.read("a.txt"), "one\nzwei\nthree\nfour\n", "both are one hunk here");
    let (_, result) = rig.result("e");
    assert!(result["applied"].as_str().unwrap().contains("+zwei"), "{result}");
    assert!(rig.events.iter().any(|event| matches!(event,
        Event::ApprovalDecided { text: Some(text), .. } if text.contains("zwei"))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_proposal_goes_back_to_what_the_model_proposed() {
    let mut rig = Rig::new(place(), script()).await;
    rig.session.send("do it").unwrap();
    let (approval, ..) = rig.card().await;
    rig.session.revise(&approval, 1, Some("other\n")).unwrap();
    rig.session.revise(&approval, 2, None).unwrap();
    let back = rig.until(at_revision(3)).await;
    assert!(told(&back).2.contains("+2"));
    rig.session.decide(&answer(approval, Decision::Approve)).unwrap();
    rig.end().await;
    assert_eq!(rig.workspace.read("a.txt"), "one\n2\nthree\n");
    assert!(rig.result("e").1.get("applied").is_none(), "it is the model's own");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_edited_card_comes_again_as_it_was_edited() {
    let mut rig = Rig::new(place(), script()).await;
    rig.session.send("do it").unwrap();
    let (before, ..) = rig.card().await;
    rig.session.revise(&before, 1, Some("mine\n")).unwrap();
    rig.until(at_revision(2)).await;
    let cut = rig.journal();
    drop(rig);
    let mut rig = Rig::resumed(place(), &cut, Script::new([Reply::text("done")])).await;
    rig.session.go_on().unwrap();
    let again = rig.until(at_revision(2)).await;
    assert_eq!(told(&again).1, Some("mine\n"));
    rig.session.decide(&answer(before, Decision::Approve)).unwrap();
    assert_eq!(rig.end().await, (RunEnd::EndTurn, None));
    assert_eq!(rig.workspace.read("a.txt"), "mine\n");
}
