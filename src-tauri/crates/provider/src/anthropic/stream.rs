//! The events of a streamed answer, put together into a message.

use super::error::{ApiError, streamed};
use crate::wire::{self, Failure, MAX_REPLY, Peer, Step, arguments, piece};
use crate::{Completion, StopReason};
use countersign_protocol::{ContentBlock, Message, Role, StepUsage};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use thiserror::Error;

/// What a block is counted for beside its text, so that empty ones are not free.
const BLOCK_COST: usize = 64;

/// An answer in the making.
#[derive(Debug, Default)]
pub(super) struct Reply {
    blocks: BTreeMap<u64, Block>,
    usage: StepUsage,
    stop: Option<String>,
    size: usize,
}

#[derive(Debug, Error)]
enum Problem {
    #[error("an event is no valid JSON ({0})")]
    Json(#[from] serde_json::Error),
    #[error("it is longer than {} MiB", MAX_REPLY / 1024 / 1024)]
    TooLong,
    #[error("a piece belongs to no block")]
    NoBlock,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Event {
    MessageStart {
        message: Start,
    },
    ContentBlockStart {
        index: u64,
        content_block: BlockStart,
    },
    ContentBlockDelta {
        index: u64,
        delta: Delta,
    },
    MessageDelta {
        delta: End,
        usage: Option<Usage>,
    },
    MessageStop,
    Error {
        error: ApiError,
    },
    /// `ping`, `content_block_stop` and what is new.
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Start {
    usage: Option<Usage>,
}

#[derive(Deserialize)]
struct End {
    stop_reason: Option<String>,
}

/// Counts so far; those that are missing stay what they were.
#[derive(Deserialize)]
#[expect(clippy::struct_field_names, reason = "the API's names")]
struct Usage {
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
    cache_creation_input_tokens: Option<u64>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum BlockStart {
    Text {
        #[serde(default)]
        text: String,
    },
    Thinking {
        #[serde(default)]
        thinking: String,
        #[serde(default)]
        signature: String,
    },
    RedactedThinking {
        data: String,
    },
    ToolUse {
        id: String,
        name: String,
        #[serde(default)]
        input: Value,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(clippy::enum_variant_names, reason = "the API's names")]
enum Delta {
    TextDelta {
        text: String,
    },
    ThinkingDelta {
        thinking: String,
    },
    SignatureDelta {
        signature: String,
    },
    InputJsonDelta {
        partial_json: String,
    },
    #[serde(other)]
    Other,
}

/// A block in the making.
#[derive(Debug)]
enum Block {
    Text(String),
    Thinking {
        thinking: String,
        signature: String,
    },
    Redacted(String),
    ToolUse {
        id: String,
        name: String,
        start: Value,
        json: String,
    },
    /// A kind that is not known: its pieces are passed over.
    Other,
}

impl wire::Reply for Reply {
    fn read(&mut self, data: &str, peer: &Peer) -> Result<Vec<Step>, Failure> {
        Ok(vec![self.take(data, peer)?])
    }

    fn finish(self) -> Completion {
        let content = self.blocks.into_values().filter_map(Block::finish).collect();
        let stop = match self.stop.as_deref() {
            Some("end_turn" | "stop_sequence") => StopReason::EndTurn,
            Some("tool_use") => StopReason::ToolUse,
            Some("max_tokens") => StopReason::MaxTokens,
            Some("refusal") => StopReason::Refusal,
            Some(other) => StopReason::Other(other.to_owned()),
            None => StopReason::Other("unknown".to_owned()),
        };
        Completion { message: Message { role: Role::Assistant, content }, usage: self.usage, stop }
    }
}

impl Reply {
    /// Takes the data of one event. Fails on what makes no sense and on the server's own errors.
    fn take(&mut self, data: &str, peer: &Peer) -> Result<Step, Failure> {
        let read = serde_json::from_str(data).map_err(Problem::from);
        match read {
            Ok(Event::Error { error }) => Err(streamed(peer, &error)),
            Ok(event) => self.apply(event).map_err(|problem| peer.malformed(&problem)),
            Err(problem) => Err(peer.malformed(&problem)),
        }
    }

    fn apply(&mut self, event: Event) -> Result<Step, Problem> {
        match event {
            Event::MessageStart { message } => self.count(message.usage.as_ref()),
            Event::ContentBlockStart { index, content_block } => {
                return self.start(index, content_block);
            }
            Event::ContentBlockDelta { index, delta } => return self.delta(index, delta),
            Event::MessageDelta { delta, usage } => {
                self.stop = delta.stop_reason.or(self.stop.take());
                self.count(usage.as_ref());
            }
            Event::MessageStop => return Ok(Step::Done),
            Event::Error { .. } | Event::Other => {}
        }
        Ok(Step::Nothing)
    }

    /// Counts are of the whole answer so far, so that the newest stands.
    fn count(&mut self, usage: Option<&Usage>) {
        let Some(usage) = usage else { return };
        let set = |field: &mut u64, newest: Option<u64>| *field = newest.unwrap_or(*field);
        set(&mut self.usage.input_tokens, usage.input_tokens);
        set(&mut self.usage.output_tokens, usage.output_tokens);
        set(&mut self.usage.cache_read_tokens, usage.cache_read_input_tokens);
        set(&mut self.usage.cache_write_tokens, usage.cache_creation_input_tokens);
    }

    fn start(&mut self, index: u64, start: BlockStart) -> Result<Step, Problem> {
        let (block, step, bytes) = match start {
            BlockStart::Text { text } => {
                let (step, bytes) = (piece(Step::Text, &text), text.len());
                (Block::Text(text), step, bytes)
            }
            BlockStart::Thinking { thinking, signature } => {
                let (step, bytes) =
                    (piece(Step::Thinking, &thinking), thinking.len() + signature.len());
                (Block::Thinking { thinking, signature }, step, bytes)
            }
            BlockStart::RedactedThinking { data } => {
                let bytes = data.len();
                (Block::Redacted(data), Step::Nothing, bytes)
            }
            BlockStart::ToolUse { id, name, input: start } => {
                let bytes = id.len() + name.len();
                (Block::ToolUse { id, name, start, json: String::new() }, Step::Nothing, bytes)
            }
            BlockStart::Other => (Block::Other, Step::Nothing, 0),
        };
        self.grow(BLOCK_COST + bytes)?;
        self.blocks.insert(index, block);
        Ok(step)
    }

    fn delta(&mut self, index: u64, delta: Delta) -> Result<Step, Problem> {
        let bytes = match &delta {
            Delta::TextDelta { text: piece }
            | Delta::ThinkingDelta { thinking: piece }
            | Delta::SignatureDelta { signature: piece }
            | Delta::InputJsonDelta { partial_json: piece } => piece.len(),
            Delta::Other => return Ok(Step::Nothing),
        };
        self.grow(bytes)?;
        let block = self.blocks.get_mut(&index).ok_or(Problem::NoBlock)?;
        Ok(match (block, delta) {
            (Block::Text(all), Delta::TextDelta { text }) => {
                all.push_str(&text);
                piece(Step::Text, &text)
            }
            (Block::Thinking { thinking: all, .. }, Delta::ThinkingDelta { thinking }) => {
                all.push_str(&thinking);
                piece(Step::Thinking, &thinking)
            }
            (Block::Thinking { signature: all, .. }, Delta::SignatureDelta { signature }) => {
                all.push_str(&signature);
                Step::Nothing
            }
            (Block::ToolUse { json, .. }, Delta::InputJsonDelta { partial_json }) => {
                json.push_str(&partial_json);
                Step::Nothing
            }
            // A piece for a block of an unknown kind, or of an unknown kind for a block.
            _ => Step::Nothing,
        })
    }

    fn grow(&mut self, bytes: usize) -> Result<(), Problem> {
        self.size += bytes;
        if self.size > MAX_REPLY { Err(Problem::TooLong) } else { Ok(()) }
    }
}

impl Block {
    /// The block, where it holds anything.
    fn finish(self) -> Option<ContentBlock> {
        match self {
            Self::Text(text) if text.is_empty() => None,
            Self::Text(text) => Some(ContentBlock::Text { text }),
            Self::Thinking { thinking, signature }
                if thinking.is_empty() && signature.is_empty() =>
            {
                None
            }
            Self::Thinking { thinking, signature } => {
                Some(ContentBlock::Thinking { thinking, signature })
            }
            Self::Redacted(data) => Some(ContentBlock::RedactedThinking { data }),
            Self::ToolUse { id, name, start, json } => {
                // Some servers send all arguments at the start and no pieces.
                let (input, invalid) = if json.trim().is_empty() && start.is_object() {
                    (start, None)
                } else {
                    arguments(json)
                };
                Some(ContentBlock::ToolUse { id, name, input, invalid })
            }
            Self::Other => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Reply as _;
    use crate::{ProviderError, Secret};
    use serde_json::json;

    fn peer() -> Peer {
        let key = Secret::new("k-1234");
        Peer { host: "h".into(), model: "m".to_owned().into(), key, local: None }
    }

    fn arguments(pieces: &[&str]) -> (Value, Option<String>) {
        let mut reply = Reply::default();
        let start = json!({"type": "content_block_start", "index": 0, "content_block":
            {"type": "tool_use", "id": "t", "name": "read", "input": {}}});
        reply.take(&start.to_string(), &peer()).unwrap();
        for piece in pieces {
            let delta = json!({"type": "content_block_delta", "index": 0, "delta":
                {"type": "input_json_delta", "partial_json": piece}});
            assert_eq!(reply.take(&delta.to_string(), &peer()).unwrap(), Step::Nothing);
        }
        let mut content = reply.finish().message.content;
        let Some(ContentBlock::ToolUse { input, invalid, .. }) = content.pop() else {
            panic!("no tool call")
        };
        (input, invalid)
    }

    #[test]
    fn arguments_of_tools() {
        assert_eq!(arguments(&["{\"pa", "th\": \"ä\"}"]), (json!({"path": "ä"}), None));
        assert_eq!(arguments(&[]), (json!({}), None));
        assert_eq!(arguments(&["", ""]), (json!({}), None));
        for broken in ["{\"path\": \"cut o", "[1]", "\"text\"", "null", "{} {}"] {
            assert_eq!(arguments(&[broken]), (json!({}), Some(broken.to_owned())), "{broken}");
        }
    }

    #[test]
    fn stop_reasons() {
        for (word, stop) in [
            ("end_turn", StopReason::EndTurn),
            ("stop_sequence", StopReason::EndTurn),
            ("tool_use", StopReason::ToolUse),
            ("max_tokens", StopReason::MaxTokens),
            ("refusal", StopReason::Refusal),
            ("pause_turn", StopReason::Other("pause_turn".into())),
        ] {
            let mut reply = Reply::default();
            let event = json!({"type": "message_delta", "delta": {"stop_reason": word}});
            reply.take(&event.to_string(), &peer()).unwrap();
            assert_eq!(reply.finish().stop, stop);
        }
        assert_eq!(Reply::default().finish().stop, StopReason::Other("unknown".into()));
    }

    #[test]
    fn nonsense_is_an_error_and_the_unknown_is_not() {
        for event in [
            "nonsense",
            "{}",
            r#"{"type":"content_block_start"}"#,
            r#"{"type":"content_block_delta","index":3,"delta":{"type":"text_delta","text":"x"}}"#,
        ] {
            let failure = Reply::default().take(event, &peer()).unwrap_err();
            assert!(matches!(failure.error, ProviderError::Malformed { .. }), "{event}");
        }
        let mut reply = Reply::default();
        for event in [
            r#"{"type":"news","x":1}"#,
            r#"{"type":"content_block_start","index":0,"content_block":{"type":"hologram"}}"#,
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"x"}}"#,
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"beam"}}"#,
        ] {
            assert_eq!(reply.take(event, &peer()).unwrap(), Step::Nothing, "{event}");
        }
        assert_eq!(reply.finish().message.content, []);
    }

    #[test]
    fn endless_answers_are_refused() {
        let mut reply = Reply { size: MAX_REPLY - BLOCK_COST, ..Reply::default() };
        let start =
            json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text"}});
        reply.take(&start.to_string(), &peer()).unwrap();
        let delta = json!({"type": "content_block_delta", "index": 0, "delta":
            {"type": "text_delta", "text": "x"}});
        assert!(reply.take(&delta.to_string(), &peer()).is_err());
    }
}
