//! The one place where a diff is computed: from the very bytes that would be written.

use crate::text::reveal;
use countersign_protocol::{Diff, Hunk, LineKind};
use similar::{Algorithm, ChangeTag, DiffTag, TextDiff};
use std::fmt::Write as _;
use std::ops::Range;
use std::time::Duration;

/// Unchanged lines around a change.
const CONTEXT: usize = 3;
/// Quick also where a large file is changed in a thousand places; similar's histogram is not, and then marks far more
/// than was changed.
const ALGORITHM: Algorithm = Algorithm::Myers;
/// After this the diff stays correct but is no longer the shortest.
const PATIENCE: Duration = Duration::from_millis(500);
/// Lines of a replaced block that are compared word by word; in larger ones lines are marked whole.
const MAX_INLINE_LINES: usize = 200;

/// A change of a text, whole.
pub(crate) struct TextChange {
    /// As hunks, for a card.
    pub(crate) diff: Diff,
    /// The same as a unified diff, for scripts.
    pub(crate) unified: String,
}

/// Compares two texts. `path` names both sides in the unified form; `created` makes the old side
/// `/dev/null`.
pub(crate) fn compare(path: &str, old: &str, new: &str, created: bool) -> TextChange {
    let old_lines: Vec<&str> = old.split_inclusive('\n').collect();
    let new_lines: Vec<&str> = new.split_inclusive('\n').collect();
    let compared = TextDiff::configure()
        .algorithm(ALGORITHM)
        .timeout(PATIENCE)
        .diff_slices(&old_lines, &new_lines);
    let from = if created { "/dev/null".to_owned() } else { format!("a/{path}") };
    let mut writer =
        Writer { diff: Diff::default(), unified: format!("--- {from}\n+++ b/{path}\n"), lines: 0 };
    for group in compared.grouped_ops(CONTEXT) {
        let (Some(first), Some(last)) = (group.first(), group.last()) else { continue };
        writer.open(
            first.old_range().start..last.old_range().end,
            first.new_range().start..last.new_range().end,
        );
        for op in &group {
            // Word marks help where lines were reworked, not where a block was replaced.
            if op.old_range().len() + op.new_range().len() <= MAX_INLINE_LINES {
                for change in compared.iter_inline_changes(op) {
                    let spans: Vec<(bool, &str)> = change.values().to_vec();
                    writer.line(change.tag(), &spans);
                }
            } else {
                for change in compared.iter_changes(op) {
                    writer.line(change.tag(), &[(false, change.value())]);
                }
            }
        }
    }
    TextChange { diff: writer.diff, unified: writer.unified }
}

/// The lines that differ between two texts, in order: those of the old, and those that replace them.
pub(crate) fn compared_lines(old: &[&str], new: &[&str]) -> Vec<(Range<usize>, Range<usize>)> {
    TextDiff::configure()
        .algorithm(ALGORITHM)
        .timeout(PATIENCE)
        .diff_slices(old, new)
        .ops()
        .iter()
        .filter(|op| op.tag() != DiffTag::Equal)
        .map(|op| (op.old_range(), op.new_range()))
        .collect()
}

/// The old text with only the hunks of these numbers applied; none where there is no such hunk.
pub(crate) fn keep_hunks(old: &str, new: &str, numbers: &[u32]) -> Option<String> {
    let diff = compare("", old, new, false).diff;
    if !numbers.iter().all(|number| diff.hunks.iter().any(|hunk| hunk.number == *number)) {
        return None;
    }
    let old_lines: Vec<&str> = old.split_inclusive('\n').collect();
    let new_lines: Vec<&str> = new.split_inclusive('\n').collect();
    let mut kept = String::with_capacity(old.len().max(new.len()));
    let mut at = 0;
    for hunk in diff.hunks {
        let old_range = range(hunk.old_start, hunk.old_lines);
        let new_range = range(hunk.new_start, hunk.new_lines);
        kept.extend(old_lines[at..old_range.start].iter().copied());
        if numbers.contains(&hunk.number) {
            kept.extend(new_lines[new_range].iter().copied());
        } else {
            kept.extend(old_lines[old_range.clone()].iter().copied());
        }
        at = old_range.end;
    }
    kept.extend(old_lines[at..].iter().copied());
    Some(kept)
}

/// Zero-based lines of a hunk's side; an empty side names the line before it.
fn range(start: u32, lines: u32) -> Range<usize> {
    let first = if lines == 0 { start } else { start - 1 } as usize;
    first..first + lines as usize
}

/// Builds the hunks and the unified text side by side, so that they cannot disagree.
struct Writer {
    diff: Diff,
    unified: String,
    /// Lines of the last hunk.
    lines: u32,
}

impl Writer {
    fn open(&mut self, old: Range<usize>, new: Range<usize>) {
        let start = |range: &Range<usize>| {
            count(if range.is_empty() { range.start } else { range.start + 1 })
        };
        let hunk = Hunk {
            number: count(self.diff.hunks.len()) + 1,
            old_start: start(&old),
            old_lines: count(old.len()),
            new_start: start(&new),
            new_lines: count(new.len()),
            text: String::new(),
            marks: Vec::new(),
            no_newline: Vec::new(),
        };
        let _ = writeln!(
            self.unified,
            "@@ -{},{} +{},{} @@",
            hunk.old_start, hunk.old_lines, hunk.new_start, hunk.new_lines
        );
        self.diff.hunks.push(hunk);
        self.lines = 0;
    }

