//! What the model is told of an act that was done.

use countersign_guard::{Finished, Receipt, Refused, RunEnd};
use serde_json::{Value, json};

/// The result of a write or an edit, in the tool's own shape; none for the other receipts, which
/// are no answers by themselves.
#[must_use]
pub fn render(tool: &str, receipt: &Receipt) -> Option<Value> {
    match receipt {
        Receipt::Written { path, created, bytes, replacements, .. } => Some(if tool == "edit" {
            json!({"path": path, "replacements": replacements})
        } else {
            json!({"path": path, "created": created, "bytes": bytes})
        }),
        Receipt::Ran(finished) => Some(render_run(finished)),
        Receipt::Reached(_) => None,
    }
}

/// The result of a command.
#[must_use]
pub fn render_run(finished: &Finished) -> Value {
    let millis = u64::try_from(finished.duration.as_millis()).unwrap_or(u64::MAX);
    let mut result = json!({
        "exit_code": exit_code(finished),
        "stdout": finished.stdout.text,
        "stderr": finished.stderr.text,
        "duration_ms": millis,
        "truncated": finished.stdout.truncated || finished.stderr.truncated,
        "timed_out": matches!(finished.end, RunEnd::TimedOut),
    });
    let note = match &finished.end {
        RunEnd::Stopped => {
            Some("The user stopped this command; it and all that it started were ended.".to_owned())
        }
        RunEnd::TimedOut => Some(
            "The command took longer than its timeout; it and all that it started were ended."
                .to_owned(),
        ),
        RunEnd::Signalled(signal) => Some(format!("The command was ended by signal {signal}.")),
        RunEnd::NotStarted(why) => Some(format!("The command could not be started: {why}")),
        RunEnd::Exited(_) if finished.stragglers > 0 => Some(format!(
            "The command left {} process(es) running in the background; they were ended. Nothing outlives a command here.",
            finished.stragglers
        )),
        RunEnd::Exited(_) => None,
    };
    if let (Some(note), Some(object)) = (note, result.as_object_mut()) {
        object.insert("note".to_owned(), Value::String(note));
    }
    if let (Some(confinement), Some(object)) =
        (confinement(&finished.refused), result.as_object_mut())
    {
        object.insert("confinement".to_owned(), confinement);
    }
    result
}

/// What the command's limits refused it, in words for the model.
fn confinement(refused: &Refused) -> Option<Value> {
    let paths: Vec<String> = refused.paths.iter().map(|path| path.display().to_string()).collect();
    let mut notes = Vec::new();
    if !paths.is_empty() {
        notes.push("The operating system confines this command and refused it these paths. It may write to the workspace, temporary folders and build caches only, and may not read secrets or connect to Unix sockets. Work within that, or ask the user to approve it unconfined.");
    }
    if refused.network {
        notes.push("The network is off for this command. Ask the user if it needs it.");
    }
    (!notes.is_empty()).then(|| json!({"refused": paths, "note": notes.join(" ")}))
}

/// The exit code as a shell counts it: 128 and the number for a signal, 124 for a timeout, 130 for
/// a stop, 127 for a command that could not be started.
pub(crate) fn exit_code(finished: &Finished) -> i32 {
    match finished.end {
        RunEnd::Exited(code) => code,
        RunEnd::Signalled(signal) => 128 + signal,
        RunEnd::TimedOut => 124,
        RunEnd::Stopped => 130,
        RunEnd::NotStarted(_) => 127,
    }
}
