//! Temporary.
#![allow(dead_code, unused_variables, missing_docs, clippy::all, clippy::pedantic)]
use countersign_protocol::*;
use countersign_store::{Store, StoreError};
pub(crate) trait Later {
    fn save_draft(&self, s: &SessionId, of: &DraftOf, text: &str) -> Result<(), StoreError> { Ok(()) }
    fn drafts(&self, s: &SessionId) -> Result<Vec<Draft>, StoreError> { Ok(vec![]) }
    fn rename_session(&self, s: &SessionId, t: &str) -> Result<(), StoreError> { Ok(()) }
    fn archive_session(&self, s: &SessionId, t: bool) -> Result<(), StoreError> { Ok(()) }
    fn fork_session(&self, s: &SessionId, t: u64) -> Result<SessionId, StoreError> { Ok(s.clone()) }
}
impl Later for Store {}
