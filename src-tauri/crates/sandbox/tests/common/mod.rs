//! How the tests run commands.

use countersign_sandbox::{CommandSpec, Finished, Supervisor};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

pub const PATIENCE: Duration = Duration::from_secs(30);

pub fn folder(path: &Path) -> OwnedFd {
    std::fs::File::open(path).unwrap().into()
}

pub fn spec(command: &str) -> CommandSpec {
    CommandSpec {
        program: "/bin/sh".into(),
        args: vec!["-c".into(), command.into()],
        cwd: folder(Path::new("/")),
        env: vec![("PATH".into(), "/usr/bin:/bin".into())],
        timeout: Duration::from_secs(60),
        capture_limit: 1_000,
    }
}

/// Runs a command whose live output nobody reads.
pub async fn run(spec: CommandSpec) -> Finished {
    let (live, _unread) = mpsc::channel(1);
    let supervisor = Supervisor::this_program().unwrap();
    let running = supervisor.run(spec, live, CancellationToken::new());
    tokio::time::timeout(PATIENCE, running).await.expect("the command hangs").unwrap()
}
