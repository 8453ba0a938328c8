//! STUB by the lead until the real crate is written over it.
#![allow(missing_docs)]
use std::{path::Path, sync::atomic::AtomicBool};
pub struct Watcher; #[derive(Debug)] pub enum Change { Folders(Vec<String>), Everything, Gone(String) }
#[derive(Debug, thiserror::Error)] pub enum WatchError { #[error("{0}")] Other(String) }
impl Watcher { pub fn start(_: &Path, _: tokio::sync::mpsc::Sender<Change>) -> Result<Self, WatchError> { Ok(Self) } pub fn watch_folder(&self, _: &str) -> Result<(), WatchError> { Ok(()) } pub fn unwatch_folder(&self, _: &str) {} }
pub fn count_files(_: &Path, _: &AtomicBool) -> usize { 0 }
pub struct Ignores; impl Ignores { pub fn load(_: &Path) -> Self { Self } pub fn is_ignored(&self, _: &str, _: bool) -> bool { false } }
