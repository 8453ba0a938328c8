//! A server on this machine that answers as it is told.
#![allow(dead_code)]

pub mod chat;

use countersign_protocol::{ContentBlock, Message, Role};
use countersign_provider::{
    Anthropic, AnthropicConfig, Completion, Provider, ProviderError, ProviderEvent, Request, Secret,
};
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;

/// The key of all tests; nothing may show it.
pub const KEY: &str = "sk-ant-test-0123456789";
/// No test waits longer for anything.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// How an answer ends.
#[derive(Clone, Copy, Debug)]
pub enum End {
    /// As it should.
    Whole,
    /// The connection is closed in the midst of it.
    Cut,
    /// Nothing more comes until the client hangs up, which is told.
    Hang,
}

/// One answer; each piece is a chunk of its own.
#[derive(Clone, Debug)]
pub struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    pieces: Vec<Vec<u8>>,
    end: End,
}

impl Answer {
    pub fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("content-type".to_owned(), content_type.to_owned())];
        Self { status, headers, pieces: vec![body.into()], end: End::Whole }
    }

    pub fn stream(body: &str) -> Self {
        Self::new(200, "text/event-stream; charset=utf-8", body)
    }

    /// An error of the API.
    pub fn error(status: u16, kind: &str, message: &str) -> Self {
        let body = json!({"type": "error", "error": {"type": kind, "message": message}});
        Self::new(status, "application/json", body.to_string())
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn pieces<'a>(mut self, pieces: impl IntoIterator<Item = &'a [u8]>) -> Self {
        self.pieces = pieces.into_iter().map(<[u8]>::to_vec).collect();
        self
    }

    pub fn end(mut self, end: End) -> Self {
        self.end = end;
        self
    }
}

/// What a client sent.
#[derive(Debug)]
pub struct Received {
    pub line: String,
    pub headers: BTreeMap<String, String>,
    pub body: Value,
}

pub struct Server {
    pub url: String,
    received: mpsc::UnboundedReceiver<Received>,
    hung_up: mpsc::UnboundedReceiver<()>,
}

impl Server {
    /// Gives the answers in turn, one a connection; the last one goes on for ever.
    pub async fn start(answers: impl IntoIterator<Item = Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (send_received, received) = mpsc::unbounded_channel();
        let (send_hung_up, hung_up) = mpsc::unbounded_channel();
        let mut answers: VecDeque<Answer> = answers.into_iter().collect();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let next = if answers.len() > 1 { answers.pop_front() } else { None };
                let answer = next.unwrap_or_else(|| answers[0].clone());
                tokio::spawn(serve(socket, answer, send_received.clone(), send_hung_up.clone()));
            }
        });
        Self { url, received, hung_up }
    }

    /// The next request that came.
    pub async fn received(&mut self) -> Received {
        timeout(DEADLINE, self.received.recv()).await.expect("no request came").unwrap()
    }

    /// Whether no further request came than those that were taken.
    pub fn nothing_more(&mut self) -> bool {
        self.received.try_recv().is_err()
    }

    /// Waits until the client closes a connection that hangs.
    pub async fn hung_up(&mut self) {
        timeout(DEADLINE, self.hung_up.recv())
            .await
            .expect("the client stays on the line")
            .unwrap();
    }

    pub fn client(&self) -> Anthropic {
        client(&self.url)
    }
}

pub fn client(url: &str) -> Anthropic {
    Anthropic::new(AnthropicConfig {
        api_key: Secret::new(KEY),
        model: Some("claude-test".into()),
        base_url: Some(url.into()),
    })
    .unwrap()
    .with_base_delay(Duration::from_millis(1))
}

/// A request that asks for little.
pub fn request() -> Request {
    let content = vec![ContentBlock::Text { text: "Hello".into() }];
    let messages = vec![Message { role: Role::User, content }];
    Request { system: String::new(), messages, tools: Vec::new(), max_tokens: 100 }
}

/// All that a call comes to.
#[derive(Debug)]
pub struct Heard {
    pub events: Vec<ProviderEvent>,
    pub end: Result<Completion, ProviderError>,
}

impl Heard {
    pub fn error(&self) -> &ProviderError {
        self.end.as_ref().expect_err("it did not fail")
    }

    pub fn retries(&self) -> usize {
        self.events.iter().filter(|event| matches!(event, ProviderEvent::Retrying { .. })).count()
    }
}

/// Listens to the end, and sees to it that the end comes once and last.
pub async fn hear(provider: &dyn Provider, request: Request) -> Heard {
    let all: Vec<_> =
        timeout(DEADLINE, provider.complete(request).collect()).await.expect("it does not end");
    let mut events = Vec::new();
    let mut ends = Vec::new();
    for item in all {
        assert!(ends.is_empty(), "something came after the end: {item:?}");
        match item {
            Ok(ProviderEvent::Finished(completion)) => ends.push(Ok(completion)),
            Ok(event) => events.push(event),
            Err(error) => ends.push(Err(error)),
        }
    }
    Heard { events, end: ends.pop().expect("there was no end") }
}

/// Events as the API sends them.
pub fn sse(events: &[Value]) -> String {
    events.iter().fold(String::new(), |mut all, event| {
        let _ = write!(all, "event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap());
        all
    })
}

/// A short answer, "Hello".
pub fn hello() -> String {
    sse(&[
        json!({"type": "message_start", "message": {"usage": {"input_tokens": 3, "output_tokens": 1}}}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hello"}}),
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 5}}),
        json!({"type": "message_stop"}),
    ])
}

async fn serve(
    mut socket: TcpStream,
    answer: Answer,
    received: mpsc::UnboundedSender<Received>,
    hung_up: mpsc::UnboundedSender<()>,
) {
    let Some(request) = read_request(&mut socket).await else { return };
    let _ = received.send(request);
    let _ = socket.set_nodelay(true);
    let mut head = format!("HTTP/1.1 {} Reason\r\n", answer.status);
    for (name, value) in &answer.headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    head.push_str("transfer-encoding: chunked\r\nconnection: close\r\n\r\n");
    let mut bytes = head.into_bytes();
    for piece in answer.pieces.iter().filter(|piece| !piece.is_empty()) {
        bytes.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
        bytes.extend_from_slice(piece);
        bytes.extend_from_slice(b"\r\n");
    }
    if matches!(answer.end, End::Whole) {
        bytes.extend_from_slice(b"0\r\n\r\n");
    }
    if socket.write_all(&bytes).await.is_err() {
        return;
    }
    if matches!(answer.end, End::Hang) {
        let mut rest = [0; 64];
        while !matches!(socket.read(&mut rest).await, Ok(0) | Err(_)) {}
        let _ = hung_up.send(());
    }
}

async fn read_request(socket: &mut TcpStream) -> Option<Received> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at;
        }
        if socket.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..head_end].to_vec()).unwrap();
    let mut lines = head.lines();
    let line = lines.next()?.to_owned();
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length: usize = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    while bytes.len() < head_end + 4 + length {
        if socket.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    let body = serde_json::from_slice(&bytes[head_end + 4..]).unwrap_or(Value::Null);
    Some(Received { line, headers, body })
}
