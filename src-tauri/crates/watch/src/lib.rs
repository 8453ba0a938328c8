//! What the file tree shows of a folder on disk: which of its unfolded folders changed, what is
//! ignored, and how many files there are.
//!
//! Only the folders a person has unfolded are watched, each by itself, so the size of the workspace
//! does not matter. Links are never followed.

mod count;
mod error;
mod folder;
mod ignores;
mod pending;
mod watcher;

pub use count::count_files;
pub use error::WatchError;
pub use ignores::Ignores;
pub use watcher::{Change, Watcher};
