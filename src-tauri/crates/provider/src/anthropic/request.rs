//! A request in the words of the Messages API.

use crate::Request;
use countersign_protocol::{ContentBlock, Message, Role};
use serde_json::{Value, json};

/// The body of a request.
pub(super) fn body(request: &Request, model: &str) -> Value {
    let mut body = json!({
        "model": model,
        "max_tokens": request.max_tokens,
        "stream": true,
    });
    if !request.system.trim().is_empty() {
        body["system"] = json!([{ "type": "text", "text": request.system }]);
        mark_last(&mut body["system"]);
    }
    if !request.tools.is_empty() {
        body["tools"] = request
            .tools
            .iter()
            .map(|tool| {
                json!({
                    "name": tool.name,
                    "description": tool.description,
                    "input_schema": tool.input_schema,
                })
            })
            .collect();
        mark_last(&mut body["tools"]);
    }
    let mut messages = messages(&request.messages);
    if let Some(last) = messages.iter_mut().rfind(|message| message["role"] == "user") {
        mark_last(&mut last["content"]);
    }
    body["messages"] = messages.into();
    body
}

/// Asks for everything up to the end of a list to be cached: the next step sends it again.
fn mark_last(list: &mut Value) {
    if let Some(last) = list.as_array_mut().and_then(|list| list.last_mut()) {
        last["cache_control"] = json!({ "type": "ephemeral" });
    }
}

/// The messages, those of the same role in a row merged, and none without content: the API takes
/// nothing else.
fn messages(messages: &[Message]) -> Vec<Value> {
    let mut merged: Vec<(Role, Vec<Value>)> = Vec::new();
    for message in messages {
        let blocks: Vec<Value> = message.content.iter().filter_map(block).collect();
        if blocks.is_empty() {
            continue;
        }
        match merged.last_mut() {
            Some((role, content)) if *role == message.role => content.extend(blocks),
            _ => merged.push((message.role, blocks)),
        }
    }
    merged
        .into_iter()
        .map(|(role, mut content)| {
            let role = match role {
                // Results come before anything that the person says about them, or the API does not
                // find them.
                Role::User => {
                    content.sort_by_key(|block| block["type"] != "tool_result");
                    "user"
                }
                Role::Assistant => "assistant",
            };
            json!({ "role": role, "content": content })
        })
        .collect()
}

/// One block, where there is something to send.
fn block(block: &ContentBlock) -> Option<Value> {
    match block {
        ContentBlock::Text { text } if text.trim().is_empty() => None,
        ContentBlock::Text { text } => Some(json!({ "type": "text", "text": text })),
        // Reasoning that the API did not sign, as another provider's, is not taken back.
        ContentBlock::Thinking { signature, .. } if signature.is_empty() => None,
        ContentBlock::Thinking { thinking, signature } => {
            Some(json!({ "type": "thinking", "thinking": thinking, "signature": signature }))
        }
        ContentBlock::RedactedThinking { data } => {
            Some(json!({ "type": "redacted_thinking", "data": data }))
        }
        ContentBlock::ToolUse { id, name, input, invalid } => {
            let input =
                if input.is_object() && invalid.is_none() { input.clone() } else { json!({}) };
            Some(json!({ "type": "tool_use", "id": id, "name": name, "input": input }))
        }
        ContentBlock::ToolResult { tool_use_id, content, is_error } => {
            let mut result = json!({
                "type": "tool_result",
                "tool_use_id": tool_use_id,
                "content": content,
            });
            if *is_error {
                result["is_error"] = json!(true);
            }
            Some(result)
        }
    }
}
