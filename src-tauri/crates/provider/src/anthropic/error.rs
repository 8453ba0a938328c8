//! Failures in plain words, and whether they may pass.

use crate::retry::{Retry, is_passing};
use crate::{ProviderError, Secret};
use serde::Deserialize;
use std::error::Error;
use std::time::Duration;

/// Characters of the server's own words that are shown.
const MAX_DETAIL: usize = 300;

/// An attempt that failed.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) error: ProviderError,
    pub(super) retry: Retry,
}

/// Who is spoken to: what the errors name and what they hide.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    pub(super) host: String,
    pub(super) model: String,
    pub(super) key: Secret,
}

/// An error as the API writes it, in a body or in the stream.
#[derive(Debug, Default, Deserialize)]
pub(super) struct ApiError {
    #[serde(default, rename = "type")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) message: String,
}

#[derive(Deserialize)]
struct ErrorBody {
    error: ApiError,
}

impl Peer {
    /// The request did not get through.
    pub(super) fn not_sent(&self, error: reqwest::Error) -> Failure {
        let host = self.host.clone();
        let detail = self.detail(&root_cause(&error.without_url()));
        Failure { error: ProviderError::Unreachable { host, detail }, retry: Retry::After(None) }
    }

    /// The connection broke.
    pub(super) fn interrupted(&self) -> Failure {
        let host = self.host.clone();
        Failure { error: ProviderError::Interrupted { host }, retry: Retry::After(None) }
    }

    /// Nothing came for this long.
    pub(super) fn silent(&self, silence: Duration) -> Failure {
        let host = self.host.clone();
        let seconds = silence.as_secs();
        Failure { error: ProviderError::Timeout { host, seconds }, retry: Retry::After(None) }
    }

    /// The stream makes no sense.
    pub(super) fn malformed(&self, error: &dyn Error) -> Failure {
        let detail = self.detail(&error.to_string());
        let host = self.host.clone();
        Failure { error: ProviderError::Malformed { host, detail }, retry: Retry::Never }
    }

    /// The server sends elsewhere.
    pub(super) fn redirected(&self, status: u16, target: Option<String>) -> Failure {
        let host = self.host.clone();
        let target = self.detail(&target.unwrap_or_else(|| "an unknown place".to_owned()));
        Failure { error: ProviderError::Redirected { host, target, status }, retry: Retry::Never }
    }

    /// An answer that is no stream.
    pub(super) fn refused(
        &self,
        status: u16,
        content_type: &str,
        body: &str,
        asked: Option<Duration>,
    ) -> Failure {
        let retry = if is_passing(status) { Retry::After(asked) } else { Retry::Never };
        let error = match serde_json::from_str::<ErrorBody>(body) {
            Ok(ErrorBody { error }) if !error.message.is_empty() || !error.kind.is_empty() => {
                self.named(status, &error)
            }
            Ok(_) | Err(_) => self.unnamed(status, content_type, body),
        };
        Failure { error, retry }
    }

    /// An error in the midst of a stream, where there is no status.
    pub(super) fn streamed(&self, error: &ApiError) -> Failure {
        let status = match error.kind.as_str() {
            "invalid_request_error" => 400,
            "authentication_error" => 401,
            "billing_error" => 402,
            "permission_error" => 403,
            "not_found_error" => 404,
            "request_too_large" => 413,
            "rate_limit_error" => 429,
            "timeout_error" => 504,
            "overloaded_error" => 529,
            _ => 500,
        };
        let retry = if is_passing(status) { Retry::After(None) } else { Retry::Never };
        Failure { error: self.named(status, error), retry }
    }

