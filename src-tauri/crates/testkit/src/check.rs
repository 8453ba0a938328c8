//! What the real API refuses in a request, checked here so that a test sees it without a network.

use serde_json::Value;
use std::collections::HashSet;

/// The marks for the prompt cache that a request may have.
const CACHE_MARKS: usize = 4;

/// All that is wrong with a request: its headers (names in lower case) and its body. Empty where
/// the API would take it.
#[must_use]
pub fn check_request(headers: &[(String, String)], body: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    for name in ["x-api-key", "anthropic-version"] {
        if !headers.iter().any(|(header, value)| header == name && !value.trim().is_empty()) {
            problems.push(format!("{name}: header is required"));
        }
    }
    check_top(body, &mut problems);
    check_tools(body, &mut problems);
    check_system(body, &mut problems);
    check_messages(body, &mut problems);
    let marks = cache_marks(body);
    if marks > CACHE_MARKS {
        problems
            .push(format!("at most {CACHE_MARKS} blocks may have cache_control, found {marks}"));
    }
    problems
}

fn check_top(body: &Value, problems: &mut Vec<String>) {
    if body["model"].as_str().is_none_or(str::is_empty) {
        problems.push("model: field required".to_owned());
    }
    let max_tokens = body["max_tokens"].as_u64().unwrap_or(0);
    if max_tokens == 0 {
        problems.push("max_tokens: must be a whole number above 0".to_owned());
    }
    if body["stream"] != true {
        problems.push("stream: must be true".to_owned());
    }
    if body["thinking"]["type"] == "enabled" {
        let budget = body["thinking"]["budget_tokens"].as_u64().unwrap_or(0);
        if budget < 1024 || budget >= max_tokens {
            problems.push(format!(
                "thinking.budget_tokens: {budget} must be at least 1024 and less than max_tokens"
            ));
        }
    }
}

fn check_tools(body: &Value, problems: &mut Vec<String>) {
    let tools = match &body["tools"] {
        Value::Null => return,
        Value::Array(tools) => tools,
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            problems.push("tools: must be an array".to_owned());
            return;
        }
    };
    let mut names = HashSet::new();
    for (index, tool) in tools.iter().enumerate() {
        let name = tool["name"].as_str().unwrap_or_default();
        if !is_identifier(name) || name.len() > 128 {
            problems.push(format!("tools.{index}.name: {name:?} is not a tool name"));
        }
        if !names.insert(name) {
            problems.push(format!("tools: tool names must be unique, {name:?} is there twice"));
        }
        // A tool of the API's own has a type and no schema.
        let custom = tool["type"].is_null() || tool["type"] == "custom";
        if custom && tool["input_schema"]["type"] != "object" {
            problems.push(format!("tools.{index}.input_schema: must be a schema of type object"));
        }
    }
}

fn check_system(body: &Value, problems: &mut Vec<String>) {
    match &body["system"] {
        Value::Null | Value::String(_) => {}
        Value::Array(blocks) => {
            for (index, block) in blocks.iter().enumerate() {
                check_text(block, &format!("system.{index}"), problems);
            }
        }
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => {
            problems.push("system: must be a text or an array of blocks".to_owned());
        }
    }
}

fn check_messages(body: &Value, problems: &mut Vec<String>) {
    let messages = body["messages"].as_array().map_or(&[][..], Vec::as_slice);
    if messages.is_empty() {
        problems.push("messages: at least one message is required".to_owned());
        return;
    }
    let mut seen = HashSet::new();
    let mut open: Vec<&str> = Vec::new();
    for (index, message) in messages.iter().enumerate() {
        let wanted = if index % 2 == 0 { "user" } else { "assistant" };
        let role = message["role"].as_str().unwrap_or_default();
        if role != wanted {
            problems.push(format!(
                "messages.{index}: roles must begin with user and alternate; found {role:?} instead of {wanted:?}"
            ));
        }
        check_content(message, index, problems);
        let blocks = message["content"].as_array().map_or(&[][..], Vec::as_slice);
        check_answers(blocks, index, role, &open, problems);
        open.clear();
        for block in blocks.iter().filter(|block| block["type"] == "tool_use") {
            let id = block["id"].as_str().unwrap_or_default();
            if role != "assistant" {
                problems
                    .push(format!("messages.{index}: tool_use {id:?} in a message of the {role}"));
            }
            if !seen.insert(id) {
                problems.push(format!(
                    "messages.{index}: tool_use ids must be unique, {id:?} is there twice"
                ));
            }
            open.push(id);
        }
    }
    if messages.last().is_some_and(|message| message["role"] != "user") {
        problems.push("messages: the last message must be of the user".to_owned());
    }
}

