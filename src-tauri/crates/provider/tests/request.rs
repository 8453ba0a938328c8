//! What is sent.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod common;

use common::{Answer, KEY, Server, hear, hello, request};
use countersign_protocol::{ContentBlock, Message, Role, ToolSpec};
use countersign_provider::Request;
use serde_json::{Value, json};

fn text(text: &str) -> ContentBlock {
    ContentBlock::Text { text: text.into() }
}

fn says(role: Role, content: impl Into<Vec<ContentBlock>>) -> Message {
    Message { role, content: content.into() }
}

fn tool(name: &str) -> ToolSpec {
    let input_schema = json!({"type": "object", "properties": {}});
    ToolSpec { name: name.into(), description: format!("Does {name}."), input_schema }
}

fn call(id: &str, input: Value, invalid: Option<&str>) -> ContentBlock {
    let invalid = invalid.map(str::to_owned);
    ContentBlock::ToolUse { id: id.into(), name: "read".into(), input, invalid }
}

fn result(id: &str, content: &str, is_error: bool) -> ContentBlock {
    ContentBlock::ToolResult { tool_use_id: id.into(), content: content.into(), is_error }
}

async fn sent(request: Request) -> Value {
    let mut server = Server::start([Answer::stream(&hello())]).await;
    hear(&server.client(), request).await.end.unwrap();
    server.received().await.body
}

#[tokio::test]
async fn line_and_headers() {
    let mut server = Server::start([Answer::stream(&hello())]).await;
    let client = common::client(&format!("{}/v1/", server.url));
    hear(&client, request()).await.end.unwrap();
    let received = server.received().await;
    assert_eq!(received.line, "POST /v1/messages HTTP/1.1");
    assert_eq!(received.headers["x-api-key"], KEY);
    assert_eq!(received.headers["anthropic-version"], "2023-06-01");
    assert_eq!(received.headers["content-type"], "application/json");
    assert!(received.headers["user-agent"].starts_with("countersign/"));
}

#[tokio::test]
async fn a_whole_conversation() {
    let thinking = |thinking: &str, signature: &str| ContentBlock::Thinking {
        thinking: thinking.into(),
        signature: signature.into(),
    };
    let request = Request {
        system: "Be brief.".into(),
        messages: vec![
            says(Role::User, [text("Look.")]),
            says(
                Role::Assistant,
                [
                    thinking("signed", "sig"),
                    thinking("of another model", ""),
                    ContentBlock::RedactedThinking { data: "opaque".into() },
                    text(""),
                    text("I read."),
                    call("t1", json!({"path": "a"}), None),
                    call("t2", json!({}), Some("{\"pa")),
                ],
            ),
            says(Role::User, [result("t1", "{\"content\":\"x\"}", false)]),
            says(Role::User, [text("And be quick.")]),
            says(Role::User, [result("t2", "{\"error\":\"no\"}", true)]),
            says(Role::Assistant, [text(" \n")]),
            says(Role::User, [text("Well?")]),
        ],
        tools: vec![tool("read"), tool("exec")],
        max_tokens: 4096,
    };
    insta::assert_json_snapshot!(sent(request).await);
}

#[tokio::test]
async fn the_least() {
    insta::assert_json_snapshot!(sent(request()).await);
}
