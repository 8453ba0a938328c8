//! `sessions changes` and `sessions revert`: what a session did to files, and taking it back.

use crate::args::RevertArguments;
use crate::sessions::{find, print};
use countersign_agent::{Folders, StoredUndo, reveal};
use countersign_protocol::{CallId, ChangeScope, Reverted};
use std::fmt::Write as _;

/// The exit code where something was left as it is.
const LEFT: u8 = 4;

/// Prints what a session changed, as JSON.
pub(crate) fn changes(folders: &Folders, id: &str) -> anyhow::Result<u8> {
    let (_, session) = find(folders, id)?;
    let changes = StoredUndo::open(folders, &session)?.changes()?;
    print(&format!("{}\n", serde_json::to_string_pretty(&changes)?))
}

/// Takes changes back, and says what was put back and what was left.
pub(crate) fn revert(arguments: &RevertArguments) -> anyhow::Result<u8> {
    let folders = arguments.data.folders()?;
    let (_, session) = find(&folders, &arguments.id)?;
    let scope = match (&arguments.call, &arguments.file, arguments.turn) {
        (Some(call), _, _) => ChangeScope::Call { call: CallId::new(call.as_str()) },
        (None, Some(path), turn) => ChangeScope::File { path: path.clone(), turn },
        (None, None, Some(turn)) => ChangeScope::Turn { turn },
        (None, None, None) => ChangeScope::Session,
    };
    let Reverted { act, restored, left } = StoredUndo::open(&folders, &session)?.revert(scope)?;
    let mut text = String::new();
    for path in &restored {
        writeln!(text, "restored {}", reveal(path).0)?;
    }
    for path in &left {
        writeln!(text, "left {}: {}", path.path, path.why)?;
    }
    match act {
        Some(act) => writeln!(
            text,
            "To take this back: countersign-cli sessions revert {} --call {act}",
            session.id
        )?,
        None if left.is_empty() => text += "There was nothing to take back.\n",
        None => {}
    }
    print(&text)?;
    Ok(if left.is_empty() { 0 } else { LEFT })
}
