//! Whether a workspace's own rule names a command. Such rules only tighten, so they are matched widely:
//! too much rather than too little.

use super::others::{runs_others, words_within};
use super::pattern::glob;
use super::{Effort, loose};
use std::collections::{HashMap, HashSet};

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

/// The words that a rule may name, in small letters.
pub(crate) struct Readings(Vec<Reading>);

/// Words in a row.
struct Reading {
    words: Vec<String>,
    /// Bytes of the words.
    size: usize,
    /// How many of the first words may be a program.
    programs: usize,
    /// Where each of them is that a rule spells out, by itself and by the last name of its path.
    places: HashMap<String, Vec<usize>>,
}

impl Readings {
    /// `wanted` says whether a rule is for a program of that name.
    pub(crate) fn of(commands: &Commands<'_>, wanted: &dyn Fn(&str) -> bool) -> Self {
        if commands.simple.is_empty() {
            let words = readings(commands.raw).map(|text| loose::words(&text));
            return Self(words.iter().map(|words| Reading::of(words, true, wanted)).collect());
        }
        let mut found = Vec::new();
        for simple in commands.simple {
            let assigned = simple.iter().take_while(|word| is_assignment(word)).count();
            let simple = &simple[assigned..];
            found.push(Reading::of(simple, false, wanted));
            if runs_others(simple) {
                found.push(Reading::of(&words_within(simple), true, wanted));
            }
        }
        Self(found)
    }
}

impl Reading {
    /// `anywhere` says that any of the words may be a program, and not the first alone.
    fn of(words: &[String], anywhere: bool, wanted: &dyn Fn(&str) -> bool) -> Self {
        let words: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
        let programs = if anywhere { words.len() } else { words.len().min(1) };
        let mut places: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, word) in words.iter().enumerate().take(programs) {
            let last = last_name(word);
            let names = [Some(last), (last.len() < word.len()).then_some(word.as_str())];
            for name in names.into_iter().flatten().filter(|name| wanted(name)) {
                places.entry(name.to_owned()).or_default().push(at);
            }
        }
        let size = words.iter().map(String::len).sum();
        Self { words, size, programs, places }
    }

    /// Where the program that a rule names may stand, in order.
    fn starts(&self, program: &str) -> Vec<usize> {
        if !program.contains('*') {
            return self.places.get(program).cloned().unwrap_or_default();
        }
        let fits = |word: &str| {
            let last = last_name(word);
            glob(program, last, '*') || (last.len() < word.len() && glob(program, word, '*'))
        };
        (0..self.programs).filter(|at| fits(&self.words[*at])).collect()
    }
}

/// A rule as a command: its words in their order from the program on, options and their values between
/// them left out of account, its options anywhere. A `*` within a word is any run of characters; one at
/// the end of the rule is any further words, or none. A program is also known by its path, in other
/// cases of its letters, behind assignments, and behind what starts other programs (`sudo`, `sh -c`).
#[derive(Clone, Debug)]
pub(crate) struct Named {
    program: String,
    options: Vec<String>,
    plain: Vec<String>,
}

impl Named {
    /// None where the rule is no command.
    pub(crate) fn of(rule: &str) -> Option<Self> {
        let mut words: Vec<String> = rule.split_whitespace().map(str::to_lowercase).collect();
        words.pop_if(|last| last == "*");
        let mut words = words.into_iter();
        let program = words.next()?;
        let (options, plain) = words.partition(|word| word.starts_with('-') && word.len() > 1);
        Some(Self { program, options, plain })
    }

    /// Whether it is for a program of any name that fits.
    fn is_open(&self) -> bool {
        self.program.contains('*')
    }

    /// Whether it names one of the commands; none where that takes too long to tell.
    pub(crate) fn names(&self, readings: &Readings, effort: &Effort) -> Option<bool> {
        for reading in &readings.0 {
            let scanned = if self.is_open() { 2 * reading.programs + reading.size / 16 } else { 1 };
            if !effort.count(1 + scanned) {
                return None;
            }
            let starts = reading.starts(&self.program);
            if starts.is_empty() {
                continue;
            }
            let compared = 1 + self.options.len() + self.plain.len();
            if !effort.count(compared * (reading.words.len() / 2 + reading.size / 64)) {
                return None;
            }
            if self.begins(&reading.words, &starts) {
                return Some(true);
            }
        }
        Some(false)
    }

