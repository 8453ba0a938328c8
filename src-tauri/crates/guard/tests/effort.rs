//! Decisions that would take too long ask, and never take long instead: whatever the command is, and
//! whatever lies in the folder.
#![allow(clippy::unwrap_used, missing_docs)]

use countersign_guard::command::Pattern;
use countersign_guard::{ExecRequest, Policy, PolicySettings, Supervisor, Verdict, Workspace};
use countersign_protocol::ExecSecurity;
use std::fs::{File, create_dir, create_dir_all, write};
use std::os::unix::fs::symlink;
use std::path::Path;
use tempfile::TempDir;

fn place() -> TempDir {
    let place = tempfile::tempdir().unwrap();
    create_dir_all(place.path().join("d")).unwrap();
    write(place.path().join("a.txt"), "a").unwrap();
    place
}

fn open(place: &Path) -> Workspace {
    let allow = ["mytool *", "cat *", "grep *", "rg *", "git *", "ls"];
    let settings = PolicySettings {
        exec_security: ExecSecurity::Allowlist,
        allow: allow.iter().map(|text| Pattern::parse(text).unwrap()).collect(),
        ..PolicySettings::default()
    };
    let supervisor = Supervisor::this_program().unwrap();
    Workspace::open(place, &[], Policy::new(settings, Vec::new()), supervisor, Vec::new()).unwrap()
}

/// What is decided, and why.
fn decide(workspace: &Workspace, command: &str) -> (&'static str, String) {
    let request = ExecRequest { command: command.to_owned(), ..ExecRequest::default() };
    match workspace.decide(workspace.view().propose_exec(request).unwrap()) {
        Verdict::Allow { .. } => ("allow", String::new()),
        Verdict::Ask { reasons, .. } => ("ask", reasons.concat()),
        Verdict::Deny { .. } => ("deny", String::new()),
    }
}

#[track_caller]
fn asks_for_time(workspace: &Workspace, command: &str) {
    let (decision, why) = decide(workspace, command);
    assert_eq!(decision, "ask", "{command}");
    assert!(why.contains("it would take too long"), "{command}: {why}");
}

#[test]
fn a_folder_with_too_many_entries_asks() {
    let place = place();
    let workspace = open(place.path());
    assert_eq!(decide(&workspace, "rg x d").0, "allow");
    for number in 0..25_001 {
        File::create(place.path().join(format!("d/{number}"))).unwrap();
    }
    for command in
        ["rg x d", "rg -uu x d", "grep -r x d", "rg --hidden x", "rg -trust x", "rg -g '*.c' x"]
    {
        asks_for_time(&workspace, command);
    }
    assert_eq!(decide(&workspace, "cat d/1").0, "allow");
}

#[test]
fn ignore_files_that_take_long_ask() {
    let lines = |form: &str, count: usize| {
        (0..count).map(|number| form.replace('#', &number.to_string())).collect::<String>()
    };
    for (text, asks) in [
        (lines("some-name-#\n", 100), false),
        (lines("*#?[a-z]*x\n", 1_000), true),
        (lines("some-name-#\n", 10_000), true),
        ("a".repeat(300_000), true),
    ] {
        let place = place();
        write(place.path().join(".ignore"), text).unwrap();
        let workspace = open(place.path());
        if asks {
            asks_for_time(&workspace, "rg x");
        } else {
            assert_eq!(decide(&workspace, "rg x").0, "allow");
        }
        // One that does not heed them does not wait for them.
        assert_eq!(decide(&workspace, "rg -uu x").0, "allow");
    }
}

#[test]
fn links_that_lead_round_ask() {
    let place = place();
    let round = "d/../".repeat(400);
    for number in 0..20 {
        symlink(format!("{round}l{}", number + 1), place.path().join(format!("l{number}")))
            .unwrap();
    }
    symlink("d", place.path().join("l20")).unwrap();
    let workspace = open(place.path());
    assert_eq!(decide(&workspace, "cat l20/x").0, "allow");
    assert_eq!(decide(&workspace, "cat l19/x").0, "allow");
    assert_eq!(decide(&workspace, "cat l0/x").0, "ask");
    assert_eq!(decide(&workspace, "cd l0 && ls").0, "ask");
}

#[test]
fn paths_that_go_up_and_down_ask() {
    let place = place();
    let workspace = open(place.path());
    assert_eq!(decide(&workspace, &format!("cd {}d && ls", "d/../".repeat(3))).0, "allow");
    assert_eq!(decide(&workspace, &format!("cd {}d && ls", "d/../".repeat(500))).0, "ask");
    let chain = "a/b:".repeat(2_000);
    asks_for_time(&workspace, &format!("mytool {chain}"));
}

#[test]
fn repositories_above_are_asked_up_to_a_depth() {
    let place = place();
    let mut folder = place.path().to_owned();
    for _ in 0..70 {
        folder.push("e");
        create_dir(&folder).unwrap();
    }
    create_dir(place.path().join(".git")).unwrap();
    let workspace = open(place.path());
    assert_eq!(decide(&workspace, "git log").0, "allow");
    assert_eq!(decide(&workspace, &format!("cd {} && git log", ["e"; 60].join("/"))).0, "allow");
    asks_for_time(&workspace, &format!("cd {} && git log", ["e"; 70].join("/")));
}

#[test]
fn what_is_forbidden_by_name_stays_forbidden_where_time_runs_out() {
    let place = place();
    let rules = "deny = [\"private\", \"npm publish\"]\nask = [\"shown\"]\n";
    write(place.path().join(".countersign.toml"), rules).unwrap();
    let workspace = open(place.path());
    let long = format!("cd {}d && cat", "d/../".repeat(500));
    let many: Vec<String> = (0..1_500).map(|number| format!(" {number}")).collect();
    let many = many.concat();
    for (command, expected) in [
        (format!("{long} private/x"), "deny"),
        (format!("{long} a.txt && npm publish"), "deny"),
        (format!("mytool{many} private/x"), "deny"),
        (format!("mytool{many} && npm publish"), "deny"),
        (format!("mytool{many}"), "ask"),
        (format!("$X{} private/x", many.repeat(2)), "deny"),
        (format!("{}npm publish", "npm -x ".repeat(1_000)), "deny"),
    ] {
        assert_eq!(decide(&workspace, &command).0, expected, "{}", command.get(..60).unwrap());
    }
}

#[test]
fn rules_that_take_too_long_to_compare_ask() {
    let place = place();
    let hard: Vec<String> = (0..400).map(|n| format!("{}{n}", "*a?[a-b]".repeat(8))).collect();
    write(place.path().join(".countersign.toml"), format!("ask = {hard:?}\n")).unwrap();
    let workspace = open(place.path());
    let (decision, why) = decide(&workspace, &format!("cat {}", "ab".repeat(120)));
    assert_eq!(decision, "ask");
    assert!(why.contains("too long"), "{why}");
    let large = format!("deny = [\"{}\"]\n", "a".repeat(70_000));
    write(place.path().join(".countersign.toml"), large).unwrap();
    let supervisor = Supervisor::this_program().unwrap();
    let policy = Policy::new(PolicySettings::default(), Vec::new());
    assert!(Workspace::open(place.path(), &[], policy, supervisor, Vec::new()).is_err());
}
