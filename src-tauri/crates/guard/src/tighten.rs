//! What a workspace brings: `.countersign.toml` with `deny` and `ask`, lists of command patterns and
//! path globs. It can only tighten. Any other key in it has no effect.

use crate::GuardError;
use crate::command::{Commands, names};
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use serde::Deserialize;
use std::path::{Component, Path, PathBuf};

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

    /// Of an absolute path and of the name that it was asked for by: the stricter of both.
    pub(crate) fn both(&self, real: &Path, asked: &Path, workspace: &Path) -> Option<Tightened> {
        match (self.path(real, workspace), self.asked(asked, workspace)) {
            (Some(Tightened::Ask(_)), Some(Tightened::Deny(rule))) => Some(Tightened::Deny(rule)),
            (real, asked) => real.or(asked),
        }
    }

    /// Of a path as it was asked for, `.` and `..` taken out by name: a rule may name a link.
    fn asked(&self, asked: &Path, workspace: &Path) -> Option<Tightened> {
        let mut plain = PathBuf::new();
        for part in asked.components() {
            match part {
                Component::ParentDir => {
                    plain.pop();
                }
                Component::CurDir => {}
                Component::Prefix(_) | Component::RootDir | Component::Normal(_) => {
                    plain.push(part);
                }
            }
        }
        self.path(&plain, workspace)
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
    /// Which text each glob is of.
    of: Vec<usize>,
}

/// The globs of a rule. A name without a slash counts at any depth, as in an ignore file; one that
/// begins with a slash counts from the workspace, as there, and from the root as well.
fn patterns(text: &str) -> Vec<String> {
    let text = text.strip_prefix("./").unwrap_or(text);
    let text = text.strip_suffix('/').filter(|rest| !rest.is_empty()).unwrap_or(text);
    let mut patterns = if text.contains('/') {
        vec![text.trim_start_matches('/').to_owned(), text.to_owned()]
    } else {
        vec![format!("**/{text}")]
    };
    // What covers all of a folder covers the folder.
    let folders: Vec<String> = patterns
        .iter()
        .filter_map(|pattern| pattern.strip_suffix("/**").or(pattern.strip_suffix("/**/*")))
        .filter(|folder| !folder.is_empty() && *folder != "**")
        .map(str::to_owned)
        .collect();
    patterns.extend(folders);
    patterns.sort();
    patterns.dedup();
    patterns
}

impl Rules {
    fn new(texts: Vec<String>) -> Result<Self, GuardError> {
        let mut builder = GlobSetBuilder::new();
        let mut of = Vec::new();
        for (rule, text) in texts.iter().enumerate() {
            for pattern in patterns(text) {
                let glob =
                    GlobBuilder::new(&pattern).case_insensitive(true).build().map_err(|error| {
                        GuardError::Unreadable(format!(
                            "{FILE} has a rule that makes no sense: {error}"
                        ))
                    })?;
                builder.add(glob);
                of.push(rule);
            }
        }
        let globs = builder
            .build()
            .map_err(|error| GuardError::Unreadable(format!("{FILE} cannot be read: {error}")))?;
        Ok(Self { texts, globs, of })
    }

    /// The rule that covers a path, or a folder above it.
    fn path(&self, path: &Path) -> Option<String> {
        let glob = path.ancestors().find_map(|path| self.globs.matches(path).into_iter().next())?;
        self.texts.get(*self.of.get(glob)?).cloned()
    }

    fn command(&self, commands: &Commands<'_>) -> Option<String> {
        self.texts.iter().find(|rule| names(rule, commands)).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn denies(rule: &str, path: &str) -> bool {
        let tightening = Tightening::parse(&format!("deny = [{rule:?}]")).unwrap();
        tightening.name(Path::new(path)).is_some()
    }

    #[test]
    fn a_rule_covers_what_its_writer_means() {
        for (rule, path) in [
            ("secret.txt", "a/b/secret.txt"),
            ("./secret.txt", "secret.txt"),
            ("private/", "private/n.txt"),
            ("private/**", "private"),
            ("private/**", "private/a/n.txt"),
            ("/vault", "vault/key"),
            ("/etc/**", "/etc/hosts"),
            ("/etc/**", "/etc"),
            ("docs/*.md", "docs/a.md"),
            ("Secret.TXT", "secret.txt"),
        ] {
            assert!(denies(rule, path), "{rule} covers {path}");
        }
        for (rule, path) in [
            ("secret.txt", "secret.txt.md"),
            ("private/**", "privates/n.txt"),
            ("./secret.txt", "other.txt"),
            ("/etc/**", "/usr/etc/hosts"),
        ] {
            assert!(!denies(rule, path), "{rule} does not cover {path}");
        }
    }
}
