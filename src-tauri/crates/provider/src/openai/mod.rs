//! Chat Completions, streamed, as `OpenAI` and many other servers speak it, those of Ollama and
//! llama.cpp on the person's own computer among them
//! (<https://platform.openai.com/docs/api-reference/chat>).

mod error;
mod models;
mod request;
mod stream;

use crate::drive::drive;
use crate::wire::{self, Failure, Line, Peer, bearable, filled, is_loopback};
use crate::{EventStream, Provider, ProviderError, Request, Secret};
use reqwest::Url;
use reqwest::header::{AUTHORIZATION, HeaderMap};
use serde_json::Value;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// The model that is used at `OpenAI` itself where none is named. Newer ones stream only to accounts
/// that have proven who they are; this one does to every account.
pub const DEFAULT_OPENAI_MODEL: &str = "gpt-4.1";

const DEFAULT_BASE_URL: &str = "https://api.openai.com/v1";
/// A server on the person's computer first loads its model and may read a long prompt without a
/// graphics card, and says nothing meanwhile.
const LOCAL_IDLE_TIMEOUT: Duration = Duration::from_secs(600);

/// How to reach a server.
#[derive(Clone, Debug, Default)]
pub struct OpenAiConfig {
    /// The key. A server on this computer needs none.
    pub api_key: Option<Secret>,
    /// The model. Where none, [`DEFAULT_OPENAI_MODEL`] at `OpenAI`, and on this computer the first
    /// one that the server lists.
    pub model: Option<String>,
    /// Another address of the same API, with or without `/v1` at its end.
    pub base_url: Option<String>,
}

/// Models of `OpenAI`, and of servers that speak the same API.
#[derive(Clone, Debug)]
pub struct OpenAi {
    inner: Arc<Inner>,
}

#[derive(Clone, Debug)]
struct Inner {
    line: Line,
    api: Chat,
}

/// The API as one server speaks it, which is learnt where it differs.
#[derive(Clone, Debug)]
struct Chat {
    models: Url,
    /// The server is `OpenAI`'s own.
    official: bool,
    /// The server refused the limit of tokens.
    no_limit: Arc<AtomicBool>,
    /// The server refused to be asked for its counts.
    no_options: Arc<AtomicBool>,
}

impl OpenAi {
    /// Checks the configuration; sends nothing yet. Refuses an address that is no `http` or `https`
    /// URL, a key that cannot be sent, and, for a server that is not on this computer, the lack of a
    /// key or of a model's name.
    pub fn new(config: OpenAiConfig) -> Result<Self, ProviderError> {
        let OpenAiConfig { api_key, model, base_url } = config;
        let base = base(filled(base_url).as_deref().unwrap_or(DEFAULT_BASE_URL))?;
        let host = base.host_str().unwrap_or_default().to_owned();
        let port = base.port_or_known_default();
        let local = is_loopback(&host)
            .then(|| port.map_or_else(|| host.clone(), |port| format!("{host}:{port}")));
        let key = api_key.unwrap_or_else(|| Secret::new(""));
        let mut headers = HeaderMap::new();
        if local.is_none() || !key.expose().is_empty() {
            headers.insert(AUTHORIZATION, bearable("Bearer ", &key)?);
        }
        let official = is_official(&host);
        let model = match filled(model) {
            Some(model) => OnceLock::from(model),
            None if official => OnceLock::from(DEFAULT_OPENAI_MODEL.to_owned()),
            None if local.is_some() => OnceLock::new(),
            None => return Err(ProviderError::ModelNotNamed { host }),
        };
        let api = Chat {
            models: below(&base, "models")?,
            official,
            no_limit: Arc::default(),
            no_options: Arc::default(),
        };
        let is_local = local.is_some();
        let peer = Peer { host, model, key, local };
        let mut line = Line::new(below(&base, "chat/completions")?, headers, peer)?;
        if is_local {
            line.idle_timeout = LOCAL_IDLE_TIMEOUT;
        }
        Ok(Self { inner: Arc::new(Inner { line, api }) })
    }

