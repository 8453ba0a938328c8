//! What a wildcard covers, a row a program. A program in no row is covered where the pattern spells
//! every word out.

use super::lexer::Word;
use super::{Facts, PathFact};
use std::path::Path;

/// How a program is treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Row {
    /// It only reads its operands; a wildcard covers operands and these one-letter options.
    Reader(&'static str),
    /// It runs a script of the workspace; a wildcard covers the script and its arguments.
    Script,
    /// It runs other programs that its words name.
    Wrapper,
    /// It runs what a repository's configuration names.
    Git,
    /// A builtin that changes what later commands do.
    ShellState,
    /// Only words that the pattern spells out are covered.
    Spelled,
}

const READERS: &[(&str, &str)] = &[
    ("basename", ""),
    ("cat", "AbEnsTv"),
    ("dirname", ""),
    ("echo", "n"),
    ("head", "qv"),
    ("ls", "1aAhlrSt"),
    ("nl", ""),
    ("pwd", ""),
    ("stat", ""),
    ("tac", ""),
    ("tail", "qv"),
    ("true", ""),
    ("wc", "clmw"),
];

const SCRIPTS: &[&str] = &["node", "python", "python3"];

const WRAPPERS: &[&str] = &[
    "ash",
    "awk",
    "bash",
    "builtin",
    "bun",
    "bunx",
    "busybox",
    "chroot",
    "command",
    "coproc",
    "csh",
    "dash",
    "deno",
    "doas",
    "docker",
    "emacs",
    "env",
    "expect",
    "fakeroot",
    "find",
    "fish",
    "flock",
    "gawk",
    "gdb",
    "ionice",
    "ksh",
    "lua",
    "mawk",
    "nice",
    "nohup",
    "npx",
    "nsenter",
    "osascript",
    "parallel",
    "perl",
    "php",
    "pkexec",
    "pnpx",
    "podman",
    "ruby",
    "runuser",
    "script",
    "setarch",
    "setpriv",
    "setsid",
    "sh",
    "ssh",
    "stdbuf",
    "strace",
    "su",
    "sudo",
    "systemd-run",
    "tclsh",
    "time",
    "timeout",
    "toybox",
    "unshare",
    "uvx",
    "vi",
    "vim",
    "watch",
    "xargs",
    "yarn",
    "zsh",
];

const SHELL_STATE: &[&str] = &[
    ".",
    "alias",
    "bg",
    "bind",
    "break",
    "cd",
    "complete",
    "continue",
    "declare",
    "dirs",
    "disown",
    "enable",
    "eval",
    "exec",
    "exit",
    "export",
    "fc",
    "fg",
    "function",
    "getopts",
    "hash",
    "history",
    "jobs",
    "kill",
    "let",
    "local",
    "logout",
    "mapfile",
    "popd",
    "pushd",
    "read",
    "readarray",
    "readonly",
    "return",
    "set",
    "shift",
    "shopt",
    "source",
    "suspend",
    "trap",
    "type",
    "typeset",
    "ulimit",
    "umask",
    "unalias",
    "unset",
    "wait",
    // Reserved words: they begin compound commands.
    "!",
    "[[",
    "case",
    "do",
    "done",
    "elif",
    "else",
    "esac",
    "fi",
    "for",
    "if",
    "in",
    "select",
    "then",
    "until",
    "while",
    "{",
    "}",
];

/// The row of a program, by its name as written.
pub(super) fn row(program: &str) -> Row {
    let name = program.rsplit('/').next().unwrap_or(program);
    if SHELL_STATE.contains(&name) {
        Row::ShellState
    } else if name == "git" || name.starts_with("git-") {
        Row::Git
    } else if WRAPPERS.contains(&name) {
        Row::Wrapper
    } else if SCRIPTS.contains(&program) {
        Row::Script
    } else if let Some((_, options)) = READERS.iter().find(|(reader, _)| *reader == program) {
        Row::Reader(options)
    } else {
        Row::Spelled
    }
}

/// Whether an argument hands code to an interpreter.
pub(super) fn is_inline_code(word: &str) -> bool {
    let code = ["-c", "-e", "-p", "-pe", "-m", "-r", "-i", "-"];
    code.contains(&word)
        || (word.starts_with("-c") && !word.starts_with("--"))
        || ["--eval", "--print", "--require", "--import", "--loader"]
            .iter()
            .any(|option| word.starts_with(option))
}

/// Whether a pattern that spells out the first `spelled` words covers the others too, or why not.
pub(super) fn wildcard_covers(
    words: &[Word],
    spelled: usize,
    folder: &Path,
    facts: &dyn Facts,
) -> Result<(), String> {
    let Some(program) = words.first() else {
        return Err("there is nothing to run.".to_owned());
    };
    let rest = words.get(spelled..).unwrap_or_default();
    if rest.is_empty() {
        return Ok(());
    }
    let asks_itself = ["--version", "--help", "-v", "-V"];
    if words.len() == 2
        && !matches!(row(&program.text), Row::Wrapper | Row::ShellState)
        && rest.iter().all(|word| asks_itself.contains(&word.text.as_str()))
    {
        return Ok(());
    }
    match row(&program.text) {
        Row::Reader(options) => {
            let harmless = |word: &Word| {
                word.text.strip_prefix('-').is_none_or(|letters| {
                    !letters.is_empty() && letters.chars().all(|letter| options.contains(letter))
                })
            };
            match rest.iter().find(|word| !harmless(word)) {
                None => Ok(()),
                Some(word) => Err(format!("a wildcard does not cover the option {}.", word.text)),
            }
        }
        // The script's own arguments are its own affair; what stands before it is the interpreter's.
        Row::Script => match words.get(1) {
            Some(script) if script.text.starts_with('-') => {
                Err(format!("a wildcard does not cover the option {}.", script.text))
            }
            Some(script) if facts.path(folder, &script.text) == PathFact::File => Ok(()),
            Some(script) => Err(format!("{} is no file of the workspace.", script.text)),
            None => Err("it reads its program from standard input.".to_owned()),
        },
        Row::Wrapper | Row::Git | Row::ShellState | Row::Spelled => {
            Err(format!("a wildcard covers nothing for {}.", program.text))
        }
    }
}
