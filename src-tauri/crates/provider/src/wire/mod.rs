//! What the APIs of models share: one request, whose answer is a stream of events, made again where
//! that may help.

mod address;
mod peer;
mod reply;

pub(crate) use address::{base_url, bearable, filled, is_loopback};
pub(crate) use peer::{Failure, Peer, root_cause};
pub(crate) use reply::{MAX_REPLY, Reply, Step, arguments, piece};

use crate::drive::Emit;
use crate::retry::{BASE_DELAY, MAX_ASKED_WAIT, MAX_ATTEMPTS, Retry, asked_wait, delay};
use crate::sse::Parser;
use crate::{Completion, ProviderError, ProviderEvent, Request};
use jiff::Timestamp;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, LOCATION, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url};
use serde_json::Value;
use std::time::Duration;
use tokio::time::{sleep, timeout};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
const IDLE_TIMEOUT: Duration = Duration::from_secs(120);
/// Bytes that are read of an answer that is no stream.
const MAX_ERROR_BODY: usize = 64 * 1024;

/// What differs between the APIs.
pub(crate) trait Api: Send + Sync {
    /// How an answer is put together.
    type Reply: Reply;

    /// The body of a request. It may have to ask the server something before.
    fn body(
        &self,
        request: &Request,
        line: &Line,
    ) -> impl Future<Output = Result<Value, Failure>> + Send;

    /// What an error of the API itself says; none where the body is not the API's.
    fn explain(peer: &Peer, status: u16, body: &str) -> Option<ProviderError>;

    /// Learns from a failure what this server does not take. True where the next body differs, so
    /// that the request is made again at once.
    fn learns(&self, _failure: &Failure) -> bool {
        false
    }
}

/// The way to one server.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    client: Client,
    url: Url,
    headers: HeaderMap,
    pub(crate) peer: Peer,
    pub(crate) base_delay: Duration,
    pub(crate) idle_timeout: Duration,
}

