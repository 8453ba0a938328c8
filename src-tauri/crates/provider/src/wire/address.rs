//! Addresses and keys, checked before anything is sent.

use crate::{ProviderError, Secret};
use reqwest::Url;
use reqwest::header::HeaderValue;

/// A text that holds more than blanks, without those around it.
pub(crate) fn filled(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// A base address without slashes at its end, which can be used with a path behind it.
pub(crate) fn base_url(base: &str) -> Result<Url, ProviderError> {
    let wrong = |problem: &str| ProviderError::BaseUrl { problem: problem.to_owned() };
    let base = base.trim().trim_end_matches('/');
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
    Ok(parsed)
}

/// A header with a key, behind a prefix. Refuses a key that cannot be sent.
pub(crate) fn bearable(prefix: &str, key: &Secret) -> Result<HeaderValue, ProviderError> {
    if key.expose().is_empty() {
        return Err(ProviderError::NoKey);
    }
    // Quotation marks come with a careless copy, and a backslash could hide the key from its masking
    // in text that escapes it; no key has either.
    let fits = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'\\');
    if !key.expose().bytes().all(fits) {
        return Err(ProviderError::MalformedKey);
    }
    let text = format!("{prefix}{}", key.expose());
    let mut value = HeaderValue::from_str(&text).map_err(|_| ProviderError::MalformedKey)?;
    value.set_sensitive(true);
    Ok(value)
}

/// Whether a host is this computer.
pub(crate) fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || address.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_computer() {
        for host in ["localhost", "LocalHost", "127.0.0.1", "127.8.9.1", "[::1]"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["", "10.0.0.1", "localhost.example", "example.org", "0.0.0.0"] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
