//! The disk fails, fills up, or can only be read; the folder goes away; the clock jumps: nothing acts without
//! a record of its yes, what failed is said, and when it is mended the session goes on to its end.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, missing_docs)]

#[path = "faults/cases.rs"]
mod cases;
mod journey;
#[path = "faults/shim.rs"]
mod shim;

use journey::end::Files;
use journey::model::Model;
use journey::process::{Process, Trigger};
use journey::script::Length;
use journey::{Place, Reference, check, end};
use serde_json::Value;
use shim::{EIO, ENOSPC, Mode};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// How many sessions run side by side.
const WORKERS: u64 = 3;

/// A session in which something goes wrong, and which is then taken up again.
pub(crate) struct Trial<'a> {
    pub(crate) model: &'a Model,
    pub(crate) reference: &'a Reference,
    pub(crate) place: Place,
    pub(crate) id: Option<String>,
    pub(crate) printed: Vec<Value>,
}

/// How a program ended.
pub(crate) struct Ended {
    pub(crate) code: i32,
    /// What it said of it: the last event, where that is an error, and its standard error.
    pub(crate) said: String,
    /// The workspace then.
    pub(crate) files: Files,
}

impl Ended {
    /// What must never be.
    pub(crate) fn fell_over(&self) -> Vec<String> {
        if self.said.contains("panicked") || self.code < 0 {
            vec![format!("it fell over: exit code {}", self.code)]
        } else {
            Vec::new()
        }
    }
}

impl<'a> Trial<'a> {
    pub(crate) fn new(model: &'a Model, reference: &'a Reference, mark: String) -> Self {
        let place = Place::new(model, mark, reference.length);
        Self { model, reference, place, id: None, printed: Vec::new() }
    }

    /// Begins or goes on, until the program ends.
    pub(crate) fn go(&mut self) -> Ended {
        let process = match &self.id {
            None => self.place.run(),
            Some(id) => self.place.resume(id),
        };
        self.finish(process)
    }

    /// Waits until a program ends.
    pub(crate) fn finish(&mut self, mut process: Process) -> Ended {
        let (code, errors) = process.drive(&Trigger::Never).expect("nobody kills it");
        let last = process.seen.last().and_then(|event| event["error"].as_str());
        let said = format!("{}\n{errors}", last.unwrap_or_default()).trim().to_owned();
        self.id = self.id.take().or_else(|| process.session());
        self.printed.extend(process.stored().cloned());
        Ended { code, said, files: self.place.files() }
    }

    /// Now that nothing fails any more: goes on to the end, and checks all of it. Gives what is wrong.
    pub(crate) fn mended(&mut self, then: &Ended) -> Vec<String> {
        self.place.environment = shim::fault(&self.place, 0, Mode::Once, 0);
        let mut faults = Vec::new();
        if then.code != 0 {
            self.id = self.id.take().or_else(|| self.place.newest());
            let mut now = self.go();
            if now.code == 2 && now.said.contains("nothing was asked in that session yet") {
                (self.id, self.printed) = (None, Vec::new());
                now = self.go();
            }
            if now.code != 0 {
                return vec![format!("it does not go on: exit code {}: {}", now.code, now.said)];
            }
        }
        let id = self.id.clone().unwrap();
        let journal = self.place.export(&id);
        let resumed = journal.iter().rposition(|event| event["type"] == "session_resumed");
        let before = resumed.filter(|_| then.code != 0).unwrap_or(journal.len());
        let before = &journal[..before];
        faults.extend(end::nothing_unapproved(&then.files, self.reference, before));
        let (wrong, interrupted) = check::journal(&journal, self.reference);
        faults.extend(wrong);
        faults.extend(check::printed(self.printed.iter(), &journal));
        faults.extend(end::files(&self.place, self.reference, &interrupted));
        let files = self.place.files();
        faults.extend(end::told_changes(&journal, &files, self.reference, &interrupted));
        match self.model.forget(&self.place.mark) {
            Some(request) => faults.extend(check::sent(&request, &journal)),
            None => faults.push("the model was not asked".to_owned()),
        }
        if !faults.is_empty() {
            let lines: Vec<String> = journal.iter().map(Value::to_string).collect();
            let file = self.place.workspace.root().join("journal.jsonl");
            std::fs::write(file, lines.join("\n")).unwrap();
        }
        faults
    }
}

