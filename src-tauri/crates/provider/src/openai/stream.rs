//! The chunks of a streamed answer, put together into a message.

use super::error::{ApiError, streamed};
use crate::wire::{self, Failure, MAX_REPLY, Peer, Step, arguments};
use crate::{Completion, StopReason};
use countersign_protocol::{ContentBlock, Message, Role, StepUsage};
use serde::Deserialize;
use serde_json::{Map, Value};
use thiserror::Error;

/// What a call is counted for beside its text, so that empty ones are not free.
const CALL_COST: usize = 4096;
/// What stands for the end of a stream.
const DONE: &str = "[DONE]";

/// An answer in the making.
#[derive(Debug, Default)]
pub(super) struct Reply {
    text: String,
    thinking: String,
    calls: Vec<Call>,
    usage: StepUsage,
    stop: Option<String>,
    refused: bool,
    size: usize,
}

#[derive(Debug, Error)]
enum Problem {
    #[error("an event is no valid JSON ({0})")]
    Json(#[from] serde_json::Error),
    #[error("it is longer than {} MiB", MAX_REPLY / 1024 / 1024)]
    TooLong,
}

/// A chunk, or a whole answer: they differ in the name of what they hold.
#[derive(Deserialize)]
struct Chunk {
    choices: Option<Vec<Choice>>,
    usage: Option<Usage>,
}

#[derive(Deserialize)]
struct Choice {
    index: Option<u64>,
    #[serde(alias = "message")]
    delta: Option<Delta>,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Delta {
    content: Option<Value>,
    reasoning_content: Option<Value>,
    reasoning: Option<Value>,
    refusal: Option<String>,
    tool_calls: Option<Vec<Piece>>,
    /// The form before there were several calls in one answer.
    function_call: Option<Function>,
}

/// A piece of a call.
#[derive(Deserialize)]
struct Piece {
    index: Option<u64>,
    id: Option<String>,
    function: Option<Function>,
}

#[derive(Default, Deserialize)]
struct Function {
    name: Option<String>,
    arguments: Option<Value>,
}

#[derive(Deserialize)]
struct Usage {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    prompt_tokens_details: Option<Details>,
}

#[derive(Deserialize)]
struct Details {
    cached_tokens: Option<u64>,
}

/// A call in the making.
#[derive(Debug, Default)]
struct Call {
    index: Option<u64>,
    id: String,
    name: String,
    arguments: String,
}

impl wire::Reply for Reply {
    const COMES_WHOLE: bool = true;

    fn read(&mut self, data: &str, peer: &Peer) -> Result<Vec<Step>, Failure> {
        match data.trim() {
            DONE => Ok(vec![Step::Done]),
            // Some servers keep the line open with events of nothing.
            "" => Ok(Vec::new()),
            data => self.take(document(data, peer)?).map_err(|problem| peer.malformed(&problem)),
        }
    }

    fn read_whole(&mut self, body: &str, peer: &Peer) -> Result<Option<Vec<Step>>, Failure> {
        let document = match serde_json::from_str::<Value>(body) {
            Ok(document) if document["choices"].is_array() => document,
            Ok(document) => match ApiError::find(&document) {
                Some(error) => return Err(streamed(peer, &error)),
                None => return Ok(None),
            },
            Err(_) => return Ok(None),
        };
        self.take(document).map(Some).map_err(|problem| peer.malformed(&problem))
    }

    fn is_whole(&self) -> bool {
        self.stop.is_some()
    }

    fn finish(self) -> Completion {
        let stop = self.stop();
        let mut content = Vec::new();
        if !self.thinking.is_empty() {
            let signature = String::new();
            content.push(ContentBlock::Thinking { thinking: self.thinking, signature });
        }
        if !self.text.is_empty() {
            content.push(ContentBlock::Text { text: self.text });
        }
        content.extend(self.calls.into_iter().map(Call::finish));
        Completion { message: Message { role: Role::Assistant, content }, usage: self.usage, stop }
    }
}

impl Reply {
    fn take(&mut self, document: Value) -> Result<Vec<Step>, Problem> {
        let chunk: Chunk = serde_json::from_value(document)?;
        let mut steps = Vec::new();
        // Only one answer was asked for.
        let first = |choice: &Choice| choice.index.unwrap_or(0) == 0;
        for choice in chunk.choices.into_iter().flatten().filter(first) {
            if let Some(delta) = choice.delta {
                self.delta(delta, &mut steps)?;
            }
            let reason = choice.finish_reason.filter(|reason| !reason.is_empty());
            self.stop = reason.or(self.stop.take());
        }
        self.count(chunk.usage.as_ref());
        Ok(steps)
    }

