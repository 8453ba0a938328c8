//! The API's own errors.

use crate::ProviderError;
use crate::wire::{Failure, Peer};
use serde::Deserialize;

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

/// What an error of the API says; none where the body is not the API's.
pub(super) fn explain(peer: &Peer, status: u16, body: &str) -> Option<ProviderError> {
    let ErrorBody { error } = serde_json::from_str(body).ok()?;
    let says = !error.message.is_empty() || !error.kind.is_empty();
    says.then(|| named(peer, status, &error))
}

/// An error in the midst of a stream, where there is no status.
pub(super) fn streamed(peer: &Peer, error: &ApiError) -> Failure {
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
    Failure::of(status, named(peer, status, error), None)
}

/// An error that the API itself explains.
fn named(peer: &Peer, status: u16, error: &ApiError) -> ProviderError {
    let host = peer.host.clone();
    let detail = peer.detail(&error.message);
    let said = error.message.to_ascii_lowercase();
    match status {
        400 if said.contains("prompt is too long") => ProviderError::ContextTooLong { detail },
        // The same, where what is left of the room is less than the answer may take.
        400 if said.contains("exceed context limit") => ProviderError::ContextTooLong { detail },
        400 | 403 if said.contains("credit balance") => ProviderError::Credit { host, detail },
        402 => ProviderError::Credit { host, detail },
        401 => ProviderError::WrongKey { host, detail },
        403 => ProviderError::Permission { host, detail },
        404 if error.kind == "not_found_error" && said.contains("model") => {
            ProviderError::ModelNotFound { model: peer.model().to_owned() }
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
