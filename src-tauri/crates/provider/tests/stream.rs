//! A streamed answer, however it is cut into pieces, and requests that are given up.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod common;

use common::{Answer, End, Server, hear, hello, request, sse};
use countersign_protocol::{ContentBlock, Role, StepUsage};
use countersign_provider::{Provider as _, ProviderError, ProviderEvent, StopReason};
use futures_util::StreamExt as _;
use serde_json::json;
use std::time::Duration;

/// An answer with a block of every kind, and with what is to be passed over.
fn rich() -> String {
    let events = sse(&[
        json!({"type": "message_start", "message": {"usage": {
            "input_tokens": 10, "cache_read_input_tokens": 700, "cache_creation_input_tokens": 30,
            "output_tokens": 1}}}),
        json!({"type": "ping"}),
        json!({"type": "content_block_start", "index": 0,
            "content_block": {"type": "thinking", "thinking": ""}}),
        json!({"type": "content_block_delta", "index": 0,
            "delta": {"type": "thinking_delta", "thinking": "Hm "}}),
        json!({"type": "content_block_delta", "index": 0,
            "delta": {"type": "thinking_delta", "thinking": "é."}}),
        json!({"type": "content_block_delta", "index": 0,
            "delta": {"type": "signature_delta", "signature": "sig+/="}}),
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "content_block_start", "index": 1,
            "content_block": {"type": "redacted_thinking", "data": "opaque"}}),
        json!({"type": "content_block_start", "index": 2,
            "content_block": {"type": "text", "text": ""}}),
        json!({"type": "content_block_delta", "index": 2,
            "delta": {"type": "text_delta", "text": "I read 🦀\n"}}),
        json!({"type": "content_block_start", "index": 3,
            "content_block": {"type": "tool_use", "id": "t1", "name": "read", "input": {}}}),
        json!({"type": "content_block_delta", "index": 3,
            "delta": {"type": "input_json_delta", "partial_json": "{\"path\": \"a"}}),
        json!({"type": "content_block_delta", "index": 3,
            "delta": {"type": "input_json_delta", "partial_json": ".rs\"}"}}),
        json!({"type": "content_block_start", "index": 4,
            "content_block": {"type": "tool_use", "id": "t2", "name": "glob", "input": {}}}),
        json!({"type": "content_block_delta", "index": 4,
            "delta": {"type": "input_json_delta", "partial_json": "{\"pattern"}}),
        json!({"type": "content_block_start", "index": 5, "content_block": {"type": "news"}}),
        json!({"type": "tomorrow"}),
        json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"},
            "usage": {"output_tokens": 44, "input_tokens": null}}),
        json!({"type": "message_stop"}),
    ]);
    // As servers may write it too.
    format!("\u{feff}: hello\r\n\r\n{events}").replace("event: ping\n", "event: ping\r\n")
}

fn content() -> Vec<ContentBlock> {
    vec![
        ContentBlock::Thinking { thinking: "Hm é.".into(), signature: "sig+/=".into() },
        ContentBlock::RedactedThinking { data: "opaque".into() },
        ContentBlock::Text { text: "I read 🦀\n".into() },
        ContentBlock::ToolUse {
            id: "t1".into(),
            name: "read".into(),
            input: json!({"path": "a.rs"}),
            invalid: None,
        },
        ContentBlock::ToolUse {
            id: "t2".into(),
            name: "glob".into(),
            input: json!({}),
            invalid: Some("{\"pattern".into()),
        },
    ]
}

fn events() -> Vec<ProviderEvent> {
    vec![
        ProviderEvent::ThinkingDelta("Hm ".into()),
        ProviderEvent::ThinkingDelta("é.".into()),
        ProviderEvent::TextDelta("I read 🦀\n".into()),
    ]
}

#[tokio::test]
async fn a_whole_answer() {
    let server = Server::start([Answer::stream(&rich())]).await;
    let heard = hear(&server.client(), request()).await;
    assert_eq!(heard.events, events());
    let completion = heard.end.unwrap();
    assert_eq!(completion.message.role, Role::Assistant);
    assert_eq!(completion.message.content, content());
    assert_eq!(completion.stop, StopReason::ToolUse);
    let usage = StepUsage {
        input_tokens: 10,
        output_tokens: 44,
        cache_read_tokens: 700,
        cache_write_tokens: 30,
    };
    assert_eq!(completion.usage, usage);
}

