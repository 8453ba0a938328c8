//! What the supervisor costs: the time from the start to the end of `true`, plain and supervised,
//! taken in turn. `cargo run --release -p countersign-sandbox --example spawn_cost --features supervise_at_load`
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use countersign_sandbox::confine::Limits;
use countersign_sandbox::{CommandSpec, Supervisor};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() {
    let supervisor = Supervisor::this_program().unwrap();
    let (mut plain, mut supervised) = (Vec::new(), Vec::new());
    for _ in 0..200 {
        let begin = Instant::now();
        tokio::process::Command::new("/bin/true").status().await.unwrap();
        plain.push(begin.elapsed());
        let spec = CommandSpec {
            program: "/bin/true".into(),
            args: Vec::new(),
            cwd: std::fs::File::open("/").unwrap().into(),
            env: Vec::new(),
            timeout: Duration::from_secs(9),
            capture_limit: 100,
            limits: Limits::default(),
        };
        let (live, _unread) = tokio::sync::mpsc::channel(1);
        let begin = Instant::now();
        supervisor.run(spec, live, CancellationToken::new()).await.unwrap();
        supervised.push(begin.elapsed());
    }
    plain.sort();
    supervised.sort();
    println!("plain {:?}, supervised {:?} (medians of 200)", plain[100], supervised[100]);
}
