//! Nothing leads out: not while a folder is swapped for a link as fast as a thread can.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::wildcard_enum_match_arm, missing_docs)]

use countersign_guard::{Access, Policy, PolicySettings, Supervisor, Verdict, View, Workspace};
use countersign_protocol::FileApproval;
use rustix::fs::{CWD, RenameFlags};
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

const SECRET: &str = "what lies outside";
const READS: usize = 200_000;
const WRITES: usize = 10_000;

/// A workspace with `d/a.txt`, beside a folder `outside` that has an `a.txt` too.
fn lay_out() -> (TempDir, Workspace) {
    let root = tempfile::tempdir().unwrap();
    for folder in ["ws/d", "outside"] {
        std::fs::create_dir_all(root.path().join(folder)).unwrap();
    }
    std::fs::write(root.path().join("ws/d/a.txt"), "inside").unwrap();
    std::fs::write(root.path().join("outside/a.txt"), SECRET).unwrap();
    let settings =
        PolicySettings { file_approval: FileApproval::None, ..PolicySettings::default() };
    let supervisor = Supervisor::this_program().unwrap();
    let policy = Policy::new(settings, Vec::new());
    let workspace =
        Workspace::open(&root.path().join("ws"), &[], policy, supervisor, Vec::new()).unwrap();
    (root, workspace)
}

/// Swaps the folder `d` for a link that leads out, and back, each time in one step, until told to stop.
fn swap(root: &Path, stop: Arc<AtomicBool>) -> std::thread::JoinHandle<usize> {
    let (folder, link) = (root.join("ws/d"), root.join("ws/link"));
    std::os::unix::fs::symlink("../outside", &link).unwrap();
    std::thread::spawn(move || {
        let mut swaps = 0;
        while !stop.load(Ordering::Relaxed) || swaps % 2 == 1 {
            rustix::fs::renameat_with(CWD, &folder, CWD, &link, RenameFlags::EXCHANGE).unwrap();
            swaps += 1;
        }
        swaps
    })
}

fn read(view: &View) -> Option<String> {
    let Ok(Access::Granted(place)) = view.look("read", "d/a.txt") else { return None };
    let mut text = String::new();
    place.open().ok()?.read_to_string(&mut text).ok()?;
    Some(text)
}

#[test]
fn no_read_escapes_a_race() {
    let (root, workspace) = lay_out();
    let stop = Arc::new(AtomicBool::new(false));
    let swapping = swap(root.path(), Arc::clone(&stop));
    let view = workspace.view();
    let (mut inside, mut refused) = (0, 0);
    for _ in 0..READS {
        match read(&view) {
            Some(text) => {
                assert_ne!(text, SECRET, "a read escaped");
                inside += 1;
            }
            None => refused += 1,
        }
    }
    stop.store(true, Ordering::Relaxed);
    let swaps = swapping.join().unwrap();
    println!("{inside} reads inside, {refused} refused, {swaps} swaps");
    assert!(inside > 0 && refused > 0 && swaps > 0, "the race was run");
}

#[tokio::test]
async fn no_write_escapes_a_race() {
    let (root, workspace) = lay_out();
    let stop = Arc::new(AtomicBool::new(false));
    let swapping = swap(root.path(), Arc::clone(&stop));
    let (mut written, mut refused) = (0, 0);
    for number in 0..WRITES {
        let text = format!("written {number}");
        let Ok(action) = workspace.view().propose_write("d/a.txt", &text) else {
            refused += 1;
            continue;
        };
        let Verdict::Allow { approved, .. } = workspace.judge(action) else {
            refused += 1;
            continue;
        };
        let (live, _unread) = mpsc::channel(1);
        match workspace.perform(approved, live, CancellationToken::new()).await {
            Ok(_) => written += 1,
            Err(_) => refused += 1,
        }
    }
    stop.store(true, Ordering::Relaxed);
    swapping.join().unwrap();
    println!("{written} writes inside, {refused} refused");
    assert!(written > 0 && refused > 0, "the race was run");
    assert_eq!(std::fs::read_to_string(root.path().join("outside/a.txt")).unwrap(), SECRET);
    assert_eq!(
        std::fs::read_dir(root.path().join("outside")).unwrap().count(),
        1,
        "nothing was left there"
    );
}

#[test]
fn what_is_put_in_the_place_of_the_workspace_is_not_followed() {
    let (root, workspace) = lay_out();
    std::fs::rename(root.path().join("ws"), root.path().join("moved")).unwrap();
    std::os::unix::fs::symlink("outside", root.path().join("ws")).unwrap();
    std::fs::create_dir(root.path().join("outside/d")).unwrap();
    std::fs::write(root.path().join("outside/d/a.txt"), SECRET).unwrap();
    assert_eq!(read(&workspace.view()).as_deref(), Some("inside"));
    assert!(!workspace.in_place());
}

#[tokio::test]
async fn a_stale_write_is_refused_in_the_act_itself() {
    let (root, workspace) = lay_out();
    let action = workspace.view().propose_write("d/a.txt", "new").unwrap();
    let Verdict::Allow { approved, .. } = workspace.judge(action) else { panic!() };
    std::fs::write(root.path().join("ws/d/a.txt"), "changed meanwhile").unwrap();
    assert!(workspace.check(&approved).is_err());
    let (live, _unread) = mpsc::channel(1);
    let performed = workspace.perform(approved, live, CancellationToken::new()).await;
    assert!(matches!(performed, Err(countersign_guard::GuardError::Stale(_))), "{performed:?}");
    assert_eq!(
        std::fs::read_to_string(root.path().join("ws/d/a.txt")).unwrap(),
        "changed meanwhile"
    );
}

#[tokio::test]
async fn a_write_keeps_the_mode_and_other_names_of_the_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let (root, workspace) = lay_out();
    let path = root.path().join("ws/tool.sh");
    std::fs::write(&path, "old").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o751)).unwrap();
    let action = workspace.view().propose_write("tool.sh", "new").unwrap();
    let Verdict::Allow { approved, .. } = workspace.judge(action) else { panic!() };
    let (live, _unread) = mpsc::channel(1);
    workspace.perform(approved, live, CancellationToken::new()).await.unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "new");
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o751);
    let left: Vec<_> = std::fs::read_dir(root.path().join("ws"))
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert_eq!(left.len(), 2, "nothing is left beside it: {left:?}");
}
