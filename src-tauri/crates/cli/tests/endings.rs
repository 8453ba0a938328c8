//! How the program ends while a command runs: with all that the command started, within two seconds.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, missing_docs)]

mod common;

use common::{Run, exec, server};
use countersign_testkit::{Script, TempWorkspace};
use serde_json::json;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long what a command started may outlive the program, or a stop.
const ALLOWED: Duration = Duration::from_secs(2);
/// How long the processes may take to start, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A command that leaves processes of all kinds, each of which writes its number to a file, and a storm
/// of forks: as long as the file `stay` is there, each process starts the next and ends.
const CROWD: &str = "
    note() { sh -c 'echo $PPID' > \"$1.pid\"; }
    (trap '' TERM HUP INT; note deaf; while :; do sleep 1; done) &
    setsid sh -c 'echo $$ > session.pid; exec sleep 1000' &
    (setsid sh -c '(sh -c \"echo \\$PPID > daemon.pid; exec sleep 1000\" ; sleep 1000) & ' &) &
    nohup sh -c 'echo $$ > nohup.pid; exec sleep 1000' > /dev/null 2>&1 &
    : > stay
    s='[ -e \"$1\" ] && echo x >> hops && exec sh -c \"$0\" \"$0\" \"$1\" &'
    for chain in 1 2 3; do sh -c \"$s\" \"$s\" \"$PWD/stay\"; done
    sleep 1000";
const NAMES: [&str; 4] = ["deaf", "session", "daemon", "nohup"];

/// A process: its number, its parent's, and whether it still runs.
fn look(pid: u32) -> Option<(u32, bool)> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace();
    let runs = !matches!(fields.next()?, "Z" | "X");
    Some((fields.next()?.parse().ok()?, runs))
}

fn all() -> Vec<u32> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

/// All that descends from this process.
fn below(program: u32) -> BTreeSet<u32> {
    let parents: Vec<(u32, u32)> =
        all().into_iter().filter_map(|pid| Some((pid, look(pid)?.0))).collect();
    let mut found = BTreeSet::from([program]);
    loop {
        let more = parents.iter().filter(|(_, parent)| found.contains(parent));
        let more: BTreeSet<u32> = more.map(|(pid, _)| *pid).collect();
        let before = found.len();
        found.extend(more);
        if found.len() == before {
            found.remove(&program);
            return found;
        }
    }
}

/// Those whose command line holds this.
fn marked(mark: &str) -> impl Iterator<Item = u32> {
    all().into_iter().filter(move |pid| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains(mark)
    })
}

/// Waits until all kinds of processes are there, and gives the numbers of those that stay: what is
/// below the program, its supervisor included, and what wrote its number.
fn started(run: &Run, workspace: &Path) -> BTreeSet<u32> {
    let deadline = Instant::now() + PATIENCE;
    let number = |name: &&str| -> Option<u32> {
        let text = std::fs::read_to_string(workspace.join(format!("{name}.pid"))).ok()?;
        text.strip_suffix('\n')?.trim().parse().ok()
    };
    loop {
        let noted: Vec<u32> = NAMES.iter().filter_map(number).collect();
        if noted.len() == NAMES.len() && hops(workspace) > 100 {
            let mut found = below(run.child.id());
            assert!(noted.iter().all(|pid| found.contains(pid)), "{noted:?} are not in {found:?}");
            found.extend(noted);
            return found;
        }
        assert!(Instant::now() < deadline, "the processes did not start: {noted:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// How far the storm got.
fn hops(workspace: &Path) -> u64 {
    std::fs::metadata(workspace.join("hops")).map_or(0, |about| about.len())
}

/// Fails where one of them, or the storm, still runs two seconds after `since`.
fn assert_gone(since: Instant, started: &BTreeSet<u32>, workspace: &Path) {
    let mark = workspace.join("stay").display().to_string();
    loop {
        let runs = |pid: &u32| look(*pid).is_some_and(|(_, runs)| runs);
        let left: Vec<u32> = started.iter().copied().chain(marked(&mark)).filter(runs).collect();
        if left.is_empty() {
            // One look may miss the storm, but its trace grows.
            let trace = hops(workspace);
            std::thread::sleep(Duration::from_millis(50));
            if hops(workspace) == trace {
                println!("all was gone after {:?}", since.elapsed());
                return;
            }
        }
        assert!(since.elapsed() < ALLOWED, "{left:?} still run after {:?}", since.elapsed());
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Held by each test: the storms of several at once would take the time that each is measured by.
static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// Starts a run whose command is the crowd.
async fn crowded(workspace: &TempWorkspace, confine: &str) -> (Run, BTreeSet<u32>) {
    let server = server(Script::new([exec("1", CROWD)])).await;
    let mut run = Run::start(workspace, &server, &["--confine", confine]);
    let confined = run.approve()["confine"] == true;
    assert!(!confined || confine == "on", "{confine}");
    let started = started(&run, &workspace.path());
    (run, started)
}

#[tokio::test(flavor = "multi_thread")]
async fn killing_the_program_leaves_no_child_after_two_seconds() {
    let _alone = ALONE.lock().await;
    for confine in ["on", "off"] {
        let workspace = TempWorkspace::new();
        let (mut run, started) = crowded(&workspace, confine).await;
        run.child.kill().unwrap();
        let since = Instant::now();
        run.child.wait().unwrap();
        assert_gone(since, &started, &workspace.path());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quit_leaves_no_child_after_two_seconds() {
    let _alone = ALONE.lock().await;
    for confine in ["on", "off"] {
        let workspace = TempWorkspace::new();
        let (mut run, started) = crowded(&workspace, confine).await;
        let kill = format!("kill -TERM {}", run.child.id());
        let since = Instant::now();
        assert!(std::process::Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        assert_gone(since, &started, &workspace.path());
        run.input = None;
        assert_eq!(run.end().0, 130);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_leaves_no_child_after_two_seconds() {
    let _alone = ALONE.lock().await;
    for confine in ["on", "off"] {
        let workspace = TempWorkspace::new();
        let (mut run, started) = crowded(&workspace, confine).await;
        let since = Instant::now();
        run.say(&json!({"type": "interrupt"}));
        assert_gone(since, &started, &workspace.path());
        assert_eq!(run.end().0, 130);
    }
}