impl Line {
    /// Sets the client up; sends nothing yet. Requests go to `url`.
    pub(crate) fn new(url: Url, headers: HeaderMap, peer: Peer) -> Result<Self, ProviderError> {
        let mut client = Client::builder()
            .redirect(Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .user_agent(concat!("countersign/", env!("CARGO_PKG_VERSION")));
        if is_loopback(&peer.host) {
            // A proxy would look for this server on its own machine.
            client = client.no_proxy();
        }
        let client = client
            .build()
            .map_err(|error| ProviderError::Setup { detail: root_cause(&error.without_url()) })?;
        let (base_delay, idle_timeout) = (BASE_DELAY, IDLE_TIMEOUT);
        Ok(Self { client, url, headers, peer, base_delay, idle_timeout })
    }

    /// Makes the request until it is answered or there is no hope.
    pub(crate) async fn run<A: Api>(&self, api: &A, request: &Request, emit: &Emit) {
        let mut attempt = 1;
        loop {
            let mut shown = false;
            let failure = match self.attempt(api, request, emit, &mut shown).await {
                Ok(completion) => return emit.event(ProviderEvent::Finished(completion)).await,
                Err(failure) => failure,
            };
            if !shown && api.learns(&failure) {
                tracing::info!(host = self.peer.host, "the request is changed: {}", failure.error);
                continue;
            }
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

    /// The text at another address of the same server.
    pub(crate) async fn get<A: Api>(&self, url: Url) -> Result<String, Failure> {
        let mut response = self.send(self.client.get(url)).await?;
        if response.status().is_success() {
            self.whole_body(&mut response).await
        } else {
            Err(self.refusal::<A>(&mut response).await)
        }
    }

    /// Makes the request once. `shown` is set as soon as a piece of the answer was handed on.
    async fn attempt<A: Api>(
        &self,
        api: &A,
        request: &Request,
        emit: &Emit,
        shown: &mut bool,
    ) -> Result<Completion, Failure> {
        let body = api.body(request, self).await?;
        let mut response = self.send(self.client.post(self.url.clone()).json(&body)).await?;
        let mut reply = A::Reply::default();
        if !is_stream(&response) {
            return self.unstreamed::<A>(&mut response, reply, emit, shown).await;
        }
        let mut parser = Parser::default();
        loop {
            let chunk = match self.chunk(&mut response).await {
                Ok(Some(chunk)) => chunk,
                // Some servers end without a last word; what is whole is not asked for again.
                Ok(None) | Err(_) if reply.is_whole() => return Ok(reply.finish()),
                Ok(None) => return Err(self.peer.interrupted()),
                Err(failure) => return Err(failure),
            };
            for data in parser.push(&chunk).map_err(|error| self.peer.malformed(&error))? {
                for step in reply.read(&data, &self.peer)? {
                    if show(step, emit, shown).await {
                        return Ok(reply.finish());
                    }
                }
            }
        }
    }

    /// An answer that is no stream: a whole one at once, or a refusal.
    async fn unstreamed<A: Api>(
        &self,
        response: &mut Response,
        mut reply: A::Reply,
        emit: &Emit,
        shown: &mut bool,
    ) -> Result<Completion, Failure> {
        let (status, kind) = (response.status(), content_type(response));
        if !(A::Reply::COMES_WHOLE && status == StatusCode::OK && kind.contains("json")) {
            return Err(self.refusal::<A>(response).await);
        }
        let body = self.whole_body(response).await?;
        let Some(steps) = reply.read_whole(&body, &self.peer)? else {
            return Err(self.peer.unexpected(status.as_u16(), &kind, &body));
        };
        for step in steps {
            show(step, emit, shown).await;
        }
        Ok(reply.finish())
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, Failure> {
        timeout(self.idle_timeout, request.headers(self.headers.clone()).send())
            .await
            .map_err(|_| self.silent())?
            .map_err(|error| self.peer.not_sent(error))
    }

    /// What came next; none at the end.
    async fn chunk(&self, response: &mut Response) -> Result<Option<Vec<u8>>, Failure> {
        let chunk = timeout(self.idle_timeout, response.chunk())
            .await
            .map_err(|_| self.silent())?
            // What breaks within a body is the connection; the details are the library's.
            .map_err(|_| self.peer.interrupted())?;
        Ok(chunk.map(Into::into))
    }

    /// Why an answer is none.
    async fn refusal<A: Api>(&self, response: &mut Response) -> Failure {
        let status = response.status();
        let header = |name: HeaderName| response.headers().get(name).and_then(|v| v.to_str().ok());
        if status.is_redirection() {
            let target = header(LOCATION)
                .and_then(|to| self.url.join(to).ok())
                .and_then(|to| to.host_str().map(str::to_owned));
            return self.peer.redirected(status.as_u16(), target);
        }
        let asked = header(RETRY_AFTER).and_then(|text| asked_wait(text, Timestamp::now()));
        let (status, kind) = (status.as_u16(), content_type(response));
        let body = self.error_body(response).await;
        let error = A::explain(&self.peer, status, &body)
            .unwrap_or_else(|| self.peer.unnamed(status, &kind, &body));
        Failure::of(status, error, asked)
    }

    /// The start of a body; as much of it as comes.
    async fn error_body(&self, response: &mut Response) -> String {
        let mut body = Vec::new();
        while body.len() < MAX_ERROR_BODY {
            let Ok(Some(chunk)) = self.chunk(response).await else { break };
            body.extend_from_slice(&chunk[..chunk.len().min(MAX_ERROR_BODY - body.len())]);
        }
        String::from_utf8_lossy(&body).into_owned()
    }

    async fn whole_body(&self, response: &mut Response) -> Result<String, Failure> {
        let mut body = Vec::new();
        while let Some(chunk) = self.chunk(response).await? {
            body.extend_from_slice(&chunk);
            if body.len() > MAX_REPLY {
                return Err(self.peer.malformed(&reply::TooLong));
            }
        }
        Ok(String::from_utf8_lossy(&body).into_owned())
    }

    fn silent(&self) -> Failure {
        self.peer.silent(self.idle_timeout)
    }
}

/// Hands a step on. True for the last one.
async fn show(step: Step, emit: &Emit, shown: &mut bool) -> bool {
    let event = match step {
        Step::Nothing => return false,
        Step::Text(text) => ProviderEvent::TextDelta(text),
        Step::Thinking(text) => ProviderEvent::ThinkingDelta(text),
        Step::Done => return true,
    };
    *shown = true;
    emit.event(event).await;
    false
}

/// Only events, or what does not say what it is, are read as a stream.
fn is_stream(response: &Response) -> bool {
    let kind = content_type(response);
    response.status().is_success() && (kind.is_empty() || kind.starts_with("text/event-stream"))
}

fn content_type(response: &Response) -> String {
    let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.unwrap_or_default().to_ascii_lowercase()
}
