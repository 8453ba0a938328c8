//! What a workspace brings: `.countersign.toml` with `deny` and `ask`, lists of command patterns and
//! path globs. It can only tighten. Any other key in it has no effect.

use crate::GuardError;
use crate::command::{Commands, Effort, Named, Programs, Readings};
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use serde::Deserialize;
use std::path::{Component, Path, PathBuf};

/// Bytes of rules; a file with more is refused.
const MAX_RULES: usize = 64 * 1024;
/// Bytes of globs times bytes of a path: where there is more to compare, it asks.
const MAX_WORK: usize = 2_000_000;
/// From here on the clock is looked at each time.
const MUCH_WORK: usize = 300_000;

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
        let size: usize = form.deny.iter().chain(&form.ask).map(String::len).sum();
        if size > MAX_RULES {
            return Err(GuardError::Unreadable(format!("{FILE} has more than 64 KB of rules")));
        }
        Ok(Self { deny: Rules::new(form.deny)?, ask: Rules::new(form.ask)? })
    }

    /// Whether a rule is for a program of this name.
    fn starts_with(&self, name: &str) -> bool {
        self.deny.programs.has(name) || self.ask.programs.has(name)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.deny.texts.is_empty() && self.ask.texts.is_empty()
    }

    /// Of an absolute path.
    pub(crate) fn path(&self, resolved: &Path, workspace: &Path) -> Option<Tightened> {
        self.path_within(resolved, workspace, &Effort::default())
    }

    fn path_within(&self, resolved: &Path, workspace: &Path, effort: &Effort) -> Option<Tightened> {
        self.name_within(resolved.strip_prefix(workspace).unwrap_or(resolved), effort)
    }

    /// Of an absolute path and of the name that it was asked for by: the stricter of both.
    pub(crate) fn both(&self, real: &Path, asked: &Path, workspace: &Path) -> Option<Tightened> {
        self.both_within(real, asked, workspace, &Effort::default())
    }

    /// The same, within what one decision may cost.
    pub(crate) fn both_within(
        &self,
        real: &Path,
        asked: &Path,
        workspace: &Path,
        effort: &Effort,
    ) -> Option<Tightened> {
        let asked = self.path_within(&plain(asked), workspace, effort);
        match (self.path_within(real, workspace, effort), asked) {
            (Some(Tightened::Ask(_)), Some(Tightened::Deny(rule))) => Some(Tightened::Deny(rule)),
            (real, asked) => real.or(asked),
        }
    }

    /// What is forbidden of a path as it was asked for, by its name alone; it asks where that cannot
    /// be told in time.
    pub(crate) fn forbids(
        &self,
        asked: &Path,
        workspace: &Path,
        effort: &Effort,
    ) -> Option<Tightened> {
        if !effort.count(asked.as_os_str().len() / 2) {
            return None;
        }
        let asked = plain(asked);
        let name = asked.strip_prefix(workspace).unwrap_or(&asked);
        self.deny
            .path(name, effort, Told::ByName)
            .map_or_else(|Slow| None, |rule| rule.map(Tightened::Deny))
    }

    /// Of a path from the workspace, or an absolute one outside.
    pub(crate) fn name(&self, path: &Path) -> Option<Tightened> {
        self.name_within(path, &Effort::default())
    }

    /// The same, within what one decision may cost.
    pub(crate) fn name_within(&self, path: &Path, effort: &Effort) -> Option<Tightened> {
        strictest(self.deny.path(path, effort, Told::ByLooking), || {
            self.ask.path(path, effort, Told::ByLooking)
        })
    }

    /// Of commands, within what one decision may cost.
    pub(crate) fn command(&self, commands: &Commands<'_>, effort: &Effort) -> Option<Tightened> {
        if self.is_empty() {
            return None;
        }
        let readings = Readings::of(commands, &|name| self.starts_with(name));
        strictest(self.deny.command(&readings, effort), || self.ask.command(&readings, effort))
    }
}

/// How something is told: in the same way on every machine, or within the time that is left.
#[derive(Clone, Copy)]
enum Told {
    ByName,
    ByLooking,
}

/// A comparison that takes too long.
struct Slow;

/// What is found, deny before ask; it asks where that cannot be told in time.
fn strictest(
    deny: Result<Option<String>, Slow>,
    ask: impl FnOnce() -> Result<Option<String>, Slow>,
) -> Option<Tightened> {
    let slow = || Some(Tightened::Ask("(they take too long to compare)".to_owned()));
    match deny {
        Ok(Some(rule)) => Some(Tightened::Deny(rule)),
        Ok(None) => ask().map_or_else(|Slow| slow(), |rule| rule.map(Tightened::Ask)),
        Err(Slow) => slow(),
    }
}

/// A path as it was asked for, `.` and `..` taken out by name: a rule may name a link.
fn plain(asked: &Path) -> PathBuf {
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
    plain
}

#[derive(Clone, Debug, Default)]
struct Rules {
    texts: Vec<String>,
    /// Each as a command.
    named: Vec<Option<Named>>,
    programs: Programs,
    globs: GlobSet,
    /// Which text each glob is of.
    of: Vec<usize>,
    /// Bytes of the globs that hold wildcards.
    hard: usize,
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
        let mut hard = 0;
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
                if pattern.contains(['*', '?', '[', '{']) {
                    hard += pattern.len();
                }
            }
        }
        let globs = builder
            .build()
            .map_err(|error| GuardError::Unreadable(format!("{FILE} cannot be read: {error}")))?;
        let named: Vec<Option<Named>> = texts.iter().map(|text| Named::of(text)).collect();
        let programs = Programs::of(&named);
        Ok(Self { texts, named, programs, globs, of, hard })
    }

    /// The rule that covers a path, or a folder above it.
    fn path(&self, path: &Path, effort: &Effort, told: Told) -> Result<Option<String>, Slow> {
        if self.texts.is_empty() {
            return Ok(None);
        }
        for path in path.ancestors() {
            let work = self.hard * path.as_os_str().len();
            let steps = 5 + self.of.len() / 16;
            // Without the clock the price is that of globs which are hard to compare.
            let goes_on = match told {
                Told::ByName => effort.count(steps + work / 1_000),
                Told::ByLooking => effort.spend(steps + work / 5_000),
            };
            let late = || work > MUCH_WORK && effort.is_late();
            if work > MAX_WORK || !goes_on || late() {
                return Err(Slow);
            }
            if let Some(glob) = self.globs.matches(path).first() {
                return Ok(self.of.get(*glob).and_then(|rule| self.texts.get(*rule)).cloned());
            }
        }
        Ok(None)
    }

    fn command(&self, readings: &Readings, effort: &Effort) -> Result<Option<String>, Slow> {
        for (text, named) in self.texts.iter().zip(&self.named) {
            let Some(named) = named else { continue };
            if named.names(readings, effort).ok_or(Slow)? {
                return Ok(Some(text.clone()));
            }
        }
        Ok(None)
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
