//! `sessions changes` and `sessions revert`: what a run changed, and a workspace as it was.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod common;

use common::{Run, exec, server};
use countersign_testkit::{Reply, TempWorkspace};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Everything below a folder but `.git`: kind, mode, and bytes or target.
fn state(folder: &Path) -> BTreeMap<PathBuf, (u32, Vec<u8>)> {
    let mut all = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(here) = folders.pop() {
        for entry in std::fs::read_dir(&here).unwrap() {
            let path = entry.unwrap().path();
            if path.file_name().is_some_and(|name| name == ".git") {
                continue;
            }
            let about = std::fs::symlink_metadata(&path).unwrap();
            let bytes = if about.is_dir() {
                folders.push(path.clone());
                Vec::new()
            } else if about.is_symlink() {
                std::fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes()
            } else {
                std::fs::read(&path).unwrap()
            };
            let mode = about.permissions().mode();
            all.insert(path.strip_prefix(folder).unwrap().to_owned(), (mode, bytes));
        }
    }
    all
}

fn sessions(workspace: &TempWorkspace, arguments: &[&str]) -> (i32, String) {
    let own = workspace.root().join("own");
    let mut command = Command::new(env!("CARGO_BIN_EXE_countersign-cli"));
    command.arg("sessions").args(arguments).arg("--data-dir").arg(own.join("data"));
    command.arg("--config").arg(own.join("settings/config.toml"));
    let output = command.stdin(std::process::Stdio::null()).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    let text = String::from_utf8(output.stdout).unwrap();
    (output.status.code().unwrap(), format!("{text}{errors}"))
}

fn changes(workspace: &TempWorkspace, id: &str) -> Value {
    let (code, text) = sessions(workspace, &["changes", id]);
    assert_eq!(code, 0, "{text}");
    serde_json::from_str(&text).unwrap()
}

fn paths(changes: &Value) -> Vec<(&str, &str)> {
    let files = changes["files"].as_array().unwrap().iter();
    files.map(|file| (file["path"].as_str().unwrap(), file["change"].as_str().unwrap())).collect()
}

/// Runs a script with every card approved; gives the session.
async fn run(workspace: &TempWorkspace, replies: Vec<Reply>) -> String {
    let server = server(replies).await;
    let mut run = Run::start(workspace, &server, &["--confine", "off"]);
    loop {
        let event = run.next_of(&["approval_requested", "run_finished"]);
        if event["type"] == "run_finished" {
            assert_eq!(event["reason"], "end_turn", "{event}");
            let id = event["session"].as_str().unwrap().to_owned();
            assert_eq!(run.end().0, 0);
            return id;
        }
        run.say(&json!({"approval": event["approval"], "decision": "approve"}));
    }
}

fn project() -> TempWorkspace {
    TempWorkspace::new()
        .file("README.md", "# Title\n")
        .file("src/main.c", "int main() { return 1; }\n")
        .file("src/deep/er/data.bin", [0_u8, 159, 146, 150, 0])
        .file("notes.txt", "one\ntwo\n")
        .executable("tool.sh", "#!/bin/sh\necho tool\n")
        .symlink("link", "notes.txt")
        .symlink("dangling", "nowhere")
        .folder("empty")
}

