//! Going on after an interruption: from every place at which the journal may have stopped.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::wildcard_enum_match_arm, missing_docs)]

mod common;

use common::{Rig, answer, approve};
use countersign_agent::{
    Folders, ModelChoice, Overrides, Session, SessionOptions, Settings, connect, open_store,
};
use countersign_protocol::{
    ApprovalId, Card, Decision, DecisionInput, Envelope, Event, RunEnd, SessionId,
};
use countersign_provider::Secret;
use countersign_testkit::{Reply, Script, TempWorkspace};
use serde_json::{Value, json};

fn write(content: &str) -> Reply {
    Reply::new().tool_use("w", "write", json!({"path": "a.txt", "content": content}))
}

fn append() -> Reply {
    Reply::new().tool_use("x", "exec", json!({"command": "echo ran >> counter.txt"}))
}

fn place() -> TempWorkspace {
    TempWorkspace::new().file("a.txt", "one\ntwo\nthree\n")
}

/// The journal of a whole run in which every card is answered by `decide`, cut after the first event
/// that is wanted.
async fn journal(
    reply: Reply,
    decide: impl FnMut(&Card, ApprovalId) -> DecisionInput,
    last: impl Fn(&Event) -> bool,
) -> Vec<Envelope> {
    let mut rig = Rig::new(place(), Script::new([reply, Reply::text("done")])).await;
    rig.run("do it", decide).await;
    let whole = rig.journal();
    let end =
        whole.iter().position(|envelope| last(&envelope.event)).expect("there is such an event");
    whole[..=end].to_vec()
}

fn decided(event: &Event) -> bool {
    matches!(event, Event::ApprovalDecided { .. })
}

fn requested(event: &Event) -> bool {
    matches!(event, Event::ApprovalRequested { .. })
}

/// Each kind of event of a journal, by its wire name.
fn kinds(events: &[Envelope]) -> Vec<String> {
    events
        .iter()
        .map(|envelope| {
            let value = serde_json::to_value(&envelope.event).unwrap();
            value["type"].as_str().unwrap().to_owned()
        })
        .collect()
}

