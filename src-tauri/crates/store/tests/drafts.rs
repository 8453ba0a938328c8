//! What the person began to write, as a second start of the program finds it.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use countersign_protocol::{ApprovalId, Draft, DraftOf, SessionId};
use countersign_store::{Store, StoreError};

fn feedback(card: &str) -> DraftOf {
    DraftOf::Feedback { approval: ApprovalId::new(card) }
}

fn draft(of: DraftOf, text: &str) -> Draft {
    Draft { of, text: text.to_owned() }
}

#[test]
fn drafts_outlive_the_program_each_in_its_place() {
    let data = tempfile::tempdir().unwrap();
    let store = Store::open(data.path()).unwrap();
    let session = store.create_session("/w").unwrap();
    let other = store.create_session("/w").unwrap();
    let proposal = DraftOf::Proposal { approval: ApprovalId::new("a") };
    store.save_draft(&session, &DraftOf::Message, "fir").unwrap();
    store.save_draft(&session, &DraftOf::Message, "first\nand \u{0} more").unwrap();
    store.save_draft(&session, &feedback("a"), "no, since").unwrap();
    store.save_draft(&session, &feedback("b"), "nor this").unwrap();
    store.save_draft(&session, &proposal, "a text").unwrap();
    store.save_draft(&other, &DraftOf::Message, "another").unwrap();
    store.save_draft(&session, &feedback("b"), "").unwrap();
    store.save_draft(&session, &feedback("never"), "").unwrap();
    drop(store);

    let store = Store::open(data.path()).unwrap();
    let mut found = store.drafts(&session).unwrap();
    found.sort_by(|a, b| a.text.cmp(&b.text));
    let expected = [
        draft(proposal, "a text"),
        draft(DraftOf::Message, "first\nand \u{0} more"),
        draft(feedback("a"), "no, since"),
    ];
    assert_eq!(found, expected);
    assert_eq!(store.drafts(&other).unwrap(), [draft(DraftOf::Message, "another")]);
}

#[test]
fn a_deleted_session_takes_its_drafts_along() {
    let data = tempfile::tempdir().unwrap();
    let store = Store::open(data.path()).unwrap();
    let (gone, stays) = (store.create_session("/w").unwrap(), store.create_session("/w").unwrap());
    for session in [&gone, &stays] {
        store.save_draft(session, &DraftOf::Message, &format!("kumquat of {session}")).unwrap();
    }
    let found = |session: &SessionId| {
        let needle = format!("kumquat of {session}").into_bytes();
        std::fs::read_dir(data.path()).unwrap().any(|file| {
            let bytes = std::fs::read(file.unwrap().path()).unwrap_or_default();
            bytes.windows(needle.len()).any(|window| window == needle)
        })
    };
    assert!(found(&gone), "the test looks where it is");
    store.delete_session(&gone).unwrap();
    assert!(store.drafts(&gone).unwrap().is_empty());
    assert_eq!((found(&gone), found(&stays)), (false, true));
    let refused = store.save_draft(&gone, &DraftOf::Message, "late");
    assert!(matches!(refused, Err(StoreError::NoSession(_))), "{refused:?}");
}
