//! What a session did to each path, in order, and which of it a scope means.

use countersign_protocol::{CallId, ChangeScope, Envelope, Event, KeptEntry};
use countersign_store::RecordedAct;
use std::collections::{BTreeMap, HashMap};

/// One act on a path.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) act: CallId,
    pub(super) before: Option<KeptEntry>,
    pub(super) after: Option<KeptEntry>,
}

/// The acts of a session on one path, in order; never empty.
pub(super) type Chain = Vec<Link>;

/// The acts of a session by path.
pub(super) type Chains = BTreeMap<Vec<u8>, Chain>;

/// The acts by path.
pub(super) fn chains(acts: Vec<RecordedAct>) -> Chains {
    let mut chains = Chains::new();
    for RecordedAct { act, deltas, .. } in acts {
        for delta in deltas {
            let link = Link { act: act.clone(), before: delta.before, after: delta.after };
            chains.entry(delta.path).or_default().push(link);
        }
    }
    chains
}

/// In which turn each call was made, from 1. A turn goes from a message that began a run to its end.
pub(super) fn turns(envelopes: &[Envelope]) -> HashMap<CallId, u32> {
    let mut turns = HashMap::new();
    let (mut turn, mut running) = (0, false);
    for envelope in envelopes {
        if let Event::UserMessage { .. } = &envelope.event {
            turn += u32::from(!running);
            running = true;
        } else if let Event::RunFinished { .. } = &envelope.event {
            running = false;
        } else if let Event::ToolCall { call, .. } = &envelope.event {
            turns.insert(call.clone(), turn);
        }
    }
    turns
}

/// Whether a scope means an act on a path.
pub(super) fn means(
    scope: &ChangeScope,
    path: &str,
    act: &CallId,
    turns: &HashMap<CallId, u32>,
) -> bool {
    let in_turn = |turn: u32| turns.get(act) == Some(&turn);
    match scope {
        ChangeScope::Session => true,
        ChangeScope::Turn { turn } => in_turn(*turn),
        ChangeScope::Call { call } => call == act,
        ChangeScope::File { path: file, turn } => {
            is_at_or_below(path, file) && turn.is_none_or(in_turn)
        }
        ChangeScope::Hunks { path: file, .. } => file == path,
    }
}

/// Whether a path is this one, or lies in it.
fn is_at_or_below(path: &str, folder: &str) -> bool {
    let folder = folder.trim_start_matches("./").trim_end_matches('/');
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The path as text; bytes that are no UTF-8 as marks.
pub(super) fn name(path: &[u8]) -> String {
    String::from_utf8_lossy(path).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_scope_means_the_file_and_a_folder_what_is_in_it() {
        for (path, folder, within) in [
            ("src/a.rs", "src/a.rs", true),
            ("src/a.rs", "./src/a.rs", true),
            ("src/a.rs", "src/", true),
            ("src/a.rs", "sr", false),
            ("src/a.rs.orig", "src/a.rs", false),
        ] {
            assert_eq!(is_at_or_below(path, folder), within, "{path} in {folder}");
        }
    }
}
