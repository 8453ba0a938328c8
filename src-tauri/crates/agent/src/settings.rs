//! Settings: the config file, and what the command line says over it.

use crate::AgentError;
use countersign_guard::command::Pattern;
use countersign_guard::{Policy, PolicySettings, Rule};
use countersign_protocol::{ExecSecurity, FileApproval, ProviderKind};
use serde::Deserialize;
use std::path::Path;

/// Model calls before a run stops, unless told.
const MAX_STEPS: u32 = 30;

/// What the command line says; none where it says nothing.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// What decides over commands.
    pub exec_security: Option<ExecSecurity>,
    /// Patterns, added to those of the file.
    pub allow: Vec<String>,
    /// What decides over writes and edits.
    pub file_approval: Option<FileApproval>,
    /// Which model client.
    pub provider: Option<ProviderKind>,
    /// The model's name.
    pub model: Option<String>,
    /// The server's address.
    pub base_url: Option<String>,
    /// Model calls before a run stops.
    pub max_steps: Option<u32>,
}

/// The config file: the options of the command line with `_` for `-`. An unknown key is refused: a
/// setting that the person believes in must not silently be none.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Form {
    exec_security: Option<ExecSecurity>,
    allow: Vec<String>,
    file_approval: Option<FileApproval>,
    confine: Option<OnOff>,
    provider: Option<ProviderKind>,
    model: Option<String>,
    base_url: Option<String>,
    max_steps: Option<u32>,
    pass_through: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum OnOff {
    On,
    Off,
}

/// Settings in force.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What decides over commands.
    pub exec_security: ExecSecurity,
    /// What decides over writes and edits.
    pub file_approval: FileApproval,
    /// Patterns of commands that run under `allowlist`.
    pub allow: Vec<Pattern>,
    /// Which model client, where it was said.
    pub provider: Option<ProviderKind>,
    /// The model's name, where it was said.
    pub model: Option<String>,
    /// The server's address, where it was said.
    pub base_url: Option<String>,
    /// Model calls before a run stops.
    pub max_steps: u32,
    /// Names of variables that commands keep although they look like secrets.
    pub pass_through: Vec<String>,
    /// What was left out, in words for the person.
    pub warnings: Vec<String>,
}

impl Settings {
    /// Reads the config file; one that is missing is empty. What the command line says goes over it.
    pub fn load(file: &Path, over: Overrides) -> Result<Self, AgentError> {
        let problem = |problem: String| AgentError::Settings { path: file.to_owned(), problem };
        let form: Form = match std::fs::read_to_string(file) {
            Ok(text) => toml::from_str(&text)
                .map_err(|error| problem(error.to_string().trim().to_owned()))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Form::default(),
            Err(error) => return Err(problem(error.to_string())),
        };
        let mut warnings = Vec::new();
        if form.confine == Some(OnOff::On) {
            warnings.push(
                "confine = \"on\" has no effect: this version does not confine commands by the operating system"
                    .to_owned(),
            );
        }
        let mut allow = Vec::new();
        for text in form.allow.iter().chain(&over.allow) {
            match Pattern::parse(text) {
                Ok(pattern) => allow.push(pattern),
                Err(why) => warnings.push(why),
            }
        }
        Ok(Self {
            exec_security: over.exec_security.or(form.exec_security).unwrap_or_default(),
            file_approval: over.file_approval.or(form.file_approval).unwrap_or_default(),
            allow,
            provider: over.provider.or(form.provider),
            model: over.model.or(form.model),
            base_url: over.base_url.or(form.base_url),
            max_steps: over.max_steps.or(form.max_steps).unwrap_or(MAX_STEPS).max(1),
            pass_through: form.pass_through,
            warnings,
        })
    }

    /// The same with other values for what one question carries of its own. Patterns replace those
    /// in force; those that are refused come back as warnings.
    #[must_use]
    pub fn with(&self, over: &Overrides, own_patterns: bool) -> (Self, Vec<String>) {
        let mut settings = self.clone();
        settings.exec_security = over.exec_security.unwrap_or(settings.exec_security);
        settings.file_approval = over.file_approval.unwrap_or(settings.file_approval);
        let mut warnings = Vec::new();
        if own_patterns {
            settings.allow.clear();
            for text in &over.allow {
                match Pattern::parse(text) {
                    Ok(pattern) => settings.allow.push(pattern),
                    Err(why) => warnings.push(why),
                }
            }
        }
        (settings, warnings)
    }

    /// Whether a policy of these settings would be that one.
    pub(crate) fn is_policy(&self, other: &PolicySettings) -> bool {
        self.exec_security == other.exec_security
            && self.file_approval == other.file_approval
            && self.allow == other.allow
    }

    /// The policy of these settings, with the rules that the person made before.
    pub(crate) fn policy(&self, lasting: Vec<Rule>) -> Policy {
        let settings = PolicySettings {
            exec_security: self.exec_security,
            file_approval: self.file_approval,
            allow: self.allow.clone(),
            confine: false,
            network: true,
        };
        Policy::new(settings, lasting)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str, over: Overrides) -> Result<Settings, AgentError> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.toml");
        std::fs::write(&file, text).unwrap();
        Settings::load(&file, over)
    }

    #[test]
    fn the_command_line_goes_over_the_file() {
        let over = Overrides {
            exec_security: Some(ExecSecurity::ApprovalAlways),
            allow: vec!["ls".to_owned(), "*".to_owned()],
            ..Overrides::default()
        };
        let settings = load(
            "exec_security = \"allow-always\"\nallow = [\"node *\"]\nfile_approval = \"none\"\nmax_steps = 5",
            over,
        )
        .unwrap();
        assert_eq!(settings.exec_security, ExecSecurity::ApprovalAlways);
        assert_eq!(settings.file_approval, FileApproval::None);
        assert_eq!(settings.max_steps, 5);
        let patterns: Vec<String> = settings.allow.iter().map(ToString::to_string).collect();
        assert_eq!(patterns, ["node *", "ls"]);
        assert_eq!(settings.warnings.len(), 1, "the pattern * is left out with a warning");
    }

    #[test]
    fn a_missing_file_is_empty_and_a_wrong_one_is_refused() {
        let none =
            Settings::load(Path::new("/nonexistent/config.toml"), Overrides::default()).unwrap();
        assert_eq!(none.exec_security, ExecSecurity::ApprovalAlways);
        assert_eq!(none.max_steps, MAX_STEPS);
        assert!(load("exec_securty = \"allowlist\"", Overrides::default()).is_err());
        assert!(load("exec_security = \"sometimes\"", Overrides::default()).is_err());
    }
}
