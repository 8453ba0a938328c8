//! Requests to servers that speak Chat Completions and fail: the words, what is tried again, and what
//! is never shown.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod common;

use common::chat::{client, configured, error, hello};
use common::{Answer, KEY, Server, hear, request};
use countersign_provider::{
    OpenAi, OpenAiConfig, Provider as _, ProviderError, ProviderEvent, Secret,
};
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use tokio::net::TcpListener;

const NONE: Value = Value::Null;
const INVALID: &str = "invalid_request_error";

fn short(error: &ProviderError) -> String {
    format!("{error:?}").split([' ', '{']).next().unwrap().to_owned()
}

fn lasting() -> Vec<(Answer, &'static str, &'static str)> {
    let html = "<html><head><title>Welcome to Hotel WiFi</title></head></html>";
    vec![
        (
            error(401, INVALID, &json!("invalid_api_key"), "Incorrect API key provided"),
            "WrongKey",
            "does not accept the API key",
        ),
        (error(403, "permission_error", &NONE, "no"), "Permission", "no permission"),
        (
            error(404, INVALID, &json!("model_not_found"), "The model `gpt-test` does not exist"),
            "ModelNotThere",
            "gpt-test",
        ),
        (
            error(404, "not_found_error", &NONE, "model \"x\" not found, try pulling it first"),
            "ModelNotThere",
            "Pull or load it there",
        ),
        (Answer::new(404, "text/plain", "404 page not found"), "NoSuchAddress", "base_url"),
        (
            error(429, "insufficient_quota", &json!("insufficient_quota"), "You exceeded it"),
            "Credit",
            "Add credit",
        ),
        (error(402, "", &NONE, "Insufficient Balance"), "Credit", "Add credit"),
        (
            error(400, INVALID, &json!("context_length_exceeded"), "Too many tokens"),
            "ContextTooLong",
            "Start a new session",
        ),
        (
            error(400, "exceed_context_size_error", &json!(400), "the request exceeds it"),
            "ContextTooLong",
            "Start a new session",
        ),
        (
            error(500, "server_error", &json!(500), "Context size has been exceeded."),
            "ContextTooLong",
            "Start a new session",
        ),
        (Answer::new(413, "text/html", "<h1>413</h1>"), "TooLarge", "Start a new session"),
        (error(400, INVALID, &NONE, "messages: bad"), "Rejected", "messages: bad"),
        (Answer::new(422, "application/json", r#"{"detail":"short"}"#), "Rejected", "short"),
        (
            Answer::new(200, "text/html", html),
            "Unexpected",
            "a web page titled \"Welcome to Hotel WiFi\"",
        ),
        (Answer::new(407, "text/html", html), "Unexpected", "proxy"),
        (Answer::new(200, "application/json", "{\"ok\":true}"), "Unexpected", "{\"ok\":true}"),
        (Answer::stream("data: nonsense\n\n"), "Malformed", "could not be read"),
    ]
}

#[tokio::test]
async fn what_stays_wrong_is_said_at_once() {
    for (answer, kind, words) in lasting() {
        let mut server = Server::start([answer]).await;
        let heard = hear(&client(&server), request()).await;
        let error = heard.error();
        assert_eq!(short(error), kind, "{error}");
        let text = error.to_string();
        assert!(text.contains(words), "{text}");
        assert!(text.ends_with('.') || text.contains("aid: "), "{text}");
        assert_eq!(heard.events, [], "{text}");
        server.received().await;
        assert!(server.nothing_more(), "{text}");
    }
}

#[tokio::test]
async fn a_server_that_wants_a_key() {
    let server = Server::start([error(401, INVALID, &NONE, "Invalid API Key")]).await;
    let heard = hear(&configured(&server.url, None, Some("m")), request()).await;
    let words = heard.error().to_string();
    assert!(matches!(heard.error(), ProviderError::KeyWanted { .. }), "{words}");
    assert!(words.contains("OPENAI_API_KEY"), "{words}");
}

#[tokio::test]
async fn what_may_pass_is_tried_again() {
    for (answer, kind) in [
        (error(429, "requests", &json!("rate_limit_exceeded"), "too fast"), "RateLimited"),
        (error(500, "server_error", &NONE, "oops"), "Server"),
        (Answer::new(502, "text/html", "<title>Bad Gateway</title>"), "Server"),
        (error(503, "unavailable_error", &json!(503), "Loading model"), "Server"),
        (error(503, "server_error", &NONE, "The engine is currently overloaded"), "Overloaded"),
        (error(529, "", &NONE, "busy"), "Overloaded"),
    ] {
        let good = Answer::stream(&hello());
        let server = Server::start([answer.clone(), answer.clone(), good]).await;
        let heard = hear(&client(&server), request()).await;
        assert_eq!(heard.retries(), 2, "{kind}");
        assert_eq!(heard.events.last(), Some(&ProviderEvent::TextDelta("Hello".into())));
        assert!(heard.end.is_ok(), "{kind}");

        let mut server = Server::start([answer]).await;
        let heard = hear(&client(&server), request()).await;
        let ProviderError::GaveUp { attempts: 5, last } = heard.error() else {
            panic!("{heard:?}")
        };
        assert_eq!(short(last), kind);
        for _ in 0..5 {
            server.received().await;
        }
        assert!(server.nothing_more());
    }
}

#[tokio::test]
async fn the_server_says_when() {
    let busy = |after| error(429, "tokens", &NONE, "slow").header("retry-after", after);
    let server = Server::start([busy("0"), Answer::stream(&hello())]).await;
    assert!(hear(&client(&server), request()).await.end.is_ok());

    let server = Server::start([busy("90")]).await;
    let client = client(&server);
    let first = client.complete(request()).next().await.unwrap().unwrap();
    let ProviderEvent::Retrying { attempt: 2, wait_ms: 90_000, .. } = first else {
        panic!("{first:?}")
    };

    let server = Server::start([busy("121")]).await;
    let heard = hear(&common::chat::client(&server), request()).await;
    assert!(matches!(heard.error(), ProviderError::AskedToWait { .. }), "{heard:?}");
}

#[tokio::test]
async fn nobody_answers() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    // With a model, and where the server is to be asked for one.
    for model in [Some("m"), None] {
        let url = format!("http://user:hidden@{address}/path");
        let heard = hear(&configured(&url, None, model), request()).await;
        assert_eq!(heard.retries(), 4);
        let words = heard.error().to_string();
        assert!(words.contains(&format!("Nothing answers at {address}")), "{words}");
        assert!(words.contains("may not be running"), "{words}");
        assert!(!words.contains("hidden") && !words.contains("path"), "{words}");
    }
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let mut elsewhere = Server::start([Answer::stream(&hello())]).await;
    for (status, model) in [(301, Some("m")), (307, Some("m")), (308, None)] {
        let to = format!("{}/v1/chat/completions?token=hidden", elsewhere.url);
        let mut server = Server::start([Answer::new(status, "", "").header("location", &to)]).await;
        let heard = hear(&configured(&server.url, Some(KEY), model), request()).await;
        let words = heard.error().to_string();
        assert!(matches!(heard.error(), ProviderError::Redirected { .. }), "{words}");
        assert!(words.contains("base_url") && !words.contains("hidden"), "{words}");
        server.received().await;
        assert!(server.nothing_more());
    }
    assert!(elsewhere.nothing_more());
}

#[tokio::test]
async fn the_key_is_never_shown() {
    let echo = format!("you sent Bearer {KEY}, {KEY}{KEY}");
    let html = format!("<title>{KEY}</title>");
    let event = json!({"error": {"type": KEY, "code": KEY, "message": echo}});
    for answer in [
        error(401, INVALID, &NONE, &echo),
        error(400, KEY, &json!(KEY), &echo),
        error(400, INVALID, &NONE, &format!("{} {KEY}", "x".repeat(290))),
        error(404, INVALID, &json!("model_not_found"), &echo),
        error(429, "insufficient_quota", &NONE, &echo),
        Answer::new(500, "text/plain", echo.clone()),
        Answer::new(200, "text/html", html),
        Answer::new(200, "application/json", json!({ "said": echo }).to_string()),
        Answer::new(307, "", "").header("location", &format!("https://{KEY}.example/")),
        Answer::stream(&format!("data: {event}\n\n")),
        Answer::stream(&format!("data: {{\"choices\":\"{KEY}\"}}\n\n")),
    ] {
        let server = Server::start([answer]).await;
        let heard = hear(&client(&server), request()).await;
        let shown = format!("{heard:?} {}", heard.error());
        assert!(!shown.contains("sk-ant-test"), "{shown}");
    }
    let wrong =
        OpenAiConfig { api_key: Some(Secret::new(format!("{KEY} x"))), ..OpenAiConfig::default() };
    let shown = format!("{:?}", OpenAi::new(wrong));
    assert!(!shown.contains(KEY), "{shown}");
}
