//! The API's own errors, in the forms in which its many servers write them.

use crate::ProviderError;
use crate::wire::{Failure, Peer};
use serde_json::Value;

/// An error as a server writes it.
#[derive(Debug, Default)]
pub(super) struct ApiError {
    kind: String,
    code: String,
    message: String,
}

/// A part of the request that is not taken by every server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The limit of tokens.
    Limit,
    /// The wish for counts.
    Options,
}

impl ApiError {
    /// The error in a body or in an event; none where it holds none. Beside `OpenAI`'s own form there
    /// are servers whose error is a text, or that write it without a wrapping.
    pub(super) fn find(document: &Value) -> Option<Self> {
        let text = |value: &Value| match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => String::new(),
        };
        let read = |error: &Value| Self {
            kind: text(&error["type"]),
            code: text(&error["code"]),
            message: text(&error["message"]),
        };
        let wrapped = &document["error"];
        let error = if let Value::String(message) = wrapped {
            Self { message: message.clone(), ..Self::default() }
        } else if wrapped.is_object() {
            read(wrapped)
        } else if document["object"] == "error" {
            read(document)
        } else {
            Self { message: text(&document["detail"]), ..Self::default() }
        };
        let says = [&error.kind, &error.code, &error.message].iter().any(|text| !text.is_empty());
        says.then_some(error)
    }

    /// The status that this error has where it comes as the answer to a request.
    fn status(&self) -> u16 {
        if let Ok(status @ 400..=599) = self.code.parse() {
            return status;
        }
        let is = |word: &str| self.kind == word || self.code == word;
        [
            ("invalid_request_error", 400),
            ("exceed_context_size_error", 400),
            ("authentication_error", 401),
            ("invalid_api_key", 401),
            ("permission_error", 403),
            ("not_found_error", 404),
            ("model_not_found", 404),
            ("insufficient_quota", 429),
            ("rate_limit_error", 429),
            ("rate_limit_exceeded", 429),
            ("unavailable_error", 503),
            ("overloaded_error", 529),
        ]
        .iter()
        .find(|(word, _)| is(word))
        .map_or(500, |(_, status)| *status)
    }
}

/// What an error of the API says; none where the body is not the API's.
pub(super) fn explain(peer: &Peer, status: u16, body: &str) -> Option<ProviderError> {
    let error = ApiError::find(&serde_json::from_str(body).ok()?)?;
    Some(named(peer, status, &error))
}

/// An error in the midst of a stream, or in an answer whose status says that all is well.
pub(super) fn streamed(peer: &Peer, error: &ApiError) -> Failure {
    let status = error.status();
    Failure::of(status, named(peer, status, error), None)
}

/// The part of the request that the server refused, where it can be left out.
pub(super) fn refused_part(error: &ProviderError) -> Option<Part> {
    let (said, may_be_limit) = if let ProviderError::ContextTooLong { detail } = error {
        // A server that counts the limit in says so by what it calls the answer.
        (detail, detail.contains("completion"))
    } else if let ProviderError::Rejected { status: 400 | 422, detail, .. } = error {
        (detail, false)
    } else {
        return None;
    };
    if may_be_limit || said.contains("max_tokens") || said.contains("max_completion_tokens") {
        Some(Part::Limit)
    } else {
        said.contains("stream_options").then_some(Part::Options)
    }
}

