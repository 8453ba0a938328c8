//! `write`: a whole file.

use crate::{Proposal, Tool, ToolError};
use countersign_guard::View;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Debug, Deserialize)]
pub(crate) struct Input {
    path: String,
    content: String,
}

pub(crate) struct Write;

impl Tool for Write {
    type Input = Input;
    const NAME: &'static str = "write";
    const DESCRIPTION: &'static str = "Create a file, or replace its whole content. Missing folders are made. The user sees the diff and approves it first. To change a part of a file use edit.";

    fn schema() -> Value {
        json!({
            "type": "object",
            "properties": {
                "path": {"type": "string", "description": "The file, relative to the workspace."},
                "content": {"type": "string", "description": "The whole new content."}
            },
            "required": ["path", "content"]
        })
    }

    fn propose(input: Input, view: &View) -> Result<Proposal, ToolError> {
        Ok(Proposal::Act(view.propose_write(&input.path, &input.content)?))
    }
}
