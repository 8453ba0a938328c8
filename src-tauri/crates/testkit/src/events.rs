//! The events of a streamed message, one by one and for a whole reply.

use crate::placeholders::Context;
use crate::script::{Block, Body, Reply, ToolInput, Usage};
use serde_json::{Value, json};

/// Characters of a token, about.
const TOKEN: usize = 4;

/// A message begins; it took this many input tokens.
#[must_use]
pub fn ev_message_start(input_tokens: u64) -> Value {
    message_start(
        "scripted-model",
        Usage { input: input_tokens, output: 1, cache_read: 0, cache_creation: 0 },
    )
}

/// A text block begins at this index of the content.
#[must_use]
pub fn ev_text_start(index: usize) -> Value {
    block_start(index, &json!({"type": "text", "text": ""}))
}

/// More text of the block at this index.
#[must_use]
pub fn ev_text(index: usize, text: &str) -> Value {
    block_delta(index, &json!({"type": "text_delta", "text": text}))
}

/// A thinking block begins at this index.
#[must_use]
pub fn ev_thinking_start(index: usize) -> Value {
    block_start(index, &json!({"type": "thinking", "thinking": "", "signature": ""}))
}

/// More thinking of the block at this index.
#[must_use]
pub fn ev_thinking(index: usize, text: &str) -> Value {
    block_delta(index, &json!({"type": "thinking_delta", "thinking": text}))
}

/// The signature of the thinking block at this index.
#[must_use]
pub fn ev_signature(index: usize, signature: &str) -> Value {
    block_delta(index, &json!({"type": "signature_delta", "signature": signature}))
}

/// A tool call begins at this index.
#[must_use]
pub fn ev_tool_start(index: usize, id: &str, name: &str) -> Value {
    block_start(index, &json!({"type": "tool_use", "id": id, "name": name, "input": {}}))
}

/// More of the JSON text of the tool call's input at this index.
#[must_use]
pub fn ev_tool_json(index: usize, part: &str) -> Value {
    block_delta(index, &json!({"type": "input_json_delta", "partial_json": part}))
}

/// The block at this index is complete.
#[must_use]
pub fn ev_block_stop(index: usize) -> Value {
    json!({"type": "content_block_stop", "index": index})
}

/// The message stops for this reason, having taken this many output tokens.
#[must_use]
pub fn ev_message_delta(stop_reason: &str, output_tokens: u64) -> Value {
    json!({
        "type": "message_delta",
        "delta": {"stop_reason": stop_reason, "stop_sequence": null},
        "usage": {"output_tokens": output_tokens},
    })
}

/// The message is complete.
#[must_use]
pub fn ev_message_stop() -> Value {
    json!({"type": "message_stop"})
}

/// A sign of life between events.
#[must_use]
pub fn ev_ping() -> Value {
    json!({"type": "ping"})
}

/// An error in the middle of a stream, such as `overloaded_error`.
#[must_use]
pub fn ev_error(kind: &str, message: &str) -> Value {
    json!({"type": "error", "error": {"type": kind, "message": message}})
}

/// The bytes of an event on the wire.
pub(crate) fn frame(event: &Value) -> Vec<u8> {
    let name = event["type"].as_str().unwrap_or("message");
    format!("event: {name}\ndata: {event}\n\n").into_bytes()
}

/// All events of a reply, its placeholders filled. A reply that hangs has none that end it.
pub(crate) fn of_reply(reply: &Reply, model: &str, context: &Context) -> Vec<Value> {
    let blocks = match &reply.body {
        Body::Events(events) => return events.clone(),
        Body::Failure { .. } => return Vec::new(),
        Body::Message(blocks) => blocks,
    };
    let mut events = vec![message_start(model, reply.usage), ev_ping()];
    let mut calls_tools = false;
    for (index, block) in blocks.iter().enumerate() {
        match block {
            Block::Text(text) => {
                events.push(ev_text_start(index));
                events.extend(
                    pieces(&context.fill(text), reply.rate).map(|part| ev_text(index, &part)),
                );
            }
            Block::Thinking(text) => {
                events.push(ev_thinking_start(index));
                events.extend(
                    pieces(&context.fill(text), reply.rate).map(|part| ev_thinking(index, &part)),
                );
                events.push(ev_signature(index, "c2NyaXB0ZWQgc2lnbmF0dXJl"));
            }
            Block::Tool { id, name, input } => {
                calls_tools = true;
                events.push(ev_tool_start(index, &context.fresh_id(id), name));
                events.push(ev_tool_json(index, ""));
                let text = match input {
                    ToolInput::Value(value) => context.fill_value(value).to_string(),
                    ToolInput::Raw(raw) => context.fill(raw),
                };
                events.extend(pieces(&text, reply.rate).map(|part| ev_tool_json(index, &part)));
            }
        }
        events.push(ev_block_stop(index));
    }
    if !reply.hangs {
        let natural = if calls_tools { "tool_use" } else { "end_turn" };
        let reason = reply.stop.as_deref().unwrap_or(natural);
        events.push(ev_message_delta(reason, reply.usage.output));
        events.push(ev_message_stop());
    }
    events
}

fn message_start(model: &str, usage: Usage) -> Value {
    json!({
        "type": "message_start",
        "message": {
            "id": "msg_scripted",
            "type": "message",
            "role": "assistant",
            "model": model,
            "content": [],
            "stop_reason": null,
            "stop_sequence": null,
            "usage": {
                "input_tokens": usage.input,
                "output_tokens": 1,
                "cache_read_input_tokens": usage.cache_read,
                "cache_creation_input_tokens": usage.cache_creation,
            },
        },
    })
}

fn block_start(index: usize, block: &Value) -> Value {
    json!({"type": "content_block_start", "index": index, "content_block": block})
}

fn block_delta(index: usize, delta: &Value) -> Value {
    json!({"type": "content_block_delta", "index": index, "delta": delta})
}

/// A text in several pieces: a dozen characters each, more where that would make over 400; a token each where
/// they come at a rate.
fn pieces(text: &str, rate: Option<u32>) -> impl Iterator<Item = String> {
    let characters: Vec<char> = text.chars().collect();
    let size = if rate.is_some() { TOKEN } else { (characters.len() / 400).max(12) };
    let parts: Vec<String> = characters.chunks(size).map(|part| part.iter().collect()).collect();
    parts.into_iter()
}
