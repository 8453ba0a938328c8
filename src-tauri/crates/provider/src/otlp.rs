//! Spans for an OpenTelemetry collector, over OTLP/HTTP in JSON.
//!
//! What is exported is handed over and forgotten: nothing here makes a run wait, or fail. What a collector does
//! not take in time is dropped.

use crate::ProviderError;
use crate::retry::{delay, is_passing};
use crate::wire::{base_url, is_loopback};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use reqwest::redirect::Policy;
use reqwest::{Client, Url};
use serde_json::{Value, json};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep, timeout, timeout_at};

/// Messages that may wait; each holds the spans that ended with one event.
const MOST_WAITING: usize = 1_024;
/// Spans that are sent at once.
const BATCH: usize = 256;
/// How long spans are collected before they are sent.
const PAUSE: Duration = Duration::from_millis(500);
/// How often a batch is sent before it is dropped.
const ATTEMPTS: u32 = 4;
const BASE_DELAY: Duration = Duration::from_millis(500);
/// How long a collector may take for an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where spans go.
pub trait SpanSink: fmt::Debug + Send + Sync {
    /// Takes spans in OTLP's JSON. Never waits; what there is no room for is dropped.
    fn send(&self, spans: Vec<Value>);

    /// Resolves when all that was taken before is sent or dropped, and at the latest after that time.
    fn flush(&self, within: Duration) -> BoxFuture<'static, ()>;
}

/// A collector that speaks OTLP over HTTP.
#[derive(Debug)]
pub struct Otlp {
    queue: mpsc::Sender<Item>,
    lost: AtomicBool,
}

enum Item {
    Spans(Vec<Value>),
    Flush(oneshot::Sender<()>),
}

/// The address that traces are sent to.
///
/// # Errors
/// It is no http or https address, or holds a login, which would end up in places where addresses are shown.
pub fn traces_url(endpoint: &str) -> Result<Url, ProviderError> {
    let mut url = base_url(endpoint)?;
    if !url.username().is_empty() || url.password().is_some() {
        let problem = "it holds a login; a collector that needs one is not supported".to_owned();
        return Err(ProviderError::BaseUrl { problem });
    }
    let path = format!("{}/v1/traces", url.path().trim_end_matches('/'));
    url.set_path(&path);
    Ok(url)
}

impl Otlp {
    /// Sets the export up; sends nothing yet. `trouble` is told once, when spans are dropped for the first
    /// time: why. Must be called within a Tokio runtime.
    pub fn start(
        endpoint: &str,
        version: &str,
        trouble: impl Fn(String) + Send + Sync + 'static,
    ) -> Result<Self, ProviderError> {
        let url = traces_url(endpoint)?;
        let mut client = Client::builder()
            .redirect(Policy::none())
            .timeout(PATIENCE)
            .user_agent(concat!("countersign/", env!("CARGO_PKG_VERSION")));
        if url.host_str().is_some_and(is_loopback) {
            client = client.no_proxy();
        }
        let client = client
            .build()
            .map_err(|error| ProviderError::Setup { detail: error.without_url().to_string() })?;
        let (queue, waiting) = mpsc::channel(MOST_WAITING);
        let line = Line {
            client,
            url,
            version: version.to_owned(),
            trouble: Box::new(trouble),
            told: false,
            dead: false,
        };
        tokio::spawn(line.run(waiting));
        Ok(Self { queue, lost: AtomicBool::new(false) })
    }
}

impl SpanSink for Otlp {
    fn send(&self, spans: Vec<Value>) {
        if let Err(TrySendError::Full(_)) = self.queue.try_send(Item::Spans(spans))
            && !self.lost.swap(true, Ordering::Relaxed)
        {
            tracing::warn!("spans are dropped: the collector takes them too slowly");
        }
    }

