//! The live export of a session's runs: spans, sent as they end.
//!
//! They are what a copied trace holds, by the same names and ids (`frontend/src/state/otlp.ts`): each turn is a
//! trace of its own, and the session is their conversation. What was said, read or written is among them only
//! where the person's settings say so.

mod span;
mod trace;

use crate::Settings;
use countersign_protocol::{Envelope, StepUsage};
use countersign_provider::{Otlp, SpanSink};
use serde_json::{Value, json};
use span::{Id, Kind, Span, State};
use std::sync::Arc;
use trace::{Trace, message};

/// Bytes of one content that is exported.
const MOST_CONTENT: usize = 64 * 1024;

/// How a session's spans are exported.
#[derive(Clone, Debug)]
pub(crate) struct Export {
    /// Whether they hold what was said, read and written.
    pub(crate) content: bool,
    /// Where they go.
    pub(crate) sink: Arc<dyn SpanSink>,
}

impl Export {
    /// What the settings ask for. `trouble` is told once, when the collector does not take them. Must be called
    /// within a Tokio runtime.
    pub(crate) fn of(
        settings: &Settings,
        trouble: impl Fn(String) + Send + Sync + 'static,
    ) -> Option<Self> {
        let endpoint = settings.otlp_endpoint.as_deref()?;
        match Otlp::start(endpoint, env!("CARGO_PKG_VERSION"), trouble) {
            Ok(otlp) => Some(Self { content: settings.otlp_content, sink: Arc::new(otlp) }),
            Err(error) => {
                tracing::warn!("traces are not exported: {error}");
                None
            }
        }
    }
}

/// The spans of one session on their way out.
#[derive(Debug)]
pub(crate) struct Spans {
    trace: Trace,
    sink: Arc<dyn SpanSink>,
}

impl Spans {
    /// The spans of a session that is told from here on. `before` is what its journal holds: it was exported
    /// when it happened.
    pub(crate) fn new(session: &str, export: Export, before: &[Envelope]) -> Self {
        let mut trace = Trace::new(session, export.content);
        for envelope in before {
            trace.take(envelope);
            trace.ended();
            trace.forget();
        }
        Self { trace, sink: export.sink }
    }

    /// Sends the spans that end with this envelope. Never waits and never fails.
    pub(crate) fn take(&mut self, envelope: &Envelope) {
        self.trace.take(envelope);
        let ended = self.trace.ended();
        if !ended.is_empty() {
            self.sink.send(ended.into_iter().map(|id| self.told(id)).collect());
        }
        self.trace.forget();
    }

    /// Where the spans go.
    pub(crate) fn sink(&self) -> Arc<dyn SpanSink> {
        Arc::clone(&self.sink)
    }

    fn told(&self, id: Id) -> Value {
        let trace = &self.trace;
        let span = &trace.spans[id];
        let mut root = span;
        while let Some(parent) = root.parent {
            root = &trace.spans[parent];
        }
        let mut told = json!({
            "traceId": format!("{:032x}", hashed_128(&format!("{}/{}", trace.session, root.seq))),
            "spanId": self.id_of(span),
        });
        if let Some(parent) = span.parent {
            told["parentSpanId"] = self.id_of(&trace.spans[parent]).into();
        }
        told["name"] = self.name_of(span).into();
        told["kind"] = if span.kind == Kind::Model { 3 } else { 1 }.into();
        told["startTimeUnixNano"] = nanos(span.start).into();
        told["endTimeUnixNano"] = nanos(span.end.unwrap_or(span.start)).into();
        told["attributes"] = self.attributes(span);
        told["status"] = status_of(span.state);
        told
    }

    fn id_of(&self, span: &Span) -> String {
        let text = format!("{}/{}/{}", self.trace.session, span.seq, span.kind.word());
        format!("{:016x}", hashed_64(&text))
    }

    fn name_of(&self, span: &Span) -> String {
        match span.kind {
            Kind::Turn => "invoke_agent countersign".to_owned(),
            Kind::Model if self.trace.model.is_empty() => "chat".to_owned(),
            Kind::Model => format!("chat {}", self.trace.model),
            Kind::Call => format!("execute_tool {}", span.name),
            Kind::Approval if span.is_wait() => "wait for the person".to_owned(),
            Kind::Approval => "policy".to_owned(),
            Kind::Said => "message".to_owned(),
            Kind::Step | Kind::Act | Kind::Retry | Kind::Revert => span.kind.word().to_owned(),
        }
    }

