//! What runs: the parse, written anew. Every word is in single quotes, so that no shell finds
//! anything in it to expand, no alias and no reserved word.

use super::lexer::{Join, Line, Redirection, Simple, Word, quote};

/// A command as it is started, each simple command written by `write` (its place, and itself).
pub(super) fn line(line: &Line, write: impl Fn(usize, &Simple) -> String) -> String {
    let mut text = String::new();
    for (place, simple) in line.commands.iter().enumerate() {
        if let Some(join) = place.checked_sub(1).and_then(|before| line.joins.get(before)) {
            text.push_str(match join {
                Join::And => " && ",
                Join::Or => " || ",
                Join::Then => "; ",
                Join::Pipe => " | ",
            });
        }
        text.push_str(&write(place, simple));
        for redirection in &simple.redirections {
            text.push(' ');
            match redirection {
                Redirection::Null(1) => text.push_str(">/dev/null"),
                Redirection::Null(from) => text.extend([&from.to_string(), ">/dev/null"]),
                Redirection::BothNull => text.push_str(">/dev/null 2>&1"),
                Redirection::Same(from, to) => {
                    text.extend([&from.to_string(), ">&", &to.to_string()]);
                }
            }
        }
    }
    text
}

/// The words of a simple command, each in single quotes.
pub(super) fn words(words: &[Word]) -> String {
    words.iter().map(|word| quote(&word.text)).collect::<Vec<_>>().join(" ")
}
