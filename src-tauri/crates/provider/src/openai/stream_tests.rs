use super::*;
use crate::wire::Reply as _;
use crate::{ProviderError, Secret};
use serde_json::json;

fn peer() -> Peer {
    let model = "m".to_owned().into();
    Peer { host: "h".into(), model, key: Secret::new("k-1234"), local: None }
}

/// The calls that the pieces come to: id, name, arguments.
fn calls(pieces: &[Value]) -> Vec<(String, String, Value)> {
    let mut reply = Reply::default();
    for piece in pieces {
        let chunk = json!({"choices": [{"index": 0, "delta": {"tool_calls": [piece]}}]});
        assert_eq!(reply.read(&chunk.to_string(), &peer()).unwrap(), []);
    }
    let content = reply.finish().message.content;
    let calls = content.into_iter().map(|block| {
        let ContentBlock::ToolUse { id, name, input, invalid: None } = block else {
            panic!("{block:?}")
        };
        (id, name, input)
    });
    calls.collect()
}

fn piece(index: Option<u64>, id: Option<&str>, name: Option<&str>, arguments: &str) -> Value {
    let mut piece = json!({"function": {"arguments": arguments}});
    if let Some(index) = index {
        piece["index"] = json!(index);
    }
    if let Some(id) = id {
        piece["id"] = json!(id);
    }
    if let Some(name) = name {
        piece["function"]["name"] = json!(name);
    }
    piece
}

fn call(id: &str, name: &str, input: Value) -> (String, String, Value) {
    (id.to_owned(), name.to_owned(), input)
}

#[test]
fn calls_by_the_book() {
    let pieces = [
        piece(Some(0), Some("a"), Some("read"), ""),
        piece(Some(1), Some("b"), Some("glob"), ""),
        piece(Some(0), None, None, "{\"path\":"),
        piece(Some(1), None, None, "{}"),
        piece(Some(0), None, None, " \"ä\"}"),
    ];
    let wanted = [call("a", "read", json!({"path": "ä"})), call("b", "glob", json!({}))];
    assert_eq!(calls(&pieces), wanted);
}

#[test]
fn calls_of_servers_that_are_careless_with_ids_and_indices() {
    let (one, two) = (json!({"n": 1}), json!({"n": 2}));
    let ab = [call("a", "x", one.clone()), call("b", "x", two.clone())];
    let nameless = [call("", "x", one.clone()), call("", "x", two.clone())];
    let whole = |index, id, n: u64| piece(index, id, Some("x"), &format!("{{\"n\":{n}}}"));
    // The same index for all, or none.
    for index in [Some(0), None] {
        assert_eq!(calls(&[whole(index, Some("a"), 1), whole(index, Some("b"), 2)]), ab);
        assert_eq!(calls(&[whole(index, None, 1), whole(index, None, 2)]), nameless);
        assert_eq!(calls(&[whole(index, Some(""), 1), whole(index, Some(""), 2)]), nameless);
        let same = [call("a", "x", one.clone()), call("a", "x", two.clone())];
        assert_eq!(calls(&[whole(index, Some("a"), 1), whole(index, Some("a"), 2)]), same);
    }
    assert_eq!(calls(&[whole(Some(0), Some("a"), 1), whole(Some(1), Some("a"), 2)]).len(), 2);
    // Id and name with every piece, and at the end once more.
    for index in [Some(0), None] {
        let repeated = |arguments| piece(index, Some("a"), Some("x"), arguments);
        let pieces = [repeated("{\"n\""), repeated(":1"), repeated("}"), repeated("")];
        assert_eq!(calls(&pieces), [call("a", "x", one.clone())]);
    }
    // No index on the later pieces, and an id that comes late.
    let pieces = [
        piece(Some(0), None, Some("x"), "{\"n\""),
        piece(None, None, None, ":"),
        piece(Some(0), Some("a"), None, "1}"),
    ];
    assert_eq!(calls(&pieces), [call("a", "x", one)]);
    // Calls without arguments and without an index.
    let bare = [piece(None, None, Some("x"), ""), piece(None, None, Some("x"), "")];
    assert_eq!(calls(&bare).len(), 2);
}

