//! Paths on random trees: nothing outside is granted, nothing plain inside is withheld.

use super::tree::{self, Leads, any_path, content, entries, snapshot};
use super::{approve, block_on, cases, open, settings};
use countersign_guard::names::{Sensitivity, classify};
use countersign_guard::{
    Access, Action, Approved, ExecRequest, GuardError, PathAccess, Place, Verdict, View, Workspace,
};
use countersign_protocol::{Card, ExecSecurity, FileApproval};
use countersign_testkit::{TempWorkspace, fill};
use proptest::prelude::*;
use std::fs;
use std::path::{Path, PathBuf};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// A tree and the paths that are tried on it.
fn tried(paths: usize) -> impl Strategy<Value = (Vec<tree::Entry>, Vec<String>)> {
    (entries(), prop::collection::vec(any_path(), 1..paths))
}

fn secret(path: &str) -> bool {
    matches!(classify(path), Sensitivity::Secret(_))
}

fn ordinary(path: &str) -> bool {
    classify(path) == Sensitivity::Ordinary
}

fn below(full: &Path, place: &TempWorkspace) -> String {
    full.strip_prefix(place.path()).unwrap().display().to_string()
}

/// Where the kernel says that a path leads.
fn kernel(place: &TempWorkspace, path: &str) -> Option<PathBuf> {
    fs::canonicalize(place.path().join(path)).ok()
}

proptest! {
    #![proptest_config(cases(120, 10))]

    #[test]
    fn a_look_is_granted_only_inside_and_always_there((entries, paths) in tried(24)) {
        let place = tree::lay_out(&entries);
        let workspace = open(&place.path(), settings(ExecSecurity::default(), FileApproval::default(), &[]));
        for path in &paths {
            let path = fill(path, place.root());
            look(&place, &workspace, &path)?;
        }
    }

    #[test]
    fn a_write_without_asking_stays_inside((entries, paths) in tried(6)) {
        let place = tree::lay_out(&entries);
        let workspace = open(&place.path(), settings(ExecSecurity::default(), FileApproval::None, &[]));
        for path in &paths {
            let path = fill(path, place.root());
            write(&place, &workspace, &path)?;
        }
    }

    #[test]
    fn a_command_that_runs_reads_only_inside((entries, paths) in tried(24)) {
        let place = tree::lay_out(&entries);
        let workspace = open(&place.path(), settings(ExecSecurity::Allowlist, FileApproval::default(), &["cat *"]));
        for pair in paths.windows(2) {
            let path = fill(&pair[0], place.root());
            let folder = fill(&pair[1], place.root());
            reads(&place, &workspace, &path, None)?;
            reads(&place, &workspace, &path, Some(&folder))?;
        }
    }
}

/// Found by the property above: such a link leads nowhere, so no shell comes to `src` by it.
#[test]
fn a_folder_by_way_of_a_missing_name_is_none() {
    let place = TempWorkspace::new()
        .file("src/a.txt", "a")
        .symlink("odd", "missing/../src")
        .symlink("way", "../missing/../ws/src")
        .symlink("good", "src");
    let allow = settings(ExecSecurity::Allowlist, FileApproval::default(), &["cat *"]);
    let workspace = open(&place.path(), allow);
    for (folder, runs) in [("odd", false), ("way", false), ("good", true), ("src", true)] {
        let command = format!("cd {folder} && cat a.txt");
        let request = ExecRequest { command, ..ExecRequest::default() };
        let action = workspace.view().propose_exec(request).unwrap();
        assert_eq!(matches!(workspace.judge(action), Verdict::Allow { .. }), runs, "{folder}");
    }
}

/// Found by the property above: the kernel goes up from where the link leads, not from the link.
#[test]
fn going_up_behind_a_link_is_not_taken_by_name() {
    let place = TempWorkspace::new()
        .file("a.txt", "a")
        .beside("outside/deep/a.txt", "outside")
        .beside("outside/a.txt", "outside")
        .symlink("out", "../outside/deep");
    let allow = settings(ExecSecurity::Allowlist, FileApproval::default(), &["cat *"]);
    let workspace = open(&place.path(), allow);
    for path in ["../ws/out/../a.txt", "{root}/outside/../ws/out/../a.txt", "out/../a.txt"] {
        let path = fill(path, place.root());
        let request = ExecRequest { command: format!("cat {path}"), ..ExecRequest::default() };
        let action = workspace.view().propose_exec(request).unwrap();
        assert!(matches!(workspace.judge(action), Verdict::Ask { .. }), "{path}");
        assert!(!matches!(workspace.view().look("read", &path), Ok(Access::Granted(_))), "{path}");
    }
}

