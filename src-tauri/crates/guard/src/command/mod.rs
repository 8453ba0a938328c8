//! Commands: what can be read in one, and which patterns cover it.
//!
//! A pattern is matched against parsed words, never against the raw string, and an allowed command
//! is run from its parse, every word quoted anew. The grammar is tiny on purpose: what it cannot
//! read asks.

mod lexer;
mod pattern;
mod removal;
mod table;

pub use pattern::Pattern;

use crate::action::{ExecAction, JudgedExec, ParsedRun};
use crate::fingerprint::Fingerprint;
use crate::text::reveal;
use countersign_protocol::{CommandPart, PartVerdict};
use lexer::Word;
use std::path::{Path, PathBuf};
use table::Row;

/// Bytes of a command that a pattern may cover.
const MAX_COVERED: usize = 8_192;
/// Characters of a pattern that is offered on a card.
const MAX_SUGGESTED: usize = 200;

/// What a word means as a path, seen from the command's folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathFact {
    /// Nothing is there, beneath the workspace.
    Absent,
    /// An ordinary file of the workspace.
    File,
    /// Something else of the workspace: a folder, a pipe.
    Other,
    /// A secret, by its name; whether it is there or not.
    Secret(&'static str),
    /// A sensitive file, by its name.
    Sensitive(&'static str),
    /// It leads out of the workspace, or cannot be resolved at all.
    Out,
}

/// What the rules for commands need to know of the disk.
pub trait Facts {
    /// What `word` would be as a path, seen from `folder` (absolute, beneath the workspace).
    fn path(&self, folder: &Path, word: &str) -> PathFact;
    /// The files of the workspace among `words`, with their digests.
    fn operands(&self, folder: &Path, words: &[String]) -> Vec<(PathBuf, Fingerprint)>;
    /// The workspace folder, absolute.
    fn workspace(&self) -> &Path;
}

/// What was read in a command, and what follows.
pub(crate) struct Read {
    /// The words of each simple command; none where it could not be read whole.
    pub(crate) words: Vec<Vec<String>>,
    /// Why it asks under every setting.
    pub(crate) always_asks: Vec<String>,
    /// What goes with the action.
    pub(crate) judged: JudgedExec,
    /// The pattern that covers it.
    pub(crate) allowed_by: Option<String>,
    /// Why no pattern covers it.
    pub(crate) asks: Vec<String>,
}

/// Reads a command and finds the pattern that covers it, if any.
pub(crate) fn judge_action(exec: &ExecAction, patterns: &[Pattern], facts: &dyn Facts) -> Read {
    let command = exec.command.as_str();
    let mut always_asks: Vec<String> = reveal(command)
        .warnings
        .into_iter()
        .map(|warning| format!("The command holds deceptive characters: {}.", warning.what))
        .collect();
    let loose = lexer::loose_words(command);
    always_asks.extend(removal::warning(&loose, &exec.cwd, facts.workspace()));
    let operands = facts.operands(&exec.cwd, &loose);
    let mut judged = JudgedExec { operands, ..JudgedExec::default() };

    let words = match lexer::lex(command) {
        Ok(words) => words,
        Err(why) => {
            return Read {
                words: Vec::new(),
                always_asks,
                judged,
                allowed_by: None,
                asks: vec![why],
            };
        }
    };
    let plain = vec![words.iter().map(|word| word.text.clone()).collect()];
    let outcome = covered(exec, &words, patterns, facts);
    let (verdict, note) = match &outcome {
        Ok(rule) => (PartVerdict::Allow, format!("covered by {rule}")),
        Err(why) => (PartVerdict::Ask, why.clone()),
    };
    judged.parts = vec![CommandPart { text: reveal(command).shown, verdict, note }];
    if always_asks.is_empty() {
        judged.suggested = suggestions(exec, &words, facts);
    }
    let (allowed_by, asks) = match outcome {
        Ok(rule) => {
            let shell = lexer::quoted(&words);
            judged.from_parse = Some(ParsedRun { shell, env: Vec::new(), folder: None });
            (Some(rule), Vec::new())
        }
        Err(why) => (None, vec![why]),
    };
    Read { words: plain, always_asks, judged, allowed_by, asks }
}

/// The pattern that covers the words, or why none does.
fn covered(
    exec: &ExecAction,
    words: &[Word],
    patterns: &[Pattern],
    facts: &dyn Facts,
) -> Result<String, String> {
    standing(exec, words, facts)?;
    let mut narrower = None;
    for pattern in patterns.iter().filter(|pattern| pattern.matches(words)) {
        match table::wildcard_covers(words, pattern.spelled(), &exec.cwd, facts) {
            Ok(()) => return Ok(pattern.to_string()),
            Err(why) => narrower = Some(format!("The pattern {pattern} does not cover it: {why}")),
        }
    }
    Err(narrower.unwrap_or_else(|| "No pattern covers it.".to_owned()))
}

/// What must hold whatever the pattern says.
fn standing(exec: &ExecAction, words: &[Word], facts: &dyn Facts) -> Result<(), String> {
    if exec.command.len() > MAX_COVERED {
        return Err("It is longer than 8,192 bytes.".to_owned());
    }
    if exec.cwd_outside {
        return Err("It runs in a folder outside the workspace.".to_owned());
    }
    if !exec.env.is_empty() {
        return Err("It adds to the environment.".to_owned());
    }
    let Some(program) = words.first() else {
        return Err("There is nothing to run.".to_owned());
    };
    if program.quoted {
        return Err("The program's name is quoted.".to_owned());
    }
    if program.text.contains('=') {
        return Err("It begins with an assignment.".to_owned());
    }
    match table::row(&program.text) {
        Row::ShellState => {
            return Err(format!("{} changes what later commands do.", program.text));
        }
        Row::Git => {
            return Err(
                "Git may run programs that the repository's own configuration names.".to_owned()
            );
        }
        Row::Reader(_) | Row::Script | Row::Wrapper | Row::Spelled => {}
    }
    let reads_only = matches!(table::row(&program.text), Row::Reader(_));
    for word in words {
        for path in path_candidates(&word.text) {
            match facts.path(&exec.cwd, path) {
                PathFact::Absent | PathFact::File | PathFact::Other => {}
                PathFact::Secret(why) => {
                    return Err(format!("It names {path}, which looks like a secret ({why})."));
                }
                PathFact::Sensitive(_) if reads_only => {}
                PathFact::Sensitive(why) => {
                    return Err(format!("It names {path}, a sensitive file: {why}."));
                }
                PathFact::Out => {
                    return Err(format!("It names {path}, which leads out of the workspace."));
                }
            }
        }
    }
    Ok(())
}

/// All parts of a word that a program might take for a path: an operand, an option's value, what
/// stands after `=`, `:`, `,` or `@`.
fn path_candidates(word: &str) -> Vec<&str> {
    let mut found = vec![word];
    if let Some(rest) = word.strip_prefix('-') {
        let mut letters = rest.char_indices();
        letters.next();
        found.extend(letters.next().map(|(at, _)| &rest[at..]));
    }
    found.extend(word.char_indices().filter_map(|(at, mark)| {
        matches!(mark, '=' | ':' | '@' | ',').then(|| &word[at + mark.len_utf8()..])
    }));
    found.retain(|part| !part.trim().is_empty());
    found
}

/// The patterns that may be offered for a command that was read whole: the command itself, and with
/// a wildcard where that covers something.
fn suggestions(exec: &ExecAction, words: &[Word], facts: &dyn Facts) -> Vec<String> {
    if standing(exec, words, facts).is_err() {
        return Vec::new();
    }
    let Some(program) = words.first() else { return Vec::new() };
    let mut offered = Vec::new();
    let exact = lexer::plainly(words);
    if exact.len() <= MAX_SUGGESTED && Pattern::for_rule(&exact).is_ok() {
        offered.push(exact);
    }
    if words.len() > 1
        && table::wildcard_covers(words, 1, &exec.cwd, facts).is_ok()
        && Pattern::for_rule(&format!("{} *", program.text)).is_ok()
    {
        offered.push(format!("{} *", program.text));
    }
    offered
}
