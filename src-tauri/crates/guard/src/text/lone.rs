//! What a character is by itself.

use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory};
use icu_properties::{CodePointMapData, CodePointSetData};

use super::Layout;
use super::kind::Kind;

/// Judges `found`, which `next` follows. What some context would excuse is marked here and excused
/// later.
pub(super) fn judge(found: char, next: Option<char>, layout: Layout) -> Option<Kind> {
    match found {
        ' '..='~' => None,
        '\t' => (layout == Layout::Line).then_some(Kind::Tab),
        '\n' => (layout == Layout::Line).then_some(Kind::LineBreak),
        '\r' if layout == Layout::Lines && next == Some('\n') => None,
        '\r' if next == Some('\n') => Some(Kind::LineBreak),
        '\r' => Some(Kind::CarriageReturn),
        '\u{1B}' | '\u{9B}' => Some(Kind::Escape),
        '\0'..='\u{1F}' | '\u{7F}'..='\u{9F}' => Some(Kind::Control),
        '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => {
            Some(Kind::Direction)
        }
        '\u{2028}' | '\u{2029}' => Some(Kind::LineSeparator),
        '\u{E0000}'..='\u{E007F}' => Some(Kind::Tag),
        '\u{180B}'..='\u{180D}'
        | '\u{180F}'
        | '\u{FE00}'..='\u{FE0F}'
        | '\u{E0100}'..='\u{E01EF}' => Some(Kind::Selector),
        // No default-ignorable ones, yet drawn as nothing.
        '\u{2800}' | '\u{FFF9}'..='\u{FFFC}' | '\u{1D159}' => Some(Kind::Invisible),
        '\u{FF21}'..='\u{FF3A}' | '\u{FF41}'..='\u{FF5A}' => Some(Kind::FullWidth),
        other if passes_for_path(other) => Some(Kind::LookAlike),
        other => by_property(other),
    }
}

/// The category that Unicode puts `found` in.
pub(super) fn category(found: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(found)
}

/// Whether it is drawn like a slash, a backslash or one or two dots.
fn passes_for_path(found: char) -> bool {
    matches!(
        found,
        '\u{2024}' // one dot leader
            | '\u{2025}' // two dot leader
            | '\u{FE52}' // small full stop
            | '\u{FF0E}' // fullwidth full stop
            | '\u{1D16D}' // musical augmentation dot
            | '\u{2044}' // fraction slash
            | '\u{2215}' // division slash
            | '\u{2571}' // box drawing diagonal
            | '\u{27CB}' // mathematical rising diagonal
            | '\u{29F8}' // big solidus
            | '\u{2F03}' // radical slash
            | '\u{31D3}' // stroke sp
            | '\u{FF0F}' // fullwidth solidus
            | '\u{1D23A}' // Greek instrumental notation
            | '\u{2572}' // box drawing falling diagonal
            | '\u{27CD}' // mathematical falling diagonal
            | '\u{29F5}' // reverse solidus operator
            | '\u{29F9}' // big reverse solidus
            | '\u{FE68}' // small reverse solidus
            | '\u{FF3C}' // fullwidth reverse solidus
    )
}

fn by_property(found: char) -> Option<Kind> {
    let category = category(found);
    if category == GeneralCategory::SpaceSeparator {
        Some(Kind::Blank)
    } else if category == GeneralCategory::PrivateUse {
        Some(Kind::PrivateUse)
    } else if CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(found) {
        Some(Kind::Invisible)
    } else {
        (category == GeneralCategory::Unassigned).then_some(Kind::Unassigned)
    }
}
