//! The engine as the window drives it: sessions over several starts of the program.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::wildcard_enum_match_arm, missing_docs)]

mod common;

use common::{KEY, answer};
use countersign_agent::{Engine, EngineOptions, FeedReader};
use countersign_protocol::{
    AppState, ApprovalId, ChangeKind, ChangeScope, Decision, Draft, DraftOf, Envelope, Event,
    ExportFormat, Feed, Op, ProviderKind, Query, QueryAnswer, SessionId, SessionSummary,
};
use countersign_testkit::{ModelServer, Reply, Script, TempWorkspace};
use serde_json::json;
use std::path::PathBuf;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);

/// A window: its engine, and all that it was told.
struct Window {
    engine: Engine,
    reader: FeedReader,
    state: AppState,
    events: Vec<Envelope>,
}

fn options(workspace: &TempWorkspace) -> EngineOptions {
    let own = workspace.root().join("own");
    EngineOptions {
        data_dir: Some(own.join("data")),
        config: Some(own.join("settings/config.toml")),
        workspace: Some(workspace.path()),
        trash: Some(own.join("Trash")),
        keychain: None,
    }
}

impl Window {
    async fn open(workspace: &TempWorkspace) -> Self {
        let (engine, trouble) = Engine::start(options(workspace)).await.unwrap();
        assert_eq!(trouble, None);
        let reader = engine.subscribe(0);
        let QueryAnswer::App(state) = engine.query(Query::App).await.unwrap() else {
            unreachable!()
        };
        Self { engine, reader, state: *state, events: Vec::new() }
    }

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

    fn session(&self) -> SessionId {
        self.state.session.as_ref().unwrap().id.clone()
    }

    /// Takes in what is told, until it holds.
    async fn until(&mut self, holds: impl Fn(&Self) -> bool) {
        while !holds(self) {
            let batch = tokio::time::timeout(PATIENCE, self.reader.next())
                .await
                .unwrap_or_else(|_| {
                    panic!(
                        "nothing more is told; last {:#?} {:#?}",
                        self.events.iter().rev().take(4).collect::<Vec<_>>(),
                        self.state.session
                    )
                })
                .expect("the engine runs");
            for feed in batch {
                match feed {
                    Feed::App { state } => {
                        if state.session.as_ref().map(|session| &session.id)
                            != self.state.session.as_ref().map(|session| &session.id)
                        {
                            self.events.clear();
                        }
                        self.state = state;
                    }
                    Feed::Envelopes { envelopes } => self.events.extend(envelopes),
                    Feed::Tree { .. } | Feed::Touched | Feed::Dragging { .. } => {}
                }
            }
        }
    }

    async fn send(&mut self, text: &str) {
        // The session may be another one since a model was connected.
        let QueryAnswer::App(state) = self.engine.query(Query::App).await.unwrap() else {
            unreachable!()
        };
        self.state = *state;
        let op = Op::Send { session: self.session(), text: text.to_owned() };
        self.engine.submit(op).await.unwrap();
    }

    async fn card(&mut self) -> ApprovalId {
        self.until(|window| window.open_card().is_some()).await;
        self.open_card().unwrap()
    }

    fn open_card(&self) -> Option<ApprovalId> {
        let mut open = None;
        for envelope in &self.events {
            match &envelope.event {
                Event::ApprovalRequested { approval, .. } => open = Some(approval.clone()),
                Event::ApprovalDecided { .. } => open = None,
                _ => {}
            }
        }
        open
    }

