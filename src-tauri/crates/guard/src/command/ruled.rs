//! Whether a workspace's own rule names a path in a command. Such rules only tighten, so they are
//! matched widely: too much rather than too little.

use super::{Commands, Effort, Facts};
use crate::tighten::Tightened;
use std::path::Path;

/// Parts of words that are looked up as paths; a command that names more asks.
const MAX_PARTS: usize = 1_024;

/// Whether what a command names can only be known as it runs; `words` are those that were read loosely.
pub(super) fn hides(raw: &str, words: &[&str]) -> bool {
    raw.contains(['$', '`', '*', '?', '[', '{']) || words.contains(&"cd")
}

/// What the workspace's own rules say of the commands, and what they forbid of any of the words, or of
/// a part of one, by its name alone. It is told before anything is looked up, so that nothing that takes
/// long comes before it.
pub(super) fn by_name(
    commands: &Commands<'_>,
    words: &[&str],
    folder: &Path,
    facts: &dyn Facts,
) -> Vec<Tightened> {
    if !facts.has_rules() {
        return Vec::new();
    }
    let mut parts = words.iter().flat_map(|word| parts(word));
    let forbidden = facts.ruled(commands).into_iter();
    forbidden.chain(parts.find_map(|part| facts.forbidden(folder, part))).collect()
}

/// The strictest that the workspace's own rules say of any of the words, or of a part of one that a
/// program might take for a path, links followed. `hidden` says that some paths cannot be told from
/// the words.
pub(super) fn paths(
    words: &[&str],
    folder: &Path,
    facts: &dyn Facts,
    hidden: impl FnOnce() -> bool,
) -> Option<Tightened> {
    if !facts.has_rules() {
        return None;
    }
    let mut found = None;
    for (place, part) in words.iter().flat_map(|word| parts(word)).enumerate() {
        if place >= MAX_PARTS || !facts.effort().spend(Effort::NAME + part.len()) {
            return Some(Tightened::Ask("(it names too many paths to look up)".to_owned()));
        }
        match facts.tightened(folder, part) {
            Some(Tightened::Deny(rule)) => return Some(Tightened::Deny(rule)),
            Some(asks) => found = found.or(Some(asks)),
            None => {}
        }
    }
    found.or_else(|| {
        hidden().then(|| Tightened::Ask("(what it names can only be known as it runs)".to_owned()))
    })
}

/// A word, and what stands in it after a separator or an option's letter.
fn parts(word: &str) -> Vec<&str> {
    let mut parts = vec![word];
    let separators = ['=', ',', ':', '@'];
    for (at, _) in word.match_indices(separators) {
        let rest = &word[at + 1..];
        parts.push(rest);
        parts.extend(rest.split(separators).next().filter(|part| part.len() < rest.len()));
    }
    if let Some(letters) = word.strip_prefix('-').filter(|rest| !rest.starts_with('-')) {
        parts.extend(letters.char_indices().skip(1).take(8).map(|(at, _)| &letters[at..]));
    }
    parts.retain(|part| !part.is_empty());
    parts
}
