//! What the session does, and how each of its cards is answered. Each file is changed by one call only, so
//! that what became of it tells what became of the call.

use countersign_testkit::TempWorkspace;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// How the program is told to decide.
pub const OPTIONS: [&str; 4] = ["--exec-security", "allowlist", "--allow", "./count.sh *"];
/// What each command adds a line to.
pub const COUNTER: &str = "counter.txt";

/// What the model says in one answer.
pub struct Step {
    pub text: &'static str,
    pub calls: Vec<Call>,
}

/// A call of the model's. Its id is `s`, the step, and a letter.
pub struct Call {
    pub id: &'static str,
    pub tool: &'static str,
    pub args: Value,
}

/// How much of it a session does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    Whole,
    /// One step with several calls, and the end.
    Brief,
    /// A command that waits for a file beside the workspace, and the end.
    Waiting,
}

/// The numbers of the steps.
pub fn steps(length: Length) -> &'static [usize] {
    match length {
        Length::Whole => &[0, 1, 2, 3, 4, 5, 9],
        Length::Brief => &[2, 9],
        Length::Waiting => &[7, 9],
    }
}

/// The step that a call belongs to.
pub fn step_of(id: &str) -> Option<usize> {
    id.strip_prefix('s')?.get(..1)?.parse().ok()
}

pub fn task(mark: &str, length: Length) -> String {
    format!("Do the {length:?} work of {mark}, please.")
}

/// How much a task asks for.
pub fn length_of(task: &str) -> Length {
    let all = [Length::Whole, Length::Brief, Length::Waiting];
    let named = |length: &Length| task.contains(&format!("the {length:?} work"));
    all.into_iter().find(named).expect("a task names its length")
}

fn list(third: &str, thirtieth: &str) -> String {
    let mut text = String::new();
    for number in 1..=40 {
        match number {
            3 => writeln!(text, "{third}"),
            30 => writeln!(text, "{thirtieth}"),
            _ => writeln!(text, "line {number}"),
        }
        .unwrap();
    }
    text
}

pub fn workspace() -> TempWorkspace {
    TempWorkspace::new()
        .file("readme.txt", "An old word stands here.\n")
        .file("list.txt", list("third", "thirtieth"))
        .file("kept/one.txt", "one\n")
        .executable("count.sh", "#!/bin/sh\necho \"$1\" >> counter.txt\n")
        .beside("outside/notes.txt", "from outside\n")
}

fn call(id: &'static str, tool: &'static str, args: Value) -> Call {
    Call { id, tool, args }
}

/// A command that adds its line to the counter.
fn counts(id: &'static str, before: &str, after: &str) -> Call {
    let command = format!("{before}echo {id} >> {COUNTER}{after}");
    call(id, "exec", json!({"command": command, "env": {"COUNTERSIGN_TEST_MARK": "{mark}"}}))
}

/// The calls that add a line to the counter.
pub const COUNTING: [&str; 6] = ["s1a", "s2d", "s4b", "s5b", "s5d", "s7a"];
/// The calls that act or look outside, and so need a yes.
pub const ACTING: [&str; 13] =
    ["s0a", "s1a", "s2b", "s2c", "s2d", "s3a", "s3b", "s4a", "s4b", "s5a", "s5b", "s5d", "s7a"];

/// The file that a call changes.
pub fn changes(id: &str) -> Option<&'static str> {
    Some(match id {
        "s0a" => "made/new.txt",
        "s2b" => "readme.txt",
        "s2c" => "other.txt",
        "s3b" => "list.txt",
        "s4a" => "worded.txt",
        _ => return COUNTING.contains(&id).then_some(COUNTER),
    })
}

pub fn step(number: usize) -> Step {
    let (text, calls) = match number {
        0 => (
            "I begin with a new file in a new folder, and say so in some more words than are needed.",
            vec![call("s0a", "write", json!({"path": "made/new.txt", "content": "new\n"}))],
        ),
        1 => ("Then a command.", vec![counts("s1a", "", "; echo done")]),
        2 => (
            "Now several at once.",
            vec![
                call("s2a", "read", json!({"path": "readme.txt"})),
                call(
                    "s2b",
                    "edit",
                    json!({"path": "readme.txt", "old_text": "old", "new_text": "new"}),
                ),
                call("s2c", "write", json!({"path": "other.txt", "content": "other\n"})),
                counts("s2d", "", "; sleep 0.01"),
            ],
        ),
        3 => (
            "One that is refused, and one that is kept in part.",
            vec![
                call("s3a", "write", json!({"path": "unwanted.txt", "content": "unwanted\n"})),
                call(
                    "s3b",
                    "edit",
                    json!({"path": "list.txt", "old_text": list("third", "thirtieth"),
                        "new_text": list("3rd", "30th")}),
                ),
            ],
        ),
        4 => (
            "One in other words, and a command that takes its time.",
            vec![
                call("s4a", "write", json!({"path": "worded.txt", "content": "in my words\n"})),
                counts(
                    "s4b",
                    "for n in 1 2 3; do echo line $n; sleep 0.01; done; ",
                    "; sleep 0.01",
                ),
            ],
        ),
        5 => (
            "A look outside, a command that a rule lets through, a search, and one that a rule is made of.",
            vec![
                call("s5a", "read", json!({"path": "../outside/notes.txt"})),
                call("s5b", "exec", json!({"command": "./count.sh s5b"})),
                call("s5c", "grep", json!({"pattern": "one", "cwd": "kept"})),
                counts("s5d", "", ""),
            ],
        ),
        7 => (
            "A command that waits.",
            vec![counts("s7a", "", "; while [ ! -e ../go ]; do sleep 0.01; done")],
        ),
        _ => ("That was all of it, and here are the words that end the work.", Vec::new()),
    };
    Step { text, calls }
}

/// The answer to a call's card.
pub fn answer(call: &str, approval: &Value) -> Value {
    let mut answer = json!({"approval": approval, "decision": "approve"});
    match call {
        "s3a" => {
            answer["decision"] = json!("deny");
            answer["feedback"] = json!("not this one");
        }
        "s2c" => answer["feedback"] = json!("that is fine"),
        "s3b" => answer["hunks"] = json!([2]),
        "s4a" => answer["text"] = json!("in the person's words\n"),
        "s5a" => answer["decision"] = json!("approve_session"),
        _ => {}
    }
    answer
}