    fn attributes(&self, span: &Span) -> Value {
        let mut told = Attributes::default();
        match span.kind {
            Kind::Turn => {
                told.text("gen_ai.operation.name", "invoke_agent");
                told.text("gen_ai.agent.name", "countersign");
                self.client(&mut told);
                told.tokens(span.usage);
            }
            Kind::Model => {
                told.text("gen_ai.operation.name", "chat");
                self.client(&mut told);
                told.tokens(span.usage);
            }
            Kind::Call => {
                told.text("gen_ai.operation.name", "execute_tool");
                told.text("gen_ai.tool.name", &span.name);
                told.text("gen_ai.tool.call.id", &span.call);
                told.text("gen_ai.tool.type", "function");
            }
            Kind::Step | Kind::Approval | Kind::Act | Kind::Retry | Kind::Said | Kind::Revert => {}
        }
        told.text("gen_ai.conversation.id", &self.trace.session);
        told.number("countersign.seq", span.seq);
        told.text("countersign.kind", span.kind.word());
        told.text("countersign.state", span.state.word());
        if let Some((decision, by)) = span.verdict {
            told.word("countersign.approval.decision", decision);
            told.word("countersign.approval.by", by);
        }
        if let Some(code) = span.exit_code {
            told.number("countersign.exit_code", code);
        }
        if span.changed > 0 {
            told.number("countersign.files_changed", span.changed);
        }
        told.content(span);
        Value::from(told.0)
    }

    fn client(&self, told: &mut Attributes) {
        let Trace { provider, model, .. } = &self.trace;
        for (key, value) in [("gen_ai.provider.name", provider), ("gen_ai.request.model", model)] {
            if !value.is_empty() {
                told.text(key, value);
            }
        }
    }
}

/// Attributes as OTLP writes them in JSON: whole numbers as text.
#[derive(Default)]
struct Attributes(Vec<Value>);

impl Attributes {
    fn text(&mut self, key: &str, value: &str) {
        self.0.push(json!({ "key": key, "value": { "stringValue": value } }));
    }

    fn number(&mut self, key: &str, value: impl ToString) {
        self.0.push(json!({ "key": key, "value": { "intValue": value.to_string() } }));
    }

    /// A word of the protocol.
    fn word(&mut self, key: &str, value: impl serde::Serialize) {
        if let Ok(Value::String(word)) = serde_json::to_value(value) {
            self.text(key, &word);
        }
    }

    /// By the conventions, what came from the cache counts among what was read.
    fn tokens(&mut self, usage: Option<StepUsage>) {
        let Some(usage) = usage else { return };
        let StepUsage { input_tokens, output_tokens, cache_read_tokens, cache_write_tokens } =
            usage;
        let read =
            input_tokens.saturating_add(cache_read_tokens).saturating_add(cache_write_tokens);
        self.number("gen_ai.usage.input_tokens", read);
        self.number("gen_ai.usage.output_tokens", output_tokens);
        self.number("gen_ai.usage.cache_read.input_tokens", cache_read_tokens);
        self.number("gen_ai.usage.cache_creation.input_tokens", cache_write_tokens);
    }

    /// What was said, where it is kept.
    fn content(&mut self, span: &Span) {
        let mut told = |key, value: Value| {
            let mut text = value.to_string();
            text.truncate(text.floor_char_boundary(MOST_CONTENT));
            self.text(key, &text);
        };
        match span.kind {
            Kind::Call => {
                for (key, value) in [
                    ("gen_ai.tool.call.arguments", &span.input),
                    ("gen_ai.tool.call.result", &span.output),
                ] {
                    if let Some(value) = value {
                        told(key, value.clone());
                    }
                }
            }
            Kind::Turn | Kind::Said => {
                if let Some(text) = &span.input {
                    told("gen_ai.input.messages", message("user", text));
                }
            }
            Kind::Model => {
                if let Some(blocks) = &span.output {
                    told("gen_ai.output.messages", message("assistant", blocks));
                }
            }
            Kind::Step | Kind::Approval | Kind::Act | Kind::Retry | Kind::Revert => {}
        }
    }
}

fn status_of(state: State) -> Value {
    match state {
        State::Ok => json!({ "code": 1 }),
        State::Failed => json!({ "code": 2 }),
        State::Refused => json!({ "code": 2, "message": "denied" }),
        State::Cut => json!({ "code": 2, "message": "cut off" }),
        State::Open => json!({ "code": 0 }),
    }
}

fn nanos(ms: i64) -> String {
    (u128::from(ms.max(0).unsigned_abs()) * 1_000_000).to_string()
}

/// FNV-1a: the same session gives the same ids whenever it is exported.
fn hashed_64(text: &str) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    // A span without an id is none.
    text.bytes().fold(0xcbf2_9ce4_8422_2325, step).max(1)
}

fn hashed_128(text: &str) -> u128 {
    let prime = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    let step = |hash: u128, byte: u8| (hash ^ u128::from(byte)).wrapping_mul(prime);
    text.bytes().fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d, step).max(1)
}

#[cfg(test)]
mod tests;
