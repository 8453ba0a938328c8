//! Traces that are sent while a run goes on.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::wildcard_enum_match_arm, missing_docs)]

mod common;

use common::KEY;
use countersign_agent::{Engine, EngineOptions};
use countersign_protocol::{Event, Feed, Op, ProviderKind, Query, QueryAnswer};
use countersign_testkit::{ModelServer, Reply, Script, TempWorkspace};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::watch;

const PATIENCE: Duration = Duration::from_secs(60);

/// A collector that keeps what it is sent, and how it is sent it.
struct Collector {
    url: String,
    heads: Arc<Mutex<Vec<String>>>,
    spans: watch::Receiver<Vec<Value>>,
}

impl Collector {
    /// Answers with these statuses in turn, and with 200 after them.
    async fn start(statuses: &'static [&'static str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/otel/", listener.local_addr().unwrap());
        let heads = Arc::<Mutex<Vec<String>>>::default();
        let (sender, spans) = watch::channel(Vec::new());
        let seen = Arc::clone(&heads);
        tokio::spawn(async move {
            let mut statuses = statuses.iter();
            while let Ok((mut socket, _)) = listener.accept().await {
                let mut bytes = Vec::new();
                let (head, body) = loop {
                    if socket.read_buf(&mut bytes).await.unwrap() == 0 {
                        break (String::new(), Value::Null);
                    }
                    let text = String::from_utf8_lossy(&bytes);
                    let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
                    let length =
                        head.lines().find_map(|line| line.strip_prefix("content-length: "));
                    if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                        break (head.to_owned(), serde_json::from_str(body).unwrap());
                    }
                };
                let status = statuses.next().copied().unwrap_or("200 OK");
                seen.lock().unwrap().push(head);
                let answer = format!(
                    "HTTP/1.1 {status}\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{{}}"
                );
                let _ = socket.write_all(answer.as_bytes()).await;
                if status.starts_with("200") {
                    let more = body["resourceSpans"][0]["scopeSpans"][0]["spans"].clone();
                    let more: Vec<Value> = serde_json::from_value(more).unwrap();
                    sender.send_modify(|spans| spans.extend(more));
                }
            }
        });
        Self { url, heads, spans }
    }

    /// Waits until a span of this name has come.
    async fn until(&mut self, name: &str) {
        let named = |spans: &Vec<Value>| spans.iter().any(|span| span["name"] == name);
        let seen = tokio::time::timeout(PATIENCE, self.spans.wait_for(named)).await;
        seen.unwrap_or_else(|_| panic!("no span {name}")).unwrap();
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self
            .spans
            .borrow()
            .iter()
            .map(|span| span["name"].as_str().unwrap().to_owned())
            .collect();
        names.sort();
        names
    }
}

fn options(workspace: &TempWorkspace, settings: &str) -> EngineOptions {
    let own = workspace.root().join("own");
    std::fs::create_dir_all(own.join("settings")).unwrap();
    let config: PathBuf = own.join("settings/config.toml");
    std::fs::write(&config, settings).unwrap();
    EngineOptions {
        data_dir: Some(own.join("data")),
        config: Some(config),
        workspace: Some(workspace.path()),
        keychain: None,
        trash: None,
    }
}

async fn engine(workspace: &TempWorkspace, settings: &str, server: &ModelServer) -> Engine {
    let (engine, trouble) = Engine::start(options(workspace, settings)).await.unwrap();
    assert_eq!(trouble, None);
    let op = Op::ConnectModel {
        provider: ProviderKind::Anthropic,
        model: None,
        base_url: Some(server.url()),
        api_key: Some(KEY.to_owned()),
        keep_key: false,
    };
    engine.submit(op).await.unwrap();
    engine
}

/// Has a task done to its end.
async fn run(engine: &Engine, task: &str) {
    let mut reader = engine.subscribe(0);
    let QueryAnswer::App(state) = engine.query(Query::App).await.unwrap() else { unreachable!() };
    let session = state.session.unwrap().id;
    engine.submit(Op::Send { session, text: task.to_owned() }).await.unwrap();
    loop {
        let batch = tokio::time::timeout(PATIENCE, reader.next()).await.unwrap().unwrap();
        let ended = batch.iter().any(|feed| match feed {
            Feed::Envelopes { envelopes } => {
                envelopes.iter().any(|envelope| matches!(envelope.event, Event::RunFinished { .. }))
            }
            _ => false,
        });
        if ended {
            return;
        }
    }
}

fn script() -> Script {
    Script::new([
        Reply::text("I read it.").tool_use("r", "read", json!({ "path": "secret-name.txt" })),
        Reply::text("Done."),
    ])
}

