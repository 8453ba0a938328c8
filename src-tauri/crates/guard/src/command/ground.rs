//! The ground that a command stands on: its folder, and what the words mean there as paths.

use super::{Effort, Facts, Look, PathFact};
use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::path::PathBuf;

/// A folder, and what is known of the paths seen from it.
pub(super) struct Ground<'a> {
    pub(super) facts: &'a dyn Facts,
    pub(super) folder: PathBuf,
    known: RefCell<HashMap<String, PathFact>>,
    repository: OnceCell<Result<(), String>>,
}

impl<'a> Ground<'a> {
    pub(super) fn new(facts: &'a dyn Facts, folder: PathBuf) -> Self {
        Self { facts, folder, known: RefCell::default(), repository: OnceCell::new() }
    }

    /// What a word is as a path. An error where too many were asked for.
    pub(super) fn path(&self, word: &str) -> Result<PathFact, String> {
        self.spend(1 + word.len() / 32)?;
        if let Some(known) = self.known.borrow().get(word) {
            return Ok(*known);
        }
        self.spend(Effort::NAME)?;
        let fact = self.facts.path(&self.folder, word);
        // What is told of a path without looking to its end is nothing to go by.
        self.spend(0)?;
        self.known.borrow_mut().insert(word.to_owned(), fact);
        Ok(fact)
    }

    /// Takes steps of what the decision may cost.
    pub(super) fn spend(&self, steps: usize) -> Result<(), String> {
        self.facts.effort().within(steps, || "look up all that it names".to_owned())
    }

    /// Refuses a path that leads out, or is a secret, or is sensitive where `reads` is not set.
    pub(super) fn check(&self, path: &str, reads: bool) -> Result<(), String> {
        match self.path(path)? {
            PathFact::Secret(why) => Err(format!("{path} looks like a secret ({why})")),
            PathFact::Sensitive(why) if !reads => {
                Err(format!("{path} is a sensitive file ({why})"))
            }
            PathFact::Ruled => Err(format!("{path} is covered by a rule of the workspace.")),
            PathFact::Out => Err(format!("{path} leads out of the workspace.")),
            PathFact::Absent | PathFact::File | PathFact::Other | PathFact::Sensitive(_) => Ok(()),
        }
    }

    /// Refuses a word if anything in it that a program might take for a path is refused: itself, an
    /// option's value, what stands after or between `=`, `:`, `,` and `@`.
    pub(super) fn check_all(&self, word: &str, reads: bool) -> Result<(), String> {
        let check = |part: &str| {
            if part.trim().is_empty() { Ok(()) } else { self.check(part, reads) }
        };
        check(word)?;
        check(word.strip_prefix('+').unwrap_or_default())?;
        if let Some(rest) = word.strip_prefix('-').filter(|rest| !rest.starts_with('-')) {
            let mut letters = rest.chars();
            letters.next();
            check(letters.as_str())?;
            let at_end = rest.len().checked_sub(2).filter(|_| rest.ends_with(".."));
            if let Some(up) = rest.find("../").or(at_end) {
                check(rest.get(up..).unwrap_or_default())?;
            }
            check(self.behind_letters(rest)?)?;
        }
        // An address on the web names no file; what it is asked for may.
        let web = ["http://", "https://"].iter().find_map(|scheme| word.strip_prefix(scheme));
        let mut rest = web.unwrap_or(word);
        while let Some(at) = rest.find(['=', ':', ',', '@']) {
            check(rest.get(..at).unwrap_or_default())?;
            rest = rest.get(at + 1..).unwrap_or_default();
            check(rest)?;
        }
        Ok(())
    }

    /// The value that may stand behind a bundle of letters: `/etc/x` of `-xf/etc/x`, `.env` of
    /// `-xf.env`; empty where none does. `-isrc/x` has a letter and a folder of the workspace.
    fn behind_letters<'w>(&self, rest: &'w str) -> Result<&'w str, String> {
        const MAX_BUNDLE: usize = 3;
        let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (bundle, value) = rest.split_at_checked(letters).unwrap_or_default();
        let folder = bundle.get(1..).unwrap_or_default();
        let own = match value.chars().next() {
            Some('/') => folder.len() < 2 || self.path(folder)? != PathFact::Other,
            Some('.') => letters <= MAX_BUNDLE,
            _ => false,
        };
        Ok(if own { value } else { "" })
    }

    /// Refuses a folder or file below which a secret, or where `look` says so a link that leads
    /// out, would be read.
    pub(super) fn check_below(&self, path: &str, look: &Look<'_>) -> Result<(), String> {
        match self.facts.below(&self.folder, path, look) {
            Ok(None) => Ok(()),
            Ok(Some(found)) => Err(format!("it would read {found}, below {path}.")),
            Err(why) => Err(why),
        }
    }

    /// Refuses a folder whose repository could make git run a program.
    pub(super) fn check_repository(&self) -> Result<(), String> {
        self.repository.get_or_init(|| self.facts.repository(&self.folder)).clone()
    }
}
