//! Opens a file in the person's editor: the one of the settings, else one that is installed.

use crate::launch::{find, launch};
use countersign_protocol::{ErrorCode, WireError};
use std::ffi::{OsStr, OsString};
use std::path::Path;

/// Editors with a window, in the order in which they are looked for.
const KNOWN: [&str; 15] = [
    "code",
    "codium",
    "code-oss",
    "cursor",
    "zed",
    "zeditor",
    "subl",
    "kate",
    "gnome-text-editor",
    "gedit",
    "xed",
    "pluma",
    "mousepad",
    "geany",
    "gvim",
];

const HINT: &str = "Name your editor in the settings: editor = \"code\".";

/// Opens a file, at a line where there is one. `editor` is the command of the settings.
pub(crate) async fn open(
    file: &Path,
    line: Option<u32>,
    editor: Option<&str>,
) -> Result<(), WireError> {
    let failed = |message: String| WireError::new(ErrorCode::System, message, HINT);
    let command = if let Some(editor) = editor {
        split(editor).map_err(|why| failed(format!("The setting editor makes no sense: {why}.")))?
    } else {
        let known = KNOWN.iter().find(|name| find(OsStr::new(name)).is_some());
        vec![(*known.ok_or_else(|| failed("No editor was found.".to_owned()))?).to_owned()]
    };
    launch(&with_file(&command, file, line))
        .await
        .map_err(|why| failed(format!("The editor was not started: {why}.")))
}

/// Splits a command into words, with quotes as a person writes them and without anything else of a shell.
fn split(command: &str) -> Result<Vec<String>, &'static str> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for char in command.chars() {
        match quote {
            Some(open) if char == open => quote = None,
            None if char == '"' || char == '\'' => {
                quote = Some(char);
                word.get_or_insert_default();
            }
            None if char.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(char),
        }
    }
    if quote.is_some() {
        return Err("a quote is not closed");
    }
    words.extend(word);
    if words.is_empty() { Err("it is empty") } else { Ok(words) }
}

/// The words that open a file: `{path}` and `{line}` filled in where the person wrote them, else the file
/// as this editor takes it.
fn with_file(command: &[String], file: &Path, line: Option<u32>) -> Vec<OsString> {
    let number = line.unwrap_or(1).to_string();
    if command.iter().any(|word| word.contains("{path}")) {
        return command.iter().map(|word| fill(&word.replace("{line}", &number), file)).collect();
    }
    let mut words: Vec<OsString> =
        command.iter().map(|word| word.replace("{line}", &number).into()).collect();
    let name = command.first().map(|program| Path::new(program).file_name().unwrap_or_default());
    let name = name.and_then(OsStr::to_str).unwrap_or_default();
    let placed = command.iter().any(|word| word.contains("{line}"));
    words.extend(match line.filter(|_| !placed) {
        Some(line) => at_line(name, file, line),
        None => vec![file.into()],
    });
    words
}

/// A word with the file in place of `{path}`, of whatever bytes its name is.
fn fill(word: &str, file: &Path) -> OsString {
    let mut filled = OsString::new();
    for (at, part) in word.split("{path}").enumerate() {
        if at > 0 {
            filled.push(file);
        }
        filled.push(part);
    }
    filled
}

/// How an editor is told of a line. One that is not known gets the file alone.
fn at_line(editor: &str, file: &Path, line: u32) -> Vec<OsString> {
    let mut with_line = file.as_os_str().to_owned();
    with_line.push(format!(":{line}"));
    match editor {
        "code" | "codium" | "code-oss" | "code-insiders" | "cursor" | "windsurf" => {
            vec!["--goto".into(), with_line]
        }
        "zed" | "zeditor" | "subl" | "hx" => vec![with_line],
        "kate" | "kwrite" | "idea" | "pycharm" | "webstorm" | "rustrover" | "clion" | "goland" => {
            vec!["--line".into(), line.to_string().into(), file.into()]
        }
        "gedit" | "xed" | "pluma" | "gnome-text-editor" | "gvim" | "emacs" | "emacsclient"
        | "geany" => vec![format!("+{line}").into(), file.into()],
        "mousepad" => vec![format!("--line={line}").into(), file.into()],
        _ => vec![file.into()],
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn words(command: &str, line: Option<u32>) -> Vec<String> {
        let words = with_file(&split(command).unwrap(), Path::new("/w/a b.rs"), line);
        words.into_iter().map(|word| word.into_string().unwrap()).collect()
    }

    #[test]
    fn a_command_is_split_without_a_shell() {
        assert_eq!(split("a 'b c' \"d'e\"f  ''").unwrap(), ["a", "b c", "d'ef", ""]);
        assert_eq!(split("a $HOME;b `c`").unwrap(), ["a", "$HOME;b", "`c`"]);
        for wrong in ["", "  ", "a 'b"] {
            assert!(split(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn each_editor_is_told_of_the_line_as_it_takes_it() {
        for (command, line, wanted) in [
            ("code", Some(7), vec!["code", "--goto", "/w/a b.rs:7"]),
            ("code -n", None, vec!["code", "-n", "/w/a b.rs"]),
            ("/opt/zed", Some(7), vec!["/opt/zed", "/w/a b.rs:7"]),
            ("kate", Some(7), vec!["kate", "--line", "7", "/w/a b.rs"]),
            ("gedit", Some(7), vec!["gedit", "+7", "/w/a b.rs"]),
            ("mine", Some(7), vec!["mine", "/w/a b.rs"]),
            ("mine --at {line}", Some(7), vec!["mine", "--at", "7", "/w/a b.rs"]),
            ("mine {path}@{line} -x", None, vec!["mine", "/w/a b.rs@1", "-x"]),
            ("mine {path}", Some(7), vec!["mine", "/w/a b.rs"]),
        ] {
            assert_eq!(words(command, line), wanted, "{command}");
        }
    }

    #[test]
    fn a_file_s_name_fills_in_nothing() {
        let words = with_file(&split("mine {path}").unwrap(), Path::new("/{line}/{path}"), Some(3));
        assert_eq!(words, ["mine", "/{line}/{path}"]);
    }

    #[tokio::test]
    async fn no_editor_is_told_with_a_hint() {
        let error = open(Path::new("/x"), None, Some("no-such-editor")).await.unwrap_err();
        assert!(error.message.contains("there is no program no-such-editor"), "{error:?}");
        assert_eq!(error.hint, HINT);
    }
}
