//! Requests that fail: the words, what is tried again, and what is never shown.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod common;

use common::{Answer, KEY, Server, client, hear, hello, request};
use countersign_provider::{Provider as _, ProviderError, ProviderEvent};
use futures_util::StreamExt as _;
use tokio::net::TcpListener;

fn short(error: &ProviderError) -> String {
    format!("{error:?}").split([' ', '{']).next().unwrap().to_owned()
}

#[tokio::test]
async fn what_stays_wrong_is_said_at_once() {
    let html = "<html><head><title>Welcome to Hotel WiFi</title></head></html>";
    let invalid = "invalid_request_error";
    for (answer, kind, words) in [
        (
            Answer::error(401, "authentication_error", "invalid x-api-key"),
            "WrongKey",
            "does not accept the API key",
        ),
        (Answer::error(403, "permission_error", "no"), "Permission", "no permission"),
        (
            Answer::error(404, "not_found_error", "model: claude-test"),
            "ModelNotFound",
            "claude-test",
        ),
        (Answer::new(404, "text/plain", "404 page not found"), "NoSuchAddress", "base_url"),
        (
            Answer::error(400, invalid, "Your credit balance is too low to access"),
            "Credit",
            "Add credit",
        ),
        (
            Answer::error(400, invalid, "prompt is too long: 210000 tokens > 200000 maximum"),
            "ContextTooLong",
            "Start a new session",
        ),
        (
            Answer::error(
                400,
                invalid,
                "input length and `max_tokens` exceed context limit: 1 + 2 > 2",
            ),
            "ContextTooLong",
            "Start a new session",
        ),
        (
            Answer::error(413, "request_too_large", "Request exceeds the maximum size"),
            "TooLarge",
            "Start a new session",
        ),
        (Answer::new(413, "text/html", "<h1>413</h1>"), "TooLarge", "Start a new session"),
        (Answer::error(400, invalid, "messages: bad"), "Rejected", "messages: bad"),
        (Answer::error(418, "teapot", "short and stout"), "Rejected", "short and stout"),
        (
            Answer::new(200, "text/html", html),
            "Unexpected",
            "a web page titled \"Welcome to Hotel WiFi\"",
        ),
        (Answer::new(407, "text/html", html), "Unexpected", "proxy"),
        (Answer::new(200, "application/json", "{\"ok\":true}"), "Unexpected", "{\"ok\":true}"),
        (Answer::stream("data: nonsense\n\n"), "Malformed", "could not be read"),
    ] {
        let mut server = Server::start([answer]).await;
        let heard = hear(&server.client(), request()).await;
        let error = heard.error();
        assert_eq!(short(error), kind, "{error}");
        assert!(error.to_string().contains(words), "{error}");
        assert!(
            error.to_string().ends_with('.')
                || error.to_string().contains("It said: ")
                || error.to_string().contains(" said: "),
            "{error}"
        );
        assert_eq!(heard.events, [], "{error}");
        server.received().await;
        assert!(server.nothing_more(), "{error}");
    }
}

#[tokio::test]
async fn what_may_pass_is_tried_again() {
    for (answer, kind) in [
        (Answer::error(429, "rate_limit_error", "too fast"), "RateLimited"),
        (Answer::error(500, "api_error", "oops"), "Server"),
        (Answer::new(502, "text/html", "<title>Bad Gateway</title>"), "Server"),
        (Answer::new(503, "text/plain", ""), "Server"),
        (Answer::error(504, "timeout_error", "slow"), "Server"),
        (Answer::error(529, "overloaded_error", "Overloaded"), "Overloaded"),
    ] {
        let good = Answer::stream(&hello());
        let server = Server::start([answer.clone(), answer.clone(), good]).await;
        let heard = hear(&server.client(), request()).await;
        let attempts: Vec<u32> = heard
            .events
            .iter()
            .filter_map(|event| {
                let ProviderEvent::Retrying { attempt, error, .. } = event else { return None };
                assert!(!error.is_empty());
                Some(*attempt)
            })
            .collect();
        assert_eq!(attempts, [2, 3], "{kind}");
        assert_eq!(heard.events.last(), Some(&ProviderEvent::TextDelta("Hello".into())));
        assert!(heard.end.is_ok(), "{kind}");

        let mut server = Server::start([answer]).await;
        let heard = hear(&server.client(), request()).await;
        let ProviderError::GaveUp { attempts: 5, last } = heard.error() else {
            panic!("{heard:?}")
        };
        assert_eq!(short(last), kind);
        assert!(heard.error().to_string().ends_with("It was tried 5 times."), "{last}");
        for _ in 0..5 {
            server.received().await;
        }
        assert!(server.nothing_more());
    }
}