fn assert_gapless(events: &[Envelope]) {
    let seqs: Vec<u64> = events.iter().map(|envelope| envelope.seq.unwrap()).collect();
    assert_eq!(seqs, (1..=events.len() as u64).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_open_card_is_shown_again_under_its_id() {
    let cut = journal(write("new\n"), approve, requested).await;
    let Event::ApprovalRequested { approval: before, .. } = &cut.last().unwrap().event else {
        unreachable!()
    };
    let mut rig = Rig::resumed(place(), &cut, Script::new([Reply::text("done")])).await;
    assert!(rig.session.paused().is_some(), "nothing goes on by itself");
    assert_eq!(rig.journal().len(), cut.len(), "taking up journals nothing");
    assert!(rig.session.go_on().unwrap());
    let (approval, _, replaces) = rig.card().await;
    assert_eq!((&approval, replaces), (before, None));
    assert_eq!(rig.workspace.read("a.txt"), "one\ntwo\nthree\n");
    rig.session.decide(&answer(approval, Decision::Approve)).unwrap();
    assert_eq!(rig.end().await, (RunEnd::EndTurn, None));
    assert_eq!(rig.workspace.read("a.txt"), "new\n");
    rig.server.assert_well_formed();
    let whole = rig.journal();
    assert_gapless(&whole);
    let kinds = kinds(&whole);
    let count = |kind: &str| kinds.iter().filter(|known| *known == kind).count();
    assert_eq!(
        [count("session_resumed"), count("message"), count("tool_call"), count("approval_decided")],
        [1, 2, 1, 1]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_card_that_would_be_another_one_replaces_the_open_one() {
    let cut = journal(write("new\n"), approve, requested).await;
    let Event::ApprovalRequested { approval: before, .. } = &cut.last().unwrap().event else {
        unreachable!()
    };
    let changed = TempWorkspace::new().file("a.txt", "mine\n");
    let mut rig = Rig::resumed(changed, &cut, Script::new([Reply::text("done")])).await;
    rig.session.go_on().unwrap();
    let (approval, card, replaces) = rig.card().await;
    assert_ne!(approval, *before);
    assert_eq!(replaces.as_ref(), Some(before));
    assert!(matches!(card, Card::Write(card) if card.diff.contains("-mine")));
    assert!(rig.events.iter().any(|event| matches!(event,
        Event::ApprovalDecided { approval, decision: Decision::Void, .. } if approval == before)));
    rig.session.decide(&answer(approval, Decision::Deny)).unwrap();
    rig.end().await;
    assert_eq!(rig.workspace.read("a.txt"), "mine\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_was_approved_and_had_not_begun_is_begun() {
    for reply in [write("new\n"), append()] {
        let cut = journal(reply, approve, decided).await;
        let mut rig = Rig::resumed(place(), &cut, Script::new([Reply::text("done")])).await;
        rig.session.go_on().unwrap();
        assert_eq!(rig.end().await, (RunEnd::EndTurn, None));
        assert_eq!(rig.cards(), 0, "it was approved already");
        let counted = rig.workspace.path().join("counter.txt");
        match std::fs::read_to_string(counted) {
            Ok(ran) => assert_eq!(ran, "ran\n"),
            Err(_) => assert_eq!(rig.workspace.read("a.txt"), "new\n"),
        }
        assert_eq!(
            kinds(&rig.journal()).iter().filter(|kind| *kind == "approval_decided").count(),
            1
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_the_person_revised_is_what_is_begun() {
    let revise = |_: &Card, approval| DecisionInput {
        text: Some("as I want it\n".to_owned()),
        ..answer(approval, Decision::Approve)
    };
    let cut = journal(write("new\n"), revise, decided).await;
    let mut rig = Rig::resumed(place(), &cut, Script::new([Reply::text("done")])).await;
    rig.session.go_on().unwrap();
    rig.end().await;
    assert_eq!(rig.workspace.read("a.txt"), "as I want it\n");
    let (_, result) = rig.result("w");
    assert!(result["applied"].as_str().unwrap().contains("+as I want it"), "{result}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_was_approved_and_has_changed_since_asks_anew() {
    let cut = journal(write("new\n"), approve, decided).await;
    let changed = TempWorkspace::new().file("a.txt", "mine\n");
    let mut rig = Rig::resumed(changed, &cut, Script::new([Reply::text("done")])).await;
    rig.session.go_on().unwrap();
    let (approval, card, replaces) = rig.card().await;
    assert!(replaces.is_some());
    assert_eq!(rig.workspace.read("a.txt"), "mine\n", "nothing is done before the new answer");
    assert!(matches!(card, Card::Write(card) if card.reasons[0].contains("approved it before")));
    rig.session.decide(&answer(approval, Decision::Approve)).unwrap();
    rig.end().await;
    assert_eq!(rig.workspace.read("a.txt"), "new\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_approved_command_whose_script_has_changed_asks_anew() {
    let run = Reply::new().tool_use("x", "exec", json!({"command": "sh a.txt"}));
    let cut = journal(run, approve, decided).await;
    let changed = TempWorkspace::new().file("a.txt", "echo other > made.txt\n");
    let mut rig = Rig::resumed(changed, &cut, Script::new([Reply::text("done")])).await;
    rig.session.go_on().unwrap();
    let (approval, ..) = rig.card().await;
    assert!(!rig.workspace.path().join("made.txt").exists());
    rig.session.decide(&answer(approval, Decision::Deny)).unwrap();
    rig.end().await;
    assert!(!rig.workspace.path().join("made.txt").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_had_begun_is_told_as_interrupted_and_not_begun_again() {
    let started = |event: &Event| matches!(event, Event::ToolStarted { .. });
    let cut = journal(append(), approve, started).await;
    let after = place().file("counter.txt", "ran\n");
    let mut rig = Rig::resumed(after, &cut, Script::new([Reply::text("done")])).await;
    rig.session.go_on().unwrap();
    assert_eq!(rig.end().await, (RunEnd::EndTurn, None));
    assert_eq!(rig.workspace.read("counter.txt"), "ran\n");
    let (ok, result) = rig.result("x");
    assert!(!ok && result["error"].as_str().unwrap().contains("interrupted"), "{result}");
    let sent = rig.server.requests()[0]["messages"][2]["content"][0].clone();
    assert_eq!(sent["is_error"], true);
    assert_eq!(rig.cards(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_denial_reaches_the_model_and_a_stop_ends_the_run() {
    let words = |stop| {
        move |_: &Card, approval| DecisionInput {
            feedback: Some("not that file".to_owned()),
            stop,
            ..answer(approval, Decision::Deny)
        }
    };
    let cut = journal(write("new\n"), words(false), decided).await;
    let mut rig = Rig::resumed(place(), &cut, Script::new([Reply::text("done")])).await;
    rig.session.go_on().unwrap();
    assert_eq!(rig.end().await, (RunEnd::EndTurn, None));
    assert!(rig.result("w").1["error"].as_str().unwrap().contains("not that file"));
    assert_eq!(rig.cards(), 0);

    let cut = journal(write("new\n"), words(true), decided).await;
    let mut rig = Rig::resumed(place(), &cut, Script::new(Vec::<Reply>::new())).await;
    rig.session.go_on().unwrap();
    assert_eq!(rig.end().await.0, RunEnd::Refused);
    assert!(rig.server.requests().is_empty(), "the model is not asked");
    assert_eq!(rig.workspace.read("a.txt"), "one\ntwo\nthree\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn from_every_place_the_run_comes_to_the_same_end() {
    let mut whole = Rig::new(place(), Script::new([write("new\n"), Reply::text("done")])).await;
    whole.run("do it", approve).await;
    let whole = whole.journal();
    for end in 2..whole.len() {
        let cut = &whole[..end];
        let has = |wanted: &str| kinds(cut).iter().any(|kind| kind == wanted);
        let messages = kinds(cut).iter().filter(|kind| *kind == "message").count();
        let acted = has("tool_finished") || has("files_changed");
        let at = if acted { TempWorkspace::new().file("a.txt", "new\n") } else { place() };
        let rest = [write("new\n"), Reply::text("done")].into_iter().skip(messages);
        let mut rig = Rig::resumed(at, cut, Script::new(rest)).await;
        assert!(rig.session.go_on().unwrap(), "after {end}");
        if !has("approval_decided") {
            let (approval, ..) = rig.card().await;
            rig.session.decide(&answer(approval, Decision::Approve)).unwrap();
        }
        assert_eq!(rig.end().await, (RunEnd::EndTurn, None), "after {end}");
        let started = has("tool_started") && !acted;
        let wanted = if started { "one\ntwo\nthree\n" } else { "new\n" };
        assert_eq!(rig.workspace.read("a.txt"), wanted, "after {end}");
        rig.server.assert_well_formed();
        assert_eq!(rig.server.unused(), 0, "after {end}");
        let journal = rig.journal();
        assert_gapless(&journal);
        assert_eq!(kinds(&journal[..end]), kinds(cut), "what was journaled stays");
        let kinds = kinds(&journal);
        for (kind, count) in
            [("message", 2), ("tool_started", 1), ("tool_finished", 1), ("run_finished", 1)]
        {
            assert_eq!(
                kinds.iter().filter(|known| *known == kind).count(),
                count,
                "{kind} after {end}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn words_said_to_a_run_that_stands_still_go_on_with_it() {
    let cut = journal(write("new\n"), approve, requested).await;
    let mut rig = Rig::resumed(place(), &cut, Script::new([Reply::text("done")])).await;
    rig.session.send("and hurry").unwrap();
    let (approval, ..) = rig.card().await;
    rig.session.decide(&answer(approval, Decision::Approve)).unwrap();
    assert_eq!(rig.end().await, (RunEnd::EndTurn, None));
    let messages = rig.server.requests()[0]["messages"].clone();
    let last: &Value = messages.as_array().unwrap().last().unwrap();
    assert_eq!(last["content"][1]["text"], "and hurry");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_session_that_is_open_elsewhere_can_only_be_read() {
    let cut = journal(write("new\n"), approve, requested).await;
    let rig = Rig::resumed(place(), &cut, Script::new([Reply::text("done")])).await;
    let second = take_up(&rig.folders, &rig.workspace, rig.session.id());
    assert!(second.read_only().unwrap().contains("Another Countersign"));
    assert!(second.go_on().is_err() && second.send("more").is_err());
    assert_eq!(rig.journal().len(), cut.len(), "nothing was journaled by the second");
    drop(second);
    let Rig { session, folders, workspace, .. } = rig;
    drop(session);
    let third = take_up(&folders, &workspace, &cut[0].session);
    assert_eq!(third.read_only(), None, "the first one let go of it");
}

/// Takes up a session as a second program would.
fn take_up(folders: &Folders, workspace: &TempWorkspace, id: &SessionId) -> Session {
    let settings = Settings::load(folders.settings_file(), Overrides::default()).unwrap();
    let choice = ModelChoice { key: Some(Secret::new(common::KEY)), ..ModelChoice::default() };
    let options = SessionOptions {
        workspace: &workspace.path(),
        folders,
        settings: &settings,
        provider: connect(folders, &settings, &choice).unwrap(),
        store: open_store(folders).unwrap(),
    };
    Session::resume(options, id).unwrap()
}