fn look(place: &TempWorkspace, workspace: &Workspace, path: &str) -> Result<(), TestCaseError> {
    let view = workspace.view();
    let leads = tree::read(&place.path(), path);
    match view.look("read", path) {
        Ok(Access::Granted(granted)) => {
            let real = place.path().join(granted.name());
            prop_assert_eq!(
                fs::canonicalize(&real).unwrap(),
                real.clone(),
                "{} is no real name",
                path
            );
            prop_assert!(real.starts_with(place.path()), "{} is not inside", path);
            if let Leads::Inside { real: wanted, .. } = leads {
                prop_assert_eq!(&wanted, &real, "{} was taken for another", path);
            }
            if let Some(there) = kernel(place, path) {
                prop_assert!(there.starts_with(place.path()), "{} is {}", path, there.display());
                prop_assert_eq!(&there, &real, "{} was taken for another", path);
            }
            inside(&view, &granted, &real)?;
        }
        Ok(Access::Asks(access)) => {
            if let Leads::Inside { real, .. } = leads {
                let asks = secret(path) || secret(&below(&real, place));
                prop_assert!(asks, "{} is inside and no secret, but asks", path);
            }
            reach(workspace, *access, path)?;
        }
        Err(error) => {
            let fits = match leads {
                Leads::Inside { real, .. } => {
                    !real.is_dir() && path.ends_with('/') || path.trim().is_empty()
                }
                Leads::Nothing { .. } => {
                    matches!(error, GuardError::NotFound(_) | GuardError::BadPath(_))
                        || path.ends_with('/')
                }
                Leads::Elsewhere => true,
            };
            prop_assert!(fits, "{} is inside, but: {}", path, error);
            let told = error.to_string();
            let outside = place.outside().display().to_string();
            prop_assert!(
                !told.contains(&outside) || path.contains(&outside),
                "{} tells: {}",
                path,
                told
            );
        }
    }
    Ok(())
}

/// What was granted holds what lies inside, and nothing else.
fn inside(view: &View, granted: &Place, real: &Path) -> Result<(), TestCaseError> {
    if !granted.is_folder() {
        let text = granted.document().unwrap().text;
        prop_assert_eq!(text, content(real, view.workspace()));
        return Ok(());
    }
    let walk = view.walk(granted).unwrap();
    for path in walk.paths() {
        let Some(entry) = walk.entry(path) else { continue };
        let full = real.join(path);
        prop_assert_eq!(fs::canonicalize(full.parent().unwrap()).unwrap(), full.parent().unwrap());
        if let Some(mut file) = entry.open() {
            let mut text = String::new();
            std::io::Read::read_to_string(&mut file, &mut text).unwrap();
            prop_assert_eq!(text, content(&full, view.workspace()));
        }
    }
    Ok(())
}

/// What is had after a yes is what the card named.
fn reach(workspace: &Workspace, access: PathAccess, path: &str) -> Result<(), TestCaseError> {
    let action = Action::Reach(Box::new(access));
    let Card::Path(card) = workspace.card(&action, Vec::new()) else { panic!("another card") };
    let shown = PathBuf::from(&card.resolved);
    if let Ok(there) = fs::canonicalize(&shown) {
        prop_assert_eq!(&there, &shown, "the card of {} shows a link", path);
    }
    let approved = approve(workspace, action, None).unwrap();
    let Ok(countersign_guard::Receipt::Reached(view)) = perform(workspace, approved) else {
        panic!("no look at {path}")
    };
    if let Ok(Access::Granted(granted)) = view.look("read", path) {
        if shown.is_file() && shown.starts_with(std::env::temp_dir()) {
            prop_assert_eq!(granted.document().unwrap().text, fs::read_to_string(&shown).unwrap());
        }
        prop_assert_eq!(granted.is_folder(), shown.is_dir());
    }
    Ok(())
}

fn perform(
    workspace: &Workspace,
    approved: Approved<Action>,
) -> Result<countersign_guard::Receipt, GuardError> {
    let (live, _unread) = mpsc::channel(1);
    block_on(workspace.perform(approved, live, CancellationToken::new()))
}

