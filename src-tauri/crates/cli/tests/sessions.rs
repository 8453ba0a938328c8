//! Stored sessions as scripts handle them.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod common;

use common::{Run, exec, files_below, server};
use countersign_testkit::{Reply, TempWorkspace};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

/// Runs a verb of `sessions` on a data folder; gives its exit code and what it printed.
fn sessions(data: &Path, arguments: &[&str]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_countersign-cli"));
    command.arg("sessions").args(arguments).arg("--data-dir").arg(data);
    command.arg("--config").arg(data.with_file_name("settings").join("config.toml"));
    let output = command.stdin(std::process::Stdio::null()).output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_listed_found_exported_brought_in_and_deleted() {
    let workspace = TempWorkspace::new();
    let data = workspace.root().join("own/data");
    assert_eq!(sessions(&data, &["list", "--json"]), (0, String::new()));
    assert!(!data.exists(), "a look makes nothing");

    let server = server(vec![
        exec("1", "echo marmalade"),
        Reply::text("The Küche is clean.\n\n```\nno fence\n```"),
    ])
    .await;
    let mut run = Run::start(&workspace, &server, &[]);
    run.approve();
    let (code, seen, _) = run.end();
    assert_eq!(code, 0);
    let stored: Vec<Value> = seen.into_iter().filter(|event| event.get("seq").is_some()).collect();
    let id = stored[0]["session"].as_str().unwrap().to_owned();

    let listed = lines(&sessions(&data, &["list", "--json"]).1);
    assert_eq!(listed.len(), 1);
    assert_eq!(
        [&listed[0]["id"], &listed[0]["title"], &listed[0]["events"]],
        [&json!(id), &json!("do it"), &json!(stored.len())]
    );
    assert!(sessions(&data, &["list"]).1.contains("do it"));

    for words in ["marmal", "KUCHE clean", "clean the"] {
        let (code, found) = sessions(&data, &["search", words]);
        assert!(code == 0 && found.starts_with(&id), "{words}: {found}");
    }
    for words in ["marmalade AND", "\"", "clean spotless", ""] {
        assert_eq!(sessions(&data, &["search", words]), (0, String::new()), "{words}");
    }

    let (code, exported) = sessions(&data, &["export", &id]);
    assert_eq!((code, lines(&exported)), (0, stored));
    let markdown = sessions(&data, &["export", &id, "--format", "markdown"]).1;
    for part in
        ["## You\n\ndo it", "echo marmalade", "**approved** by you", "## Agent\n\nThe Küche"]
    {
        assert!(markdown.contains(part), "{part} in {markdown}");
    }
    assert!(sessions(&data, &["show", &id[..13]]).1.contains("marmalade"), "a beginning is enough");

    let file = workspace.root().join("session.jsonl");
    std::fs::write(&file, &exported).unwrap();
    let file = file.to_str().unwrap();
    assert_eq!(sessions(&data, &["import", file]).0, 1, "it is there already");
    let other = workspace.root().join("other/data");
    assert_eq!(sessions(&other, &["import", file]), (0, format!("{id}\n")));
    assert_eq!(sessions(&other, &["export", &id]).1, exported);
    assert!(sessions(&other, &["search", "marmalade"]).1.starts_with(&id));

    assert_eq!(sessions(&data, &["delete", &id]).0, 0);
    assert_eq!(sessions(&data, &["delete", &id]).0, 2);
    assert_eq!(sessions(&data, &["show", &id]).0, 2);
    assert_eq!(sessions(&data, &["list", "--json"]).1, "");
    for file in files_below(&data) {
        let bytes = std::fs::read(&file).unwrap();
        let left = bytes.windows(9).any(|window| window == b"marmalade");
        assert!(!left, "{} still holds what was deleted", file.display());
    }
}

#[test]
fn what_is_no_exported_session_is_refused_as_a_whole() {
    let workspace = TempWorkspace::new();
    let data = workspace.root().join("own/data");
    let event = |seq: u64, session: &str, event: Value| {
        let mut all = json!({"seq": seq, "session": session, "time": "2026-01-01T00:00:00.000Z"});
        all.as_object_mut().unwrap().extend(event.as_object().unwrap().clone());
        all.to_string()
    };
    let policy = json!({"exec_security": "approval-always", "file_approval": "always", "confine": true, "allow": []});
    let started = json!({"type": "session_started", "workspace": "/w", "provider": "p", "model": "m", "policy": policy});
    let said = json!({"type": "user_message", "text": "hello"});
    let cases = [
        String::new(),
        "not json".to_owned(),
        event(1, "a", said.clone()),
        [event(1, "a", started.clone()), event(3, "a", said.clone())].join("\n"),
        [event(1, "a", started.clone()), event(2, "b", said.clone())].join("\n"),
        event(2, "a", started.clone()),
    ];
    let file = workspace.root().join("session.jsonl");
    let bring = |text: &str| {
        std::fs::write(&file, text).unwrap();
        sessions(&data, &["import", file.to_str().unwrap()])
    };
    for case in cases {
        assert_eq!(bring(&case).0, 1, "{case}");
    }
    assert_eq!(sessions(&data, &["list", "--json"]).1, "");
    let good = [event(1, "a", started), event(2, "a", said)].join("\n");
    assert_eq!(bring(&good), (0, "a\n".to_owned()));
}
