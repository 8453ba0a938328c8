//! Taking a session's changes back, killed at any moment: each file is as it was before or as it is after,
//! and taking back once more finishes the work.

use crate::journey::model::Model;
use crate::journey::process::Trigger;
use crate::journey::script::Length;
use crate::journey::{Place, Reference, end};
use crate::{Chance, number, seed};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How many are done side by side.
const WORKERS: u64 = 3;

/// Puts a copy of a folder in the place of another.
fn copy(from: &Path, to: &Path) {
    if to.exists() {
        std::fs::remove_dir_all(to).unwrap();
    }
    assert!(Command::new("cp").arg("-a").args([from, to]).status().unwrap().success());
}

/// A session that came to its end, and its folders to begin with again and again.
struct Done {
    place: Place,
    id: String,
    /// How long it takes to take all of it back.
    time: Duration,
}

const FOLDERS: [&str; 2] = ["ws", "own/data"];

impl Done {
    fn make(model: &Model, mark: String) -> Self {
        let place = Place::new(model, mark, Length::Whole);
        let mut process = place.run();
        let (code, errors) = process.drive(&Trigger::Never).expect("nobody kills it");
        assert_eq!(code, 0, "{errors}");
        let id = process.session().unwrap();
        for folder in FOLDERS {
            let kept = place.workspace.root().join("kept").join(folder);
            std::fs::create_dir_all(kept.parent().unwrap()).unwrap();
            copy(&place.workspace.root().join(folder), &kept);
        }
        let began = Instant::now();
        let (code, text, errors) = place.sessions(&["revert", &id]);
        assert_eq!(code, 0, "{text}{errors}");
        Self { place, id, time: began.elapsed() }
    }

    fn begin_again(&self) {
        let root = self.place.workspace.root();
        for folder in FOLDERS {
            copy(&root.join("kept").join(folder), &root.join(folder));
        }
    }

    /// Kills it once or twice on its way, then lets it come to its end. Gives the kills, and how many of
    /// them met it in the middle.
    fn trial(&self, chance: &mut Chance, reference: &Reference) -> (u64, u64) {
        self.begin_again();
        let (mut kills, mut amidst) = (0, 0);
        for _ in 0..=chance.below(2) {
            // The removal of this file comes early, and the rest within milliseconds.
            let (gone, limit) = match chance.below(3) {
                0 => (None, self.time),
                _ => (Some("made/new.txt"), Duration::from_millis(8)),
            };
            let after = chance.time(limit);
            kills += u64::from(self.place.sessions_killed(&["revert", &self.id], gone, after));
            let now = self.place.files();
            let names = now.keys().chain(reference.before.keys()).chain(reference.after.keys());
            let mut put_back = [false; 2];
            for name in names.filter(|name| !end::is_draft(name)) {
                let (is, old, new) =
                    (now.get(name), reference.before.get(name), reference.after.get(name));
                assert!(is == old || is == new, "{name} is half put back: {is:?}");
                if old != new {
                    put_back[usize::from(is == old)] = true;
                }
            }
            amidst += u64::from(put_back == [true; 2]);
        }
        let (code, text, errors) = self.place.sessions(&["revert", &self.id]);
        let all = self.place.files();
        let drafts: Vec<&String> = all.keys().filter(|name| end::is_draft(name)).collect();
        // What a killed one left beside a file keeps the file's folder from being removed; that is told.
        let kept = |name: &str| drafts.iter().any(|draft| draft.starts_with(&format!("{name}/")));
        let told = text.contains("the folder is not empty");
        let is_kept = all.keys().any(|name| !reference.before.contains_key(name) && kept(name));
        assert_eq!((code, told), if is_kept { (4, true) } else { (0, false) }, "{text}{errors}");
        let mut now = all.clone();
        now.retain(|name, _| {
            !end::is_draft(name) && (reference.before.contains_key(name) || !kept(name))
        });
        assert_eq!(now, reference.before, "{text}");
        (kills, amidst)
    }
}

#[test]
fn taking_back_that_was_killed_is_finished_by_taking_back_again() {
    let wanted = number("COUNTERSIGN_CRASH_COUNT").unwrap_or(200) / 4;
    let seed = seed();
    println!("COUNTERSIGN_CRASH_SEED={seed}");
    let began = Instant::now();
    let model = Model::start();
    let reference = Reference::make(&model, Length::Whole);
    let [kills, amidst, drafts] = [const { AtomicU64::new(0) }; 3];
    std::thread::scope(|scope| {
        for worker in 0..WORKERS {
            let (model, reference, kills, amidst, drafts) =
                (&model, &reference, &kills, &amidst, &drafts);
            scope.spawn(move || {
                let done = Done::make(model, format!("mark-revert-{worker}"));
                let mut chance = Chance(seed.wrapping_mul(1_000_003).wrapping_add(worker));
                while kills.load(Ordering::SeqCst) < wanted {
                    let (all, met) = done.trial(&mut chance, reference);
                    kills.fetch_add(all, Ordering::SeqCst);
                    amidst.fetch_add(met, Ordering::SeqCst);
                    let left = u64::try_from(end::drafts(&done.place)).unwrap();
                    drafts.fetch_add(left, Ordering::SeqCst);
                }
            });
        }
    });
    println!(
        "{kills:?} kills while changes were taken back, {amidst:?} with some files put back and some \
         not, {drafts:?} files left beside, {:?}",
        began.elapsed()
    );
}
