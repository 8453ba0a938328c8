//! The terminal program as scripts drive it.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod common;

use common::{KEY, Run, exec, files_below, program, server};
use countersign_testkit::{Reply, Script, TempWorkspace, seed_task};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

#[tokio::test(flavor = "multi_thread")]
async fn the_seed_task_over_json() {
    let workspace = TempWorkspace::new();
    let server = server(seed_task()).await;
    let mut run = Run::start(&workspace, &server, &[]);
    for kind in ["write", "exec", "write", "exec"] {
        assert_eq!(run.approve()["kind"], kind);
    }
    let (code, events, _) = run.end();
    assert_eq!(code, 0);
    server.assert_well_formed();
    let seqs: Vec<u64> = events.iter().filter_map(|event| event["seq"].as_u64()).collect();
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>(), "without gaps");
    let live = ["text_delta", "thinking_delta", "tool_output", "input_error"];
    for event in &events {
        let is_live = live.contains(&event["type"].as_str().unwrap());
        assert_eq!(event.get("seq").is_none(), is_live, "{event}");
    }
    assert_eq!(events[0]["type"], "session_started");
    assert_eq!(events[0]["model"], "claude-sonnet-4-5");
    assert_eq!(events.last().unwrap()["reason"], "end_turn");
    let message = events.iter().rfind(|event| event["type"] == "message").unwrap().to_string();
    assert!(message.contains("0, 1, 1, 2, 3, 5, 8, 13, 21, 34"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn cards_have_the_fields_of_the_contract() {
    let workspace = TempWorkspace::new().file("a.txt", "one\n").beside("outside/x", "x\n");
    let outside = workspace.outside().join("x");
    let server = server(Script::new([
        exec("1", "ls"),
        Reply::new().tool_use("2", "write", json!({"path": "new.txt", "content": "x\n"})),
        Reply::new().tool_use(
            "3",
            "edit",
            json!({"path": "a.txt", "old_text": "one", "new_text": "1"}),
        ),
        Reply::new().tool_use("4", "read", json!({"path": outside})),
        Reply::new().tool_use("5", "write", json!({"path": outside, "content": "x\n"})),
        Reply::text("done"),
    ]))
    .await;
    let mut run = Run::start(&workspace, &server, &[]);
    let has = |card: &Value, kind: &str, fields: &[&str]| {
        assert_eq!(card["kind"], kind);
        for field in fields {
            assert!(card.get(*field).is_some(), "{kind} has no {field}: {card}");
        }
    };
    let file = ["path", "diff", "before_sha256", "after_sha256", "reasons", "approval", "call"];
    let card = run.approve();
    has(
        &card,
        "exec",
        &[
            "command",
            "cwd",
            "env",
            "timeout",
            "shell",
            "confine",
            "network",
            "reasons",
            "suggested_patterns",
            "approval",
            "call",
        ],
    );
    let card = run.approve();
    has(&card, "write", &file);
    assert!(card["diff"].as_str().unwrap().contains("+x"));
    let card = run.approve();
    has(&card, "edit", &file);
    assert!(card["diff"].as_str().unwrap().contains("-one\n+1"));
    let card = run.approve();
    has(&card, "path", &["tool", "path", "workspace", "reasons"]);
    let card = run.next("approval_requested");
    has(&card, "write", &file);
    assert_eq!(card["outside"], true);
    run.say(&json!({"approval": card["approval"], "decision": "deny", "feedback": "not there"}));
    let (code, events, _) = run.end();
    assert_eq!(code, 0);
    let finished = events.iter().rfind(|event| event["type"] == "tool_finished").unwrap();
    assert!(finished["result"]["error"].as_str().unwrap().contains("not there"));
    assert_eq!(std::fs::read_to_string(outside).unwrap(), "x\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn inputs_that_make_no_sense_change_nothing() {
    let workspace = TempWorkspace::new();
    let server = server(Script::new([exec("1", "true"), Reply::text("done")])).await;
    let mut run = Run::start(&workspace, &server, &[]);
    let card = run.next("approval_requested");
    let approval = card["approval"].clone();
    for line in [
        json!({"approval": "nobody", "decision": "approve"}),
        json!({"approval": approval, "decision": "void"}),
        json!({"approval": approval, "decision": "yes"}),
        json!({"approval": approval, "decision": "approve_session"}),
        json!({"approval": approval, "decision": "approve_always", "pattern": "*"}),
        json!({"approval": approval, "decision": "approve", "hunks": [1]}),
        json!({"hello": 1}),
    ] {
        run.say(&line);
        run.next("input_error");
    }
    run.say(&json!({"approval": approval, "decision": "approve"}));
    run.next("tool_finished");
    run.say(&json!({"approval": approval, "decision": "deny"}));
    let (code, events, _) = run.end();
    assert_eq!(code, 0);
    assert_eq!(events.iter().filter(|event| event["type"] == "approval_decided").count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_input_denies_with_words() {
    let workspace = TempWorkspace::new();
    let server = server(Script::new([
        exec("1", "touch made"),
        exec("2", "touch made"),
        Reply::text("done"),
    ]))
    .await;
    let mut run = Run::start(&workspace, &server, &[]);
    run.next("approval_requested");
    run.input = None;
    let (code, events, _) = run.end();
    assert_eq!(code, 0, "the model ended its turn");
    let denied: Vec<&Value> =
        events.iter().filter(|event| event["type"] == "approval_decided").collect();
    assert_eq!(denied.len(), 2);
    assert!(denied.iter().all(|event| event["decision"] == "deny"
        && event["feedback"].as_str().unwrap().contains("interrupted")));
    assert!(!workspace.path().join("made").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn exit_codes_say_how_the_run_ended() {
    // Denied and stopped.
    let workspace = TempWorkspace::new();
    let refused = server(Script::new([exec("1", "true")])).await;
    let mut run = Run::start(&workspace, &refused, &[]);
    let card = run.next("approval_requested");
    run.say(&json!({"approval": card["approval"], "decision": "deny", "stop": true}));
    assert_eq!(run.end().0, 4);
    // The limit of steps.
    let endless =
        server(Script::new([Reply::new().tool_use("1", "glob", json!({"pattern": "*"}))])).await;
    assert_eq!(Run::start(&workspace, &endless, &["--max-steps", "1"]).end().0, 3);
    // A provider that refuses.
    let wrong =
        server(Script::new([Reply::error(401, "authentication_error", "invalid x-api-key")])).await;
    let (code, events, errors) = Run::start(&workspace, &wrong, &[]).end();
    assert_eq!(code, 1);
    assert!(!format!("{events:?}{errors}").contains(KEY));
    // Interrupted.
    let hanging = server(Script::new([Reply::hang()])).await;
    let mut run = Run::start(&workspace, &hanging, &[]);
    run.next("step_started");
    run.say(&json!({"type": "interrupt"}));
    assert_eq!(run.end().0, 130);
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_usage_is_two() {
    let workspace = TempWorkspace::new();
    let code = |command: &mut Command| command.output().unwrap().status.code();
    assert_eq!(code(&mut program(&workspace, &["run", "--max-steps", "0", "x"])), Some(2));
    assert_eq!(code(&mut program(&workspace, &["fly"])), Some(2));
    assert_eq!(code(&mut program(&workspace, &["policy", "check"])), Some(2));
    assert_eq!(
        code(&mut program(&workspace, &["policy", "check", "--tool", "read", "--args", "{"])),
        Some(2)
    );
    assert_eq!(code(program(&workspace, &["run", "x"]).env_remove("ANTHROPIC_API_KEY")), Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_reach_neither_commands_nor_events_nor_the_disk() {
    let workspace = TempWorkspace::new();
    let server =
        server(Script::new([exec("1", "env; cat /proc/$PPID/environ"), Reply::text("done")])).await;
    let mut run = Run::start(&workspace, &server, &[]);
    run.approve();
    // Where commands are confined, the program's own entry is refused, and a card offers to go without.
    let tried = run.next_of(&["approval_requested", "run_finished"]);
    if tried["type"] == "approval_requested" {
        assert_eq!(tried["confine"], false);
        run.say(&json!({"approval": tried["approval"], "decision": "deny"}));
    }
    let (code, events, errors) = run.end();
    assert_eq!(code, 0);
    let output = events.iter().find(|event| event["type"] == "tool_finished").unwrap();
    assert!(output["result"]["stdout"].as_str().unwrap().contains("TERM=dumb"));
    assert!(!format!("{events:?}").contains(KEY));
    assert!(!errors.contains(KEY));
    for file in files_below(&workspace.root().join("own/data")) {
        let bytes = std::fs::read(file).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains(KEY));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_terminal_all_is_denied() {
    let workspace = TempWorkspace::new();
    let server = server(Script::new([exec("1", "touch made"), Reply::text("as you wish")])).await;
    let mut command = program(&workspace, &["run", "do it"]);
    let output =
        command.env("ANTHROPIC_BASE_URL", server.url()).stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).contains("as you wish"));
    assert!(!workspace.path().join("made").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tour_plays_to_its_end_without_a_key() {
    let workspace = TempWorkspace::new();
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../workspace");
    for name in ["README.md", "prices.txt", "receipt.sh", "test.sh"] {
        std::fs::copy(sample.join(name), workspace.path().join(name)).unwrap();
    }
    std::os::unix::fs::symlink("../outside", workspace.path().join("shared")).unwrap();
    let mut command = program(&workspace, &["run", "--json", "--provider", "tour"]);
    command
        .arg("show me")
        .env_remove("ANTHROPIC_API_KEY")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let (input, lines) = (child.stdin.take(), BufReader::new(child.stdout.take().unwrap()));
    let mut run = Run { child, input, lines, seen: Vec::new() };
    let kinds: Vec<Value> = (0..4).map(|_| run.approve()["kind"].clone()).collect();
    assert_eq!(kinds, ["exec", "edit", "exec", "path"]);
    let (code, events, _) = run.end();
    assert_eq!(code, 0);
    let all = format!("{events:?}");
    assert!(all.contains("all checks passed"));
    assert!(all.contains("leads out of the workspace"));
}

#[test]
fn the_guard_can_be_asked() {
    let workspace = TempWorkspace::new()
        .file("a.txt", "x\n")
        .symlink("out", "../outside")
        .file(".env", "K=1\n");
    let ask = |arguments: &[&str]| -> Value {
        let mut all = vec!["policy", "check"];
        all.extend(arguments);
        let output = program(&workspace, &all).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let listed = ["--exec-security", "allowlist", "--allow", "cat *"];
    let exec = |command: &str| ask(&[&["--exec", command][..], &listed].concat());
    let allowed = exec("cat a.txt");
    assert_eq!(allowed["decision"], "allow");
    assert_eq!(allowed["rule"], "cat *");
    assert_eq!(allowed["runs"], "'cat' 'a.txt'");
    for command in
        ["cat /etc/passwd", "cat .env", "cat out/x", "cat a.txt; ls", "cat $X", "ls", "cat -- ../a"]
    {
        assert_eq!(exec(command)["decision"], "ask", "{command}");
    }
    assert_eq!(ask(&["--exec", "cat a.txt"])["decision"], "ask");
    let tool = |name: &str, args: Value| ask(&["--tool", name, "--args", &args.to_string()]);
    assert_eq!(tool("read", json!({"path": "a.txt"}))["decision"], "allow");
    assert_eq!(tool("read", json!({"path": "/etc/hosts"}))["decision"], "ask");
    assert_eq!(tool("read", json!({"path": "out/x"}))["decision"], "deny");
    assert_eq!(tool("read", json!({"path": "/proc/self/environ"}))["decision"], "deny");
    assert_eq!(tool("read", json!({"path": "gone.txt"}))["decision"], "error");
    assert_eq!(tool("write", json!({"path": "b.txt", "content": ""}))["decision"], "ask");
    assert_eq!(tool("fly", json!({}))["decision"], "error");
}

#[test]
fn a_batch_is_answered_line_by_line() {
    let workspace = TempWorkspace::new().file("a.txt", "x\n");
    let mut child = program(&workspace, &["policy", "check", "--batch"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = [
        json!({"id": 1, "exec": "ls", "allow": ["ls", "*"], "exec_security": "allowlist"}),
        json!({"id": "two", "exec": "ls"}),
        json!({"id": 3, "tool": "write", "args": {"path": "b", "content": ""}, "file_approval": "none"}),
        json!({"id": 4, "text": "a\u{202e}b"}),
        json!({"id": 5, "text": "plain"}),
        json!({"id": 6}),
        json!({"id": 7, "exec": "ls", "allow": ["ls"], "exec_security": "allowlist", "env": {"PATH": "."}}),
        json!({"id": 8, "exec": "ls", "workspace": "/"}),
    ];
    let mut input = child.stdin.take().unwrap();
    for line in &lines {
        writeln!(input, "{line}").unwrap();
    }
    writeln!(input, "no json").unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let answers: Vec<Value> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let decisions: Vec<&str> =
        answers.iter().map(|answer| answer["decision"].as_str().unwrap_or("-")).collect();
    assert_eq!(decisions, ["allow", "ask", "allow", "-", "-", "error", "ask", "error", "error"]);
    assert_eq!(answers[1]["id"], "two");
    assert_eq!((&answers[3]["deceptive"], &answers[4]["deceptive"]), (&json!(true), &json!(false)));
    assert_eq!(answers[4]["shown"], "plain");
    assert!(String::from_utf8_lossy(&output.stderr).contains("left out"));
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_are_listed_told_and_revoked() {
    let workspace = TempWorkspace::new().file("a.txt", "x\n");
    let own = workspace.root().join("own");
    let policy = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_countersign-cli"));
        command.arg("policy").args(arguments).arg("--data-dir").arg(own.join("data"));
        let output =
            command.arg("--config").arg(own.join("settings/config.toml")).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    assert_eq!(policy(&["rules", "--json"]), (Some(0), String::new()));
    assert!(!own.join("data").exists(), "a look makes nothing");

    let server = server(vec![exec("1", "cat a.txt"), Reply::text("done")]).await;
    let mut run = Run::start(&workspace, &server, &[]);
    let card = run.next("approval_requested");
    run.say(&json!({
        "approval": card["approval"], "decision": "approve_always", "pattern": "cat *",
        "expires_in": 3600,
    }));
    let decided = run.next("approval_decided");
    let id = decided["rule_ids"][0].as_str().unwrap().to_owned();
    run.next("run_finished");
    drop(run);

    let (code, listed) = policy(&["rules", "--json"]);
    let rule: Value = serde_json::from_str(listed.trim()).unwrap();
    assert_eq!(code, Some(0));
    assert_eq!(
        [&rule["id"], &rule["grant"], &rule["pattern"], &rule["source"], &rule["lasting"]],
        [&json!(id), &json!("command"), &json!("cat *"), &json!("cat a.txt"), &json!(true)]
    );
    assert!(policy(&["rules"]).1.contains("commands cat *"));
    let check = |command: &str| -> Value {
        let output = program(&workspace, &["policy", "check", "--exec", command]).output().unwrap();
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let allowed = check("cat a.txt");
    assert_eq!(allowed["decision"], "allow");
    assert_eq!(allowed["rule_ids"], json!([id]));

    assert_eq!(policy(&["revoke", &id]).0, Some(0));
    assert_eq!(policy(&["revoke", &id]).0, Some(2), "it is revoked once");
    assert_eq!(check("cat a.txt")["decision"], "ask");
    assert_eq!(policy(&["rules", "--json"]).1, "");
    assert!(policy(&["rules", "--all"]).1.contains("revoked"));
}

#[test]
fn a_batch_answers_one_question_before_the_next_is_asked() {
    let workspace = TempWorkspace::new();
    let mut child = program(&workspace, &["policy", "check", "--batch"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap()).lines();
    for id in 0..3 {
        writeln!(input, "{}", json!({"id": id, "exec": "ls"})).unwrap();
        let answer: Value = serde_json::from_str(&answers.next().unwrap().unwrap()).unwrap();
        assert_eq!(answer["id"], id);
    }
    drop(input);
    assert!(answers.next().is_none() && child.wait().unwrap().success());
}
