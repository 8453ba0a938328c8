//! What the page is told: a proposal to rewrite a large file would reach it four times over.

use countersign_protocol::{Card, ContentBlock, Envelope, Event, Feed};
use serde_json::Value;

/// Takes out what the page does not draw and the journal keeps: the patch of a card beside its lines, and the
/// arguments of calls in the model's message, which their `tool_call` tells.
pub(crate) fn lighten(batch: &mut [Feed]) {
    for feed in batch {
        if let Feed::Envelopes { envelopes } = feed {
            envelopes.iter_mut().for_each(lighten_one);
        }
    }
}

fn lighten_one(envelope: &mut Envelope) {
    if let Event::ApprovalRequested { card: Card::Write(card) | Card::Edit(card), .. } =
        &mut envelope.event
    {
        card.diff = String::new();
    } else if let Event::Message { content, .. } = &mut envelope.event {
        for block in content {
            if let ContentBlock::ToolUse { input, invalid, .. } = block {
                *input = Value::Null;
                *invalid = None;
            }
        }
    }
}

#[cfg(test)]
#[path = "page_tests.rs"]
mod tests;
