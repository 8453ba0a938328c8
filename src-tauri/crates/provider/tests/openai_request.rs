//! What is sent to servers that speak Chat Completions.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod common;

use common::chat::{chunk, chunks, client, configured, error, hello, models};
use common::{Answer, KEY, Server, hear, request};
use countersign_protocol::{ContentBlock, Message, Role, ToolSpec};
use countersign_provider::{Provider as _, ProviderError, Request};
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
    hear(&client(&server), request).await.end.unwrap();
    server.received().await.body
}

#[tokio::test]
async fn line_and_headers() {
    for base in ["", "/", "/v1", "/v1/", "/v1/chat/completions"] {
        let mut server = Server::start([Answer::stream(&hello())]).await;
        let client = configured(&format!("{}{base}", server.url), Some(KEY), Some("m"));
        hear(&client, request()).await.end.unwrap();
        let received = server.received().await;
        assert_eq!(received.line, "POST /v1/chat/completions HTTP/1.1");
        assert_eq!(received.headers["authorization"], format!("Bearer {KEY}"));
        assert_eq!(received.headers["content-type"], "application/json");
        assert!(received.headers["user-agent"].starts_with("countersign/"));
        assert!(server.nothing_more());
    }
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
            says(Role::User, [text("Look."), text("Closely.")]),
            says(
                Role::Assistant,
                [
                    thinking("of another provider", "sig"),
                    thinking("its own", ""),
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
            says(Role::Assistant, [call("t3", json!({"path": "b"}), None)]),
            says(Role::User, [result("t3", "{}", false)]),
            says(Role::Assistant, [thinking("only this", ""), text(" \n")]),
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

#[tokio::test]
async fn without_a_key_nothing_stands_for_it() {
    let mut server = Server::start([Answer::stream(&hello())]).await;
    for key in [None, Some(" ")] {
        hear(&configured(&server.url, key, Some("m")), request()).await.end.unwrap();
        assert!(!server.received().await.headers.contains_key("authorization"));
    }
}

#[tokio::test]
async fn a_local_server_is_asked_once_for_its_first_model() {
    let list = models(&["nomic-embed-text", "qwen3:8b", "llama3"]);
    let mut server = Server::start([list, Answer::stream(&hello())]).await;
    let client = configured(&server.url, None, None);
    assert_eq!(client.model(), "");
    hear(&client, request()).await.end.unwrap();
    hear(&client, request()).await.end.unwrap();
    assert_eq!(client.model(), "qwen3:8b");
    assert_eq!(server.received().await.line, "GET /v1/models HTTP/1.1");
    for _ in 0..2 {
        let received = server.received().await;
        assert_eq!(received.line, "POST /v1/chat/completions HTTP/1.1");
        assert_eq!(received.body["model"], "qwen3:8b");
    }
    assert!(server.nothing_more());
}

#[tokio::test]
async fn a_local_server_without_models() {
    for list in [models(&[]), models(&["embed"]), Answer::new(200, "text/html", "<p>hi</p>")] {
        let mut server = Server::start([list]).await;
        let heard = hear(&configured(&server.url, None, None), request()).await;
        let words = heard.error().to_string();
        assert!(matches!(heard.error(), ProviderError::NoModelListed { .. }), "{words}");
        assert!(words.contains("127.0.0.1:") && words.contains("name one"), "{words}");
        server.received().await;
        assert!(server.nothing_more());
    }
    let busy = Answer::new(503, "application/json", "{}");
    let server = Server::start([busy, models(&["m"]), Answer::stream(&hello())]).await;
    let heard = hear(&configured(&server.url, None, None), request()).await;
    assert_eq!((heard.retries(), heard.end.is_ok()), (1, true));
}

#[tokio::test]
async fn what_a_server_does_not_take_is_left_out_from_then_on() {
    let none = Value::Null;
    let refuse = |message: &str| error(400, "invalid_request_error", &none, message);
    let large = refuse("max_tokens is too large: 100. This model supports at most 50.");
    let unknown = refuse("Extra inputs are not permitted: stream_options");
    let mut server = Server::start([large, unknown, Answer::stream(&hello())]).await;
    let client = client(&server);
    let heard = hear(&client, request()).await;
    assert_eq!((heard.retries(), heard.end.is_ok()), (0, true));
    hear(&client, request()).await.end.unwrap();
    let mut has = Vec::new();
    for _ in 0..4 {
        let body = server.received().await.body;
        has.push((!body["max_tokens"].is_null(), !body["stream_options"].is_null()));
    }
    assert_eq!(has, [(true, true), (false, true), (false, false), (false, false)]);

    // A server that goes on refusing is not asked for ever.
    let mut server = Server::start([refuse("max_tokens is not known here")]).await;
    let heard = hear(&common::chat::client(&server), request()).await;
    assert!(matches!(heard.error(), ProviderError::Rejected { .. }), "{heard:?}");
    server.received().await;
    server.received().await;
    assert!(server.nothing_more());
}

#[tokio::test]
async fn an_answer_can_be_sent_back() {
    let pieces = json!({"tool_calls": [{"index": 0, "id": "c1", "type": "function",
        "function": {"name": "read", "arguments": "{\"path\":\"a\"}"}}]});
    let answer = chunks(&[chunk(&pieces, None), chunk(&json!({}), Some("tool_calls"))]);
    let mut server = Server::start([Answer::stream(&answer), Answer::stream(&hello())]).await;
    let client = client(&server);
    let mut next = request();
    next.messages.push(hear(&client, request()).await.end.unwrap().message);
    next.messages.push(says(Role::User, [result("c1", "{}", false)]));
    hear(&client, next).await.end.unwrap();
    server.received().await;
    let messages = server.received().await.body["messages"].take();
    assert_eq!(messages[1]["tool_calls"][0]["function"]["arguments"], "{\"path\":\"a\"}");
    assert_eq!(messages[1]["tool_calls"][0]["id"], messages[2]["tool_call_id"]);
}
