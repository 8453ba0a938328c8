//! What a workspace brings: `.countersign.toml` with `deny` and `ask`, lists of command patterns and
//! path globs. It can only tighten. Any other key in it has no effect.

use crate::GuardError;
use crate::command::{Commands, names};
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use serde::Deserialize;
use std::path::Path;

/// The name of the file in the workspace folder.
pub(crate) const FILE: &str = ".countersign.toml";

#[derive(Debug, Default, Deserialize)]
struct Form {
    #[serde(default)]
    deny: Vec<String>,
    #[serde(default)]
    ask: Vec<String>,
}

/// What a workspace's own rules say of an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tightened {
    /// It asks, whatever else is allowed. The rule as it stands in the file.
    Ask(String),
    /// It is denied.
    Deny(String),
}

/// Why something asks, by that rule.
pub(crate) fn asks(rule: &str) -> String {
    format!("The workspace's rule {rule} says that it asks.")
}

/// The rules that a workspace brings.
#[derive(Clone, Debug, Default)]
pub struct Tightening {
    deny: Rules,
    ask: Rules,
}

impl Tightening {
    /// Reads the file's text. Text that makes no sense is refused: a rule that the person believes
    /// in must not silently be none.
    pub fn parse(text: &str) -> Result<Self, GuardError> {
        let form: Form = toml::from_str(text).map_err(|error| {
            GuardError::Unreadable(format!("{FILE} cannot be read: {}", error.message()))
        })?;
        Ok(Self { deny: Rules::new(form.deny)?, ask: Rules::new(form.ask)? })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.deny.texts.is_empty() && self.ask.texts.is_empty()
    }

    /// Of an absolute path.
    pub(crate) fn path(&self, resolved: &Path, workspace: &Path) -> Option<Tightened> {
        self.name(resolved.strip_prefix(workspace).unwrap_or(resolved))
    }

    /// Of a path from the workspace, or an absolute one outside.
    pub(crate) fn name(&self, path: &Path) -> Option<Tightened> {
        let deny = self.deny.path(path).map(Tightened::Deny);
        deny.or_else(|| self.ask.path(path).map(Tightened::Ask))
    }

    pub(crate) fn command(&self, commands: &Commands<'_>) -> Option<Tightened> {
        let deny = self.deny.command(commands).map(Tightened::Deny);
        deny.or_else(|| self.ask.command(commands).map(Tightened::Ask))
    }
}

#[derive(Clone, Debug, Default)]
struct Rules {
    texts: Vec<String>,
    globs: GlobSet,
}

impl Rules {
    fn new(texts: Vec<String>) -> Result<Self, GuardError> {
        let mut builder = GlobSetBuilder::new();
        for text in &texts {
            // A name without a slash counts at any depth, as in an ignore file.
            let pattern = if text.contains('/') {
                text.trim_start_matches('/').to_owned()
            } else {
                format!("**/{text}")
            };
            let glob =
                GlobBuilder::new(&pattern).case_insensitive(true).build().map_err(|error| {
                    GuardError::Unreadable(format!(
                        "{FILE} has a rule that makes no sense: {error}"
                    ))
                })?;
            builder.add(glob);
        }
        let globs = builder
            .build()
            .map_err(|error| GuardError::Unreadable(format!("{FILE} cannot be read: {error}")))?;
        Ok(Self { texts, globs })
    }

    fn path(&self, path: &Path) -> Option<String> {
        let found = self.globs.matches(path).into_iter().next().or_else(|| {
            path.ancestors()
                .skip(1)
                .find_map(|folder| self.globs.matches(folder).into_iter().next())
        })?;
        self.texts.get(found).cloned()
    }

    fn command(&self, commands: &Commands<'_>) -> Option<String> {
        self.texts.iter().find(|rule| names(rule, commands)).cloned()
    }
}