    /// Whether the words from one of those places on begin with the rule's. Read from the end, so that
    /// each word is compared once, however many places there are.
    fn begins(&self, words: &[String], starts: &[usize]) -> bool {
        // An option counts where it stands behind the program.
        let Some(behind) = self.options.iter().try_fold(words.len(), |least, option| {
            last_with(words, option).map(|place| least.min(place))
        }) else {
            return false;
        };
        let count = self.plain.len();
        // Whether the words from here on have the rule's from the one of that number on: after an
        // option or not, and where each operand is a thing to do or not.
        let done = |at: usize| [[at == count; 2]; 2];
        let mut have: Vec<[[bool; 2]; 2]> = (0..=count).map(done).collect();
        for (at, word) in words.iter().enumerate().rev() {
            if starts.binary_search(&at).is_ok() && at < behind {
                let targets = TARGETS.contains(&last_name(word));
                if have[0][usize::from(targets)][0] {
                    return true;
                }
            }
            // A word of the rule needs what the next one needs of the words behind, as it was.
            for place in 0..count {
                have[place] = if glob(&self.plain[place], word, '*') {
                    have[place + 1].map(|after| [after[0]; 2])
                } else if word.starts_with('-') {
                    have[place].map(|after| [after[1]; 2])
                } else {
                    let [plain, targets] = have[place];
                    [[false, plain[0]], [targets[0]; 2]]
                };
            }
        }
        false
    }
}

/// The programs that rules spell out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Programs {
    names: HashSet<String>,
}

impl Programs {
    pub(crate) fn of(rules: &[Option<Named>]) -> Self {
        let spelled = rules.iter().flatten().filter(|rule| !rule.is_open());
        Self { names: spelled.map(|rule| rule.program.clone()).collect() }
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.names.contains(name)
    }
}

/// The last place behind which an option no longer stands; none where it stands nowhere. A long one is
/// known by its name, short ones letter by letter.
fn last_with(words: &[String], option: &str) -> Option<usize> {
    let exact = |word: &String| {
        glob(option, word, '*')
            || word.strip_prefix(option).is_some_and(|rest| rest.starts_with('='))
    };
    let whole = words.iter().rposition(exact);
    let is_short = |word: &str| word.starts_with('-') && !word.starts_with("--");
    if !is_short(option) {
        return whole;
    }
    let letter = |letter: char| {
        words
            .iter()
            .rposition(|word| is_short(word) && word.chars().skip(1).any(|own| own == letter))
    };
    let apart = option
        .chars()
        .skip(1)
        .try_fold(usize::MAX, |least, own| letter(own).map(|place| least.min(place)));
    whole.max(apart)
}

/// A command that was not read whole, in the ways that it may mean its words: as it stands, without its
/// quotes and broken lines, and with braces taken apart.
fn readings(raw: &str) -> [String; 3] {
    let unquoted: String =
        raw.replace("\\\n", "").replace("$'", "'").replace(['"', '\'', '\\'], "");
    let parted = unquoted.replace(['{', '}', ','], " ");
    [raw.to_owned(), unquoted, parted]
}

fn is_assignment(word: &str) -> bool {
    let Some((name, _)) = word.split_once('=') else { return false };
    !name.is_empty() && name.chars().all(|letter| letter.is_alphanumeric() || letter == '_')
}

fn last_name(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
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
        let readings = Readings::of(&Commands { raw, simple: &simple }, &|_| true);
        let effort = Effort::default();
        Named::of(rule).is_some_and(|rule| rule.names(&readings, &effort).unwrap())
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
            ("make deploy", "make make build make deploy"),
            ("git push", "sudo git -x git -x push"),
            ("git push -f", "sudo git -f git push -f"),
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
            ("git push -f", "sudo -f git push"),
            ("git a b", "sudo git a git b"),
            ("*", "ls"),
            ("", "ls"),
        ] {
            assert!(!named(rule, raw), "{rule} does not name {raw}");
        }
    }
}