    /// The same with another delay before the second attempt, which doubles from there.
    #[must_use]
    pub fn with_base_delay(mut self, delay: Duration) -> Self {
        Arc::make_mut(&mut self.inner).line.base_delay = delay;
        self
    }

    /// The same with another longest silence of the server, after which the request is given up.
    #[must_use]
    pub fn with_idle_timeout(mut self, silence: Duration) -> Self {
        Arc::make_mut(&mut self.inner).line.idle_timeout = silence;
        self
    }

    /// The model that is used at an address where none is named; empty where only the server knows.
    #[must_use]
    pub fn default_model(base_url: Option<&str>) -> &'static str {
        let base = base(base_url.unwrap_or(DEFAULT_BASE_URL));
        let official = base.is_ok_and(|url| url.host_str().is_some_and(is_official));
        if official { DEFAULT_OPENAI_MODEL } else { "" }
    }

    /// Whether an address leads to this computer, where a server needs no key.
    #[must_use]
    pub fn is_local(base_url: &str) -> bool {
        base(base_url).is_ok_and(|url| url.host_str().is_some_and(is_loopback))
    }
}

impl Provider for OpenAi {
    fn name(&self) -> &'static str {
        "openai"
    }

    /// Empty as long as the server has not been asked which it has.
    fn model(&self) -> &str {
        self.inner.line.peer.model()
    }

    fn complete(&self, request: Request) -> EventStream {
        let inner = Arc::clone(&self.inner);
        drive(|emit| async move { inner.line.run(&inner.api, &request, &emit).await })
    }
}

impl wire::Api for Chat {
    type Reply = stream::Reply;

    async fn body(&self, request: &Request, line: &Line) -> Result<Value, Failure> {
        let peer = &line.peer;
        if peer.model.get().is_none() {
            let list = line.get::<Self>(self.models.clone()).await?;
            let first = models::first(&list).ok_or_else(|| {
                let address = peer.local.clone().unwrap_or_else(|| peer.host.clone());
                Failure::lasting(ProviderError::NoModelListed { address })
            })?;
            tracing::info!(host = peer.host, model = first, "the server's first model is used");
            // Whoever asked at the same time has the same answer.
            let _ = peer.model.set(first);
        }
        let mut body = request::body(request, peer.model());
        if !self.no_limit.load(Ordering::Relaxed) {
            // `OpenAI`'s own newer models take only the newer name; most other servers know only the
            // older one, and some refuse what they do not know.
            let name = if self.official { "max_completion_tokens" } else { "max_tokens" };
            body[name] = request.max_tokens.into();
        }
        if !self.no_options.load(Ordering::Relaxed) {
            body["stream_options"] = serde_json::json!({ "include_usage": true });
        }
        Ok(body)
    }

    fn explain(peer: &Peer, status: u16, body: &str) -> Option<ProviderError> {
        error::explain(peer, status, body)
    }

    /// A limit above what the model can write is refused by some servers, and so are options that
    /// they do not know: without them the request is good.
    fn learns(&self, failure: &Failure) -> bool {
        let newly = |flag: &AtomicBool| !flag.swap(true, Ordering::Relaxed);
        match error::refused_part(&failure.error) {
            Some(error::Part::Limit) => newly(&self.no_limit),
            Some(error::Part::Options) => newly(&self.no_options),
            None => false,
        }
    }
}

/// Whether a host is `OpenAI`'s own, of whatever region.
fn is_official(host: &str) -> bool {
    host == "openai.com" || host.ends_with(".openai.com")
}

