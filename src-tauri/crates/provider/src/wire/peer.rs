//! Failures in plain words, and whether they may pass.

use crate::retry::{Retry, is_passing};
use crate::{ProviderError, Secret};
use std::error::Error;
use std::sync::OnceLock;
use std::time::Duration;

/// Characters of the server's own words that are shown.
const MAX_DETAIL: usize = 300;

/// An attempt that failed.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: ProviderError,
    pub(crate) retry: Retry,
}

impl Failure {
    /// The failure of an answer with that status. The server may have said how long to wait.
    pub(crate) fn of(status: u16, error: ProviderError, asked: Option<Duration>) -> Self {
        // Some servers give these a status that else means that waiting helps.
        let stays =
            matches!(error, ProviderError::Credit { .. } | ProviderError::ContextTooLong { .. });
        let retry = if is_passing(status) && !stays { Retry::After(asked) } else { Retry::Never };
        Self { error, retry }
    }

    /// A failure that nothing but a change on the person's side can mend.
    pub(crate) fn lasting(error: ProviderError) -> Self {
        Self { error, retry: Retry::Never }
    }
}

/// Who is spoken to: what the errors name and what they hide.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    pub(crate) host: String,
    /// The model; nothing as long as the server has not said which it has.
    pub(crate) model: OnceLock<String>,
    pub(crate) key: Secret,
    /// Host and port of a server that the person runs on this computer; none for any other.
    pub(crate) local: Option<String>,
}

impl Peer {
    /// The model's name; empty where it is not known yet.
    pub(crate) fn model(&self) -> &str {
        self.model.get().map_or("", String::as_str)
    }

    /// The request did not get through.
    pub(crate) fn not_sent(&self, error: reqwest::Error) -> Failure {
        let host = self.host.clone();
        let detail = self.detail(&root_cause(&error.without_url()));
        let error = match self.local.clone() {
            Some(address) => ProviderError::NotRunning { address, detail },
            None => ProviderError::Unreachable { host, detail },
        };
        Failure { error, retry: Retry::After(None) }
    }

    /// The connection broke.
    pub(crate) fn interrupted(&self) -> Failure {
        let host = self.host.clone();
        Failure { error: ProviderError::Interrupted { host }, retry: Retry::After(None) }
    }

    /// Nothing came for this long.
    pub(crate) fn silent(&self, silence: Duration) -> Failure {
        let host = self.host.clone();
        let seconds = silence.as_secs();
        Failure { error: ProviderError::Timeout { host, seconds }, retry: Retry::After(None) }
    }

    /// The stream makes no sense.
    pub(crate) fn malformed(&self, error: &dyn Error) -> Failure {
        let detail = self.detail(&error.to_string());
        let host = self.host.clone();
        Failure { error: ProviderError::Malformed { host, detail }, retry: Retry::Never }
    }

    /// The server sends elsewhere.
    pub(crate) fn redirected(&self, status: u16, target: Option<String>) -> Failure {
        let host = self.host.clone();
        let target = self.detail(&target.unwrap_or_else(|| "an unknown place".to_owned()));
        Failure { error: ProviderError::Redirected { host, target, status }, retry: Retry::Never }
    }

    /// An answer that is no model's.
    pub(crate) fn unexpected(&self, status: u16, content_type: &str, body: &str) -> Failure {
        Failure::lasting(self.unnamed(status, content_type, body))
    }

    /// An answer that is not the API's: the status says what can be said.
    pub(crate) fn unnamed(&self, status: u16, content_type: &str, body: &str) -> ProviderError {
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
    pub(crate) fn detail(&self, text: &str) -> String {
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
pub(crate) fn root_cause(error: &dyn Error) -> String {
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
        let (host, model) = ("h".into(), OnceLock::from("m".to_owned()));
        Peer { host, model, key: Secret::new("sk-1234"), local: None }
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
