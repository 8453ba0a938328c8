//! What a workspace brings: `.countersign.toml` with `deny` and `ask`, lists of command patterns and
//! path globs. It can only tighten. Any other key in it has no effect.

use crate::GuardError;
use globset::{Glob, GlobSet, GlobSetBuilder};
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
pub(crate) enum Tightened {
    Ask(String),
    Deny(String),
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

    pub(crate) fn path(&self, resolved: &Path, workspace: &Path) -> Option<Tightened> {
        let path = resolved.strip_prefix(workspace).unwrap_or(resolved);
        let deny = self.deny.path(path).map(Tightened::Deny);
        deny.or_else(|| self.ask.path(path).map(Tightened::Ask))
    }

    /// `words` are the simple commands as the guard read them; none where it could not.
    pub(crate) fn command(&self, raw: &str, words: &[Vec<String>]) -> Option<Tightened> {
        let deny = self.deny.command(raw, words).map(Tightened::Deny);
        deny.or_else(|| self.ask.command(raw, words).map(Tightened::Ask))
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
            let glob = Glob::new(&pattern).map_err(|error| {
                GuardError::Unreadable(format!("{FILE} has a rule that makes no sense: {error}"))
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

    /// A rule with `*` matches words from the left; without, the whole start of the words. Where the
    /// guard could not read the command, the raw text is searched: too much rather than too little.
    fn command(&self, raw: &str, words: &[Vec<String>]) -> Option<String> {
        self.texts
            .iter()
            .find(|rule| {
                let wanted: Vec<&str> =
                    rule.split_whitespace().take_while(|word| *word != "*").collect();
                if wanted.is_empty() {
                    return false;
                }
                if words.is_empty() {
                    let name = wanted.join(" ");
                    return raw.contains(&name);
                }
                words.iter().any(|simple| {
                    simple.len() >= wanted.len()
                        && simple.iter().zip(&wanted).all(|(word, wanted)| word == wanted)
                })
            })
            .cloned()
    }
}
