//! Whether a workspace's own rule names a command, or a path in it. Such rules only tighten, so they are
//! matched widely: too much rather than too little.

use super::others::{runs_others, words_within};
use super::{Facts, loose};
use crate::tighten::Tightened;
use std::path::Path;

/// Parts of words that are looked up as paths; a command that names more asks.
const MAX_PARTS: usize = 1_024;
/// Programs whose operands are each a thing to do.
const TARGETS: &[&str] =
    &["make", "gmake", "ninja", "just", "rake", "task", "gradle", "gradlew", "mvn", "ant"];

/// A command as far as it could be read.
pub(crate) struct Commands<'a> {
    /// The command line, to the byte.
    pub(crate) raw: &'a str,
    /// The words of each simple command; none where it could not be read whole.
    pub(crate) simple: &'a [Vec<String>],
}

/// Whether the rule names one of the commands: its words in their order from the program on, options
/// and their values between them left out of account, its options anywhere. A `*` within a word is any
/// run of characters; one at the end of the rule is any further words, or none. A program is also known
/// by its path, in other cases of its letters, behind assignments, and behind what starts other
/// programs (`sudo`, `sh -c`).
pub(crate) fn names(rule: &str, commands: &Commands<'_>) -> bool {
    let mut wanted: Vec<String> = rule.split_whitespace().map(lowered).collect();
    if wanted.last().is_some_and(|word| word == "*") {
        wanted.pop();
    }
    if wanted.is_empty() {
        return false;
    }
    let anywhere = |words: &[String]| {
        let words: Vec<String> = words.iter().map(lowered).collect();
        (0..words.len()).any(|start| starts(&words[start..], &wanted))
    };
    if commands.simple.is_empty() {
        return readings(commands.raw).iter().any(|text| anywhere(&loose::words(text)));
    }
    commands.simple.iter().any(|simple| {
        let assigned = simple.iter().take_while(|word| is_assignment(word)).count();
        let simple = &simple[assigned..];
        let words: Vec<String> = simple.iter().map(lowered).collect();
        starts(&words, &wanted) || (runs_others(simple) && anywhere(&words_within(simple)))
    })
}

/// A command that was not read whole, in the ways that it may mean its words: as it stands, without its
/// quotes and broken lines, and with braces taken apart.
fn readings(raw: &str) -> [String; 3] {
    let unquoted: String =
        raw.replace("\\\n", "").replace("$'", "'").replace(['"', '\'', '\\'], "");
    let parted = unquoted.replace(['{', '}', ','], " ");
    [raw.to_owned(), unquoted, parted]
}

/// Whether what a command names can only be known as it runs.
pub(super) fn hides(raw: &str) -> bool {
    raw.contains(['$', '`', '*', '?', '[', '{'])
        || loose::words(raw).iter().any(|word| word == "cd")
}

/// The strictest that the workspace's own rules say of any of the words, or of a part of one that a
/// program might take for a path. `hidden` says that some paths cannot be told from the words.
pub(super) fn paths(
    words: &[&str],
    folder: &Path,
    facts: &dyn Facts,
    hidden: bool,
) -> Option<Tightened> {
    if !facts.has_rules() {
        return None;
    }
    let mut found = None;
    let mut left = MAX_PARTS;
    for part in words.iter().flat_map(|word| parts(word)) {
        let Some(fewer) = left.checked_sub(1) else {
            return Some(Tightened::Ask("(it names too many paths to look up)".to_owned()));
        };
        left = fewer;
        match facts.tightened(folder, part) {
            Some(Tightened::Deny(rule)) => return Some(Tightened::Deny(rule)),
            Some(asks) => found = found.or(Some(asks)),
            None => {}
        }
    }
    found.or_else(|| {
        hidden.then(|| Tightened::Ask("(what it names can only be known as it runs)".to_owned()))
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

fn lowered(word: impl AsRef<str>) -> String {
    word.as_ref().to_lowercase()
}

fn is_assignment(word: &str) -> bool {
    let Some((name, _)) = word.split_once('=') else { return false };
    !name.is_empty() && name.chars().all(|letter| letter.is_alphanumeric() || letter == '_')
}

/// Whether the words begin with the wanted ones, options and their values skipped.
fn starts(words: &[String], wanted: &[String]) -> bool {
    let Some((program, wanted)) = wanted.split_first() else { return false };
    let Some((first, words)) = words.split_first() else { return false };
    if !(wild(program, first) || wild(program, last_name(first))) {
        return false;
    }
    let targets = TARGETS.contains(&last_name(first));
    let (options, plain): (Vec<&String>, Vec<&String>) =
        wanted.iter().partition(|word| word.starts_with('-') && word.len() > 1);
    if !options.iter().all(|option| has_option(words, option)) {
        return false;
    }
    let mut plain = plain.into_iter().peekable();
    let mut after_option = false;
    for word in words {
        let Some(next) = plain.peek() else { return true };
        if wild(next, word) {
            plain.next();
            after_option = false;
        } else if word.starts_with('-') {
            after_option = true;
        } else if after_option || targets {
            after_option = false;
        } else {
            return false;
        }
    }
    plain.peek().is_none()
}

/// Whether an option is among the words: a long one by its name, short ones letter by letter.
fn has_option(words: &[String], option: &str) -> bool {
    let exact = |word: &String| {
        wild(option, word) || word.strip_prefix(option).is_some_and(|rest| rest.starts_with('='))
    };
    if words.iter().any(exact) {
        return true;
    }
    let short = |word: &str| word.starts_with('-') && !word.starts_with("--");
    short(option)
        && option.chars().skip(1).all(|letter| {
            words.iter().any(|word| short(word) && word.chars().skip(1).any(|own| own == letter))
        })
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
            ("npm publish", "A=1 npm publish"),
            ("npm publish", "find . -exec npm publish ';'"),
            ("npm publish", "git bisect run npm publish"),
            ("npm publish", "docker run x npm publish"),
            ("npm publish", "python3 -c 'run(\"npm publish\")'"),
            ("npm publish", "n\"\"pm pub\"li\"sh > x"),
            ("npm publish", "npm pub\\\nlish"),
            ("npm publish", "npm $'publish'"),
            ("terraform apply", "terraform {apply,-x}"),
            ("git push --force", "git push origin --force"),
            ("make deploy", "make build deploy"),
            ("make deploy", "make A=1 deploy"),
            ("rm -rf *", "rm -fr x"),
            ("rm -rf *", "rm -r -f x"),
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
            ("git push --force", "git push origin"),
            ("rm -rf *", "rm -r x"),
            ("*", "ls"),
            ("", "ls"),
        ] {
            assert!(!named(rule, raw), "{rule} does not name {raw}");
        }
    }
}
