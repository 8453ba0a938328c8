//! Commands that are made to be slow.

use super::{Kind, kind, trees};
use std::fmt::Write as _;

/// Bytes of a command that a pattern may cover.
const READ: usize = 8_192;
/// Bytes of a command.
const MOST: usize = 131_071;

/// A command of `first`, then of what `next` gives for 0, 1, 2 and so on, as long as `most` bytes hold.
fn filled(most: usize, first: &str, next: impl Fn(usize) -> String) -> String {
    let mut text = first.to_owned();
    for number in 0.. {
        let next = next(number);
        if text.len() + next.len() > most || next.is_empty() {
            break;
        }
        text.push_str(&next);
    }
    text
}

fn words(most: usize, first: &str) -> Vec<String> {
    [" {}", " -{}", " a={}", " ./{}", " d/../{}", " -x{},{}", " l/{}", " '{}'", " --{}={}"]
        .iter()
        .map(|form| filled(most, first, |number| form.replace("{}", &format!("{number:x}"))))
        .collect()
}

pub(super) fn kinds() -> Vec<Kind> {
    let short = ["mytool", "cat", "grep x", "git log", "find", "python3 a.txt", "rg x", "diff"];
    let named: Vec<String> = short.iter().flat_map(|first| words(READ, first)).collect();
    let joined = [" && ", " ; ", " | ", " || "];
    let many: Vec<String> = joined
        .iter()
        .flat_map(|join| {
            ["rg x d", "git log", "mytool a b/c d=e", "grep -r x ."].map(|part| (join, part))
        })
        .map(|(join, part)| vec![part; 50].join(join))
        .collect();
    let parts = |most| filled(most, "ls", |_| " && cat a.txt".to_owned());
    let long: Vec<String> = ["mytool", "rm -rf", "sudo make", "cd d; cat", "bash -c", "$X"]
        .iter()
        .flat_map(|first| words(MOST, first))
        .chain([parts(MOST), "a ".repeat(MOST / 2), "=a ".repeat(MOST / 3)])
        .collect();
    let options = vec![
        format!("grep -{} x a.txt", "i".repeat(READ - 20)),
        filled(READ, "grep x", |_| " --color".to_owned()),
        filled(READ, "grep x", |_| " -A1".to_owned()),
        filled(READ, "rg x", |number| format!(" -g*{number:x}?[a-z]")),
        filled(READ, "rg x", |number| format!(" -t{}", ["rust", "py", "c", "sh"][number % 4])),
        filled(READ, "grep -r x .", |number| format!(" '--include=*{number:x}?[a-z]'")),
        filled(READ, "grep -r x .", |number| format!(" --exclude-dir={number}")),
        format!("rg x -g '{{{}}}'", vec!["*a"; 2_600].join(",")),
        format!("rg x -g '{}'", "*?".repeat(4_000)),
        filled(READ, "find .", |_| " -name x -o".to_owned()),
        format!("jq '{}' a.txt", "env".repeat(2_600)),
        format!("sed -n '{}' a.txt", "1,9p;".repeat(1_600)),
    ];
    let up = |part: &str| part.repeat(4_000 / part.len());
    let folders = vec![
        format!("cd {} && ls", up("d/../")),
        format!("cd {} && git log", up("d/../")),
        format!("cat {}a.txt {0}b.txt", up("d/../")),
        format!("cat {}a.txt", up("./")),
        format!("cat {}a.txt", up("../")),
        format!("cat {}", up("a/")),
        filled(READ, "mytool", |number| format!(" {}{number}", "d/../".repeat(200))),
        filled(READ, "mytool", |number| format!(" {}", "=".repeat(number + 1))),
        format!("mytool {}", "a:".repeat(4_000)),
        format!("mytool {}", "a/b:".repeat(2_000)),
    ];
    let quotes = vec![
        format!("echo {}", "'".repeat(MOST - 6)),
        format!("echo {}", "\"\\".repeat(MOST / 2 - 6)),
        format!("echo {}", "$(".repeat(MOST / 2 - 6)),
        format!("echo {}", "'\"".repeat(MOST / 2 - 6)),
        format!("rm {}", "`{,".repeat(MOST / 3 - 6)),
        format!("echo '{}'", "\u{e9}\u{202e}".repeat(26_000)),
        format!("echo '{}'", "a\u{301}\u{200d}".repeat(20_000)),
        format!("echo '{}'", "\u{3000}\u{6f22}".repeat(20_000)),
        format!("echo '{}'", "\u{1f3f4}".repeat(32_000)),
        format!("echo '{}'", "a\u{430}".repeat(42_000)),
        format!("echo {}", "\n".repeat(MOST - 6)),
        format!("rm {}", "../".repeat(MOST / 3 - 6)),
        filled(MOST, "rm", |_| " ../x".to_owned()),
    ];
    let mut patterns = kind("1,000 patterns", trees::plain, Vec::new());
    patterns.allow = (0..1_000)
        .flat_map(|number| {
            let stars = vec!["*"; number % 500 + 1].join(" ");
            [
                format!("mytool {stars}"),
                format!("cat {}", "*a".repeat(number)),
                format!("p{number} *"),
            ]
        })
        .collect();
    patterns.commands = short.iter().flat_map(|first| words(READ, first)).collect();
    patterns.commands.extend(many.iter().cloned());
    patterns.commands.push(filled(READ, "mytool ../x", |number| format!(" {number}")));
    patterns.commands.push(filled(READ, "mytool a", |number| format!(" {number} x/../../../y")));
    patterns.commands.push(vec![format!("cat {}", "a".repeat(150)); 50].join(";"));
    let mut ruled: Vec<String> =
        ["make", "git -x", "sudo", "a"].iter().flat_map(|first| words(READ, first)).collect();
    ruled.extend(long.iter().cloned());
    ruled.extend(many.iter().cloned());
    for word in ["make ", "make -x ", "git -x ", "r1 ", "sudo r1 -x ", "$X make r1 "] {
        ruled.push(word.repeat(READ / word.len()));
        ruled.push(word.repeat(MOST / word.len()));
    }
    let deep = format!("cat {}", vec!["a/b/c/d"; 500].join("/"));
    ruled.push(deep.clone());
    ruled.push(filled(MOST, "$X", |number| format!(" {}{number}", "a/b/c/d/".repeat(200))));
    ruled.push(format!("rg x {deep}"));
    vec![
        kind("words that may be paths", trees::plain, named),
        kind("128 KB of words", trees::plain, long),
        kind("many parts", trees::plain, many),
        kind("options and globs", trees::secrets, options),
        kind("paths up and down", trees::plain, folders),
        kind("quotes and deceptive text", trees::plain, quotes),
        patterns,
        kind("1,000 rules of the workspace", trees::ruled, ruled.clone()),
        kind("rules with many wildcards", trees::wild, ruled),
    ]
}

/// So many different names for one thing.
pub(super) fn spelled(first: &str, name: &str) -> String {
    filled(READ, first, |number| {
        let mut word = String::from(" ");
        let _ = write!(word, "{}{name}", "./".repeat(number));
        word
    })
}

/// A reader, and all that fits of the numbered names.
pub(super) fn numbered(first: &str, name: &str) -> String {
    filled(READ, first, |number| format!(" {name}{number}"))
}
