//! The program is killed at any moment, taken up again, and killed again: nothing is lost and nothing is
//! done twice.
//!
//! `COUNTERSIGN_CRASH_COUNT` is the number of kills, `COUNTERSIGN_CRASH_SEED` makes the same plan of kills
//! again (the moments themselves are the machine's). `make crash` runs the long form.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, missing_docs)]

mod journey;
#[path = "crash/revert.rs"]
mod revert;

use journey::model::Model;
use journey::process::{Process, Trigger};
use journey::script::Length;
use journey::{Place, Reference, check, end};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How many sessions run side by side.
const WORKERS: u64 = 3;
/// Events after which the program is killed, and how often each comes.
const EVENTS: [(&str, u32); 13] = [
    ("session_started", 1),
    ("user_message", 1),
    ("step_started", 7),
    ("text_delta", 40),
    ("message", 7),
    ("tool_call", 13),
    ("approval_requested", 12),
    ("approval_decided", 13),
    ("tool_started", 13),
    ("tool_output", 4),
    ("files_changed", 10),
    ("tool_finished", 14),
    ("step_finished", 7),
];

/// How many of them come at the beginning only.
const ONCE: usize = 2;
/// Cards of the session.
const ANSWERS: u32 = 12;
/// About how long the program takes to start.
const STARTING: Duration = Duration::from_millis(80);

/// Numbers by chance, the same for the same seed (splitmix64).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit.max(1)
    }

    fn time(&mut self, limit: Duration) -> Duration {
        Duration::from_micros(self.below(u64::try_from(limit.as_micros()).unwrap()))
    }

    fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        let at = self.below(u64::try_from(all.len()).unwrap());
        &all[usize::try_from(at).unwrap()]
    }

    /// A moment to kill at; `done` percent of the session are done, and `whole` is how long all of it takes
    /// when nothing disturbs it.
    fn moment(&mut self, done: u32, whole: Duration) -> Trigger {
        // Where events are one after the other a kill at once meets one gap, a little later the next.
        let limit = *self.one_of(&[1, 4, 15]);
        let more = self.time(Duration::from_millis(limit));
        match self.below(10) {
            0..5 => Trigger::After(self.time(whole * (100 - done) / 100 + STARTING)),
            5..8 => {
                let first = if done == 0 { &EVENTS[..] } else { &EVENTS[ONCE..] };
                let (kind, times) = *self.one_of(first);
                Trigger::Event(kind, self.which(times, done), more)
            }
            _ => Trigger::Answer(self.which(ANSWERS, done), more),
        }
    }

    /// One of those that are still to come of so many.
    fn which(&mut self, times: u32, done: u32) -> u32 {
        let still = (times * (100 - done)).div_ceil(100);
        u32::try_from(self.below(u64::from(still))).unwrap() + 1
    }
}

#[derive(Default)]
struct Counts {
    sessions: u64,
    kills: BTreeMap<String, u64>,
    begun_anew: u64,
    interrupted: BTreeMap<String, u64>,
    envelopes: usize,
    drafts: usize,
    taken_back: u64,
    slowest_end: Duration,
}

struct Trial<'a> {
    model: &'a Model,
    reference: &'a Reference,
    place: Place,
    kills: &'a AtomicU64,
    counts: &'a Mutex<Counts>,
    id: Option<String>,
    printed: Vec<Value>,
    /// What happened to the session, for a failure's words.
    story: String,
}

impl Trial<'_> {
    /// Starts the program as it must be started now: for a new session, or for the one there is.
    fn start(&mut self) -> Process {
        match &self.id {
            None => self.place.run(),
            Some(id) => self.place.resume(id),
        }
    }

    /// Kills it one to four times, then lets it come to its end.
    fn go(&mut self, chance: &mut Chance) {
        for time in 0..4 {
            if time > 0 && chance.below(4) == 0 {
                break;
            }
            let all = self.reference.journal.len();
            let done = self.printed.last().and_then(|event| event["seq"].as_u64()).unwrap_or(0);
            let done = usize::try_from(done).unwrap() * 100 / all;
            let moment = chance.moment(u32::try_from(done).unwrap().min(100), self.reference.time);
            if !self.killed(&moment) {
                // It came to its end before.
                return;
            }
        }
        assert!(!self.killed(&Trigger::Never), "nobody kills it");
    }

    /// Runs it until the moment. Whether it was killed, and must be taken up again.
    fn killed(&mut self, moment: &Trigger) -> bool {
        let mut process = self.start();
        let ended = process.drive(moment);
        writeln!(self.story, "{moment:?}: {}", last(&process)).unwrap();
        if self.id.is_none() {
            self.id = process.session();
        }
        self.printed.extend(process.stored().cloned());
        let senseless = process.seen.iter().find(|event| event["type"] == "input_error");
        assert!(senseless.is_none(), "{senseless:?}");
        match ended {
            Some((0, _)) => false,
            Some((2, errors)) if errors.contains("nothing was asked in that session yet") => {
                // Killed before the task was stored: it is given again.
                assert!(process.seen.is_empty(), "{:?}", process.seen);
                self.begin_anew();
                self.killed(moment)
            }
            Some((code, errors)) => panic!("exit code {code}: {errors}\n{:#?}", process.seen),
            None => {
                self.kills.fetch_add(1, Ordering::SeqCst);
                let time = end::gone(&self.place, &process).unwrap();
                {
                    let mut counts = self.counts.lock().unwrap();
                    *counts.kills.entry(last(&process)).or_default() += 1;
                    counts.slowest_end = counts.slowest_end.max(time);
                }
                if self.id.is_none() {
                    self.id = self.place.newest();
                }
                true
            }
        }
    }

    fn begin_anew(&mut self) {
        let id = self.id.take().unwrap();
        let journal = self.place.export(&id);
        assert!(journal.len() <= 1, "{journal:#?}");
        assert!(
            check::printed(self.printed.drain(..).collect::<Vec<_>>().iter(), &journal).is_empty()
        );
        self.counts.lock().unwrap().begun_anew += 1;
    }

    /// Everything that must be true now; also that it can be taken back, where that is asked.
    fn faults(&self, takes_back: bool) -> Vec<String> {
        let id = self.id.as_ref().unwrap();
        let journal = self.place.export(id);
        let (mut faults, interrupted) = check::journal(&journal, self.reference);
        faults.extend(check::printed(self.printed.iter(), &journal));
        faults.extend(end::files(&self.place, self.reference, &interrupted));
        // Before anything is taken back.
        let drafts = end::drafts(&self.place);
        faults.extend(end::told_changes(
            &journal,
            &self.place.files(),
            self.reference,
            &interrupted,
        ));
        match self.model.forget(&self.place.mark) {
            Some(request) => faults.extend(check::sent(&request, &journal)),
            None => faults.push("the model was not asked".to_owned()),
        }
        if !faults.is_empty() {
            let lines: Vec<String> = journal.iter().map(Value::to_string).collect();
            let file = self.place.workspace.root().join("journal.jsonl");
            std::fs::write(file, lines.join("\n")).unwrap();
        }
        if takes_back {
            faults.extend(self.place.taken_back(id, self.reference));
        }
        let mut counts = self.counts.lock().unwrap();
        counts.sessions += 1;
        counts.envelopes += journal.len();
        counts.drafts += drafts;
        counts.taken_back += u64::from(takes_back);
        for call in interrupted {
            *counts.interrupted.entry(call).or_default() += 1;
        }
        faults
    }
}

