//! What can go wrong before or around a run, in words for a person.

use countersign_guard::GuardError;
use countersign_protocol::{ErrorCode, WireError};
use countersign_provider::ProviderError;
use countersign_store::StoreError;
use countersign_watch::WatchError;
use std::path::PathBuf;
use thiserror::Error;

/// Why something could not be done. Nothing was lost by it.
#[derive(Debug, Error)]
pub enum AgentError {
    /// The system names no folder for settings or data.
    #[error(
        "the system names no home folder; say where to keep sessions with --data-dir and settings with --config"
    )]
    NoHome,
    /// The settings cannot be read.
    #[error("the settings in {path} cannot be read: {problem}")]
    Settings {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// The folder cannot be a workspace.
    #[error("{0}")]
    Workspace(GuardError),
    /// The person's own act on an entry of the workspace was not done.
    #[error("{}", crate::words::sentence(&error.to_string()))]
    Entry {
        /// Why.
        error: GuardError,
        /// What was kept.
        hint: &'static str,
    },
    /// No model is connected.
    #[error(
        "no model is connected: set {keys}, put it into {env_file}, or take the tour, which needs none"
    )]
    NoModel {
        /// The variables that are looked for.
        keys: &'static str,
        /// Where keys may be kept.
        env_file: PathBuf,
    },
    /// The model client cannot be made.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// Storing or reading sessions failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The folder cannot be watched.
    #[error(transparent)]
    Watch(#[from] WatchError),
    /// The system failed.
    #[error("{what}: {source}")]
    System {
        /// What was tried.
        what: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The request makes no sense now.
    #[error("{message}")]
    State {
        /// What happened.
        message: String,
        /// What to do.
        hint: String,
    },
}

impl AgentError {
    pub(crate) fn state(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::State { message: message.into(), hint: hint.into() }
    }

    pub(crate) fn system(what: impl Into<String>, source: std::io::Error) -> Self {
        Self::System { what: what.into(), source }
    }
}

impl From<AgentError> for WireError {
    fn from(error: AgentError) -> Self {
        let (code, hint) = match &error {
            AgentError::State { hint, .. } => (ErrorCode::State, hint.clone()),
            AgentError::Entry { error, hint } => {
                let code = match error {
                    GuardError::NotFound(_) => ErrorCode::NotFound,
                    GuardError::BadPath(_) | GuardError::WrongKind(_) => ErrorCode::Input,
                    GuardError::Loop(_)
                    | GuardError::LeadsOut(_)
                    | GuardError::Pseudo(_)
                    | GuardError::Forbidden { .. }
                    | GuardError::Stale(_)
                    | GuardError::Unreadable(_)
                    | GuardError::System(_) => ErrorCode::System,
                };
                (code, (*hint).to_owned())
            }
            AgentError::Workspace(_) => (ErrorCode::Denied, "Choose another folder.".to_owned()),
            AgentError::NoModel { .. } => (ErrorCode::NoModel, String::new()),
            AgentError::Provider(_) | AgentError::Settings { .. } => {
                (ErrorCode::Input, String::new())
            }
            AgentError::NoHome
            | AgentError::Store(_)
            | AgentError::Watch(_)
            | AgentError::System { .. } => (ErrorCode::System, String::new()),
        };
        Self::new(code, error.to_string(), hint)
    }
}
