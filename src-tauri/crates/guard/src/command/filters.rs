//! What must hold of a program's words beside its options: scripts of `jq` and `sed`, variables of
//! `make`, and the like.

use super::ground::Ground;
use super::options::{Argument, Seen};

fn uncovered(word: &Argument<'_>) -> String {
    format!("a wildcard does not cover {}.", word.text)
}

/// The first operand for which `fits` does not hold and that the pattern does not spell out.
fn all(seen: &Seen<'_>, fits: impl Fn(&str) -> bool) -> Result<(), String> {
    match seen.operands.iter().find(|operand| !operand.spelled && !fits(operand.text)) {
        Some(operand) => Err(uncovered(operand)),
        None => Ok(()),
    }
}

/// `jq`: no environment, no modules.
pub(super) fn jq(seen: &Seen<'_>, _: &Ground<'_>) -> Result<(), String> {
    let Some(filter) = seen.operands.first().filter(|filter| !filter.spelled) else {
        return Ok(());
    };
    let text = filter.text;
    let is_word = |char: char| char.is_ascii_alphanumeric() || char == '_';
    for name in
        ["env", "ENV", "import", "include", "input_filename", "modulemeta", "get_search_list"]
    {
        for (at, _) in text.match_indices(name) {
            let before = text[..at].chars().next_back();
            let after = text[at + name.len()..].chars().next();
            let whole = !before.is_some_and(is_word) && !after.is_some_and(is_word);
            // `.env` is a field; `..env` and `$ENV` are not.
            let field = before == Some('.') && !text[..at].ends_with("..");
            if whole && !field {
                return Err(format!("jq's {name} shows more than the input."));
            }
        }
    }
    Ok(())
}

/// `sed`: `-n`, and line numbers with `p`.
pub(super) fn sed(seen: &Seen<'_>, _: &Ground<'_>) -> Result<(), String> {
    if seen.spelled {
        return Ok(());
    }
    if !seen.has(&["-n", "--quiet", "--silent"]) {
        return Err("a wildcard covers sed with -n and line numbers only.".to_owned());
    }
    let given: Vec<&str> = seen.values(&["-e", "--expression"]).collect();
    let script = match (given.is_empty(), seen.operands.first()) {
        (true, Some(script)) if script.spelled => return Ok(()),
        (true, Some(script)) => vec![script.text],
        _ => given,
    };
    match script.iter().find(|script| !prints_lines(script)) {
        Some(script) => Err(format!("sed's {script} is more than line numbers and p.")),
        None => Ok(()),
    }
}

/// `5p`, `1,20p`, `$p`, and several of them.
fn prints_lines(script: &str) -> bool {
    let is_line = |text: &str| {
        text == "$" || (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()))
    };
    script.split(';').all(|command| {
        command.trim().strip_suffix('p').is_some_and(|lines| {
            match lines.trim_end().split_once(',') {
                Some((first, last)) => {
                    is_line(first) && is_line(last.strip_prefix('+').unwrap_or(last))
                }
                None => is_line(lines.trim_end()),
            }
        })
    })
}

/// `make`: targets, and variables that are numbers or switches.
pub(super) fn make(seen: &Seen<'_>, _: &Ground<'_>) -> Result<(), String> {
    all(seen, |word| match word.split_once('=') {
        None => true,
        Some((name, value)) => {
            let switch = ["", "yes", "no", "y", "n", "true", "false", "on", "off"];
            let tame = switch.contains(&value) || value.bytes().all(|byte| byte.is_ascii_digit());
            let named = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            tame && named && !["SHELL", "MAKE", "MAKEFLAGS", "MAKEFILES"].contains(&name)
        }
    })
}

/// `@FILE` would be read for further options.
pub(super) fn no_argument_files(seen: &Seen<'_>, _: &Ground<'_>) -> Result<(), String> {
    all(seen, |word| !word.starts_with('@'))
}

/// `pytest`: as above, and reports of the coverage in the terminal only.
pub(super) fn pytest(seen: &Seen<'_>, ground: &Ground<'_>) -> Result<(), String> {
    match seen.values(&["--cov-report"]).find(|report| !report.starts_with("term")) {
        Some(report) => Err(format!("a wildcard does not cover the report {report}.")),
        None => no_argument_files(seen, ground),
    }
}

