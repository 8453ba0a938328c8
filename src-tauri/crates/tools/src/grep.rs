//! `grep`: lines by a regular expression, on ripgrep's own libraries.

use crate::glob::{chosen, matcher};
use crate::{Proposal, Tool, ToolError};
use countersign_guard::{Access, View, WalkEntry};
use grep_regex::{RegexMatcher, RegexMatcherBuilder};
use grep_searcher::{BinaryDetection, Searcher, SearcherBuilder, Sink, SinkContext, SinkMatch};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::path::PathBuf;

/// Matches that one call gives unless told, and at most.
const DEFAULT_MATCHES: usize = 100;
const MAX_MATCHES: usize = 10_000;
/// Lines around a match, at most.
const MAX_CONTEXT: usize = 20;
/// Characters of a line that are shown.
const MAX_LINE: usize = 500;
/// Bytes of a line that the search holds in memory.
const LINE_MEMORY: usize = 16 * 1024 * 1024;
/// Files that one thread takes at a time.
const CHUNK: usize = 128;

#[derive(Debug, Deserialize)]
pub(crate) struct Input {
    pattern: String,
    #[serde(default)]
    cwd: Option<String>,
    #[serde(default)]
    include: Option<Vec<String>>,
    #[serde(default)]
    max_results: Option<usize>,
    #[serde(default)]
    context_lines: Option<usize>,
}

/// One matching line.
#[derive(Debug, Serialize)]
struct Match {
    path: String,
    line: u64,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<Context>,
}

/// The lines around a match.
#[derive(Debug, Default, Serialize)]
struct Context {
    before: Vec<String>,
    after: Vec<String>,
}

pub(crate) struct Grep;

impl Tool for Grep {
    type Input = Input;
    const NAME: &'static str = "grep";
    const DESCRIPTION: &'static str = "Search file contents by a regular expression (Rust syntax, no look-around). Gives path, line and text of each match. Ignore files (.gitignore) are respected; binary files and files that look like secrets are left out.";

    fn schema() -> Value {
        json!({
            "type": "object",
            "properties": {
                "pattern": {"type": "string", "description": "The regular expression."},
                "cwd": {"type": "string", "description": "A folder, or one file, relative to the workspace."},
                "include": {"type": "array", "items": {"type": "string"}, "description": "Only files whose path matches one of these patterns."},
                "max_results": {"type": "integer", "minimum": 1, "description": "At most so many matches; 100 unless told."},
                "context_lines": {"type": "integer", "minimum": 0, "description": "Lines to show around each match."}
            },
            "required": ["pattern"]
        })
    }

    fn propose(input: Input, view: &View) -> Result<Proposal, ToolError> {
        let wrong = |problem: String| ToolError::Arguments { tool: Self::NAME, problem };
        if input.pattern.is_empty() {
            return Err(wrong("the pattern is empty".to_owned()));
        }
        let pattern = RegexMatcherBuilder::new()
            .line_terminator(Some(b'\n'))
            .size_limit(10 << 20)
            .dfa_size_limit(10 << 20)
            .build(&input.pattern)
            .map_err(|error| wrong(format!("the pattern makes no sense: {error}")))?;
        let include = input
            .include
            .unwrap_or_default()
            .iter()
            .map(|pattern| matcher(Self::NAME, pattern))
            .collect::<Result<Vec<_>, _>>()?;
        let place = match view.look(Self::NAME, input.cwd.as_deref().unwrap_or("."))? {
            Access::Granted(place) => place,
            Access::Asks(access) => return Ok(Proposal::Reach(access)),
        };
        let search = Search {
            pattern,
            limit: input.max_results.unwrap_or(DEFAULT_MATCHES).clamp(1, MAX_MATCHES),
            context: input.context_lines.unwrap_or(0).min(MAX_CONTEXT),
        };
        let (matches, truncated) = if place.is_folder() {
            let walk = view.walk(&place)?;
            let paths: Vec<&PathBuf> =
                walk.paths().iter().filter(|path| chosen(&include, path)).collect();
            let (matches, more) = search.in_order(view, &paths, |path| walk.entry(path));
            (matches, more || walk.truncated())
        } else {
            let mut matches = search.one(&place.as_entry()?);
            let more = matches.len() > search.limit;
            matches.truncate(search.limit);
            (matches, more)
        };
        Ok(Proposal::Answer(json!({"matches": matches, "truncated": truncated})))
    }
}

