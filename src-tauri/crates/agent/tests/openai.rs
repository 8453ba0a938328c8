//! A turn with a scripted model over the wire format of Chat Completions, as a server on the
//! person's own computer speaks it: without a key, and without a model that is named.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::wildcard_enum_match_arm, missing_docs)]

mod common;

use common::{Rig, approve};
use countersign_agent::{ModelChoice, Overrides};
use countersign_protocol::{Card, Event, ProviderKind, RunEnd};
use countersign_testkit::{ModelServer, Script, TempWorkspace};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A server that gives its answers in turn and keeps what it was sent.
struct Chat {
    url: String,
    sent: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Chat {
    /// Each answer is the deltas of a stream.
    async fn start(answers: impl IntoIterator<Item = Vec<Value>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let sent = Arc::<Mutex<Vec<(String, Value)>>>::default();
        let seen = Arc::clone(&sent);
        let mut answers: VecDeque<Vec<Value>> = answers.into_iter().collect();
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let (head, body) = read(&mut socket).await;
                let answer = if head.starts_with("GET /v1/models ") {
                    let list = json!({"data": [{"id": "local-model"}]}).to_string();
                    response("application/json", &list)
                } else {
                    response("text/event-stream", &stream(&answers.pop_front().unwrap()))
                };
                seen.lock().unwrap().push((head, body));
                socket.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        Self { url, sent }
    }
}

fn response(kind: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}

fn stream(deltas: &[Value]) -> String {
    let calls = deltas.iter().any(|delta| !delta["tool_calls"].is_null());
    let reason = if calls { "tool_calls" } else { "stop" };
    let chunk = |delta: &Value, reason: Option<&str>| {
        let choice = json!({"index": 0, "delta": delta, "finish_reason": reason});
        format!("data: {}\n\n", json!({ "choices": [choice] }))
    };
    let mut body: String = deltas.iter().map(|delta| chunk(delta, None)).collect();
    body.push_str(&chunk(&json!({}), Some(reason)));
    let usage = json!({"choices": [], "usage": {"prompt_tokens": 11, "completion_tokens": 7}});
    body + &format!("data: {usage}\n\ndata: [DONE]\n\n")
}

async fn read(socket: &mut TcpStream) -> (String, Value) {
    let mut bytes = Vec::new();
    loop {
        assert_ne!(socket.read_buf(&mut bytes).await.unwrap(), 0, "the client left");
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .map_or(0, |length| length.parse().unwrap());
        if body.len() >= length {
            return (head.to_owned(), serde_json::from_str(body).unwrap_or(Value::Null));
        }
    }
}

fn call(index: u64, id: &str, name: &str, arguments: &Value) -> Value {
    json!({"index": index, "id": id, "type": "function",
        "function": {"name": name, "arguments": arguments.to_string()}})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_turn_with_tools_on_a_local_server() {
    let chat = Chat::start([
        vec![
            json!({"role": "assistant", "reasoning": "Look first."}),
            json!({"content": "I look and write."}),
            // The same id twice, as some servers give it.
            json!({"tool_calls": [call(0, "c", "read", &json!({"path": "in.txt"}))]}),
            json!({"tool_calls": [call(1, "c", "write", &json!({"path": "out.txt", "content": "new\n"}))]}),
        ],
        vec![json!({"content": "Done."})],
    ])
    .await;
    let choice = ModelChoice {
        provider: Some(ProviderKind::Openai),
        base_url: Some(chat.url.clone()),
        ..ModelChoice::default()
    };
    let unused = ModelServer::start(Script::default()).await;
    let workspace = TempWorkspace::new().file("in.txt", "near\n");
    let mut rig = Rig::choosing(workspace, unused, &choice, Overrides::default());
    let end = rig
        .run("Write out.txt.", |card, approval| {
            assert!(matches!(card, Card::Write(card) if card.path == "out.txt"), "{card:?}");
            approve(card, approval)
        })
        .await;
    assert_eq!(end, (RunEnd::EndTurn, None));
    assert_eq!(rig.workspace.read("out.txt"), "new\n");
    assert_eq!((rig.last_text().as_str(), rig.cards()), ("Done.", 1));
    assert_eq!(rig.results().iter().filter(|(_, ok, _)| *ok).count(), 2);
    assert!(
        rig.events.iter().any(|event| matches!(event,
        Event::StepFinished { usage, .. } if (usage.input_tokens, usage.output_tokens) == (11, 7)))
    );

    let sent = chat.sent.lock().unwrap();
    let lines: Vec<&str> = sent.iter().map(|(head, _)| head.lines().next().unwrap()).collect();
    let post = "POST /v1/chat/completions HTTP/1.1";
    assert_eq!(lines, ["GET /v1/models HTTP/1.1", post, post]);
    assert!(sent.iter().all(|(head, _)| !head.to_ascii_lowercase().contains("authorization")));
    let body = &sent[2].1;
    assert_eq!(body["model"], "local-model");
    let messages = body["messages"].as_array().unwrap();
    let roles: Vec<&str> = messages.iter().map(|one| one["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["system", "user", "assistant", "tool", "tool"]);
    for at in 0..2 {
        assert_eq!(messages[2]["tool_calls"][at]["id"], messages[3 + at]["tool_call_id"]);
    }
    assert_ne!(messages[3]["tool_call_id"], messages[4]["tool_call_id"]);
    let read: Value = serde_json::from_str(messages[3]["content"].as_str().unwrap()).unwrap();
    assert_eq!(read["content"], "near\n");
}
