//! Anthropic's Messages API, streamed (<https://docs.anthropic.com/en/api/messages-streaming>).

mod error;
mod request;
mod stream;

use crate::drive::{Emit, drive};
use crate::retry::{BASE_DELAY, MAX_ASKED_WAIT, MAX_ATTEMPTS, Retry, asked_wait, delay};
use crate::sse::Parser;
use crate::{Completion, EventStream, Provider, ProviderError, ProviderEvent, Request, Secret};
use error::{Failure, Peer};
use jiff::Timestamp;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, Url};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use stream::{Reply, Step};
use tokio::time::{sleep, timeout};

/// The model that is used where none is named.
pub const DEFAULT_ANTHROPIC_MODEL: &str = "claude-sonnet-4-5";

const DEFAULT_BASE_URL: &str = "https://api.anthropic.com";
const API_VERSION: &str = "2023-06-01";
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
const IDLE_TIMEOUT: Duration = Duration::from_secs(120);
/// Bytes that are read of an answer that is no stream.
const MAX_ERROR_BODY: usize = 64 * 1024;

/// How to reach Anthropic.
#[derive(Clone, Debug)]
pub struct AnthropicConfig {
    /// The key.
    pub api_key: Secret,
    /// The model; [`DEFAULT_ANTHROPIC_MODEL`] where none.
    pub model: Option<String>,
    /// Another address of the same API, with or without `/v1` at its end.
    pub base_url: Option<String>,
}

/// Models of Anthropic, and of servers that speak the same API.
#[derive(Clone, Debug)]
pub struct Anthropic {
    inner: Arc<Inner>,
}

#[derive(Clone, Debug)]
struct Inner {
    client: Client,
    url: Url,
    peer: Peer,
    headers: HeaderMap,
    base_delay: Duration,
    idle_timeout: Duration,
}

