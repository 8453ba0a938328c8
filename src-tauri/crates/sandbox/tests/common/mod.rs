//! How the tests run commands.
#![allow(dead_code)]

use countersign_sandbox::confine::{Confinement, Limits, system};
use countersign_sandbox::{CommandSpec, Finished, Supervisor};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;
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
        limits: Limits::default(),
    }
}

/// Runs a command whose live output nobody reads.
pub async fn run(spec: CommandSpec) -> Finished {
    run_by(system(), spec).await
}

/// The same, confined by something else than what the system has.
pub async fn run_by(confinement: Arc<dyn Confinement>, spec: CommandSpec) -> Finished {
    run_within(PATIENCE, confinement, spec).await
}

/// The same for a command that takes longer.
pub async fn run_within(
    patience: Duration,
    confinement: Arc<dyn Confinement>,
    spec: CommandSpec,
) -> Finished {
    let (live, _unread) = mpsc::channel(1);
    let supervisor = Supervisor::this_program().unwrap().confining_by(confinement);
    let running = supervisor.run(spec, live, CancellationToken::new());
    tokio::time::timeout(patience, running).await.expect("the command hangs").unwrap()
}