#[tokio::test]
async fn however_it_is_cut_the_events_are_the_same() {
    let body = rich();
    let bytes = body.as_bytes();
    let mut answers: Vec<Answer> = (0..bytes.len())
        .map(|at| Answer::stream("").pieces([&bytes[..at], &bytes[at..]]))
        .collect();
    answers.push(Answer::stream("").pieces(bytes.chunks(1)));
    let count = answers.len();
    let server = Server::start(answers).await;
    let client = server.client();
    for at in 0..count {
        let heard = hear(&client, request()).await;
        assert_eq!(heard.events, events(), "cut at {at}");
        assert_eq!(heard.end.unwrap().message.content, content(), "cut at {at}");
    }
}

#[tokio::test]
async fn pieces_are_handed_on_before_the_answer_is_whole() {
    let begun = hello().split("event: content_block_stop").next().unwrap().to_owned();
    let mut server = Server::start([Answer::stream(&begun).end(End::Hang)]).await;
    let client = server.client();
    let mut stream = client.complete(request());
    let first = tokio::time::timeout(common::DEADLINE, stream.next()).await.unwrap();
    assert_eq!(first, Some(Ok(ProviderEvent::TextDelta("Hello".into()))));
    // The request ends with the stream, though the client that made it lives on.
    drop(stream);
    server.hung_up().await;
    drop(client);
}

#[tokio::test]
async fn nothing_is_sent_before_it_is_polled() {
    let mut server = Server::start([Answer::stream(&hello())]).await;
    let client = server.client();
    drop(client.complete(request()));
    assert!(hear(&client, request()).await.end.is_ok());
    server.received().await;
    assert!(server.nothing_more());
}

#[tokio::test]
async fn cut_off_at_every_event() {
    let whole = hello();
    let ends: Vec<usize> = whole.match_indices("\n\n").map(|(at, _)| at + 2).collect();
    let places = [0].into_iter().chain(ends[..ends.len() - 1].iter().copied());
    for (at, end) in places.flat_map(|at| [(at, End::Cut), (at, End::Whole)]) {
        let broken = Answer::stream(&whole[..at]).end(end);
        let server = Server::start([broken, Answer::stream(&whole)]).await;
        let heard = hear(&server.client(), request()).await;
        if whole[..at].contains("Hello") {
            // What was shown stays; it is not begun anew.
            assert_eq!(heard.events, [ProviderEvent::TextDelta("Hello".into())]);
            assert!(matches!(heard.error(), ProviderError::Interrupted { .. }), "{heard:?}");
        } else {
            assert_eq!(heard.retries(), 1, "{heard:?}");
            assert!(heard.end.is_ok());
        }
    }
}

#[tokio::test]
async fn errors_in_the_stream() {
    let error = sse(&[
        json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}),
    ]);
    let early = Answer::stream(&error);
    let server = Server::start([early, Answer::stream(&hello())]).await;
    let heard = hear(&server.client(), request()).await;
    assert_eq!((heard.retries(), heard.end.is_ok()), (1, true));

    let begun = hello().split("event: content_block_stop").next().unwrap().to_owned();
    let server = Server::start([Answer::stream(&(begun + &error))]).await;
    let heard = hear(&server.client(), request()).await;
    assert_eq!(heard.events, [ProviderEvent::TextDelta("Hello".into())]);
    assert!(matches!(heard.error(), ProviderError::Overloaded { .. }), "{heard:?}");

    let lasting = error.replace("overloaded_error", "invalid_request_error");
    let server = Server::start([Answer::stream(&lasting)]).await;
    let heard = hear(&server.client(), request()).await;
    assert_eq!(heard.retries(), 0);
    assert!(matches!(heard.error(), ProviderError::Rejected { status: 400, .. }), "{heard:?}");
}

#[tokio::test]
async fn a_silent_server_is_given_up() {
    let mut server = Server::start([Answer::stream(": nothing yet\n").end(End::Hang)]).await;
    let client = server.client().with_idle_timeout(Duration::from_millis(50));
    let heard = hear(&client, request()).await;
    assert_eq!(heard.retries(), 4);
    let ProviderError::GaveUp { attempts: 5, last } = heard.error() else { panic!("{heard:?}") };
    assert!(matches!(**last, ProviderError::Timeout { .. }), "{last:?}");
    server.hung_up().await;
}
