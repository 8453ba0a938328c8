//! Single faults: a folder that can only be read, a database that another program holds, a workspace that
//! goes away, a clock that jumps back.

use crate::journey::model::Model;
use crate::journey::process::{Process, Trigger};
use crate::journey::script::{self, Length};
use crate::journey::{Reference, check, end};
use crate::shim::{self, EROFS, Mode};
use crate::{Ended, Trial};
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Answers a card as the session does.
fn answer(process: &mut Process, card: &serde_json::Value) {
    process.say(&script::answer(card["call"].as_str().unwrap(), &card["approval"]));
}

/// A session that was killed while its first card was open.
fn killed_at_its_card<'a>(model: &'a Model, reference: &'a Reference, mark: &str) -> Trial<'a> {
    let mut trial = Trial::new(model, reference, mark.to_owned());
    let mut process = trial.place.run();
    process.next("approval_requested");
    process.kill();
    end::gone(&trial.place, &process).unwrap();
    trial.id = process.session();
    trial.printed.extend(process.stored().cloned());
    trial
}

#[test]
fn a_data_folder_that_can_only_be_read_is_told_and_nothing_is_done() {
    let model = Model::start();
    let reference = Reference::make(&model, Length::Brief);
    let told = |then: &Ended| {
        assert_ne!(then.code, 0);
        assert_eq!(then.fell_over(), Vec::<String>::new());
        let known = ["data folder is read-only", "database cannot be written"];
        assert!(known.iter().any(|words| then.said.contains(words)), "{}", then.said);
        assert_eq!(then.files, reference.before);
    };
    // One that is not there yet, and one with a session.
    let mut trial = Trial::new(&model, &reference, "mark-readonly-new".to_owned());
    trial.place.environment = shim::fault(&trial.place, 1, Mode::Lasting, EROFS);
    let then = trial.go();
    told(&then);
    assert_eq!(trial.mended(&then), Vec::<String>::new());

    let mut trial = killed_at_its_card(&model, &reference, "mark-readonly");
    trial.place.environment = shim::fault(&trial.place, 1, Mode::Lasting, EROFS);
    let then = trial.go();
    told(&then);
    assert_eq!(trial.mended(&then), Vec::<String>::new());
}

#[test]
fn a_database_that_another_program_holds_is_told() {
    let model = Model::start();
    let reference = Reference::make(&model, Length::Brief);
    let mut trial = Trial::new(&model, &reference, "mark-held".to_owned());
    let mut process = trial.place.run();
    let card = process.next("approval_requested");
    let index = trial.place.data().join("countersign.db-shm");
    let mut holder = Command::new(shim::holder())
        .arg(index)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(holder.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "held\n");
    answer(&mut process, &card);
    let then = trial.finish(process);
    drop(holder.stdin.take());
    assert!(holder.wait().unwrap().success());
    assert_eq!((then.code, then.fell_over()), (1, Vec::new()), "{}", then.said);
    assert!(
        then.said.contains("Another program keeps the data folder's database"),
        "{}",
        then.said
    );
    assert_eq!(trial.mended(&then), Vec::<String>::new());
}

/// A session whose workspace went away comes to an end, whatever that is; nothing is done where the
/// workspace was, and all of it is journaled.
fn after_the_workspace_went(trial: &mut Trial<'_>, mut process: Process) {
    let (code, errors) = process.drive(&Trigger::Never).expect("nobody kills it");
    assert!(!errors.contains("panicked") && code >= 0, "{code}: {errors}");
    assert!(!trial.place.workspace.path().exists());
    let id = process.session().unwrap();
    let journal = trial.place.export(&id);
    let printed: Vec<_> = process.stored().chain(&trial.printed).cloned().collect();
    assert_eq!(check::printed(printed.iter(), &journal), Vec::<String>::new());
    let count = |kind: &str| journal.iter().filter(|event| event["type"] == kind).count();
    let last = process.seen.last().unwrap();
    assert_eq!(last["type"], "run_finished", "{errors}");
    assert_eq!(count("tool_call"), count("tool_finished"), "{journal:#?}");
    let (code, text, errors) = trial.place.sessions(&["revert", &id]);
    assert!(code == 2 || code == 1, "{code}: {text}{errors}");
    assert!(!errors.contains("panicked") && !errors.is_empty(), "{errors}");
    assert!(!trial.place.workspace.path().exists());
}

#[test]
fn a_workspace_that_is_removed_while_a_card_is_open_is_not_made_anew() {
    let model = Model::start();
    let reference = Reference::make(&model, Length::Brief);
    let mut trial = Trial::new(&model, &reference, "mark-removed-card".to_owned());
    let mut process = trial.place.run();
    let cards = [process.next("approval_requested"), process.next("approval_requested")];
    std::fs::remove_dir_all(trial.place.workspace.path()).unwrap();
    for card in &cards {
        answer(&mut process, card);
    }
    after_the_workspace_went(&mut trial, process);
}

#[test]
fn a_workspace_that_is_removed_while_a_command_runs_is_not_made_anew() {
    let model = Model::start();
    let reference = Reference::make(&model, Length::Waiting);
    let mut trial = Trial::new(&model, &reference, "mark-removed-command".to_owned());
    let mut process = trial.place.run();
    let card = process.next("approval_requested");
    answer(&mut process, &card);
    process.next("tool_started");
    let counter = trial.place.workspace.path().join(script::COUNTER);
    let deadline = Instant::now() + Duration::from_secs(30);
    while std::fs::read_to_string(&counter).unwrap_or_default() != "s7a\n" {
        assert!(Instant::now() < deadline, "the command does not begin");
        std::thread::sleep(Duration::from_millis(2));
    }
    std::fs::remove_dir_all(trial.place.workspace.path()).unwrap();
    std::fs::write(trial.place.workspace.root().join("go"), "").unwrap();
    after_the_workspace_went(&mut trial, process);
}

#[test]
fn a_clock_that_jumps_back_changes_no_order_and_loses_nothing() {
    let model = Model::start();
    let reference = Reference::make(&model, Length::Whole);
    let mut jumps = 0;
    for at in [1, 40, 120, 250] {
        let mut trial = Trial::new(&model, &reference, format!("mark-clock-{at}"));
        trial.place.environment = shim::clock(at);
        let then = trial.go();
        assert_eq!(then.code, 0, "{}", then.said);
        // The journal shows the jump, so that this test cannot pass without one.
        let times: Vec<&str> =
            trial.printed.iter().map(|event| event["time"].as_str().unwrap()).collect();
        jumps += times.windows(2).filter(|pair| pair[0] > pair[1]).count();
        assert_eq!(trial.mended(&then), Vec::<String>::new(), "at {at}");
    }
    assert!(jumps > 0, "the clock never jumped");

    // Taken up an hour before it was killed.
    let mut trial = killed_at_its_card(&model, &reference, "mark-clock-resumed");
    trial.place.environment = shim::clock(1);
    let then = trial.go();
    assert_eq!(then.code, 0, "{}", then.said);
    assert_eq!(trial.mended(&then), Vec::<String>::new());
}
