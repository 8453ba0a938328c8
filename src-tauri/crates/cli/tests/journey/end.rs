//! What must be true of the machine: the files, what ran how often, and what is left running.

use super::process::Process;
use super::script::{ACTING, COUNTER, COUNTING, changes};
use super::{Place, Reference};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};

/// A workspace: files and links by their bytes, folders by none.
pub type Files = BTreeMap<String, Option<Vec<u8>>>;

/// Compares the workspace with that of the undisturbed session. What differs must be the doing of a call
/// that is told as interrupted.
pub fn files(place: &Place, reference: &Reference, interrupted: &BTreeSet<String>) -> Vec<String> {
    let now = place.files();
    let mut faults = counter(&now, reference, interrupted);
    let broken = |path: &str| {
        interrupted.iter().any(|call| changes(call).is_some_and(|file| touches(path, file)))
    };
    let names: BTreeSet<&String> = now.keys().chain(reference.after.keys()).collect();
    for name in names.into_iter().filter(|name| *name != COUNTER) {
        let (is, after) = (now.get(name), reference.after.get(name));
        let before = reference.before.get(name);
        let draft = is_draft(name);
        let explained = broken(name) && (is == before || draft);
        if is != after && !explained {
            faults.push(format!("{name} is {}, and not {}", shown(is), shown(after)));
        }
    }
    faults
}

/// Whether a path is a call's file, one of its folders, or what a write lays beside it for a moment.
fn touches(path: &str, file: &str) -> bool {
    let (folder, name) = file.rsplit_once('/').unwrap_or(("", file));
    let (here, last) = path.rsplit_once('/').unwrap_or(("", path));
    path == file || path == folder || (here == folder && last.starts_with(&format!(".{name}.")))
}