/// The address that all others are below. An address that names no version of the API gets `/v1`.
fn base(text: &str) -> Result<Url, ProviderError> {
    let text = text.trim().trim_end_matches('/');
    // As it is found in many a manual.
    let text = text.strip_suffix("/chat/completions").unwrap_or(text);
    let url = wire::base_url(text)?;
    let is_version = |part: &str| {
        part.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    let versioned = url.path_segments().is_some_and(|mut parts| parts.any(is_version));
    if versioned { Ok(url) } else { below(&url, "v1") }
}

fn below(base: &Url, path: &str) -> Result<Url, ProviderError> {
    Url::parse(&format!("{}/{path}", base.as_str().trim_end_matches('/')))
        .map_err(|error| ProviderError::BaseUrl { problem: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(key: Option<&str>, model: Option<&str>, base_url: Option<&str>) -> OpenAiConfig {
        OpenAiConfig {
            api_key: key.map(Secret::new),
            model: model.map(str::to_owned),
            base_url: base_url.map(str::to_owned),
        }
    }

    #[test]
    fn base_addresses() {
        for (text, url) in [
            (DEFAULT_BASE_URL, "https://api.openai.com/v1"),
            ("https://api.openai.com/", "https://api.openai.com/v1"),
            (" http://localhost:11434 ", "http://localhost:11434/v1"),
            ("http://127.0.0.1:8080/v1//", "http://127.0.0.1:8080/v1"),
            ("https://gate.example/llm", "https://gate.example/llm/v1"),
            ("https://gate.example/v1beta/openai", "https://gate.example/v1beta/openai"),
            ("https://gate.example/paas/v4/chat/completions", "https://gate.example/paas/v4"),
            ("https://gate.example/vault", "https://gate.example/vault/v1"),
        ] {
            assert_eq!(base(text).unwrap().as_str().trim_end_matches('/'), url);
        }
        for text in ["localhost:11434", "ftp://x", "https://", "https://x?key=1", "file:///x"] {
            let error = base(text).unwrap_err().to_string();
            assert!(error.contains("base_url"), "{error}");
        }
    }

    #[test]
    fn a_server_on_this_computer_needs_neither_key_nor_model() {
        let client = OpenAi::new(config(None, None, Some("http://localhost:11434"))).unwrap();
        assert_eq!((client.name(), client.model()), ("openai", ""));
        assert_eq!(client.inner.line.idle_timeout, LOCAL_IDLE_TIMEOUT);
        assert_eq!(OpenAi::new(config(None, None, None)).unwrap_err(), ProviderError::NoKey);
        let blank = config(Some(" "), None, Some("https://gate.example"));
        assert_eq!(OpenAi::new(blank).unwrap_err(), ProviderError::NoKey);
        let wrong = config(Some("sk \"x\""), None, Some("http://127.0.0.1:1"));
        assert_eq!(OpenAi::new(wrong).unwrap_err(), ProviderError::MalformedKey);
        assert!(OpenAi::is_local("http://[::1]:8080/v1") && OpenAi::is_local("http://localhost"));
        assert!(!OpenAi::is_local("https://api.openai.com/v1") && !OpenAi::is_local("localhost"));
    }

    #[test]
    fn a_distant_server_needs_a_model_unless_it_is_openai() {
        let official = OpenAi::new(config(Some("sk-1"), Some(" "), None)).unwrap();
        assert_eq!(official.model(), DEFAULT_OPENAI_MODEL);
        let error =
            OpenAi::new(config(Some("sk-1"), None, Some("https://gate.example"))).unwrap_err();
        assert!(error.to_string().contains("--model"), "{error}");
        let named = config(Some("sk-1"), Some("m"), Some("https://gate.example"));
        assert_eq!(OpenAi::new(named).unwrap().model(), "m");
        for (url, model) in [
            (None, DEFAULT_OPENAI_MODEL),
            (Some("https://eu.api.openai.com/v1"), DEFAULT_OPENAI_MODEL),
            (Some("https://openai.com.example"), ""),
            (Some("http://localhost:1"), ""),
        ] {
            assert_eq!(OpenAi::default_model(url), model);
        }
    }

    #[test]
    fn the_key_is_not_printed() {
        let config = config(Some("sk-hidden"), None, None);
        let shown = format!("{config:?} {:?}", OpenAi::new(config.clone()).unwrap());
        assert!(!shown.contains("sk-hidden"), "{shown}");
    }
}
