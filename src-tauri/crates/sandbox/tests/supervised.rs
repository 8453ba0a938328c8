//! Commands under their supervisor, with real processes.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use countersign_sandbox::{CommandSpec, End, Finished, Supervisor};
use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

const PATIENCE: Duration = Duration::from_secs(30);

fn folder(path: &Path) -> OwnedFd {
    std::fs::File::open(path).unwrap().into()
}

fn spec(command: &str) -> CommandSpec {
    CommandSpec {
        program: "/bin/sh".into(),
        args: vec!["-c".into(), command.into()],
        cwd: folder(Path::new("/")),
        env: vec![("PATH".into(), "/usr/bin:/bin".into())],
        timeout: Duration::from_secs(60),
        capture_limit: 1_000,
    }
}

/// Runs a command whose live output nobody reads.
async fn run(spec: CommandSpec) -> Finished {
    let (live, _unread) = mpsc::channel(1);
    let supervisor = Supervisor::this_program().unwrap();
    let running = supervisor.run(spec, live, CancellationToken::new());
    tokio::time::timeout(PATIENCE, running).await.expect("the command hangs").unwrap()
}

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

#[tokio::test]
async fn exit_codes_signals_and_both_streams_come_back() {
    let finished = run(spec("echo out; echo err >&2; exit 7")).await;
    assert_eq!(finished.end, End::Exited(7));
    assert_eq!((finished.stdout.text.as_str(), finished.stderr.text.as_str()), ("out\n", "err\n"));
    assert_eq!(finished.stragglers, 0);
    assert_eq!(run(spec("kill -9 $$")).await.end, End::Signalled(9));
}

#[tokio::test]
async fn the_environment_is_exactly_what_was_given() {
    let mut env = spec("env");
    env.env.push(("ODD".into(), OsString::from("a b\n'c")));
    let finished = run(env).await;
    let mut lines: Vec<&str> = finished.stdout.text.lines().filter(|line| !line.starts_with("_=")).collect();
    lines.retain(|line| !line.starts_with("PWD="));
    assert_eq!(lines, ["PATH=/usr/bin:/bin", "ODD=a b", "'c"]);
}

#[tokio::test]
async fn the_folder_is_the_one_of_the_handle() {
    let place = tempfile::tempdir().unwrap();
    let (before, after) = (place.path().join("before"), place.path().join("after"));
    std::fs::create_dir(&before).unwrap();
    let mut command = spec("pwd -P; echo x > made");
    command.cwd = folder(&before);
    std::fs::rename(&before, &after).unwrap();
    std::fs::create_dir(&before).unwrap();
    let finished = run(command).await;
    assert_eq!(finished.stdout.text.trim(), after.canonicalize().unwrap().to_str().unwrap());
    assert!(after.join("made").exists() && !before.join("made").exists());
}

#[tokio::test]
async fn standard_input_is_closed_and_there_is_no_terminal() {
    let finished = run(spec("cat; test -t 0 || echo none; (: < /dev/tty) 2>/dev/null || echo no tty")).await;
    assert_eq!(finished.stdout.text, "none\nno tty\n");
}

#[tokio::test]
async fn no_other_descriptor_reaches_the_command() {
    let finished = run(spec("ls /proc/self/fd | tr '\\n' ' '")).await;
    // The fourth is the one by which `ls` reads the folder.
    assert_eq!(finished.stdout.text.trim(), "0 1 2 3");
}

#[tokio::test]
async fn the_supervisor_shows_neither_command_nor_environment() {
    let mut command = spec("cat /proc/$PPID/cmdline /proc/$PPID/environ 2>&1 | tr '\\0' ' '");
    command.env.push(("PLAIN".into(), "a-word-to-find".into()));
    let shown = run(command).await.stdout.text;
    assert!(shown.starts_with("countersign-supervisor"), "{shown}");
    assert!(!shown.contains("a-word-to-find") && !shown.contains("cmdline"), "{shown}");
}

#[tokio::test]
async fn a_program_that_is_not_there_is_said() {
    let mut command = spec("true");
    command.program = "/nonexistent/shell".into();
    assert_eq!(run(command).await.end, End::NotStarted("the shell is not there".to_owned()));
}

