//! Sessions and their events, and what is kept so that changes can be undone, on disk.
//!
//! One SQLite database in the data folder holds the sessions of all workspaces; the window and the
//! terminal program share it. Events are appended and never changed. What is kept of a workspace lies in a
//! database of its own. This crate must never hold a key, and never decide anything.

mod aside;
mod checkpoints;
mod database;
mod derived;
mod drafts;
mod error;
mod fork;
mod journal;
mod lock;
mod memory;
mod migrations;
mod private;
mod rules;
mod salvage;
mod search;
mod sessions;
mod store;

pub use aside::SetAside;
pub use checkpoints::{Checkpoints, IndexRow, RecordedAct, Trimmed};
pub use error::StoreError;
pub use journal::Journal;
pub use lock::SessionLock;
pub use memory::MemoryJournal;
pub use private::private_folder;
pub use rules::NewRule;
pub use store::Store;
