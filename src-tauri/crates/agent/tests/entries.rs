//! What the person does to files in the window, beside what the agent does; and git's states in the tree.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::wildcard_enum_match_arm, missing_docs)]

mod common;

use common::{KEY, answer};
use countersign_agent::{Engine, EngineOptions, FeedReader};
use countersign_protocol::{
    ApprovalId, ChangeScope, Decision, ErrorCode, Event, Feed, GitState, Op, ProviderKind, Query,
    QueryAnswer, SessionChanges, SessionId, WireError,
};
use countersign_testkit::{ModelServer, Reply, Script, TempWorkspace};
use serde_json::json;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);

struct Window {
    engine: Engine,
    reader: FeedReader,
    events: Vec<Event>,
    branch: Option<String>,
}

async fn window(workspace: &TempWorkspace, settings: &str) -> Window {
    let own = workspace.root().join("own");
    std::fs::create_dir_all(own.join("settings")).unwrap();
    let config = own.join("settings/config.toml");
    std::fs::write(&config, settings).unwrap();
    let options = EngineOptions {
        data_dir: Some(own.join("data")),
        config: Some(config),
        workspace: Some(workspace.path()),
        trash: Some(workspace.root().join("Trash")),
        keychain: None,
    };
    let (engine, trouble) = Engine::start(options).await.unwrap();
    assert_eq!(trouble, None);
    let reader = engine.subscribe(0);
    Window { engine, reader, events: Vec::new(), branch: None }
}

impl Window {
    async fn connect(&self, server: &ModelServer) {
        let op = Op::ConnectModel {
            provider: ProviderKind::Anthropic,
            model: None,
            base_url: Some(server.url()),
            api_key: Some(KEY.to_owned()),
            keep_key: false,
        };
        self.engine.submit(op).await.unwrap();
    }

    async fn session(&self) -> SessionId {
        match self.engine.query(Query::App).await.unwrap() {
            QueryAnswer::App(state) => state.session.unwrap().id,
            _ => unreachable!(),
        }
    }

    async fn send(&self) {
        let op = Op::Send { session: self.session().await, text: "do it".to_owned() };
        self.engine.submit(op).await.unwrap();
    }

    async fn until(&mut self, holds: impl Fn(&Self) -> bool) {
        while !holds(self) {
            let batch = tokio::time::timeout(PATIENCE, self.reader.next()).await;
            for feed in batch.expect("nothing more is told").unwrap() {
                match feed {
                    Feed::Envelopes { envelopes } => {
                        self.events.extend(envelopes.into_iter().map(|envelope| envelope.event));
                    }
                    Feed::App { state } => {
                        self.branch = state.workspace.and_then(|workspace| workspace.branch);
                    }
                    Feed::Tree { .. } | Feed::Touched | Feed::Dragging { .. } => {}
                }
            }
        }
    }

    async fn until_event(&mut self, which: impl Fn(&Event) -> bool) {
        self.until(|window| window.events.iter().any(&which)).await;
    }

    async fn card(&mut self) -> ApprovalId {
        self.until_event(|event| matches!(event, Event::ApprovalRequested { .. })).await;
        let card = self.events.iter().find_map(|event| match event {
            Event::ApprovalRequested { approval, .. } => Some(approval.clone()),
            _ => None,
        });
        card.unwrap()
    }

    async fn approve(&self, approval: ApprovalId) {
        let mut decision = answer(approval, Decision::Approve);
        decision.revision = Some(1);
        loop {
            let op = Op::Decide { session: self.session().await, decision: decision.clone() };
            match self.engine.submit(op).await {
                Ok(()) => return,
                Err(error) => assert!(error.message.contains("too quick"), "{error:?}"),
            }
            tokio::task::yield_now().await;
        }
    }

    async fn end(&mut self) {
        self.until_event(|event| matches!(event, Event::RunFinished { .. })).await;
    }

    async fn rename(&self, path: &str, to: &str) -> Result<(), WireError> {
        let op = Op::RenameEntry { path: path.to_owned(), to: to.to_owned() };
        self.engine.submit(op).await
    }

    async fn delete(&self, path: &str) -> Result<(), WireError> {
        self.engine.submit(Op::DeleteEntry { path: path.to_owned() }).await
    }