    fn delta(&mut self, delta: Delta, steps: &mut Vec<Step>) -> Result<(), Problem> {
        // Some servers send the same reasoning under both names.
        let thinking = delta.reasoning_content.or(delta.reasoning).as_ref().map(text_of);
        if let Some(thinking) = thinking.filter(|text| !text.is_empty()) {
            self.grow(thinking.len())?;
            self.thinking.push_str(&thinking);
            steps.push(Step::Thinking(thinking));
        }
        let refusal = delta.refusal.filter(|refusal| !refusal.is_empty());
        self.refused |= refusal.is_some();
        for text in [delta.content.as_ref().map(text_of), refusal].into_iter().flatten() {
            if !text.is_empty() {
                self.grow(text.len())?;
                self.text.push_str(&text);
                steps.push(Step::Text(text));
            }
        }
        for piece in delta.tool_calls.into_iter().flatten() {
            self.piece(piece)?;
        }
        if let Some(function) = delta.function_call {
            self.piece(Piece { index: Some(0), id: None, function: Some(function) })?;
        }
        Ok(())
    }

    /// Adds a piece to the call that it belongs to, or begins a new one.
    fn piece(&mut self, piece: Piece) -> Result<(), Problem> {
        let function = piece.function.unwrap_or_default();
        let piece = Call {
            index: piece.index,
            id: piece.id.unwrap_or_default(),
            name: function.name.unwrap_or_default(),
            arguments: function.arguments.as_ref().map(json_of).unwrap_or_default(),
        };
        self.grow(piece.id.len() + piece.name.len() + piece.arguments.len())?;
        let begun = match piece.index {
            Some(_) => self.calls.iter_mut().rfind(|call| call.index == piece.index),
            None => self.calls.last_mut(),
        };
        match begun {
            Some(call) if call.goes_on(&piece) => call.add(piece),
            _ => {
                self.grow(CALL_COST)?;
                self.calls.push(piece);
            }
        }
        Ok(())
    }

    /// Counts are of the whole answer, so that the newest stands. Those that came from the cache are
    /// in the count of the prompt too.
    fn count(&mut self, usage: Option<&Usage>) {
        let Some(usage) = usage else { return };
        let cached = usage.prompt_tokens_details.as_ref().and_then(|details| details.cached_tokens);
        if let Some(prompt) = usage.prompt_tokens {
            let cached = cached.unwrap_or(0).min(prompt);
            self.usage.input_tokens = prompt - cached;
            self.usage.cache_read_tokens = cached;
        }
        self.usage.output_tokens = usage.completion_tokens.unwrap_or(self.usage.output_tokens);
    }

    fn stop(&self) -> StopReason {
        match self.stop.as_deref() {
            _ if self.refused => StopReason::Refusal,
            // Not every server says that it waits for results.
            Some("stop") if !self.calls.is_empty() => StopReason::ToolUse,
            Some("stop") => StopReason::EndTurn,
            Some("tool_calls" | "function_call") => StopReason::ToolUse,
            Some("length") => StopReason::MaxTokens,
            Some("content_filter") => StopReason::Refusal,
            Some(other) => StopReason::Other(other.to_owned()),
            None => StopReason::Other("unknown".to_owned()),
        }
    }

    fn grow(&mut self, bytes: usize) -> Result<(), Problem> {
        self.size += bytes;
        if self.size > MAX_REPLY { Err(Problem::TooLong) } else { Ok(()) }
    }
}

impl Call {
    /// Whether a piece under the same index, or without one, belongs to this call. By the book an
    /// index is enough; but some servers send none, some the same for every call of an answer, and
    /// others repeat id and name with every piece.
    fn goes_on(&self, piece: &Self) -> bool {
        if !piece.id.is_empty() && !self.id.is_empty() && piece.id != self.id {
            return false;
        }
        if piece.name.is_empty() {
            return true;
        }
        if piece.index.is_none() && piece.id.is_empty() {
            return false;
        }
        let is_whole = self.arguments.trim_end().ends_with('}')
            && serde_json::from_str::<Map<String, Value>>(&self.arguments).is_ok();
        !is_whole || piece.arguments.is_empty()
    }

    fn add(&mut self, piece: Self) {
        if self.id.is_empty() {
            self.id = piece.id;
        }
        if self.name.is_empty() {
            self.name = piece.name;
        }
        self.arguments.push_str(&piece.arguments);
    }

    fn finish(self) -> ContentBlock {
        let (input, invalid) = arguments(self.arguments);
        ContentBlock::ToolUse { id: self.id, name: self.name, input, invalid }
    }
}

/// The document of an event, unless it is the server's error.
fn document(data: &str, peer: &Peer) -> Result<Value, Failure> {
    let document: Value =
        serde_json::from_str(data).map_err(|error| peer.malformed(&Problem::from(error)))?;
    let is_error = !document["error"].is_null() || document["object"] == "error";
    match ApiError::find(&document).filter(|_| is_error) {
        Some(error) => Err(streamed(peer, &error)),
        None => Ok(document),
    }
}

/// The text of a content, which some servers send in parts.
fn text_of(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().filter_map(|part| part["text"].as_str()).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => String::new(),
    }
}

/// Arguments as JSON text; some servers send the object itself.
fn json_of(arguments: &Value) -> String {
    match arguments.as_str() {
        Some(text) => text.to_owned(),
        None if arguments.is_null() => String::new(),
        None => arguments.to_string(),
    }
}

#[cfg(test)]
#[path = "stream_tests.rs"]
mod tests;