/// The last thing that was printed and is journaled.
fn last(process: &Process) -> String {
    let last = process.stored().last();
    last.map_or("(nothing yet)", |event| event["type"].as_str().unwrap()).to_owned()
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn seed() -> u64 {
    let clock = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    number("COUNTERSIGN_CRASH_SEED").unwrap_or(clock)
}

#[test]
fn a_killed_program_loses_nothing_and_does_nothing_twice() {
    let seed = seed();
    let wanted = number("COUNTERSIGN_CRASH_COUNT").unwrap_or(200);
    println!("COUNTERSIGN_CRASH_SEED={seed} COUNTERSIGN_CRASH_COUNT={wanted}");
    let began = Instant::now();
    let model = Model::start();
    let reference = Reference::make(&model, Length::Whole);
    println!("undisturbed: {} envelopes in {:?}", reference.journal.len(), reference.time);
    let (kills, next) = (AtomicU64::new(0), AtomicU64::new(0));
    let counts = Mutex::<Counts>::default();
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                let _stop = StopAll(&kills);
                while kills.load(Ordering::SeqCst) < wanted {
                    let number = next.fetch_add(1, Ordering::SeqCst);
                    trial(seed, number, &model, &reference, &kills, &counts);
                }
            });
        }
    });
    let counts = counts.into_inner().unwrap();
    assert_eq!(model.problems(), Vec::<String>::new());
    let total = |counts: &BTreeMap<String, u64>| counts.values().sum::<u64>();
    println!(
        "{} kills in {} sessions, {:?}",
        total(&counts.kills),
        counts.sessions,
        began.elapsed()
    );
    println!("last event before a kill: {:#?}", counts.kills);
    println!("calls told as interrupted: {} {:?}", total(&counts.interrupted), counts.interrupted);
    println!("sessions given their task again: {}", counts.begun_anew);
    println!("files that a killed write left beside its own: {}", counts.drafts);
    println!("sessions taken back: {}", counts.taken_back);
    println!("envelopes checked: {}", counts.envelopes);
    println!("all that ran was gone after at most {:?}", counts.slowest_end);
    assert!(total(&counts.kills) >= wanted);
}

/// Lets all workers stop where one has failed.
struct StopAll<'a>(&'a AtomicU64);

impl Drop for StopAll<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.store(u64::MAX / 2, Ordering::SeqCst);
        }
    }
}

/// One session that is killed by its own plan.
fn trial(
    seed: u64,
    number: u64,
    model: &Model,
    reference: &Reference,
    kills: &AtomicU64,
    counts: &Mutex<Counts>,
) {
    let mut chance = Chance(seed.wrapping_mul(1_000_003).wrapping_add(number));
    let mut place = Place::new(model, format!("mark-{seed}-{number}-x"), Length::Whole);
    if chance.below(4) == 0 {
        place = place.unconfined();
    }
    let mut trial = Trial {
        model,
        reference,
        place,
        kills,
        counts,
        id: None,
        printed: Vec::new(),
        story: String::new(),
    };
    trial.go(&mut chance);
    let faults = trial.faults(number.is_multiple_of(2));
    if !faults.is_empty() {
        let (story, faults) = (trial.story, faults.join("\n"));
        let kept = trial.place.workspace.keep();
        panic!(
            "COUNTERSIGN_CRASH_SEED={seed}, session {number}, kept in {}:\n{story}\n{faults}",
            kept.display()
        );
    }
}
