//! Words that mix scripts, in the sense of Unicode Technical Standard 39.
//!
//! A word ends at punctuation, symbols and blanks. Chinese, Japanese and Korean are written without
//! blanks, so their letters and those of other scripts beside them count as two words.

use icu_properties::props::{GeneralCategory, GeneralCategoryGroup};
use unicode_script::{Script, UnicodeScript as _};
use unicode_security::mixed_script::AugmentedScriptSet;

use super::Scan;
use super::kind::Kind;
use super::lone::category;

/// Marks the letters that are not of the script which most of their word is written in.
pub(super) fn mark_mixed(scan: &mut Scan) {
    let mut word: Vec<Letter> = Vec::new();
    // Most words are ASCII, and these mix nothing.
    let mut plain = true;
    for at in 0..scan.chars.len() {
        let found = scan.chars[at];
        match role(found, scan.found[at]) {
            Role::Letter(set) => {
                let ideographic = is_ideographic(&set);
                if word.first().is_some_and(|first| is_ideographic(&first.set) != ideographic) {
                    finish(scan, &mut word, &mut plain);
                }
                plain &= found.is_ascii();
                word.push(Letter { at, set });
            }
            Role::Within => {}
            Role::End => finish(scan, &mut word, &mut plain),
        }
    }
    finish(scan, &mut word, &mut plain);
}

/// A letter that tells a script.
struct Letter {
    at: usize,
    set: AugmentedScriptSet,
}

/// What a character is to the word around it.
enum Role {
    Letter(AugmentedScriptSet),
    /// Part of it, and of no script in particular.
    Within,
    End,
}

fn role(found: char, verdict: Option<Kind>) -> Role {
    match verdict {
        // What is not seen does not divide a word.
        Some(Kind::Invisible | Kind::Selector | Kind::Tag | Kind::Direction | Kind::Pile) => {
            return Role::Within;
        }
        Some(_) => return Role::End,
        None => {}
    }
    if found.is_ascii() {
        return match found {
            'a'..='z' | 'A'..='Z' => Role::Letter(found.into()),
            '0'..='9' => Role::Within,
            _ => Role::End,
        };
    }
    let (category, script) = (category(found), found.script());
    if category == GeneralCategory::ModifierLetter {
        // Raised and lowered letters are written beside those of any script.
        let raised = matches!(script, Script::Latin | Script::Greek | Script::Cyrillic);
        if raised { Role::Within } else { of_script(found) }
    } else if GeneralCategoryGroup::Mark.contains(category) {
        let any = matches!(script, Script::Inherited | Script::Common);
        if any { Role::Within } else { of_script(found) }
    } else if GeneralCategoryGroup::Letter.contains(category)
        || GeneralCategoryGroup::Number.contains(category)
    {
        of_script(found)
    } else {
        Role::End
    }
}

fn of_script(found: char) -> Role {
    let set = AugmentedScriptSet::from(found);
    if set.is_all() || set.is_empty() { Role::Within } else { Role::Letter(set) }
}

fn is_ideographic(set: &AugmentedScriptSet) -> bool {
    set.hanb || set.jpan || set.kore
}

/// Judges the word gathered so far and begins the next one.
fn finish(scan: &mut Scan, word: &mut Vec<Letter>, plain: &mut bool) {
    if !*plain && is_mixed(word) && !is_quantity(scan, word) {
        let keeps = prevailing(word);
        for letter in word.iter().filter(|letter| !keeps.holds(&letter.set)) {
            scan.mark(letter.at, Kind::MixedScript);
        }
    }
    word.clear();
    *plain = true;
}

fn is_mixed(word: &[Letter]) -> bool {
    let mut common = AugmentedScriptSet::default();
    for letter in word {
        common.intersect_with(letter.set);
    }
    common.is_empty()
}

/// Units and formulas as `μs`, `kΩ` and `Δt`: Greek letters that pass for no Latin ones, beside at
/// most three Latin letters.
fn is_quantity(scan: &Scan, word: &[Letter]) -> bool {
    let mut latin = 0;
    word.iter().all(|letter| match scan.chars[letter.at] {
        'Γ' | 'Δ' | 'Θ' | 'Λ' | 'Ξ' | 'Π' | 'Σ' | 'Φ' | 'Ψ' | 'Ω' | '\u{2126}' | 'δ' | 'θ'
        | 'λ' | 'μ' | 'ξ' | 'π' | 'φ' | 'ψ' => true,
        found if found.script() == Script::Latin => {
            latin += 1;
            latin <= 3
        }
        _ => false,
    })
}

/// A writing system that a word is in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Writing {
    One(Script),
    Japanese,
    Korean,
    HanWithBopomofo,
}

impl Writing {
    fn holds(self, set: &AugmentedScriptSet) -> bool {
        match self {
            Self::One(script) => set.base.contains_script(script),
            Self::Japanese => set.jpan,
            Self::Korean => set.kore,
            Self::HanWithBopomofo => set.hanb,
        }
    }
}

/// The writing system of most of the word's letters; of Latin and another one, equally used, Latin.
fn prevailing(word: &[Letter]) -> Writing {
    let mut counts: Vec<(Writing, usize)> = vec![(Writing::One(Script::Latin), 0)];
    for letter in word {
        let whole = [
            (letter.set.jpan, Writing::Japanese),
            (letter.set.kore, Writing::Korean),
            (letter.set.hanb, Writing::HanWithBopomofo),
        ];
        let of = whole.into_iter().filter_map(|(is, writing)| is.then_some(writing));
        for writing in of.chain(letter.set.base.iter().map(Writing::One)) {
            match counts.iter_mut().find(|(known, _)| *known == writing) {
                Some((_, count)) => *count += 1,
                None => counts.push((writing, 1)),
            }
        }
    }
    let mut best = (Writing::One(Script::Latin), 0);
    for (writing, count) in counts {
        if count > best.1 {
            best = (writing, count);
        }
    }
    best.0
}
