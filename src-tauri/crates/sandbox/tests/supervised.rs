//! Commands under their supervisor, with real processes: what they find and what comes back.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod common;

use common::{PATIENCE, folder, run, spec};
use countersign_sandbox::{End, Supervisor};
use std::ffi::OsString;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

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
    let mut lines: Vec<&str> =
        finished.stdout.text.lines().filter(|line| !line.starts_with("_=")).collect();
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
    let finished =
        run(spec("cat; test -t 0 || echo none; (: < /dev/tty) 2>/dev/null || echo no tty")).await;
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
    let finished =
        tokio::time::timeout(PATIENCE, running).await.expect("it does not stop").unwrap();
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

/// Set for the copy of this test that starts commands with signals ignored and held back.
const UNSIGNALLED: &str = "PROGRAM_WITHOUT_SIGNALS";

#[tokio::test]
async fn no_ignored_or_held_back_signal_reaches_the_command() {
    if std::env::var_os(UNSIGNALLED).is_some() {
        // SAFETY: no handler of Rust's is replaced; the set is initialised before it is used.
        unsafe {
            for signal in [libc::SIGHUP, libc::SIGCHLD, libc::SIGUSR1, libc::SIGPIPE] {
                libc::signal(signal, libc::SIG_IGN);
            }
            let mut set = std::mem::zeroed();
            libc::sigfillset(&raw mut set);
            libc::pthread_sigmask(libc::SIG_SETMASK, &raw const set, std::ptr::null_mut());
        }
        let finished = run(spec("grep -E '^Sig(Blk|Ign)' /proc/self/status; exit 5")).await;
        assert_eq!(finished.end, End::Exited(5));
        // The C library keeps 32 and 33 to itself, and its `posix_spawn` leaves them ignored.
        let kept: u64 = 1 << 31 | 1 << 32;
        let sets: Vec<(&str, u64)> = finished
            .stdout
            .text
            .lines()
            .filter_map(|line| line.split_once(":\t"))
            .map(|(name, set)| (name, u64::from_str_radix(set, 16).unwrap() & !kept))
            .collect();
        assert_eq!(sets, [("SigBlk", 0), ("SigIgn", 0)]);
        return;
    }
    let copy = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "no_ignored_or_held_back_signal_reaches_the_command", "--nocapture"])
        .env(UNSIGNALLED, "1")
        .output()
        .unwrap();
    assert!(copy.status.success(), "{}", String::from_utf8_lossy(&copy.stderr));
}

#[tokio::test]
async fn a_descriptor_that_the_program_left_open_does_not_reach_the_command() {
    let left = std::fs::File::open("/").unwrap();
    rustix::io::fcntl_setfd(&left, rustix::io::FdFlags::empty()).unwrap();
    let finished = run(spec("ls /proc/self/fd | tr '\\n' ' '")).await;
    assert_eq!(finished.stdout.text.trim(), "0 1 2 3");
}

#[tokio::test]
async fn long_commands_pass_and_too_long_ones_are_said() {
    let mut command = spec("echo $# ${#BIG}");
    command.args.push("sh".into());
    command.args.extend((0..10).map(|_| OsString::from("x".repeat(100_000))));
    command.env.push(("BIG".into(), "y".repeat(100_000).into()));
    assert_eq!(run(command).await.stdout.text, "10 100000\n");

    let mut command = spec("true");
    command.args.push("x".repeat(8_000_000).into());
    let (live, _unread) = mpsc::channel(1);
    let supervisor = Supervisor::this_program().unwrap();
    let result = supervisor.run(command, live, CancellationToken::new()).await;
    assert!(matches!(result, Err(countersign_sandbox::SandboxError::Tell(_))), "{result:?}");

    let mut command = spec("true");
    command.args.push("x".repeat(200_000).into());
    let end = run(command).await.end;
    assert!(matches!(&end, End::NotStarted(why) if why.contains("too long")), "{end:?}");

    let mut command = spec("true");
    command.env.push(("A".into(), "a\0b".into()));
    let end = run(command).await.end;
    assert!(matches!(&end, End::NotStarted(why) if why.contains("zero byte")), "{end:?}");
}

#[tokio::test]
async fn characters_cut_by_the_command_are_joined() {
    let finished =
        run(spec(r"printf '\342\202'; sleep 0.1; printf '\254 \360\237'; sleep 0.1; printf '!'"))
            .await;
    assert_eq!(finished.stdout.text, "€ \u{fffd}!");
    assert_eq!(finished.stdout.total_bytes, 7);
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
