//! The words of one simple command: plain words and quoted literals with blanks between them.

/// A word after quote removal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    /// Whether any part of it was quoted.
    pub(super) quoted: bool,
    /// Whether an unquoted `*` stands in it; only patterns may have one.
    pub(super) star: bool,
}

/// Reads a command, or says why it asks.
pub(super) fn lex(command: &str) -> Result<Vec<Word>, String> {
    let words = read(command, false)?;
    if words.is_empty() {
        return Err("There is nothing to run.".to_owned());
    }
    Ok(words)
}

/// Reads a pattern: as a command, where `*` may stand too.
pub(super) fn lex_pattern(pattern: &str) -> Result<Vec<Word>, String> {
    read(pattern, true)
}

fn read(text: &str, stars: bool) -> Result<Vec<Word>, String> {
    let mut words: Vec<Word> = Vec::new();
    let mut word: Option<Word> = None;
    let mut rest = text.chars();
    while let Some(char) = rest.next() {
        if char == ' ' || char == '\t' {
            words.extend(word.take());
            continue;
        }
        let first = word.is_none();
        let word = word.get_or_insert(Word { text: String::new(), quoted: false, star: false });
        match char {
            '\'' => {
                word.quoted = true;
                single_quoted(&mut rest, &mut word.text)?;
            }
            '"' => {
                word.quoted = true;
                double_quoted(&mut rest, &mut word.text)?;
            }
            '*' if stars => {
                word.star = true;
                word.text.push('*');
            }
            '~' if first || word.text.ends_with(['=', ':']) => {
                return Err("A tilde stands for a folder that the shell chooses.".to_owned());
            }
            '=' if first => {
                return Err(
                    "A word that begins with = means something else in some shells.".to_owned()
                );
            }
            _ if is_plain(char) => word.text.push(char),
            _ => return Err(why_not_plain(char)),
        }
    }
    words.extend(word.take());
    Ok(words)
}

fn single_quoted(rest: &mut std::str::Chars<'_>, text: &mut String) -> Result<(), String> {
    for char in rest.by_ref() {
        match char {
            '\'' => return Ok(()),
            _ if char.is_control() => return Err(control(char)),
            _ => text.push(char),
        }
    }
    Err("A quote is not closed.".to_owned())
}

/// Within double quotes a shell still expands `$`, the backquote, `!` and some backslashes: none of
/// them is read here, but for the two escapes that all shells agree on.
fn double_quoted(rest: &mut std::str::Chars<'_>, text: &mut String) -> Result<(), String> {
    while let Some(char) = rest.next() {
        match char {
            '"' => return Ok(()),
            '\\' => match rest.next() {
                Some(escaped @ ('"' | '\\')) => text.push(escaped),
                _ => return Err("It has a backslash within double quotes.".to_owned()),
            },
            '$' | '`' | '!' => return Err(why_not_plain(char)),
            _ if char.is_control() => return Err(control(char)),
            _ => text.push(char),
        }
    }
    Err("A quote is not closed.".to_owned())
}

fn is_plain(char: char) -> bool {
    char.is_ascii_alphanumeric()
        || "_-./,:+@%=~".contains(char)
        || (!char.is_ascii() && char.is_alphanumeric())
}

fn why_not_plain(char: char) -> String {
    let what = match char {
        '$' => "a variable or a substitution",
        '`' => "a command substitution",
        '|' => "a pipe",
        '&' => "&& or a command in the background",
        ';' => "more than one command",
        '<' | '>' => "a redirection",
        '(' | ')' => "a subshell or a group",
        '{' | '}' => "braces",
        '*' | '?' | '[' | ']' => "an unquoted wildcard",
        '\\' => "a backslash",
        '#' => "a comment",
        '!' | '^' => "a history expansion",
        '\n' | '\r' => "a line break",
        _ if char.is_control() => return control(char),
        _ => return format!("It has the character {char:?} outside quotes."),
    };
    format!("It has {what}, which patterns do not cover.")
}

