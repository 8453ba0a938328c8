//! The six sandbox tools, as pure proposers: a tool reads through the guard's [`View`] and returns an
//! answer, an act to be approved, or a look to be approved. It can neither write nor start anything.
//!
//! Names, arguments and results follow the sandbox tools of Polos, so that an agent written for one
//! runs on the other.

mod edit;
mod exec;
mod glob;
mod grep;
mod read;
mod receipt;
mod registry;
mod write;

pub use receipt::{render, render_run};
pub use registry::{Named, ToolError, named_path, propose, specs};

use countersign_guard::{Action, PathAccess, View};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// What a tool wants.
#[derive(Debug)]
pub enum Proposal {
    /// It is done: this is the result.
    Answer(Value),
    /// It needs a decision before anything happens.
    Act(Action),
    /// It needs a decision before it may look; it is then asked again with a wider view.
    Reach(Box<PathAccess>),
}

/// A tool is one typed struct of arguments, with its name and description beside it.
pub(crate) trait Tool {
    /// The arguments.
    type Input: DeserializeOwned;
    /// The name, as the model calls it.
    const NAME: &'static str;
    /// What the model is told.
    const DESCRIPTION: &'static str;

    /// JSON Schema of the arguments.
    fn schema() -> Value;

    /// Works out what would be done. Changes nothing.
    fn propose(input: Self::Input, view: &View) -> Result<Proposal, ToolError>;
}