    /// Approves once the buttons would be armed.
    async fn approve(&self, approval: ApprovalId) {
        let mut decision = answer(approval, Decision::Approve);
        decision.revision = Some(1);
        loop {
            let op = Op::Decide { session: self.session(), decision: decision.clone() };
            match self.engine.submit(op).await {
                Ok(()) => return,
                Err(error) => assert!(error.message.contains("too quick"), "{error:?}"),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn end(&mut self) {
        self.until(|window| {
            window.events.last().is_some_and(|last| matches!(last.event, Event::RunFinished { .. }))
        })
        .await;
    }

    async fn sessions(&self) -> Vec<SessionSummary> {
        match self.engine.query(Query::Sessions).await.unwrap() {
            QueryAnswer::Sessions { sessions } => sessions,
            _ => unreachable!(),
        }
    }

    async fn drafts(&self, session: &SessionId) -> Vec<Draft> {
        match self.engine.query(Query::Drafts { session: session.clone() }).await.unwrap() {
            QueryAnswer::Drafts { drafts } => drafts,
            _ => unreachable!(),
        }
    }
}

fn script() -> Script {
    Script::new([
        Reply::new().tool_use("w", "write", json!({"path": "a.txt", "content": "new\n"})),
        Reply::text("written"),
        Reply::text("again"),
    ])
}

fn place() -> TempWorkspace {
    TempWorkspace::new().file("a.txt", "old\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_open_card_stands_there_again_at_the_next_start() {
    let workspace = place();
    let server = ModelServer::start(script()).await;
    let mut window = Window::open(&workspace).await;
    window.connect(&server).await;
    window.send("do it").await;
    let card = window.card().await;
    let session = window.session();
    window.engine.shutdown().await;
    drop(window);

    let mut window = Window::open(&workspace).await;
    assert_eq!(window.session(), session, "the session that can go on is opened");
    window.connect(&server).await;
    assert_eq!(window.card().await, card);
    assert_eq!(workspace.read("a.txt"), "old\n");
    window.approve(card).await;
    window.end().await;
    assert_eq!(workspace.read("a.txt"), "new\n");
    let seqs: Vec<u64> = window.events.iter().filter_map(|event| event.seq).collect();
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>(), "all of it is shown, once");

    // What it changed is listed, and taken back at a click.
    let changes = match window.engine.query(Query::Changes { session: session.clone() }).await {
        Ok(QueryAnswer::Changes(changes)) => changes,
        other => panic!("{other:?}"),
    };
    assert_eq!(changes.files.len(), 1);
    let file = &changes.files[0];
    assert_eq!((file.path.as_str(), file.change), ("a.txt", ChangeKind::Modified));
    assert_eq!((file.added, file.removed, file.changed_since), (Some(1), Some(1), false));
    assert_eq!(file.turns, [1]);
    let op = Op::Revert { session, scope: ChangeScope::Session, overwrite: Vec::new() };
    window.engine.submit(op).await.unwrap();
    assert_eq!(workspace.read("a.txt"), "old\n");
    window.end_of_revert().await;
}

impl Window {
    async fn end_of_revert(&mut self) {
        self.until(|window| {
            window.events.iter().any(|event| matches!(event.event, Event::ChangesReverted { .. }))
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_run_without_a_card_goes_on_only_at_a_click() {
    let workspace = place();
    let server = ModelServer::start(Script::new([Reply::hang(), Reply::text("done")])).await;
    let mut window = Window::open(&workspace).await;
    window.connect(&server).await;
    window.send("do it").await;
    while server.requests().is_empty() {
        tokio::task::yield_now().await;
    }
    window.engine.shutdown().await;
    drop(window);
    let mut window = Window::open(&workspace).await;
    window.connect(&server).await;
    let session = window.state.session.clone().unwrap();
    assert!(session.paused.is_some() && !session.running);
    window.engine.submit(Op::GoOn { session: session.id }).await.unwrap();
    window.end().await;
    assert!(window.state.session.as_ref().unwrap().paused.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn drafts_outlive_the_program_and_an_empty_session_is_taken_again() {
    let workspace = place();
    let window = Window::open(&workspace).await;
    let (session, of) = (window.session(), DraftOf::Message);
    let op = Op::SaveDraft { session: session.clone(), of: of.clone(), text: "begun".to_owned() };
    window.engine.submit(op).await.unwrap();
    drop(window);
    let window = Window::open(&workspace).await;
    assert_eq!(window.session(), session);
    assert_eq!(window.drafts(&session).await, [Draft { of, text: "begun".to_owned() }]);
    assert_eq!(window.sessions().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sessions_are_named_archived_forked_written_brought_in_and_deleted() {
    let workspace = place();
    let server = ModelServer::start(Script::new([Reply::text("one"), Reply::text("two")])).await;
    let mut window = Window::open(&workspace).await;
    window.connect(&server).await;
    for text in ["first words", "second words"] {
        window.events.clear();
        window.send(text).await;
        window.end().await;
    }
    let session = window.session();
    let submit = |op| window.engine.submit(op);
    let title = "A name".to_owned();
    submit(Op::RenameSession { session: session.clone(), title }).await.unwrap();
    submit(Op::ArchiveSession { session: session.clone(), archived: true }).await.unwrap();
    let listed = window.sessions().await;
    assert_eq!((listed[0].title.as_str(), listed[0].archived), ("A name", true));

    let file: PathBuf = workspace.root().join("out.jsonl");
    let path = Some(file.display().to_string());
    let format = ExportFormat::Jsonl;
    submit(Op::ExportSession { session: session.clone(), format, path: path.clone() })
        .await
        .unwrap();
    let exported = std::fs::read_to_string(&file).unwrap();
    let second = exported
        .lines()
        .map(|line| serde_json::from_str::<Envelope>(line).unwrap())
        .filter(|event| matches!(event.event, Event::UserMessage { .. }))
        .nth(1)
        .unwrap();

    let before = second.seq.unwrap();
    submit(Op::ForkSession { session: session.clone(), before }).await.unwrap();
    let QueryAnswer::App(state) = window.engine.query(Query::App).await.unwrap() else {
        unreachable!()
    };
    let fork = state.session.unwrap().id;
    assert_ne!(fork, session);
    let draft = Draft { of: DraftOf::Message, text: "second words".to_owned() };
    assert_eq!(window.drafts(&fork).await, [draft]);
    assert!(submit(Op::ForkSession { session: fork.clone(), before: 1 }).await.is_err());

    submit(Op::DeleteSession { session: session.clone() }).await.unwrap();
    assert!(window.sessions().await.iter().all(|known| known.id != session));
    submit(Op::ImportSession { path }).await.unwrap();
    assert!(window.sessions().await.iter().any(|known| known.id == session));
    submit(Op::OpenSession { session: session.clone() }).await.unwrap();
    submit(Op::DeleteSession { session: session.clone() }).await.unwrap();
    let QueryAnswer::App(state) = window.engine.query(Query::App).await.unwrap() else {
        unreachable!()
    };
    assert_ne!(state.session.unwrap().id, session, "an empty one stands in its place");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_second_window_gets_a_session_of_its_own_and_only_reads_the_other() {
    let workspace = place();
    let server = ModelServer::start(script()).await;
    let mut first = Window::open(&workspace).await;
    first.connect(&server).await;
    first.send("do it").await;
    let card = first.card().await;
    let mut second = Window::open(&workspace).await;
    assert_ne!(second.session(), first.session());
    let shared = first.session();
    second.engine.submit(Op::OpenSession { session: shared.clone() }).await.unwrap();
    second.until(|window| window.session() == shared).await;
    assert!(second.state.session.as_ref().unwrap().read_only.is_some());
    let op = Op::Send { session: shared.clone(), text: "more".to_owned() };
    assert!(second.engine.submit(op).await.is_err());
    assert!(second.engine.submit(Op::DeleteSession { session: shared }).await.is_err());
    first.approve(card).await;
    first.end().await;
    assert_eq!(workspace.read("a.txt"), "new\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_damaged_database_is_told() {
    let workspace = place();
    let data = workspace.root().join("own/data");
    std::fs::create_dir_all(&data).unwrap();
    std::fs::write(data.join("countersign.db"), vec![b'x'; 8192]).unwrap();
    let window = Window::open(&workspace).await;
    assert_eq!(window.state.notices.len(), 1);
    assert!(window.state.notices[0].contains("damaged"), "{:?}", window.state.notices);
    window.engine.submit(Op::DismissNotices).await.unwrap();
    let QueryAnswer::App(state) = window.engine.query(Query::App).await.unwrap() else {
        unreachable!()
    };
    assert!(state.notices.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_pattern_is_shown_with_the_commands_that_it_would_cover() {
    let workspace = place();
    let run =
        |id: &str, command: &str| Reply::new().tool_use(id, "exec", json!({"command": command}));
    let script = Script::new([
        run("1", "cat a.txt"),
        run("2", "cat a.txt | wc -l"),
        run("3", "cat a.txt > b.txt"),
        Reply::text("done"),
    ]);
    let server = ModelServer::start(script).await;
    let mut window = Window::open(&workspace).await;
    window.connect(&server).await;
    window.send("do it").await;
    for _ in 0..3 {
        let card = window.card().await;
        window.approve(card).await;
        window.until(|window| window.open_card().is_none()).await;
    }
    window.end().await;
    let session = window.session();
    let covered = async |pattern: &str| {
        let query = Query::PatternMatches { session: session.clone(), pattern: pattern.to_owned() };
        match window.engine.query(query).await.unwrap() {
            QueryAnswer::PatternMatches(matches) => matches,
            _ => unreachable!(),
        }
    };
    let matches = covered("cat *").await;
    assert_eq!(matches.refused, None);
    assert_eq!(matches.covered, ["cat a.txt"]);
    assert_eq!(matches.others, ["cat a.txt > b.txt", "cat a.txt | wc -l"]);
    let refused = covered("sh -c *").await;
    assert!(refused.refused.is_some() && refused.covered.is_empty());

    // What the model was sent and gave is derived from the journal.
    let steps: Vec<u64> = window
        .events
        .iter()
        .filter(|envelope| matches!(envelope.event, Event::StepStarted { .. }))
        .filter_map(|envelope| envelope.seq)
        .collect();
    let query = Query::ModelCall { session: session.clone(), seq: steps[1] };
    let QueryAnswer::ModelCall(call) = window.engine.query(query).await.unwrap() else {
        unreachable!()
    };
    let sent = &call.request["messages"];
    assert_eq!(sent.as_array().unwrap().len(), 3, "the task, the call, its result");
    assert_eq!(sent[2]["content"][0]["type"], "tool_result");
    assert_eq!(call.response.unwrap()[0]["name"], "exec");
    assert!(window.engine.query(Query::ModelCall { session, seq: 1 }).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn settings_are_listed_and_set_in_the_file() {
    let workspace = place();
    let window = Window::open(&workspace).await;
    let set = |key: &str, value: Option<&str>| {
        let (key, value) = (key.to_owned(), value.map(str::to_owned));
        window.engine.submit(Op::SetSetting { key, value })
    };
    set("max_steps", Some("7")).await.unwrap();
    assert!(set("max_steps", Some("many")).await.is_err());
    assert!(set("nothing", Some("1")).await.is_err());
    let QueryAnswer::Settings { settings, file } =
        window.engine.query(Query::Settings).await.unwrap()
    else {
        unreachable!()
    };
    let steps = settings.iter().find(|setting| setting.key == "max_steps").unwrap();
    assert_eq!(steps.value, "7");
    assert_eq!(std::fs::read_to_string(file).unwrap(), "max_steps = 7\n");
}
