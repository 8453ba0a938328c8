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

/// How many processes the command below leaves.
const MANY: usize = 4;
/// A command that leaves processes of all kinds: in the background, in a session of its own, twice
/// forked, under `nohup`, and deaf to a polite end. Each writes its number to a file of the current
/// folder.
const CROWD: &str = "
    note() { sh -c 'echo $PPID' > \"$1\"; }
    (trap '' TERM HUP INT; note deaf; while :; do sleep 1; done) &
    setsid sh -c 'echo $$ > session; exec sleep 1000' &
    (setsid sh -c '(sh -c \"echo \\$PPID > daemon; exec sleep 1000\" ; sleep 1000) & ' &) &
    nohup sh -c 'echo $$ > nohup; exec sleep 1000' > /dev/null 2>&1 &
";
/// Waits until all have started.
const ALL_THERE: &str = "
    for name in deaf session daemon nohup; do while [ ! -s $name ]; do sleep 0.01; done; done";

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
    let (finished, pids) = tokio::join!(run(command), pids(place.path(), MANY));
    assert_eq!(finished.end, End::TimedOut);
    assert!(pids.iter().all(|pid| !is_running(pid)), "{pids:?}");
}

#[tokio::test]
async fn what_a_command_leaves_behind_is_ended() {
    let (place, command) = crowd(&format!("{ALL_THERE}; exit 3"));
    let finished = run(command).await;
    let pids = pids(place.path(), MANY).await;
    assert_eq!(finished.end, End::Exited(3));
    assert!(finished.stragglers >= 4, "{}", finished.stragglers);
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
            pids = pids(place.path(), MANY) => pids,
        }
    };
    until("the end of all processes", || pids.iter().all(|pid| !is_running(pid))).await;
}

/// Set for the copy of this test that plays the program and is killed.
const PLACE: &str = "PLACE_OF_THE_KILLED_PROGRAM";

/// Runs the named test in a copy of this program, which plays the program and runs the command, and
/// kills that copy once `ready` holds.
async fn kill_the_program(test: &str, place: &Path, ready: impl Future<Output = ()>) {
    let mut program = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test])
        .env(PLACE, place)
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    ready.await;
    program.kill().unwrap();
    program.wait().unwrap();
}

#[tokio::test]
async fn killing_the_program_ends_the_whole_tree() {
    if let Some(place) = std::env::var_os(PLACE) {
        let mut command = spec(&format!("{CROWD} sleep 1000"));
        command.cwd = folder(Path::new(&place));
        run(command).await;
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let mut started = Vec::new();
    let ready = async { started = pids(place.path(), MANY).await };
    kill_the_program("killing_the_program_ends_the_whole_tree", place.path(), ready).await;
    until("the end of all processes", || started.iter().all(|pid| !is_running(pid))).await;
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
    let (place, command) = crowd(&format!("{ALL_THERE}; kill -TERM $PPID; sleep 1000"));
    let finished = run(command).await;
    assert_eq!(finished.end, End::Stopped);
    let pids = pids(place.path(), MANY).await;
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
        let pids = pids(place.path(), MANY).await;
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

/// A storm of forks: each process lives just long enough to start the next. It ends with its folder,
/// should a test fail to end it.
fn storm(place: &Path, ending: &str) -> CommandSpec {
    let mark = place.join("stay");
    std::fs::write(&mark, "").unwrap();
    let mut command = spec(&format!(
        "s='[ -e \"$1\" ] && echo x >> hops && exec sh -c \"$0\" \"$0\" \"$1\" &'
         for chain in 1 2 3; do sh -c \"$s\" \"$s\" {}; done
         while [ ! -s hops ]; do sleep 0.01; done; {ending}",
        mark.display()
    ));
    command.cwd = folder(place);
    command
}

/// How far the storm got.
fn hops(place: &Path) -> u64 {
    std::fs::metadata(place.join("hops")).map_or(0, |about| about.len())
}

/// Once the storm has gone on for a while.
async fn rages(place: &Path) {
    until("the storm", || hops(place) > 100).await;
}

/// Whether nothing is left of the storm in that folder. One look may miss it, but its trace grows.
fn is_over(place: &Path) -> bool {
    let before = hops(place);
    let seen = running_with(place.to_str().unwrap());
    std::thread::sleep(Duration::from_millis(50));
    seen == 0 && hops(place) == before
}

#[tokio::test]
async fn what_forks_on_and_on_is_caught() {
    let place = tempfile::tempdir().unwrap();
    let finished = run(storm(place.path(), "sleep 0.2; exit 4")).await;
    assert_eq!(finished.end, End::Exited(4));
    assert!(is_over(place.path()));
    assert!(finished.stragglers >= 1);
}

#[tokio::test]
async fn a_storm_of_forks_is_ended_on_timeout() {
    let place = tempfile::tempdir().unwrap();
    let mut command = storm(place.path(), "sleep 1000");
    command.timeout = Duration::from_secs(1);
    assert_eq!(run(command).await.end, End::TimedOut);
    assert!(is_over(place.path()));
}

#[tokio::test]
async fn a_storm_of_forks_is_ended_on_stop() {
    let place = tempfile::tempdir().unwrap();
    let (live, _unread) = mpsc::channel(1);
    let stop = CancellationToken::new();
    let supervisor = Supervisor::this_program().unwrap();
    let running = supervisor.run(storm(place.path(), "sleep 1000"), live, stop.clone());
    let running = tokio::time::timeout(PATIENCE, running);
    let (result, ()) = tokio::join!(running, async {
        rages(place.path()).await;
        stop.cancel();
    });
    assert_eq!(result.expect("it hangs").unwrap().end, End::Stopped);
    assert!(is_over(place.path()));
}

#[tokio::test]
async fn a_storm_of_forks_is_ended_when_the_program_is_killed() {
    if let Some(place) = std::env::var_os(PLACE) {
        run(storm(Path::new(&place), "sleep 1000")).await;
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let test = "a_storm_of_forks_is_ended_when_the_program_is_killed";
    kill_the_program(test, place.path(), rages(place.path())).await;
    until("the end of the storm", || is_over(place.path())).await;
}
