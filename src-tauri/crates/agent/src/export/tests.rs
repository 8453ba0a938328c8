use super::*;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use std::sync::Mutex;
use std::time::Duration;

/// Keeps what it is sent.
#[derive(Debug, Default)]
struct Kept(Mutex<Vec<Value>>);

impl SpanSink for Kept {
    fn send(&self, spans: Vec<Value>) {
        self.0.lock().unwrap().extend(spans);
    }

    fn flush(&self, _: Duration) -> BoxFuture<'static, ()> {
        async {}.boxed()
    }
}

fn fixture() -> (Vec<Envelope>, Vec<Value>) {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../frontend/tests/fixtures/otlp.json");
    let mut whole: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let envelopes = serde_json::from_value(whole["envelopes"].take()).unwrap();
    (envelopes, serde_json::from_value(whole["spans"].take()).unwrap())
}

fn export(content: bool, before: &[Envelope], envelopes: &[Envelope]) -> Vec<Value> {
    let kept = Arc::new(Kept::default());
    let sink: Arc<dyn SpanSink> = kept.clone();
    let mut spans = Spans::new("s", Export { content, sink }, before);
    for envelope in envelopes {
        spans.take(envelope);
    }
    drop(spans);
    sorted(std::mem::take(&mut kept.0.lock().unwrap()))
}

fn sorted(mut spans: Vec<Value>) -> Vec<Value> {
    spans.sort_by_key(|span| span["spanId"].to_string());
    spans
}

#[test]
fn what_is_exported_live_is_what_the_page_copies() {
    let (envelopes, wanted) = fixture();
    let told = export(false, &[], &envelopes);
    for (told, wanted) in told.iter().zip(sorted(wanted.clone())) {
        assert_eq!(*told, wanted);
    }
    assert_eq!(told.len(), wanted.len());
}

#[test]
fn a_session_that_is_taken_up_anywhere_exports_each_span_once() {
    let (envelopes, wanted) = fixture();
    let wanted = sorted(wanted);
    for at in 0..=envelopes.len() {
        let first = export(false, &[], &envelopes[..at]);
        let then = export(false, &envelopes[..at], &envelopes[at..]);
        assert_eq!(sorted([first, then].concat()), wanted, "after {at} events");
    }
}

#[test]
fn what_was_said_is_told_only_where_the_person_says_so() {
    let (envelopes, _) = fixture();
    let words = ["Fix it", "I read it.", "a.ts", "needle", "Use cents"];
    let silent = Value::from(export(false, &[], &envelopes)).to_string();
    let telling = Value::from(export(true, &[], &envelopes)).to_string();
    for word in words {
        assert!(!silent.contains(word), "{word}");
        assert!(telling.contains(word), "{word}");
    }
}

#[test]
fn an_ended_turn_is_forgotten() {
    let (envelopes, _) = fixture();
    let sink: Arc<dyn SpanSink> = Arc::new(Kept::default());
    let mut spans = Spans::new("s", Export { content: true, sink }, &[]);
    for envelope in &envelopes {
        spans.take(envelope);
    }
    assert!(spans.trace.spans.is_empty());
}
