//! Git: what a wildcard covers, and what is inserted where it runs.

use super::ground::Ground;
use super::lexer::{Word, quote};
use super::options::{self, Argument};
use super::table::GIT;
use crate::repository::asks_gpg;
use std::path::Path;

/// Subcommands that compare contents, and so could run a program for it.
const COMPARES: &[&str] =
    &["diff", "diff-tree", "diff-index", "diff-files", "log", "show", "whatchanged", "reflog"];

/// Settings that go over all others.
const SETTINGS: &[(&str, &str)] = &[
    ("core.fsmonitor", "false"),
    ("core.hooksPath", "/dev/null"),
    ("core.pager", "cat"),
    ("log.showSignature", "false"),
    ("safe.bareRepository", "explicit"),
];

/// Whether a wildcard covers the words after `git`.
pub(super) fn check(words: &[Argument<'_>], ground: &Ground<'_>) -> Result<(), String> {
    let Some(place) = words.iter().position(|word| !word.text.starts_with('-')) else {
        return Err("a wildcard does not cover git without a subcommand.".to_owned());
    };
    let (before, rest) = words.split_at(place);
    if let Some(option) =
        before.iter().find(|word| !GIT.options.split(' ').any(|known| known == word.text))
    {
        return Err(format!(
            "{} makes git another program, or looks at another repository.",
            option.text
        ));
    }
    let Some((subcommand, rest)) = rest.split_first() else { return Ok(()) };
    ground.spend(rest.len())?;
    ground.check_repository()?;
    let sorts = ["branch", "tag", "for-each-ref"].contains(&subcommand.text);
    if let Some(word) = rest.iter().find(|word| {
        asks_gpg(word.text)
            || word.text.starts_with("--show-sig")
            || (sorts && word.text.contains("signature"))
    }) {
        return Err(format!("{} makes git run gpg.", word.text));
    }
    let plain: Vec<String> = rest.iter().map(|word| without_magic(word.text)).collect();
    let rest: Vec<Argument<'_>> = rest
        .iter()
        .zip(&plain)
        .map(|(word, text)| Argument { text, spelled: word.spelled })
        .collect();
    match GIT.subcommand(subcommand.text) {
        Some(known) if known.ordinary || subcommand.spelled => {
            options::check(&rest, &known.shape, ground)
        }
        // A subcommand of no row is covered where the pattern spells all of it out.
        _ if subcommand.spelled && rest.iter().all(|word| word.spelled) => {
            rest.iter().try_for_each(|word| ground.check_all(word.text, false))
        }
        _ => Err(format!("a wildcard does not cover git {}.", subcommand.text)),
    }
}

/// A pathspec's path without its magic: `.env` of `:(top).env` and of `:/.env`. Never an option.
fn without_magic(word: &str) -> String {
    let Some(magic) = word.strip_prefix(':') else { return word.to_owned() };
    let path = match magic.strip_prefix('(').and_then(|long| long.split_once(')')) {
        Some((_, path)) => path,
        None if magic.starts_with(['/', '!', '^']) => {
            let path = magic.trim_start_matches(['/', '!', '^']);
            path.strip_prefix(':').unwrap_or(path)
        }
        None => return word.to_owned(),
    };
    if path.starts_with('-') { format!("./{path}") } else { path.to_owned() }
}

/// The command as it runs: an environment and options that keep git from starting programs.
pub(super) fn runs(words: &[Word], workspace: &Path) -> String {
    let above = workspace.parent().unwrap_or(workspace).to_string_lossy();
    let mut text = String::new();
    let mut assign = |name: &str, value: &str| {
        text.push_str(name);
        text.push('=');
        text.push_str(&quote(value));
        text.push(' ');
    };
    assign("GIT_CONFIG_NOSYSTEM", "1");
    assign("GIT_CONFIG_SYSTEM", "/dev/null");
    assign("GIT_CONFIG_GLOBAL", "/dev/null");
    assign("GIT_ATTR_NOSYSTEM", "1");
    // No repository above the workspace is looked for.
    assign("GIT_CEILING_DIRECTORIES", &above);
    assign("GIT_OPTIONAL_LOCKS", "0");
    assign("GIT_NO_LAZY_FETCH", "1");
    assign("GIT_EDITOR", ":");
    assign("GIT_CONFIG_COUNT", &SETTINGS.len().to_string());
    for (place, (key, value)) in SETTINGS.iter().enumerate() {
        assign(&format!("GIT_CONFIG_KEY_{place}"), key);
        assign(&format!("GIT_CONFIG_VALUE_{place}"), value);
    }
    let place = words.iter().skip(1).position(|word| !word.text.starts_with('-')).map(|at| at + 1);
    for (at, word) in words.iter().enumerate() {
        if at > 0 {
            text.push(' ');
        }
        text.push_str(&quote(&word.text));
        if at == 0 {
            text.push_str(" '--no-pager'");
        }
        if Some(at) == place {
            let inserted = inserted(&word.text, words.get(at + 1).map(|next| next.text.as_str()));
            for option in inserted {
                text.push(' ');
                text.push_str(&quote(option));
            }
        }
    }
    text
}

/// The options that are inserted after a subcommand.
fn inserted(subcommand: &str, next: Option<&str>) -> &'static [&'static str] {
    if COMPARES.contains(&subcommand) {
        // A submodule has a configuration of its own.
        return &["--no-ext-diff", "--no-textconv", "--ignore-submodules=all"];
    }
    match (subcommand, next) {
        ("status", _) => &["--ignore-submodules=all"],
        ("grep" | "blame" | "annotate", _) => &["--no-textconv"],
        ("commit", _) => &["--no-gpg-sign"],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn magic_hides_no_name() {
        for (word, path) in [
            (":(top).env", ".env"),
            (":(top,icase)a/b", "a/b"),
            (":/.env", ".env"),
            (":!:x", "x"),
            (":/", ""),
            (":/-x", "./-x"),
            (":(top", ":(top"),
            (":0:a", ":0:a"),
            ("HEAD:a", "HEAD:a"),
        ] {
            assert_eq!(without_magic(word), path, "{word}");
        }
    }
}
