//! What a window's manners on the desktop need to know of its engine, and tell it.

use super::{Engine, no_workspace};
use crate::Settings;
use crate::words::sentence;
use countersign_protocol::{EntryKind, ErrorCode, Feed, WireError};
use std::path::PathBuf;
use std::sync::Arc;

impl Engine {
    /// The open folder, links resolved; none where there is none, or it is the tour's.
    #[must_use]
    pub fn folder(&self) -> Option<PathBuf> {
        self.shared.place().ok().filter(|(_, tour)| !tour).map(|(folder, _)| folder)
    }

    /// The settings in force.
    #[must_use]
    pub fn settings(&self) -> Arc<Settings> {
        self.shared.settings()
    }

    /// Takes in the settings file as another window has written it.
    pub async fn read_settings(&self) {
        if let Err(error) = self.with_shared(|shared| shared.read_settings()).await {
            tracing::warn!("the settings are not read again: {error}");
        }
    }

    /// Where something of the workspace lies, absolute, for the person's own programs. An error where there is
    /// nothing, and where it is reached through a link that leads out.
    pub async fn place_of(&self, path: &str) -> Result<PathBuf, WireError> {
        Ok(self.locate(path).await?.0)
    }

    /// The same of an ordinary file.
    pub async fn file_of(&self, path: &str) -> Result<PathBuf, WireError> {
        let (place, kind) = self.locate(path).await?;
        if kind == EntryKind::File {
            return Ok(place);
        }
        Err(WireError::new(ErrorCode::Input, format!("{path} is no ordinary file."), ""))
    }

    async fn locate(&self, path: &str) -> Result<(PathBuf, EntryKind), WireError> {
        let session = self.shared.current().ok_or_else(no_workspace)?;
        let path = path.to_owned();
        let located = tokio::task::spawn_blocking(move || session.workspace().view().place(&path));
        match located.await {
            Ok(Ok(located)) => Ok(located),
            Ok(Err(error)) => {
                Err(WireError::new(ErrorCode::NotFound, sentence(&error.to_string()), ""))
            }
            Err(_) => Err(WireError::new(ErrorCode::System, "Countersign failed to look.", "")),
        }
    }

    /// Tells the person something beside the transcript.
    pub fn notice(&self, words: String) {
        self.shared.notice(words);
    }

    /// Tells the window that something which could be dropped on it is over it, or no longer.
    pub fn dragging(&self, over: bool) {
        self.shared.hub.publish(&Feed::Dragging { over });
    }
}