    fn flush(&self, within: Duration) -> BoxFuture<'static, ()> {
        let (done, flushed) = oneshot::channel();
        let queue = self.queue.clone();
        async move {
            let flushing = async {
                if queue.send(Item::Flush(done)).await.is_ok() {
                    let _ = flushed.await;
                }
            };
            let _ = timeout(within, flushing).await;
        }
        .boxed()
    }
}

/// The way to one collector.
struct Line {
    client: Client,
    url: Url,
    version: String,
    trouble: Box<dyn Fn(String) + Send + Sync>,
    told: bool,
    /// Whether the last batch was dropped: then one attempt is enough to know.
    dead: bool,
}

impl Line {
    async fn run(mut self, mut waiting: mpsc::Receiver<Item>) {
        while let Some(first) = waiting.recv().await {
            let mut spans = Vec::new();
            let mut flushed = Vec::new();
            take(first, &mut spans, &mut flushed);
            let until = Instant::now() + PAUSE;
            while spans.len() < BATCH && flushed.is_empty() {
                let Ok(Some(next)) = timeout_at(until, waiting.recv()).await else { break };
                take(next, &mut spans, &mut flushed);
            }
            if !spans.is_empty() {
                self.deliver(spans).await;
            }
            for done in flushed {
                // Whoever waited for it may be gone.
                let _ = done.send(());
            }
        }
    }

    /// Sends a batch, again where that may help. One that is not taken is dropped.
    async fn deliver(&mut self, spans: Vec<Value>) {
        let body = self.body(spans);
        let attempts = if self.dead { 1 } else { ATTEMPTS };
        for attempt in 1..=attempts {
            let why = match self.client.post(self.url.clone()).json(&body).send().await {
                Ok(answer) if answer.status().is_success() => {
                    self.dead = false;
                    return;
                }
                Ok(answer) => {
                    let status = answer.status().as_u16();
                    let why = format!("it answered {status}");
                    if !is_passing(status) {
                        return self.tell(&why);
                    }
                    why
                }
                Err(error) => crate::wire::root_cause(&error.without_url()),
            };
            if attempt == attempts {
                return self.tell(&why);
            }
            sleep(delay(BASE_DELAY, attempt)).await;
        }
    }

    fn tell(&mut self, why: &str) {
        self.dead = true;
        tracing::warn!(host = self.url.host_str().unwrap_or_default(), why, "spans are dropped");
        if !std::mem::replace(&mut self.told, true) {
            let place = self.url.host_str().unwrap_or_default();
            (self.trouble)(format!(
                "Traces do not reach the collector at {place}: {why}. They are dropped; nothing else suffers. See otlp_endpoint in the settings."
            ));
        }
    }

    fn body(&self, spans: Vec<Value>) -> Value {
        let text =
            |key: &str, value: &str| json!({ "key": key, "value": { "stringValue": value } });
        json!({
            "resourceSpans": [{
                "resource": { "attributes": [
                    text("service.name", "countersign"),
                    text("service.version", &self.version),
                ] },
                "scopeSpans": [{
                    "scope": { "name": "countersign", "version": self.version },
                    "spans": spans,
                }],
            }],
        })
    }
}

fn take(item: Item, spans: &mut Vec<Value>, flushed: &mut Vec<oneshot::Sender<()>>) {
    match item {
        Item::Spans(more) => spans.extend(more),
        Item::Flush(done) => flushed.push(done),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traces_go_below_the_endpoint_and_a_login_is_refused() {
        for (endpoint, wanted) in [
            ("http://localhost:4318", Some("http://localhost:4318/v1/traces")),
            ("https://c.example/otlp/", Some("https://c.example/otlp/v1/traces")),
            ("https://user:secret@c.example", None),
            ("https://user@c.example", None),
            ("ftp://c.example", None),
            ("localhost:4318", None),
            ("https://c.example?x=1", None),
            ("", None),
        ] {
            let url = traces_url(endpoint).ok().map(String::from);
            assert_eq!(url.as_deref(), wanted, "{endpoint}");
        }
    }
}
