//! Patterns of commands that a person allows.

use super::lexer::{Word, lex_pattern};
use super::table::{self, Row};
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
    /// Reads a pattern from settings. Refuses one that would cover any program, or that holds what
    /// no pattern covers.
    pub fn parse(text: &str) -> Result<Self, String> {
        let words =
            lex_pattern(text).map_err(|why| format!("the pattern {text:?} is left out: {why}"))?;
        let Some(program) = words.first() else {
            return Err("an empty pattern is left out".to_owned());
        };
        if program.star {
            return Err(format!(
                "the pattern {text:?} is left out: it must name the program without a wildcard"
            ));
        }
        if program.quoted || program.text.contains('=') {
            return Err(format!(
                "the pattern {text:?} is left out: it must begin with a program's plain name"
            ));
        }
        Ok(Self { text: text.trim().to_owned(), words })
    }

    /// Reads a pattern that a person makes on a card. Refuses what is never safe to remember:
    /// wrappers, interpreters with inline code, and wildcards that cover nothing.
    pub fn for_rule(text: &str) -> Result<Self, String> {
        let pattern = Self::parse(text)?;
        let Some(program) = pattern.words.first() else {
            return Err("an empty pattern is left out".to_owned());
        };
        let program = program.text.as_str();
        let arguments = pattern.words.iter().skip(1);
        match table::row(program) {
            Row::Wrapper => {
                return Err(format!(
                    "{program} runs other programs, so no pattern for it is remembered"
                ));
            }
            Row::ShellState | Row::Git => {
                return Err(format!("no pattern covers {program}; it asks each time"));
            }
            Row::Script if arguments.clone().any(|word| table::is_inline_code(&word.text)) => {
                return Err(format!("{program} with inline code is not remembered"));
            }
            Row::Spelled if pattern.words.iter().any(|word| word.star) => {
                return Err(format!(
                    "a wildcard covers nothing for {program}; spell the words out"
                ));
            }
            Row::Reader(_) | Row::Script | Row::Spelled => {}
        }
        Ok(pattern)
    }

    /// How many of the leading words the pattern spells out.
    pub(super) fn spelled(&self) -> usize {
        self.words.iter().take_while(|word| !word.star).count()
    }

    /// Whether it matches, word by word. What a wildcard may cover is another question.
    pub(super) fn matches(&self, words: &[Word]) -> bool {
        let open = self.words.last().is_some_and(|last| last.star && last.text == "*");
        let fits =
            if open { words.len() >= self.words.len() } else { words.len() == self.words.len() };
        fits && self.words.iter().zip(words).all(|(wanted, word)| {
            if wanted.star { glob(&wanted.text, &word.text) } else { wanted.text == word.text }
        })
    }
}

/// Whether `text` matches `pattern`, in which `*` is any run of characters.
fn glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else {
        return false;
    };
    let mut parts: Vec<&str> = parts.collect();
    let Some(end) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::super::lexer::lex;
    use super::*;

    fn matches(pattern: &str, command: &str) -> bool {
        Pattern::parse(pattern).unwrap().matches(&lex(command).unwrap())
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
            "git *",
            "eval x",
        ] {
            assert!(Pattern::for_rule(text).is_err(), "{text}");
        }
        for text in
            ["cat *", "node *", "node script.js *", "npm test", "make all", "python test.py"]
        {
            assert!(Pattern::for_rule(text).is_ok(), "{text}");
        }
    }
}