struct Search {
    pattern: RegexMatcher,
    limit: usize,
    context: usize,
}

impl Search {
    /// Searches files side by side and gives the matches in the order of the paths, so that the same
    /// search gives the same answer.
    fn in_order(
        &self,
        view: &View,
        paths: &[&PathBuf],
        entry: impl Fn(&PathBuf) -> Option<WalkEntry> + Sync,
    ) -> (Vec<Match>, bool) {
        let threads = std::thread::available_parallelism().map_or(2, usize::from).min(8);
        let mut matches = Vec::new();
        for round in paths.chunks(CHUNK * threads) {
            if view.is_stopped() {
                return (matches, true);
            }
            let found: Vec<Vec<Match>> = std::thread::scope(|scope| {
                let workers: Vec<_> = round
                    .chunks(CHUNK)
                    .map(|chunk| {
                        let entry = &entry;
                        scope.spawn(move || {
                            let mut found = Vec::new();
                            for path in chunk {
                                if found.len() > self.limit || view.is_stopped() {
                                    break;
                                }
                                // The content of a secret is left out, as if it were not there.
                                if let Some(entry) = entry(path).filter(|entry| !entry.is_secret())
                                {
                                    found.extend(self.one(&entry));
                                }
                            }
                            found
                        })
                    })
                    .collect();
                workers.into_iter().map(|worker| worker.join().unwrap_or_default()).collect()
            });
            matches.extend(found.into_iter().flatten());
            if matches.len() > self.limit {
                matches.truncate(self.limit);
                return (matches, true);
            }
        }
        (matches, false)
    }

    /// The matches of one file, one more than the limit at most.
    fn one(&self, entry: &WalkEntry) -> Vec<Match> {
        let Some(file) = entry.open() else { return Vec::new() };
        let mut searcher = SearcherBuilder::new()
            .binary_detection(BinaryDetection::quit(0))
            .before_context(self.context)
            .after_context(self.context)
            .heap_limit(Some(LINE_MEMORY))
            .line_number(true)
            .build();
        let mut found = Found {
            path: entry.path(),
            matches: Vec::new(),
            before: Vec::new(),
            limit: self.limit + 1,
            context: self.context > 0,
            binary: false,
        };
        // A file that cannot be read to its end gives what was found so far.
        let _ = searcher.search_reader(&self.pattern, file, &mut found);
        if found.binary { Vec::new() } else { found.matches }
    }
}

struct Found<'a> {
    path: &'a str,
    matches: Vec<Match>,
    before: Vec<String>,
    limit: usize,
    context: bool,
    binary: bool,
}

impl Sink for Found<'_> {
    type Error = std::io::Error;

    fn matched(&mut self, _: &Searcher, found: &SinkMatch<'_>) -> Result<bool, Self::Error> {
        let first = found.line_number().unwrap_or(1);
        for (line, bytes) in (first..).zip(found.lines()) {
            let before = std::mem::take(&mut self.before);
            self.matches.push(Match {
                path: self.path.to_owned(),
                line,
                text: shown(bytes),
                context: self.context.then(|| Context { before, after: Vec::new() }),
            });
        }
        Ok(self.matches.len() < self.limit)
    }

    fn context(&mut self, _: &Searcher, line: &SinkContext<'_>) -> Result<bool, Self::Error> {
        use grep_searcher::SinkContextKind::{After, Before, Other};
        match line.kind() {
            Before => self.before.push(shown(line.bytes())),
            After => {
                let after = self.matches.last_mut().and_then(|found| found.context.as_mut());
                if let Some(context) = after {
                    context.after.push(shown(line.bytes()));
                }
            }
            Other => {}
        }
        Ok(true)
    }

    fn context_break(&mut self, _: &Searcher) -> Result<bool, Self::Error> {
        self.before.clear();
        Ok(true)
    }

    fn binary_data(&mut self, _: &Searcher, _: u64) -> Result<bool, Self::Error> {
        self.binary = true;
        Ok(false)
    }
}

/// A line for the model: decoded, without its ending, cut where it is too long.
fn shown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_end_matches(['\n', '\r']);
    match text.char_indices().nth(MAX_LINE) {
        None => text.to_owned(),
        Some((at, _)) => format!("{} [… line cut at 500 characters]", &text[..at]),
    }
}
