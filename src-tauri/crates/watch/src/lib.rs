//! What the file tree shows of a folder on disk: which of its unfolded folders changed, what is
//! ignored, and how many files there are.
//!
//! Only the folders a person has unfolded are watched for the tree, each by itself, so the size of the
//! workspace does not matter. [`Dirt`] watches all folders that are kept for undoing, and tells which
//! paths have to be looked at again. [`Git`] tells what git says of the entries. Links are never followed.

mod background;
mod count;
mod dirt;
mod error;
mod folder;
mod git;
mod ignores;
mod pending;
mod watcher;
mod watches;

pub use background::spawn_background;
pub use count::count_files;
pub use dirt::Dirt;
pub use error::WatchError;
pub use git::{Git, GitChange};
pub use ignores::Ignores;
pub use watcher::{Change, Watcher};
