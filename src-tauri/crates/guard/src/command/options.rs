//! Reads a program's words by its row: which are options, values and operands, and whether a
//! wildcard covers them.

use super::ground::Ground;
use super::lexer::Word;
use super::table::{Operands, Shape};

/// A word, and whether the pattern spells it out.
#[derive(Clone, Copy)]
pub(super) struct Argument<'a> {
    pub(super) text: &'a str,
    pub(super) spelled: bool,
}

/// What was read.
#[derive(Default)]
pub(super) struct Seen<'a> {
    /// Options with their dashes and values.
    pub(super) options: Vec<(String, Option<&'a str>)>,
    pub(super) operands: Vec<Argument<'a>>,
    /// Options that only the pattern knows, with what is attached to them.
    pub(super) unknown: Vec<(String, Option<&'a str>)>,
    /// Whether the pattern spells all the words out.
    pub(super) spelled: bool,
}

impl<'a> Seen<'a> {
    /// Whether one of these options was given.
    pub(super) fn has(&self, names: &[&str]) -> bool {
        self.options.iter().any(|(name, _)| names.contains(&name.as_str()))
    }

    /// The values of these options.
    pub(super) fn values(&self, names: &[&str]) -> impl Iterator<Item = &'a str> {
        self.options
            .iter()
            .filter(|(name, _)| names.contains(&name.as_str()))
            .filter_map(|(_, value)| *value)
    }
}

/// What an option takes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Takes {
    Nothing,
    Value,
    Path,
    Attached,
    /// Two values, in the next two words.
    Two,
}

/// The words after the program, each with whether the pattern spells it out.
pub(super) fn arguments<'a>(words: &'a [Word], spelled: &[bool]) -> Vec<Argument<'a>> {
    let of = |(place, word): (usize, &'a Word)| Argument {
        text: word.text.as_str(),
        spelled: spelled.get(place + 1).copied().unwrap_or(false),
    };
    words.iter().skip(1).enumerate().map(of).collect()
}