fn control(char: char) -> String {
    format!("It has the control character U+{:04X}.", u32::from(char))
}

/// The words quoted anew, as they are run: all shells read fully quoted words alike.
pub(super) fn quoted(words: &[Word]) -> String {
    let quote = |word: &Word| format!("'{}'", word.text.replace('\'', r"'\''"));
    words.iter().map(quote).collect::<Vec<_>>().join(" ")
}

/// The words as a person would write them: quoted only where needed.
pub(super) fn plainly(words: &[Word]) -> String {
    let write = |word: &Word| {
        let plain = !word.text.is_empty()
            && word.text.chars().all(is_plain)
            && !word.text.contains(['~', '=']);
        if plain || (word.text.chars().all(is_plain) && !word.text.is_empty() && !word.quoted) {
            word.text.clone()
        } else {
            format!("'{}'", word.text.replace('\'', r#"'"'"'"#))
        }
    };
    words.iter().map(write).collect::<Vec<_>>().join(" ")
}

/// Everything in a command that might be a word, for warnings and for the files that it names. It
/// reads too much rather than too little, and decides nothing that loosens.
pub(super) fn loose_words(command: &str) -> Vec<String> {
    let separators = |char: char| char.is_whitespace() || ";|&()<>`\"'".contains(char);
    let mut words = Vec::new();
    for word in command.split(separators) {
        let word = word.replace('\\', "");
        if word.is_empty() || words.len() >= 4_096 {
            continue;
        }
        if let Some((_, value)) = word.split_once('=')
            && !value.is_empty()
        {
            words.push(value.to_owned());
        }
        words.push(word);
    }
    // Names with blanks: the quoted literals as a whole.
    if let Ok(exact) = read(command, false) {
        words
            .extend(exact.into_iter().filter(|word| word.text.contains(' ')).map(|word| word.text));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(command: &str) -> Option<Vec<String>> {
        lex(command).ok().map(|words| words.into_iter().map(|word| word.text).collect())
    }

    #[test]
    fn plain_and_quoted_words_are_read() {
        assert_eq!(
            texts(" cat\t'a b' \"it's\" x\"y\"'z' "),
            Some(vec!["cat".into(), "a b".into(), "it's".into(), "xyz".into()])
        );
        assert_eq!(texts(r#"echo "\"q\" \\""#), Some(vec!["echo".into(), "\"q\" \\".into()]));
        assert_eq!(texts("echo ''"), Some(vec!["echo".into(), String::new()]));
    }

    #[test]
    fn all_else_is_not_read() {
        for command in [
            "", "  ", "a;b", "a|b", "a&&b", "a&", "a>b", "a<b", "$x", "`x`", "$(x)", "a\nb",
            "a\\ b", "*.rs", "a?", "[a]", "{a,b}", "#x", "!x", "a^b", "~", "~/x", "--x=~/y", "'a",
            "\"a", "\"$x\"", "\"!x\"", "\"\\n\"", "a\u{b}b", "a\u{a0}b", "(a)", "=ls", "a\0b",
            "'a\nb'",
        ] {
            assert_eq!(texts(command), None, "{command:?}");
        }
    }

    #[test]
    fn words_survive_being_quoted_anew() {
        for command in ["cat 'a b'", r#"echo "it's" '"' x=y --o='~'"#, "echo ''"] {
            let words = lex(command).unwrap();
            let again = |text: String| -> Vec<String> {
                lex(&text).unwrap().into_iter().map(|word| word.text).collect()
            };
            let plain: Vec<String> = words.iter().map(|word| word.text.clone()).collect();
            assert_eq!(again(plainly(&words)), plain, "{command}");
        }
        assert_eq!(quoted(&lex(r#"echo "it's""#).unwrap()), r"'echo' 'it'\''s'");
    }
}
