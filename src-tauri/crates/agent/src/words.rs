//! Words and events around a decision: for the model, for the journal, and for the window.

use crate::act::Yes;
use crate::calls::Call;
use countersign_guard::{Action, Rule, RuleWish};
use countersign_protocol::{ApprovalId, DecidedBy, Decision, EditScope, Event, RuleId};
use serde_json::Value;

/// Adds the person's words to a result.
pub(crate) fn say(result: &mut Value, words: Option<&str>) {
    if let (Some(words), Some(object)) = (words, result.as_object_mut())
        && !words.trim().is_empty()
    {
        object.insert("user_said".to_owned(), Value::String(words.to_owned()));
    }
}

pub(crate) fn with(mut result: Value, key: &str, note: &str, applied: &str) -> Value {
    if let Some(object) = result.as_object_mut() {
        object.insert(key.to_owned(), Value::String(note.to_owned()));
        object.insert("applied".to_owned(), Value::String(applied.to_owned()));
    }
    result
}

/// A no of the person's; `stop` where the run ends with it.
pub(crate) fn denied(
    call: &Call,
    approval: &ApprovalId,
    feedback: Option<String>,
    stop: bool,
) -> Event {
    Event::ApprovalDecided {
        approval: approval.clone(),
        call: call.id.clone(),
        decision: Decision::Deny,
        feedback,
        stop,
        pattern: None,
        scope: None,
        by: DecidedBy::User,
        rule: None,
        rule_ids: Vec::new(),
        hunks: None,
        text: None,
        confine: None,
        network: None,
    }
}

/// A yes of the person's, with the rule that was made of it.
pub(crate) fn approved_by_user(
    call: &Call,
    approval: &ApprovalId,
    decision: Decision,
    said: &Yes,
    made: Option<(&RuleWish, &RuleId)>,
    action: &Action,
) -> Event {
    let (pattern, scope) = match made.map(|(wish, _)| &wish.rule) {
        None | Some(Rule::Look(_)) => (None, None),
        Some(Rule::Command(pattern)) => (Some(pattern.to_string()), None),
        Some(Rule::EditFile(_)) => (None, Some(EditScope::File)),
        Some(Rule::EditWorkspace) => (None, Some(EditScope::Workspace)),
    };
    let (confine, network) = limits(action);
    let revised = said.revised.as_ref();
    Event::ApprovalDecided {
        approval: approval.clone(),
        call: call.id.clone(),
        decision,
        feedback: said.feedback.clone(),
        stop: false,
        pattern,
        scope,
        by: DecidedBy::User,
        rule: None,
        rule_ids: made.map(|(_, id)| id.clone()).into_iter().collect(),
        hunks: revised.and_then(|revised| revised.hunks.clone()),
        text: revised.and_then(|revised| revised.text.clone()),
        confine,
        network,
    }
}

pub(crate) fn decided_by_policy(
    call: &Call,
    approval: &ApprovalId,
    decision: Decision,
    rule: String,
) -> Event {
    by_policy(call, approval, decision, rule, Vec::new(), (None, None))
}

/// What the policy allowed, with the person's own rules among what did.
pub(crate) fn allowed_by_policy(
    call: &Call,
    approval: &ApprovalId,
    rule: String,
    rule_ids: Vec<RuleId>,
    action: Option<&Action>,
) -> Event {
    let limits = action.map_or((None, None), limits);
    by_policy(call, approval, Decision::Approve, rule, rule_ids, limits)
}

fn by_policy(
    call: &Call,
    approval: &ApprovalId,
    decision: Decision,
    rule: String,
    rule_ids: Vec<RuleId>,
    (confine, network): (Option<bool>, Option<bool>),
) -> Event {
    Event::ApprovalDecided {
        approval: approval.clone(),
        call: call.id.clone(),
        decision,
        feedback: None,
        stop: false,
        pattern: None,
        scope: None,
        by: DecidedBy::Policy,
        rule: Some(rule),
        rule_ids,
        hunks: None,
        text: None,
        confine,
        network,
    }
}

/// Whether a command is confined, and whether it reaches the network.
fn limits(action: &Action) -> (Option<bool>, Option<bool>) {
    match action {
        Action::Exec(exec) => (Some(exec.confine()), Some(exec.network())),
        Action::Write(_) | Action::Edit(_) | Action::Reach(_) => (None, None),
    }
}

/// What the model is told of a refusal: that the person refused, with the words as they are.
pub(crate) fn refusal(feedback: Option<&str>) -> String {
    match feedback.filter(|words| !words.trim().is_empty()) {
        Some(words) => format!("The user refused this and said: {words}"),
        None => "The user refused this. Nothing was done. Do not ask for the same again; ask what they want, or try another way.".to_owned(),
    }
}

/// The beginning of a text, for an error.
pub(crate) fn shortened(text: &str) -> String {
    const KEEP: usize = 300;
    let mut beginning: String = text.chars().take(KEEP).collect();
    if beginning.len() < text.len() {
        beginning.push('…');
    }
    beginning
}

/// A message as a sentence of its own.
pub(crate) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first: String =
        letters.next().map(|first| first.to_uppercase().collect()).unwrap_or_default();
    let end = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}
