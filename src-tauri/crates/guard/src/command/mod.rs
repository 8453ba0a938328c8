//! Commands: what can be read in one, and which patterns cover it.
//!
//! A pattern is matched against parsed words, never against the raw string, and an allowed command
//! is run from its parse, every word quoted anew. The grammar is tiny on purpose: what it cannot
//! read asks.

mod cover;
mod effort;
mod emit;
mod filters;
mod find;
mod git;
mod ground;
mod lexer;
mod loose;
mod named;
mod options;
mod others;
mod pattern;
mod recursion;
mod removal;
mod ruled;
mod suggest;
mod table;

pub use effort::Effort;
pub(crate) use effort::too_long;
pub(crate) use loose::words as loose_words;
pub(crate) use named::{Commands, Named, Programs, Readings};
pub use pattern::Pattern;

use crate::action::{ExecAction, JudgedExec, ParsedRun};
use crate::globs::Globs;
use crate::text::{Revealed, reveal};
use crate::tighten::Tightened;
use countersign_protocol::{CommandPart, PartVerdict};
use ground::Ground;
use lexer::{Join, Line, Simple};
use std::path::{Path, PathBuf};
use std::sync::Arc;

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
    /// A rule of the workspace forbids it, or says that it asks.
    Ruled,
    /// It leads out of the workspace, or cannot be resolved at all.
    Out,
}

/// What a program that recurses would read below a folder.
#[derive(Clone)]
pub struct Look<'a> {
    /// Whether it reads a file, by its path from the folder.
    pub read: &'a dyn Fn(&str) -> bool,
    /// Names of folders that it leaves out.
    pub left_out: &'a [&'a str],
    /// Whether it looks into hidden files and folders.
    pub hidden: bool,
    /// Whether it looks into what ignore files name.
    pub ignored: bool,
    /// Whether it follows links.
    pub links: bool,
    /// How deep it goes; none where there is no end. What lies directly in the folder is at 1.
    pub depth: Option<usize>,
    /// The ignore files that it is told of, where a line of such a file, or of one that it finds by
    /// itself, may take in what is hidden or ignored.
    pub ignore_files: Option<&'a [&'a str]>,
    /// Steps that it takes to tell whether it reads a file.
    pub steps: usize,
    /// The hidden folders that it goes into, where not all of them.
    pub(crate) enters: Option<Arc<Globs>>,
}

impl Look<'_> {
    /// It reads all there is, links not followed.
    pub const ALL: Self = Look {
        read: &|_| true,
        left_out: &[],
        hidden: true,
        ignored: true,
        links: false,
        depth: None,
        ignore_files: None,
        steps: 1,
        enters: None,
    };
}

