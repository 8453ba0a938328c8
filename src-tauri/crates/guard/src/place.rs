//! Where something lies, for the person's own programs: an editor, a file manager.

use crate::resolve::{Inside, Located};
use crate::{GuardError, View};
use countersign_protocol::EntryKind;
use std::path::PathBuf;

impl View {
    /// Where something of the workspace lies, absolute and with links resolved, and what it is. An error
    /// where there is nothing, where a link leads out, and where another folder stands in the workspace's
    /// place. What is opened by that name later may be another thing: it is for the person's eyes, and for
    /// no tool.
    pub fn place(&self, path: &str) -> Result<(PathBuf, EntryKind), GuardError> {
        let path = if path.is_empty() { "." } else { path };
        let Located::Inside(Inside { relative, object: Some((_, kind)), .. }) =
            self.locate(path)?
        else {
            return Err(GuardError::NotFound(path.to_owned()));
        };
        if !self.root.in_place() {
            return Err(GuardError::NotFound(path.to_owned()));
        }
        let kind = self.entry_kind(kind, &relative);
        Ok((self.root.real().join(relative), kind))
    }
}