impl Anthropic {
    /// Checks the configuration; sends nothing yet. Refuses a key that is empty or cannot be sent and
    /// an address that is no `http` or `https` URL.
    pub fn new(config: AnthropicConfig) -> Result<Self, ProviderError> {
        let AnthropicConfig { api_key: key, model, base_url } = config;
        let filled = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        let url = messages_url(filled(base_url).as_deref().unwrap_or(DEFAULT_BASE_URL))?;
        let host = url.host_str().unwrap_or_default().to_owned();
        let headers = headers(&key)?;
        let model = filled(model)
            .map_or_else(|| DEFAULT_ANTHROPIC_MODEL.to_owned(), |model| model.trim().to_owned());
        let mut client = Client::builder()
            .redirect(Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .user_agent(concat!("countersign/", env!("CARGO_PKG_VERSION")));
        if is_loopback(&host) {
            // A proxy would look for this server on its own machine.
            client = client.no_proxy();
        }
        let client = client.build().map_err(|error| ProviderError::Setup {
            detail: error::root_cause(&error.without_url()),
        })?;
        let peer = Peer { host, model, key };
        let inner = Inner {
            client,
            url,
            peer,
            headers,
            base_delay: BASE_DELAY,
            idle_timeout: IDLE_TIMEOUT,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The same with another delay before the second attempt, which doubles from there.
    #[must_use]
    pub fn with_base_delay(mut self, delay: Duration) -> Self {
        Arc::make_mut(&mut self.inner).base_delay = delay;
        self
    }

    /// The same with another longest silence of the server, after which the request is given up.
    #[must_use]
    pub fn with_idle_timeout(mut self, silence: Duration) -> Self {
        Arc::make_mut(&mut self.inner).idle_timeout = silence;
        self
    }
}

impl Provider for Anthropic {
    fn name(&self) -> &'static str {
        "anthropic"
    }

    fn model(&self) -> &str {
        &self.inner.peer.model
    }

    fn complete(&self, request: Request) -> EventStream {
        let inner = Arc::clone(&self.inner);
        drive(|emit| async move { inner.run(&request, &emit).await })
    }
}

impl Inner {
    /// Makes the request until it is answered or there is no hope.
    async fn run(&self, request: &Request, emit: &Emit) {
        let body = request::body(request, &self.peer.model);
        let mut attempt = 1;
        loop {
            let mut shown = false;
            let failure = match self.attempt(&body, emit, &mut shown).await {
                Ok(completion) => return emit.event(ProviderEvent::Finished(completion)).await,
                Err(failure) => failure,
            };
            // What has been shown cannot be taken back, so that it is not begun anew.
            let (Retry::After(asked), false) = (failure.retry, shown) else {
                return emit.error(failure.error).await;
            };
            let last = Box::new(failure.error);
            if attempt == MAX_ATTEMPTS {
                return emit.error(ProviderError::GaveUp { attempts: attempt, last }).await;
            }
            let asked = asked.unwrap_or_default();
            if asked > MAX_ASKED_WAIT {
                let seconds = asked.as_secs();
                return emit.error(ProviderError::AskedToWait { seconds, last }).await;
            }
            let wait = delay(self.base_delay, attempt).max(asked);
            attempt += 1;
            let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
            tracing::info!(attempt, wait_ms, host = self.peer.host, "model call is tried again");
            emit.event(ProviderEvent::Retrying { attempt, wait_ms, error: last.to_string() }).await;
            sleep(wait).await;
        }
    }

    /// Makes the request once. `shown` is set as soon as a piece of the answer was handed on.
    async fn attempt(
        &self,
        body: &Value,
        emit: &Emit,
        shown: &mut bool,
    ) -> Result<Completion, Failure> {
        let send =
            self.client.post(self.url.clone()).headers(self.headers.clone()).json(body).send();
        let mut response = timeout(self.idle_timeout, send)
            .await
            .map_err(|_| self.silent())?
            .map_err(|error| self.peer.not_sent(error))?;
        self.check(&mut response).await?;
        let mut parser = Parser::default();
        let mut reply = Reply::default();
        loop {
            let chunk = timeout(self.idle_timeout, response.chunk())
                .await
                .map_err(|_| self.silent())?
                // What breaks within a body is the connection; the details are the library's.
                .map_err(|_| self.peer.interrupted())?
                .ok_or_else(|| self.peer.interrupted())?;
            for data in parser.push(&chunk).map_err(|error| self.peer.malformed(&error))? {
                match reply.take(&data, &self.peer)? {
                    Step::Nothing => {}
                    Step::Text(text) => {
                        *shown = true;
                        emit.event(ProviderEvent::TextDelta(text)).await;
                    }
                    Step::Thinking(text) => {
                        *shown = true;
                        emit.event(ProviderEvent::ThinkingDelta(text)).await;
                    }
                    Step::Done => return Ok(reply.finish()),
                }
            }
        }
    }

    /// Lets only a stream of events through.
    async fn check(&self, response: &mut Response) -> Result<(), Failure> {
        let status = response.status();
        let header = |name: HeaderName| response.headers().get(name).and_then(|v| v.to_str().ok());
        let kind = header(CONTENT_TYPE).unwrap_or_default().to_ascii_lowercase();
        if status.is_success() && (kind.is_empty() || kind.starts_with("text/event-stream")) {
            return Ok(());
        }
        if status.is_redirection() {
            let target = header(LOCATION)
                .and_then(|to| self.url.join(to).ok())
                .and_then(|to| to.host_str().map(str::to_owned));
            return Err(self.peer.redirected(status.as_u16(), target));
        }
        let asked = header(RETRY_AFTER).and_then(|text| asked_wait(text, Timestamp::now()));
        let body = self.error_body(response).await;
        Err(self.peer.refused(status.as_u16(), &kind, &body, asked))
    }

    /// The start of a body; as much of it as comes.
    async fn error_body(&self, response: &mut Response) -> String {
        let mut body = Vec::new();
        while body.len() < MAX_ERROR_BODY {
            let Ok(Ok(Some(chunk))) = timeout(self.idle_timeout, response.chunk()).await else {
                break;
            };
            body.extend_from_slice(&chunk[..chunk.len().min(MAX_ERROR_BODY - body.len())]);
        }
        String::from_utf8_lossy(&body).into_owned()
    }

    fn silent(&self) -> Failure {
        self.peer.silent(self.idle_timeout)
    }
}

/// The address of the Messages API below a base address.
fn messages_url(base: &str) -> Result<Url, ProviderError> {
    let wrong = |problem: &str| ProviderError::BaseUrl { problem: problem.to_owned() };
    let base = base.trim().trim_end_matches('/');
    let base = base.strip_suffix("/v1").unwrap_or(base).trim_end_matches('/');
    let parsed = Url::parse(base).map_err(|error| wrong(&error.to_string()))?;
    if !matches!(parsed.scheme(), "http" | "https") {
        return Err(wrong("it begins with neither https:// nor http://"));
    }
    if parsed.host_str().is_none_or(str::is_empty) {
        return Err(wrong("it names no host"));
    }
    if parsed.query().is_some() || parsed.fragment().is_some() {
        return Err(wrong("it holds a ? or a #"));
    }
    Url::parse(&format!("{base}/v1/messages")).map_err(|error| wrong(&error.to_string()))
}

fn headers(key: &Secret) -> Result<HeaderMap, ProviderError> {
    if key.expose().is_empty() {
        return Err(ProviderError::NoKey);
    }
    // Quotation marks come with a careless copy, and a backslash could hide the key from its masking
    // in text that escapes it; no key has either.
    let fits = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'\\');
    if !key.expose().bytes().all(fits) {
        return Err(ProviderError::MalformedKey);
    }
    let mut value = HeaderValue::from_str(key.expose()).map_err(|_| ProviderError::MalformedKey)?;
    value.set_sensitive(true);
    let mut headers = HeaderMap::new();
    headers.insert("x-api-key", value);
    headers.insert("anthropic-version", HeaderValue::from_static(API_VERSION));
    Ok(headers)
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || address.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_addresses() {
        for (base, url) in [
            (DEFAULT_BASE_URL, "https://api.anthropic.com/v1/messages"),
            ("https://api.anthropic.com/v1/", "https://api.anthropic.com/v1/messages"),
            (" http://127.0.0.1:8080// ", "http://127.0.0.1:8080/v1/messages"),
            ("https://gate.example/llm/v1", "https://gate.example/llm/v1/messages"),
        ] {
            assert_eq!(messages_url(base).unwrap().as_str(), url);
        }
        for base in ["api.anthropic.com", "ftp://x", "https://", "https://x?key=1", "file:///x"] {
            let error = messages_url(base).unwrap_err().to_string();
            assert!(error.contains("base_url"), "{error}");
        }
    }

    #[test]
    fn keys_that_no_header_takes() {
        for (key, wanted) in [
            ("", ProviderError::NoKey),
            (" \n", ProviderError::NoKey),
            ("sk ant", ProviderError::MalformedKey),
            ("sk\nant", ProviderError::MalformedKey),
            ("\"sk-ant\"", ProviderError::MalformedKey),
            ("sk\\ant", ProviderError::MalformedKey),
            ("sk-änt", ProviderError::MalformedKey),
        ] {
            let config = AnthropicConfig { api_key: Secret::new(key), model: None, base_url: None };
            assert_eq!(Anthropic::new(config).unwrap_err(), wanted, "{key:?}");
        }
    }

    #[test]
    fn defaults_and_debug() {
        let config = AnthropicConfig {
            api_key: Secret::new("sk-ant-secret"),
            model: Some(" ".into()),
            base_url: None,
        };
        let shown = format!("{config:?}");
        let anthropic = Anthropic::new(config).unwrap();
        assert_eq!((anthropic.name(), anthropic.model()), ("anthropic", DEFAULT_ANTHROPIC_MODEL));
        assert!(!format!("{shown} {anthropic:?}").contains("sk-ant-secret"));
        assert!(is_loopback("[::1]") && is_loopback("127.0.0.1") && !is_loopback("10.0.0.1"));
    }
}
