//! What each tool answers, as the model reads it: results, refusals and errors.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    missing_docs
)]

use countersign_guard::{Action, Policy, PolicySettings, Supervisor, Verdict, Workspace};
use countersign_protocol::{ExecSecurity, FileApproval};
use countersign_testkit::TempWorkspace;
use countersign_tools::{Proposal, propose, render, specs};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// A workspace whose settings let everything inside happen.
fn open(place: &TempWorkspace) -> Workspace {
    let settings = PolicySettings {
        file_approval: FileApproval::None,
        exec_security: ExecSecurity::AllowAlways,
        ..PolicySettings::default()
    };
    let supervisor = Supervisor::this_program().unwrap();
    let policy = Policy::new(settings, Vec::new());
    Workspace::open(&place.path(), &[], policy, supervisor, Vec::new()).unwrap()
}

/// Calls a tool and does what it proposes; what needs a person comes back as `asks`.
async fn call(place: &TempWorkspace, tool: &str, args: Value) -> Value {
    let workspace = open(place);
    let view = workspace.view();
    let proposed = propose(tool, &args, &view);
    let mut result = match proposed {
        Ok(Proposal::Answer(answer)) => answer,
        Ok(Proposal::Act(action)) => act(&workspace, tool, action).await,
        Ok(Proposal::Reach(access)) => act(&workspace, tool, Action::Reach(access)).await,
        Err(error) => json!({"error": error.to_string()}),
    };
    if let Some(duration) = result.get_mut("duration_ms") {
        assert!(duration.is_u64());
        *duration = json!("some");
    }
    let text = result.to_string().replace(place.root().to_str().unwrap(), "{root}");
    serde_json::from_str(&text).unwrap()
}

async fn act(workspace: &Workspace, tool: &str, action: Action) -> Value {
    match workspace.judge(action) {
        Verdict::Allow { approved, .. } => {
            let (live, _unread) = mpsc::channel(64);
            match workspace.perform(approved, live, CancellationToken::new()).await {
                Ok(receipt) => render(tool, &receipt).unwrap(),
                Err(error) => json!({"error": error.to_string()}),
            }
        }
        Verdict::Ask { reasons, .. } => json!({"asks": reasons}),
        Verdict::Deny { rule } => json!({"denied": rule}),
    }
}

fn project() -> TempWorkspace {
    TempWorkspace::new()
        .file(".gitignore", "/target\n*.log\n")
        .file("README.md", "# Sample\n\nA sample of a project.\n")
        .file("src/main.rs", "fn main() {\n    helper();\n}\n\nfn helper() {}\n")
        .file("src/deep/notes.txt", "one\ntwo\nthree\nfour\nfive\n")
        .file("target/out.txt", "helper\n")
        .file("run.log", "helper\n")
        .file("image.bin", b"\x89PNG\0helper\n")
        .file(".env", "TOKEN=helper\n")
        .beside("outside/notes.txt", "outside\n")
}

#[test]
fn the_model_is_told_of_six_tools() {
    let specs = specs();
    let names: Vec<&str> = specs.iter().map(|spec| spec.name.as_str()).collect();
    assert_eq!(names, ["exec", "read", "write", "edit", "glob", "grep"]);
    insta::assert_json_snapshot!("schemas", specs);
}

#[tokio::test(flavor = "multi_thread")]
async fn read() {
    let place = project().file("long.txt", format!("{}\nend\n", "x".repeat(3_000)));
    let mut results = Vec::new();
    for args in [
        json!({"path": "src/main.rs"}),
        json!({"path": "src/deep/notes.txt", "offset": 1, "limit": 2}),
        json!({"path": "src/deep/notes.txt", "offset": 99}),
        json!({"path": "src"}),
        json!({"path": "absent.txt"}),
        json!({"path": "image.bin"}),
        json!({"path": ".env"}),
        json!({"path": "../outside/notes.txt"}),
        json!({"path": "/proc/self/environ"}),
        json!({"path": 7}),
    ] {
        results.push(json!({"args": args.clone(), "result": call(&place, "read", args).await}));
    }
    insta::assert_json_snapshot!("read", results);
    let long = call(&place, "read", json!({"path": "long.txt"})).await;
    let content = long["content"].as_str().unwrap();
    assert!(content.starts_with(&"x".repeat(2_000)) && !content.contains(&"x".repeat(2_001)));
    assert!(content.ends_with("end\n"), "only the line is cut");
}

