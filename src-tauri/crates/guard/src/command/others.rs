//! Which programs may run what their words name. For warnings and for a workspace's own rules, both of
//! which read too much rather than too little.

use super::loose;
use super::table::{Covers, row};

/// Whether the program may run others: wrappers, interpreters and scripts, `find -exec`, `git bisect
/// run`, `npm exec`.
pub(super) fn runs_others(words: &[String]) -> bool {
    let Some((program, words)) = words.split_first() else { return false };
    let program = program.rsplit('/').next().unwrap_or(program);
    let has = |wanted: &[&str]| words.iter().any(|word| wanted.contains(&word.as_str()));
    match row(program) {
        Some(
            Covers::Wrapper
            | Covers::Interpreter
            | Covers::Builtin
            | Covers::Script(_)
            | Covers::Nothing,
        ) => true,
        Some(Covers::Find) => has(&["-exec", "-execdir", "-ok", "-okdir"]),
        Some(Covers::Git) => {
            has(&["bisect", "submodule", "filter-branch", "difftool", "mergetool"])
                || words
                    .iter()
                    .any(|word| matches!(word.as_str(), "-x") || word.starts_with("--exec"))
        }
        Some(Covers::Subcommands(_)) => has(&["exec", "x", "run", "explore"]),
        Some(Covers::Shape(_) | Covers::Words | Covers::Evaluates) | None => false,
    }
}

/// All that might be a word of a command that such a program runs.
pub(super) fn words_within(words: &[String]) -> Vec<String> {
    let within = words.iter().flat_map(|word| {
        let mut words = loose::words(word);
        words.push(word.clone());
        words
    });
    within.collect()
}