#[tokio::test]
async fn endless_output_is_bounded_and_stops() {
    let (live, mut pieces) = mpsc::channel(64);
    let stop = CancellationToken::new();
    let supervisor = Supervisor::this_program().unwrap();
    let running = tokio::spawn({
        let stop = stop.clone();
        async move { supervisor.run(spec("yes"), live, stop).await.unwrap() }
    });
    let first = pieces.recv().await.expect("output comes live");
    assert!(first.text.starts_with("y\ny\n"));
    stop.cancel();
    let finished = tokio::time::timeout(PATIENCE, running).await.expect("it does not stop").unwrap();
    assert_eq!(finished.end, End::Stopped);
    assert!(finished.stdout.truncated);
    assert!(finished.stdout.text.chars().count() < 1_100);
    let mut told = first.text.len();
    while let Some(piece) = pieces.recv().await {
        told += piece.text.len();
    }
    let seconds = 2 + usize::try_from(finished.duration.as_secs()).unwrap();
    assert!(told <= seconds * 1_100_000, "{told} bytes in {seconds} s");
}

#[tokio::test]
async fn fifty_megabytes_are_counted_and_cut() {
    let finished = run(spec("head -c 50000000 /dev/zero | tr '\\0' x; echo end")).await;
    assert_eq!(finished.end, End::Exited(0));
    assert_eq!(finished.stdout.total_bytes, 50_000_004);
    assert!(finished.stdout.text.ends_with("xend\n"));
    assert!(finished.stdout.text.contains("characters left out"));
}

/// A command that leaves processes of all kinds: in the background, in a session of its own, twice
/// forked, and deaf to a polite end. Each writes its number to a file of the current folder.
const CROWD: &str = "
    note() { sh -c 'echo $PPID' > \"$1\"; }
    (trap '' TERM HUP INT; note deaf; while :; do sleep 1; done) &
    setsid sh -c 'echo $$ > session; exec sleep 1000' &
    (setsid sh -c '(sh -c \"echo \\$PPID > daemon; exec sleep 1000\" ; sleep 1000) & ' &) &
";

async fn crowd(ending: &str) -> (tempfile::TempDir, CommandSpec) {
    let place = tempfile::tempdir().unwrap();
    let mut command = spec(&format!("{CROWD} {ending}"));
    command.cwd = folder(place.path());
    (place, command)
}

#[tokio::test]
async fn a_timeout_ends_the_whole_tree() {
    let (place, mut command) = crowd("sleep 1000").await;
    command.timeout = Duration::from_millis(1_500);
    let (finished, pids) = tokio::join!(run(command), pids(place.path(), 3));
    assert_eq!(finished.end, End::TimedOut);
    assert!(pids.iter().all(|pid| !is_running(pid)), "{pids:?}");
}

#[tokio::test]
async fn what_a_command_leaves_behind_is_ended() {
    let ready = "while [ ! -s deaf ] || [ ! -s session ] || [ ! -s daemon ]; do sleep 0.01; done; exit 3";
    let (place, command) = crowd(ready).await;
    let finished = run(command).await;
    let pids = pids(place.path(), 3).await;
    assert_eq!(finished.end, End::Exited(3));
    assert!(finished.stragglers >= 3, "{}", finished.stragglers);
    assert!(pids.iter().all(|pid| !is_running(pid)), "{pids:?}");
}

#[tokio::test]
async fn dropping_the_run_ends_the_whole_tree() {
    let (place, command) = crowd("sleep 1000").await;
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
async fn a_killed_supervisor_is_told_as_such() {
    let (live, _unread) = mpsc::channel(1);
    let supervisor = Supervisor::this_program().unwrap();
    let running = supervisor.run(spec("kill -9 $PPID; sleep 0.2"), live, CancellationToken::new());
    let result = tokio::time::timeout(PATIENCE, running).await.expect("it hangs");
    assert!(matches!(result, Err(countersign_sandbox::SandboxError::Lost)), "{result:?}");
}

#[tokio::test]
async fn many_commands_run_side_by_side() {
    let runs = (0..20).map(|number| async move {
        let finished = run(spec(&format!("echo {number}; sleep 0.05"))).await;
        assert_eq!(finished.stdout.text, format!("{number}\n"));
    });
    let mut set = tokio::task::JoinSet::new();
    for run in runs {
        set.spawn(run);
    }
    while let Some(ended) = set.join_next().await {
        ended.unwrap();
    }
}

