//! What acts change is recorded as theirs, whatever looks at the workspace meanwhile.

#![allow(clippy::unwrap_used)]

use super::acts::{Act, EndedAct, Found};
use super::*;
use countersign_guard::Supervisor;
use countersign_protocol::KeptKind;

struct Place {
    _home: tempfile::TempDir,
    folder: std::path::PathBuf,
    undo: Undo,
}

const OLD: &[u8] = b"old\n";

/// A workspace with one file, of which nothing is known yet.
fn place() -> Place {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("folder");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("old.txt"), OLD).unwrap();
    let policy = Policy::new(PolicySettings::default(), Vec::new());
    let supervisor = Supervisor::this_program().unwrap();
    let workspace = Workspace::open(&folder, &[], policy, supervisor, Vec::new()).unwrap();
    let data = home.path().join("data");
    let undo = Undo::open(&workspace, SessionId::new("s"), &data, UndoLimits::default()).unwrap();
    Place { _home: home, folder, undo }
}

fn act(call: &str, reach: Reach) -> Act {
    Act { call: CallId::new(call), reach }
}

fn file(path: &str) -> Reach {
    Reach::File(path.into())
}

impl Place {
    fn begin(&self, act: Act) -> Begun {
        self.undo.begin_act(act, &CancellationToken::new()).unwrap()
    }

    /// Ends an act; gives the paths that it changed.
    fn end(&self, begun: Begun) -> Vec<String> {
        let deltas = self.undo.end(begun, &CancellationToken::new()).unwrap();
        deltas.iter().map(|delta| String::from_utf8(delta.path.clone()).unwrap()).collect()
    }

    fn look_through(&self) {
        let mut state = self.undo.lock();
        self.undo.look_through(&mut state, &CancellationToken::new()).unwrap();
    }

    fn write(&self, path: &str, text: &str) {
        std::fs::write(self.folder.join(path), text).unwrap();
    }

    /// What is recorded of a call: the paths, and what stood there before.
    fn recorded(&self, call: &str) -> Vec<(String, Option<KeptKind>)> {
        let acts = self.undo.recorded().unwrap().into_iter();
        let deltas = acts.filter(|act| act.act == CallId::new(call)).flat_map(|act| act.deltas);
        deltas
            .map(|delta| {
                let path = String::from_utf8(delta.path).unwrap();
                (path, delta.before.map(|before| before.kind))
            })
            .collect()
    }
}

#[test]
fn the_window_is_told_while_the_workspace_is_looked_through() {
    let place = place();
    let looked_through = place.undo.lock();
    std::thread::scope(|scope| {
        assert!(!scope.spawn(|| place.undo.told()).join().unwrap().ready);
    });
    drop(looked_through);
}

#[test]
fn a_first_look_during_acts_takes_nothing_of_theirs_for_the_state_before() {
    let place = place();
    let new = place.begin(act("new", file("made/new.txt")));
    let old = place.begin(act("old", file("old.txt")));
    std::fs::create_dir(place.folder.join("made")).unwrap();
    place.write("made/new.txt", "new\n");
    std::fs::remove_file(place.folder.join("old.txt")).unwrap();
    place.write("mine.txt", "the person's\n");
    place.look_through();
    assert_eq!(place.end(old), ["old.txt"]);
    assert_eq!(place.end(new), ["made", "made/new.txt"]);
    assert_eq!(place.recorded("old"), [("old.txt".to_owned(), Some(KeptKind::File))]);
    assert_eq!(
        place.recorded("new"),
        [("made".to_owned(), None), ("made/new.txt".to_owned(), None)]
    );
}

#[test]
fn asking_for_the_changes_while_a_command_runs_takes_nothing_from_it() {
    let place = place();
    let written = place.begin(act("write", file("old.txt")));
    place.write("old.txt", "new\n");
    assert_eq!(place.end(written), ["old.txt"]);
    let command = place.begin(act("command", Reach::Anything));
    place.write("old.txt", "newer\n");
    place.write("log.txt", "some output\n");
    let changes = place.undo.changes(&[]).unwrap();
    assert_eq!(changes.files.len(), 1, "what a command did is told at its end");
    assert_eq!(place.end(command), ["log.txt", "old.txt"]);
    assert_eq!(place.undo.changes(&[]).unwrap().files.len(), 2);
}

#[test]
fn what_could_not_be_recorded_is_recorded_before_anything_else_is_learned() {
    let place = place();
    // As an act leaves it whose end met a disk that failed.
    let _begun = place.begin(act("write", file("new.txt")));
    place.write("new.txt", "new\n");
    {
        let mut state = place.undo.lock();
        state.acting.clear();
        let found = Found::Not(file("new.txt"));
        state.ended.push(EndedAct { call: CallId::new("write"), found });
    }
    place.look_through();
    assert_eq!(place.recorded("write"), [("new.txt".to_owned(), None)]);
}

#[test]
fn what_an_interrupted_act_changed_is_recorded_before_the_changes_are_asked_for() {
    let place = place();
    let begun = place.begin(act("write", file("new.txt")));
    place.write("new.txt", "new\n");
    // The program's task broke off: its act is never ended.
    drop(begun);
    {
        let mut state = place.undo.lock();
        let interrupted = Interrupted(act("write", file("new.txt")));
        place.undo.remember(&mut state, vec![interrupted]);
    }
    let changes = place.undo.changes(&[]).unwrap();
    assert_eq!(changes.files.len(), 1);
    assert_eq!(place.recorded("write"), [("new.txt".to_owned(), None)]);
    assert!(place.undo.between_acts(|| ()).is_some(), "no act is under way any more");
}

#[test]
fn who_only_looks_teaches_the_stored_index_nothing() {
    let mut place = place();
    place.look_through();
    place.write("old.txt", "by an act of the program that has the session open\n");
    let known = place.undo.checkpoints.index().unwrap();
    place.undo.only_looks = true;
    place.undo.changes(&[]).unwrap();
    assert_eq!(place.undo.checkpoints.index().unwrap(), known);
    place.undo.only_looks = false;
    place.undo.changes(&[]).unwrap();
    place.write("old.txt", "later\n");
    place.undo.changes(&[]).unwrap();
    assert_ne!(place.undo.checkpoints.index().unwrap(), known);
}
