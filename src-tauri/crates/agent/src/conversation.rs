//! The conversation as the model is sent it: a fold over the session's events, live or restored.

use countersign_protocol::{ContentBlock, Event, Message, Role};
use serde_json::Value;
use std::collections::{HashMap, HashSet};

/// What the model is told of a call that has no result.
const INTERRUPTED: &str = r#"{"error":"The run was interrupted before this call finished. It may have acted in part: look before you go on."}"#;

#[derive(Debug)]
enum Entry {
    User(String),
    Assistant { content: Vec<ContentBlock>, calls: Vec<String> },
}

/// Messages so far, with the results of their calls.
#[derive(Debug, Default)]
pub(crate) struct Conversation {
    entries: Vec<Entry>,
    results: HashMap<String, (String, bool)>,
    calls: HashSet<String>,
}

impl Conversation {
    /// Takes an event in.
    pub(crate) fn apply(&mut self, event: &Event) {
        if let Event::UserMessage { text } = event {
            self.entries.push(Entry::User(text.clone()));
        } else if let Event::Message { role: Role::Assistant, content, .. } = event {
            let calls: Vec<String> = content
                .iter()
                .filter_map(|block| match block {
                    ContentBlock::ToolUse { id, .. } => Some(id.clone()),
                    ContentBlock::Text { .. }
                    | ContentBlock::Thinking { .. }
                    | ContentBlock::RedactedThinking { .. }
                    | ContentBlock::ToolResult { .. } => None,
                })
                .collect();
            self.calls.extend(calls.iter().cloned());
            self.entries.push(Entry::Assistant { content: content.clone(), calls });
        } else if let Event::ToolFinished { call, ok, result, .. } = event {
            self.results.insert(call.to_string(), (text_of(result), !ok));
        }
    }

    /// Whether a call of that id was made before.
    pub(crate) fn knows_call(&self, id: &str) -> bool {
        self.calls.contains(id)
    }

    /// Whether anything was said.
    pub(crate) fn has_begun(&self) -> bool {
        !self.entries.is_empty()
    }

    /// Whether the person said something that the model was not sent yet.
    pub(crate) fn has_unanswered(&self) -> bool {
        matches!(self.entries.last(), Some(Entry::User(_)))
    }

    /// The messages for the next request: roles in turn, each call answered once.
    pub(crate) fn messages(&self) -> Vec<Message> {
        let mut messages: Vec<Message> = Vec::new();
        let mut add = |role: Role, blocks: Vec<ContentBlock>| {
            if blocks.is_empty() {
                return;
            }
            match messages.last_mut() {
                Some(last) if last.role == role => last.content.extend(blocks),
                _ => messages.push(Message { role, content: blocks }),
            }
        };
        for entry in &self.entries {
            match entry {
                Entry::User(text) => {
                    add(Role::User, vec![ContentBlock::Text { text: text.clone() }]);
                }
                Entry::Assistant { content, calls } => {
                    add(Role::Assistant, content.clone());
                    let results = calls.iter().map(|call| self.result(call)).collect();
                    add(Role::User, results);
                }
            }
        }
        messages
    }

    fn result(&self, call: &str) -> ContentBlock {
        let (content, is_error) = match self.results.get(call) {
            Some((content, is_error)) => (content.clone(), *is_error),
            None => (INTERRUPTED.to_owned(), true),
        };
        ContentBlock::ToolResult { tool_use_id: call.to_owned(), content, is_error }
    }
}

fn text_of(result: &Value) -> String {
    result.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_protocol::CallId;
    use serde_json::json;

    fn said(text: &str) -> Event {
        Event::UserMessage { text: text.to_owned() }
    }

    fn called(ids: &[&str]) -> Event {
        let content = ids
            .iter()
            .map(|id| ContentBlock::ToolUse {
                id: (*id).to_owned(),
                name: "read".to_owned(),
                input: json!({}),
                invalid: None,
            })
            .collect();
        Event::Message { role: Role::Assistant, content, usage: None }
    }

    fn finished(id: &str, ok: bool, result: Value) -> Event {
        Event::ToolFinished { call: CallId::new(id), ok, result, duration_ms: 0, exit_code: None }
    }

    #[test]
    fn words_said_meanwhile_come_after_the_results() {
        let mut conversation = Conversation::default();
        for event in [
            said("do it"),
            called(&["a", "b"]),
            said("faster"),
            finished("b", false, json!({"error": "no"})),
            finished("a", true, json!({"content": "x"})),
        ] {
            conversation.apply(&event);
        }
        let messages = conversation.messages();
        assert_eq!(messages.len(), 3);
        assert_eq!(
            messages[2].content,
            [
                ContentBlock::ToolResult {
                    tool_use_id: "a".to_owned(),
                    content: r#"{"content":"x"}"#.to_owned(),
                    is_error: false
                },
                ContentBlock::ToolResult {
                    tool_use_id: "b".to_owned(),
                    content: r#"{"error":"no"}"#.to_owned(),
                    is_error: true
                },
                ContentBlock::Text { text: "faster".to_owned() },
            ]
        );
    }

    #[test]
    fn a_call_without_a_result_is_told_as_interrupted() {
        let mut conversation = Conversation::default();
        for event in [said("x"), called(&["a"]), said("go on"), said("please")] {
            conversation.apply(&event);
        }
        let messages = conversation.messages();
        let roles: Vec<Role> = messages.iter().map(|message| message.role).collect();
        assert_eq!(roles, [Role::User, Role::Assistant, Role::User]);
        assert!(matches!(&messages[2].content[0],
            ContentBlock::ToolResult { is_error: true, content, .. } if content.contains("interrupted")));
        assert_eq!(messages[2].content.len(), 3);
        assert!(conversation.has_unanswered());
    }

    #[test]
    fn an_empty_answer_leaves_no_message() {
        let mut conversation = Conversation::default();
        for event in [said("x"), called(&[]), said("y")] {
            conversation.apply(&event);
        }
        assert_eq!(conversation.messages().len(), 1);
    }
}