/// `seq`, `sleep`: plain numbers, so that they end.
pub(super) fn numbers(seen: &Seen<'_>, _: &Ground<'_>) -> Result<(), String> {
    const MAX_DIGITS: usize = 8;
    all(seen, |word| {
        let number = word.strip_suffix(['s', 'm']).unwrap_or(word);
        number.len() <= MAX_DIGITS
            && number.bytes().all(|byte| byte.is_ascii_digit() || b".-+".contains(&byte))
    })
}

/// `git symbolic-ref NAME`: a second name would be written.
pub(super) fn one_operand(seen: &Seen<'_>, _: &Ground<'_>) -> Result<(), String> {
    match seen.operands.get(1).filter(|second| !second.spelled) {
        Some(second) => Err(uncovered(second)),
        None => Ok(()),
    }
}

/// `cargo`: `--target` takes a triple; a file of that kind names a linker.
pub(super) fn cargo(seen: &Seen<'_>, _: &Ground<'_>) -> Result<(), String> {
    let file = |target: &&str| target.contains(['/', '\\', '.']);
    match seen.values(&["--target"]).find(file) {
        Some(target) => Err(format!("a wildcard does not cover the target {target}.")),
        None => Ok(()),
    }
}

/// `go test`: packages of the project.
pub(super) fn go_test(seen: &Seen<'_>, _: &Ground<'_>) -> Result<(), String> {
    all(seen, |word| !word.contains('@'))
}

/// `go run`: a package or file of the project, then the program's own arguments.
pub(super) fn go_run(seen: &Seen<'_>, _: &Ground<'_>) -> Result<(), String> {
    match seen.operands.first() {
        Some(first) if first.spelled => Ok(()),
        Some(first) if !first.text.contains('@') && is_local(first.text) => Ok(()),
        Some(first) => Err(uncovered(first)),
        None => Ok(()),
    }
}

fn is_local(package: &str) -> bool {
    package == "." || package.starts_with("./") || package.strip_suffix(".go").is_some()
}

/// `go mod`: what reads, and `tidy`.
pub(super) fn go_mod(seen: &Seen<'_>, _: &Ground<'_>) -> Result<(), String> {
    match seen.operands.first() {
        Some(first) if first.spelled => Ok(()),
        Some(first) if ["tidy", "verify", "graph", "why", "download"].contains(&first.text) => {
            Ok(())
        }
        Some(first) => Err(uncovered(first)),
        None => Ok(()),
    }
}

/// `git branch`, `git tag`: a name without an option that lists would be made.
pub(super) fn listing(seen: &Seen<'_>, _: &Ground<'_>) -> Result<(), String> {
    let lists =
        ["-l", "--list", "--contains", "--no-contains", "--merged", "--no-merged", "--points-at"];
    if seen.has(&lists) { Ok(()) } else { all(seen, |_| false) }
}

/// `git reflog`: not what deletes.
pub(super) fn reflog(seen: &Seen<'_>, _: &Ground<'_>) -> Result<(), String> {
    all(seen, |word| !["expire", "delete", "drop", "write", "exists"].contains(&word))
}

/// `git stash list`, `git worktree list`, `git stash show`.
pub(super) fn git_list(seen: &Seen<'_>, _: &Ground<'_>) -> Result<(), String> {
    first_is(seen, &["list", "show"])
}

/// `git remote`, `git remote get-url`: `show` and `update` reach the network.
pub(super) fn git_remote(seen: &Seen<'_>, _: &Ground<'_>) -> Result<(), String> {
    if seen.operands.is_empty() { Ok(()) } else { first_is(seen, &["get-url"]) }
}

fn first_is(seen: &Seen<'_>, known: &[&str]) -> Result<(), String> {
    match seen.operands.first() {
        Some(first) if first.spelled || known.contains(&first.text) => Ok(()),
        Some(first) => Err(uncovered(first)),
        None => Err("a wildcard does not cover it without an operand.".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_line_numbers_are_printed() {
        for script in ["5p", "1,20p", "$p", "1,$p", "1,+5p", "1p;3,4p", "1,5 p"] {
            assert!(prints_lines(script), "{script}");
        }
        for script in [
            "p",
            "1,5p;w out",
            "/x/p",
            "1,5w out",
            "e",
            "1e",
            "s/a/b/p",
            "1,5pw x",
            "1~2p",
            "",
            ";",
        ] {
            assert!(!prints_lines(script), "{script}");
        }
    }
}
