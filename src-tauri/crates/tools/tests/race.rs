//! Nothing leads out while a folder is swapped for a link as fast as a thread can: the same race for
//! each tool that touches files. `COUNTERSIGN_RACE_TRIES` sets how often each tries; `make fuzz` runs
//! 200,000 of each.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::print_stdout,
    missing_docs
)]

use countersign_guard::{Policy, PolicySettings, Supervisor, Verdict, Workspace};
use countersign_protocol::FileApproval;
use countersign_testkit::TempWorkspace;
use countersign_tools::{Proposal, propose};
use rustix::fs::{CWD, RenameFlags};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Stands in every file outside, and nowhere inside.
const OUTSIDE: &str = "what-lies-outside";
/// Stands in every file inside.
const INSIDE: &str = "what-lies-inside";

fn tries() -> usize {
    std::env::var("COUNTERSIGN_RACE_TRIES").ok().map_or(4_000, |tries| tries.parse().unwrap())
}

struct Race {
    place: TempWorkspace,
    workspace: Workspace,
    stop: Arc<AtomicBool>,
    swapping: Option<std::thread::JoinHandle<usize>>,
}

impl Race {
    /// A workspace whose folder `d` is swapped for a link to the folder outside, and back.
    fn start() -> Self {
        let place = TempWorkspace::new()
            .file("d/a.txt", INSIDE)
            .beside("outside/a.txt", OUTSIDE)
            .beside("outside/only-outside.txt", OUTSIDE)
            .symlink("link", "../outside");
        let settings =
            PolicySettings { file_approval: FileApproval::None, ..PolicySettings::default() };
        let workspace = Workspace::open(
            &place.path(),
            &[],
            Policy::new(settings, Vec::new()),
            Supervisor::this_program().unwrap(),
            Vec::new(),
        )
        .unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let (folder, link) = (place.path().join("d"), place.path().join("link"));
        let ended = Arc::clone(&stop);
        let swapping = std::thread::spawn(move || {
            let mut swaps = 0;
            while !ended.load(Ordering::Relaxed) || swaps % 2 == 1 {
                rustix::fs::renameat_with(CWD, &folder, CWD, &link, RenameFlags::EXCHANGE).unwrap();
                swaps += 1;
            }
            swaps
        });
        Self { place, workspace, stop, swapping: Some(swapping) }
    }

    /// What the tool answers, done where it proposes an act; none where it was refused.
    async fn call(&self, tool: &str, args: &Value) -> Option<String> {
        let action = match propose(tool, args, &self.workspace.view()) {
            Ok(Proposal::Answer(answer)) => return Some(answer.to_string()),
            Ok(Proposal::Act(action)) => action,
            Ok(Proposal::Reach(_)) | Err(_) => return None,
        };
        let Verdict::Allow { approved, .. } = self.workspace.judge(action) else { return None };
        let (live, _unread) = mpsc::channel(1);
        self.workspace.perform(approved, live, CancellationToken::new()).await.ok()?;
        Some(String::new())
    }

    /// Ends the race: what lies outside is as it was, and nothing was added to it.
    fn end(mut self, tool: &str, done: usize, refused: usize) {
        self.stop.store(true, Ordering::Relaxed);
        let swaps = self.swapping.take().unwrap().join().unwrap();
        println!(
            "{tool}: {} tries, {done} inside, {refused} refused, {swaps} swaps, 0 escapes",
            done + refused
        );
        let mut names: Vec<_> = std::fs::read_dir(self.place.outside())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names, ["a.txt", "only-outside.txt"], "{tool} left something outside");
        for name in names {
            let text = std::fs::read_to_string(self.place.outside().join(name)).unwrap();
            assert_eq!(text, OUTSIDE, "{tool} changed what lies outside");
        }
        assert!(done > 0 && swaps > 0, "the race was run");
    }
}

/// Calls a tool again and again; `args` are made anew for each try.
async fn run(tool: &str, args: impl Fn(usize) -> Value) {
    let race = Race::start();
    let (mut done, mut refused) = (0, 0);
    for number in 0..tries() {
        match race.call(tool, &args(number)).await {
            Some(answer) => {
                assert!(!answer.contains(OUTSIDE), "{tool} read what lies outside: {answer}");
                assert!(
                    !answer.contains("only-outside"),
                    "{tool} listed what lies outside: {answer}"
                );
                done += 1;
            }
            None => refused += 1,
        }
    }
    race.end(tool, done, refused);
}

#[tokio::test(flavor = "multi_thread")]
async fn read() {
    run("read", |_| json!({"path": "d/a.txt"})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn write() {
    run("write", |number| json!({"path": "d/a.txt", "content": format!("{INSIDE} {number}")}))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn edit() {
    // Back and forth, so that it applies again and again.
    run("edit", |number| {
        let (old, new) = if number % 2 == 0 { ("what", "That") } else { ("That", "what") };
        json!({"path": "d/a.txt", "old_text": old, "new_text": new})
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn glob() {
    run("glob", |_| json!({"pattern": "**/*.txt"})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn grep() {
    run("grep", |_| json!({"pattern": "what-lies-.*"})).await;
}
