//! The grammar: plain words and quoted literals, joined by `&&`, `||`, `;` and `|`, with
//! redirections between descriptors 1 and 2 and to `/dev/null`. Nothing else is read.

use crate::text::reveal;
use std::ops::Range;
use std::str::CharIndices;

/// Bytes of a command that a pattern may cover.
pub(super) const MAX_BYTES: usize = 8_192;
/// Simple commands of a command that a pattern may cover.
const MAX_SIMPLE: usize = 50;
/// Characters of a command that a reason repeats.
const MAX_SHOWN: usize = 40;
/// Stands for an unquoted `*` in a pattern's word. No word can hold it: controls are not read.
pub(super) const STAR: char = '\0';

/// A word after quote removal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    /// Whether any part of it was quoted.
    pub(super) quoted: bool,
}

/// A redirection that is harmless wherever it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Redirection {
    /// A descriptor to `/dev/null`.
    Null(u8),
    /// Both to `/dev/null`.
    BothNull,
    /// The first descriptor to where the second goes.
    Same(u8, u8),
}

/// What stands between two simple commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Join {
    And,
    Or,
    Then,
    Pipe,
}

/// A program with its words.
#[derive(Clone, Debug, Default)]
pub(super) struct Simple {
    pub(super) words: Vec<Word>,
    pub(super) redirections: Vec<Redirection>,
    /// Where it stands in the text.
    pub(super) place: Range<usize>,
}

/// A command that was read whole: one `Join` fewer than simple commands.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    pub(super) commands: Vec<Simple>,
    pub(super) joins: Vec<Join>,
}

/// Reads a command, or says which part of it is outside the grammar.
pub(super) fn read(command: &str) -> Result<Line, String> {
    if command.len() > MAX_BYTES {
        return Err(format!("It is longer than {MAX_BYTES} bytes."));
    }
    Lexer::new(command, false).line()
}

/// Reads a pattern: the words of one simple command, in which `*` may stand.
pub(super) fn read_pattern(pattern: &str) -> Result<Vec<Word>, String> {
    if pattern.len() > MAX_BYTES {
        return Err(format!("It is longer than {MAX_BYTES} bytes."));
    }
    let mut line = Lexer::new(pattern, true).line()?;
    match (line.commands.pop(), line.commands.is_empty()) {
        (Some(simple), true) if simple.redirections.is_empty() => Ok(simple.words),
        _ => Err("A pattern is one command without redirections.".to_owned()),
    }
}

struct Lexer<'a> {
    text: &'a str,
    rest: CharIndices<'a>,
    stars: bool,
    /// Whether nothing in the text deceives.
    honest: bool,
    word: Option<Word>,
    simple: Simple,
    line: Line,
}

impl<'a> Lexer<'a> {
    fn new(text: &'a str, stars: bool) -> Self {
        Self {
            text,
            rest: text.char_indices(),
            stars,
            honest: reveal(text).warnings.is_empty(),
            word: None,
            simple: Simple::default(),
            line: Line::default(),
        }
    }

    fn line(mut self) -> Result<Line, String> {
        while let Some((at, char)) = self.rest.next() {
            match char {
                ' ' | '\t' => self.end_word(),
                '|' | ';' | '&' => self.operator(at, char)?,
                '>' => self.redirection(at)?,
                _ => self.character(at, char)?,
            }
        }
        self.end_simple(self.text.len(), "its end")?;
        Ok(self.line)
    }

    fn next_is(&self, wanted: char) -> bool {
        self.rest.as_str().starts_with(wanted)
    }

    /// The text from `at` on, as far as a reason repeats it.
    fn part(&self, at: usize) -> String {
        let rest = self.text.get(at..).unwrap_or_default();
        let mut end = 0;
        for (count, (place, char)) in rest.char_indices().enumerate() {
            // The target of a redirection may stand after a blank.
            let ends = count > 0 && char.is_whitespace() && !(count == 1 && rest.starts_with('<'));
            if count >= MAX_SHOWN || ends || char.is_control() {
                break;
            }
            end = place + char.len_utf8();
        }
        rest.get(..end).unwrap_or_default().to_owned()
    }

    fn end_word(&mut self) {
        self.simple.words.extend(self.word.take());
    }

