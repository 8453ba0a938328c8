//! Text that must not be shown.

use std::fmt;

/// What stands in place of a secret.
const MASK: &str = "[key]";

/// An API key. It cannot be printed or serialized; [`Secret::expose`] is the one way to its text.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes the text. Blanks around it, as come with a paste, are taken off.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        let inner = text.trim();
        Self(if inner.len() == text.len() { text } else { inner.to_owned() })
    }

    /// The text itself: for the header of a request and for the keyring only.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// A text of others with every occurrence of the secret masked, in whatever case: the host of an
    /// address, for one, comes back in lowercase.
    #[must_use]
    pub(crate) fn redact(&self, text: &str) -> String {
        if self.0.is_empty() {
            return text.to_owned();
        }
        // ASCII lowercase keeps the places of all bytes.
        let (lower, wanted) = (text.to_ascii_lowercase(), self.0.to_ascii_lowercase());
        let mut masked = String::with_capacity(text.len());
        let mut from = 0;
        for (at, found) in lower.match_indices(&wanted) {
            masked.push_str(&text[from..at]);
            masked.push_str(MASK);
            from = at + found.len();
        }
        masked.push_str(&text[from..]);
        masked
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_printed() {
        let secret = Secret::new(" sk-ant-abc\n");
        assert_eq!(secret.expose(), "sk-ant-abc");
        assert_eq!(
            format!("{secret:?} {:#?}", Some(&secret)),
            "Secret(…) Some(\n    Secret(…),\n)"
        );
        assert_eq!(secret.redact("bad sk-ant-abc, sk-ant-abc!"), "bad [key], [key]!");
        assert_eq!(Secret::new("aB1").redact("é ab1AB1 ü"), "é [key][key] ü");
        assert_eq!(Secret::new("").redact("as it is"), "as it is");
    }
}
