#![allow(clippy::unwrap_used)]

use super::lighten;
use countersign_protocol::Feed;
use serde_json::{Value, json};

fn lightened(event: &Value) -> Value {
    let mut envelope = json!({"seq": 1, "session": "s", "time": "2026-01-01T00:00:00.000Z"});
    envelope.as_object_mut().unwrap().extend(event.as_object().unwrap().clone());
    let feed = json!({"type": "envelopes", "envelopes": [envelope]});
    let mut batch: Vec<Feed> = vec![serde_json::from_value(feed).unwrap()];
    lighten(&mut batch);
    serde_json::to_value(&batch).unwrap()[0]["envelopes"][0].clone()
}

#[test]
fn a_card_keeps_its_lines_without_the_patch() {
    let hunk = json!({
        "number": 1, "old_start": 0, "old_lines": 0, "new_start": 1, "new_lines": 1, "text": "+new\n",
    });
    let changes = json!({"added": 1, "removed": 0, "hunks": [hunk]});
    let told = lightened(&json!({
        "type": "approval_requested", "approval": "a", "call": "c", "revision": 1, "kind": "write",
        "path": "a.txt", "display": {"shown": "a.txt", "warnings": []}, "resolved": "/w/a.txt",
        "outside": false, "created": true, "sensitive": false, "diff": "+new\n", "changes": changes,
        "warnings": [], "before_sha256": null, "after_sha256": "00", "reasons": [],
    }));
    assert_eq!(told["diff"], "");
    assert_eq!(told["changes"], changes);
}

#[test]
fn a_message_keeps_its_words_and_the_names_of_its_calls() {
    let text = json!({"type": "text", "text": "I write it."});
    let call = json!({"type": "tool_use", "id": "c", "name": "write", "input": {"path": "a.txt", "content": "new"}});
    let told = lightened(&json!({"type": "message", "role": "assistant", "content": [text, call]}));
    assert_eq!(told["content"][0], text);
    assert_eq!(told["content"][1]["id"], "c");
    assert_eq!(told["content"][1]["name"], "write");
    assert_eq!(told["content"][1]["input"], Value::Null);
}

#[test]
fn a_call_keeps_its_arguments() {
    let args = json!({"path": "a.txt", "content": "new"});
    let told = lightened(&json!({"type": "tool_call", "call": "c", "tool": "write", "args": args}));
    assert_eq!(told["args"], args);
    assert_eq!(told.get("cut"), None);
}

#[test]
fn a_call_tells_how_much_of_a_long_argument_is_left_out() {
    let long = "é".repeat(100_000);
    let args = json!({"path": "a.txt", "content": long, "edits": [{"new_text": long}], "line": 3});
    let told = lightened(&json!({"type": "tool_call", "call": "c", "tool": "write", "args": args}));
    let kept = "é".repeat(64 * 1024);
    let shown = json!({"path": "a.txt", "content": kept, "edits": [{"new_text": kept}], "line": 3});
    assert_eq!(told["args"], shown);
    assert_eq!(told["cut"], 2 * (100_000 - 64 * 1024));
}
