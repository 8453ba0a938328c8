//! What the tour says and asks for at each step.
//!
//! The steps follow from the results so far alone: [`plan`] gives the same beginning however often it
//! is asked, and one step more with each result.

use super::history::{History, Outcome};
use serde_json::{Value, json};

/// Model calls of one play, the last words counted.
const MAX_STEPS: usize = 12;
/// The line of the sample that is wrong, and what it should be.
const BUG: &str = "total=$((total + price))";
const FIX: &str = "total=$((total + price * quantity))";
/// A file that is outside of every workspace and holds nothing secret.
#[cfg(not(windows))]
const OUTSIDE: &str = "/etc/hosts";
#[cfg(windows)]
const OUTSIDE: &str = r"C:\Windows\System32\drivers\etc\hosts";
/// A file behind the sample's link that leads out.
const LINKED: &str = "shared/notes.txt";
/// Files that are listed of a workspace that is not the sample.
const MAX_LISTED: usize = 12;
/// Characters of a command's output that are quoted: its end.
const MAX_QUOTED: usize = 1_500;

/// What is said, and which tools are called with it.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) text: String,
    pub(super) calls: Vec<Call>,
}

#[derive(Debug)]
pub(super) struct Call {
    pub(super) tool: &'static str,
    pub(super) input: Value,
}

/// One step of the tour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    Look,
    Test,
    Fix,
    Retest,
    Outside,
    Link,
    List,
}

/// What `receipt.sh` turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sample {
    Broken,
    Fixed,
    Missing,
}

/// The next thing that the tour says and does.
pub(super) fn next(history: &History) -> Line {
    if history.over {
        return line(
            "I am a script and not a model, so I cannot answer that. What I can do is play the tour once more: say “again”. For real work, go back to the welcome screen and connect a model.",
            [],
        );
    }
    let plan = plan(&history.steps);
    let done = history.steps.len();
    let comment = done.checked_sub(1).and_then(|last| {
        Some(comment(*plan.get(last)?, history.steps.get(last)?.as_slice(), &history.steps))
    });
    let mut line = match plan.get(done) {
        Some(stop) if done + 1 < MAX_STEPS => speak(*stop, &history.steps),
        Some(_) | None => line(&summary(&plan, &history.steps), []),
    };
    if let Some(comment) = comment {
        line.text = format!("{comment}\n\n{}", line.text);
    }
    line
}

/// The steps, as far as the results tell them.
fn plan(steps: &[Vec<Outcome>]) -> Vec<Stop> {
    let mut plan = vec![Stop::Look];
    if steps.is_empty() {
        return plan;
    }
    match sample(steps) {
        Sample::Missing => plan.push(Stop::List),
        Sample::Fixed => plan.extend([Stop::Test, Stop::Outside, Stop::Link]),
        Sample::Broken => {
            plan.extend([Stop::Test, Stop::Fix]);
            // Without the change, the test would only say the same once more.
            if let Some([Outcome::Done(_), ..]) = steps.get(2).map(Vec::as_slice) {
                plan.push(Stop::Retest);
            }
            plan.extend([Stop::Outside, Stop::Link]);
        }
    }
    plan
}

fn sample(steps: &[Vec<Outcome>]) -> Sample {
    match steps.first().map(Vec::as_slice) {
        Some([_, Outcome::Done(receipt), ..]) => {
            let text = receipt["content"].as_str().unwrap_or_default();
            // More than one such line is not the sample: the edit would not know which.
            match (text.matches(BUG).count(), text.contains(FIX)) {
                (1, _) => Sample::Broken,
                (_, true) => Sample::Fixed,
                (_, false) => Sample::Missing,
            }
        }
        Some(_) | None => Sample::Missing,
    }
}

/// What a step says before it acts, and its calls.
fn speak(stop: Stop, steps: &[Vec<Outcome>]) -> Line {
    match stop {
        Stop::Look => line(
            "I am a script, not a model: I play the same tour whatever you write, and everything I ask for is real. Before anything changes, a card asks you, unless your settings allow it already.\n\nFirst I look around. Reading inside the workspace does not ask you.",
            [
                call("glob", json!({ "pattern": "**/*" })),
                call("read", json!({ "path": "receipt.sh" })),
                call("read", json!({ "path": "test.sh" })),
            ],
        ),
        Stop::Test => line(
            "Next I run the tests. A command asks you first: the card shows exactly what would run.",
            [call("exec", json!({ "command": "sh test.sh" }))],
        ),
        Stop::Fix => {
            let (old, new) = change(steps);
            line(
                "The cause is in receipt.sh: the price of each line is added once, however many were bought. I propose a change. The card shows the difference, and the file stays as it is until you approve.",
                [call("edit", json!({ "path": "receipt.sh", "old_text": old, "new_text": new }))],
            )
        }
        Stop::Retest => line(
            "Now the same tests once more.",
            [call("exec", json!({ "command": "sh test.sh" }))],
        ),
        Stop::Outside => line(
            &format!(
                "Now I ask to read `{OUTSIDE}`. It lies outside the workspace, so that even reading asks you."
            ),
            [call("read", json!({ "path": OUTSIDE }))],
        ),
        Stop::Link => line(
            &format!(
                "Last I try `{LINKED}`. It looks like a file of the workspace, but `shared` is a link that leads out of it."
            ),
            [call("read", json!({ "path": LINKED }))],
        ),
        Stop::List => line(
            "Instead I run one harmless command, so that you see a card: it lists this folder and changes nothing.",
            [call("exec", json!({ "command": "ls" }))],
        ),
    }
}

