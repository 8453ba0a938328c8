//! What a command finds around it: its shell, and its environment.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// What every command finds set.
const SET: &[(&str, &str)] =
    &[("GIT_PAGER", "cat"), ("GIT_TERMINAL_PROMPT", "0"), ("PAGER", "cat"), ("TERM", "dumb")];

/// Doors to the person's desktop and agents, and what a shell or the loader runs before the command.
const DOORS: &[&str] = &[
    "BASH_ENV",
    "DBUS_SESSION_BUS_ADDRESS",
    "DBUS_STARTER_ADDRESS",
    "DBUS_STARTER_BUS_TYPE",
    "DISPLAY",
    "DOCKER_HOST",
    "ENV",
    "GNOME_KEYRING_CONTROL",
    "GPG_AGENT_INFO",
    "LD_AUDIT",
    "LD_PRELOAD",
    "SSH_AGENT_PID",
    "SSH_ASKPASS",
    "SSH_AUTH_SOCK",
    "SUDO_ASKPASS",
    "WAYLAND_DISPLAY",
    "WAYLAND_SOCKET",
    "XAUTHORITY",
];

/// Whole families of names that hold credentials.
const FAMILIES: &[&str] =
    &["ANTHROPIC_", "AWS_", "AZURE_", "BASH_FUNC_", "OPENAI_", "COUNTERSIGN_"];

/// Parts of names that hold credentials.
const PARTS: &[&str] =
    &["APIKEY", "CREDENTIAL", "PASSPHRASE", "PASSWD", "PASSWORD", "PRIVATE_KEY", "SECRET", "TOKEN"];

/// Words of names, between underscores, that hold credentials.
const WORDS: &[&str] =
    &["AUTH", "COOKIE", "DSN", "JWT", "KEY", "KEYS", "PASS", "PAT", "PIN", "PSK", "PWD"];

/// The program that runs a command line, and its arguments before the line.
#[must_use]
pub fn shell() -> (PathBuf, Vec<OsString>) {
    if Path::new("/bin/bash").exists() {
        let arguments = ["--noprofile", "--norc", "-c"].map(OsString::from).to_vec();
        ("/bin/bash".into(), arguments)
    } else {
        ("/bin/sh".into(), vec!["-c".into()])
    }
}

/// The shell as a card names it.
#[must_use]
pub fn shell_name() -> String {
    format!("{} -c", shell().0.display())
}

/// The whole environment of a command: the parent's without secrets and doors to the desktop, but
/// with what `pass_through` names, then what is always set, then the additions. Sorted by name.
pub fn build(
    parent: impl Iterator<Item = (OsString, OsString)>,
    pass_through: &[String],
    additions: &[(OsString, OsString)],
) -> Vec<(OsString, OsString)> {
    let passes = |name: &OsStr| pass_through.iter().any(|passed| OsStr::new(passed) == name);
    let mut all: BTreeMap<OsString, OsString> =
        parent.filter(|(name, _)| passes(name) || !is_withheld(name)).collect();
    all.extend(SET.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))));
    all.extend(additions.iter().cloned());
    all.into_iter().collect()
}

/// Whether a variable is kept from commands. A name that is no text is: nobody can judge it.
fn is_withheld(name: &OsStr) -> bool {
    let Some(name) = name.to_str() else { return true };
    let name = name.to_uppercase();
    // The folder that the shell is in; not a password.
    if name == "PWD" || name == "OLDPWD" {
        return false;
    }
    DOORS.contains(&name.as_str())
        || FAMILIES.iter().any(|family| name.starts_with(family))
        || PARTS.iter().any(|part| name.contains(part))
        || name.split('_').any(|word| WORDS.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built(parent: &[(&str, &str)], pass: &[&str], add: &[(&str, &str)]) -> Vec<String> {
        let own = |(name, value): &(&str, &str)| (OsString::from(name), OsString::from(value));
        let pass: Vec<String> = pass.iter().map(ToString::to_string).collect();
        let add: Vec<_> = add.iter().map(own).collect();
        build(parent.iter().map(own), &pass, &add)
            .into_iter()
            .filter(|(name, _)| {
                !SET.iter().any(|(set, value)| name == set && add.is_empty() && !value.is_empty())
            })
            .map(|(name, value)| format!("{}={}", name.display(), value.display()))
            .collect()
    }

    #[test]
    fn secrets_and_doors_are_withheld() {
        for name in [
            "ANTHROPIC_API_KEY",
            "ANTHROPIC_BASE_URL",
            "OPENAI_API_KEY",
            "MY_KEY",
            "my_key",
            "GITHUB_TOKEN",
            "CLIENT_SECRET_ID",
            "DB_PASSWORD",
            "PGPASSWORD",
            "MYSQL_PWD",
            "AWS_PROFILE",
            "AWS_SESSION_TOKEN",
            "NPM_CONFIG__AUTH",
            "SENTRY_DSN",
            "GH_PAT",
            "KEY",
            "DISPLAY",
            "WAYLAND_DISPLAY",
            "XAUTHORITY",
            "DBUS_SESSION_BUS_ADDRESS",
            "SSH_AUTH_SOCK",
            "BASH_ENV",
            "BASH_FUNC_ls%%",
            "ENV",
            "LD_PRELOAD",
            "DBUS_STARTER_ADDRESS",
            "DOCKER_HOST",
            "GPG_AGENT_INFO",
            "SSH_AGENT_PID",
            "display",
            "aws_region",
            "GOOGLE_APPLICATION_CREDENTIALS",
        ] {
            assert_eq!(built(&[(name, "x")], &[], &[]), Vec::<String>::new(), "{name}");
        }
    }

    #[test]
    fn ordinary_names_are_kept() {
        for name in [
            "PATH",
            "HOME",
            "LANG",
            "PWD",
            "OLDPWD",
            "USER",
            "CARGO_HOME",
            "KEYBOARD",
            "MONKEY",
            "NODE_ENV",
            "XDG_RUNTIME_DIR",
            "HTTP_PROXY",
            "COLORTERM",
            "AUTHOR",
        ] {
            assert_eq!(built(&[(name, "x")], &[], &[]), [format!("{name}=x")], "{name}");
        }
    }

    #[test]
    fn what_is_named_passes_and_additions_win() {
        assert_eq!(built(&[("MY_TOKEN", "x")], &["MY_TOKEN"], &[]), ["MY_TOKEN=x"]);
        let built = built(&[("TERM", "xterm"), ("A", "1")], &[], &[("A", "2"), ("PAGER", "less")]);
        assert!(built.contains(&"A=2".to_owned()));
        assert!(built.contains(&"PAGER=less".to_owned()));
        assert!(built.contains(&"TERM=dumb".to_owned()));
    }
}