fn storm() -> Vec<Reply> {
    vec![
        Reply::new()
            .tool_use("w1", "write", json!({"path": "new/deep/file.txt", "content": "made\n"}))
            .tool_use(
                "e1",
                "edit",
                json!({"path": "notes.txt", "old_text": "two", "new_text": "2"}),
            ),
        exec("x1", "sed -i s/1/0/ src/main.c && chmod 600 README.md && rmdir empty"),
        exec("x2", "rm -rf src/deep link && ln -s README.md link && chmod -x tool.sh"),
        exec("x3", "mkdir -p out/a/b && touch out/a/b/c && rm notes.txt && mkdir notes.txt"),
        exec("x4", "rm dangling; printf other > 'new name\n\u{e9}.txt'; mv tool.sh moved.sh"),
        Reply::text("done"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_is_put_back_to_its_exact_state() {
    for git in [false, true] {
        let workspace = project();
        if git {
            let made = Command::new("sh")
                .args(["-c", "git init -q . && git add -A && git -c user.name=n -c user.email=e commit -qm one && git switch -qc other && echo changed > README.md && git -c user.name=n -c user.email=e commit -qam two"])
                .current_dir(workspace.path())
                .status();
            assert!(made.unwrap().success());
        }
        let before = state(&workspace.path());
        let mut replies = storm();
        if git {
            replies.insert(0, exec("g1", "git checkout -q -f HEAD~1"));
        }
        let id = run(&workspace, replies).await;
        assert_ne!(state(&workspace.path()), before);
        let head = || std::fs::read(workspace.path().join(".git/HEAD")).ok();
        let repository = head();

        let changed = changes(&workspace, &id);
        let listed = paths(&changed);
        for expected in [
            ("new/deep/file.txt", "created"),
            ("notes.txt", "kind"),
            ("src/main.c", "modified"),
            ("README.md", if git { "modified" } else { "mode" }),
            ("empty", "deleted"),
            ("src/deep/er/data.bin", "deleted"),
            ("link", "modified"),
            ("tool.sh", "deleted"),
            ("moved.sh", "created"),
        ] {
            assert!(listed.contains(&expected), "{expected:?} in {listed:?}");
        }
        let (code, text) = sessions(&workspace, &["revert", &id]);
        assert_eq!(code, 0, "{text}");
        assert_eq!(state(&workspace.path()), before, "{text}");
        assert_eq!(paths(&changes(&workspace, &id)), [], "nothing is left of it");
        assert_eq!(head(), repository, "the repository itself is the person's");

        // Taking back is an act that can be taken back.
        let act = text.rsplit("--call ").next().unwrap().trim().to_owned();
        let (code, again) = sessions(&workspace, &["revert", &id, "--call", &act]);
        assert_eq!(code, 0, "{again}");
        assert_eq!(paths(&changes(&workspace, &id)), listed);
        assert_eq!(sessions(&workspace, &["revert", &id]).0, 0);
        assert_eq!(state(&workspace.path()), before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_person_changed_since_is_left() {
    let workspace = project();
    let id = run(&workspace, storm()).await;
    std::fs::write(workspace.path().join("src/main.c"), "mine\n").unwrap();
    std::fs::write(workspace.path().join("out/a/mine.txt"), "mine\n").unwrap();
    std::fs::write(workspace.path().join("untouched.txt"), "mine\n").unwrap();
    let changed = changes(&workspace, &id);
    let file = |path: &str| {
        let files = changed["files"].as_array().unwrap();
        files.iter().find(|file| file["path"] == path).unwrap().clone()
    };
    assert_eq!(file("src/main.c")["changed_since"], true);
    assert_eq!(file("new/deep/file.txt")["changed_since"], false);
    let (code, text) = sessions(&workspace, &["revert", &id]);
    assert_eq!(code, 4, "{text}");
    assert!(text.contains("left src/main.c"), "{text}");
    assert_eq!(workspace.read("src/main.c"), "mine\n");
    assert_eq!(workspace.read("out/a/mine.txt"), "mine\n");
    assert_eq!(workspace.read("untouched.txt"), "mine\n");
    assert_eq!(workspace.read("notes.txt"), "one\ntwo\n");
    assert!(!workspace.path().join("out/a/b").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_and_a_turn_are_put_back_by_themselves() {
    let workspace = project();
    let id = run(&workspace, storm()).await;
    let (code, text) = sessions(&workspace, &["revert", &id, "--file", "src/main.c"]);
    assert_eq!(code, 0, "{text}");
    assert_eq!(workspace.read("src/main.c"), "int main() { return 1; }\n");
    assert_eq!(workspace.read("new/deep/file.txt"), "made\n");
    let (code, text) = sessions(&workspace, &["revert", &id, "--turn", "2"]);
    assert!(code == 0 && text.contains("nothing to take back"), "{text}");
    let (code, text) = sessions(&workspace, &["revert", &id, "--turn", "1"]);
    assert_eq!(code, 0, "{text}");
    assert!(!workspace.path().join("new").exists());
    assert_eq!(workspace.read("notes.txt"), "one\ntwo\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn large_files_and_ignored_folders_are_left_out_and_told() {
    let workspace = project()
        .file(".gitignore", "build/\n.env\n")
        .file("build/out.o", "object")
        .file(".env", "PLAIN=1\n")
        .file("large.bin", vec![7_u8; 11 * 1024 * 1024]);
    let id = run(
        &workspace,
        vec![exec("x", "rm -rf build .env; printf x >> large.bin"), Reply::text("done")],
    )
    .await;
    let changed = changes(&workspace, &id);
    assert_eq!(paths(&changed), [(".env", "deleted"), ("large.bin", "modified")]);
    assert!(changed["files"][1]["lost"].as_str().unwrap().contains("10 MB"));
    let (code, text) = sessions(&workspace, &["revert", &id]);
    assert_eq!(code, 4, "{text}");
    assert_eq!(workspace.read(".env"), "PLAIN=1\n");
    assert!(text.contains("left large.bin"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_appears_since_an_ignore_file_changed_is_not_taken_for_made() {
    let workspace = project().file(".gitignore", "vendor/\n").file("vendor/lib.js", "theirs\n");
    let before = state(&workspace.path());
    let id =
        run(&workspace, vec![exec("x", "echo nothing > .gitignore"), Reply::text("done")]).await;
    assert_eq!(paths(&changes(&workspace, &id)), [(".gitignore", "modified")]);
    assert_eq!(sessions(&workspace, &["revert", &id]).0, 0);
    assert_eq!(state(&workspace.path()), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_says_where_the_room_for_undoing_is_used_up() {
    let mut workspace = project();
    for number in 0..60_u8 {
        // Bytes that do not compress.
        let mut state = u32::from(number) + 1;
        let bytes: Vec<u8> = std::iter::repeat_with(|| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state.to_le_bytes()[0]
        })
        .take(100_000)
        .collect();
        workspace = workspace.file(&format!("data/{number}.bin"), bytes);
    }
    let settings = workspace.root().join("own/settings");
    std::fs::create_dir_all(&settings).unwrap();
    std::fs::write(settings.join("config.toml"), "undo_budget_mb = 1\n").unwrap();
    // The first copy goes on in batches of 200 files, so only what is beyond the first is left.
    for number in 0..400 {
        std::fs::write(workspace.path().join(format!("data/{number}.txt")), format!("{number}"))
            .unwrap();
    }
    let server = server(vec![exec("x", "true"), Reply::text("done")]).await;
    let mut run = Run::start(&workspace, &server, &["--confine", "off"]);
    let card = run.next("approval_requested");
    let note = card["undo"].as_str().unwrap_or_default().to_owned();
    assert!(note.contains("used up") && note.contains("undo_budget_mb"), "{note:?}");
    run.say(&json!({"approval": card["approval"], "decision": "approve"}));
    assert_eq!(run.end().0, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_package_manager_and_a_formatter_changed_is_put_back() {
    let workspace = project()
        .file("package.json", "{\"name\": \"p\", \"version\": \"1.0.0\"}\n")
        .file("dep/package.json", "{\"name\": \"dep\", \"version\": \"1.0.0\"}\n")
        .file("src/lib.rs", "fn  main( ) {let x=1;drop(x) }\n");
    let before = state(&workspace.path());
    let id = run(
        &workspace,
        vec![
            exec("n", "npm install --offline --no-audit --no-fund ./dep"),
            exec("f", "rustfmt --edition 2024 src/lib.rs"),
            Reply::text("done"),
        ],
    )
    .await;
    let changed = changes(&workspace, &id);
    let listed = paths(&changed);
    for expected in [
        ("package.json", "modified"),
        ("package-lock.json", "created"),
        ("node_modules/dep", "created"),
        ("src/lib.rs", "modified"),
    ] {
        assert!(listed.contains(&expected), "{expected:?} in {listed:?}");
    }
    let (code, text) = sessions(&workspace, &["revert", &id]);
    assert_eq!(code, 0, "{text}");
    assert_eq!(state(&workspace.path()), before, "{text}");
}
