//! `edit`: one text of a file replaced by another.

use crate::{Proposal, Tool, ToolError};
use countersign_guard::View;
use serde::Deserialize;
use serde_json::{Value, json};
use std::borrow::Cow;

/// Line numbers that an error names.
const LINES_NAMED: usize = 10;

#[derive(Debug, Deserialize)]
pub(crate) struct Input {
    path: String,
    old_text: String,
    new_text: String,
    #[serde(default)]
    replace_all: bool,
}

pub(crate) struct Edit;

impl Tool for Edit {
    type Input = Input;
    const NAME: &'static str = "edit";
    const DESCRIPTION: &'static str = "Replace a text in a file by another. old_text must occur exactly once (with enough lines around it to be unique), unless replace_all is set; it is compared exactly, blanks included. Line endings and encoding are kept. The user sees the diff and approves it first.";

    fn schema() -> Value {
        json!({
            "type": "object",
            "properties": {
                "path": {"type": "string", "description": "The file, relative to the workspace."},
                "old_text": {"type": "string", "description": "The text to replace, exactly as it stands in the file."},
                "new_text": {"type": "string", "description": "The text to put in its place."},
                "replace_all": {"type": "boolean", "description": "Replace every occurrence."}
            },
            "required": ["path", "old_text", "new_text"]
        })
    }

    fn propose(input: Input, view: &View) -> Result<Proposal, ToolError> {
        if input.old_text.is_empty() {
            return Err(ToolError::Arguments {
                tool: Self::NAME,
                problem: "old_text is empty; to make a new file use write".to_owned(),
            });
        }
        if input.old_text == input.new_text {
            return Err(ToolError::Arguments {
                tool: Self::NAME,
                problem: "old_text and new_text are the same".to_owned(),
            });
        }
        let action = view.propose_edit(&input.path, |text| replace(text, &input))?;
        Ok(Proposal::Act(action))
    }
}

/// The new text and how many places changed.
fn replace(text: &str, input: &Input) -> Result<(String, usize), String> {
    // A file with CRLF throughout is edited as the model writes it, with LF.
    let crlf = uses_crlf(text) && !input.old_text.contains('\r');
    let (old, new) = if crlf {
        (to_crlf(&input.old_text), to_crlf(&input.new_text.replace("\r\n", "\n")))
    } else {
        (Cow::Borrowed(input.old_text.as_str()), Cow::Borrowed(input.new_text.as_str()))
    };
    let places: Vec<usize> = occurrences(text, &old);
    match (places.len(), input.replace_all) {
        (0, _) => Err(format!(
            "old_text does not occur in {}; read the file again and copy the text exactly",
            input.path
        )),
        (1, _) => Ok((text.replacen(&*old, &new, 1), 1)),
        // Overlapping places are not replaced twice.
        (_, true) => Ok((text.replace(&*old, &new), text.matches(&*old).count())),
        (count, false) => {
            let mut lines: Vec<String> = places
                .iter()
                .take(LINES_NAMED)
                .map(|&at| (text[..at].matches('\n').count() + 1).to_string())
                .collect();
            if count > LINES_NAMED {
                lines.push("…".to_owned());
            }
            Err(format!(
                "old_text occurs {count} times in {}, at lines {}; add lines around it to make it unique, or set replace_all",
                input.path,
                lines.join(", ")
            ))
        }
    }
}

/// Where a text occurs; overlapping places count, since they make the edit ambiguous.
fn occurrences(text: &str, wanted: &str) -> Vec<usize> {
    let mut places = Vec::new();
    let mut from = 0;
    while let Some(at) = text[from..].find(wanted) {
        places.push(from + at);
        let step = text[from + at..].chars().next().map_or(1, char::len_utf8);
        from += at + step;
    }
    places
}

fn uses_crlf(text: &str) -> bool {
    let all = text.matches('\n').count();
    all > 0 && text.matches("\r\n").count() == all
}

fn to_crlf(text: &str) -> Cow<'static, str> {
    Cow::Owned(text.replace('\n', "\r\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply(text: &str, old: &str, new: &str, all: bool) -> Result<(String, usize), String> {
        replace(
            text,
            &Input {
                path: "f".into(),
                old_text: old.into(),
                new_text: new.into(),
                replace_all: all,
            },
        )
    }

    #[test]
    fn exactly_once_unless_all() {
        assert_eq!(apply("a b", "b", "c", false), Ok(("a c".into(), 1)));
        assert_eq!(apply("b b", "b", "c", true), Ok(("c c".into(), 2)));
        assert_eq!(apply("aaaa", "aa", "b", true), Ok(("bb".into(), 2)));
        let error = apply("b\nx\nb", "b", "c", false).unwrap_err();
        assert!(error.contains("2 times") && error.contains("lines 1, 3"), "{error}");
        assert!(apply("a", "b", "c", true).unwrap_err().contains("does not occur"));
        assert!(apply("aaa", "aa", "b", false).unwrap_err().contains("2 times"));
    }

    #[test]
    fn line_endings_are_kept() {
        assert_eq!(
            apply("a\r\nb\r\nc\r\n", "a\nb", "x\ny", false),
            Ok(("x\r\ny\r\nc\r\n".into(), 1))
        );
        // Mixed endings are taken as they are.
        assert_eq!(apply("a\r\nb\n", "b\n", "c\n", false), Ok(("a\r\nc\n".into(), 1)));
    }
}
