use super::check_request;
use serde_json::{Value, json};

fn headers() -> Vec<(String, String)> {
    vec![
        ("x-api-key".to_owned(), "test".to_owned()),
        ("anthropic-version".to_owned(), "2023-06-01".to_owned()),
    ]
}

/// A request with a tool call that is answered, which is right in everything.
fn good() -> Value {
    json!({
        "model": "m", "max_tokens": 2048, "stream": true,
        "system": [{"type": "text", "text": "s", "cache_control": {"type": "ephemeral"}}],
        "tools": [{"name": "exec", "input_schema": {"type": "object"}}],
        "thinking": {"type": "enabled", "budget_tokens": 1024},
        "messages": [
            {"role": "user", "content": "go"},
            {"role": "assistant", "content": [
                {"type": "thinking", "thinking": "", "signature": "s"},
                {"type": "text", "text": "ok"},
                {"type": "tool_use", "id": "a", "name": "exec", "input": {}},
                {"type": "tool_use", "id": "b", "name": "exec", "input": {}}]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "b", "content": ""},
                {"type": "tool_result", "tool_use_id": "a", "content": [{"type": "text", "text": "x"}]},
                {"type": "text", "text": "and more"}]},
        ]
    })
}

#[test]
fn a_right_request_has_no_problem() {
    assert_eq!(check_request(&headers(), &good()), Vec::<String>::new());
}

#[test]
fn each_header_is_required() {
    for missing in 0..2 {
        let mut headers = headers();
        let (name, _) = headers.remove(missing);
        let problems = check_request(&headers, &good());
        assert_eq!(problems, [format!("{name}: header is required")]);
    }
}

/// Where in the good request, what stands there instead, and a part of the one problem it makes.
fn violations() -> Vec<(&'static str, Value, &'static str)> {
    let result = |id: &str| json!({"type": "tool_result", "tool_use_id": id, "content": "x"});
    let text = |text: &str| json!({"type": "text", "text": text});
    let cached = json!({"type": "text", "text": "s", "cache_control": {"type": "ephemeral"}});
    vec![
        ("/model", json!(""), "model:"),
        ("/max_tokens", json!(0), "max_tokens: must"),
        ("/max_tokens", json!(1024), "budget_tokens"),
        ("/stream", json!(false), "stream:"),
        ("/thinking/budget_tokens", json!(100), "budget_tokens"),
        ("/system/0/text", json!(""), "system.0: text content"),
        ("/system", json!([cached, cached, cached, cached, cached]), "at most 4"),
        ("/tools/0/name", json!(""), "is not a tool name"),
        ("/tools/0/name", json!("a b"), "is not a tool name"),
        ("/tools/0/input_schema", Value::Null, "input_schema"),
        ("/tools", json!({}), "tools: must be an array"),
        (
            "/tools",
            json!([{"name": "x", "input_schema": {"type": "object"}}, {"name": "x", "input_schema": {"type": "object"}}]),
            "must be unique",
        ),
        ("/messages", json!([]), "at least one message"),
        ("/messages/0/role", json!("assistant"), "begin with user"),
        ("/messages/0/role", json!("system"), "begin with user"),
        ("/messages/0/content", json!(""), "must not be empty"),
        ("/messages/0/content", json!([]), "must not be empty"),
        ("/messages/0/content", json!(7), "must be a text or an array"),
        ("/messages/0/content", json!([text(" \n")]), "non-whitespace"),
        ("/messages/0/content", json!([text("")]), "non-whitespace"),
        ("/messages/0/content", json!([{"type": "server_tool"}]), "not a type of block"),
        ("/messages/0/content", json!([result("z")]), "has no tool_use"),
        ("/messages/1/content/0/signature", json!(""), "signature"),
        ("/messages/1/content/2/id", json!("b"), "ids must be unique"),
        ("/messages/1/content/2/name", json!(""), "name: field required"),
        ("/messages/1/content/2/input", json!("{}"), "input: must be an object"),
        ("/messages/2/content/0", text("first"), "must come before"),
        ("/messages/2/content/0", result("a"), "answered twice"),
        ("/messages/2/content/0", result("c"), "has no tool_use"),
        ("/messages/2/content", json!([result("a")]), "tool_use \"b\" has no tool_result"),
        ("/messages/2/content", json!("no"), "tool_use \"a\" has no tool_result"),
        ("/messages/2/content/1/content/0/text", json!(""), "non-whitespace"),
    ]
}

#[test]
fn each_violation_is_found() {
    for (place, instead, wanted) in violations() {
        let mut body = good();
        *body.pointer_mut(place).expect(place) = instead.clone();
        let problems = check_request(&headers(), &body);
        assert!(
            problems.iter().any(|problem| problem.contains(wanted)),
            "{place} = {instead}: {wanted:?} is not in {problems:?}"
        );
    }
}

#[test]
fn the_order_of_the_messages_matters() {
    let ends_with_call = {
        let mut body = good();
        body["messages"].as_array_mut().expect("array").pop();
        body
    };
    let problems = check_request(&headers(), &ends_with_call);
    assert_eq!(problems, ["messages: the last message must be of the user"]);

    let mut late = good();
    let messages = late["messages"].as_array_mut().expect("array");
    let answers = messages.pop().expect("three messages");
    messages.push(json!({"role": "user", "content": "wait"}));
    messages.push(json!({"role": "assistant", "content": "waiting"}));
    messages.push(answers);
    let problems = check_request(&headers(), &late);
    assert!(problems.iter().any(|problem| problem.contains("messages.2: tool_use \"a\" has no")));
    assert!(
        problems.iter().any(|problem| problem.contains("messages.4: tool_result \"a\" has no"))
    );
}

#[test]
fn an_id_of_an_earlier_turn_may_not_come_again() {
    let mut body = good();
    let messages = body["messages"].as_array_mut().expect("array");
    messages.push(json!({"role": "assistant", "content": [
        {"type": "tool_use", "id": "a", "name": "exec", "input": {}}]}));
    messages.push(json!({"role": "user", "content": [
        {"type": "tool_result", "tool_use_id": "a", "content": ""}]}));
    let problems = check_request(&headers(), &body);
    assert_eq!(problems, ["messages.3: tool_use ids must be unique, \"a\" is there twice"]);
}
