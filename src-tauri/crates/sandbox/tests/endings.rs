//! How commands end, with all that they started: real processes of all kinds.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod common;

use common::{PATIENCE, folder, run, spec};
use countersign_sandbox::{CommandSpec, End, Supervisor};
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

fn is_running(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'))
}

async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "{what} did not happen");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The process numbers that a command wrote into files of this folder, once there are so many.
async fn pids(folder: &Path, count: usize) -> Vec<String> {
    let read = || -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        let texts = entries.filter_map(|entry| std::fs::read_to_string(entry.unwrap().path()).ok());
        texts.filter(|text| text.ends_with('\n')).collect()
    };
    until("the processes starting", || read().len() == count).await;
    read()
}

/// A command that leaves processes of all kinds: in the background, in a session of its own, twice
/// forked, and deaf to a polite end. Each writes its number to a file of the current folder.
const CROWD: &str = "
    note() { sh -c 'echo $PPID' > \"$1\"; }
    (trap '' TERM HUP INT; note deaf; while :; do sleep 1; done) &
    setsid sh -c 'echo $$ > session; exec sleep 1000' &
    (setsid sh -c '(sh -c \"echo \\$PPID > daemon; exec sleep 1000\" ; sleep 1000) & ' &) &
";

fn crowd(ending: &str) -> (tempfile::TempDir, CommandSpec) {
    let place = tempfile::tempdir().unwrap();
    let mut command = spec(&format!("{CROWD} {ending}"));
    command.cwd = folder(place.path());
    (place, command)
}

#[tokio::test]
async fn a_timeout_ends_the_whole_tree() {
    let (place, mut command) = crowd("sleep 1000");
    command.timeout = Duration::from_millis(1_500);
    let (finished, pids) = tokio::join!(run(command), pids(place.path(), 3));
    assert_eq!(finished.end, End::TimedOut);
    assert!(pids.iter().all(|pid| !is_running(pid)), "{pids:?}");
}

#[tokio::test]
async fn what_a_command_leaves_behind_is_ended() {
    let ready =
        "while [ ! -s deaf ] || [ ! -s session ] || [ ! -s daemon ]; do sleep 0.01; done; exit 3";
    let (place, command) = crowd(ready);
    let finished = run(command).await;
    let pids = pids(place.path(), 3).await;
    assert_eq!(finished.end, End::Exited(3));
    assert!(finished.stragglers >= 3, "{}", finished.stragglers);
    assert!(pids.iter().all(|pid| !is_running(pid)), "{pids:?}");
}

#[tokio::test]
async fn dropping_the_run_ends_the_whole_tree() {
    let (place, command) = crowd("sleep 1000");
    let (live, _unread) = mpsc::channel(1);
    let supervisor = Supervisor::this_program().unwrap();
    let pids = {
        let running = supervisor.run(command, live, CancellationToken::new());
        tokio::select! {
            _ = running => panic!("it does not end by itself"),
            pids = pids(place.path(), 3) => pids,
        }
    };
    until("the end of all processes", || pids.iter().all(|pid| !is_running(pid))).await;
}

/// Set for the copy of this test that plays the program and is killed.
const PLACE: &str = "PLACE_OF_THE_KILLED_PROGRAM";

#[tokio::test]
async fn killing_the_program_ends_the_whole_tree() {
    if let Some(place) = std::env::var_os(PLACE) {
        let mut command = spec(&format!("{CROWD} sleep 1000"));
        command.cwd = folder(Path::new(&place));
        run(command).await;
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let mut program = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "killing_the_program_ends_the_whole_tree"])
        .env(PLACE, place.path())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let pids = pids(place.path(), 3).await;
    program.kill().unwrap();
    program.wait().unwrap();
    until("the end of all processes", || pids.iter().all(|pid| !is_running(pid))).await;
}

#[tokio::test]
async fn a_stop_before_the_start_runs_nothing() {
    let place = tempfile::tempdir().unwrap();
    let mut command = spec("touch made");
    command.cwd = folder(place.path());
    let stop = CancellationToken::new();
    stop.cancel();
    let (live, _unread) = mpsc::channel(1);
    let finished = Supervisor::this_program().unwrap().run(command, live, stop).await.unwrap();
    assert_eq!(finished.end, End::Stopped);
    assert!(!place.path().join("made").exists());
}

