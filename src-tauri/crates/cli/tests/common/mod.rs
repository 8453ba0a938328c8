//! The terminal program, driven over `--json`.
#![allow(dead_code)]

use countersign_testkit::{ModelServer, Reply, Script, TempWorkspace};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

pub const KEY: &str = "test-key-that-nobody-may-see";

pub fn program(workspace: &TempWorkspace, arguments: &[&str]) -> Command {
    let own = workspace.root().join("own");
    let mut command = Command::new(env!("CARGO_BIN_EXE_countersign-cli"));
    command.args(arguments).arg("--workspace").arg(workspace.path());
    command
        .arg("--data-dir")
        .arg(own.join("data"))
        .arg("--config")
        .arg(own.join("settings/config.toml"));
    command
        .env_remove("ANTHROPIC_BASE_URL")
        .env("ANTHROPIC_API_KEY", KEY)
        .env("HOME", workspace.home());
    command
}

/// A run over `--json`.
pub struct Run {
    pub child: Child,
    pub input: Option<ChildStdin>,
    pub lines: BufReader<ChildStdout>,
    pub seen: Vec<Value>,
}

impl Run {
    pub fn start(workspace: &TempWorkspace, server: &ModelServer, arguments: &[&str]) -> Self {
        let mut all = vec!["run", "--json"];
        all.extend(arguments);
        let mut command = program(workspace, &all);
        command.arg("do it").env("ANTHROPIC_BASE_URL", server.url());
        Self::of(command)
    }

    /// The run of a command that is ready to be started.
    pub fn of(mut command: Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let input = child.stdin.take();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self { child, input, lines, seen: Vec::new() }
    }

    /// The next event of that type.
    pub fn next(&mut self, kind: &str) -> Value {
        self.next_of(&[kind])
    }

    pub fn next_of(&mut self, kinds: &[&str]) -> Value {
        loop {
            let mut line = String::new();
            let read = self.lines.read_line(&mut line).unwrap();
            assert!(read > 0, "no {kinds:?} came; so far {:#?}", self.seen);
            let event: Value = serde_json::from_str(&line).unwrap();
            self.seen.push(event.clone());
            if kinds.iter().any(|kind| event["type"] == *kind) {
                return event;
            }
        }
    }

    pub fn say(&mut self, line: &Value) {
        writeln!(self.input.as_mut().unwrap(), "{line}").unwrap();
    }

    pub fn approve(&mut self) -> Value {
        let card = self.next("approval_requested");
        self.say(&json!({"approval": card["approval"], "decision": "approve"}));
        card
    }

    /// The exit code, after the rest of the events.
    pub fn end(mut self) -> (i32, Vec<Value>, String) {
        let mut rest = String::new();
        self.lines.read_to_string(&mut rest).unwrap();
        self.seen.extend(rest.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()));
        let mut errors = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
        let code = self.child.wait().unwrap().code().unwrap();
        (code, self.seen, errors)
    }
}

pub fn exec(id: &str, command: &str) -> Reply {
    Reply::new().tool_use(id, "exec", json!({"command": command}))
}

pub async fn server(script: impl Into<Script>) -> ModelServer {
    ModelServer::start(script).await
}

/// All files below a folder.
pub fn files_below(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(files_below(&path)) } else { files.push(path) }
    }
    files
}
