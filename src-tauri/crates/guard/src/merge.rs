//! Two changes of one text, put together line by line.

use crate::diff::compared_lines;
use std::ops::Range;

/// A change of some lines of the base.
#[derive(PartialEq, Eq)]
struct Edit<'a> {
    base: Range<usize>,
    lines: &'a [&'a str],
}

/// `base` with what changed from it to `ours` and what changed from it to `theirs`. None where these
/// changes overlap or touch, unless both are the same change.
#[must_use]
pub fn merge(base: &str, ours: &str, theirs: &str) -> Option<String> {
    let base: Vec<&str> = base.split_inclusive('\n').collect();
    let ours: Vec<&str> = ours.split_inclusive('\n').collect();
    let theirs: Vec<&str> = theirs.split_inclusive('\n').collect();
    let (ours, theirs) = (edits(&base, &ours), edits(&base, &theirs));
    let (mut ours, mut theirs) = (ours.iter().peekable(), theirs.iter().peekable());
    let mut merged = String::new();
    let mut at = 0;
    loop {
        let edit = match (ours.peek(), theirs.peek()) {
            (None, None) => break,
            (Some(_), None) => ours.next(),
            (None, Some(_)) => theirs.next(),
            (Some(one), Some(other)) if one == other => {
                theirs.next();
                ours.next()
            }
            (Some(one), Some(other)) if one.base.end < other.base.start => ours.next(),
            (Some(one), Some(other)) if other.base.end < one.base.start => theirs.next(),
            (Some(_), Some(_)) => return None,
        }?;
        merged.extend(base[at..edit.base.start].iter().copied());
        merged.extend(edit.lines.iter().copied());
        at = edit.base.end;
    }
    merged.extend(base[at..].iter().copied());
    Some(merged)
}

/// The changes from the base, in order; no two touch.
fn edits<'a>(base: &[&str], new: &'a [&'a str]) -> Vec<Edit<'a>> {
    let mut edits: Vec<(Range<usize>, Range<usize>)> = Vec::new();
    for (old, new) in compared_lines(base, new) {
        match edits.last_mut() {
            Some((last_old, last_new)) if last_old.end == old.start => {
                last_old.end = old.end;
                last_new.end = new.end;
            }
            Some(_) | None => edits.push((old, new)),
        }
    }
    edits.into_iter().map(|(base, lines)| Edit { base, lines: &new[lines] }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn changes_of_different_places_are_both_in_it() {
        let base = "1\n2\n3\n4\n5\n6\n7";
        for (ours, theirs, merged) in [
            ("one\n2\n3\n4\n5\n6\n7", "1\n2\n3\n4\n5\n6\nseven", "one\n2\n3\n4\n5\n6\nseven"),
            ("0\n1\n2\n3\n4\n5\n6\n7", "1\n2\n3\n4\n5\n6\n7\n8\n", "0\n1\n2\n3\n4\n5\n6\n7\n8\n"),
            ("1\n3\n4\n5\n6\n7", "1\n2\n3\n4\n4a\n5\n6\n7", "1\n3\n4\n4a\n5\n6\n7"),
            // The same change twice, and one more.
            ("1\ntwo\n3\n4\n5\n6\n7", "1\ntwo\n3\n4\nfive\n6\n7", "1\ntwo\n3\n4\nfive\n6\n7"),
        ] {
            assert_eq!(merge(base, ours, theirs).as_deref(), Some(merged), "{ours:?} {theirs:?}");
            assert_eq!(merge(base, theirs, ours).as_deref(), Some(merged), "{ours:?} {theirs:?}");
        }
    }

    #[test]
    fn changes_that_overlap_or_touch_are_not_merged() {
        let base = "1\n2\n3\n4\n";
        for (ours, theirs) in [
            ("1\ntwo\n3\n4\n", "1\nzwei\n3\n4\n"),
            ("1\ntwo\n3\n4\n", "1\n2\nthree\n4\n"),
            ("1\ntwo\n3\n4\n", "1\n3\n4\n"),
            ("1\n2\na\n3\n4\n", "1\n2\nb\n3\n4\n"),
            ("1\n2\na\n3\n4\n", "1\n2\nthree\n4\n"),
            ("", "1\n2\n3\nfour\n"),
            ("1\n2\n3\n4\n5\n", "1\n2\n3\n4\n6\n"),
        ] {
            assert_eq!(merge(base, ours, theirs), None, "{ours:?} {theirs:?}");
            assert_eq!(merge(base, theirs, ours), None, "{ours:?} {theirs:?}");
        }
    }

    const TEXT: &str = "([abcd]?\r?\n){0,16}[abcd]?";

    proptest! {
        #[test]
        fn one_change_is_taken_whole(base in TEXT, other in TEXT) {
            prop_assert_eq!(merge(&base, &base, &other), Some(other.clone()));
            prop_assert_eq!(merge(&base, &other, &base), Some(other.clone()));
            prop_assert_eq!(merge(&base, &other, &other), Some(other));
        }

        #[test]
        fn it_is_the_same_both_ways_round(base in TEXT, one in TEXT, other in TEXT) {
            prop_assert_eq!(merge(&base, &one, &other), merge(&base, &other, &one));
        }

        #[test]
        fn changes_of_two_halves_are_both_in_it(
            first in TEXT, second in TEXT, one in TEXT, other in TEXT,
        ) {
            // Lines that stand nowhere else, so that each half is compared by itself.
            let between = "\n-- x --\n-- y --\n-- z --\n";
            let text = |first: &str, second: &str| format!("{first}{between}{second}");
            let merged = merge(&text(&first, &second), &text(&one, &second), &text(&first, &other));
            prop_assert_eq!(merged, Some(text(&one, &other)));
        }
    }
}
