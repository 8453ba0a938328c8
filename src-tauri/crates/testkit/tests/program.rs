//! The `scripted-model` program.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};

#[test]
fn says_where_it_listens_and_answers() {
    let folder = tempfile::tempdir().unwrap();
    let record = folder.path().join("record.jsonl");
    let mut program = Command::new(env!("CARGO_BIN_EXE_scripted-model"))
        .args(["--seed-task", "--repeat", "--port", "0", "--record"])
        .arg(&record)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(program.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("listening http://").expect("an address").to_owned();
    let mut stream = TcpStream::connect(address).unwrap();
    let body =
        r#"{"model":"m","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"go"}]}"#;
    let head = "POST /v1/messages HTTP/1.1\r\nx-api-key: k\r\nanthropic-version: 1\r\n";
    write!(stream, "{head}content-length: {}\r\n\r\n{body}", body.len()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    program.kill().unwrap();
    program.wait().unwrap();
    assert!(answer.contains("toolu_seed_1"), "{answer}");
    assert!(std::fs::read_to_string(record).unwrap().contains(r#""problems":[]"#));
}

#[test]
fn refuses_what_it_does_not_know() {
    for args in [
        &["--nonsense"][..],
        &[],
        &["--script"],
        &["--script", "/nonexistent.json"],
        &["--seed-task", "--port", "x"],
    ] {
        let output =
            Command::new(env!("CARGO_BIN_EXE_scripted-model")).args(args).output().unwrap();
        assert!(!output.status.success(), "{args:?}");
        assert!(String::from_utf8(output.stderr).unwrap().contains("usage:"), "{args:?}");
    }
}