fn write(place: &TempWorkspace, workspace: &Workspace, path: &str) -> Result<(), TestCaseError> {
    let leads = tree::read(&place.path(), path);
    let plain = match &leads {
        Leads::Inside { real, by_link: false } if real.is_file() => Some(real.clone()),
        Leads::Nothing { real, by_link: false } => Some(real.clone()),
        _ => None,
    };
    let plain = plain.filter(|real| {
        !path.ends_with('/')
            && !path.trim().is_empty()
            && ordinary(path)
            && ordinary(&below(real, place))
    });
    let action = match workspace.view().propose_write(path, "new") {
        Ok(action) => action,
        Err(error) => {
            let odd = matches!(error, GuardError::BadPath(_));
            prop_assert!(plain.is_none() || odd, "{} is inside, but: {}", path, error);
            return Ok(());
        }
    };
    let named = action.change().unwrap().path().to_owned();
    let before = snapshot(place.root());
    let (approved, real) = match workspace.judge(action) {
        Verdict::Allow { approved, .. } => {
            let real = place.path().join(named);
            let by_link = matches!(
                leads,
                Leads::Inside { by_link: true, .. } | Leads::Nothing { by_link: true, .. }
            );
            prop_assert!(!by_link, "{} was written through a link", path);
            (approved, real)
        }
        Verdict::Ask { action, .. } => {
            prop_assert!(plain.is_none(), "{} is inside and ordinary, but asks", path);
            let (Card::Write(card) | Card::Edit(card)) = workspace.card(&action, Vec::new()) else {
                panic!("another card")
            };
            let real = PathBuf::from(card.resolved);
            // Nothing is written beside the test's own folder.
            if !real.starts_with(place.root()) {
                return Ok(());
            }
            (approve(workspace, action, None).unwrap(), real)
        }
        Verdict::Deny { rule } => panic!("there is no rule {rule}"),
    };
    if let Some(plain) = plain {
        prop_assert_eq!(&plain, &real, "{} was taken for another", path);
    }
    prop_assert_eq!(&snapshot(place.root()), &before, "{} changed something before the act", path);
    let done = perform(workspace, approved).is_ok();
    let after = snapshot(place.root());
    if done {
        prop_assert_eq!(fs::read_to_string(&real).unwrap(), "new");
        prop_assert_eq!(
            fs::canonicalize(&real).unwrap(),
            real.clone(),
            "{} was not shown as it is",
            path
        );
    }
    // The file, and the folders above it that were made: nothing else.
    for entry in before.iter().filter(|entry| !after.contains(entry)) {
        prop_assert!(done && entry.0 == real, "{} changed {:?}", path, entry);
    }
    for entry in after.iter().filter(|entry| !before.contains(entry)) {
        prop_assert!(done && real.starts_with(&entry.0), "{} left {:?}", path, entry);
    }
    Ok(())
}

/// `cat`, in a folder or not, that runs without asking is given only what the kernel finds inside.
fn reads(
    place: &TempWorkspace,
    workspace: &Workspace,
    path: &str,
    folder: Option<&str>,
) -> Result<(), TestCaseError> {
    let quote = |text: &str| format!("\"{}\"", text.replace('\\', r"\\").replace('$', r"\$"));
    let moves = folder.map(|folder| format!("cd {} && ", quote(folder))).unwrap_or_default();
    let request =
        ExecRequest { command: format!("{moves}cat {}", quote(path)), ..ExecRequest::default() };
    let Ok(action) = workspace.view().propose_exec(request) else { return Ok(()) };
    if path.starts_with('-') {
        return Ok(());
    }
    if let Verdict::Allow { approved, .. } = workspace.judge(action) {
        let Action::Exec(exec) = approved.action() else { panic!("another action") };
        let start = kernel(place, exec.runs_in().unwrap_or("")).unwrap();
        prop_assert!(start.starts_with(place.path()), "it runs in {}", start.display());
        let real = kernel(place, folder.unwrap_or(""));
        prop_assert_eq!(real.as_ref(), Some(&start), "it was told to run in another folder");
        if let Ok(real) = fs::canonicalize(start.join(path)) {
            prop_assert!(real.starts_with(place.path()), "{} is {}", path, real.display());
            prop_assert!(!secret(&below(&real, place)) || real.is_dir(), "{} is a secret", path);
        }
        // What it would make of a name that is not there stays inside too.
        if let Ok(target) = fs::read_link(start.join(path)) {
            prop_assert!(
                !target.is_absolute() || target.starts_with(place.path()),
                "{} is {}",
                path,
                target.display()
            );
        }
    } else if let (None, Leads::Inside { real, .. }) = (folder, tree::read(&place.path(), path)) {
        // A word of letters and slashes can be nothing but that path.
        let simple = path.bytes().all(|b| b.is_ascii_alphabetic() || matches!(b, b'/' | b'.'));
        let harmless = real.is_file() && !path.ends_with('/');
        prop_assert!(
            !(simple && harmless && ordinary(path) && ordinary(&below(&real, place))),
            "{} is inside and ordinary, but asks",
            path
        );
    }
    Ok(())
}
