//! The corpora of attacks and of benign cases, as a person's settings would meet them. A case says
//! what must be decided; the files stand in `guard/tests/corpus/`.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use countersign_agent::{Check, Checker, Folders, Overrides, Settings};
use countersign_protocol::{ExecSecurity, FileApproval};
use countersign_testkit::{TempWorkspace, fill};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

fn corpus(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../guard/tests/corpus");
    std::fs::read_to_string(folder.join(name)).unwrap()
}

fn cases(name: &str) -> Vec<Value> {
    corpus(name).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn checker(workspace: &TempWorkspace) -> Checker {
    let own = workspace.root().join("own");
    Checker::new(
        Folders::find(Some(own.join("data")), Some(own.join("settings/config.toml"))).unwrap(),
    )
}

fn settings(over: Overrides) -> Settings {
    Settings::load(&PathBuf::from("/nonexistent/config.toml"), over).unwrap()
}

fn strings(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().map(|text| text.as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_path_case_is_decided_right() {
    let mut wrong = Vec::new();
    let cases = cases("paths.jsonl");
    for case in &cases {
        let workspace = TempWorkspace::of_steps(&case["setup"]);
        let args = fill(&case["args"].to_string(), workspace.root());
        let check = Check {
            tool: case["tool"].as_str().unwrap().to_owned(),
            args: serde_json::from_str(&args).unwrap(),
        };
        let file_approval = match case["file_approval"].as_str() {
            Some("none") => FileApproval::None,
            _ => FileApproval::Always,
        };
        let settings =
            settings(Overrides { file_approval: Some(file_approval), ..Overrides::default() });
        let judged = checker(&workspace).judge(&workspace.path(), &settings, &check).unwrap();
        if judged.decision != case["expect"].as_str().unwrap() {
            wrong.push(format!("{}: {judged:?}, but {}", case["id"], case["why"]));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(cases.len() > 150);
}

/// Every case as it stands: what must ask asks or is denied, and what may run runs.
#[test]
fn every_command_case_is_decided_right() {
    let workspace =
        TempWorkspace::of_steps(&serde_json::from_str(&corpus("commands.setup.json")).unwrap());
    let mut checker = checker(&workspace);
    let mut wrong = Vec::new();
    let mut decided = 0;
    for case in cases("commands.jsonl").into_iter().chain(cases("own-commands.jsonl")) {
        let case: Value = serde_json::from_str(&fill(&case.to_string(), workspace.root())).unwrap();
        let exec_security = case
            .get("exec_security")
            .map_or(Ok(ExecSecurity::Allowlist), |value| serde_json::from_value(value.clone()));
        let over = Overrides {
            exec_security: Some(exec_security.unwrap()),
            allow: strings(&case["allow"]),
            ..Overrides::default()
        };
        let mut args = json!({"command": case["exec"]});
        for field in ["cwd", "env"] {
            if let Some(value) = case.get(field) {
                args[field] = value.clone();
            }
        }
        let check = Check { tool: "exec".to_owned(), args };
        let judged = checker.judge(&workspace.path(), &settings(over), &check).unwrap();
        decided += 1;
        match (case["expect"].as_str().unwrap(), judged.decision) {
            ("ask", "ask" | "deny") | ("allow", "allow") => {}
            _ => wrong.push(format!(
                "{}: {:?} with {}: {judged:?}, but {}",
                case["id"], case["exec"], case["allow"], case["why"]
            )),
        }
    }
    assert!(wrong.is_empty(), "{} of {decided}: {wrong:#?}", wrong.len());
    assert!(decided > 600, "{decided}");
}

/// Readers that recurse, each with its own layout on disk.
#[test]
fn every_case_of_what_lies_below_is_decided_right() {
    let mut wrong = Vec::new();
    let cases = cases("own-below.jsonl");
    for case in &cases {
        let workspace = TempWorkspace::of_steps(&case["setup"]);
        let over = Overrides {
            exec_security: Some(ExecSecurity::Allowlist),
            allow: strings(&case["allow"]),
            ..Overrides::default()
        };
        let mut args = json!({"command": case["exec"]});
        if let Some(cwd) = case.get("cwd") {
            args["cwd"] = cwd.clone();
        }
        let check = Check { tool: "exec".to_owned(), args };
        let judged = checker(&workspace).judge(&workspace.path(), &settings(over), &check).unwrap();
        if judged.decision != case["expect"].as_str().unwrap() {
            wrong.push(format!(
                "{}: {:?}: {judged:?}, but {}",
                case["id"], case["exec"], case["why"]
            ));
        }
    }
    assert!(wrong.is_empty(), "{} of {}: {wrong:#?}", wrong.len(), cases.len());
    assert!(cases.len() > 80, "{}", cases.len());
}