/// Whether a wildcard covers the words.
pub(super) fn check(
    words: &[Argument<'_>],
    shape: &Shape,
    ground: &Ground<'_>,
) -> Result<(), String> {
    let single_dash = shape.single_dash;
    let spelled = words.iter().all(|word| word.spelled);
    let seen = Seen { spelled, ..Seen::default() };
    let mut reader = Reader { shape, ground, seen, reads: shape.reads };
    let mut words = words.iter().copied();
    let mut rest = Vec::new();
    while let Some(word) = words.next() {
        if shape.strict && !is_option(word.text) {
            // What follows is for the program that it runs.
            reader.seen.operands.push(word);
            words.try_for_each(|word| ground.check_all(word.text, false))?;
            break;
        }
        if word.text == "--" && !single_dash {
            rest = words.by_ref().collect();
            break;
        }
        if single_dash && word.text == "-args" {
            // What follows is for the program under test.
            words.try_for_each(|word| ground.check_all(word.text, false))?;
            break;
        }
        if word.text.starts_with("--") || (single_dash && is_option(word.text)) {
            reader.long(word, &mut words)?;
        } else if is_option(word.text) {
            reader.letters(word, &mut words)?;
        } else {
            reader.seen.operands.push(word);
        }
    }
    match shape.rest {
        Some(after) if after.operands == Operands::Any && after.options.is_empty() => {
            rest.iter().try_for_each(|word| ground.check_all(word.text, false))?;
        }
        Some(after) => check(&rest, after, ground)?,
        None => reader.seen.operands.append(&mut rest),
    }
    reader.operands()?;
    (shape.also)(&reader.seen, ground)
}

fn is_option(word: &str) -> bool {
    word.len() > 1 && word.starts_with('-')
}

struct Reader<'a, 'g> {
    shape: &'a Shape,
    ground: &'a Ground<'g>,
    seen: Seen<'a>,
    /// Whether all it does is read: not where the pattern spells out what the row does not know.
    reads: bool,
}

impl<'a> Reader<'a, '_> {
    fn long(
        &mut self,
        word: Argument<'a>,
        words: &mut impl Iterator<Item = Argument<'a>>,
    ) -> Result<(), String> {
        self.ground.spend(10)?;
        let (name, value) = match word.text.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (word.text, None),
        };
        let name =
            if self.shape.single_dash { name.replacen("--", "-", 1) } else { name.to_owned() };
        let value = match (self.find(&name), value) {
            (Some(Takes::Nothing), Some(_)) if !self.shape.single_dash => {
                return self.unknown(word, name, value);
            }
            (None, None) if self.shape.single_dash && self.is_numbered(&name) => None,
            (None, value) | (Some(Takes::Two), value @ Some(_)) => {
                return self.unknown(word, name, value);
            }
            (Some(Takes::Two), None) => words.next().and(words.next()).map(|next| next.text),
            (Some(Takes::Path), value) => {
                let value = value.or_else(|| words.next().map(|next| next.text));
                value.map_or(Ok(()), |path| self.ground.check_all(path, self.reads))?;
                value
            }
            (Some(Takes::Value), None) => words.next().map(|next| next.text),
            (Some(Takes::Value | Takes::Attached | Takes::Nothing), value) => value,
        };
        self.seen.options.push((name, value));
        Ok(())
    }

    fn letters(
        &mut self,
        word: Argument<'a>,
        words: &mut impl Iterator<Item = Argument<'a>>,
    ) -> Result<(), String> {
        let letters = &word.text[1..];
        self.ground.spend(2 * letters.len())?;
        if letters.bytes().all(|byte| byte.is_ascii_digit())
            && self.tokens().any(|token| token == "-#")
        {
            return Ok(());
        }
        for (at, letter) in letters.char_indices() {
            let rest = &letters[at + letter.len_utf8()..];
            let takes = u8::try_from(letter).ok().and_then(|letter| self.find_letter(letter));
            let mut value = (!rest.is_empty()).then_some(rest);
            match takes {
                None | Some(Takes::Two) => {
                    return self.unknown(word, format!("-{letter}"), value);
                }
                Some(Takes::Nothing) => {
                    self.seen.options.push((format!("-{letter}"), None));
                    continue;
                }
                Some(Takes::Attached) => {}
                Some(Takes::Value) => value = value.or_else(|| words.next().map(|next| next.text)),
                Some(Takes::Path) => {
                    value = value.or_else(|| words.next().map(|next| next.text));
                    if let Some(path) = value {
                        self.ground.check_all(path, self.reads)?;
                    }
                }
            }
            self.seen.options.push((format!("-{letter}"), value));
            return Ok(());
        }
        Ok(())
    }

    fn tokens(&self) -> impl Iterator<Item = &'static str> {
        self.shape.options.split(' ').chain(self.shape.more.split(' '))
    }

    /// What a long option takes.
    fn find(&self, name: &str) -> Option<Takes> {
        self.tokens().find_map(|token| takes(token.strip_prefix(name)?))
    }

    /// Whether it is a letter that takes a value, and a number right after it (`-l16`).
    fn is_numbered(&self, name: &str) -> bool {
        let letter = name.trim_end_matches(|last: char| last.is_ascii_digit());
        letter.len() == 2 && letter < name && self.find(letter) == Some(Takes::Value)
    }

    /// What a letter takes: by itself, or in a bundle of letters that take nothing.
    fn find_letter(&self, letter: u8) -> Option<Takes> {
        self.tokens().find_map(|token| {
            let token = token.strip_prefix('-').filter(|token| !token.starts_with('-'))?.as_bytes();
            match token {
                [first, b'=' | b'?', ..] => {
                    (*first == letter).then(|| takes(std::str::from_utf8(&token[1..]).ok()?))?
                }
                // Digits in a bundle are letters like others; `#` stands for numbers.
                letters => (letter != b'#' && letters.contains(&letter)).then_some(Takes::Nothing),
            }
        })
    }

    /// A word that no token covers passes if the pattern spells it out.
    fn uncovered(&mut self, word: Argument<'_>) -> Result<(), String> {
        if word.spelled {
            self.reads = false;
            return self.ground.check_all(word.text, self.reads);
        }
        Err(format!("a wildcard does not cover {}.", word.text))
    }

    fn unknown(
        &mut self,
        word: Argument<'a>,
        name: String,
        value: Option<&'a str>,
    ) -> Result<(), String> {
        self.uncovered(word)?;
        self.seen.unknown.push((name, value));
        Ok(())
    }

    fn operands(&self) -> Result<(), String> {
        let operands = &self.seen.operands;
        let path = |operand: &Argument<'_>| {
            if operand.text.is_empty() { Ok(()) } else { self.path(operand.text) }
        };
        let any = |operand: &Argument<'_>| self.ground.check_all(operand.text, self.reads);
        let given = |options: &str| {
            !options.is_empty() && options.split(' ').any(|option| self.seen.has(&[option]))
        };
        match self.shape.operands {
            Operands::Paths => operands.iter().try_for_each(path),
            Operands::OnePath => {
                if let Some(second) = operands.get(1).filter(|second| !second.spelled) {
                    return Err(format!("it would write to {}.", second.text));
                }
                operands.iter().try_for_each(path)
            }
            Operands::Words => Ok(()),
            Operands::Any => operands.iter().try_for_each(any),
            Operands::PatternThenPaths(options) => {
                operands.iter().skip(usize::from(!given(options))).try_for_each(path)
            }
            Operands::PatternThenAny(options) => {
                operands.iter().skip(usize::from(!given(options))).try_for_each(any)
            }
            Operands::Format => operands.iter().try_for_each(|operand| {
                if operand.spelled || operand.text.starts_with('+') {
                    Ok(())
                } else {
                    Err(format!("a wildcard does not cover {}.", operand.text))
                }
            }),
            Operands::None => operands.iter().try_for_each(|operand| {
                if operand.spelled {
                    self.ground.check_all(operand.text, false)
                } else {
                    Err(format!("a wildcard does not cover {}.", operand.text))
                }
            }),
        }
    }

    fn path(&self, operand: &str) -> Result<(), String> {
        self.ground.check(operand, self.reads)
    }
}

/// What the end of a token says.
fn takes(end: &str) -> Option<Takes> {
    match end {
        "" => Some(Takes::Nothing),
        "=" => Some(Takes::Value),
        "=@" => Some(Takes::Path),
        "?" => Some(Takes::Attached),
        "==" => Some(Takes::Two),
        _ => None,
    }
}
