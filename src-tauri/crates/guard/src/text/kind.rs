//! The kinds of deceit, and the words for them.

use unicode_script::UnicodeScript as _;

/// What opens a mark.
pub(super) const OPEN: char = '⟨';

/// Why a character is not shown as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Direction,
    Escape,
    Control,
    CarriageReturn,
    MixedScript,
    LookAlike,
    FullWidth,
    Tag,
    Invisible,
    Selector,
    Blank,
    LineSeparator,
    BlankRun,
    EmptyLines,
    Pile,
    PrivateUse,
    Unassigned,
    LineBreak,
    Tab,
    /// The text's own bracket where it would look like a mark; no deceit.
    Bracket,
}

impl Kind {
    /// All of them, the gravest first, in the order of their declaration.
    pub(super) const ALL: [Self; 20] = [
        Self::Direction,
        Self::Escape,
        Self::Control,
        Self::CarriageReturn,
        Self::MixedScript,
        Self::LookAlike,
        Self::FullWidth,
        Self::Tag,
        Self::Invisible,
        Self::Selector,
        Self::Blank,
        Self::LineSeparator,
        Self::BlankRun,
        Self::EmptyLines,
        Self::Pile,
        Self::PrivateUse,
        Self::Unassigned,
        Self::LineBreak,
        Self::Tab,
        Self::Bracket,
    ];

    /// The words for a warning; `None` where none is due.
    pub(super) const fn label(self) -> Option<&'static str> {
        Some(match self {
            Self::Direction => "character that changes the direction of text",
            Self::Escape => "terminal escape character",
            Self::Control => "control character",
            Self::CarriageReturn => "carriage return without a line feed",
            Self::MixedScript => "letter of another script within a word",
            Self::LookAlike => "look-alike of a slash, backslash or dot",
            Self::FullWidth => "fullwidth Latin letter",
            Self::Tag => "invisible tag character",
            Self::Invisible => "invisible character",
            Self::Selector => "stray variation selector",
            Self::Blank => "blank other than the space",
            Self::LineSeparator => "unusual line separator",
            Self::BlankRun => "long run of blanks with text after it",
            Self::EmptyLines => "long run of empty lines with text after it",
            Self::Pile => "combining mark on a pile of others",
            Self::PrivateUse => "private-use character",
            Self::Unassigned => "unassigned character",
            Self::LineBreak => "line break in a name",
            Self::Tab => "tab in a name",
            Self::Bracket => return None,
        })
    }

    /// Whether adjoining characters of this kind are one finding and get one mark.
    pub(super) const fn is_run(self) -> bool {
        matches!(self, Self::BlankRun | Self::EmptyLines)
    }
}

/// The words for `found` in its mark.
pub(super) fn name(found: char, kind: Kind) -> String {
    if kind == Kind::MixedScript {
        return found.script().full_name().replace('_', " ");
    }
    if kind == Kind::FullWidth {
        let letter = u32::from(found).checked_sub(0xFEE0).and_then(char::from_u32);
        return letter.map_or_else(|| "fullwidth".into(), |plain| format!("fullwidth {plain}"));
    }
    known(found)
        .unwrap_or(match kind {
            Kind::Direction => "direction",
            Kind::Escape | Kind::Control | Kind::CarriageReturn => "control",
            Kind::LookAlike => "look-alike",
            Kind::Tag => "tag",
            Kind::Invisible => "invisible",
            Kind::Selector => "variation selector",
            Kind::Blank => "blank",
            Kind::LineSeparator | Kind::LineBreak => "line break",
            Kind::Pile => "combining mark",
            Kind::PrivateUse => "private use",
            Kind::Unassigned => "unassigned",
            Kind::Tab => "tab",
            Kind::MixedScript
            | Kind::FullWidth
            | Kind::BlankRun
            | Kind::EmptyLines
            | Kind::Bracket => "character",
        })
        .to_owned()
}

fn known(found: char) -> Option<&'static str> {
    Some(match found {
        '\0' => "NUL",
        '\u{7}' => "bell",
        '\u{8}' => "backspace",
        '\t' => "tab",
        '\n' => "line feed",
        '\u{B}' => "vertical tab",
        '\u{C}' => "form feed",
        '\r' => "carriage return",
        '\u{1B}' => "ESC",
        '\u{7F}' => "delete",
        '\u{85}' => "next line",
        '\u{9B}' => "CSI",
        '\u{A0}' => "no-break space",
        '\u{AD}' => "soft hyphen",
        '\u{34F}' => "grapheme joiner",
        '\u{61C}' => "Arabic letter mark",
        '\u{115F}' | '\u{1160}' | '\u{3164}' | '\u{FFA0}' => "Hangul filler",
        '\u{2003}' => "em space",
        '\u{2009}' => "thin space",
        '\u{200B}' => "zero-width space",
        '\u{200C}' => "zero-width non-joiner",
        '\u{200D}' => "zero-width joiner",
        '\u{200E}' => "left-to-right mark",
        '\u{200F}' => "right-to-left mark",
        '\u{2028}' => "line separator",
        '\u{2029}' => "paragraph separator",
        '\u{202A}' => "left-to-right embedding",
        '\u{202B}' => "right-to-left embedding",
        '\u{202C}' => "end of embedding",
        '\u{202D}' => "left-to-right override",
        '\u{202E}' => "right-to-left override",
        '\u{2066}' => "left-to-right isolate",
        '\u{2067}' => "right-to-left isolate",
        '\u{2068}' => "first-strong isolate",
        '\u{2069}' => "end of isolate",
        '\u{202F}' => "narrow no-break space",
        '\u{2060}' => "word joiner",
        '\u{2800}' => "braille blank",
        '\u{3000}' => "ideographic space",
        '\u{FEFF}' => "byte order mark",
        '\u{2024}' => "one dot leader",
        '\u{2025}' => "two dot leader",
        '\u{2044}' => "fraction slash",
        '\u{2215}' => "division slash",
        '\u{29F8}' => "big solidus",
        '\u{FF0E}' => "fullwidth full stop",
        '\u{FF0F}' => "fullwidth slash",
        '\u{FF3C}' => "fullwidth backslash",
        _ => return None,
    })
}