    fn end_simple(&mut self, at: usize, before: &str) -> Result<(), String> {
        self.end_word();
        let mut simple = std::mem::take(&mut self.simple);
        if simple.words.is_empty() {
            return Err(if self.line.commands.is_empty() && at == self.text.len() {
                "There is nothing to run.".to_owned()
            } else {
                format!("There is nothing to run before {before}.")
            });
        }
        if self.line.commands.len() >= MAX_SIMPLE {
            return Err(format!("It has more than {MAX_SIMPLE} simple commands."));
        }
        simple.place.end = at;
        self.line.commands.push(simple);
        Ok(())
    }

    fn operator(&mut self, at: usize, first: char) -> Result<(), String> {
        let doubled = self.next_is(first);
        let join = match (first, doubled) {
            ('&', true) => Join::And,
            ('|', true) => Join::Or,
            ('|', false) if !self.next_is('&') => Join::Pipe,
            (';', false) => Join::Then,
            ('&', false) if self.next_is('>') => {
                self.end_word();
                self.rest.next();
                if self.next_is('>') {
                    self.rest.next();
                }
                return self.null(at, Redirection::BothNull);
            }
            ('&', false) => {
                return Err(
                    "It has &, which leaves a command running in the background.".to_owned()
                );
            }
            _ => return Err(format!("It has {}, which patterns do not cover.", self.part(at))),
        };
        if doubled {
            self.rest.next();
        }
        let end = at + if doubled { 2 } else { 1 };
        let shown = self.text.get(at..end).unwrap_or_default();
        self.end_simple(at, shown)?;
        self.line.joins.push(join);
        self.simple.place.start = end;
        Ok(())
    }

    /// `>`, with the descriptor that may stand right before it.
    fn redirection(&mut self, at: usize) -> Result<(), String> {
        let number = self.word.as_ref().is_some_and(|word| {
            !word.quoted && !word.text.is_empty() && word.text.bytes().all(|b| b.is_ascii_digit())
        });
        let from = match self.word.take_if(|_| number).as_ref().map(|word| word.text.as_str()) {
            None | Some("1") => 1,
            Some("2") => 2,
            Some(other) => return Err(format!("It redirects descriptor {other}.")),
        };
        self.end_word();
        if self.next_is('&') {
            self.rest.next();
            let to = match self.rest.next() {
                Some((_, '1')) => 1,
                Some((_, '2')) => 2,
                _ => return Err(format!("It has the redirection {}.", self.part(at))),
            };
            return self.whole(at, Redirection::Same(from, to));
        }
        if self.next_is('>') {
            self.rest.next();
        }
        self.null(at, Redirection::Null(from))
    }

    /// Reads `/dev/null`; any other target asks.
    fn null(&mut self, at: usize, redirection: Redirection) -> Result<(), String> {
        while self.next_is(' ') || self.next_is('\t') {
            self.rest.next();
        }
        let Some(after) = self.rest.as_str().strip_prefix("/dev/null") else {
            let target = self.text.len() - self.rest.as_str().len();
            return Err(format!(
                "It has the redirection {} {}, which is a file.",
                self.text.get(at..target).unwrap_or_default().trim(),
                self.part(target)
            ));
        };
        let skipped = self.rest.as_str().len() - after.len();
        self.rest.nth(skipped - 1);
        self.whole(at, redirection)
    }

    /// Takes the redirection if its target ends here.
    fn whole(&mut self, at: usize, redirection: Redirection) -> Result<(), String> {
        match self.rest.as_str().chars().next() {
            None | Some(' ' | '\t' | ';' | '|' | '&' | '<' | '>') => {
                self.simple.redirections.push(redirection);
                Ok(())
            }
            Some(_) => Err(format!("It has the redirection {}.", self.part(at))),
        }
    }

