//! A diff as the guard computed it. The page and the terminal draw it; they never compute one.

use serde::{Deserialize, Deserializer, Serialize};
use ts_rs::TS;

/// What a line of a hunk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    /// The same before and after.
    Context,
    /// Only before.
    Removed,
    /// Only after.
    Added,
}

impl LineKind {
    /// What stands before such a line in [`Hunk::text`].
    #[must_use]
    pub fn sign(self) -> char {
        match self {
            Self::Context => ' ',
            Self::Removed => '-',
            Self::Added => '+',
        }
    }

    fn of(sign: char) -> Option<Self> {
        [Self::Context, Self::Removed, Self::Added].into_iter().find(|kind| kind.sign() == sign)
    }
}

/// A stretch of a line that differs from the line on the other side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Mark {
    /// The line's place in its hunk, from 0.
    pub line: u32,
    /// Where it begins in the line, without its sign, in UTF-16 units.
    pub from: u32,
    /// Where it ends.
    pub to: u32,
}

/// Changed lines that stand together, with their context.
///
/// A change may have 100,000 lines: they are one text, with what is rare beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[ts(export)]
pub struct Hunk {
    /// The hunk's number, from 1; a decision names the hunks to keep by it.
    pub number: u32,
    /// First line before, from 1 (0 where there is none).
    pub old_start: u32,
    /// How many lines before.
    pub old_lines: u32,
    /// First line after, from 1 (0 where there is none).
    pub new_start: u32,
    /// How many lines after.
    pub new_lines: u32,
    /// The lines in order, as they are drawn: deceptive characters are visible marks. Before each its sign, a
    /// blank, `-` or `+`, and after each a line feed.
    pub text: String,
    /// Where lines differ from those that they replace, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<Mark>>", optional)]
    pub marks: Vec<Mark>,
    /// Lines, by their place from 0, with which the file ends and without a line break.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<u32>>", optional)]
    pub no_newline: Vec<u32>,
}

impl Hunk {
    /// Adds a line: its stretches as they are drawn, and whether each differs from the other side.
    pub fn push<'a>(
        &mut self,
        line: u32,
        kind: LineKind,
        stretches: impl Iterator<Item = (bool, &'a str)>,
        no_newline: bool,
    ) {
        self.text.push(kind.sign());
        let mut at = 0;
        for (changed, text) in stretches {
            self.text.push_str(text);
            let to = at + u32::try_from(text.encode_utf16().count()).unwrap_or(u32::MAX);
            if changed && to > at {
                self.marks.push(Mark { line, from: at, to });
            }
            at = to;
        }
        self.text.push('\n');
        if no_newline {
            self.no_newline.push(line);
        }
    }

    /// The lines in order, by kind, without their signs.
    pub fn lines(&self) -> impl Iterator<Item = (LineKind, &str)> {
        self.text.split_terminator('\n').filter_map(|line| {
            let mut rest = line.chars();
            LineKind::of(rest.next()?).map(|kind| (kind, rest.as_str()))
        })
    }
}

/// A hunk as it is stored, and as it was stored at first: with an object for each line.
#[derive(Deserialize)]
struct Stored {
    number: u32,
    old_start: u32,
    old_lines: u32,
    new_start: u32,
    new_lines: u32,
    #[serde(default)]
    text: String,
    #[serde(default)]
    marks: Vec<Mark>,
    #[serde(default)]
    no_newline: Vec<u32>,
    #[serde(default)]
    lines: Vec<StoredLine>,
}

#[derive(Deserialize)]
struct StoredLine {
    kind: LineKind,
    spans: Vec<StoredSpan>,
    #[serde(default)]
    no_newline: bool,
}

#[derive(Deserialize)]
struct StoredSpan {
    text: String,
    changed: bool,
}

impl<'de> Deserialize<'de> for Hunk {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let stored = Stored::deserialize(from)?;
        let Stored { number, old_start, old_lines, new_start, new_lines, lines, .. } = stored;
        let Stored { text, marks, no_newline, .. } = stored;
        let mut hunk =
            Self { number, old_start, old_lines, new_start, new_lines, text, marks, no_newline };
        for (at, line) in (0..).zip(&lines) {
            let spans = line.spans.iter().map(|span| (span.changed, span.text.as_str()));
            hunk.push(at, line.kind, spans, line.no_newline);
        }
        Ok(hunk)
    }
}

/// All changes of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Diff {
    /// The hunks, in order.
    pub hunks: Vec<Hunk>,
    /// How many lines are added.
    pub added: u32,
    /// How many lines are removed.
    pub removed: u32,
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_hunk_is_one_text_also_where_it_was_stored_line_by_line() {
        let lines = json!([
            {"kind": "context", "old": 1, "new": 1, "spans": [{"text": "same", "changed": false}]},
            {"kind": "removed", "old": 2, "spans": []},
            {"kind": "added", "new": 2, "no_newline": true, "spans": [
                {"text": "\u{1F600} ", "changed": false}, {"text": "new", "changed": true},
            ]},
        ]);
        let first = json!({
            "number": 1, "old_start": 1, "old_lines": 2, "new_start": 1, "new_lines": 2, "lines": lines,
        });
        let now = json!({
            "number": 1, "old_start": 1, "old_lines": 2, "new_start": 1, "new_lines": 2,
            "text": " same\n-\n+\u{1F600} new\n",
            "marks": [{"line": 2, "from": 3, "to": 6}], "no_newline": [2],
        });
        let hunk: Hunk = serde_json::from_value(first).unwrap();
        assert_eq!(serde_json::to_value(&hunk).unwrap(), now);
        assert_eq!(serde_json::from_value::<Hunk>(now).unwrap(), hunk);
        let lines: Vec<_> = hunk.lines().collect();
        let wanted = [
            (LineKind::Context, "same"),
            (LineKind::Removed, ""),
            (LineKind::Added, "\u{1F600} new"),
        ];
        assert_eq!(lines, wanted);
    }
}