    /// The entries of a folder with their states.
    async fn folder(&self, path: &str) -> Vec<(String, Option<GitState>)> {
        match self.engine.query(Query::Folder { path: path.to_owned(), first: None }).await.unwrap()
        {
            QueryAnswer::Folder(listing) => {
                listing.entries.into_iter().map(|entry| (entry.path, entry.git)).collect()
            }
            _ => unreachable!(),
        }
    }

    async fn until_state(&mut self, folder: &str, path: &str, state: Option<GitState>) {
        loop {
            let entries = self.folder(folder).await;
            if entries.iter().any(|(entry, git)| entry == path && *git == state) {
                return;
            }
            // Something is told once it is another.
            let batch = tokio::time::timeout(PATIENCE, self.reader.next()).await;
            for feed in batch.unwrap_or_else(|_| panic!("{path} never was {state:?}")).unwrap() {
                if let Feed::App { state } = feed {
                    self.branch = state.workspace.and_then(|workspace| workspace.branch);
                }
            }
        }
    }

    async fn changes(&self) -> SessionChanges {
        let session = self.session().await;
        match self.engine.query(Query::Changes { session }).await.unwrap() {
            QueryAnswer::Changes(changes) => changes,
            _ => unreachable!(),
        }
    }
}

fn git(at: &Path, arguments: &[&str]) {
    let status = Command::new("git")
        .args(["-c", "user.name=Test", "-c", "user.email=test@example.invalid"])
        .args(arguments)
        .current_dir(at)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    assert!(status.unwrap().success(), "git {arguments:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_person_renames_and_deletes_and_is_told_why_not() {
    let workspace = TempWorkspace::new().file("a.txt", "a").file("b.txt", "b").file("src/x", "x");
    let window = window(&workspace, "").await;
    window.rename("a.txt", "src/a.txt").await.unwrap();
    window.delete("b.txt").await.unwrap();
    assert_eq!(workspace.read("src/a.txt"), "a");
    assert!(!workspace.path().join("b.txt").exists());
    let trash = workspace.root().join("Trash");
    assert_eq!(std::fs::read_to_string(trash.join("files/b.txt")).unwrap(), "b");
    assert!(trash.join("info/b.txt.trashinfo").exists());
    for (done, code, message, hint) in [
        (
            window.rename("src/a.txt", "src/x").await,
            ErrorCode::Input,
            "Src/x is there already.",
            "Nothing was renamed.",
        ),
        (
            window.rename("gone", "here").await,
            ErrorCode::NotFound,
            "No such file or folder: gone.",
            "Nothing was renamed.",
        ),
        (
            window.delete("../outside").await,
            ErrorCode::Input,
            "\"../outside\" is not a plain path inside the workspace.",
            "Nothing was deleted.",
        ),
    ] {
        let error = done.unwrap_err();
        assert_eq!((error.code, error.hint.as_str()), (code, hint), "{error:?}");
        assert_eq!(error.message.to_lowercase(), message.to_lowercase());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_tree_shows_what_git_says_and_follows_a_commit() {
    let workspace = TempWorkspace::new()
        .file("src/deep/a.txt", "a")
        .file("b.txt", "b")
        .file(".gitignore", "*.log\n");
    let root = workspace.path();
    git(&root, &["init", "-q", "-b", "main"]);
    git(&root, &["add", "-A"]);
    git(&root, &["commit", "-q", "-m", "all"]);
    let mut window = window(&workspace, "").await;
    window.until(|window| window.branch.as_deref() == Some("main")).await;
    window.until_state("", "src", None).await;
    // In a folder that is not unfolded.
    std::fs::write(root.join("src/deep/a.txt"), "other").unwrap();
    std::fs::write(root.join("a.log"), "other").unwrap();
    window.until_state("", "src", Some(GitState::Modified)).await;
    window.until_state("src", "src/deep", Some(GitState::Modified)).await;
    window.until_state("", "a.log", None).await;
    window.rename("b.txt", "c.txt").await.unwrap();
    window.until_state("", "c.txt", Some(GitState::Untracked)).await;
    git(&root, &["add", "-A"]);
    window.until_state("", "c.txt", Some(GitState::Added)).await;
    git(&root, &["commit", "-q", "-m", "more"]);
    window.until_state("", "src", None).await;
    window.until_state("", "c.txt", None).await;
    git(&root, &["checkout", "-q", "-b", "other"]);
    window.until(|window| window.branch.as_deref() == Some("other")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_edit_of_a_file_renamed_meanwhile_is_not_done() {
    let workspace = TempWorkspace::new().file("a.txt", "one\n");
    let edit = json!({ "path": "a.txt", "old_text": "one", "new_text": "two" });
    let server = ModelServer::start(Script::new([
        Reply::new().tool_use("e", "edit", edit),
        Reply::text("so be it"),
    ]))
    .await;
    let mut window = window(&workspace, "").await;
    window.connect(&server).await;
    window.send().await;
    let card = window.card().await;
    window.rename("a.txt", "b.txt").await.unwrap();
    window.approve(card).await;
    window.end().await;
    assert_eq!(workspace.read("b.txt"), "one\n", "what was renamed is as it was");
    assert!(!workspace.path().join("a.txt").exists(), "and nothing stands in its place");
    let failed = |event: &Event| matches!(event, Event::ToolFinished { ok: false, .. });
    assert!(window.events.iter().any(failed), "{:#?}", window.events);
    assert!(window.changes().await.files.is_empty(), "the session changed nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_the_person_renamed_is_no_change_of_the_session() {
    let workspace =
        TempWorkspace::new().file("a.txt", "a").file("mine.txt", "m").file("gone.txt", "g");
    let server = ModelServer::start(Script::new([
        Reply::new().tool_use("x", "exec", json!({ "command": "echo 1 > first.txt" })),
        Reply::new().tool_use("w", "write", json!({ "path": "a.txt", "content": "new" })),
        Reply::new().tool_use("y", "exec", json!({ "command": "echo 2 > second.txt" })),
        Reply::text("done"),
    ]))
    .await;
    let mut window = window(&workspace, "exec_security = \"allow-always\"").await;
    window.connect(&server).await;
    window.send().await;
    let card = window.card().await;
    window.rename("mine.txt", "moved.txt").await.unwrap();
    window.delete("gone.txt").await.unwrap();
    window.approve(card).await;
    window.end().await;
    let changed: Vec<String> =
        window.changes().await.files.into_iter().map(|file| file.path).collect();
    assert_eq!(changed, ["a.txt", "first.txt", "second.txt"]);
    let session = window.session().await;
    let op = Op::Revert { session, scope: ChangeScope::Session, overwrite: Vec::new() };
    window.engine.submit(op).await.unwrap();
    assert_eq!((workspace.read("a.txt"), workspace.read("moved.txt")), ("a".into(), "m".into()));
    for gone in ["mine.txt", "gone.txt", "first.txt", "second.txt"] {
        assert!(!workspace.path().join(gone).exists(), "{gone}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn while_a_command_runs_nothing_is_mixed_up_with_what_it_changes() {
    let workspace = TempWorkspace::new().file("mine.txt", "m");
    let command = "touch begun; until test -e go; do sleep 0.05; done; echo 1 > its.txt";
    let server = ModelServer::start(Script::new([
        Reply::new().tool_use("x", "exec", json!({ "command": command })),
        Reply::text("done"),
    ]))
    .await;
    let mut window = window(&workspace, "exec_security = \"allow-always\"").await;
    window.connect(&server).await;
    window.send().await;
    window.until_event(|event| matches!(event, Event::ToolStarted { .. })).await;
    while !workspace.path().join("begun").exists() {
        tokio::task::yield_now().await;
    }
    let error = window.rename("mine.txt", "moved.txt").await.unwrap_err();
    assert_eq!(error.code, ErrorCode::State);
    assert!(error.message.contains("running a command"), "{error}");
    assert!(error.hint.starts_with("Nothing was renamed."), "{error}");
    assert_eq!(workspace.read("mine.txt"), "m");
    std::fs::write(workspace.path().join("go"), "").unwrap();
    window.end().await;
    window.rename("mine.txt", "moved.txt").await.unwrap();
    let changes = window.changes().await;
    let its = |path: &str| changes.files.iter().any(|file| file.path == path);
    assert!(its("its.txt") && !its("mine.txt") && !its("moved.txt"));
}
