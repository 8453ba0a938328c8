//! The scripted model, asked over a socket.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use countersign_testkit::{
    ModelServer, Options, Reply, Script, ev_error, ev_message_start, seed_task,
};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

const LONG: Duration = Duration::from_secs(20);

fn request(messages: &Value) -> Value {
    json!({"model": "m", "max_tokens": 100, "stream": true, "messages": messages})
}

fn user(text: &str) -> Value {
    request(&json!([{"role": "user", "content": text}]))
}

async fn open(server: &ModelServer, body: &Value) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", server.port())).await.unwrap();
    let body = body.to_string();
    let head = format!(
        "POST /v1/messages HTTP/1.1\r\nhost: x\r\nX-Api-Key: k\r\nanthropic-version: 2023-06-01\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body.as_bytes()).await.unwrap();
    stream
}

struct Answer {
    head: String,
    chunks: Vec<Vec<u8>>,
    complete: bool,
}

impl Answer {
    fn events(&self) -> Vec<Value> {
        let text = String::from_utf8(self.chunks.concat()).unwrap();
        let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
        data.map(|data| serde_json::from_str(data).unwrap()).collect()
    }

    fn joined(&self, field: &str) -> String {
        self.events()
            .iter()
            .filter_map(|event| event["delta"][field].as_str().map(str::to_owned))
            .collect()
    }

    fn stop_reason(&self) -> String {
        self.joined("stop_reason")
    }
}

async fn ask(server: &ModelServer, body: &Value) -> Answer {
    let mut stream = open(server, body).await;
    let mut bytes = Vec::new();
    timeout(LONG, stream.read_to_end(&mut bytes)).await.expect("an answer in time").unwrap();
    let end = bytes.windows(4).position(|part| part == b"\r\n\r\n").expect("a head") + 4;
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut rest = &bytes[end..];
    let mut answer = Answer { head, chunks: Vec::new(), complete: false };
    if !answer.head.contains("transfer-encoding: chunked") {
        answer.chunks.push(rest.to_vec());
        answer.complete = true;
        return answer;
    }
    while let Some(line) = rest.windows(2).position(|part| part == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..line]).unwrap(), 16).unwrap();
        if size == 0 {
            answer.complete = true;
            break;
        }
        answer.chunks.push(rest[line + 2..line + 2 + size].to_vec());
        rest = &rest[line + 4 + size..];
    }
    answer
}

async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let wait = async {
        while !condition() {
            tokio::task::yield_now().await;
        }
    };
    timeout(LONG, wait).await.unwrap_or_else(|_| panic!("{what} did not come about"));
}

#[tokio::test]
async fn streams_thinking_text_and_tools() {
    let reply = Reply::text("Grüße an alle, die das hier lesen")
        .tool_use("t1", "write", json!({"path": "a", "content": "You said {{last_user}}"}))
        .raw_tool_json("t2", "exec", "{broken")
        .thinking("let me think about this for a while")
        .usage(7, 9);
    let server = ModelServer::start(vec![reply]).await;
    let answer = ask(&server, &user("hi")).await;
    assert!(answer.complete);
    assert!(answer.head.contains("text/event-stream"));
    assert_eq!(answer.joined("thinking"), "let me think about this for a while");
    assert_eq!(answer.joined("text"), "Grüße an alle, die das hier lesen");
    assert_eq!(answer.stop_reason(), "tool_use");
    let events = answer.events();
    let deltas = events.iter().filter(|event| event["delta"]["type"] == "text_delta").count();
    assert!(deltas > 1, "text came in {deltas} delta");
    let first_tool: String = events
        .iter()
        .filter(|event| event["index"] == 2)
        .filter_map(|event| event["delta"]["partial_json"].as_str())
        .collect();
    let input: Value = serde_json::from_str(&first_tool).unwrap();
    assert_eq!(input["content"], "You said hi");
    assert!(answer.joined("partial_json").ends_with("{broken"));
    assert_eq!(events[0]["message"]["usage"]["input_tokens"], 7);
    assert_eq!(events[0]["message"]["model"], "m");
    assert_eq!(events[events.len() - 2]["usage"]["output_tokens"], 9);
    assert_eq!(events[events.len() - 1]["type"], "message_stop");
    let starts = events.iter().filter(|event| event["type"] == "content_block_start").count();
    let stops = events.iter().filter(|event| event["type"] == "content_block_stop").count();
    assert_eq!((starts, stops), (4, 4));
    server.assert_well_formed();
    assert_eq!(server.requests(), [user("hi")]);
    assert!(server.headers()[0].contains(&("x-api-key".to_owned(), "k".to_owned())));
}