/// What a person is told: the first words of what happened. Which it is follows from how SQLite takes an
/// error, not from the error alone.
const TOLD: [&str; 5] = [
    "he disk is full",
    "he disk failed",
    "he database cannot be written",
    "he folder ",
    "he data folder is read-only",
];

#[derive(Default)]
struct Counts {
    faults: u64,
    harmless: u64,
    /// What was told of them, by the words of [`TOLD`].
    told: BTreeMap<&'static str, u64>,
    wrong: Vec<String>,
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Lets each call for the store fail, one in each session. `COUNTERSIGN_FAULT_FROM` and `_TO` choose some.
fn sweep(mode: Mode, counts: &Mutex<Counts>, model: &Model, reference: &Reference) {
    let next = AtomicU64::new(number("COUNTERSIGN_FAULT_FROM").unwrap_or(1));
    let last = number("COUNTERSIGN_FAULT_TO").unwrap_or(u64::MAX);
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::SeqCst);
                    if at > last || !one(at, mode, counts, model, reference) {
                        return;
                    }
                }
            });
        }
    });
}

/// One session, of which one call for the store fails, or all from it on. Whether there was such a call.
fn one(at: u64, mode: Mode, counts: &Mutex<Counts>, model: &Model, reference: &Reference) -> bool {
    // Both errors for both kinds of calls: what comes in pairs is not always met by the same one.
    let error = if (at / 2 + at).is_multiple_of(2) { EIO } else { ENOSPC };
    let mut trial = Trial::new(model, reference, format!("mark-{mode:?}-{at}-x"));
    trial.place.environment = shim::fault(&trial.place, at, mode, error);
    let then = trial.go();
    if shim::counted(&trial.place) < at {
        return false;
    }
    let mut wrong = then.fell_over();
    let told = TOLD.into_iter().find(|words| then.said.contains(words));
    if then.code != 0 && told.is_none() {
        wrong.push(format!("what it says is not clear: exit code {}", then.code));
    }
    wrong.extend(trial.mended(&then));
    if at.is_multiple_of(3) || !wrong.is_empty() {
        wrong.extend(trial.id.iter().flat_map(|id| trial.place.taken_back(id, reference)));
    }
    let mut counts = counts.lock().unwrap();
    counts.faults += 1;
    counts.harmless += u64::from(then.code == 0);
    *counts.told.entry(told.unwrap_or("nothing")).or_default() += 1;
    if !wrong.is_empty() {
        let wrong = wrong.join("\n  ");
        let kept = trial.place.workspace.keep();
        counts.wrong.push(format!(
            "{mode:?} at {at}, error {error}, kept in {}: {}\n  {wrong}",
            kept.display(),
            then.said
        ));
    }
    true
}

#[test]
fn every_write_sync_and_rename_of_the_store_may_fail() {
    let began = Instant::now();
    let model = Model::start();
    let reference = Reference::make(&model, Length::Brief);
    let counts = Mutex::<Counts>::default();
    for mode in [Mode::Once, Mode::Lasting] {
        sweep(mode, &counts, &model, &reference);
        let mut counts = counts.lock().unwrap();
        let (faults, harmless, told) = (counts.faults, counts.harmless, &counts.told);
        println!("{mode:?}: {faults} faults, {harmless} without harm, {:?}", began.elapsed());
        println!("  told: {told:?}");
        (counts.faults, counts.harmless, counts.told) = (0, 0, BTreeMap::new());
    }
    let wrong = counts.into_inner().unwrap().wrong;
    assert_eq!(model.problems(), Vec::<String>::new());
    assert!(wrong.is_empty(), "{} sessions went wrong:\n{}", wrong.len(), wrong.join("\n"));
}
