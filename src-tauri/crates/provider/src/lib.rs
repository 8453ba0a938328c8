//! STUB by the lead until the real crate is written over it.
#![allow(missing_docs)]
use countersign_protocol::{Message, StepUsage, ToolSpec};
#[derive(Clone, Debug)] pub struct Request { pub system: String, pub messages: Vec<Message>, pub tools: Vec<ToolSpec>, pub max_tokens: u32 }
#[derive(Clone, Debug, PartialEq, Eq)] pub enum StopReason { EndTurn, ToolUse, MaxTokens, Refusal, Other(String) }
#[derive(Clone, Debug)] pub struct Completion { pub message: Message, pub usage: StepUsage, pub stop: StopReason }
#[derive(Clone, Debug)] pub enum ProviderEvent { TextDelta(String), ThinkingDelta(String), Retrying { attempt: u32, wait_ms: u64, error: String }, Finished(Completion) }
pub type EventStream = futures_util::stream::BoxStream<'static, Result<ProviderEvent, ProviderError>>;
pub trait Provider: Send + Sync { fn name(&self) -> &'static str; fn model(&self) -> &str; fn complete(&self, request: Request) -> EventStream; }
#[derive(Debug, thiserror::Error)] pub enum ProviderError { #[error("{0}")] Other(String) }
#[derive(Clone)] pub struct Secret(String);
impl Secret { pub fn new(s: String) -> Self { Self(s) } pub fn expose(&self) -> &str { &self.0 } }
#[derive(Clone)] pub struct AnthropicConfig { pub api_key: Secret, pub model: Option<String>, pub base_url: Option<String> }
pub struct Anthropic; impl Anthropic { pub fn new(_: AnthropicConfig) -> Result<Self, ProviderError> { Ok(Self) } }
impl Provider for Anthropic { fn name(&self) -> &'static str { "anthropic" } fn model(&self) -> &str { "x" } fn complete(&self, _: Request) -> EventStream { Box::pin(futures_util::stream::empty()) } }
#[derive(Default)] pub struct Tour; impl Tour { pub fn new() -> Self { Self } }
impl Provider for Tour { fn name(&self) -> &'static str { "tour" } fn model(&self) -> &str { "scripted tour" } fn complete(&self, _: Request) -> EventStream { Box::pin(futures_util::stream::empty()) } }
pub const DEFAULT_ANTHROPIC_MODEL: &str = "claude-sonnet-4-5";
