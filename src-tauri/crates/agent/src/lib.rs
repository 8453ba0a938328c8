//! The agent: session, turn, step, tool call, and all wiring between the guard, the tools, the model
//! and the journal.
//!
//! Every event is journaled before anyone is told of it, and before what it announces is done. This
//! crate must never act but through the guard's `Workspace`, and never decide in the person's place.

mod act;
mod aside;
mod asked;
mod calls;
mod check;
mod conversation;
mod engine;
mod error;
mod export;
mod folders;
mod keychain;
mod keys;
mod markdown;
mod models;
mod order;
mod prompt;
mod queue;
mod recent;
mod reverting;
mod rules;
mod sample;
mod session;
mod sessions;
mod settings;
mod takeup;
mod tree;
mod turn;
mod unconfined;
mod undo;
mod unfinished;
mod whole;
mod words;

pub use aside::damage_of;
pub use check::{Check, Checker, Judgement};
pub use countersign_provider::Secret;
pub use engine::{Engine, EngineOptions, FeedReader};
pub use error::AgentError;
pub use folders::{Folders, open_store};
pub use keychain::{Keychain, Later, Slot};
pub use markdown::to_markdown;
pub use models::{Kept, ModelChoice, connect};
pub use queue::Reader;
pub use rules::{all_rules, revoke_rule};
pub use session::{Session, SessionOptions};
pub use sessions::{Sessions, import_session, to_json_lines};
pub use settings::{Calling, Overrides, Settings};
pub use undo::{StoredUndo, UndoLimits};

pub use countersign_sandbox::become_supervisor_if_asked;

/// What is drawn of a text on a card, and whether anything in it is deceptive.
#[must_use]
pub fn reveal(text: &str) -> (String, bool) {
    let revealed = countersign_guard::text::reveal(text);
    (revealed.shown, !revealed.warnings.is_empty())
}
