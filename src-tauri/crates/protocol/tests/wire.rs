//! The envelopes as scripts read them: flat, tagged by `type` and `kind`, and back without a loss.
#![allow(clippy::unwrap_used, missing_docs)]

use countersign_protocol::{
    ApprovalId, CallId, Card, Diff, Envelope, Event, FileCard, SessionId, Shown,
};
use serde_json::json;

fn envelope(event: Event) -> Envelope {
    Envelope {
        seq: Some(7),
        session: SessionId::new("s"),
        time: "2026-01-01T00:00:00.000Z".into(),
        event,
    }
}

#[test]
fn an_approval_request_is_one_flat_object() {
    let sent = envelope(Event::ApprovalRequested {
        approval: ApprovalId::new("a"),
        call: CallId::new("c"),
        revision: 1,
        text: None,
        replaces: None,
        card: Card::Write(FileCard {
            path: "hello.js".into(),
            display: Shown { shown: "hello.js".into(), warnings: vec![] },
            resolved: "/w/hello.js".into(),
            outside: false,
            created: true,
            diff: String::new(),
            changes: Diff::default(),
            warnings: vec![],
            sensitive: false,
            before_sha256: None,
            after_sha256: "00".into(),
            reasons: vec!["Writes always ask.".into()],
        }),
    });
    let json = serde_json::to_value(&sent).unwrap();
    assert_eq!(json["type"], "approval_requested");
    assert_eq!(json["kind"], "write");
    assert_eq!(json["seq"], 7);
    assert_eq!(json["before_sha256"], json!(null));
    assert_eq!(serde_json::from_value::<Envelope>(json).unwrap(), sent);
}

#[test]
fn what_is_not_stored_carries_no_seq() {
    let mut sent = envelope(Event::TextDelta { text: "x".into() });
    assert!(!sent.event.is_stored());
    sent.seq = None;
    let json = serde_json::to_value(&sent).unwrap();
    assert_eq!(
        json,
        json!({"session": "s", "time": "2026-01-01T00:00:00.000Z", "type": "text_delta", "text": "x"})
    );
}