/// The blocks of one message, each by itself.
fn check_content(message: &Value, index: usize, problems: &mut Vec<String>) {
    let blocks = match &message["content"] {
        Value::String(text) => {
            if text.trim().is_empty() {
                problems.push(format!("messages.{index}: content must not be empty"));
            }
            return;
        }
        Value::Array(blocks) => blocks,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {
            problems
                .push(format!("messages.{index}.content: must be a text or an array of blocks"));
            return;
        }
    };
    if blocks.is_empty() {
        problems.push(format!("messages.{index}: content must not be empty"));
    }
    for (number, block) in blocks.iter().enumerate() {
        let place = format!("messages.{index}.content.{number}");
        match block["type"].as_str().unwrap_or_default() {
            "text" => check_text(block, &place, problems),
            "tool_use" => {
                if !is_identifier(block["id"].as_str().unwrap_or_default()) {
                    problems.push(format!("{place}.id: {} is not an id", block["id"]));
                }
                if block["name"].as_str().is_none_or(str::is_empty) {
                    problems.push(format!("{place}.name: field required"));
                }
                if !block["input"].is_object() {
                    problems.push(format!("{place}.input: must be an object"));
                }
            }
            "tool_result" => {
                for inner in block["content"].as_array().into_iter().flatten() {
                    check_text(inner, &format!("{place}.content"), problems);
                }
            }
            "thinking" => {
                if block["signature"].as_str().is_none_or(str::is_empty) {
                    problems.push(format!("{place}.signature: field required"));
                }
            }
            "redacted_thinking" | "image" | "document" => {}
            other => problems.push(format!("{place}.type: {other:?} is not a type of block")),
        }
    }
}

/// That the tool results of a message answer the calls of the one before, each once, and come first.
fn check_answers(
    blocks: &[Value],
    index: usize,
    role: &str,
    open: &[&str],
    problems: &mut Vec<String>,
) {
    let mut answered: Vec<&str> = Vec::new();
    let mut other_before = false;
    for block in blocks {
        if block["type"] != "tool_result" {
            other_before = true;
            continue;
        }
        let id = block["tool_use_id"].as_str().unwrap_or_default();
        if role != "user" {
            problems
                .push(format!("messages.{index}: tool_result {id:?} in a message of the {role}"));
        }
        if other_before {
            problems.push(format!(
                "messages.{index}: tool_result {id:?} must come before other content"
            ));
        }
        if !open.contains(&id) {
            problems.push(format!(
                "messages.{index}: tool_result {id:?} has no tool_use in the message before"
            ));
        } else if answered.contains(&id) {
            problems.push(format!("messages.{index}: tool_use {id:?} is answered twice"));
        }
        answered.push(id);
    }
    for id in open.iter().filter(|id| !answered.contains(id)) {
        problems.push(format!(
            "messages.{index}: tool_use {id:?} has no tool_result in the message right after it"
        ));
    }
}

fn check_text(block: &Value, place: &str, problems: &mut Vec<String>) {
    if block["type"] == "text" && block["text"].as_str().is_none_or(|text| text.trim().is_empty()) {
        problems.push(format!("{place}: text content blocks must contain non-whitespace text"));
    }
}

fn is_identifier(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

/// How many blocks are marked for the cache. Tool inputs and schemas are the caller's own and are
/// not looked into.
fn cache_marks(body: &Value) -> usize {
    let messages = body["messages"].as_array().into_iter().flatten();
    let contents = messages.filter_map(|message| message["content"].as_array()).flatten();
    let system = body["system"].as_array().into_iter().flatten();
    let tools = body["tools"].as_array().into_iter().flatten();
    contents.chain(system).chain(tools).filter(|block| !block["cache_control"].is_null()).count()
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
