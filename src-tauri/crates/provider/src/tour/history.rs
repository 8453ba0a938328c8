//! Where the tour stands, read off the conversation.

use countersign_protocol::{ContentBlock, Message, Role};
use serde_json::Value;

/// How the ids of the tour's calls begin; a number follows.
pub(super) const ID_PREFIX: &str = "tour-";

/// What happened since the tour began, or began anew.
#[derive(Debug)]
pub(super) struct History {
    /// The steps with calls, in order.
    pub(super) steps: Vec<Vec<Outcome>>,
    /// The tour was played to its end, and the person speaks again.
    pub(super) over: bool,
    /// A number that no call has yet, nor any above it.
    pub(super) next_id: u64,
}

/// What came of one call.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Outcome {
    /// It was done: the tool's result.
    Done(Value),
    /// It was denied, refused or failed: what the tour was told, word for word.
    Failed(String),
}

impl History {
    pub(super) fn read(messages: &[Message]) -> Self {
        let mut history = Self { steps: Vec::new(), over: false, next_id: next_id(messages) };
        let mut ended = false;
        for message in messages {
            match message.role {
                Role::Assistant => {
                    let calls = calls(message);
                    ended = calls.is_empty();
                    if !ended {
                        history
                            .steps
                            .push(calls.into_iter().map(|id| outcome(messages, id)).collect());
                    }
                }
                Role::User => {
                    let Some(text) = spoken(message) else { continue };
                    if asks_again(&text) {
                        history.steps.clear();
                        history.over = false;
                    } else if ended {
                        history.over = true;
                    }
                }
            }
        }
        history
    }
}

/// The ids of the tour's own calls in a message. Another model may have spoken before in the session.
fn calls(message: &Message) -> Vec<&str> {
    message
        .content
        .iter()
        .filter_map(|block| match block {
            ContentBlock::ToolUse { id, .. } if number(id).is_some() => Some(id.as_str()),
            ContentBlock::ToolUse { .. }
            | ContentBlock::Text { .. }
            | ContentBlock::Thinking { .. }
            | ContentBlock::RedactedThinking { .. }
            | ContentBlock::ToolResult { .. } => None,
        })
        .collect()
}

fn number(id: &str) -> Option<u64> {
    id.strip_prefix(ID_PREFIX)?.parse().ok()
}

fn next_id(messages: &[Message]) -> u64 {
    let used = messages.iter().flat_map(calls).filter_map(number).max();
    used.map_or(1, |used| used.saturating_add(1))
}

/// What the person said in a message, where there is anything.
fn spoken(message: &Message) -> Option<String> {
    let texts: Vec<&str> = message
        .content
        .iter()
        .filter_map(|block| match block {
            ContentBlock::Text { text } => Some(text.as_str()),
            ContentBlock::Thinking { .. }
            | ContentBlock::RedactedThinking { .. }
            | ContentBlock::ToolUse { .. }
            | ContentBlock::ToolResult { .. } => None,
        })
        .collect();
    (!texts.is_empty()).then(|| texts.join("\n"))
}

fn asks_again(text: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric()).any(|word| word.eq_ignore_ascii_case("again"))
}

/// The result of a call; that it has none counts as a failure too.
fn outcome(messages: &[Message], call: &str) -> Outcome {
    for block in messages.iter().flat_map(|message| &message.content) {
        if let ContentBlock::ToolResult { tool_use_id, content, is_error } = block
            && tool_use_id == call
        {
            let result = serde_json::from_str(content).unwrap_or(Value::Null);
            // A command that ran and ended with an error is a result to look at.
            return if *is_error && result.get("exit_code").is_none() {
                let words = result.get("error").and_then(Value::as_str).unwrap_or(content);
                Outcome::Failed(words.to_owned())
            } else {
                Outcome::Done(result)
            };
        }
    }
    Outcome::Failed("there is no result".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn says(role: Role, text: &str) -> Message {
        Message { role, content: vec![ContentBlock::Text { text: text.into() }] }
    }

    fn called(id: &str) -> Message {
        let block = ContentBlock::ToolUse {
            id: id.into(),
            name: "exec".into(),
            input: json!({}),
            invalid: None,
        };
        Message { role: Role::Assistant, content: vec![block] }
    }

    fn answered(id: &str, content: &str, is_error: bool) -> Message {
        let block =
            ContentBlock::ToolResult { tool_use_id: id.into(), content: content.into(), is_error };
        Message { role: Role::User, content: vec![block] }
    }

    #[test]
    fn steps_and_their_outcomes() {
        let messages = [
            says(Role::User, "go"),
            called("toolu_of_another_model"),
            answered("toolu_of_another_model", "{}", false),
            called("tour-1"),
            answered("tour-1", r#"{"exit_code":1}"#, true),
            called("tour-2"),
            answered("tour-2", r#"{"error":"The user denied it: “no”"}"#, true),
            called("tour-7"),
        ];
        let history = History::read(&messages);
        assert_eq!(
            history.steps,
            [
                vec![Outcome::Done(json!({"exit_code": 1}))],
                vec![Outcome::Failed("The user denied it: “no”".into())],
                vec![Outcome::Failed("there is no result".into())],
            ]
        );
        assert_eq!((history.over, history.next_id), (false, 8));
    }

    #[test]
    fn over_and_again() {
        let mut messages = vec![
            says(Role::User, "go"),
            called("tour-1"),
            answered("tour-1", "{}", false),
            says(Role::Assistant, "The end."),
        ];
        assert!(!History::read(&messages).over);
        messages.push(says(Role::User, "and now?"));
        assert!(History::read(&messages).over);
        messages.push(says(Role::Assistant, "Say again."));
        messages.push(says(Role::User, "Again!"));
        let history = History::read(&messages);
        assert_eq!((history.over, history.steps.len(), history.next_id), (false, 0, 2));
    }

    #[test]
    fn speaking_in_the_middle_changes_nothing() {
        let messages = [
            says(Role::User, "go"),
            called("tour-1"),
            answered("tour-1", "{}", false),
            says(Role::User, "go on"),
        ];
        let history = History::read(&messages);
        assert_eq!((history.over, history.steps.len()), (false, 1));
    }
}
