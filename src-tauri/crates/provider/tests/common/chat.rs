//! Answers as servers that speak Chat Completions give them.

use super::{Answer, KEY, Server};
use countersign_provider::{OpenAi, OpenAiConfig, Secret};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::time::Duration;

/// A client with the key of all tests and a model.
pub fn client(server: &Server) -> OpenAi {
    configured(&server.url, Some(KEY), Some("gpt-test"))
}

pub fn configured(url: &str, key: Option<&str>, model: Option<&str>) -> OpenAi {
    OpenAi::new(OpenAiConfig {
        api_key: key.map(Secret::new),
        model: model.map(str::to_owned),
        base_url: Some(url.to_owned()),
    })
    .unwrap()
    .with_base_delay(Duration::from_millis(1))
}

/// Chunks and the end, as they are sent.
pub fn chunks(chunks: &[Value]) -> String {
    let mut all = unended(chunks);
    all.push_str("data: [DONE]\n\n");
    all
}

/// The same without the end.
pub fn unended(chunks: &[Value]) -> String {
    chunks.iter().fold(String::new(), |mut all, chunk| {
        let _ = write!(all, "data: {chunk}\n\n");
        all
    })
}

/// A chunk with one choice.
pub fn chunk(delta: &Value, finish: Option<&str>) -> Value {
    json!({"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": "gpt-test",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], "usage": null})
}

/// The chunk with the counts.
pub fn usage(prompt: u64, cached: u64, completion: u64) -> Value {
    json!({"object": "chat.completion.chunk", "choices": [], "usage": {
        "prompt_tokens": prompt, "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": cached}}})
}

/// A short answer, "Hello".
pub fn hello() -> String {
    chunks(&[
        chunk(&json!({"role": "assistant", "content": ""}), None),
        chunk(&json!({"content": "Hello"}), None),
        chunk(&json!({}), Some("stop")),
        usage(3, 0, 5),
    ])
}

/// An error of the API.
pub fn error(status: u16, kind: &str, code: &Value, message: &str) -> Answer {
    let body = json!({"error": {"message": message, "type": kind, "param": null, "code": code}});
    Answer::new(status, "application/json", body.to_string())
}

/// A list of models.
pub fn models(names: &[&str]) -> Answer {
    let data: Vec<Value> =
        names.iter().map(|name| json!({"id": name, "object": "model"})).collect();
    let body = json!({"object": "list", "data": data});
    Answer::new(200, "application/json", body.to_string())
}