#[tokio::test]
async fn the_server_says_when() {
    let busy = |after| Answer::error(429, "rate_limit_error", "slow").header("retry-after", after);
    let server = Server::start([busy("0"), Answer::stream(&hello())]).await;
    assert!(hear(&server.client(), request()).await.end.is_ok());

    let server = Server::start([busy("90")]).await;
    let client = server.client();
    let first = client.complete(request()).next().await.unwrap().unwrap();
    let ProviderEvent::Retrying { attempt: 2, wait_ms: 90_000, .. } = first else {
        panic!("{first:?}")
    };

    let mut server = Server::start([busy("Fri, 01 Jan 2100 00:00:00 GMT")]).await;
    let heard = hear(&server.client(), request()).await;
    assert!(matches!(heard.error(), ProviderError::AskedToWait { .. }), "{heard:?}");
    server.received().await;
    assert!(server.nothing_more());

    let server = Server::start([busy("121")]).await;
    let heard = hear(&server.client(), request()).await;
    let words = heard.error().to_string();
    assert!(words.contains("121 seconds") && words.contains("rate limit"), "{words}");
}

#[tokio::test]
async fn nobody_answers() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let heard = hear(&client(&format!("http://user:hidden@{address}/path")), request()).await;
    assert_eq!(heard.retries(), 4);
    let words = heard.error().to_string();
    assert!(words.contains("127.0.0.1 cannot be reached"), "{words}");
    assert!(words.contains("network connection"), "{words}");
    assert!(!words.contains("hidden") && !words.contains("path"), "{words}");
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let mut elsewhere = Server::start([Answer::stream(&hello())]).await;
    for status in [301, 302, 303, 307, 308] {
        let to = format!("{}/v1/messages?token=hidden", elsewhere.url);
        let mut server = Server::start([Answer::new(status, "", "").header("location", &to)]).await;
        let heard = hear(&server.client(), request()).await;
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
    let echo = format!("you sent x-api-key: {KEY}, {KEY}{KEY}");
    let html = format!("<title>{KEY}</title>");
    let event = format!(r#"{{"type":"error","error":{{"type":"{KEY}","message":"{echo}"}}}}"#);
    for answer in [
        Answer::error(401, "authentication_error", &echo),
        Answer::error(400, KEY, &echo),
        Answer::error(400, "invalid_request_error", &format!("{} {KEY}", "x".repeat(290))),
        Answer::error(429, "rate_limit_error", &echo),
        Answer::new(500, "text/plain", echo.clone()),
        Answer::new(407, "text/html", html.clone()),
        Answer::new(200, "application/json", echo.clone()),
        Answer::new(307, "", "").header("location", &format!("https://{KEY}.example/")),
        Answer::stream(&format!("data: {event}\n\n")),
        Answer::stream(&format!("data: {{\"type\":\"{KEY}\n\n")),
        Answer::stream(&format!("data: {{\"type\":\"message_start\",\"message\":\"{KEY}\"}}\n\n")),
    ] {
        let server = Server::start([answer]).await;
        let heard = hear(&server.client(), request()).await;
        let shown = format!("{heard:?} {}", heard.error());
        assert!(!shown.contains("sk-ant-test"), "{shown}");
    }
}
