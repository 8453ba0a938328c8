//! Settings: the config file, and what the command line says over it.

mod checked;
pub(crate) mod listed;

use crate::AgentError;
use crate::undo::UndoLimits;
use countersign_guard::command::Pattern;
use countersign_guard::{KeptRule, Policy, PolicySettings};
use countersign_protocol::{ConfinementInfo, ExecSecurity, FileApproval, Prices, ProviderKind};
use countersign_sandbox::confine;
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
    /// Whether the system confines commands.
    pub confine: Option<bool>,
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
    network: Option<bool>,
    provider: Option<ProviderKind>,
    model: Option<String>,
    base_url: Option<String>,
    max_steps: Option<u32>,
    pass_through: Vec<String>,
    undo_file_mb: Option<u32>,
    undo_budget_mb: Option<u32>,
    editor: Option<String>,
    notifications: Option<bool>,
    sounds: Option<bool>,
    #[serde(deserialize_with = "checked::prices")]
    prices: Option<Prices>,
    #[serde(deserialize_with = "checked::endpoint")]
    otlp_endpoint: Option<String>,
    otlp_content: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum OnOff {
    On,
    Off,
}

/// How a card that waits calls for the person.
#[derive(Clone, Copy, Debug)]
pub struct Calling {
    /// By a notification of the desktop; it does unless told.
    pub notifications: bool,
    /// By a sound; it does not unless told.
    pub sounds: bool,
}

/// Settings in force.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What decides over commands.
    pub exec_security: ExecSecurity,
    /// What decides over writes and edits.
    pub file_approval: FileApproval,
    /// Whether commands are confined where the system can; on unless told.
    pub confine: bool,
    /// Whether commands reach the network; they do unless told.
    pub network: bool,
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
    /// How much is kept for undoing.
    pub undo: UndoLimits,
    /// The command of the person's editor, where it was said.
    pub editor: Option<String>,
    /// How a card that waits calls for the person.
    pub calling: Calling,
    /// What the model costs, where it was said.
    pub prices: Option<Prices>,
    /// Where traces of runs are sent while they run, where it was said.
    pub otlp_endpoint: Option<String>,
    /// Whether they hold what was said, read and written.
    pub otlp_content: bool,
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
        let confine = over.confine.or(form.confine.map(|word| word == OnOff::On)).unwrap_or(true);
        let network = form.network.unwrap_or(true);
        let system = confine::system();
        if confine && !system.active() {
            warnings.push(system.describe());
        }
        if !network && !system.cuts_network() {
            warnings.push(
                "network = false has NO EFFECT: this system cannot keep a command from the network"
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
            confine,
            network,
            allow,
            provider: over.provider.or(form.provider),
            model: over.model.or(form.model),
            base_url: over.base_url.or(form.base_url),
            max_steps: over.max_steps.or(form.max_steps).unwrap_or(MAX_STEPS).max(1),
            pass_through: form.pass_through,
            undo: limits(form.undo_file_mb, form.undo_budget_mb),
            editor: form.editor.filter(|editor| !editor.trim().is_empty()),
            calling: Calling {
                notifications: form.notifications.unwrap_or(true),
                sounds: form.sounds.unwrap_or(false),
            },
            prices: form.prices,
            otlp_endpoint: form.otlp_endpoint,
            otlp_content: form.otlp_content,
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
            && (self.confine && confine::system().active()) == other.confine
            && self.network == other.network
    }

    /// What confines commands under these settings, for the status bar.
    pub(crate) fn confinement(&self) -> ConfinementInfo {
        let system = confine::system();
        if !system.active() {
            return ConfinementInfo { active: false, text: system.describe() };
        }
        let mut text = if self.confine {
            system.describe()
        } else {
            "NOT CONFINED: switched off in the settings. A command that you approve can do whatever you can."
                .to_owned()
        };
        if !self.network {
            text += ", network off";
        }
        ConfinementInfo { active: self.confine, text }
    }

    /// The policy of these settings, with the rules that the person made before.
    pub(crate) fn policy(&self, rules: Vec<KeptRule>) -> Policy {
        let settings = PolicySettings {
            exec_security: self.exec_security,
            file_approval: self.file_approval,
            allow: self.allow.clone(),
            confine: self.confine && confine::system().active(),
            network: self.network,
        };
        Policy::new(settings, rules)
    }
}

/// The limits of undoing, given in MB.
fn limits(file: Option<u32>, budget: Option<u32>) -> UndoLimits {
    let bytes = |mb: u32| u64::from(mb) * 1024 * 1024;
    let known = UndoLimits::default();
    UndoLimits { file: file.map_or(known.file, bytes), budget: budget.map_or(known.budget, bytes) }
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
    fn commands_are_confined_unless_told_and_what_is_told_is_true() {
        let info = |text, confine| {
            let over = Overrides { confine, ..Overrides::default() };
            let settings = load(text, over).unwrap();
            let policy = settings.policy(Vec::new());
            let info = settings.confinement();
            assert_eq!(policy.settings().confine, info.active);
            assert_eq!(policy.summary().confine, info.active);
            (info, settings.warnings.len())
        };
        let can = confine::system().active();
        let loud = usize::from(!can);
        for (text, confine, wanted) in [
            ("", None, true),
            ("confine = \"on\"", None, true),
            ("confine = \"off\"", None, false),
            ("confine = \"off\"", Some(true), true),
            ("", Some(false), false),
        ] {
            let (info, warnings) = info(text, confine);
            assert_eq!(info.active, wanted && can, "{text} {confine:?}");
            assert_eq!(info.text.starts_with("NOT CONFINED"), !info.active, "{}", info.text);
            assert_eq!(warnings, if wanted { loud } else { 0 }, "{text} {confine:?}");
        }
        if can {
            let (info, _) = info("network = false", None);
            assert!(info.text.starts_with("confined (") && info.text.ends_with("network off"));
        }
        assert!(load("network = \"off\"", Overrides::default()).is_err());
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

    #[test]
    fn prices_are_numbers_that_can_be_reckoned_with() {
        let prices = |text: &str| load(&format!("prices = {text}"), Overrides::default());
        let whole = prices("{ input = 3, output = 15.0, cache_read = 0.3, cache_write = 3.75 }");
        let wanted =
            Prices { input: 3.0, output: 15.0, cache_read: Some(0.3), cache_write: Some(3.75) };
        assert_eq!(whole.unwrap().prices, Some(wanted));
        let least = prices("{ input = 0, output = 0 }").unwrap().prices.unwrap();
        assert_eq!((least.cache_read, least.cache_write), (None, None));
        for wrong in [
            "{ input = -1, output = 1 }",
            "{ input = nan, output = 1 }",
            "{ input = 1, output = inf }",
            "{ input = 1, output = 1, cache_read = 1e9 }",
            "{ input = 1 }",
            "{ input = 1, output = 1, cached = 1 }",
            "3.0",
        ] {
            assert!(prices(wrong).is_err(), "{wrong}");
        }
    }
}