#[tokio::test(flavor = "multi_thread")]
async fn encodings_are_read_and_kept() {
    let latin = b"caf\xe9\nend\n";
    let utf16: Vec<u8> = "\u{feff}caf\u{e9}\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let place = TempWorkspace::new()
        .file("latin.txt", latin)
        .file("utf16.txt", &utf16)
        .file("bom.txt", b"\xef\xbb\xbfcaf\xc3\xa9\n");
    for file in ["latin.txt", "utf16.txt", "bom.txt"] {
        let read = call(&place, "read", json!({"path": file})).await;
        assert!(read["content"].as_str().unwrap().starts_with("caf\u{e9}\n"), "{file}: {read}");
        let edit = json!({"path": file, "old_text": "caf", "new_text": "th"});
        assert_eq!(call(&place, "edit", edit).await["replacements"], 1, "{file}");
    }
    let bytes = |file: &str| std::fs::read(place.path().join(file)).unwrap();
    assert_eq!(bytes("latin.txt"), b"th\xe9\nend\n");
    assert_eq!(bytes("bom.txt"), b"\xef\xbb\xbfth\xc3\xa9\n");
    let expected: Vec<u8> =
        "\u{feff}th\u{e9}\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(bytes("utf16.txt"), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn write() {
    let place = project();
    let mut results = Vec::new();
    for args in [
        json!({"path": "new/folder/a.txt", "content": "made\n"}),
        json!({"path": "README.md", "content": "replaced\n"}),
        json!({"path": "src", "content": "x"}),
        json!({"path": "../outside/notes.txt", "content": "x"}),
        json!({"path": ".git/hooks/pre-commit", "content": "x"}),
        json!({"path": "", "content": "x"}),
        json!({"path": "a.txt"}),
    ] {
        results.push(json!({"args": args.clone(), "result": call(&place, "write", args).await}));
    }
    insta::assert_json_snapshot!("write", results);
    assert_eq!(place.read("new/folder/a.txt"), "made\n");
    assert_eq!(place.read("README.md"), "replaced\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn edit() {
    let place = project().file("twice.txt", "same\nother\nsame\n").file("crlf.txt", "a\r\nb\r\n");
    let mut results = Vec::new();
    for args in [
        json!({"path": "src/main.rs", "old_text": "helper();", "new_text": "other();"}),
        json!({"path": "twice.txt", "old_text": "same", "new_text": "x"}),
        json!({"path": "twice.txt", "old_text": "same", "new_text": "x", "replace_all": true}),
        json!({"path": "crlf.txt", "old_text": "a\nb", "new_text": "a\nc"}),
        json!({"path": "README.md", "old_text": "absent", "new_text": "x"}),
        json!({"path": "README.md", "old_text": "", "new_text": "x"}),
        json!({"path": "README.md", "old_text": "A", "new_text": "A"}),
        json!({"path": "absent.txt", "old_text": "a", "new_text": "b"}),
        json!({"path": "image.bin", "old_text": "a", "new_text": "b"}),
    ] {
        results.push(json!({"args": args.clone(), "result": call(&place, "edit", args).await}));
    }
    insta::assert_json_snapshot!("edit", results);
    assert_eq!(place.read("crlf.txt"), "a\r\nc\r\n");
    assert_eq!(place.read("twice.txt"), "x\nother\nx\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn glob() {
    let place = project().symlink("out", "../outside").symlink("in.md", "README.md");
    // Newest first: the times are set, so that the order is known.
    for (file, age) in [("README.md", 30), ("src/main.rs", 20), ("src/deep/notes.txt", 10)] {
        let file = std::fs::File::options().append(true).open(place.path().join(file)).unwrap();
        let then = std::time::SystemTime::now() - std::time::Duration::from_secs(age);
        file.set_modified(then).unwrap();
    }
    let mut results = Vec::new();
    for args in [
        json!({"pattern": "*.{rs,txt}"}),
        json!({"pattern": "src/**/*.txt"}),
        json!({"pattern": "**/*.md", "ignore": ["in.*"]}),
        json!({"pattern": "*.rs", "cwd": "src/deep"}),
        json!({"pattern": "out/*"}),
        json!({"pattern": "*", "cwd": "out"}),
        json!({"pattern": "../outside/*"}),
        json!({"pattern": "[", "cwd": "."}),
        json!({"pattern": "*", "cwd": "absent"}),
    ] {
        results.push(json!({"args": args.clone(), "result": call(&place, "glob", args).await}));
    }
    insta::assert_json_snapshot!("glob", results);
}

#[tokio::test(flavor = "multi_thread")]
async fn grep() {
    let place = project();
    let mut results = Vec::new();
    for args in [
        json!({"pattern": "helper"}),
        json!({"pattern": "three", "context_lines": 1}),
        json!({"pattern": "^t", "include": ["*.txt"]}),
        json!({"pattern": "e", "max_results": 2}),
        json!({"pattern": "helper", "cwd": "src/main.rs"}),
        json!({"pattern": "helper", "cwd": ".env"}),
        json!({"pattern": "outside", "cwd": "../outside"}),
        json!({"pattern": "("}),
        json!({"pattern": ""}),
    ] {
        results.push(json!({"args": args.clone(), "result": call(&place, "grep", args).await}));
    }
    insta::assert_json_snapshot!("grep", results);
}

#[tokio::test(flavor = "multi_thread")]
async fn exec() {
    let place = project();
    let mut results = Vec::new();
    for args in [
        json!({"command": "cat README.md; echo warned >&2; exit 3"}),
        json!({"command": "pwd | sed 's,.*/,,'", "cwd": "src"}),
        json!({"command": "echo $GREETING", "env": {"GREETING": "hello"}}),
        json!({"command": "sleep 60", "timeout": 0.2}),
        json!({"command": "kill -9 $$"}),
        json!({"command": "sleep 60 & echo started"}),
        json!({"command": "true", "cwd": "absent"}),
        json!({"command": "true", "timeout": -1}),
        json!({"command": "  "}),
    ] {
        results.push(json!({"args": args.clone(), "result": call(&place, "exec", args).await}));
    }
    insta::assert_json_snapshot!("exec", results);
}

#[tokio::test(flavor = "multi_thread")]
async fn long_output_keeps_its_head_and_its_tail() {
    let place = TempWorkspace::new();
    let result = call(&place, "exec", json!({"command": "seq 1 100000"})).await;
    assert_eq!(result["truncated"], true);
    let text = result["stdout"].as_str().unwrap();
    assert!(text.starts_with("1\n2\n") && text.ends_with("99999\n100000\n"));
    assert!(text.contains("left out"), "it says how much is missing");
    assert!(text.chars().count() < 101_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_tool_names_those_that_are_there() {
    let result = call(&TempWorkspace::new(), "bash", json!({})).await;
    assert!(result["error"].as_str().unwrap().contains("exec, read, write, edit, glob and grep"));
}