/// What is said about a step once its results are there.
fn comment(stop: Stop, outcomes: &[Outcome], steps: &[Vec<Outcome>]) -> String {
    let failed = || outcomes.iter().find_map(failure);
    match stop {
        Stop::Look => looked(outcomes, sample(steps)),
        Stop::Link => match failed() {
            Some(words) => {
                format!("I did not get through the link. I was told:\n\n{}", quote(words))
            }
            None => "That was let through, and I could read it.".to_owned(),
        },
        Stop::Test | Stop::Fix | Stop::Retest | Stop::Outside | Stop::List => {
            if let Some(words) = failed() {
                return format!(
                    "That did not happen. I was told:\n\n{}\n\nI leave it at that and go on.",
                    quote(words)
                );
            }
            match (stop, outcomes.first()) {
                (Stop::Test | Stop::Retest, Some(Outcome::Done(run))) => {
                    match run["exit_code"].as_i64() {
                        Some(0) => "The tests pass.".to_owned(),
                        Some(code) => format!("The tests fail, with exit code {code}."),
                        None => "The tests did not come to an end.".to_owned(),
                    }
                }
                (Stop::Fix, _) => "The change is made.".to_owned(),
                (Stop::Outside, _) => "That was allowed, and I read it.".to_owned(),
                _ => "That ran.".to_owned(),
            }
        }
    }
}

fn looked(outcomes: &[Outcome], sample: Sample) -> String {
    match sample {
        Sample::Broken => "This is the sample project: receipt.sh adds up a receipt, and test.sh checks it.".to_owned(),
        Sample::Fixed => "This is the sample project, and receipt.sh has been mended already: there is nothing for me to change.".to_owned(),
        Sample::Missing => {
            let why = match outcomes.get(1) {
                Some(Outcome::Failed(words)) => {
                    format!("I could not read receipt.sh. I was told:\n\n{}", quote(words))
                }
                Some(Outcome::Done(_)) | None => "The receipt.sh here is not the one of my script.".to_owned(),
            };
            format!(
                "{why}\n\nThis is not the sample project that my script is written for, so I change nothing here. {}",
                listing(outcomes.first())
            )
        }
    }
}

