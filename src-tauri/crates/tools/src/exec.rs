//! `exec`: a command in a shell.

use crate::{Proposal, Tool, ToolError};
use countersign_guard::{ExecRequest, View};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

#[derive(Debug, Deserialize)]
pub(crate) struct Input {
    command: String,
    #[serde(default)]
    cwd: Option<String>,
    #[serde(default)]
    env: Option<BTreeMap<String, String>>,
    #[serde(default)]
    timeout: Option<f64>,
}

pub(crate) struct Exec;

impl Tool for Exec {
    type Input = Input;
    const NAME: &'static str = "exec";
    const DESCRIPTION: &'static str = "Run a shell command in the workspace and get its exit code, stdout and stderr. The user approves each command first. Standard input is closed and there is no terminal: use flags that answer questions. Each call is a shell of its own, so a cd does not last; use cwd. What a command leaves running in the background is ended with it. Prefer read, glob and grep over cat, find and grep: they need no approval.";

    fn schema() -> Value {
        json!({
            "type": "object",
            "properties": {
                "command": {"type": "string", "description": "The command line."},
                "cwd": {"type": "string", "description": "The folder, relative to the workspace."},
                "env": {"type": "object", "additionalProperties": {"type": "string"}, "description": "Additions to the environment."},
                "timeout": {"type": "number", "minimum": 1, "description": "Seconds until it is ended; 300 unless told."}
            },
            "required": ["command"]
        })
    }

    fn propose(input: Input, view: &View) -> Result<Proposal, ToolError> {
        let timeout = match input.timeout {
            None => None,
            Some(seconds) if seconds.is_finite() && seconds > 0.0 => {
                Some(Duration::from_secs_f64(seconds.min(1e9)))
            }
            Some(_) => {
                return Err(ToolError::Arguments {
                    tool: Self::NAME,
                    problem: "timeout is a number of seconds above 0".to_owned(),
                });
            }
        };
        Ok(Proposal::Act(view.propose_exec(ExecRequest {
            command: input.command,
            cwd: input.cwd,
            env: input.env.unwrap_or_default(),
            timeout,
        })?))
    }
}
