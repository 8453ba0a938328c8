//! Whether a pattern covers a simple command.

use super::ground::Ground;
use super::lexer::{Simple, Word};
use super::options::{self, Argument, arguments};
use super::table::{Covers, Tool, row};
use super::{PathFact, Pattern, find, git};

/// Words that make any program only tell of itself.
const ABOUT: &[&str] = &["--version", "--help", "-v", "-V"];

/// The pattern that covers a simple command, or why none does. `fed` says that it reads what another
/// one prints.
pub(super) fn covered<'a>(
    simple: &Simple,
    fed: bool,
    patterns: &[&'a Pattern],
    ground: &Ground<'_>,
) -> Result<&'a Pattern, String> {
    standing(&simple.words)?;
    if let Some(why) = obeys_input(&simple.words, fed) {
        return Err(why);
    }
    let mut narrower = None;
    for pattern in patterns.iter().filter(|pattern| pattern.matches(&simple.words)) {
        ground.spend(10 + simple.words.len())?;
        match covers(&simple.words, &pattern.spelled(simple.words.len()), ground) {
            Ok(()) => return Ok(pattern),
            Err(why) => {
                narrower.get_or_insert_with(|| {
                    format!("The pattern {pattern} does not cover it: {why}")
                });
            }
        }
    }
    Err(narrower.unwrap_or_else(|| "No pattern covers it.".to_owned()))
}

/// Why a program that a wildcard lets tell of itself would do more: with `-v` alone shells and
/// interpreters go on to do what they are fed, and `env` prints the environment.
fn obeys_input(words: &[Word], fed: bool) -> Option<String> {
    let [program, only] = words else { return None };
    let verbose = matches!(only.text.as_str(), "-v" | "-V");
    let obeys = fed
        && matches!(
            row(&program.text),
            Some(Covers::Wrapper | Covers::Interpreter | Covers::Script(_) | Covers::Nothing)
        );
    let shows = program.text == "env" && only.text == "-v";
    (verbose && (obeys || shows))
        .then(|| format!("{} {} does more than tell its version.", program.text, only.text))
}

/// What must hold whatever a pattern says.
pub(super) fn standing(words: &[Word]) -> Result<(), String> {
    let Some(program) = words.first() else {
        return Err("There is nothing to run.".to_owned());
    };
    if program.quoted {
        return Err("The program's name is quoted.".to_owned());
    }
    if program.text.contains('=') {
        return Err("It begins with an assignment.".to_owned());
    }
    if matches!(row(&program.text), Some(Covers::Builtin)) {
        return Err(format!(
            "{} is a shell's own word, which may change what later commands do.",
            program.text
        ));
    }
    Ok(())
}

/// Whether a pattern that spells some of the words out covers the others too, or why not.
pub(super) fn covers(words: &[Word], spelled: &[bool], ground: &Ground<'_>) -> Result<(), String> {
    let Some(program) = words.first() else {
        return Err("there is nothing to run.".to_owned());
    };
    if let [_, only] = words
        && ABOUT.contains(&only.text.as_str())
    {
        return Ok(());
    }
    let arguments = arguments(words, spelled);
    match row(&program.text) {
        Some(Covers::Shape(shape)) => options::check(&arguments, shape, ground),
        Some(Covers::Subcommands(tool)) => subcommand(&program.text, tool, &arguments, ground),
        Some(Covers::Git) => git::check(&arguments, ground),
        Some(Covers::Words) => Ok(()),
        Some(Covers::Find) => find::check(&arguments, ground),
        Some(Covers::Evaluates) => evaluates(&program.text, &arguments, ground),
        Some(Covers::Script(options)) => script(options, &arguments, ground),
        Some(Covers::Nothing | Covers::Interpreter | Covers::Wrapper | Covers::Builtin) => {
            match arguments.iter().find(|word| !word.spelled) {
                Some(word) => Err(format!(
                    "a wildcard covers nothing for {}, so not {}.",
                    program.text, word.text
                )),
                None => any(&arguments, ground),
            }
        }
        None => any(&arguments, ground),
    }
}

