//! Whether a workspace's own rule names a command. Such rules only tighten, so they are matched
//! widely: too much rather than too little.

use super::loose;
use super::table::{self, Covers};

/// A command as far as it could be read.
pub(crate) struct Commands<'a> {
    /// The command line, to the byte.
    pub(crate) raw: &'a str,
    /// The words of each simple command; none where it could not be read whole.
    pub(crate) simple: &'a [Vec<String>],
}

/// Whether the rule names one of the commands: its words in their order from the program on, options
/// and their values between them left out of account. A `*` within a word is any run of characters;
/// one at the end of the rule is any further words, or none. A program is also known by its path and
/// in other cases of its letters, and behind what starts other programs (`sudo`, `sh -c`).
pub(crate) fn names(rule: &str, commands: &Commands<'_>) -> bool {
    let mut wanted: Vec<String> = rule.split_whitespace().map(str::to_lowercase).collect();
    if wanted.last().is_some_and(|word| word == "*") {
        wanted.pop();
    }
    if wanted.is_empty() {
        return false;
    }
    let anywhere = |words: &[String]| {
        let words: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
        (0..words.len()).any(|start| starts(&words[start..], &wanted))
    };
    if commands.simple.is_empty() {
        return anywhere(&loose::words(commands.raw));
    }
    commands.simple.iter().any(|simple| {
        let program = simple.first().map_or("", |word| last_name(word));
        let runs_others = matches!(
            table::row(program),
            Some(Covers::Wrapper | Covers::Interpreter | Covers::Builtin)
        );
        if runs_others {
            let words: Vec<String> = simple.iter().flat_map(|word| loose::words(word)).collect();
            anywhere(&words)
        } else {
            let words: Vec<String> = simple.iter().map(|word| word.to_lowercase()).collect();
            starts(&words, &wanted)
        }
    })
}

/// Whether the words begin with the wanted ones, options and their values skipped.
fn starts(words: &[String], wanted: &[String]) -> bool {
    let Some((program, wanted)) = wanted.split_first() else { return false };
    let Some((first, words)) = words.split_first() else { return false };
    if !(wild(program, first) || wild(program, last_name(first))) {
        return false;
    }
    let mut wanted = wanted.iter().peekable();
    let mut after_option = false;
    for word in words {
        let Some(next) = wanted.peek() else { return true };
        if wild(next, word) {
            wanted.next();
            after_option = false;
        } else if word.starts_with('-') {
            after_option = true;
        } else if after_option {
            after_option = false;
        } else {
            return false;
        }
    }
    wanted.peek().is_none()
}

fn last_name(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

/// Whether `text` matches `pattern`, in which each `*` is any run of characters.
fn wild(pattern: &str, text: &str) -> bool {
    super::pattern::glob(pattern, text, '*')
}

#[cfg(test)]
mod tests {
    use super::super::lexer;
    use super::*;

    fn named(rule: &str, raw: &str) -> bool {
        let simple: Vec<Vec<String>> = lexer::read(raw).map_or_else(
            |_| Vec::new(),
            |line| {
                let words = line.commands.into_iter().map(|simple| simple.words);
                words.map(|words| words.into_iter().map(|word| word.text).collect()).collect()
            },
        );
        names(rule, &Commands { raw, simple: &simple })
    }

    #[test]
    fn a_rule_is_matched_widely() {
        for (rule, raw) in [
            ("npm publish", "npm publish now"),
            ("npm publish *", "npm publish"),
            ("npm publish", "npm   'publish'"),
            ("npm publish", "cd x && npm --silent publish"),
            ("npm publish", "npm --prefix x publish"),
            ("npm publish", "/usr/bin/npm publish"),
            ("npm publish", "sudo npm publish"),
            ("npm publish", "sh -c 'npm publish'"),
            ("npm publish", "NPM publish"),
            ("npm publish", "npm \"publish\" > $OUT"),
            ("npm publish", "for x in 1; do npm  publish; done"),
            ("npm run deploy:*", "npm run deploy:live"),
            ("git push *", "git -C x push origin"),
            ("rm *", "ls; rm -rf x"),
        ] {
            assert!(named(rule, raw), "{rule} names {raw}");
        }
    }

    #[test]
    fn a_rule_names_no_other_command() {
        for (rule, raw) in [
            ("npm publish", "npm test"),
            ("npm publish", "npm run publish"),
            ("rm *", "grep rm notes.txt"),
            ("rm *", "git commit -m 'rm it'"),
            ("git push *", "git commit -m push"),
            ("*", "ls"),
            ("", "ls"),
        ] {
            assert!(!named(rule, raw), "{rule} does not name {raw}");
        }
    }
}
