//! Folders that were opened before.

use crate::AgentError;
use countersign_protocol::RecentWorkspace;
use countersign_store::Store;
use std::path::Path;

/// Recent folders that the welcome screen shows.
const RECENT: usize = 12;

/// The recent folders, newest first, with whether each is still there.
pub(crate) fn recent(store: &Store) -> Result<Vec<RecentWorkspace>, AgentError> {
    let recent = store.recent_workspaces(RECENT)?;
    Ok(recent
        .into_iter()
        .map(|(path, opened)| {
            let folder = Path::new(&path);
            let name = folder.file_name().unwrap_or(folder.as_os_str()).to_string_lossy();
            RecentWorkspace { name: name.into_owned(), exists: folder.is_dir(), opened, path }
        })
        .collect())
}