#[tokio::test(flavor = "multi_thread")]
async fn spans_reach_a_collector_as_they_end_and_hold_no_words() {
    // The first answer is one that may pass.
    let mut collector = Collector::start(&["503 Busy"]).await;
    let workspace = TempWorkspace::new().file("secret-name.txt", "needle");
    let server = ModelServer::start(script()).await;
    let settings = format!("otlp_endpoint = \"{}\"", collector.url);
    let engine = engine(&workspace, &settings, &server).await;
    run(&engine, "Read the haystack").await;
    collector.until("invoke_agent countersign").await;
    let names = collector.names();
    let chat = names.iter().filter(|name| name.starts_with("chat ")).count();
    assert_eq!(chat, 2, "{names:?}");
    assert_eq!(names.iter().filter(|name| *name == "step").count(), 2, "{names:?}");
    assert!(names.contains(&"execute_tool read".to_owned()), "{names:?}");
    let text = Value::from(collector.spans.borrow().clone()).to_string();
    for word in ["haystack", "needle", "secret-name", "Done.", KEY] {
        assert!(!text.contains(word), "{word}");
    }
    let heads = collector.heads.lock().unwrap().join("\n");
    assert!(heads.starts_with("POST /otel/v1/traces HTTP/1.1"), "{heads}");
    assert!(!heads.contains(KEY));
    let QueryAnswer::App(state) = engine.query(Query::App).await.unwrap() else { unreachable!() };
    assert_eq!(state.notices, Vec::<String>::new());
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_said_goes_along_where_the_settings_say_so() {
    let mut collector = Collector::start(&[]).await;
    let workspace = TempWorkspace::new().file("secret-name.txt", "needle");
    let server = ModelServer::start(script()).await;
    let settings = format!("otlp_endpoint = \"{}\"\notlp_content = true", collector.url);
    let engine = engine(&workspace, &settings, &server).await;
    run(&engine, "Read the haystack").await;
    collector.until("invoke_agent countersign").await;
    let text = Value::from(collector.spans.borrow().clone()).to_string();
    for word in ["haystack", "needle", "secret-name", "Done."] {
        assert!(text.contains(word), "{word}");
    }
    assert!(!text.contains(KEY));
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_collector_harms_nothing_and_is_told_once() {
    for redirects in [false, true] {
        let elsewhere = Collector::start(&[]).await;
        let endpoint = if redirects {
            // It answers that traces belong elsewhere; that is not followed.
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("http://{}", listener.local_addr().unwrap());
            let target = elsewhere.url.clone();
            tokio::spawn(async move {
                while let Ok((mut socket, _)) = listener.accept().await {
                    let mut bytes = Vec::new();
                    let _ = socket.read_buf(&mut bytes).await;
                    let answer = format!(
                        "HTTP/1.1 307 Moved\r\nlocation: {target}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
                    );
                    let _ = socket.write_all(answer.as_bytes()).await;
                }
            });
            url
        } else {
            // Nobody listens there any more.
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            format!("http://{}", listener.local_addr().unwrap())
        };
        let workspace = TempWorkspace::new();
        let replies = (0..2).map(|_| Reply::text("Done."));
        let server = ModelServer::start(Script::new(replies)).await;
        let settings = format!("otlp_endpoint = \"{endpoint}\"");
        let engine = engine(&workspace, &settings, &server).await;
        run(&engine, "Say it").await;
        let mut reader = engine.subscribe(0);
        let mut notices = Vec::new();
        while notices.is_empty() {
            let batch = tokio::time::timeout(PATIENCE, reader.next()).await.unwrap().unwrap();
            for feed in batch {
                if let Feed::App { state } = feed {
                    notices = state.notices;
                }
            }
        }
        assert_eq!(notices.len(), 1);
        assert!(
            notices[0].starts_with("Traces do not reach the collector at 127.0.0.1"),
            "{notices:?}"
        );
        engine.submit(Op::DismissNotices).await.unwrap();
        run(&engine, "Again").await;
        let QueryAnswer::App(state) = engine.query(Query::App).await.unwrap() else {
            unreachable!()
        };
        assert_eq!(state.notices, Vec::<String>::new(), "it is told once");
        assert!(elsewhere.heads.lock().unwrap().is_empty(), "a redirect is not followed");
        engine.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_login_in_the_address_and_no_workspace_sets_it() {
    let workspace = TempWorkspace::new();
    for wrong in ["http://user:secret@localhost:4318", "file:///tmp/x", "nonsense"] {
        let settings = format!("otlp_endpoint = \"{wrong}\"");
        assert!(Engine::start(options(&workspace, &settings)).await.is_err(), "{wrong}");
    }
    let (engine, _) = Engine::start(options(&workspace, "")).await.unwrap();
    for (key, value) in [
        ("otlp_endpoint", "\"https://u:p@c.example\""),
        ("prices", "{ input = -1.0, output = 1.0 }"),
    ] {
        let op = Op::SetSetting { key: key.to_owned(), value: Some(value.to_owned()) };
        assert!(engine.submit(op).await.is_err(), "{key}");
    }
    let prices = "{ input = 3.0, output = 15 }";
    let op = Op::SetSetting { key: "prices".to_owned(), value: Some(prices.to_owned()) };
    engine.submit(op).await.unwrap();
    let QueryAnswer::App(state) = engine.query(Query::App).await.unwrap() else { unreachable!() };
    let told = state.model.prices.unwrap();
    assert!((told.input - 3.0).abs() < 1e-9 && (told.output - 15.0).abs() < 1e-9);
    for foreign in ["otlp_endpoint = \"http://127.0.0.1:1\"", "otlp_content = true"] {
        std::fs::write(workspace.path().join(".countersign.toml"), foreign).unwrap();
        let (_, trouble) = Engine::start(options(&workspace, "")).await.unwrap();
        assert!(trouble.is_some(), "a workspace cannot say {foreign}");
    }
}
