//! Patterns that may be offered on a card.

use super::ground::Ground;
use super::lexer::{Simple, plainly};
use super::table::{Covers, row};
use super::{Pattern, cover};

/// Characters of a pattern that is offered.
const MAX_CHARACTERS: usize = 200;
/// Patterns that are offered on one card.
pub(super) const MAX_OFFERED: usize = 6;

/// The patterns for one simple command: itself, and with a wildcard where that covers it.
pub(super) fn patterns(simple: &Simple, ground: &Ground<'_>) -> Vec<String> {
    let words = &simple.words;
    let Some(program) = words.first() else { return Vec::new() };
    let fits = |spelled: usize| {
        let spelled: Vec<bool> = (0..words.len()).map(|place| place < spelled).collect();
        cover::standing(words).is_ok() && cover::covers(words, &spelled, ground).is_ok()
    };
    let mut offered = Vec::new();
    let mut offer = |text: String| {
        if text.len() <= MAX_CHARACTERS && Pattern::for_rule(&text).is_ok() {
            offered.push(text);
        }
    };
    if fits(words.len()) {
        offer(plainly(words));
    }
    let with_subcommand =
        matches!(row(&program.text), Some(Covers::Subcommands(_) | Covers::Git)) && words.len() > 2;
    if with_subcommand && fits(2) {
        offer(format!("{} *", plainly(&words[..2])));
    }
    if words.len() > 1 && fits(1) {
        offer(format!("{} *", program.text));
    }
    offered
}