    fn character(&mut self, at: usize, char: char) -> Result<(), String> {
        let first = self.word.is_none();
        let mut word = self.word.take().unwrap_or_default();
        match char {
            '\'' => {
                word.quoted = true;
                self.single_quoted(at, &mut word.text)?;
            }
            '"' => {
                word.quoted = true;
                self.double_quoted(at, &mut word.text)?;
            }
            '*' if self.stars => word.text.push(STAR),
            '~' if first || word.text.ends_with(['=', ':']) => {
                return Err(format!(
                    "It has {}, and the tilde stands for a folder that the shell chooses.",
                    self.part(at)
                ));
            }
            '=' if first
                && !self.rest.as_str().is_empty()
                && !self.rest.as_str().starts_with([' ', '\t']) =>
            {
                return Err(format!(
                    "It has {}: a word that begins with = means something else in some shells.",
                    self.part(at)
                ));
            }
            '^' if !first => word.text.push(char),
            _ if is_plain(char) || (self.honest && is_foreign(char)) => word.text.push(char),
            _ => return Err(self.outside(at, char)),
        }
        self.word = Some(word);
        Ok(())
    }

    fn single_quoted(&mut self, start: usize, text: &mut String) -> Result<(), String> {
        for (_, char) in self.rest.by_ref() {
            match char {
                '\'' => return Ok(()),
                _ if char.is_control() => return Err(control(char)),
                _ => text.push(char),
            }
        }
        Err(format!("The quote that begins at {} is not closed.", self.part(start)))
    }

    /// Within double quotes a shell still expands `$`, the backquote and, where history is on, `!`
    /// before a word: none of them is read. A backslash before anything else stands for itself.
    fn double_quoted(&mut self, start: usize, text: &mut String) -> Result<(), String> {
        while let Some((at, char)) = self.rest.next() {
            match char {
                '"' => return Ok(()),
                '\\' => match self.rest.as_str().chars().next() {
                    Some(escaped @ ('"' | '\\' | '$' | '`')) => {
                        self.rest.next();
                        text.push(escaped);
                    }
                    Some('!') | None => return Err(self.outside(at, char)),
                    Some(_) => text.push('\\'),
                },
                '!' if self.rest.as_str().starts_with([' ', '"', '=']) => text.push('!'),
                '$' if self.rest.as_str().starts_with([' ', '"', '|', ')']) => text.push('$'),
                '$' | '`' | '!' => return Err(self.outside(at, char)),
                _ if char.is_control() => return Err(control(char)),
                _ => text.push(char),
            }
        }
        Err(format!("The quote that begins at {} is not closed.", self.part(start)))
    }

    /// Why a character is outside the grammar, and the part of the text that it begins.
    fn outside(&self, at: usize, char: char) -> String {
        let what = match char {
            '$' if self.next_is('(') => "a command substitution",
            '$' => "a variable or a special quote",
            '`' => "a command substitution",
            '<' => "a redirection",
            '(' | ')' => "a subshell or a group",
            '{' | '}' => "braces",
            '*' | '?' | '[' | ']' => "an unquoted wildcard",
            '\\' => "a backslash",
            '#' => "a comment",
            '!' | '^' => "a history expansion",
            '\n' | '\r' => return "It has a line break.".to_owned(),
            _ if char.is_control() => return control(char),
            _ => return format!("It has the character {char:?} outside quotes."),
        };
        format!("It has {what}, {}, which patterns do not cover.", self.part(at))
    }
}

fn is_plain(char: char) -> bool {
    char.is_ascii_alphanumeric()
        || matches!(char, '_' | '-' | '.' | '/' | ',' | ':' | '+' | '@' | '%' | '=' | '~')
        || (!char.is_ascii() && char.is_alphanumeric())
}

/// What is no shell's business: any character beyond ASCII that is no blank. Whether it deceives is
/// another question.
fn is_foreign(char: char) -> bool {
    !char.is_ascii() && !char.is_whitespace() && !char.is_control()
}

fn control(char: char) -> String {
    format!("It has the control character U+{:04X}.", u32::from(char))
}

/// The words as a person would write them: quoted only where needed.
pub(super) fn plainly(words: &[Word]) -> String {
    let write = |word: &Word| {
        let tame = |text: &str| {
            !text.is_empty() && text.chars().all(is_plain) && !text.starts_with(['~', '='])
        };
        if tame(&word.text) && !word.text.contains("=~") && !word.text.contains(":~") {
            word.text.clone()
        } else {
            quote(&word.text)
        }
    };
    words.iter().map(write).collect::<Vec<_>>().join(" ")
}

/// A word in single quotes: all shells read it alike.
pub(super) fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
#[path = "lexer_tests.rs"]
mod tests;
