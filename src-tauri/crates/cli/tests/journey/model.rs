//! A model that keeps nothing in mind: what it answers follows from the request alone, so that a request that
//! is made again after a crash gets the same answer, and many sessions can be served at once.

use super::script::{self, Step};
use countersign_testkit::{
    check_request, ev_block_stop, ev_message_delta, ev_message_start, ev_message_stop, ev_text,
    ev_text_start, ev_tool_json, ev_tool_start,
};
use serde_json::Value;
use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How long the model thinks before each piece of text.
const PAUSE: Duration = Duration::from_millis(1);

#[derive(Default)]
struct State {
    /// By mark: the last request.
    last: HashMap<String, Value>,
    problems: Vec<String>,
}

/// The model's server, on this machine, until the test ends.
pub struct Model {
    address: std::net::SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Model {
    pub fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::<Mutex<State>>::default();
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let state = Arc::clone(&shared);
                // One that is killed leaves in the middle: that is no fault.
                std::thread::spawn(move || serve(stream, &state).ok());
            }
        });
        Self { address, state }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The last request of a session, which is kept no longer.
    pub fn forget(&self, mark: &str) -> Option<Value> {
        self.state.lock().unwrap().last.remove(mark)
    }

    /// What was wrong with requests.
    pub fn problems(&self) -> Vec<String> {
        self.state.lock().unwrap().problems.clone()
    }
}

fn serve(stream: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut headers = Vec::new();
    let mut line = String::new();
    reader.read_line(&mut line)?;
    loop {
        line.clear();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let body: Value = serde_json::from_slice(&body)?;
    let problems = check_request(&headers, &body);
    let mark = mark_of(&body);
    let step = script::step(next(&body));
    {
        let mut state = state.lock().unwrap();
        state.problems.extend(problems.iter().map(|problem| format!("{mark}: {problem}")));
        state.last.insert(mark.clone(), body);
    }
    let mut stream = stream;
    if !problems.is_empty() {
        let text = serde_json::json!({"type": "error", "error": {"type": "invalid_request_error",
            "message": problems.join("; ")}})
        .to_string();
        return write!(
            stream,
            "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{text}",
            text.len()
        );
    }
    // Without a length: the answer ends with the connection.
    stream.write_all(
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n",
    )?;
    for event in events(&step, &mark) {
        if event["type"] == "content_block_delta" {
            std::thread::sleep(PAUSE);
        }
        let kind = event["type"].as_str().unwrap_or_default();
        let frame = format!("event: {kind}\ndata: {event}\n\n");
        // In two pieces: what arrives is never cut where the events are.
        let (first, second) = frame.as_bytes().split_at(frame.len() / 2);
        stream.write_all(first)?;
        stream.write_all(second)?;
    }
    Ok(())
}

/// The mark in the task.
fn mark_of(body: &Value) -> String {
    let text = body["messages"][0]["content"].to_string();
    let at = text.find("mark-").unwrap_or(text.len());
    text[at..]
        .chars()
        .take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '-')
        .collect()
}

/// The step that comes after those whose calls the conversation has.
fn next(body: &Value) -> usize {
    let steps = script::steps(script::length_of(&body["messages"][0]["content"].to_string()));
    let messages = body["messages"].as_array().into_iter().flatten();
    let blocks = messages.flat_map(|message| message["content"].as_array().into_iter().flatten());
    let calls = blocks.filter(|block| block["type"] == "tool_use");
    let done = calls.filter_map(|block| script::step_of(block["id"].as_str()?)).max();
    *steps.iter().find(|step| Some(**step) > done).expect("the model is not asked after its end")
}

fn events(step: &Step, mark: &str) -> Vec<Value> {
    let mut events = vec![ev_message_start(100), ev_text_start(0)];
    let letters: Vec<char> = step.text.chars().collect();
    events.extend(letters.chunks(9).map(|piece| ev_text(0, &piece.iter().collect::<String>())));
    events.push(ev_block_stop(0));
    for (at, call) in step.calls.iter().enumerate() {
        let index = at + 1;
        events.push(ev_tool_start(index, call.id, call.tool));
        events.push(ev_tool_json(index, &call.args.to_string().replace("{mark}", mark)));
        events.push(ev_block_stop(index));
    }
    let reason = if step.calls.is_empty() { "end_turn" } else { "tool_use" };
    events.push(ev_message_delta(reason, 20));
    events.push(ev_message_stop());
    events
}
