//! Text as a person is shown it: nothing in it hides, reverses or passes for something else.
//!
//! Each deceptive character is drawn as a mark of ordinary ones, `⟨U+202E right-to-left override⟩`,
//! and is counted in a warning. A mark always begins with `⟨U+`; where the text itself says that, its
//! bracket is drawn as a mark too, so no text can pass for another one.

mod context;
mod kind;
mod lone;
mod runs;
mod words;

use std::fmt::Write as _;

use countersign_protocol::TextWarning;
use kind::Kind;

/// A text as a person is shown it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revealed {
    /// The text, deceptive characters replaced by marks.
    pub shown: String,
    /// What was marked, merged by kind, the gravest first; empty where nothing deceives.
    pub warnings: Vec<TextWarning>,
}

/// Draws a text of any number of lines. Tabs, line feeds and CRLF stay as they are.
///
/// Takes time in proportion to the text; refuses nothing.
#[must_use]
pub fn reveal(text: &str) -> Revealed {
    draw(text, Layout::Lines)
}

/// Draws what belongs on one line, as a path or a name: tabs and line breaks are marked too.
///
/// Takes time in proportion to the text; refuses nothing.
#[must_use]
pub fn reveal_line(text: &str) -> Revealed {
    draw(text, Layout::Line)
}

/// What a text is meant to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    Lines,
    Line,
}

/// A text's characters and what was found about each; `None` is an honest one.
struct Scan {
    chars: Vec<char>,
    found: Vec<Option<Kind>>,
}

impl Scan {
    /// The character at `at`, where there is one and it will be shown as it is.
    fn honest(&self, at: usize) -> Option<char> {
        match self.found.get(at)? {
            None => self.chars.get(at).copied(),
            Some(_) => None,
        }
    }

    fn mark(&mut self, at: usize, kind: Kind) {
        if let Some(place @ None) = self.found.get_mut(at) {
            *place = Some(kind);
        }
    }

    fn excuse(&mut self, at: usize) {
        if let Some(place) = self.found.get_mut(at) {
            *place = None;
        }
    }
}

fn draw(text: &str, layout: Layout) -> Revealed {
    if is_plain(text.as_bytes(), layout) {
        return Revealed { shown: text.to_owned(), warnings: Vec::new() };
    }
    let mut scan = Scan { chars: text.chars().collect(), found: Vec::with_capacity(text.len()) };
    let mut chars = scan.chars.iter().peekable();
    while let Some(found) = chars.next() {
        scan.found.push(lone::judge(*found, chars.peek().copied().copied(), layout));
    }
    // In this order: what a later step lets pass depends on the neighbours that stay as they are.
    runs::mark_piles(&mut scan);
    words::mark_mixed(&mut scan);
    context::excuse_needed(&mut scan);
    runs::mark_gaps(&mut scan, layout);
    mark_look_alike_marks(&mut scan);
    render(&scan, text.len())
}

/// Whether the text is ASCII without any deceit, found in one pass over its bytes.
fn is_plain(bytes: &[u8], layout: Layout) -> bool {
    let (mut blanks, mut empty, mut blank_line) = (0_usize, 0_usize, true);
    let mut bytes = bytes.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b' ' => blanks += 1,
            b'\t' if layout == Layout::Lines => blanks += 1,
            b'\n' if layout == Layout::Lines => {
                blanks = 0;
                empty = if blank_line { empty + 1 } else { 0 };
                blank_line = true;
            }
            b'\r' if layout == Layout::Lines && bytes.peek() == Some(&b'\n') => {}
            b'!'..=b'~' => {
                if blanks >= runs::BLANKS || (blank_line && empty >= runs::EMPTY_LINES) {
                    return false;
                }
                (blanks, empty, blank_line) = (0, 0, false);
            }
            _ => return false,
        }
    }
    true
}

/// Escapes a literal `⟨U+`, which would look like one of our marks.
fn mark_look_alike_marks(scan: &mut Scan) {
    for at in 0..scan.chars.len() {
        if scan.chars[at..].starts_with(&[kind::OPEN, 'U', '+']) {
            scan.mark(at, Kind::Bracket);
        }
    }
}

fn render(scan: &Scan, size: usize) -> Revealed {
    let mut shown = String::with_capacity(size + size / 8);
    let mut counts = [0_u32; Kind::ALL.len()];
    let mut at = 0;
    while let (Some(found), Some(verdict)) = (scan.chars.get(at), scan.found.get(at)) {
        let Some(kind) = *verdict else {
            shown.push(*found);
            at += 1;
            continue;
        };
        let whole = kind.is_run();
        let length = (at..scan.chars.len())
            .take_while(|next| {
                scan.found[*next] == *verdict && (whole || scan.chars[*next] == *found)
            })
            .count();
        let run = &scan.chars[at..at + length];
        write_mark(&mut shown, kind, run);
        let number = if whole { 1 } else { u32::try_from(length).unwrap_or(u32::MAX) };
        if let Some(count) = counts.get_mut(kind as usize) {
            *count = count.saturating_add(number);
        }
        at += length;
    }
    let warnings = Kind::ALL
        .into_iter()
        .zip(counts)
        .filter(|(_, count)| *count > 0)
        .filter_map(|(kind, count)| Some(TextWarning { what: kind.label()?.to_owned(), count }))
        .collect();
    Revealed { shown, warnings }
}

fn write_mark(shown: &mut String, kind: Kind, run: &[char]) {
    let Some(first) = run.first().copied() else { return };
    let code = u32::from(first);
    // Writing to a String does not fail.
    let _ = if kind == Kind::EmptyLines {
        let lines = run.iter().filter(|found| **found == '\n').count() + 1;
        write!(shown, "⟨U+000A {lines} empty lines⟩")
    } else if kind == Kind::BlankRun {
        write!(shown, "⟨U+{code:04X} {} blanks⟩", run.len())
    } else if kind == Kind::Bracket {
        run.iter().try_for_each(|_| shown.write_str("⟨U+27E8⟩"))
    } else {
        let name = kind::name(first, kind);
        match run.len() {
            1 => write!(shown, "⟨U+{code:04X} {name}⟩"),
            times => write!(shown, "⟨U+{code:04X} {name} ×{times}⟩"),
        }
    };
}

#[cfg(test)]
mod tests;
