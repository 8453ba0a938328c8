//! Words of a command that was not read whole, for warnings and for the files that it names.

use super::lexer;

/// Words that are kept; a card for more is read by nobody.
const MAX_WORDS: usize = 4_096;

/// Everything in a command that might be a word. It reads too much rather than too little, and
/// decides nothing that loosens.
pub(crate) fn words(command: &str) -> Vec<String> {
    let separators = |char: char| char.is_whitespace() || ";|&()<>`\"'".contains(char);
    let mut words = Vec::new();
    for word in command.split(separators) {
        let word = word.replace('\\', "");
        if word.is_empty() || words.len() >= MAX_WORDS {
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
    if let Ok(line) = lexer::read(command) {
        let exact = line.commands.into_iter().flat_map(|simple| simple.words);
        words.extend(exact.filter(|word| word.text.contains(' ')).map(|word| word.text));
    }
    words
}