#[test]
fn arguments_in_other_forms() {
    let object = json!({"index": 0, "id": "a", "function": {"name": "x", "arguments": {"n": 1}}});
    assert_eq!(calls(&[object]), [call("a", "x", json!({"n": 1}))]);
    let null = json!({"id": "a", "type": "function", "function": {"name": "x", "arguments": null}});
    assert_eq!(calls(&[null]), [call("a", "x", json!({}))]);
    let mut reply = Reply::default();
    let old = json!({"choices": [{"delta": {"function_call": {"name": "x", "arguments": "[1]"}},
        "finish_reason": "function_call"}]});
    reply.read(&old.to_string(), &peer()).unwrap();
    let completion = reply.finish();
    assert_eq!(completion.stop, StopReason::ToolUse);
    let block = ContentBlock::ToolUse {
        id: String::new(),
        name: "x".into(),
        input: json!({}),
        invalid: Some("[1]".into()),
    };
    assert_eq!(completion.message.content, [block]);
}

#[test]
fn stop_reasons() {
    for (word, stop) in [
        (json!("stop"), StopReason::EndTurn),
        (json!("tool_calls"), StopReason::ToolUse),
        (json!("function_call"), StopReason::ToolUse),
        (json!("length"), StopReason::MaxTokens),
        (json!("content_filter"), StopReason::Refusal),
        (json!("eos"), StopReason::Other("eos".into())),
        (json!(""), StopReason::Other("unknown".into())),
        (json!(null), StopReason::Other("unknown".into())),
    ] {
        let mut reply = Reply::default();
        let chunk = json!({"choices": [{"index": 0, "delta": {}, "finish_reason": word}]});
        reply.read(&chunk.to_string(), &peer()).unwrap();
        assert_eq!(reply.finish().stop, stop);
    }
    let mut reply = Reply::default();
    let chunk = json!({"choices": [{"delta": {"refusal": "No."}, "finish_reason": "stop"}]});
    assert_eq!(reply.read(&chunk.to_string(), &peer()).unwrap(), [Step::Text("No.".into())]);
    assert_eq!(reply.finish().stop, StopReason::Refusal);
}

#[test]
fn contents_in_other_forms() {
    let mut reply = Reply::default();
    let parts =
        json!([{"type": "text", "text": "a"}, {"type": "image"}, {"type": "text", "text": "b"}]);
    for (delta, steps) in [
        (json!({"content": parts}), vec![Step::Text("ab".into())]),
        (json!({"content": null, "tool_calls": null}), vec![]),
        (json!({"reasoning": "r"}), vec![Step::Thinking("r".into())]),
        (
            json!({"reasoning_content": "s", "reasoning": "s", "content": "c"}),
            vec![Step::Thinking("s".into()), Step::Text("c".into())],
        ),
        (json!({"reasoning_content": null, "reasoning": "t"}), vec![Step::Thinking("t".into())]),
    ] {
        let chunk = json!({"choices": [{"delta": delta}]});
        assert_eq!(reply.read(&chunk.to_string(), &peer()).unwrap(), steps, "{chunk}");
    }
    // Another answer beside the one that was asked for, chunks without any, and news.
    for chunk in [
        r#"{"choices":[{"index":1,"delta":{"content":"x"}}]}"#,
        r#"{"choices":null}"#,
        r#"{"timings":{}}"#,
        r#"{"choices":[{"delta":null}],"error":null}"#,
    ] {
        assert_eq!(reply.read(chunk, &peer()).unwrap(), [], "{chunk}");
    }
    assert_eq!(reply.read(" [DONE] ", &peer()).unwrap(), [Step::Done]);
}

#[test]
fn nonsense_is_an_error() {
    for data in ["nonsense", "[]", r#"{"choices":3}"#, r#"{"choices":[{"delta":"x"}]}"#] {
        let failure = Reply::default().read(data, &peer()).unwrap_err();
        assert!(matches!(failure.error, ProviderError::Malformed { .. }), "{data}");
    }
}

#[test]
fn endless_answers_are_refused() {
    let mut reply = Reply { size: MAX_REPLY - CALL_COST, ..Reply::default() };
    let chunk = json!({"choices": [{"delta": {"tool_calls": [{"index": 0}]}}]});
    reply.read(&chunk.to_string(), &peer()).unwrap();
    let chunk = json!({"choices": [{"delta": {"content": "x"}}]});
    assert!(reply.read(&chunk.to_string(), &peer()).is_err());
}
