//! An answer in the making.

use super::{Failure, Peer};
use crate::Completion;
use serde_json::{Map, Value};
use thiserror::Error;

/// Bytes of one whole answer: far above what any model writes.
pub(crate) const MAX_REPLY: usize = 32 * 1024 * 1024;

/// An answer is longer than any that makes sense.
#[derive(Clone, Copy, Debug, Error)]
#[error("it is longer than {} MiB", MAX_REPLY / 1024 / 1024)]
pub(crate) struct TooLong;

/// What one event comes to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Nothing to show.
    Nothing,
    /// A piece of text.
    Text(String),
    /// A piece of reasoning.
    Thinking(String),
    /// The answer is whole.
    Done,
}

/// Puts the events of a streamed answer together.
pub(crate) trait Reply: Default + Send {
    /// Whether a server may answer with one JSON document instead of a stream.
    const COMES_WHOLE: bool = false;

    /// Takes the data of one event. Fails on what makes no sense and on the server's own errors.
    fn read(&mut self, data: &str, peer: &Peer) -> Result<Vec<Step>, Failure>;

    /// Takes an answer that came at once; none where the document is no answer.
    fn read_whole(&mut self, _body: &str, _peer: &Peer) -> Result<Option<Vec<Step>>, Failure> {
        Ok(None)
    }

    /// Whether nothing is missing, though the server has not said that it is done.
    fn is_whole(&self) -> bool {
        false
    }

    /// The whole answer.
    fn finish(self) -> Completion;
}

/// The arguments of a tool call, and what was written where that is no JSON object.
pub(crate) fn arguments(json: String) -> (Value, Option<String>) {
    if json.trim().is_empty() {
        return (Value::Object(Map::new()), None);
    }
    match serde_json::from_str::<Map<String, Value>>(&json) {
        Ok(input) => (Value::Object(input), None),
        Err(_) => (Value::Object(Map::new()), Some(json)),
    }
}

/// A step, where there is anything to show.
pub(crate) fn piece(step: fn(String) -> Step, text: &str) -> Step {
    if text.is_empty() { Step::Nothing } else { step(text.to_owned()) }
}
