//! Patterns of commands that a person allows.

use super::lexer::{STAR, Word, read_pattern};
use super::table::{Covers, row};
use std::fmt;

/// A pattern such as `node *`, `ls`, or `npm run test:*`.
///
/// Words are compared one by one. A `*` alone at the end is one or more further words, elsewhere it
/// is one word; a `*` within a word never spans words.
#[derive(Clone, Debug)]
pub struct Pattern {
    text: String,
    words: Vec<Word>,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.words == other.words
    }
}

impl Eq for Pattern {}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Pattern {
    /// Reads a pattern from the settings. Refuses one that would cover any program.
    pub fn parse(text: &str) -> Result<Self, String> {
        let left_out = |why: &str| format!("the pattern {text:?} is left out: {why}");
        let words = read_pattern(text).map_err(|why| left_out(&why))?;
        let Some(program) = words.first() else { return Err(left_out("it is empty")) };
        if program.text.contains(STAR) {
            return Err(left_out("it must name the program without a wildcard"));
        }
        if program.quoted || program.text.contains('=') {
            return Err(left_out("it must begin with a program's plain name"));
        }
        Ok(Self { text: text.trim().to_owned(), words })
    }

    /// Reads a pattern that a person makes on a card. Refuses what is never safe to remember:
    /// wrappers, interpreters with inline code, and wildcards that cover nothing.
    pub fn for_rule(text: &str) -> Result<Self, String> {
        let pattern = Self::parse(text)?;
        let program = pattern.program();
        let stars = pattern.words.iter().any(|word| word.text.contains(STAR));
        match row(program) {
            Some(Covers::Wrapper) => {
                Err(format!("{program} runs other programs, so no pattern for it is remembered"))
            }
            Some(Covers::Builtin) => Err(format!("no pattern covers {program}; it asks each time")),
            Some(Covers::Script(_) | Covers::Interpreter)
                if pattern.words.iter().skip(1).any(is_inline_code) =>
            {
                Err(format!("{program} with inline code is not remembered"))
            }
            Some(Covers::Nothing | Covers::Interpreter) if stars => {
                Err(format!("a wildcard covers nothing for {program}; spell the words out"))
            }
            _ => Ok(pattern),
        }
    }

    /// The program's name.
    pub(super) fn program(&self) -> &str {
        self.words.first().map_or("", |program| program.text.as_str())
    }

    /// Which of `count` words that match are spelled out.
    pub(super) fn spelled(&self, count: usize) -> Vec<bool> {
        (0..count)
            .map(|place| self.words.get(place).is_some_and(|word| !word.text.contains(STAR)))
            .collect()
    }

    /// Whether it matches, word by word. What a wildcard may cover is another question.
    pub(super) fn matches(&self, words: &[Word]) -> bool {
        if words.first().is_none_or(|program| program.text != self.program()) {
            return false;
        }
        let open = self.words.last().is_some_and(|last| is_star(&last.text));
        let fits =
            if open { words.len() >= self.words.len() } else { words.len() == self.words.len() };
        fits && self
            .words
            .iter()
            .zip(words)
            .all(|(wanted, word)| glob(&wanted.text, &word.text, STAR))
    }
}

fn is_star(text: &str) -> bool {
    text.chars().eq([STAR])
}

/// Whether an argument hands code to an interpreter, or makes it read code from its input.
fn is_inline_code(word: &Word) -> bool {
    let text = word.text.as_str();
    let short = text.starts_with('-') && !text.starts_with("--");
    text == "-"
        || (short && text.chars().skip(1).any(|letter| "cepri".contains(letter)))
        || [
            "--eval",
            "--print",
            "--require",
            "--import",
            "--loader",
            "--experimental-loader",
            "--exec",
            "--command",
        ]
        .iter()
        .any(|option| text.starts_with(option))
}

/// Whether `text` matches `pattern`, in which each `star` is any run of characters.
pub(super) fn glob(pattern: &str, text: &str, star: char) -> bool {
    let Some((first, others)) = pattern.split_once(star) else { return pattern == text };
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let (parts, end) = others.rsplit_once(star).unwrap_or(("", others));
    for part in parts.split(star) {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::super::lexer::read;
    use super::*;

    fn matches(pattern: &str, command: &str) -> bool {
        Pattern::parse(pattern).unwrap().matches(&read(command).unwrap().commands[0].words)
    }

    #[test]
    fn words_are_compared_one_by_one() {
        assert!(matches("node *", "node a.js b"));
        assert!(!matches("node *", "node"));
        assert!(!matches("node *", "nodex a"));
        assert!(matches("ls", "ls"));
        assert!(!matches("ls", "ls -l"));
        assert!(matches("npm run test:*", "npm run 'test:unit'"));
        assert!(!matches("npm run test:*", "npm run test:unit x"));
        assert!(matches("x a*b*c d", "x aXbYc d"));
        assert!(!matches("x a*b*c d", "x acb d"));
        assert!(matches("x 'a*'", "x 'a*'"), "a quoted star is itself");
        assert!(!matches("x 'a*'", "x ab"));
    }

    #[test]
    fn patterns_for_any_program_are_refused() {
        for text in ["", "*", "git*", "* x", "'ls'", "X=1 ls", "ls; rm *", "ls > x", "$x"] {
            assert!(Pattern::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_never_safe_is_not_remembered() {
        for text in [
            "bash *",
            "sh -c 'x'",
            "env x",
            "sudo ls",
            "xargs rm",
            "npx *",
            "python -c 'x'",
            "node -e 'x'",
            "node --eval 'x'",
            "python3 -cx",
            "curl *",
            "rm *",
            "eval x",
        ] {
            assert!(Pattern::for_rule(text).is_err(), "{text}");
        }
        for text in [
            "cat *",
            "git *",
            "git commit *",
            "node *",
            "node a.js *",
            "npm test",
            "python test.py",
        ] {
            assert!(Pattern::for_rule(text).is_ok(), "{text}");
        }
    }
}