/// Whether a name is that of a new content before it takes its place.
pub fn is_draft(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.starts_with('.')
        && name
            .rsplit('.')
            .next()
            .is_some_and(|end| end.len() == 32 && end.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Files that a write which was killed left beside its own.
pub fn drafts(place: &Place) -> usize {
    place.files().keys().filter(|path| is_draft(path)).count()
}

/// Each command's line is there once; of an interrupted one it may be missing.
fn counter(files: &Files, reference: &Reference, interrupted: &BTreeSet<String>) -> Vec<String> {
    let text = counted(files);
    let mut faults = Vec::new();
    for call in COUNTING.into_iter().filter(|call| reference.calls(call)) {
        let lines = text.lines().filter(|line| *line == call).count();
        let fits = lines == 1 || (lines == 0 && interrupted.contains(call));
        if !fits {
            faults.push(format!("{call} ran {lines} times: {text:?}"));
        }
    }
    if text.lines().any(|line| !COUNTING.contains(&line)) {
        faults.push(format!("the counter has more: {text:?}"));
    }
    faults
}

fn counted(files: &Files) -> String {
    let bytes = files.get(COUNTER).and_then(Option::as_deref).unwrap_or_default();
    String::from_utf8_lossy(bytes).into_owned()
}

/// While a session has not ended, with the files and the journal as they are then: nothing was done that has
/// no recorded yes and start, and no command ran twice.
pub fn nothing_unapproved(now: &Files, reference: &Reference, journal: &[Value]) -> Vec<String> {
    let mut started = BTreeSet::new();
    let mut yeses = BTreeSet::new();
    for event in journal {
        let call = event["call"].as_str().unwrap_or_default();
        if event["type"] == "approval_decided" && event["decision"] != "deny" {
            yeses.insert(call.to_owned());
        }
        if event["type"] == "tool_started" && yeses.contains(call) {
            started.insert(call.to_owned());
        }
    }
    let mut faults = Vec::new();
    let text = counted(now);
    for call in COUNTING {
        let lines = text.lines().filter(|line| *line == call).count();
        if lines > usize::from(started.contains(call)) {
            faults.push(format!("{call} ran {lines} times, and the journal has no start for that"));
        }
    }
    let names: BTreeSet<&String> = now.keys().chain(reference.before.keys()).collect();
    for name in names.into_iter().filter(|name| *name != COUNTER) {
        let doer =
            ACTING.into_iter().filter(|call| changes(call).is_some_and(|file| touches(name, file)));
        let allowed = doer.into_iter().any(|call| started.contains(call));
        let is = now.get(name);
        if is != reference.before.get(name) && !allowed {
            faults.push(format!(
                "{name} is {}, and no call that may have done that has started",
                shown(is)
            ));
        }
    }
    faults
}

fn shown(content: Option<&Option<Vec<u8>>>) -> String {
    match content {
        None => "missing".to_owned(),
        Some(None) => "a folder".to_owned(),
        Some(Some(bytes)) => format!("{:?}", String::from_utf8_lossy(bytes)),
    }
}

/// What the interrupted calls changed is told in `files_changed`, once, so that it can be undone.
pub fn told_changes(
    journal: &[Value],
    files: &Files,
    reference: &Reference,
    interrupted: &BTreeSet<String>,
) -> Vec<String> {
    let mut faults = Vec::new();
    let mut told: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for event in journal.iter().filter(|event| event["type"] == "files_changed") {
        let paths = event["files"].as_array().into_iter().flatten();
        let paths = paths.filter_map(|file| file["path"].as_str());
        let call = event["call"].as_str().unwrap_or_default();
        if told.contains_key(call) {
            faults.push(format!("what {call} changed is told twice"));
        }
        told.entry(call).or_default().extend(paths);
    }
    for call in ACTING.into_iter().filter(|call| changes(call).is_some()) {
        let file = changes(call).unwrap_or_default();
        let changed = if file == COUNTER {
            counted(files).lines().any(|line| line == call)
        } else {
            files.get(file) != reference.before.get(file)
        };
        // Of several that were interrupted at once nobody can tell whose it was.
        let by_another = || {
            interrupted.contains(call)
                && interrupted
                    .iter()
                    .any(|other| told.get(other.as_str()).is_some_and(|files| files.contains(file)))
        };
        if changed && !told.get(call).is_some_and(|files| files.contains(file)) && !by_another() {
            faults.push(format!("{call} changed {file}, and files_changed does not tell"));
        }
    }
    faults
}

/// Waits until nothing runs any more that the program or the session's commands started; at most two
/// seconds. Gives how long it took, or what still runs.
pub fn gone(place: &Place, process: &Process) -> Result<Duration, String> {
    let since = Instant::now();
    loop {
        let mut left = left(&place.mark, &place.workspace.path());
        // A supervisor may be about to begin what it was told to.
        left.extend(process.children.iter().filter_map(|pid| with_arguments(*pid)));
        if left.is_empty() {
            return Ok(since.elapsed());
        }
        if since.elapsed() > Duration::from_secs(2) {
            return Err(format!("two seconds after the kill there still run {left:?}"));
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// The processes that have the mark in their environment or arguments, or stand in the workspace.
fn left(mark: &str, workspace: &Path) -> Vec<String> {
    let holds = |path: String| {
        let bytes = std::fs::read(path).unwrap_or_default();
        bytes.windows(mark.len()).any(|part| part == mark.as_bytes())
    };
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        let stands = std::fs::read_link(format!("/proc/{pid}/cwd"))
            .is_ok_and(|folder| folder.starts_with(workspace));
        if stands || holds(format!("/proc/{pid}/environ")) || holds(format!("/proc/{pid}/cmdline"))
        {
            found.extend(with_arguments(pid));
        }
    }
    found
}

/// A process with its arguments. One that has ended and waits for its parent has none any more.
fn with_arguments(pid: u32) -> Option<String> {
    let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let text = String::from_utf8_lossy(&line).replace('\0', " ");
    (!text.is_empty()).then(|| format!("{pid}: {text}"))
}
