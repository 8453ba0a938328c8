//! A request in the words of Chat Completions.

use crate::Request;
use countersign_protocol::{ContentBlock, Message, Role};
use serde_json::{Value, json};

/// The body of a request, apart from what not every server takes.
pub(super) fn body(request: &Request, model: &str) -> Value {
    let mut messages = Vec::new();
    if !request.system.trim().is_empty() {
        messages.push(json!({ "role": "system", "content": request.system }));
    }
    for (role, blocks) in turns(&request.messages) {
        match role {
            Role::User => user(&blocks, &mut messages),
            Role::Assistant => messages.extend(assistant(&blocks)),
        }
    }
    let mut body = json!({ "model": model, "stream": true, "messages": messages });
    if !request.tools.is_empty() {
        body["tools"] = request
            .tools
            .iter()
            .map(|tool| {
                json!({
                    "type": "function",
                    "function": {
                        "name": tool.name,
                        "description": tool.description,
                        "parameters": tool.input_schema,
                    },
                })
            })
            .collect();
    }
    body
}

/// The blocks of the messages, those of the same role in a row together: the templates of many
/// models take the roles in turn only.
fn turns(messages: &[Message]) -> Vec<(Role, Vec<&ContentBlock>)> {
    let mut turns: Vec<(Role, Vec<&ContentBlock>)> = Vec::new();
    for message in messages.iter().filter(|message| message.content.iter().any(counts)) {
        match turns.last_mut() {
            Some((role, blocks)) if *role == message.role => blocks.extend(&message.content),
            _ => turns.push((message.role, message.content.iter().collect())),
        }
    }
    turns
}

/// Whether there is anything to send. Reasoning is not taken back.
fn counts(block: &ContentBlock) -> bool {
    match block {
        ContentBlock::Text { text } => !text.trim().is_empty(),
        ContentBlock::Thinking { .. } | ContentBlock::RedactedThinking { .. } => false,
        ContentBlock::ToolUse { .. } | ContentBlock::ToolResult { .. } => true,
    }
}

/// Results, which have to follow their calls, and then what the person says. That a call failed is
/// said by its result alone: there is no flag for it.
fn user(blocks: &[&ContentBlock], messages: &mut Vec<Value>) {
    for block in blocks {
        if let ContentBlock::ToolResult { tool_use_id, content, .. } = block {
            messages
                .push(json!({ "role": "tool", "tool_call_id": tool_use_id, "content": content }));
        }
    }
    if let Some(text) = text(blocks) {
        messages.push(json!({ "role": "user", "content": text }));
    }
}

fn assistant(blocks: &[&ContentBlock]) -> Option<Value> {
    let calls: Vec<Value> = blocks.iter().filter_map(|block| call(block)).collect();
    let text = text(blocks);
    if text.is_none() && calls.is_empty() {
        return None;
    }
    let mut message = json!({ "role": "assistant", "content": text });
    if !calls.is_empty() {
        message["tool_calls"] = calls.into();
    }
    Some(message)
}

fn call(block: &ContentBlock) -> Option<Value> {
    let ContentBlock::ToolUse { id, name, input, invalid } = block else { return None };
    // Servers put the arguments into the model's template and fail on what is no JSON object.
    let arguments =
        if input.is_object() && invalid.is_none() { input.to_string() } else { "{}".to_owned() };
    Some(json!({
        "id": id,
        "type": "function",
        "function": { "name": name, "arguments": arguments },
    }))
}

/// The texts among the blocks as one.
fn text(blocks: &[&ContentBlock]) -> Option<String> {
    let texts: Vec<&str> = blocks
        .iter()
        .filter_map(|block| match block {
            ContentBlock::Text { text } if !text.trim().is_empty() => Some(text.as_str()),
            ContentBlock::Text { .. }
            | ContentBlock::Thinking { .. }
            | ContentBlock::RedactedThinking { .. }
            | ContentBlock::ToolUse { .. }
            | ContentBlock::ToolResult { .. } => None,
        })
        .collect();
    (!texts.is_empty()).then(|| texts.join("\n\n"))
}
