//! A streamed answer of Chat Completions, however it is cut into pieces, and requests that are given
//! up.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod common;

use common::chat::{chunk, chunks, client, error, hello, unended, usage};
use common::{Answer, End, Server, hear, request};
use countersign_protocol::{ContentBlock, Role, StepUsage};
use countersign_provider::{Provider as _, ProviderError, ProviderEvent, StopReason};
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use std::time::Duration;

fn call(index: u64, id: &str, name: &str) -> Value {
    json!({"index": index, "id": id, "type": "function", "function": {"name": name, "arguments": ""}})
}

fn arguments(index: u64, arguments: &str) -> Value {
    json!({"index": index, "function": {"arguments": arguments}})
}

/// An answer with everything, two calls side by side and one broken, and what is to be passed over.
fn rich() -> String {
    let events = chunks(&[
        chunk(&json!({"role": "assistant", "content": ""}), None),
        chunk(&json!({"reasoning_content": "Hm "}), None),
        chunk(&json!({"reasoning_content": "é."}), None),
        chunk(&json!({"content": "I read "}), None),
        chunk(&json!({"content": "🦀\n"}), None),
        chunk(&json!({"tool_calls": [call(0, "t1", "read"), call(1, "t2", "glob")]}), None),
        chunk(
            &json!({"tool_calls": [arguments(0, "{\"path\": \"a"), arguments(1, "{\"pat")]}),
            None,
        ),
        chunk(&json!({"tool_calls": [arguments(0, ".rs\"}")]}), None),
        chunk(&json!({"tool_calls": [arguments(1, "tern")]}), None),
        chunk(&json!({"news": 1}), Some("tool_calls")),
        usage(740, 700, 44),
    ]);
    // As servers may write it too.
    format!("\u{feff}: hello\r\n\r\ndata:\r\n\r\n{events}")
}

fn content() -> Vec<ContentBlock> {
    vec![
        ContentBlock::Thinking { thinking: "Hm é.".into(), signature: String::new() },
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
        ProviderEvent::TextDelta("I read ".into()),
        ProviderEvent::TextDelta("🦀\n".into()),
    ]
}

#[tokio::test]
async fn a_whole_answer() {
    let server = Server::start([Answer::stream(&rich())]).await;
    let heard = hear(&client(&server), request()).await;
    assert_eq!(heard.events, events());
    let completion = heard.end.unwrap();
    assert_eq!(completion.message.role, Role::Assistant);
    assert_eq!(completion.message.content, content());
    assert_eq!(completion.stop, StopReason::ToolUse);
    let usage = StepUsage {
        input_tokens: 40,
        output_tokens: 44,
        cache_read_tokens: 700,
        cache_write_tokens: 0,
    };
    assert_eq!(completion.usage, usage);
}

#[tokio::test]
async fn however_it_is_cut_the_events_are_the_same() {
    let body = rich();
    let bytes = body.as_bytes();
    let mut answers: Vec<Answer> = (0..bytes.len())
        .step_by(3)
        .map(|at| Answer::stream("").pieces([&bytes[..at], &bytes[at..]]))
        .collect();
    answers.push(Answer::stream("").pieces(bytes.chunks(1)));
    let count = answers.len();
    let server = Server::start(answers).await;
    let client = client(&server);
    for at in 0..count {
        let heard = hear(&client, request()).await;
        assert_eq!(heard.events, events(), "cut at {at}");
        assert_eq!(heard.end.unwrap().message.content, content(), "cut at {at}");
    }
}

#[tokio::test]
async fn counts_in_the_last_chunk_of_the_answer() {
    let mut last = chunk(&json!({}), Some("length"));
    last["usage"] = json!({"prompt_tokens": 7, "completion_tokens": 2});
    let answer = chunks(&[chunk(&json!({"content": "a"}), None), last]);
    let server = Server::start([Answer::stream(&answer)]).await;
    let completion = hear(&client(&server), request()).await.end.unwrap();
    assert_eq!(completion.stop, StopReason::MaxTokens);
    let usage = (completion.usage.input_tokens, completion.usage.output_tokens);
    assert_eq!(usage, (7, 2));
}

#[tokio::test]
async fn pieces_are_handed_on_before_the_answer_is_whole() {
    let begun = unended(&[chunk(&json!({"content": "Hello"}), None)]);
    let mut server = Server::start([Answer::stream(&begun).end(End::Hang)]).await;
    let client = client(&server);
    let mut stream = client.complete(request());
    let first = tokio::time::timeout(common::DEADLINE, stream.next()).await.unwrap();
    assert_eq!(first, Some(Ok(ProviderEvent::TextDelta("Hello".into()))));
    // The request ends with the stream, though the client that made it lives on.
    drop(stream);
    server.hung_up().await;
    drop(client);
}