#[tokio::test]
async fn a_bad_request_is_refused_and_takes_no_reply() {
    let server = ModelServer::start(vec![Reply::text("fine").stop("max_tokens")]).await;
    let bad = request(&json!([{"role": "user", "content": ""}]));
    let answer = ask(&server, &bad).await;
    assert!(answer.head.starts_with("HTTP/1.1 400"));
    let error: Value = serde_json::from_slice(&answer.chunks[0]).unwrap();
    assert_eq!(error["error"]["type"], "invalid_request_error");
    assert_eq!(server.problems(), ["request 1: messages.0: content must not be empty"]);
    let answer = ask(&server, &user("hi")).await;
    assert_eq!(answer.joined("text"), "fine");
    assert_eq!(answer.stop_reason(), "max_tokens");
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
#[should_panic(expected = "x-api-key: header is required")]
async fn a_missing_key_fails_the_assertion() {
    let server = ModelServer::start(vec![Reply::text("x")]).await;
    let mut stream = TcpStream::connect(("127.0.0.1", server.port())).await.unwrap();
    let body = user("hi").to_string();
    let (one, two) = body.split_at(5);
    let text = format!(
        "POST /v1/messages HTTP/1.1\r\nanthropic-version: 1\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{one}\r\n{:x}\r\n{two}\r\n0\r\n\r\n",
        one.len(),
        two.len()
    );
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = String::new();
    timeout(LONG, stream.read_to_string(&mut answer)).await.unwrap().unwrap();
    assert_eq!(server.requests(), [user("hi")], "the chunked body was read");
    server.assert_well_formed();
}

#[tokio::test]
async fn errors_have_their_status_and_wait() {
    let server =
        ModelServer::start(vec![Reply::error(429, "rate_limit_error", "slow").retry_after(3)])
            .await;
    let answer = ask(&server, &user("hi")).await;
    assert!(answer.head.starts_with("HTTP/1.1 429"));
    assert!(answer.head.contains("retry-after: 3\r\n"));
    let error: Value = serde_json::from_slice(&answer.chunks[0]).unwrap();
    assert_eq!(error["error"], json!({"type": "rate_limit_error", "message": "slow"}));
}

#[tokio::test]
async fn a_stream_can_be_split_cut_or_given_whole() {
    let server = ModelServer::start(vec![
        Reply::text("äöü").chunked(3),
        Reply::text("one two three four five").cut_after(4),
        Reply::events([ev_message_start(1), ev_error("overloaded_error", "Overloaded")]),
        Reply::text("slowly").delay(1),
    ])
    .await;
    let split = ask(&server, &user("1")).await;
    assert!(split.chunks.iter().all(|chunk| chunk.len() <= 3));
    assert_eq!(split.joined("text"), "äöü");
    let cut = ask(&server, &user("2")).await;
    assert!(!cut.complete);
    assert_eq!(cut.events().len(), 4);
    let given = ask(&server, &user("3")).await;
    assert!(given.complete);
    assert_eq!(given.events()[1]["error"]["type"], "overloaded_error");
    assert_eq!(ask(&server, &user("4")).await.joined("text"), "slowly");
}

#[tokio::test]
async fn a_hanging_reply_ends_when_the_client_leaves() {
    let server = ModelServer::start(vec![Reply::text("begun").then_hang(), Reply::hang()]).await;
    for left in 1..=2 {
        let mut stream = open(&server, &user("hi")).await;
        let mut seen = Vec::new();
        let until_start = async {
            let mut part = [0; 4096];
            while !String::from_utf8_lossy(&seen).contains("message_start") {
                let read = stream.read(&mut part).await.unwrap();
                assert!(read > 0, "the server closed");
                seen.extend_from_slice(&part[..read]);
            }
        };
        timeout(LONG, until_start).await.unwrap();
        assert_eq!(server.abandoned(), left - 1);
        drop(stream);
        until("the server noticing", || server.abandoned() == left).await;
    }
    server.assert_well_formed();
}

#[tokio::test]
async fn a_script_that_is_over_says_so() {
    let server = ModelServer::start(Script::default()).await;
    let answer = ask(&server, &user("hi")).await;
    assert_eq!(answer.joined("text"), "The script is over.");
    assert_eq!(answer.stop_reason(), "end_turn");
    assert_eq!(server.problems(), ["request 1: the script has no reply for it"]);
}

#[tokio::test]
async fn a_script_from_json_answers_by_what_was_said() {
    let script = Script::from_json(
        r#"[{"text": "for apples", "when": "apple"},
            {"text": "for pears", "when": "pear", "thinking": "hm", "delay_ms": 1,
             "tools": [{"id": "t", "name": "exec", "input": {"command": "ls"}}]},
            {"error": {"status": 529, "type": "overloaded_error", "message": "busy"}}]"#,
    )
    .unwrap();
    let server = ModelServer::start(script).await;
    let pears = ask(&server, &user("a pear please")).await;
    assert_eq!((pears.joined("thinking"), pears.joined("text")), ("hm".into(), "for pears".into()));
    assert_eq!(pears.stop_reason(), "tool_use");
    assert!(ask(&server, &user("anything")).await.head.starts_with("HTTP/1.1 529"));
    assert_eq!(server.unused(), 1);
    assert_eq!(ask(&server, &user("an apple")).await.joined("text"), "for apples");
    server.assert_well_formed();
    assert!(Script::from_json(r#"[{"txet": "typo"}]"#).is_err());
}

/// Plays the client of a whole conversation: each tool call is answered with what `run` gives.
async fn converse(
    server: &ModelServer,
    messages: &mut Vec<Value>,
    run: fn(&Value) -> Value,
) -> String {
    loop {
        let answer = ask(server, &request(&json!(messages))).await;
        assert!(answer.head.starts_with("HTTP/1.1 200"), "{:?}", server.problems());
        let text = answer.joined("text");
        let mut content = vec![json!({"type": "text", "text": text})];
        let mut results = Vec::new();
        for event in answer.events() {
            if event["content_block"]["type"] == "tool_use" {
                let mut call = event["content_block"].clone();
                call["input"] = serde_json::from_str(&answer.joined("partial_json")).unwrap();
                let result = run(&call).to_string();
                results.push(
                    json!({"type": "tool_result", "tool_use_id": call["id"], "content": result}),
                );
                content.push(call);
            }
        }
        messages.push(json!({"role": "assistant", "content": content}));
        if results.is_empty() {
            return text;
        }
        messages.push(json!({"role": "user", "content": results}));
    }
}

#[tokio::test]
async fn the_seed_task_reports_what_the_commands_said() {
    let run = |call: &Value| match call["input"]["command"].as_str() {
        Some("node hello.js") => json!({"stdout": "HELLO OUT\n"}),
        Some("node fibonacci.js") => json!({"stdout": "FIB OUT\n"}),
        Some(other) => panic!("{other}"),
        None => json!({"path": call["input"]["path"], "created": true}),
    };
    let server = ModelServer::start(seed_task().repeating()).await;
    let mut messages = vec![json!({"role": "user", "content": "do it"})];
    for _ in 0..2 {
        let last = converse(&server, &mut messages, run).await;
        assert!(
            last.contains("```\nHELLO OUT\n```") && last.contains("```\nFIB OUT\n```"),
            "{last}"
        );
        messages.push(json!({"role": "user", "content": "again"}));
    }
    server.assert_well_formed();
    assert_eq!(server.requests().len(), 10);
}

#[tokio::test]
async fn requests_are_recorded_with_their_problems() {
    let folder = tempfile::tempdir().unwrap();
    let record = folder.path().join("record.jsonl");
    let options = Options { record: Some(record.clone()), ..Options::default() };
    let server = ModelServer::start_with(vec![Reply::text("x")], options).await.unwrap();
    ask(&server, &user("hi")).await;
    ask(&server, &user("")).await;
    let text = std::fs::read_to_string(record).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["problems"], json!([]));
    assert_eq!(lines[0]["messages"], user("hi")["messages"]);
    assert_eq!(lines[1]["problems"], json!(["messages.0: content must not be empty"]));
}
