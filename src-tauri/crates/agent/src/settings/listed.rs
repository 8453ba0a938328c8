//! The settings as the window lists and sets them: the keys of the settings file.

use super::{Form, MAX_STEPS};
use crate::AgentError;
use crate::undo::UndoLimits;
use crate::whole::write_whole;
use countersign_protocol::{Setting, SettingSource};
use std::path::Path;
use toml_edit::{DocumentMut, Item, Value};

/// A key of the settings file: its name, what it is for, its values where they can be listed.
struct Key {
    name: &'static str,
    about: &'static str,
    choices: &'static [&'static str],
}

const KEYS: &[Key] = &[
    Key {
        name: "exec_security",
        about: "What decides over commands: always ask, ask unless a pattern allows it, or never ask.",
        choices: &["\"approval-always\"", "\"allowlist\"", "\"allow-always\""],
    },
    Key {
        name: "allow",
        about: "Patterns of commands that run without asking under allowlist.",
        choices: &[],
    },
    Key {
        name: "file_approval",
        about: "Whether writes and edits inside the workspace ask.",
        choices: &["\"always\"", "\"none\""],
    },
    Key {
        name: "confine",
        about: "Whether the operating system confines commands, where it can.",
        choices: &["\"on\"", "\"off\""],
    },
    Key {
        name: "network",
        about: "Whether commands reach the network unless a card says otherwise.",
        choices: &["true", "false"],
    },
    Key {
        name: "pass_through",
        about: "Names of variables that commands keep although they look like secrets.",
        choices: &[],
    },
    Key {
        name: "provider",
        about: "Which kind of model client is used.",
        choices: &["\"anthropic\"", "\"openai\""],
    },
    Key {
        name: "model",
        about: "The model's name; the provider's own where there is none.",
        choices: &[],
    },
    Key { name: "base_url", about: "The address of the model's server.", choices: &[] },
    Key { name: "max_steps", about: "Model calls before a run stops.", choices: &[] },
    Key {
        name: "undo_file_mb",
        about: "The largest file, in MB, that is kept for undoing.",
        choices: &[],
    },
    Key {
        name: "undo_budget_mb",
        about: "MB on disk that undoing may take for one workspace.",
        choices: &[],
    },
    Key {
        name: "editor",
        about: "The command that opens a file in your editor; {path} and {line} are filled in. One that is installed where there is none.",
        choices: &[],
    },
    Key {
        name: "notifications",
        about: "Whether the desktop shows a notification when a card waits and the window is not in front.",
        choices: &["true", "false"],
    },
    Key {
        name: "sounds",
        about: "Whether a card that begins to wait makes a sound.",
        choices: &["true", "false"],
    },
    Key {
        name: "prices",
        about: "What the model costs, in US dollars for a million tokens: { input = 3.0, output = 15.0, cache_read = 0.3, cache_write = 3.75 }.",
        choices: &[],
    },
    Key {
        name: "otlp_endpoint",
        about: "Where OpenTelemetry traces of runs are sent while they run, such as http://localhost:4318.",
        choices: &[],
    },
    Key {
        name: "otlp_content",
        about: "Whether these traces hold what was said, read and written.",
        choices: &["true", "false"],
    },
];

/// All settings as the file has them.
pub(crate) fn list(file: &Path) -> Result<Vec<Setting>, AgentError> {
    let document = read(file)?;
    Ok(KEYS
        .iter()
        .map(|key| {
            let set = document.get(key.name).and_then(Item::as_value).map(|value| {
                let mut value = value.clone();
                value.decor_mut().clear();
                value.to_string().trim().to_owned()
            });
            Setting {
                key: key.name.to_owned(),
                about: key.about.to_owned(),
                source: if set.is_some() { SettingSource::File } else { SettingSource::Default },
                value: set.unwrap_or_else(|| default_of(key.name)),
                choices: key.choices.iter().map(|&choice| choice.to_owned()).collect(),
            }
        })
        .collect())
}

/// Sets a key to a value as TOML writes it, or takes it out. All else in the file stays as it is, comments
/// too. A file that would make no sense is not written.
pub(crate) fn set(file: &Path, key: &str, value: Option<&str>) -> Result<(), AgentError> {
    let problem = |problem: String| AgentError::Settings { path: file.to_owned(), problem };
    if !KEYS.iter().any(|known| known.name == key) {
        return Err(problem(format!("there is no setting {key}")));
    }
    let mut document = read(file)?;
    match value {
        None => drop(document.remove(key)),
        Some(value) => {
            let value: Value = value.parse().map_err(|error: toml_edit::TomlError| {
                problem(error.to_string().trim().to_owned())
            })?;
            document[key] = Item::Value(value);
        }
    }
    let text = document.to_string();
    toml::from_str::<Form>(&text).map_err(|error| problem(error.message().to_owned()))?;
    write_whole(file, &text)
}

fn read(file: &Path) -> Result<DocumentMut, AgentError> {
    let problem = |problem: String| AgentError::Settings { path: file.to_owned(), problem };
    match std::fs::read_to_string(file) {
        Ok(text) => text
            .parse()
            .map_err(|error: toml_edit::TomlError| problem(error.to_string().trim().to_owned())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(DocumentMut::new()),
        Err(error) => Err(problem(error.to_string())),
    }
}

fn default_of(key: &str) -> String {
    let mb = |bytes: u64| (bytes / (1024 * 1024)).to_string();
    match key {
        "exec_security" => "\"approval-always\"".to_owned(),
        "file_approval" => "\"always\"".to_owned(),
        "confine" => "\"on\"".to_owned(),
        "network" | "notifications" => "true".to_owned(),
        "sounds" | "otlp_content" => "false".to_owned(),
        "allow" | "pass_through" => "[]".to_owned(),
        "max_steps" => MAX_STEPS.to_string(),
        "undo_file_mb" => mb(UndoLimits::default().file),
        "undo_budget_mb" => mb(UndoLimits::default().budget),
        _ => String::new(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_set_and_all_else_stays() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.toml");
        set(&file, "max_steps", Some("7")).unwrap();
        let text = "# mine\nallow = [ \"ls\" ] # short\nmax_steps = 7\n";
        std::fs::write(&file, text).unwrap();
        let of = |key: &str| {
            list(&file).unwrap().into_iter().find(|setting| setting.key == key).unwrap()
        };
        assert_eq!(
            (of("max_steps").value.as_str(), of("max_steps").source),
            ("7", SettingSource::File)
        );
        assert_eq!(of("network").source, SettingSource::Default);
        set(&file, "network", Some("false")).unwrap();
        set(&file, "max_steps", None).unwrap();
        let text = std::fs::read_to_string(&file).unwrap();
        assert_eq!(text, "# mine\nallow = [ \"ls\" ] # short\nnetwork = false\n");
        for (key, value) in
            [("network", "7"), ("network", "tru"), ("secret", "1"), ("allow", "\"x\"")]
        {
            assert!(set(&file, key, Some(value)).is_err(), "{key} = {value}");
        }
        assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    }

    #[test]
    fn every_key_of_the_file_is_listed() {
        for key in KEYS {
            let value = if key.choices.is_empty() {
                default_of(key.name)
            } else {
                key.choices[0].to_owned()
            };
            let value = match (key.name, value.is_empty()) {
                ("prices", _) => "{ input = 1.0, output = 2.5 }".to_owned(),
                ("otlp_endpoint", _) => "\"http://localhost:4318\"".to_owned(),
                (_, true) => "\"x\"".to_owned(),
                (_, false) => value,
            };
            toml::from_str::<Form>(&format!("{} = {value}", key.name)).unwrap();
        }
    }
}
