//! Rules that a person made on a card and that outlast the session, a list in the data folder.

use countersign_guard::Rule;
use countersign_guard::command::Pattern;
use countersign_store::{StoreError, write_private};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The file of lasting rules.
#[derive(Clone, Debug)]
pub(crate) struct RuleFile {
    path: PathBuf,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Form {
    rules: Vec<Entry>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    workspace: PathBuf,
    #[serde(flatten)]
    rule: Stored,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Stored {
    Command(String),
    EditFile(PathBuf),
    EditWorkspace(bool),
}

impl RuleFile {
    pub(crate) fn new(data_dir: &Path) -> Self {
        Self { path: data_dir.join("rules.json") }
    }

    /// The rules of a workspace. A file that cannot be read gives none: then everything asks.
    pub(crate) fn load(&self, workspace: &Path) -> Vec<Rule> {
        let entries = match self.read() {
            Ok(form) => form.rules,
            Err(error) => {
                tracing::warn!("the rules in {} are left out: {error}", self.path.display());
                Vec::new()
            }
        };
        entries
            .into_iter()
            .filter(|entry| entry.workspace == workspace)
            .filter_map(|entry| match entry.rule {
                Stored::Command(text) => Pattern::for_rule(&text).ok().map(Rule::Command),
                Stored::EditFile(path) => Some(Rule::EditFile(path)),
                Stored::EditWorkspace(on) => on.then_some(Rule::EditWorkspace),
            })
            .collect()
    }

    /// Adds a rule. A file that cannot be read is not overwritten.
    pub(crate) fn add(&self, workspace: &Path, rule: &Rule) -> Result<(), StoreError> {
        let failed = |source| StoreError::Folder { path: self.path.clone(), source };
        let mut form = self.read().map_err(failed)?;
        let rule = match rule {
            Rule::Command(pattern) => Stored::Command(pattern.to_string()),
            Rule::EditFile(path) => Stored::EditFile(path.clone()),
            Rule::EditWorkspace => Stored::EditWorkspace(true),
        };
        let entry = Entry { workspace: workspace.to_owned(), rule };
        if form.rules.contains(&entry) {
            return Ok(());
        }
        form.rules.push(entry);
        let bytes = serde_json::to_vec_pretty(&form)
            .map_err(|error| failed(std::io::Error::other(error)))?;
        write_private(&self.path, &bytes)
    }

    fn read(&self) -> std::io::Result<Form> {
        match std::fs::read(&self.path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(std::io::Error::other),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Form::default()),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_outlast_the_session_and_stay_in_their_workspace() {
        let folder = tempfile::tempdir().unwrap();
        let file = RuleFile::new(folder.path());
        let here = Path::new("/w");
        let rules = [
            Rule::Command(Pattern::for_rule("npm test").unwrap()),
            Rule::EditFile(here.join("a.txt")),
            Rule::EditWorkspace,
        ];
        for rule in rules.iter().chain(&rules) {
            file.add(here, rule).unwrap();
        }
        assert_eq!(RuleFile::new(folder.path()).load(here), rules);
        assert!(file.load(Path::new("/other")).is_empty());
    }

    #[test]
    fn an_unreadable_file_gives_no_rule_and_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let file = RuleFile::new(folder.path());
        std::fs::write(&file.path, "not json").unwrap();
        assert!(file.load(Path::new("/w")).is_empty());
        assert!(file.add(Path::new("/w"), &Rule::EditWorkspace).is_err());
        assert_eq!(std::fs::read(&file.path).unwrap(), b"not json");
    }
}
