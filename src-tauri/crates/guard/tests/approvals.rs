//! Proposals and their decisions: once each, in time, by the one who was asked.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::wildcard_enum_match_arm, missing_docs)]

use countersign_guard::{
    ARMING, Action, Answer, DecideError, Policy, PolicySettings, Receipt, Supervisor, Verdict,
    Workspace,
};
use countersign_protocol::{ApprovalId, Decision, DecisionInput, EditScope, FileApproval};
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

fn open(settings: PolicySettings) -> (TempDir, Workspace) {
    let folder = tempfile::tempdir().unwrap();
    let supervisor = Supervisor::this_program().unwrap();
    let workspace = Workspace::open(
        folder.path(),
        &[],
        Policy::new(settings, Vec::new()),
        supervisor,
        Vec::new(),
    )
    .unwrap();
    (folder, workspace)
}

fn write(workspace: &Workspace, path: &str, content: &str) -> Action {
    let action = workspace.view().propose_write(path, content).unwrap();
    match workspace.judge(action) {
        Verdict::Ask { action, .. } => action,
        other => panic!("{other:?}"),
    }
}

fn id(text: &str) -> ApprovalId {
    ApprovalId::new(text)
}

fn input(approval: &str, decision: Decision) -> DecisionInput {
    DecisionInput::new(id(approval), decision)
}

async fn perform(workspace: &Workspace, answer: Answer) -> Receipt {
    let Answer::Approved { approved, .. } = answer else { panic!("{answer:?}") };
    workspace.check(&approved).unwrap();
    let (live, _unread) = mpsc::channel(1);
    workspace.perform(approved, live, CancellationToken::new()).await.unwrap()
}

#[tokio::test]
async fn a_proposal_is_decided_once() {
    let (folder, workspace) = open(PolicySettings::default());
    let broker = workspace.broker();
    let pending = broker.open(id("a"), write(&workspace, "a.txt", "x"));
    assert_eq!(broker.decide(&input("b", Decision::Approve)), Err(DecideError::Unknown(id("b"))));
    broker.decide(&input("a", Decision::Approve)).unwrap();
    for decision in [Decision::Approve, Decision::Deny] {
        assert_eq!(broker.decide(&input("a", decision)), Err(DecideError::Decided(id("a"))));
    }
    perform(&workspace, pending.answer().await).await;
    assert_eq!(std::fs::read_to_string(folder.path().join("a.txt")).unwrap(), "x");
}

#[tokio::test]
async fn an_answer_never_spreads() {
    let (folder, workspace) = open(PolicySettings::default());
    let broker = workspace.broker();
    let first = broker.open(id("a"), write(&workspace, "a.txt", "x"));
    let second = broker.open(id("b"), write(&workspace, "b.txt", "x"));
    broker.decide(&input("a", Decision::Approve)).unwrap();
    broker.decide(&input("b", Decision::Deny)).unwrap();
    perform(&workspace, first.answer().await).await;
    assert!(matches!(second.answer().await, Answer::Denied { .. }));
    assert!(!folder.path().join("b.txt").exists());
}

#[tokio::test]
async fn a_lost_channel_denies() {
    let (_folder, workspace) = open(PolicySettings::default());
    let pending = workspace.broker().open(id("a"), write(&workspace, "a.txt", "x"));
    workspace.broker().lose_all();
    assert!(matches!(pending.answer().await, Answer::Lost));
    let late = workspace.broker().decide(&input("a", Decision::Approve));
    assert_eq!(late, Err(DecideError::Decided(id("a"))));

    let pending = workspace.broker().open(id("b"), write(&workspace, "a.txt", "x"));
    drop(workspace);
    assert!(matches!(pending.answer().await, Answer::Lost));
}

#[tokio::test]
async fn a_decision_on_a_drawn_card_counts_only_after_arming_and_on_its_revision() {
    let (_folder, workspace) = open(PolicySettings::default());
    let broker = workspace.broker();
    let pending = broker.open(id("a"), write(&workspace, "a.txt", "x"));
    let on = |revision| DecisionInput { revision: Some(revision), ..input("a", Decision::Approve) };
    assert_eq!(broker.decide(&on(1)), Err(DecideError::TooSoon));
    tokio::time::sleep(ARMING).await;
    assert_eq!(broker.decide(&on(0)), Err(DecideError::OldRevision));
    assert_eq!(broker.decide(&on(2)), Err(DecideError::OldRevision));
    broker.decide(&on(1)).unwrap();
    assert!(matches!(pending.answer().await, Answer::Approved { .. }));
}