    fn line(&mut self, tag: ChangeTag, spans: &[(bool, &str)]) {
        let kind = match tag {
            ChangeTag::Equal => LineKind::Context,
            ChangeTag::Delete => LineKind::Removed,
            ChangeTag::Insert => LineKind::Added,
        };
        match kind {
            LineKind::Context => {}
            LineKind::Removed => self.diff.removed += 1,
            LineKind::Added => self.diff.added += 1,
        }
        self.unified.push(kind.sign());
        for (_, text) in spans {
            self.unified.push_str(text);
        }
        let no_newline = !self.unified.ends_with('\n');
        if no_newline {
            self.unified.push_str("\n\\ No newline at end of file\n");
        }
        let drawn: Vec<(bool, String)> = without_break(spans)
            .into_iter()
            .map(|(changed, text)| (changed && kind != LineKind::Context, reveal(text).shown))
            .collect();
        if let Some(hunk) = self.diff.hunks.last_mut() {
            let stretches = drawn.iter().map(|(changed, text)| (*changed, text.as_str()));
            hunk.push(self.lines, kind, stretches, no_newline);
            self.lines += 1;
        }
    }
}

/// The stretches of a line without its line break. A carriage return before that is ordinary; any other one is
/// drawn.
fn without_break<'a>(spans: &[(bool, &'a str)]) -> Vec<(bool, &'a str)> {
    let mut spans = spans.to_vec();
    for end in ['\n', '\r'] {
        spans.retain(|(_, text)| !text.is_empty());
        let Some((_, last)) = spans.last_mut() else { break };
        let Some(text) = last.strip_suffix(end) else { break };
        *last = text;
    }
    spans
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn hunks_and_unified_text_agree() {
        let old = "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n";
        let new = "a\nB\nc\nd\ne\nf\ng\nh\ni\nJ";
        let change = compare("f", old, new, false);
        assert_eq!(change.diff.hunks.len(), 2);
        assert_eq!((change.diff.added, change.diff.removed), (2, 2));
        assert!(change.unified.starts_with("--- a/f\n+++ b/f\n@@ -1,5 +1,5 @@\n a\n-b\n+B\n"));
        assert!(change.unified.ends_with("+J\n\\ No newline at end of file\n"));
    }

    #[test]
    fn a_new_file_is_all_added() {
        let change = compare("f", "", "x\n", true);
        assert_eq!(change.unified, "--- /dev/null\n+++ b/f\n@@ -0,0 +1,1 @@\n+x\n");
        assert_eq!(compare("f", "x", "x", false).diff.hunks.len(), 0);
    }

    #[test]
    fn only_the_carriage_return_of_a_line_break_is_not_drawn() {
        let text = |old: &str, new: &str| compare("f", old, new, false).diff.hunks[0].text.clone();
        assert_eq!(text("a b\r\n", "a c\r\n"), "-a b\n+a c\n");
        assert_eq!(text("a \rx\n", "a \ry\n").matches("U+000D").count(), 2);
        for line in ["a\r b", "a \rb", "\ra b", "a b\r"] {
            assert_eq!(text("x\n", line).matches("U+000D").count(), 1, "{line:?}");
            let reworked = text(&format!("{line} c\n"), &format!("{line} d\n"));
            assert_eq!(reworked.matches("U+000D").count(), 2, "{line:?}");
            let gone = text(&format!("{line} c\n"), "a b c\n");
            assert_eq!(gone.matches("U+000D").count(), 1, "{line:?}: {gone}");
        }
    }

    #[test]
    fn changes_all_over_a_large_file_are_small_hunks() {
        let text = |every: usize| {
            (0..50_000).fold(String::new(), |mut text, line| {
                let value = if line % every == 0 { "b" } else { "a" };
                let _ = writeln!(text, "let v{line} = {value};");
                text
            })
        };
        let change = compare("f", &text(usize::MAX), &text(50), false);
        assert_eq!(change.diff.hunks.len(), 999);
        assert_eq!((change.diff.added, change.diff.removed), (999, 999));
    }

    #[test]
    fn any_choice_of_hunks_is_between_the_two_texts() {
        let old = (0..40).map(|line| line.to_string()).collect::<Vec<_>>().join("\n") + "\n";
        let new = old.replace("5\n", "five\n").replace("38\n", "") + "end";
        let all: Vec<u32> =
            compare("", &old, &new, false).diff.hunks.iter().map(|hunk| hunk.number).collect();
        assert!(all.len() >= 3);
        assert_eq!(keep_hunks(&old, &new, &all), Some(new.clone()));
        assert_eq!(keep_hunks(&old, &new, &[]), Some(old.clone()));
        assert!(keep_hunks(&old, &new, &[1]).unwrap().starts_with("0\n1\n2\n3\n4\nfive\n"));
        assert_eq!(keep_hunks("", "x", &[1]).as_deref(), Some("x"));
        assert_eq!(keep_hunks("", "x", &[]).as_deref(), Some(""));
        assert_eq!(keep_hunks("", "x", &[2]), None);
    }
    proptest! {
        #[test]
        fn all_hunks_are_the_new_text_and_none_is_the_old(
            old in "([abc]?\r?\n){0,24}[abc]?",
            new in "([abc]?\r?\n){0,24}[abc]?",
        ) {
            let diff = compare("", &old, &new, false).diff;
            let all: Vec<u32> = diff.hunks.iter().map(|hunk| hunk.number).collect();
            prop_assert_eq!(keep_hunks(&old, &new, &[]), Some(old.clone()));
            prop_assert_eq!(keep_hunks(&old, &new, &all), Some(new));
        }
    }
}
