//! A session as Markdown, to read and to keep.

use countersign_protocol::{
    Card, ChangedPath, ContentBlock, DecidedBy, Decision, Envelope, Event, LeftPath, Role, RunEnd,
};
use serde_json::Value;
use std::collections::HashMap;
use std::fmt::Write as _;

/// Characters of a result that are written out; the rest is counted. The events hold all of it.
const MAX_RESULT: usize = 20_000;

/// The session's events as Markdown.
#[must_use]
pub fn to_markdown(events: &[Envelope]) -> String {
    let mut out = String::new();
    let mut tools: HashMap<String, String> = HashMap::new();
    for envelope in events {
        write(&mut out, &mut tools, envelope);
    }
    out
}

fn write(out: &mut String, tools: &mut HashMap<String, String>, envelope: &Envelope) {
    match &envelope.event {
        Event::SessionStarted { workspace, provider, model, .. } => {
            let _ = write!(
                out,
                "# Session {}\n\n- workspace: {}\n- model: {provider} {model}\n- begun: {}\n",
                envelope.session,
                code(workspace),
                envelope.time
            );
        }
        Event::UserMessage { text } => section(out, "You", text),
        Event::Message { role: Role::Assistant, content, .. } => {
            let texts: Vec<&str> = content
                .iter()
                .filter_map(|block| match block {
                    ContentBlock::Text { text } => Some(text.as_str()),
                    ContentBlock::Thinking { .. }
                    | ContentBlock::RedactedThinking { .. }
                    | ContentBlock::ToolUse { .. }
                    | ContentBlock::ToolResult { .. } => None,
                })
                .collect();
            if !texts.is_empty() {
                section(out, "Agent", &texts.join("\n\n"));
            }
        }
        Event::ToolCall { call, tool, args, .. } => {
            tools.insert(call.to_string(), tool.clone());
            let _ = write!(out, "\n### {tool}\n\n{}", fenced("json", &pretty(args)));
        }
        Event::ApprovalRequested { card, .. } => match card {
            Card::Write(card) | Card::Edit(card) => {
                let _ = write!(out, "\n{}", fenced("diff", &card.diff));
            }
            Card::Exec(_) | Card::Path(_) => {}
        },
        Event::ApprovalDecided { decision, by, rule, feedback, .. } => {
            let who = match by {
                DecidedBy::User => "you",
                DecidedBy::Policy => "the policy",
            };
            let what = match decision {
                Decision::Approve => "approved",
                Decision::ApproveSession => "approved for the session",
                Decision::ApproveAlways => "always approved",
                Decision::Deny => "denied",
                Decision::Void => "void",
            };
            let _ = write!(out, "\n**{what}** by {who}");
            for words in [rule, feedback].into_iter().flatten() {
                let _ = write!(out, ": {}", code(words));
            }
            out.push('\n');
        }
        Event::ToolFinished { call, ok, result, duration_ms, .. } => {
            let tool = tools.get(call.as_str()).map_or("the call", String::as_str);
            let how = if *ok { "done" } else { "failed" };
            let _ = write!(
                out,
                "\n{tool} {how} after {duration_ms} ms\n\n{}",
                fenced("json", &pretty(result))
            );
        }
        Event::RuleRevoked { shown, .. } => {
            let _ = write!(out, "\nYou ended the rule {}.\n", code(shown));
        }
        Event::SessionResumed => out.push_str("\nThe session was taken up again.\n"),
        Event::SessionRenamed { title } => {
            let _ = write!(out, "\nYou named the session {}.\n", code(title));
        }
        Event::FilesChanged { files, more, left_out, .. } => changed(out, files, *more, left_out),
        Event::ChangesReverted { restored, left, .. } => {
            let _ = write!(out, "\nYou took changes back in {} files.\n", restored.len());
            for left in left {
                let _ = writeln!(out, "Left: {}: {}", code(&left.path), left.why);
            }
        }
        Event::RunFinished { reason, error } => {
            let how = match reason {
                RunEnd::EndTurn => "The turn ended.",
                RunEnd::MaxSteps => "The limit of model calls was reached.",
                RunEnd::Interrupted => "It was interrupted.",
                RunEnd::Refused => "It was denied and stopped.",
                RunEnd::Error => "It failed.",
            };
            let _ = write!(out, "\n---\n\n{how} {}\n", error.as_deref().unwrap_or_default());
        }
        Event::Message { role: Role::User, .. }
        | Event::StepStarted { .. }
        | Event::RevertStarted { .. }
        | Event::TextDelta { .. }
        | Event::ThinkingDelta { .. }
        | Event::ToolStarted { .. }
        | Event::ToolOutput { .. }
        | Event::StepFinished { .. }
        | Event::Retrying { .. }
        | Event::InputError { .. } => {}
    }
}

fn changed(out: &mut String, files: &[ChangedPath], more: u32, left_out: &[LeftPath]) {
    let paths: Vec<String> = files.iter().map(|file| code(&file.path)).collect();
    let _ = write!(out, "\nChanged: {}", paths.join(", "));
    if more > 0 {
        let _ = write!(out, " and {more} more");
    }
    out.push('\n');
    for left in left_out {
        let _ = writeln!(out, "Not kept: {}: {}", code(&left.path), left.why);
    }
}

fn section(out: &mut String, who: &str, text: &str) {
    let _ = write!(out, "\n## {who}\n\n{}\n", text.trim_end());
}

fn pretty(value: &Value) -> String {
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    match text.char_indices().nth(MAX_RESULT) {
        Some((end, _)) => {
            let left = text[end..].chars().count();
            format!("{}\n… {left} characters left out …", &text[..end])
        }
        None => text,
    }
}

/// A block of code whose fence is longer than any in the text.
fn fenced(language: &str, text: &str) -> String {
    let fence = "`".repeat(longest_run(text).max(2) + 1);
    format!("{fence}{language}\n{}\n{fence}\n", text.trim_end_matches('\n'))
}

/// A text as code within a line; line breaks become blanks.
fn code(text: &str) -> String {
    let line = text.lines().collect::<Vec<_>>().join(" ");
    let fence = "`".repeat(longest_run(&line) + 1);
    format!("{fence} {line} {fence}")
}

fn longest_run(text: &str) -> usize {
    text.split(|char| char != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_ends_its_fence() {
        assert_eq!(fenced("", "a"), "```\na\n```\n");
        assert_eq!(fenced("", "a\n```\nb"), "````\na\n```\nb\n````\n");
        assert_eq!(code("a `b` ``c``"), "``` a `b` ``c`` ```");
        assert_eq!(code("a\nb"), "` a b `");
    }
}
