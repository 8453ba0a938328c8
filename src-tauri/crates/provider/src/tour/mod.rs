//! A scripted model, which shows how Countersign works without a key or a network.
//!
//! It keeps nothing between calls: where it stands, it reads off the conversation.

mod history;
mod script;

use crate::drive::drive;
use crate::{Completion, EventStream, Provider, ProviderEvent, Request, StopReason};
use countersign_protocol::{ContentBlock, Message, Role, StepUsage};
use history::History;
use std::time::Duration;
use tokio::time::sleep;

/// Between two pieces of text: about as fast as a model writes.
const PAUSE: Duration = Duration::from_millis(15);
/// Words in one piece of text.
const WORDS: usize = 2;

/// The scripted model. It says that it is one.
#[derive(Clone, Debug)]
pub struct Tour {
    pause: Duration,
}

impl Tour {
    /// The tour at its usual speed.
    #[must_use]
    pub fn new() -> Self {
        Self { pause: PAUSE }
    }

    /// The same with another pause between pieces of text.
    #[must_use]
    pub fn with_pause(self, pause: Duration) -> Self {
        Self { pause }
    }
}

impl Default for Tour {
    fn default() -> Self {
        Self::new()
    }
}

impl Provider for Tour {
    fn name(&self) -> &'static str {
        "tour"
    }

    fn model(&self) -> &'static str {
        "scripted tour"
    }

    fn complete(&self, request: Request) -> EventStream {
        let pause = self.pause;
        drive(move |emit| async move {
            let history = History::read(&request.messages);
            let script::Line { text, calls } = script::next(&history);
            for piece in pieces(&text) {
                sleep(pause).await;
                emit.event(ProviderEvent::TextDelta(piece.to_owned())).await;
            }
            let stop = if calls.is_empty() { StopReason::EndTurn } else { StopReason::ToolUse };
            let mut content = vec![ContentBlock::Text { text }];
            content.extend(calls.into_iter().zip(history.next_id..).map(|(call, id)| {
                ContentBlock::ToolUse {
                    id: format!("{}{id}", history::ID_PREFIX),
                    name: call.tool.to_owned(),
                    input: call.input,
                    invalid: None,
                }
            }));
            let message = Message { role: Role::Assistant, content };
            let completion = Completion { message, usage: StepUsage::default(), stop };
            emit.event(ProviderEvent::Finished(completion)).await;
        })
    }
}

/// A text in pieces of a few words each, nothing lost between them.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let (mut start, mut words) = (0, 0);
    for (at, character) in text.char_indices() {
        if character.is_whitespace() {
            words += 1;
            if words == WORDS {
                let end = at + character.len_utf8();
                pieces.push(&text[start..end]);
                (start, words) = (end, 0);
            }
        }
    }
    if start < text.len() {
        pieces.push(&text[start..]);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_the_whole_text() {
        for text in ["", "a", "one two three  four\n\n```\nfünf\n```\n", "  "] {
            assert_eq!(pieces(text).concat(), text);
            assert!(pieces(text).iter().all(|piece| !piece.is_empty()));
        }
        assert_eq!(pieces("a b c d e"), ["a b ", "c d ", "e"]);
    }
}
