//! Sessions and their events, on disk.
//!
//! One SQLite database in the data folder holds the sessions of all workspaces; the window and the
//! terminal program share it. Events are appended and never changed. This crate must never hold a
//! key, and never decide anything.

mod error;
mod journal;
mod memory;
mod migrations;
mod private;
mod rules;
mod search;
mod sessions;
mod store;

pub use error::StoreError;
pub use journal::Journal;
pub use memory::MemoryJournal;
pub use private::private_folder;
pub use rules::NewRule;
pub use store::Store;
