//! What the page is told: a proposal to rewrite a large file would reach it four times over.

use countersign_protocol::{Card, ContentBlock, Envelope, Event, Feed};
use serde_json::Value;

/// Characters of one argument that the page is told: a file that a call writes is on its card.
const LONGEST: usize = 64 * 1024;

/// Takes out what the page does not draw and the journal keeps: the patch of a card beside its lines, the
/// arguments of calls in the model's message, which their `tool_call` tells, and of these all but the beginnings
/// of long ones.
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
    } else if let Event::ToolCall { args, cut, .. } = &mut envelope.event {
        let left_out = shorten(args);
        *cut = (left_out > 0).then(|| u32::try_from(left_out).unwrap_or(u32::MAX));
    }
}

/// Cuts long texts; gives how many characters are left out.
fn shorten(value: &mut Value) -> usize {
    match value {
        // One of as many bytes has no more characters.
        Value::String(text) if text.len() > LONGEST => {
            let Some((end, _)) = text.char_indices().nth(LONGEST) else { return 0 };
            let left_out = text[end..].chars().count();
            text.truncate(end);
            left_out
        }
        Value::Array(all) => all.iter_mut().map(shorten).sum(),
        Value::Object(all) => all.values_mut().map(shorten).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

#[cfg(test)]
#[path = "page_tests.rs"]
mod tests;