fn named(peer: &Peer, status: u16, error: &ApiError) -> ProviderError {
    let host = peer.host.clone();
    let detail = peer.detail(&error.message);
    let said = error.message.to_ascii_lowercase();
    let is = |word: &str| error.kind == word || error.code == word;
    if is_too_long(status, error, &said) {
        return ProviderError::ContextTooLong { detail };
    }
    if is("insufficient_quota") || is("billing_hard_limit_reached") || is("billing_not_active") {
        return ProviderError::Credit { host, detail };
    }
    let no_model = is("model_not_found")
        || (said.contains("model")
            && (status == 404 || said.contains("not found") || said.contains("does not exist")));
    match status {
        400 | 404 if no_model => match peer.local.clone() {
            Some(address) => {
                ProviderError::ModelNotThere { address, model: peer.model().to_owned(), detail }
            }
            None => ProviderError::ModelNotFound { model: peer.model().to_owned() },
        },
        401 if peer.key.expose().is_empty() => ProviderError::KeyWanted { host, detail },
        401 => ProviderError::WrongKey { host, detail: without_keys(&detail) },
        402 => ProviderError::Credit { host, detail },
        403 => ProviderError::Permission { host, detail },
        404 => ProviderError::NoSuchAddress { host },
        413 => ProviderError::TooLarge { host },
        429 => ProviderError::RateLimited { host, detail },
        529 => ProviderError::Overloaded { host },
        503 if said.contains("overload") => ProviderError::Overloaded { host },
        500.. => ProviderError::Server { host, status, detail },
        _ => ProviderError::Rejected { host, status, detail },
    }
}

/// Whether the conversation is too long: `OpenAI` and llama.cpp have a word for it, others only say
/// so, and with what status differs.
fn is_too_long(status: u16, error: &ApiError, said: &str) -> bool {
    let phrases = ["context length", "context size", "context window", "prompt is too long"];
    error.code == "context_length_exceeded"
        || error.kind == "exceed_context_size_error"
        || (matches!(status, 400 | 413 | 422 | 500)
            && phrases.iter().any(|phrase| said.contains(phrase)))
}

/// A text without the keys in it that the server masked only in part.
fn without_keys(text: &str) -> String {
    let hide = |word: &str| if word.contains("**") { "[key]".to_owned() } else { word.to_owned() };
    text.split(' ').map(hide).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Secret;
    use serde_json::json;

    fn peer(local: Option<&str>, key: &str) -> Peer {
        let model = "m".to_owned().into();
        Peer { host: "h".into(), model, key: Secret::new(key), local: local.map(str::to_owned) }
    }

    #[test]
    fn forms() {
        for (document, message) in [
            (json!({"error": {"message": "a", "type": "t", "param": null, "code": null}}), "a"),
            (json!({"error": {"message": "a", "code": 400}}), "a"),
            (json!({"error": "a"}), "a"),
            (json!({"object": "error", "message": "a", "code": 40401}), "a"),
            (json!({"detail": "a"}), "a"),
            (json!({"error": {"type": "t"}}), ""),
        ] {
            assert_eq!(ApiError::find(&document).unwrap().message, message, "{document}");
        }
        for none in
            [json!({}), json!(null), json!({"error": null}), json!({"error": {}}), json!([])]
        {
            assert!(ApiError::find(&none).is_none(), "{none}");
        }
    }

    #[test]
    fn keys_that_a_server_shows_in_part_are_hidden() {
        let body = json!({"error": {"code": "invalid_api_key",
            "message": "Incorrect API key provided: sk-ab***yz. Find yours there."}});
        let error = explain(&peer(None, "sk-abcdyz"), 401, &body.to_string()).unwrap();
        let words = error.to_string();
        assert!(words.ends_with("Incorrect API key provided: [key] Find yours there."), "{words}");
    }

    #[test]
    fn what_is_left_out_of_the_next_request() {
        let rejected = |detail: &str| ProviderError::Rejected {
            host: "h".into(),
            status: 400,
            detail: detail.into(),
        };
        for (error, part) in [
            (rejected("max_tokens is too large: 32000"), Some(Part::Limit)),
            (rejected("Unsupported parameter: 'max_completion_tokens'"), Some(Part::Limit)),
            (rejected("stream_options: extra inputs are not permitted"), Some(Part::Options)),
            (rejected("messages: bad"), None),
            (
                ProviderError::ContextTooLong { detail: "8000 and 32000 in the completion".into() },
                Some(Part::Limit),
            ),
            (ProviderError::ContextTooLong { detail: "too many".into() }, None),
            (ProviderError::NoKey, None),
        ] {
            assert_eq!(refused_part(&error), part, "{error}");
        }
    }
}