#[test]
fn decisions_that_make_no_sense_leave_the_card_open() {
    let (_folder, workspace) = open(PolicySettings::default());
    let broker = workspace.broker();
    let _write = broker.open(id("w"), write(&workspace, "a.txt", "x"));
    let _sensitive = broker.open(id("s"), write(&workspace, ".git/hooks/pre-commit", "x"));
    let exec = workspace.view().propose_exec(countersign_guard::ExecRequest {
        command: "bash -c ls".to_owned(),
        ..Default::default()
    });
    let Verdict::Ask { action, .. } = workspace.judge(exec.unwrap()) else { panic!() };
    let _exec = broker.open(id("e"), action);
    for wrong in [
        input("w", Decision::Void),
        input("w", Decision::ApproveSession),
        DecisionInput { pattern: Some("ls".into()), ..input("w", Decision::Approve) },
        DecisionInput { stop: true, ..input("w", Decision::Approve) },
        DecisionInput { scope: Some(EditScope::File), ..input("w", Decision::Approve) },
        DecisionInput { hunks: Some(vec![9]), ..input("w", Decision::Approve) },
        DecisionInput { scope: Some(EditScope::File), ..input("s", Decision::ApproveSession) },
        DecisionInput { pattern: Some("bash *".into()), ..input("e", Decision::ApproveAlways) },
        DecisionInput { text: Some("x".into()), ..input("e", Decision::Approve) },
    ] {
        assert!(matches!(broker.decide(&wrong), Err(DecideError::Senseless(_))), "{wrong:?}");
    }
    assert_eq!(broker.waiting(), 3);
}

#[tokio::test]
async fn what_was_revised_is_what_is_written() {
    let (folder, workspace) = open(PolicySettings::default());
    let path = folder.path().join("a.txt");
    let lines = |change: &[usize]| -> String {
        (0..40)
            .map(
                |line| {
                    if change.contains(&line) { "new\n".to_owned() } else { format!("{line}\n") }
                },
            )
            .collect()
    };
    std::fs::write(&path, lines(&[])).unwrap();
    let pending = workspace.broker().open(id("a"), write(&workspace, "a.txt", &lines(&[2, 35])));
    let keep = DecisionInput { hunks: Some(vec![2]), ..input("a", Decision::Approve) };
    workspace.broker().decide(&keep).unwrap();
    let Receipt::Written { diff, .. } = perform(&workspace, pending.answer().await).await else {
        panic!()
    };
    assert_eq!(std::fs::read_to_string(&path).unwrap(), lines(&[35]));
    assert!(diff.contains("-35\n+new") && !diff.contains("-2\n"), "{diff}");
}

#[tokio::test]
async fn a_rule_for_edits_never_covers_sensitive_linked_or_outside_files() {
    let none = PolicySettings { file_approval: FileApproval::None, ..PolicySettings::default() };
    let (folder, workspace) = open(none);
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("real.txt"), "x").unwrap();
    std::os::unix::fs::symlink("real.txt", folder.path().join("link.txt")).unwrap();
    std::fs::hard_link(folder.path().join("real.txt"), folder.path().join("twin.txt")).unwrap();
    let outside = outside.path().join("a.txt").display().to_string();
    for path in [".git/config", ".env", "AGENTS.md", "link.txt", "twin.txt", outside.as_str()] {
        let action = workspace.view().propose_write(path, "new").unwrap();
        assert!(matches!(workspace.judge(action), Verdict::Ask { .. }), "{path}");
    }
    let plain = workspace.view().propose_write("plain.txt", "new").unwrap();
    assert!(matches!(workspace.judge(plain), Verdict::Allow { .. }));
}

#[test]
fn what_the_workspace_brings_can_only_tighten() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join(".countersign.toml"),
        "deny = [\"npm publish *\", \"vendor/**\"]\nask = [\"docs/**\"]\nexec_security = \"allow-always\"\n",
    )
    .unwrap();
    let settings =
        PolicySettings { file_approval: FileApproval::None, ..PolicySettings::default() };
    let supervisor = Supervisor::this_program().unwrap();
    let workspace = Workspace::open(
        folder.path(),
        &[],
        Policy::new(settings, Vec::new()),
        supervisor,
        Vec::new(),
    )
    .unwrap();
    let judge = |path: &str| workspace.judge(workspace.view().propose_write(path, "x").unwrap());
    assert!(matches!(judge("vendor/a.txt"), Verdict::Deny { .. }));
    assert!(matches!(judge("docs/a.txt"), Verdict::Ask { .. }));
    assert!(matches!(judge("src/a.txt"), Verdict::Allow { .. }));
    let run = |command: &str| {
        let request =
            countersign_guard::ExecRequest { command: command.to_owned(), ..Default::default() };
        workspace.judge(workspace.view().propose_exec(request).unwrap())
    };
    assert!(matches!(run("npm publish now"), Verdict::Deny { .. }));
    assert!(matches!(run("cd x && npm publish now"), Verdict::Deny { .. }));
    assert!(matches!(run("ls"), Verdict::Ask { .. }), "it loosens nothing");
}

#[test]
fn a_workspace_never_holds_the_program_s_own_folders() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("home/data");
    std::fs::create_dir_all(&data).unwrap();
    let open = |path: &std::path::Path| {
        let policy = Policy::new(PolicySettings::default(), Vec::new());
        let supervisor = Supervisor::this_program().unwrap();
        Workspace::open(path, std::slice::from_ref(&data), policy, supervisor, Vec::new())
    };
    assert!(open(folder.path()).is_err());
    assert!(open(&data).is_err());
    assert!(open(std::path::Path::new("/")).is_err());
    let beside = folder.path().join("home/beside");
    std::fs::create_dir(&beside).unwrap();
    assert!(open(&beside).is_ok());
}
