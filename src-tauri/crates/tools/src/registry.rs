//! All tools by name.

use crate::edit::Edit;
use crate::exec::Exec;
use crate::glob::Glob;
use crate::grep::Grep;
use crate::read::Read;
use crate::write::Write;
use crate::{Proposal, Tool};
use countersign_guard::{GuardError, View};
use countersign_protocol::ToolSpec;
use serde_json::Value;
use thiserror::Error;

/// Why a tool could not do what was asked. The model is told and may try another way; none of these
/// ends a run.
#[derive(Debug, Error)]
pub enum ToolError {
    /// No such tool.
    #[error(
        "there is no tool named {name:?}; the tools are exec, read, write, edit, glob and grep"
    )]
    Unknown {
        /// What the model asked for.
        name: String,
    },
    /// The arguments make no sense.
    #[error("the arguments of {tool} make no sense: {problem}")]
    Arguments {
        /// The tool.
        tool: &'static str,
        /// What is wrong.
        problem: String,
    },
    /// The guard refuses.
    #[error(transparent)]
    Guard(#[from] GuardError),
}

/// What the model is told of each tool.
#[must_use]
pub fn specs() -> Vec<ToolSpec> {
    fn spec<T: Tool>() -> ToolSpec {
        ToolSpec {
            name: T::NAME.to_owned(),
            description: T::DESCRIPTION.to_owned(),
            input_schema: T::schema(),
        }
    }
    vec![
        spec::<Exec>(),
        spec::<Read>(),
        spec::<Write>(),
        spec::<Edit>(),
        spec::<Glob>(),
        spec::<Grep>(),
    ]
}

/// Asks the tool of that name what it would do.
pub fn propose(name: &str, args: &Value, view: &View) -> Result<Proposal, ToolError> {
    fn run<T: Tool>(args: &Value, view: &View) -> Result<Proposal, ToolError> {
        let input = serde_json::from_value(args.clone())
            .map_err(|error| ToolError::Arguments { tool: T::NAME, problem: error.to_string() })?;
        T::propose(input, view)
    }
    match name {
        Exec::NAME => run::<Exec>(args, view),
        Read::NAME => run::<Read>(args, view),
        Write::NAME => run::<Write>(args, view),
        Edit::NAME => run::<Edit>(args, view),
        Glob::NAME => run::<Glob>(args, view),
        Grep::NAME => run::<Grep>(args, view),
        _ => Err(ToolError::Unknown { name: name.to_owned() }),
    }
}

/// What a call names, for keeping calls of one step in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// It may touch anything: a command.
    Everything,
    /// It changes this file.
    Changes(String),
    /// It reads this file.
    Reads(String),
    /// It reads many files.
    Searches,
    /// It does nothing: an unknown tool.
    Nothing,
}

/// What a call names by its arguments. The path is compared as text, with `.` and empty parts left
/// out: two names of one file are told apart too rarely rather than too often to matter, since a
/// stale proposal is found before it acts.
#[must_use]
pub fn named_path(name: &str, args: &Value) -> Named {
    let path = || {
        let path = args.get("path").and_then(Value::as_str).unwrap_or_default();
        path.split('/')
            .filter(|part| !part.is_empty() && *part != ".")
            .collect::<Vec<_>>()
            .join("/")
    };
    match name {
        Exec::NAME => Named::Everything,
        Write::NAME | Edit::NAME => Named::Changes(path()),
        Read::NAME => Named::Reads(path()),
        Glob::NAME | Grep::NAME => Named::Searches,
        _ => Named::Nothing,
    }
}
