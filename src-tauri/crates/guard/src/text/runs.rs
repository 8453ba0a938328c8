//! Runs: piles of combining marks, and gaps that push text out of sight.

use icu_properties::props::GeneralCategoryGroup;
use unicode_script::{Script, UnicodeScript as _};

use super::kind::Kind;
use super::lone::category;
use super::{Layout, Scan};

/// So many blanks in a row are a gap.
pub(super) const BLANKS: usize = 100;
/// So many empty lines in a row are a gap.
pub(super) const EMPTY_LINES: usize = 20;

/// So many combining marks in a row are ordinary everywhere.
const MARKS: usize = 3;
/// So many different ones are ordinary where syllables are built of them.
const SYLLABLE: usize = 7;

/// Marks the combining marks from the fourth in a row on.
pub(super) fn mark_piles(scan: &mut Scan) {
    let mut at = 0;
    while at < scan.chars.len() {
        let length = scan.chars[at..].iter().take_while(|found| is_mark(**found)).count();
        if length > MARKS && !is_syllable(&scan.chars[at..at + length]) {
            (at + MARKS..at + length).for_each(|place| scan.mark(place, Kind::Pile));
        }
        at += length.max(1);
    }
}

/// Marks gaps with text after them.
pub(super) fn mark_gaps(scan: &mut Scan, layout: Layout) {
    if layout == Layout::Lines {
        mark_empty_lines(scan);
    }
    let mut at = 0;
    while at < scan.chars.len() {
        let length = (at..scan.chars.len()).take_while(|place| is_blank(scan, *place)).count();
        let end = at + length;
        if length >= BLANKS && end < scan.chars.len() && !is_line_end(scan, end) {
            (at..end).for_each(|place| scan.mark(place, Kind::BlankRun));
        }
        at = end + usize::from(length == 0);
    }
}

fn mark_empty_lines(scan: &mut Scan) {
    let (mut start, mut lines, mut line, mut last) = (0, 0, 0, 0);
    let mut empty = true;
    for at in 0..scan.chars.len() {
        if scan.chars[at] == '\n' {
            if empty {
                if lines == 0 {
                    start = line;
                }
                lines += 1;
                // The last line's own end stays, so that what follows begins a line.
                last = if at > line && scan.chars[at - 1] == '\r' { at - 1 } else { at };
            } else {
                lines = 0;
            }
            (line, empty) = (at + 1, true);
        } else if empty && !is_blank(scan, at) && !is_line_end(scan, at) {
            empty = false;
            if lines >= EMPTY_LINES {
                (start..last).for_each(|place| scan.mark(place, Kind::EmptyLines));
            }
            lines = 0;
        }
    }
}

fn is_blank(scan: &Scan, at: usize) -> bool {
    matches!(scan.honest(at), Some(' ' | '\t' | '\u{3000}'))
}

fn is_line_end(scan: &Scan, at: usize) -> bool {
    matches!(scan.honest(at), Some('\n' | '\r'))
}

fn is_mark(found: char) -> bool {
    found > '\u{2FF}' && GeneralCategoryGroup::Mark.contains(category(found))
}

/// Whether the marks may be one syllable of a script that writes it with many, as Burmese and
/// pointed Hebrew do.
fn is_syllable(marks: &[char]) -> bool {
    const BUILT: &[Script] = &[
        Script::Balinese,
        Script::Hebrew,
        Script::Javanese,
        Script::Khmer,
        Script::Myanmar,
        Script::Tai_Tham,
        Script::Tibetan,
    ];
    marks.len() <= SYLLABLE
        && marks
            .iter()
            .enumerate()
            .all(|(at, mark)| BUILT.contains(&mark.script()) && !marks[..at].contains(mark))
}
