//! What the tests of the other crates stand on: a scripted model server that is as strict as the
//! real API, and workspaces laid out on disk. Never part of the product.
#![allow(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a test that cannot set itself up ends there"
)]

// Linked for what it does when a program that has it is loaded, so that a test binary can be the
// process that watches over a command.
use countersign_sandbox as _;

mod check;
mod events;
mod http;
mod placeholders;
mod script;
mod server;
mod workspace;

pub use check::check_request;
pub use events::{
    ev_block_stop, ev_error, ev_message_delta, ev_message_start, ev_message_stop, ev_ping,
    ev_signature, ev_text, ev_text_start, ev_thinking, ev_thinking_start, ev_tool_json,
    ev_tool_start,
};
pub use script::{Reply, Script, seed_task};
pub use server::{ModelServer, Options};
pub use workspace::{TempWorkspace, fill, lay_out};
