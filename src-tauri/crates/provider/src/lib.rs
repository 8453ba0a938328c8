//! Models: what the engine sends them and the stream of what they answer.
//!
//! A [`Provider`] takes a whole [`Request`] and gives a stream of [`ProviderEvent`]s, which ends with
//! exactly one [`ProviderEvent::Finished`] or with one [`ProviderError`]. Dropping the stream stops
//! the request. Nothing here decides or acts: tool calls are only reported.

mod anthropic;
mod drive;
mod error;
mod openai;
mod otlp;
mod retry;
mod secret;
mod sse;
mod tour;
mod wire;

pub use anthropic::{Anthropic, AnthropicConfig, DEFAULT_ANTHROPIC_MODEL};
pub use error::ProviderError;
pub use openai::{DEFAULT_OPENAI_MODEL, OpenAi, OpenAiConfig};
pub use otlp::{Otlp, SpanSink, traces_url};
pub use secret::Secret;
pub use tour::Tour;

use countersign_protocol::{Message, StepUsage, ToolSpec};
use futures_util::stream::BoxStream;

/// One call of a model: all it is told.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// The instructions; none where empty.
    pub system: String,
    /// The conversation so far; the last message is the user's.
    pub messages: Vec<Message>,
    /// The tools that may be called.
    pub tools: Vec<ToolSpec>,
    /// The most tokens that the answer may take.
    pub max_tokens: u32,
}

/// Why a model stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// It said what it wanted to say.
    EndTurn,
    /// It waits for the results of its tool calls.
    ToolUse,
    /// The limit of tokens cut it off.
    MaxTokens,
    /// It declined to answer.
    Refusal,
    /// Another reason, in the provider's word.
    Other(String),
}

/// A whole answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Completion {
    /// What the model said, with its tool calls.
    pub message: Message,
    /// What it took.
    pub usage: StepUsage,
    /// Why it stopped.
    pub stop: StopReason,
}

/// What happens while a model answers.
#[derive(Clone, Debug, PartialEq)]
pub enum ProviderEvent {
    /// A piece of the text.
    TextDelta(String),
    /// A piece of the reasoning.
    ThinkingDelta(String),
    /// The request failed before anything was shown, and is made again.
    Retrying {
        /// The attempt that comes next, from 2.
        attempt: u32,
        /// After how many milliseconds.
        wait_ms: u64,
        /// What failed.
        error: String,
    },
    /// The answer is whole. Comes once, as the last.
    Finished(Completion),
}

/// The events of one call. An error is its last item.
pub type EventStream = BoxStream<'static, Result<ProviderEvent, ProviderError>>;

/// A source of answers.
pub trait Provider: Send + Sync {
    /// The provider's name, such as `anthropic`.
    fn name(&self) -> &'static str;

    /// The model's name, as the provider knows it. Empty as long as only the server knows it.
    fn model(&self) -> &str;

    /// Starts one call. Nothing is sent before the stream is polled, from within a Tokio runtime;
    /// dropping it ends the call.
    fn complete(&self, request: Request) -> EventStream;
}
