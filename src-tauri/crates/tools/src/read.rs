//! `read`: lines of a text file.

use crate::{Proposal, Tool, ToolError};
use countersign_guard::{Access, View};
use serde::Deserialize;
use serde_json::{Value, json};

/// Lines that are read unless told.
const DEFAULT_LIMIT: u64 = 2_000;

#[derive(Debug, Deserialize)]
pub(crate) struct Input {
    path: String,
    #[serde(default)]
    offset: Option<u64>,
    #[serde(default)]
    limit: Option<u64>,
}

pub(crate) struct Read;

impl Tool for Read {
    type Input = Input;
    const NAME: &'static str = "read";
    const DESCRIPTION: &'static str = "Read a text file. Gives its content with the total number of lines. Reads 2,000 lines unless told; use offset (lines to skip) and limit for a part of a larger file. Paths are relative to the workspace. Reading outside the workspace, or a file that looks like a secret, asks the user first.";

    fn schema() -> Value {
        json!({
            "type": "object",
            "properties": {
                "path": {"type": "string", "description": "The file, relative to the workspace."},
                "offset": {"type": "integer", "minimum": 0, "description": "Lines to skip."},
                "limit": {"type": "integer", "minimum": 1, "description": "Lines to read; 2,000 unless told."}
            },
            "required": ["path"]
        })
    }

    fn propose(input: Input, view: &View) -> Result<Proposal, ToolError> {
        let place = match view.look(Self::NAME, &input.path)? {
            Access::Granted(place) => place,
            Access::Asks(access) => return Ok(Proposal::Reach(access)),
        };
        let lines =
            place.read_lines(input.offset.unwrap_or(0), input.limit.unwrap_or(DEFAULT_LIMIT))?;
        Ok(Proposal::Answer(json!({
            "content": lines.content,
            "path": place.name(),
            "total_lines": lines.total_lines,
            "truncated": lines.truncated,
        })))
    }
}
