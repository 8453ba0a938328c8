//! In which order the calls of one step run: what acts on a thing goes before what needs it.

use crate::calls::Call;
use countersign_tools::Named;

/// What a call names, with an absolute path beneath the workspace taken from there.
pub(crate) fn named(call: &Call, workspace: &str) -> Named {
    let below = |path: String| {
        let root = workspace.trim_start_matches('/');
        path.strip_prefix(root)
            .map_or_else(|| path.clone(), |rest| rest.trim_start_matches('/').to_owned())
    };
    match countersign_tools::named_path(&call.tool, &call.args) {
        Named::Changes(path) => Named::Changes(below(path)),
        Named::Reads(path) => Named::Reads(below(path)),
        other @ (Named::Everything | Named::Searches | Named::Nothing) => other,
    }
}

/// Whether a call waits for an earlier one of its step, so that no card is stale from birth and no
/// read sees what the model did not mean.
pub(crate) fn waits_for(call: &Named, earlier: &Named) -> bool {
    #[expect(clippy::match_same_arms, reason = "a row each, in the order in which they are read")]
    match (call, earlier) {
        (Named::Nothing, _) | (_, Named::Nothing) => false,
        (Named::Everything, _) | (_, Named::Everything) => true,
        (Named::Changes(path), Named::Changes(other) | Named::Reads(other))
        | (Named::Reads(path), Named::Changes(other)) => path == other,
        (Named::Changes(_), Named::Searches) | (Named::Searches, Named::Changes(_)) => true,
        (Named::Reads(_) | Named::Searches, Named::Reads(_) | Named::Searches) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_protocol::CallId;
    use serde_json::{Value, json};

    fn of(tool: &str, args: Value) -> Named {
        let call = Call { id: CallId::new("c"), tool: tool.to_owned(), args, invalid: None };
        named(&call, "/w/s")
    }

    #[test]
    fn calls_wait_for_those_that_act_on_what_they_name() {
        let read = of("read", json!({"path": "a.txt"}));
        let edit = of("edit", json!({"path": "./a.txt"}));
        let absolute = of("write", json!({"path": "/w/s/a.txt"}));
        let other = of("write", json!({"path": "b.txt"}));
        let exec = of("exec", json!({"command": "x"}));
        let grep = of("grep", json!({"pattern": "x"}));
        for (call, earlier, waits) in [
            (&read, &read, false),
            (&read, &edit, true),
            (&edit, &read, true),
            (&edit, &edit, true),
            (&edit, &absolute, true),
            (&edit, &other, false),
            (&exec, &read, true),
            (&exec, &exec, true),
            (&read, &exec, true),
            (&grep, &edit, true),
            (&grep, &read, false),
            (&grep, &grep, false),
        ] {
            assert_eq!(waits_for(call, earlier), waits, "{call:?} after {earlier:?}");
        }
    }
}