/// Any words that name nothing outside, no secret and no sensitive file.
fn any(words: &[Argument<'_>], ground: &Ground<'_>) -> Result<(), String> {
    words.iter().try_for_each(|word| ground.check_all(word.text, false))
}

fn subcommand(
    program: &str,
    tool: &Tool,
    words: &[Argument<'_>],
    ground: &Ground<'_>,
) -> Result<(), String> {
    let Some(place) = words.iter().position(|word| !word.text.starts_with('-')) else {
        return match words.iter().find(|word| !word.spelled) {
            Some(word) => Err(format!("a wildcard does not cover {}.", word.text)),
            None => any(words, ground),
        };
    };
    let (before, rest) = words.split_at(place);
    for option in before.iter().filter(|option| !option.spelled) {
        let known = |token: &str| {
            token == option.text
                || token.strip_suffix('=').is_some_and(|name| {
                    option.text.strip_prefix(name).is_some_and(|value| value.starts_with('='))
                })
        };
        let letters = option.text.get(1..).unwrap_or_default();
        let bundled = tool.options.split(' ').next().is_some_and(|bundle| {
            !letters.starts_with('-') && letters.chars().all(|letter| bundle.contains(letter))
        });
        if !bundled && !tool.options.split(' ').any(known) {
            return Err(format!("a wildcard does not cover {}.", option.text));
        }
    }
    let Some((name, rest)) = rest.split_first() else { return Ok(()) };
    match tool.subcommand(name.text) {
        Some(known) if known.ordinary || name.spelled => options::check(rest, &known.shape, ground),
        None if name.spelled && rest.iter().all(|word| word.spelled) => any(words, ground),
        _ => Err(format!("a wildcard does not cover {program} {}.", name.text)),
    }
}

/// An existing file of the workspace and its arguments.
fn script(options: &str, words: &[Argument<'_>], ground: &Ground<'_>) -> Result<(), String> {
    let mut unknown = false;
    for (place, word) in words.iter().enumerate() {
        let letters = word.text.strip_prefix('-').unwrap_or_default();
        let tame = |letter: char| options.get(1..).unwrap_or_default().contains(letter);
        if !letters.is_empty() && letters.chars().all(tame) {
            continue;
        }
        if word.text.starts_with('-') {
            if !word.spelled {
                return Err(format!("a wildcard does not cover {}.", word.text));
            }
            ground.check_all(word.text, false)?;
            if word.text == "-m" && words.get(place + 1).is_some_and(|module| module.spelled) {
                // A module that the pattern spells out takes the arguments.
                return any(&words[place + 1..], ground);
            }
            unknown = true;
            continue;
        }
        ground.check(word.text, false)?;
        if !word.spelled && ground.path(word.text)? != PathFact::File {
            return Err(format!("{} is no file of the workspace.", word.text));
        }
        let rest = words.get(place + 1..).unwrap_or_default();
        // Behind an option that is not known here the script may stand elsewhere.
        if unknown && let Some(option) = rest.iter().find(|w| !w.spelled && w.text.starts_with('-'))
        {
            return Err(format!("a wildcard does not cover {}.", option.text));
        }
        return any(rest, ground);
    }
    match words.iter().find(|word| !word.spelled) {
        Some(_) => Err("it names no file, so its program would come from elsewhere.".to_owned()),
        None => Ok(()),
    }
}

/// `printf` and `test`, which some shells let evaluate a word (`-v 'a[$(id)]'`).
fn evaluates(program: &str, words: &[Argument<'_>], ground: &Ground<'_>) -> Result<(), String> {
    for word in words {
        if !word.spelled && (["-v", "-R"].contains(&word.text) || word.text.contains(['$', '`'])) {
            return Err(format!("a wildcard does not cover {} for {program}.", word.text));
        }
    }
    if program == "test" { any(words, ground) } else { Ok(()) }
}