/// What the rules for commands need to know of the disk.
pub(crate) trait Facts {
    /// What the decision has cost so far.
    fn effort(&self) -> &Effort;
    /// What `word` would be as a path, seen from `folder` (absolute, beneath the workspace).
    fn path(&self, folder: &Path, word: &str) -> PathFact;
    /// The folder of the workspace that `word` names, absolute and without links; none where it
    /// names none, or one that is outside or a secret.
    fn folder(&self, folder: &Path, word: &str) -> Option<PathBuf>;
    /// The first secret below `word` that `look` would read. An error where that cannot be told in
    /// time.
    fn below(&self, folder: &Path, word: &str, look: &Look<'_>) -> Result<Option<String>, String>;
    /// Whether git, started in `folder`, finds a repository of the workspace whose configuration
    /// names no program. The error says what it names.
    fn repository(&self, folder: &Path) -> Result<(), String>;
    /// Whether the workspace has rules of its own.
    fn has_rules(&self) -> bool;
    /// What the workspace's own rules say of commands.
    fn ruled(&self, commands: &Commands<'_>) -> Option<Tightened>;
    /// What the workspace's own rules forbid of `word` as a path, by its name alone.
    fn forbidden(&self, folder: &Path, word: &str) -> Option<Tightened>;
    /// What the workspace's own rules say of `word` as a path.
    fn tightened(&self, folder: &Path, word: &str) -> Option<Tightened>;
    /// The workspace folder, absolute.
    fn workspace(&self) -> &Path;
}

/// What was read in a command, and what follows.
pub(crate) struct Read {
    /// What the workspace's own rules say of it, and of the paths that it names.
    pub(crate) tightened: Vec<Tightened>,
    /// Why it asks under every setting.
    pub(crate) always_asks: Vec<String>,
    /// What goes with the action.
    pub(crate) judged: JudgedExec,
    /// The patterns that cover it.
    pub(crate) allowed_by: Option<Vec<String>>,
    /// Why no pattern covers it.
    pub(crate) asks: Vec<String>,
}

/// Reads a command and finds the patterns that cover it, if any.
pub(crate) fn judge_action(exec: &ExecAction, patterns: &[&Pattern], facts: &dyn Facts) -> Read {
    let command = exec.command.as_str();
    match lexer::read(command) {
        Ok(line) => judge_line(exec, &line, patterns, facts),
        Err(why) => {
            let loose = loose::words(command);
            let loose: Vec<&str> = loose.iter().map(String::as_str).collect();
            let commands = Commands { raw: command, simple: &[] };
            let by_name = ruled::by_name(&commands, &loose, &exec.cwd, facts);
            let revealed = reveal(command);
            let mut always_asks = deceptive(&revealed);
            always_asks.extend(removal::warning(command, &exec.cwd, facts.workspace()));
            let part =
                CommandPart { text: revealed.shown, verdict: PartVerdict::Ask, note: why.clone() };
            let judged = JudgedExec { parts: vec![part], ..JudgedExec::default() };
            let hides = || ruled::hides(command, &loose);
            let paths = ruled::paths(&loose, &exec.cwd, facts, hides);
            Read {
                tightened: by_name.into_iter().chain(paths).collect(),
                always_asks,
                judged,
                allowed_by: None,
                asks: vec![why],
            }
        }
    }
}

fn judge_line(exec: &ExecAction, line: &Line, patterns: &[&Pattern], facts: &dyn Facts) -> Read {
    let moves = leading_folder(line);
    let named: Vec<&str> =
        line.commands.iter().flat_map(|s| &s.words).map(|w| w.text.as_str()).collect();
    let words: Vec<Vec<String>> = line.commands.iter().map(texts).collect();
    let commands = Commands { raw: &exec.command, simple: &words };
    let folder = moves.map_or_else(|| exec.cwd.clone(), |word| exec.cwd.join(word));
    let by_name = ruled::by_name(&commands, &named, &folder, facts);
    let mut always_asks = deceptive(&reveal(&exec.command));
    let folder = moves.map(|word| facts.folder(&exec.cwd, word));
    let ground = Ground::new(facts, folder.clone().flatten().unwrap_or_else(|| exec.cwd.clone()));
    always_asks.extend(removal::warnings(line, &exec.cwd, facts.workspace()));

    let mut judged = JudgedExec::default();
    let (mut asks, mut rules): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    asks.extend(around(exec));
    for (place, simple) in line.commands.iter().enumerate() {
        let text = exec.command.get(simple.place.clone()).unwrap_or_default().trim();
        let outcome = match (&folder, place, moves) {
            (Some(Some(_)), 0, Some(_)) => Ok("the folder to run in".to_owned()),
            (Some(None), 0, Some(word)) => Err(format!("{word} is no folder of the workspace.")),
            _ => cover::covered(simple, fed(line, place), patterns, &ground).map(|rule| {
                let rule = rule.to_string();
                if !rules.contains(&rule) {
                    rules.push(rule.clone());
                }
                format!("covered by {rule}")
            }),
        };
        let (verdict, note) = match outcome {
            Ok(note) => (PartVerdict::Allow, note),
            Err(why) => {
                asks.push(format!("{}: {why}", shortened(text)));
                if always_asks.is_empty() && judged.suggested.len() < suggest::MAX_OFFERED {
                    for pattern in suggest::patterns(simple, &ground) {
                        if !judged.suggested.contains(&pattern) {
                            judged.suggested.push(pattern);
                        }
                    }
                }
                (PartVerdict::Ask, why)
            }
        };
        judged.parts.push(CommandPart { text: reveal(text).shown, verdict, note });
    }
    judged.suggested.truncate(suggest::MAX_OFFERED);
    if around(exec).is_some() {
        judged.suggested.clear();
    }
    let allowed_by = (asks.is_empty() && !rules.is_empty()).then_some(rules);
    if allowed_by.is_some() {
        judged.from_parse = Some(parsed(line, moves.is_some(), &ground));
    }
    // A folder changed later on makes names mean what cannot be told here.
    let later = line.commands.iter().skip(usize::from(moves.is_some()));
    let elsewhere =
        later.into_iter().any(|simple| simple.words.first().is_some_and(|w| w.text == "cd"));
    let paths = ruled::paths(&named, &ground.folder, facts, || elsewhere);
    let tightened = by_name.into_iter().chain(paths).collect();
    Read { tightened, always_asks, judged, allowed_by, asks }
}

/// Why a text that deceives asks.
fn deceptive(revealed: &Revealed) -> Vec<String> {
    let told = revealed.warnings.iter();
    told.map(|warning| format!("The command holds deceptive characters: {}.", warning.what))
        .collect()
}

/// Whether a simple command reads what another one prints.
fn fed(line: &Line, place: usize) -> bool {
    place.checked_sub(1).is_some_and(|before| line.joins.get(before) == Some(&Join::Pipe))
}

/// What is around a command and defeats every pattern.
fn around(exec: &ExecAction) -> Option<String> {
    if exec.cwd_outside {
        return Some("It runs in a folder outside the workspace.".to_owned());
    }
    exec.env.keys().next().map(|name| format!("It adds {name} to the environment."))
}

/// The folder that a leading `cd DIR &&` names.
fn leading_folder(line: &Line) -> Option<&str> {
    let first = line.commands.first()?;
    let [cd, folder] = first.words.as_slice() else { return None };
    let leads = cd.text == "cd"
        && !cd.quoted
        && !folder.text.starts_with('-')
        && !folder.text.is_empty()
        && first.redirections.is_empty()
        && line.joins.first() == Some(&Join::And);
    leads.then_some(folder.text.as_str())
}

fn texts(simple: &Simple) -> Vec<String> {
    simple.words.iter().map(|word| word.text.clone()).collect()
}

/// The command as it is started.
fn parsed(line: &Line, moves: bool, ground: &Ground<'_>) -> ParsedRun {
    let workspace = ground.facts.workspace();
    let rest = Line {
        commands: line.commands.iter().skip(usize::from(moves)).cloned().collect(),
        joins: line.joins.iter().skip(usize::from(moves)).copied().collect(),
    };
    let shell = emit::line(&rest, |_, simple| {
        let git = simple.words.first().is_some_and(|word| word.text == "git");
        if git { git::runs(&simple.words, workspace) } else { emit::words(&simple.words) }
    });
    let folder = moves.then(|| {
        let below = ground.folder.strip_prefix(workspace).unwrap_or(Path::new(""));
        if below.as_os_str().is_empty() { ".".to_owned() } else { below.display().to_string() }
    });
    ParsedRun { shell, env: Vec::new(), folder }
}

/// A part of a command as a reason repeats it.
fn shortened(text: &str) -> String {
    const MAX: usize = 80;
    let shown = reveal(text).shown;
    match shown.char_indices().nth(MAX) {
        Some((end, _)) => format!("{}…", shown.get(..end).unwrap_or_default()),
        None => shown,
    }
}
