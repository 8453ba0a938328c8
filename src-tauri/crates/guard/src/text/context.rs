//! What its neighbours excuse: joiners where a script or an emoji needs them, an emoji's variation
//! selector, a flag's tags, the ideographic space within ideographic text.

use icu_properties::CodePointSetData;
use icu_properties::props::{Emoji, EmojiModifier, ExtendedPictographic, GeneralCategoryGroup};
use unicode_normalization::char::canonical_combining_class;
use unicode_script::{Script, UnicodeScript as _};

use super::Scan;
use super::lone::category;

/// Takes back the marks of characters that their place needs.
pub(super) fn excuse_needed(scan: &mut Scan) {
    let mut at = 0;
    while at < scan.chars.len() {
        let length = match scan.chars[at] {
            FLAG => excuse_flag(scan, at),
            '\u{3000}' | '\u{2025}' => excuse_ideographic(scan, at),
            _ => {
                if scan.found[at].is_some() && is_needed(scan, at) {
                    scan.excuse(at);
                }
                1
            }
        };
        at += length;
    }
}

/// Whether `found` belongs to Chinese, Japanese or Korean text.
pub(super) fn is_ideographic(found: char) -> bool {
    matches!(found, '\u{3001}'..='\u{303F}' | '\u{FF01}'..='\u{FF65}')
        || has_script(
            found,
            &[Script::Han, Script::Hiragana, Script::Katakana, Script::Hangul, Script::Bopomofo],
        )
}

const FLAG: char = '\u{1F3F4}';
const JOINER: char = '\u{200D}';
const EMOJI_STYLE: char = '\u{FE0F}';

/// The flags that are drawn from tags: England, Scotland and Wales. Other tags are drawn as nothing.
const FLAGS: [&str; 3] = ["gbeng", "gbsct", "gbwls"];

/// Scripts in which joiners change how letters look or join.
const JOINING: &[Script] = &[
    Script::Adlam,
    Script::Arabic,
    Script::Balinese,
    Script::Bengali,
    Script::Brahmi,
    Script::Chakma,
    Script::Chorasmian,
    Script::Devanagari,
    Script::Grantha,
    Script::Gujarati,
    Script::Gurmukhi,
    Script::Hanifi_Rohingya,
    Script::Javanese,
    Script::Kaithi,
    Script::Kannada,
    Script::Khmer,
    Script::Lepcha,
    Script::Limbu,
    Script::Malayalam,
    Script::Mandaic,
    Script::Manichaean,
    Script::Meetei_Mayek,
    Script::Mongolian,
    Script::Myanmar,
    Script::Newa,
    Script::Nko,
    Script::Oriya,
    Script::Phags_Pa,
    Script::Psalter_Pahlavi,
    Script::Saurashtra,
    Script::Sharada,
    Script::Sinhala,
    Script::Sogdian,
    Script::Sundanese,
    Script::Syriac,
    Script::Tai_Tham,
    Script::Tamil,
    Script::Telugu,
    Script::Tibetan,
    Script::Tirhuta,
];

fn is_needed(scan: &Scan, at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|at| scan.honest(at));
    let after = scan.honest(at + 1);
    let both = |scripts| {
        before.is_some_and(|c| has_script(c, scripts))
            && after.is_some_and(|c| has_script(c, scripts))
    };
    match scan.chars[at] {
        JOINER => joins_emoji(scan, at) || before.is_some_and(|c| has_script(c, JOINING)),
        '\u{200C}' => {
            both(JOINING)
                || before
                    .is_some_and(|c| canonical_combining_class(c) == 9 && has_script(c, JOINING))
        }
        EMOJI_STYLE | '\u{FE0E}' => before.is_some_and(|base| match base {
            '0'..='9' | '#' | '*' => after == Some('\u{20E3}'),
            other => CodePointSetData::new::<Emoji>().contains(other),
        }),
        '\u{180B}'..='\u{180D}' | '\u{180F}' => before.is_some_and(|c| {
            has_script(c, &[Script::Mongolian])
                && GeneralCategoryGroup::Letter.contains(category(c))
        }),
        '\u{180E}' | '\u{202F}' => both(&[Script::Mongolian]),
        '\u{1680}' => both(&[Script::Ogham]),
        _ => false,
    }
}

/// Whether the joiner at `at` stands between two pictures.
fn joins_emoji(scan: &Scan, at: usize) -> bool {
    let picture = |at: usize| {
        scan.honest(at)
            .is_some_and(|found| CodePointSetData::new::<ExtendedPictographic>().contains(found))
    };
    let modifier = |at: usize| {
        scan.honest(at)
            .is_some_and(|found| CodePointSetData::new::<EmojiModifier>().contains(found))
    };
    let Some(before) = at.checked_sub(1) else { return false };
    let styled =
        scan.honest(before) == Some(EMOJI_STYLE) && before.checked_sub(1).is_some_and(picture);
    (picture(before) || modifier(before) || styled) && picture(at + 1)
}

/// Lets a flag's tags pass; gives how many characters were looked at.
fn excuse_flag(scan: &mut Scan, at: usize) -> usize {
    let is_tag = |found: &char, letter: char| u32::from(*found) == 0xE0000 + u32::from(letter);
    let tags = scan.chars[at + 1..].iter();
    let drawn = FLAGS.iter().any(|flag| {
        let mut tags = tags.clone();
        flag.chars().chain(['\u{7F}']).all(|letter| tags.next().is_some_and(|t| is_tag(t, letter)))
    });
    if !drawn {
        return 1;
    }
    let end = at + 7;
    (at + 1..end).for_each(|tag| scan.excuse(tag));
    end - at
}

/// Lets ideographic spaces or two-dot leaders pass within ideographic text; gives how many there
/// are in a row.
fn excuse_ideographic(scan: &mut Scan, at: usize) -> usize {
    let found = scan.chars[at];
    let length = scan.chars[at..].iter().take_while(|next| **next == found).count();
    let end = at + length;
    let side = |at: Option<usize>| match at {
        None => Side::Open,
        Some(at) if at >= scan.chars.len() => Side::Open,
        Some(at) => match scan.honest(at) {
            Some('\n' | '\r') => Side::Open,
            Some(other) if is_ideographic(other) => Side::Ideographic,
            Some(other) if other.is_ascii_digit() => Side::Open,
            Some(_) | None => Side::Other,
        },
    };
    let sides = [side(at.checked_sub(1)), side(Some(end))];
    if sides.contains(&Side::Ideographic) && !sides.contains(&Side::Other) {
        (at..end).for_each(|place| scan.excuse(place));
    }
    length
}

#[derive(PartialEq, Eq)]
enum Side {
    Ideographic,
    /// The end of a line or a digit, which says nothing.
    Open,
    Other,
}

/// Whether `found` is of one of `scripts`; a character of all scripts is of none.
fn has_script(found: char, scripts: &[Script]) -> bool {
    let extension = found.script_extension();
    !extension.is_common()
        && !extension.is_inherited()
        && scripts.iter().any(|script| extension.contains_script(*script))
}