    /// An error that the API itself explains.
    fn named(&self, status: u16, error: &ApiError) -> ProviderError {
        let host = self.host.clone();
        let detail = self.detail(&error.message);
        let said = error.message.to_ascii_lowercase();
        match status {
            400 if said.contains("prompt is too long") => ProviderError::ContextTooLong { detail },
            // The same, where what is left of the room is less than the answer may take.
            400 if said.contains("exceed context limit") => {
                ProviderError::ContextTooLong { detail }
            }
            400 | 403 if said.contains("credit balance") => ProviderError::Credit { host, detail },
            402 => ProviderError::Credit { host, detail },
            401 => ProviderError::WrongKey { host, detail },
            403 => ProviderError::Permission { host, detail },
            404 if error.kind == "not_found_error" && said.contains("model") => {
                ProviderError::ModelNotFound { model: self.model.clone() }
            }
            404 => ProviderError::NoSuchAddress { host },
            413 => ProviderError::TooLarge { host },
            429 => ProviderError::RateLimited { host, detail },
            529 => ProviderError::Overloaded { host },
            _ if error.kind == "overloaded_error" => ProviderError::Overloaded { host },
            500.. => ProviderError::Server { host, status, detail },
            _ => ProviderError::Rejected { host, status, detail },
        }
    }

    /// An answer that is not the API's: the status says what can be said.
    fn unnamed(&self, status: u16, content_type: &str, body: &str) -> ProviderError {
        let host = self.host.clone();
        let detail = self.detail(&words(body, content_type));
        match status {
            401 => ProviderError::WrongKey { host, detail },
            404 => ProviderError::NoSuchAddress { host },
            413 => ProviderError::TooLarge { host },
            429 => ProviderError::RateLimited { host, detail },
            529 => ProviderError::Overloaded { host },
            500.. => ProviderError::Server { host, status, detail },
            _ => ProviderError::Unexpected { host, status, detail },
        }
    }

    /// The words of others, fit to be shown: without the key, on one line and short.
    pub(super) fn detail(&self, text: &str) -> String {
        let text = self.key.redact(text);
        let line = text.split(|c: char| c.is_whitespace() || c.is_control());
        let line = line.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
        if line.is_empty() {
            return "nothing".to_owned();
        }
        match line.char_indices().nth(MAX_DETAIL) {
            Some((at, _)) => format!("{}…", &line[..at]),
            None => line,
        }
    }
}

/// The innermost cause of an error, which says most.
pub(super) fn root_cause(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

/// What a page says: its title, where it is HTML.
fn words(body: &str, content_type: &str) -> String {
    let is_html = content_type.contains("html") || body.trim_start().starts_with('<');
    if !is_html {
        return body.to_owned();
    }
    // Searched in ASCII lowercase, which keeps the places of all bytes.
    let lower = body.to_ascii_lowercase();
    let title = lower
        .find("<title")
        .and_then(|at| lower[at..].find('>').map(|end| at + end + 1))
        .and_then(|from| lower[from..].find("</title").map(|end| &body[from..from + end]));
    match title {
        Some(title) if !title.trim().is_empty() => format!("a web page titled {:?}", title.trim()),
        Some(_) | None => "a web page".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer() -> Peer {
        Peer { host: "h".into(), model: "m".into(), key: Secret::new("sk-1234") }
    }

    #[test]
    fn the_words_of_others_are_short_plain_and_without_the_key() {
        assert_eq!(peer().detail("a\n\u{1b}[1m  b sk-1234\r"), "a [1m b [key]");
        assert_eq!(peer().detail(" \n"), "nothing");
        // The key is masked before the cut, so that no half of it is left.
        let long = format!("{}sk-1234", "ä".repeat(MAX_DETAIL - 3));
        assert!(!peer().detail(&long).contains("sk-"));
        assert_eq!(peer().detail(&"ä".repeat(400)).chars().count(), MAX_DETAIL + 1);
    }

    #[test]
    fn pages_are_named_by_their_title() {
        assert_eq!(
            words("<html><TITLE lang=en> Log in\n</title>", "text/html"),
            "a web page titled \"Log in\""
        );
        assert_eq!(words("<html></html>", ""), "a web page");
        assert_eq!(words("plain", "text/plain"), "plain");
    }
}
