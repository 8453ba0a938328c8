use super::*;
use crate::command::emit;
use proptest::prelude::*;

fn texts(command: &str) -> Option<Vec<Vec<String>>> {
    read(command).ok().map(|line| {
        let texts = |simple: Simple| simple.words.into_iter().map(|word| word.text).collect();
        line.commands.into_iter().map(texts).collect()
    })
}

macro_rules! one {
    ($words:expr) => {
        Some(vec![$words.iter().map(|&word: &&str| word.to_owned()).collect::<Vec<String>>()])
    };
}

#[test]
fn plain_and_quoted_words_are_read() {
    assert_eq!(texts(" cat\t'a b' \"it's\" x\"y\"'z' "), one!(["cat", "a b", "it's", "xyz"]));
    assert_eq!(texts(r#"echo "\"q\" \\ \$x \`y""#), one!(["echo", "\"q\" \\ $x `y"]));
    assert_eq!(texts(r#"rg "fn \w+\(" src"#), one!(["rg", r"fn \w+\(", "src"]));
    assert_eq!(texts("echo ''"), one!(["echo", ""]));
    assert_eq!(texts(r#"echo "done!" "a! b""#), one!(["echo", "done!", "a! b"]));
    assert_eq!(texts(r#"grep "main$" x"#), one!(["grep", "main$", "x"]));
    assert_eq!(texts("git diff HEAD^ HEAD~1"), one!(["git", "diff", "HEAD^", "HEAD~1"]));
}

#[test]
fn lists_and_pipelines_are_read() {
    let line = read("a && b x || c; d | e").unwrap();
    assert_eq!(line.joins, [Join::And, Join::Or, Join::Then, Join::Pipe]);
    assert_eq!(line.commands.len(), 5);
    assert_eq!(texts("a&&b||c;d|e").map(|words| words.len()), Some(5));
}

#[test]
fn harmless_redirections_are_read() {
    let redirections = |command| read(command).unwrap().commands[0].redirections.clone();
    assert_eq!(redirections("a 2>&1"), [Redirection::Same(2, 1)]);
    assert_eq!(redirections("a >&2|b"), [Redirection::Same(1, 2)]);
    assert_eq!(redirections("a 2> /dev/null>&2"), [Redirection::Null(2), Redirection::Same(1, 2)]);
    assert_eq!(redirections("a >>/dev/null"), [Redirection::Null(1)]);
    assert_eq!(redirections("a &>/dev/null"), [Redirection::BothNull]);
    assert_eq!(redirections("2>/dev/null a x"), [Redirection::Null(2)]);
    assert_eq!(texts("echo a2>&1"), one!(["echo", "a2"]));
    assert_eq!(texts("echo '2'>&1"), one!(["echo", "2"]));
}

#[test]
fn all_else_is_not_read() {
    for command in [
        "",
        "  ",
        "a&",
        "a & b",
        "a>b",
        "a<b",
        "$x",
        "`x`",
        "$(x)",
        "a\nb",
        "a\\ b",
        "*.rs",
        "a?",
        "[a]",
        "{a,b}",
        "#x",
        "!x",
        "^a",
        "~",
        "~/x",
        "--x=~/y",
        "'a",
        "\"a",
        "\"$x\"",
        "\"!x\"",
        "\"\\!x\"",
        "a\u{b}b",
        "a\u{a0}b",
        "(a)",
        "=ls",
        "a\0b",
        "'a\nb'",
        "a;;b",
        "a|&b",
        "&& a",
        "a &&",
        "a;",
        "a || ; b",
        "a 3>&1",
        "a 2>&3",
        "a 2>&-",
        "a 2>&1x",
        "a >/dev/nullx",
        "a >/dev/null/x",
        "a >'/dev/null'",
        "a >|/dev/null",
        "a &>x",
        "a >& x",
        "a 12>&1",
        ">&2",
        "a <&1",
        "a </dev/null",
        "\"\\\n\"",
    ] {
        assert_eq!(texts(command), None, "{command:?}");
    }
}

#[test]
fn the_reason_names_the_part() {
    for (command, part) in [
        ("ls $(rm x)", "$(rm"),
        ("ls; echo ${HOME}/x", "${HOME}/x"),
        ("cat < in", "< in"),
        ("ls > out.txt", "> out.txt"),
        ("ls *.rs x", "*.rs"),
        ("ls 'a b", "'a"),
        ("ls && && x", "&&"),
    ] {
        let why = read(command).unwrap_err();
        assert!(why.contains(part), "{why} of {command}");
    }
}

#[test]
fn the_limits_are_kept() {
    assert!(read(&vec!["true"; 50].join(";")).is_ok());
    assert!(read(&vec!["true"; 51].join(";")).is_err());
    assert!(read(&format!("a{}", " ".repeat(8_191))).is_ok());
    assert!(read(&format!("a{}", " ".repeat(8_192))).is_err());
}

proptest! {
    #[test]
    fn words_survive_being_quoted_anew(
        words in prop::collection::vec("[ -~\u{e0}-\u{17f}\u{3b1}-\u{3c9}]{0,12}", 1..6),
    ) {
        let line: Vec<Word> =
            words.iter().map(|text| Word { text: text.clone(), quoted: true }).collect();
        prop_assert_eq!(texts(&plainly(&line).replace(r"'\''", r#"'"'"'"#)), Some(vec![words.clone()]));
        let quoted = emit::words(&line).replace(r"'\''", r#"'"'"'"#);
        prop_assert_eq!(texts(&quoted), Some(vec![words]));
    }

    #[test]
    fn what_is_read_is_read_the_same_when_emitted(command in "[a-z0-9 '\"|&;>/\\\\$=~-]{0,40}") {
        if let Ok(line) = read(&command) {
            let emitted = emit::line(&line, |_, simple| emit::words(&simple.words));
            let again = read(&emitted.replace(r"'\''", r#"'"'"'"#)).unwrap();
            prop_assert_eq!(&again.joins, &line.joins);
            for (one, other) in line.commands.iter().zip(&again.commands) {
                let texts = |simple: &Simple| -> Vec<String> {
                    simple.words.iter().map(|word| word.text.clone()).collect()
                };
                prop_assert_eq!(texts(one), texts(other));
            }
        }
    }

    #[test]
    fn what_is_read_of_any_text_is_read_the_same_when_quoted_anew(
        command in prop_oneof![any::<String>(), soup()],
    ) {
        let _ = read_pattern(&command);
        if let Ok(line) = read(&command) {
            for simple in &line.commands {
                let words: Vec<String> = simple.words.iter().map(|word| word.text.clone()).collect();
                for text in [emit::words(&simple.words), plainly(&simple.words)] {
                    prop_assert_eq!(texts(&readable(&text)), Some(vec![words.clone()]), "{}", text);
                }
            }
        }
    }
}

/// The quoting of a single quote in the one form that is also read.
fn readable(text: &str) -> String {
    text.replace(r"'\''", r#"'"'"'"#)
}

/// Pieces of shells' grammars, mixed.
fn soup() -> impl Strategy<Value = String> {
    let pieces: &[&str] = &[
        " ",
        " ",
        " ",
        "\t",
        "&&",
        "||",
        ";",
        "|",
        "'",
        "'",
        "\"",
        "\"",
        "\\",
        "$",
        "`",
        "~",
        "=",
        ":",
        "!",
        "^",
        "#",
        "2>&1",
        ">/dev/null",
        "a",
        "b",
        "\u{e9}",
        "e\u{301}",
        "\u{a0}",
        "\u{65e5}",
        "\u{ff04}",
        "\u{200d}",
        "1",
        "/",
        "..",
        "-",
    ];
    prop::collection::vec(prop::sample::select(pieces), 0..16).prop_map(|pieces| pieces.concat())
}
