//! What a person let the agent look at outside, or among secrets.

use crate::GuardError;
use countersign_protocol::RuleId;
use rustix::fs::FileType;
use std::os::fd::OwnedFd;
use std::path::PathBuf;

/// One object that was approved, by handle: what the card showed and nothing else.
#[derive(Debug)]
pub(crate) struct Grant {
    pub(crate) resolved: PathBuf,
    pub(crate) object: Option<(OwnedFd, FileType)>,
    /// The rule under which it is kept; none for the one call that it was approved for.
    pub(crate) rule: Option<RuleId>,
}

impl Grant {
    /// The same object, kept under a rule.
    pub(crate) fn under(&self, rule: RuleId) -> rustix::io::Result<Self> {
        let object = match &self.object {
            None => None,
            Some((object, kind)) => Some((rustix::io::fcntl_dupfd_cloexec(object, 0)?, *kind)),
        };
        Ok(Self { resolved: self.resolved.clone(), object, rule: Some(rule) })
    }

    /// The object once more; an error where nothing was there. `path` is the name for the error.
    pub(crate) fn handle(&self, path: &str) -> Result<(OwnedFd, FileType), GuardError> {
        let Some((object, kind)) = &self.object else {
            return Err(GuardError::NotFound(path.to_owned()));
        };
        rustix::io::fcntl_dupfd_cloexec(object, 0)
            .map(|object| (object, *kind))
            .map_err(|error| GuardError::system(path, error))
    }
}
