//! Random commands: nothing makes the reader fall over, and the words that run are the words that
//! were written, however they were quoted.

use super::{cases, open, settings};
use countersign_guard::command::Pattern;
use countersign_guard::{Action, ExecRequest, Verdict, Workspace};
use countersign_protocol::{ExecSecurity, FileApproval};
use countersign_testkit::TempWorkspace;
use proptest::prelude::*;
use std::sync::LazyLock;

/// One workspace for all cases: a decision changes nothing in it.
struct Bench {
    _place: TempWorkspace,
    listed: Workspace,
    always: Workspace,
    never: Workspace,
}

static BENCH: LazyLock<Bench> = LazyLock::new(|| {
    let place =
        TempWorkspace::new().file("a.txt", "a").file("src/b.rs", "b").symlink("out", "{out}");
    let with =
        |exec, allow: &[&str]| open(&place.path(), settings(exec, FileApproval::default(), allow));
    Bench {
        listed: with(ExecSecurity::Allowlist, &["mytool *", "ls *", "cat *", "git *", "grep *"]),
        always: with(ExecSecurity::ApprovalAlways, &[]),
        never: with(ExecSecurity::AllowAlways, &[]),
        _place: place,
    }
});

/// Decides, draws the card where it asks, and gives back what would be run without asking.
fn decide(workspace: &Workspace, command: &str) -> Option<String> {
    let request = ExecRequest { command: command.to_owned(), ..ExecRequest::default() };
    let action = workspace.view().propose_exec(request).ok()?;
    match workspace.judge(action) {
        Verdict::Allow { approved, .. } => match approved.action() {
            Action::Exec(exec) => Some(exec.runs().to_owned()),
            other => panic!("another action: {other:?}"),
        },
        Verdict::Ask { action, reasons } => {
            assert!(!reasons.is_empty(), "a card says why it asks");
            let _card = workspace.card(&action, reasons);
            None
        }
        Verdict::Deny { .. } => None,
    }
}

/// How a word may be written.
#[derive(Clone, Copy, Debug)]
enum Quotes {
    Single,
    Double,
    /// In two halves, each quoted its own way.
    Halves,
    Plain,
}

fn written(word: &str, quotes: Quotes) -> String {
    let single = |text: &str| format!("'{}'", text.replace('\'', "'\"'\"'"));
    let double = |text: &str| {
        let mut out = String::from("\"");
        for char in text.chars() {
            match char {
                '"' | '\\' | '$' | '`' => out.extend(['\\', char]),
                // Only single quotes keep an exclamation mark from every shell's history.
                '!' => out.push_str("\"'!'\""),
                _ => out.push(char),
            }
        }
        out + "\""
    };
    match quotes {
        Quotes::Double => double(word),
        Quotes::Halves => {
            let middle = word.char_indices().nth(word.chars().count() / 2).map_or(0, |(at, _)| at);
            format!("{}{}", double(&word[..middle]), single(&word[middle..]))
        }
        Quotes::Plain if word.bytes().all(|b| b.is_ascii_alphanumeric()) && !word.is_empty() => {
            word.to_owned()
        }
        Quotes::Single | Quotes::Plain => single(word),
    }
}

fn word() -> impl Strategy<Value = (String, Quotes)> {
    let quotes =
        prop::sample::select(vec![Quotes::Single, Quotes::Double, Quotes::Halves, Quotes::Plain]);
    // No slash, dot or the like: such words may be paths, which is another matter.
    let text = prop_oneof![
        "[a-z0-9]{1,8}",
        "[a-z \"'$`!#&|;<>(){}*?^%,+\\[\\]]{0,8}",
        "[\u{e0}-\u{f6}a]{1,4}"
    ];
    (text, quotes)
}

fn soup() -> impl Strategy<Value = String> {
    let pieces: &[&str] = &[
        " ",
        " ",
        "\t",
        "\n",
        "&&",
        "||",
        ";",
        "|",
        "&",
        "'",
        "\"",
        "\\",
        "`",
        "$",
        "$(",
        "${",
        "(",
        ")",
        "{",
        "}",
        "*",
        "?",
        "[",
        "]",
        "~",
        "#",
        "!",
        "^",
        "=",
        "<",
        ">",
        ">>",
        "<<",
        "2>&1",
        ">/dev/null",
        "&>/dev/null",
        "\u{a0}",
        "\u{200b}",
        "\u{202e}",
        "e\u{301}",
        "\u{ff04}",
        "\0",
        "\u{1b}",
        "ls",
        "cat",
        "mytool",
        "git",
        "rm",
        "cd",
        "src",
        "a.txt",
        "out",
        "..",
        "/",
        "-rf",
        "-n",
        "--",
        "x=1",
        "sudo",
        "HEAD",
        ":",
        "@",
        ",",
        "1",
        "2",
    ];
    prop::collection::vec(prop::sample::select(pieces), 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(cases(1_500, 1))]

    #[test]
    fn no_command_makes_a_decision_fall_over(command in prop_oneof![any::<String>(), soup()]) {
        for workspace in [&BENCH.listed, &BENCH.always, &BENCH.never] {
            decide(workspace, &command);
        }
        prop_assert_eq!(decide(&BENCH.always, &command), None, "it asks, always");
        if let Ok(pattern) = Pattern::parse(&command) {
            let again = Pattern::parse(&pattern.to_string());
            prop_assert_eq!(again.map(|again| again.to_string()), Ok(pattern.to_string()));
        }
    }

    #[test]
    fn the_words_that_run_are_the_words_that_were_written(
        words in prop::collection::vec(word(), 1..6),
    ) {
        let raw: Vec<String> = words.iter().map(|(word, quotes)| written(word, *quotes)).collect();
        let anew: Vec<String> =
            words.iter().map(|(word, _)| format!("'{}'", word.replace('\'', r"'\''"))).collect();
        let runs = decide(&BENCH.listed, &format!("mytool {}", raw.join(" ")));
        prop_assert_eq!(runs, Some(format!("'mytool' {}", anew.join(" "))));
    }
}
