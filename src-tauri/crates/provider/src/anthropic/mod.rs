//! Anthropic's Messages API, streamed (<https://docs.anthropic.com/en/api/messages-streaming>).

mod error;
mod request;
mod stream;

use crate::drive::drive;
use crate::wire::{self, Failure, Line, Peer, base_url as checked, bearable, filled};
use crate::{EventStream, Provider, ProviderError, Request, Secret};
use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderValue};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// The model that is used where none is named.
pub const DEFAULT_ANTHROPIC_MODEL: &str = "claude-sonnet-4-5";

const DEFAULT_BASE_URL: &str = "https://api.anthropic.com";
const API_VERSION: &str = "2023-06-01";

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
    line: Arc<Line>,
}

impl Anthropic {
    /// Checks the configuration; sends nothing yet. Refuses a key that is empty or cannot be sent and
    /// an address that is no `http` or `https` URL.
    pub fn new(config: AnthropicConfig) -> Result<Self, ProviderError> {
        let AnthropicConfig { api_key: key, model, base_url } = config;
        let url = messages_url(filled(base_url).as_deref().unwrap_or(DEFAULT_BASE_URL))?;
        let host = url.host_str().unwrap_or_default().to_owned();
        let headers = headers(&key)?;
        let model = filled(model).unwrap_or_else(|| DEFAULT_ANTHROPIC_MODEL.to_owned());
        let peer = Peer { host, model: model.into(), key, local: None };
        Ok(Self { line: Arc::new(Line::new(url, headers, peer)?) })
    }

    /// The same with another delay before the second attempt, which doubles from there.
    #[must_use]
    pub fn with_base_delay(mut self, delay: Duration) -> Self {
        Arc::make_mut(&mut self.line).base_delay = delay;
        self
    }

    /// The same with another longest silence of the server, after which the request is given up.
    #[must_use]
    pub fn with_idle_timeout(mut self, silence: Duration) -> Self {
        Arc::make_mut(&mut self.line).idle_timeout = silence;
        self
    }
}

impl Provider for Anthropic {
    fn name(&self) -> &'static str {
        "anthropic"
    }

    fn model(&self) -> &str {
        self.line.peer.model()
    }

    fn complete(&self, request: Request) -> EventStream {
        let line = Arc::clone(&self.line);
        drive(|emit| async move { line.run(&Messages, &request, &emit).await })
    }
}

/// The Messages API.
struct Messages;

impl wire::Api for Messages {
    type Reply = stream::Reply;

    async fn body(&self, request: &Request, line: &Line) -> Result<Value, Failure> {
        Ok(request::body(request, line.peer.model()))
    }

    fn explain(peer: &Peer, status: u16, body: &str) -> Option<ProviderError> {
        error::explain(peer, status, body)
    }
}

/// The address of the Messages API below a base address.
fn messages_url(base: &str) -> Result<Url, ProviderError> {
    let base = base.trim().trim_end_matches('/');
    let base = checked(base.strip_suffix("/v1").unwrap_or(base))?;
    let base = base.as_str().trim_end_matches('/');
    Url::parse(&format!("{base}/v1/messages"))
        .map_err(|error| ProviderError::BaseUrl { problem: error.to_string() })
}

fn headers(key: &Secret) -> Result<HeaderMap, ProviderError> {
    let mut headers = HeaderMap::new();
    headers.insert("x-api-key", bearable("", key)?);
    headers.insert("anthropic-version", HeaderValue::from_static(API_VERSION));
    Ok(headers)
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
    }
}
