//! Two states of a file as texts: their diff, and one with some of its hunks taken back.

use crate::diff::{self, TextChange};
use crate::document::{Document, decode};
use crate::merge::merge;
use countersign_protocol::Diff;

/// Bytes of a state beyond which no diff is made.
pub const MAX_COMPARED: usize = 8 * 1024 * 1024;

/// What changed between two states of a file.
#[derive(Clone, Debug)]
pub struct Compared {
    /// In hunks, for drawing and choosing.
    pub diff: Diff,
    /// The same as a unified diff.
    pub unified: String,
}

/// Compares two states; `before` is none where there was no file, `after` where there is none. None
/// where one of them is no text, or is too large.
#[must_use]
pub fn compare_states(path: &str, before: Option<&[u8]>, after: Option<&[u8]>) -> Option<Compared> {
    let (old, new) = (text(before)?, text(after)?);
    let TextChange { diff, unified } = diff::compare(path, &old.text, &new.text, before.is_none());
    Some(Compared { diff, unified })
}

/// The state `now` with the hunks of these numbers taken back to what they were in `start`; the hunks
/// are those of [`compare_states`] from `start` to `now`. None where there is no such hunk or no text.
#[must_use]
pub fn without_hunks(start: &[u8], now: &[u8], numbers: &[u32]) -> Option<Vec<u8>> {
    let (old, new) = (text(Some(start))?, text(Some(now))?);
    let hunks = diff::compare("", &old.text, &new.text, false).diff.hunks;
    if !numbers.iter().all(|number| hunks.iter().any(|hunk| hunk.number == *number)) {
        return None;
    }
    let others: Vec<u32> =
        hunks.iter().map(|hunk| hunk.number).filter(|number| !numbers.contains(number)).collect();
    let kept = diff::keep_hunks(&old.text, &new.text, &others)?;
    new.encoding.encode(&kept).ok()
}

/// Three states of a file as one: `base` with what changed to `one` and what changed to `other`. None
/// where these overlap, or one of them is no text.
#[must_use]
pub fn merge_states(base: &[u8], one: &[u8], other: &[u8]) -> Option<Vec<u8>> {
    let (base, one, other) = (text(Some(base))?, text(Some(one))?, text(Some(other))?);
    let merged = merge(&base.text, &one.text, &other.text)?;
    other.encoding.encode(&merged).ok()
}

fn text(state: Option<&[u8]>) -> Option<Document> {
    let bytes = state.unwrap_or_default();
    if bytes.len() > MAX_COMPARED {
        return None;
    }
    decode("", bytes).ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_hunk_is_taken_back_and_the_others_stay() {
        let start: String =
            (0..40).fold(String::new(), |text, line| text + &format!("line {line}\n"));
        let now = start.replace("line 3\n", "three\n").replace("line 30\n", "thirty\n");
        let compared = compare_states("a", Some(start.as_bytes()), Some(now.as_bytes())).unwrap();
        assert_eq!(compared.diff.hunks.len(), 2);
        let first = without_hunks(start.as_bytes(), now.as_bytes(), &[1]).unwrap();
        assert_eq!(String::from_utf8(first).unwrap(), start.replace("line 30\n", "thirty\n"));
        let both = without_hunks(start.as_bytes(), now.as_bytes(), &[1, 2]).unwrap();
        assert_eq!(both, start.as_bytes());
        assert!(without_hunks(start.as_bytes(), now.as_bytes(), &[3]).is_none());
        assert!(compare_states("a", Some(b"\0\x01"), Some(b"x")).is_none());
    }
}
