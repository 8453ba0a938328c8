//! `glob`: files by a pattern of names.

use crate::{Proposal, Tool, ToolError};
use countersign_guard::{Access, View};
use globset::{GlobBuilder, GlobMatcher};
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Files that one call lists.
const MAX_FILES: usize = 1_000;
/// Bytes of a pattern.
const MAX_PATTERN: usize = 4_096;

#[derive(Debug, Deserialize)]
pub(crate) struct Input {
    pattern: String,
    #[serde(default)]
    cwd: Option<String>,
    #[serde(default)]
    ignore: Option<Vec<String>>,
}

pub(crate) struct Glob;

impl Tool for Glob {
    type Input = Input;
    const NAME: &'static str = "glob";
    const DESCRIPTION: &'static str = "List files by a pattern of names, newest first. *.ts matches at any depth, src/**/*.js from cwd; {a,b} and [a-z] work. Ignore files (.gitignore) are respected. Links are listed, never followed.";

    fn schema() -> Value {
        json!({
            "type": "object",
            "properties": {
                "pattern": {"type": "string", "description": "The pattern."},
                "cwd": {"type": "string", "description": "The folder to start in, relative to the workspace."},
                "ignore": {"type": "array", "items": {"type": "string"}, "description": "Patterns to leave out."}
            },
            "required": ["pattern"]
        })
    }

    fn propose(input: Input, view: &View) -> Result<Proposal, ToolError> {
        let (cwd, pattern) = split(&input.pattern, input.cwd.as_deref().unwrap_or("."));
        let wanted = matcher(Self::NAME, &pattern)?;
        let ignore = input
            .ignore
            .unwrap_or_default()
            .iter()
            .map(|pattern| matcher(Self::NAME, pattern))
            .collect::<Result<Vec<_>, _>>()?;
        let folder = match view.look(Self::NAME, &cwd)? {
            Access::Granted(place) => place,
            Access::Asks(access) => return Ok(Proposal::Reach(access)),
        };
        let walk = view.walk(&folder)?;
        let matching: Vec<&PathBuf> = walk
            .paths()
            .iter()
            .filter(|path| wanted.is_match(path) && !ignore.iter().any(|out| out.is_match(path)))
            .collect();
        let mut entries: Vec<_> =
            matching.into_iter().filter_map(|path| walk.entry(path)).collect();
        entries.sort_by(|one, other| {
            other.modified().cmp(&one.modified()).then_with(|| one.path().cmp(other.path()))
        });
        let truncated = walk.truncated() || entries.len() > MAX_FILES;
        let files: Vec<&str> =
            entries.iter().take(MAX_FILES).map(countersign_guard::WalkEntry::path).collect();
        Ok(Proposal::Answer(json!({"files": files, "truncated": truncated})))
    }
}

/// Moves the plain folders at the start of a pattern into the folder to start in, so that a pattern
/// that leads elsewhere is judged as the path that it is.
fn split(pattern: &str, cwd: &str) -> (String, String) {
    let leads_elsewhere = pattern.starts_with('/') || pattern.split('/').any(|name| name == "..");
    if !leads_elsewhere {
        return (cwd.to_owned(), pattern.to_owned());
    }
    let names: Vec<&str> = pattern.split('/').collect();
    let last_up = names.iter().rposition(|name| *name == "..").map_or(0, |at| at + 1);
    let plain = names
        .iter()
        .take(names.len() - 1)
        .position(|name| name.contains(['*', '?', '[', '{', '\\']))
        .unwrap_or(names.len() - 1);
    // `..` after a wildcard has no one folder: all of the pattern up to it names the place.
    let start = plain.max(last_up.min(names.len() - 1));
    let folder = names[..start].join("/");
    let rest = names[start..].join("/");
    let folder = if pattern.starts_with('/') {
        format!("/{}", folder.trim_start_matches('/'))
    } else if folder.is_empty() {
        cwd.to_owned()
    } else {
        format!("{cwd}/{folder}")
    };
    // With the folder taken off, the rest counts from there and not at any depth.
    let rest = if rest.contains('/') { rest } else { format!("./{rest}") };
    (folder, rest)
}

/// A matcher of paths below a folder: a pattern without a slash matches at any depth.
pub(crate) fn matcher(tool: &'static str, pattern: &str) -> Result<GlobMatcher, ToolError> {
    let wrong = |problem: String| ToolError::Arguments { tool, problem };
    if pattern.trim().is_empty() {
        return Err(wrong("the pattern is empty".to_owned()));
    }
    if pattern.len() > MAX_PATTERN {
        return Err(wrong("the pattern is longer than 4,096 bytes".to_owned()));
    }
    let from_here = pattern.strip_prefix("./");
    let whole = match from_here {
        Some(rest) => rest.to_owned(),
        None if pattern.contains('/') => pattern.to_owned(),
        None => format!("**/{pattern}"),
    };
    // A row of `**/` means the same as one, and costs less.
    let mut whole = whole;
    while whole.contains("**/**/") {
        whole = whole.replace("**/**/", "**/");
    }
    GlobBuilder::new(&whole)
        .literal_separator(true)
        .build()
        .map(|glob| glob.compile_matcher())
        .map_err(|error| wrong(format!("the pattern {pattern:?} makes no sense: {error}")))
}

/// Whether a path is chosen by a list of patterns; an empty list chooses all.
pub(crate) fn chosen(include: &[GlobMatcher], path: &Path) -> bool {
    include.is_empty() || include.iter().any(|pattern| pattern.is_match(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_without_a_slash_matches_at_any_depth() {
        let any = matcher("glob", "*.{ts,tsx}").unwrap();
        assert!(any.is_match("a.ts") && any.is_match("src/deep/a.tsx") && !any.is_match("a.rs"));
        let from = matcher("glob", "src/**/*.js").unwrap();
        assert!(from.is_match("src/a.js") && from.is_match("src/b/c/a.js"));
        assert!(!from.is_match("lib/src/a.js"));
        assert!(matcher("glob", "[").is_err() && matcher("glob", " ").is_err());
    }

    #[test]
    fn a_pattern_that_leads_elsewhere_names_its_folder() {
        assert_eq!(split("*.rs", "."), (".".into(), "*.rs".into()));
        assert_eq!(split("/etc/*", "."), ("/etc".into(), "./*".into()));
        assert_eq!(split("../x/*.c", "src"), ("src/../x".into(), "./*.c".into()));
        assert_eq!(split("src/../../outside/*", "."), ("./src/../../outside".into(), "./*".into()));
        assert_eq!(split("*/../../x", "."), ("./*/../..".into(), "./x".into()));
    }
}