/// What the first look around found.
fn listing(outcome: Option<&Outcome>) -> String {
    let files: Vec<&str> = match outcome {
        Some(Outcome::Done(found)) => {
            found["files"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
        }
        Some(Outcome::Failed(words)) => {
            return format!("I could not list its files. I was told:\n\n{}", quote(words));
        }
        None => Vec::new(),
    };
    if files.is_empty() {
        return "I found no files.".to_owned();
    }
    let shown: Vec<String> =
        files.iter().take(MAX_LISTED).map(|file| format!("- {}", code(file))).collect();
    let more = match files.len().saturating_sub(MAX_LISTED) {
        0 => String::new(),
        count => format!("\n- and {count} more"),
    };
    format!("I saw:\n\n{}{more}", shown.join("\n"))
}

/// The last words.
fn summary(plan: &[Stop], steps: &[Vec<Outcome>]) -> String {
    let mut parts = vec!["That was the tour.".to_owned()];
    let run =
        plan.iter().zip(steps).rev().find_map(|(stop, outcomes)| match (stop, outcomes.first()) {
            (Stop::Test | Stop::Retest | Stop::List, Some(Outcome::Done(run))) => Some((stop, run)),
            _ => None,
        });
    match run {
        Some((Stop::List, run)) => parts.push(format!("The command printed:\n\n{}", output(run))),
        Some((_, run)) => parts.push(format!("The last test run printed:\n\n{}", output(run))),
        None => parts.push("No command was run.".to_owned()),
    }
    let refused: Vec<String> = plan
        .iter()
        .zip(steps)
        .filter(|(stop, _)| **stop != Stop::Look)
        .filter_map(|(stop, outcomes)| {
            let words = outcomes.iter().find_map(failure)?;
            Some(format!("- {}: {}", name(*stop), words.replace('\n', " ")))
        })
        .collect();
    if refused.is_empty() {
        parts.push("Nothing was denied.".to_owned());
    } else {
        parts.push(format!("This did not happen:\n\n{}", refused.join("\n")));
    }
    parts.push("All of this was a script, not a model. Say “again” to play it once more, or go back to the welcome screen and connect a model to do real work.".to_owned());
    parts.join("\n\n")
}

/// A step, as the summary calls it.
fn name(stop: Stop) -> String {
    match stop {
        Stop::Look => "looking around".to_owned(),
        Stop::Test => "the first test run".to_owned(),
        Stop::Fix => "the change to receipt.sh".to_owned(),
        Stop::Retest => "the second test run".to_owned(),
        Stop::Outside => format!("reading {OUTSIDE}"),
        Stop::Link => format!("reading {LINKED}"),
        Stop::List => "listing the folder".to_owned(),
    }
}

/// The line of the sample with the bug in it, as it was read, and the same without.
fn change(steps: &[Vec<Outcome>]) -> (String, String) {
    let read = match steps.first().and_then(|look| look.get(1)) {
        Some(Outcome::Done(receipt)) => receipt["content"].as_str(),
        Some(Outcome::Failed(_)) | None => None,
    };
    let old = read.and_then(|text| text.lines().find(|line| line.contains(BUG))).unwrap_or(BUG);
    (old.to_owned(), old.replace(BUG, FIX))
}

/// What a command printed, as a block of code.
fn output(run: &Value) -> String {
    let mut text = String::new();
    for stream in ["stdout", "stderr"] {
        let part = run[stream].as_str().unwrap_or_default();
        if !text.is_empty() && !text.ends_with('\n') && !part.is_empty() {
            text.push('\n');
        }
        text.push_str(part);
    }
    let text = text.trim_end();
    let text = match text.char_indices().rev().nth(MAX_QUOTED - 1) {
        Some((at, _)) if at > 0 => format!("…{}", &text[at..]),
        Some(_) | None if text.is_empty() => "(nothing)".to_owned(),
        Some(_) | None => text.to_owned(),
    };
    let fence = fence(&text, 3);
    format!("{fence}\n{text}\n{fence}")
}

/// A name as code in a line.
fn code(name: &str) -> String {
    let name: String = name.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    let fence = fence(&name, 1);
    if fence.len() == 1 { format!("`{name}`") } else { format!("{fence} {name} {fence}") }
}

/// A row of backticks that the text does not end.
fn fence(text: &str, least: usize) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    "`".repeat(least.max(longest + 1))
}

/// Words of others, word for word.
fn quote(words: &str) -> String {
    words.lines().map(|line| format!("> {line}")).collect::<Vec<_>>().join("\n")
}

fn failure(outcome: &Outcome) -> Option<&str> {
    match outcome {
        Outcome::Failed(words) => Some(words),
        Outcome::Done(_) => None,
    }
}

fn call(tool: &'static str, input: Value) -> Call {
    Call { tool, input }
}

fn line<const N: usize>(text: &str, calls: [Call; N]) -> Line {
    Line { text: text.to_owned(), calls: calls.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_is_fenced_and_cut_at_its_start() {
        let run = json!({"stdout": "a ```` b", "stderr": "err\n"});
        assert_eq!(output(&run), "`````\na ```` b\nerr\n`````");
        assert_eq!(output(&json!({})), "```\n(nothing)\n```");
        let long = output(&json!({"stdout": format!("first{}last", "ü".repeat(MAX_QUOTED))}));
        assert!(long.contains("…ü") && long.ends_with("last\n```") && !long.contains("first"));
        assert_eq!(code("a`b"), "`` a`b ``");
        assert_eq!(code("a\nb"), "`a\u{fffd}b`");
    }

    #[test]
    fn the_plan_only_grows() {
        let done = |value: Value| Outcome::Done(value);
        let look = vec![
            done(json!({"files": []})),
            done(json!({"content": format!("#!/bin/sh\n  {BUG}\n")})),
            Outcome::Failed("gone".into()),
        ];
        let mut steps = vec![];
        let mut before = plan(&steps);
        for step in [look, vec![done(json!({}))], vec![done(json!({}))], vec![done(json!({}))]] {
            steps.push(step);
            let now = plan(&steps);
            assert_eq!(
                now[..before.len().min(steps.len())],
                before[..before.len().min(steps.len())]
            );
            before = now;
        }
        assert_eq!(before.len(), 6);
        assert_eq!(change(&steps), (format!("  {BUG}"), format!("  {FIX}")));
    }
}
