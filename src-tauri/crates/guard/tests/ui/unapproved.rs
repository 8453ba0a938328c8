//! The workspace acts on nothing but an approval.
use countersign_guard::{Action, Workspace};

async fn act(workspace: &Workspace, action: Action) {
    let (live, _) = tokio::sync::mpsc::channel(1);
    let _ = workspace.perform(action, live, tokio_util::sync::CancellationToken::new()).await;
}

fn main() {}
