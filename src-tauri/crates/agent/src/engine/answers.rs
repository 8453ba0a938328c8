//! Answers to the window's questions. They change nothing.

use super::shared::Shared;
use super::{lock, no_workspace};
use crate::AgentError;
use crate::asked::model_call;
use crate::recent::recent;
use crate::settings::listed;
use crate::words::sentence;
use countersign_protocol::{
    ErrorCode, FileView, FolderListing, Query, QueryAnswer, WelcomeInfo, WireError,
};
use countersign_store::Journal as _;
use std::sync::Arc;

impl Shared {
    pub(super) fn answer(&self, query: Query) -> Result<QueryAnswer, WireError> {
        let failed = |error: AgentError| WireError::from(error);
        let stored = |error| WireError::from(AgentError::from(error));
        Ok(match query {
            Query::App => QueryAnswer::App(Box::new(self.state())),
            Query::Welcome => {
                QueryAnswer::Welcome(WelcomeInfo { recent: recent(&self.store).map_err(failed)? })
            }
            Query::Folder { path, first } => QueryAnswer::Folder(self.folder(&path, first)?),
            Query::File { path } => QueryAnswer::File(self.file(&path)?),
            Query::Sessions => {
                QueryAnswer::Sessions { sessions: self.store.sessions().map_err(stored)? }
            }
            Query::SearchSessions { text } => {
                QueryAnswer::SearchSessions { hits: self.store.search(&text).map_err(stored)? }
            }
            Query::Changes { session } => {
                QueryAnswer::Changes(self.session(&session)?.changes().map_err(failed)?)
            }
            Query::ThreeWay { session, path } => {
                QueryAnswer::ThreeWay(self.session(&session)?.three_way(&path).map_err(failed)?)
            }
            Query::Proposal { session, approval } => {
                QueryAnswer::Proposal(self.session(&session)?.texts(&approval).map_err(failed)?)
            }
            Query::PatternMatches { session, pattern } => QueryAnswer::PatternMatches(
                self.session(&session)?.covered_by(&pattern).map_err(failed)?,
            ),
            Query::ModelCall { session, seq } => {
                let events = self.store.events(&session, 0).map_err(stored)?;
                QueryAnswer::ModelCall(model_call(&events, seq).map_err(failed)?)
            }
            Query::Settings => {
                let file = self.folders.settings_file();
                QueryAnswer::Settings {
                    file: file.display().to_string(),
                    settings: listed::list(file).map_err(failed)?,
                }
            }
            Query::Drafts { session } => {
                QueryAnswer::Drafts { drafts: self.store.drafts(&session).map_err(stored)? }
            }
        })
    }

    fn folder(&self, path: &str, first: Option<u32>) -> Result<FolderListing, WireError> {
        let (session, tree) = {
            let open = lock(&self.open);
            let open = open.as_ref().ok_or_else(no_workspace)?;
            (Arc::clone(&open.session), open.tree.clone())
        };
        let tree = tree.ok_or_else(|| {
            WireError::new(ErrorCode::System, "The folder cannot be followed.", "Open it again.")
        })?;
        let first = first.map_or(usize::MAX, |first| first as usize);
        Ok(tree.list(&session.workspace().view(), path, first)?)
    }

    fn file(&self, path: &str) -> Result<FileView, WireError> {
        let session = self.current().ok_or_else(no_workspace)?;
        session
            .workspace()
            .view()
            .show(path)
            .map_err(|error| WireError::new(ErrorCode::NotFound, sentence(&error.to_string()), ""))
    }
}