#[tokio::test]
async fn cut_off_at_every_event() {
    let whole = hello();
    let ends: Vec<usize> = whole.match_indices("\n\n").map(|(at, _)| at + 2).collect();
    let places = [0].into_iter().chain(ends[..ends.len() - 1].iter().copied());
    for (at, end) in places.flat_map(|at| [(at, End::Cut), (at, End::Whole)]) {
        let broken = Answer::stream(&whole[..at]).end(end);
        let server = Server::start([broken, Answer::stream(&whole)]).await;
        let heard = hear(&client(&server), request()).await;
        if whole[..at].contains("\"stop\"") {
            // Nothing but the word for the end is missing.
            assert_eq!(heard.events, [ProviderEvent::TextDelta("Hello".into())]);
            assert_eq!(heard.end.unwrap().stop, StopReason::EndTurn);
        } else if whole[..at].contains("Hello") {
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
async fn an_answer_at_once() {
    let tool = json!({"id": "t1", "type": "function",
        "function": {"name": "read", "arguments": "{\"path\": \"a\"}"}});
    let body = json!({"object": "chat.completion", "choices": [{"index": 0, "message":
            {"role": "assistant", "content": "I read.", "tool_calls": [tool]},
            "finish_reason": "tool_calls"}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}});
    let body = body.to_string();
    let answer = Answer::new(200, "application/json; charset=utf-8", body.clone());
    let cut = answer.clone().pieces([&body.as_bytes()[..40]]).end(End::Cut);
    let server = Server::start([cut, answer]).await;
    let heard = hear(&client(&server), request()).await;
    assert_eq!(heard.retries(), 1);
    assert_eq!(heard.events.last(), Some(&ProviderEvent::TextDelta("I read.".into())));
    let completion = heard.end.unwrap();
    assert_eq!(completion.stop, StopReason::ToolUse);
    assert_eq!(completion.usage.input_tokens, 9);
    assert!(matches!(&completion.message.content[1], ContentBlock::ToolUse { id, input, .. }
        if id == "t1" && input["path"] == "a"));
}

#[tokio::test]
async fn errors_in_the_stream() {
    let event = |kind: &str, code: Value| {
        unended(&[json!({"error": {"message": "oops", "type": kind, "code": code}})])
    };
    let early = Answer::stream(&event("server_error", Value::Null));
    let server = Server::start([early, Answer::stream(&hello())]).await;
    let heard = hear(&client(&server), request()).await;
    assert_eq!((heard.retries(), heard.end.is_ok()), (1, true));

    let begun = unended(&[chunk(&json!({"content": "Hello"}), None)]);
    let busy = begun + &event("overloaded_error", Value::Null);
    let server = Server::start([Answer::stream(&busy)]).await;
    let heard = hear(&client(&server), request()).await;
    assert_eq!(heard.events, [ProviderEvent::TextDelta("Hello".into())]);
    assert!(matches!(heard.error(), ProviderError::Overloaded { .. }), "{heard:?}");

    for answer in [
        Answer::stream(&event("invalid_request_error", Value::Null)),
        Answer::stream(&event("BadRequestError", json!(400))),
        // The status says that all is well.
        error(200, "invalid_request_error", &Value::Null, "oops"),
    ] {
        let server = Server::start([answer]).await;
        let heard = hear(&client(&server), request()).await;
        assert_eq!(heard.retries(), 0);
        assert!(matches!(heard.error(), ProviderError::Rejected { status: 400, .. }), "{heard:?}");
    }
}

#[tokio::test]
async fn a_silent_server_is_given_up_unless_all_is_there() {
    let mut server = Server::start([Answer::stream(": nothing yet\n").end(End::Hang)]).await;
    let silent = client(&server).with_idle_timeout(Duration::from_millis(50));
    let heard = hear(&silent, request()).await;
    assert_eq!(heard.retries(), 4);
    let ProviderError::GaveUp { attempts: 5, last } = heard.error() else { panic!("{heard:?}") };
    assert!(matches!(**last, ProviderError::Timeout { .. }), "{last:?}");
    server.hung_up().await;

    let all = unended(&[chunk(&json!({"content": "Hello"}), Some("stop"))]);
    let server = Server::start([Answer::stream(&all).end(End::Hang)]).await;
    let silent = client(&server).with_idle_timeout(Duration::from_millis(200));
    assert_eq!(hear(&silent, request()).await.end.unwrap().stop, StopReason::EndTurn);
}
