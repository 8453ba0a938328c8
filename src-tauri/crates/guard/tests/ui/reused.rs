//! An approval is used up by acting on it.
use countersign_guard::{Action, Approved, Workspace};

async fn act(workspace: &Workspace, approved: Approved<Action>) {
    let (live, _) = tokio::sync::mpsc::channel(1);
    let _ = workspace.perform(approved, live.clone(), tokio_util::sync::CancellationToken::new()).await;
    let _ = workspace.perform(approved, live, tokio_util::sync::CancellationToken::new()).await;
}

fn main() {}