#[tokio::test]
async fn a_killed_supervisor_is_told_as_such_and_its_command_ends() {
    let place = tempfile::tempdir().unwrap();
    let mut command = spec("echo $$ > pid; kill -9 $PPID; exec sleep 1000");
    command.cwd = folder(place.path());
    let (live, _unread) = mpsc::channel(1);
    let supervisor = Supervisor::this_program().unwrap();
    let running = supervisor.run(command, live, CancellationToken::new());
    let result = tokio::time::timeout(PATIENCE, running).await.expect("it hangs");
    assert!(matches!(result, Err(countersign_sandbox::SandboxError::Lost)), "{result:?}");
    let pids = pids(place.path(), 1).await;
    until("the command's end", || !is_running(&pids[0])).await;
}

#[tokio::test]
async fn a_supervisor_that_is_asked_to_end_ends_the_tree_first() {
    let (place, command) = crowd(
        "while [ ! -s deaf ] || [ ! -s session ] || [ ! -s daemon ]; do sleep 0.01; done
         kill -TERM $PPID; sleep 1000",
    );
    let finished = run(command).await;
    assert_eq!(finished.end, End::Stopped);
    let pids = pids(place.path(), 3).await;
    assert!(pids.iter().all(|pid| !is_running(pid)), "{pids:?}");
}

/// A command that halts its supervisor, then notes its number.
const HALT: &str = "kill -STOP $PPID; echo $$ > pid; exec sleep 1000";

#[tokio::test]
async fn a_halted_supervisor_still_stops() {
    let place = tempfile::tempdir().unwrap();
    let mut command = spec(HALT);
    command.cwd = folder(place.path());
    let (live, _unread) = mpsc::channel(1);
    let stop = CancellationToken::new();
    let supervisor = Supervisor::this_program().unwrap();
    let running = supervisor.run(command, live, stop.clone());
    let running = tokio::time::timeout(PATIENCE, running);
    let (result, pids) = tokio::join!(running, async {
        let pids = pids(place.path(), 1).await;
        stop.cancel();
        pids
    });
    assert_eq!(result.expect("it hangs").unwrap().end, End::Stopped);
    assert!(!is_running(&pids[0]));
}

#[tokio::test]
async fn a_halted_supervisor_still_times_out() {
    let place = tempfile::tempdir().unwrap();
    let mut command = spec(HALT);
    command.cwd = folder(place.path());
    command.timeout = Duration::from_millis(500);
    let (finished, pids) = tokio::join!(run(command), pids(place.path(), 1));
    assert_eq!(finished.end, End::TimedOut);
    assert!(!is_running(&pids[0]));
}

#[tokio::test]
async fn dropping_the_run_wakes_a_halted_supervisor() {
    let place = tempfile::tempdir().unwrap();
    let mut command = spec(HALT);
    command.cwd = folder(place.path());
    let (live, _unread) = mpsc::channel(1);
    let supervisor = Supervisor::this_program().unwrap();
    let pids = {
        let running = supervisor.run(command, live, CancellationToken::new());
        tokio::select! {
            _ = running => panic!("it does not end by itself"),
            pids = pids(place.path(), 1) => pids,
        }
    };
    until("the command's end", || !is_running(&pids[0])).await;
}

#[tokio::test]
async fn a_stop_ends_the_whole_tree() {
    let (place, command) = crowd("sleep 1000");
    let (live, _unread) = mpsc::channel(1);
    let stop = CancellationToken::new();
    let supervisor = Supervisor::this_program().unwrap();
    let running = supervisor.run(command, live, stop.clone());
    let running = tokio::time::timeout(PATIENCE, running);
    let (result, pids) = tokio::join!(running, async {
        let pids = pids(place.path(), 3).await;
        stop.cancel();
        pids
    });
    assert_eq!(result.expect("it hangs").unwrap().end, End::Stopped);
    assert!(pids.iter().all(|pid| !is_running(pid)), "{pids:?}");
}

/// How many processes run whose command line holds this.
fn running_with(mark: &str) -> usize {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let lines = entries.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    lines.filter(|line| String::from_utf8_lossy(line).contains(mark)).count()
}

#[tokio::test]
async fn what_forks_on_and_on_is_caught() {
    let place = tempfile::tempdir().unwrap();
    std::fs::write(place.path().join("stay"), "").unwrap();
    let mark = place.path().to_str().unwrap();
    // Each process lives just long enough to start the next; all end with the folder.
    let mut command = spec(&format!(
        ": {mark}; hop() {{ [ -e stay ] && echo x >> hops && hop & }}; hop; hop; hop
         while [ ! -s hops ]; do sleep 0.01; done; sleep 0.2; exit 4"
    ));
    command.cwd = folder(place.path());
    let finished = run(command).await;
    assert_eq!(finished.end, End::Exited(4));
    assert_eq!(running_with(mark), 0);
    assert!(finished.stragglers >= 1);
}
