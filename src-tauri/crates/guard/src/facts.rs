//! Facts about the workspace's files, by handle, for the rules of commands.

use crate::command::{Commands, Effort, Facts, Look, PathFact};
use crate::names::{Sensitivity, classify};
use crate::resolve::{Inside, Located, locate_counted};
use crate::tighten::Tightened;
use crate::view::View;
use crate::{GuardError, below, repository};
use rustix::fs::FileType;
use std::path::{Path, PathBuf};

/// Facts through a view's handle, for one decision.
pub(crate) struct HandleFacts<'a> {
    view: &'a View,
    effort: Effort,
}

impl<'a> HandleFacts<'a> {
    pub(crate) fn new(view: &'a View) -> Self {
        Self { view, effort: Effort::default() }
    }

    /// Whether a shell, which takes `..` after `cd` by name, comes where the kernel comes: before each
    /// `..` that follows a name stands a folder that is there and is no link.
    fn means_the_same_by_name(&self, below: &Path, word: &str) -> bool {
        let names: Vec<&str> = word.split('/').collect();
        (1..names.len()).filter(|&at| names[at] == "..").all(|at| {
            let before = &names[..at];
            let only_up = !word.starts_with('/')
                && before.iter().all(|name| matches!(*name, "" | "." | ".."));
            only_up
                || matches!(
                    self.locate(below, &before.join("/")),
                    Ok(Located::Inside(Inside {
                        object: Some((_, FileType::Directory)),
                        through_link: false,
                        ..
                    }))
                )
        })
    }

    fn below<'p>(&self, folder: &'p Path) -> Option<&'p Path> {
        folder.strip_prefix(self.view.root.real()).ok()
    }

    /// Where a word leads. An error too where that takes longer than a decision may.
    fn locate(&self, below: &Path, word: &str) -> Result<Located, GuardError> {
        if self.effort.is_over() {
            return Err(GuardError::System(format!("it would take too long to look up {word}")));
        }
        let (located, names) = locate_counted(&self.view.root, below, word);
        if self.effort.spend(names * Effort::NAME) {
            located
        } else {
            Err(GuardError::System(format!("it would take too long to look up {word}")))
        }
    }
}

impl Facts for HandleFacts<'_> {
    fn effort(&self) -> &Effort {
        &self.effort
    }

    fn path(&self, folder: &Path, word: &str) -> PathFact {
        let Some(below) = self.below(folder) else { return PathFact::Out };
        // Each name is compared with the table, twice at most.
        self.effort.spend(6 * word.bytes().filter(|&byte| byte == b'/').count() + word.len() / 16);
        match self.locate(below, word) {
            // A program would be led by the kernel, which may come elsewhere.
            Ok(Located::Inside(Inside { by_name: true, object: Some(_), .. })) => PathFact::Out,
            Ok(Located::Inside(Inside { relative, object, through_link, .. })) => {
                let tightening = &self.view.tightening;
                if tightening.name_within(&relative, &self.effort).is_some() {
                    return PathFact::Ruled;
                }
                let real = relative.to_string_lossy();
                // The name as written counts where a link leads elsewhere, or nothing is there.
                let names = [real.as_ref(), word];
                let written =
                    usize::from(through_link || object.is_none() || below != Path::new(""));
                for name in names.iter().take(1 + written) {
                    match classify(name) {
                        Sensitivity::Secret(why) => return PathFact::Secret(why),
                        Sensitivity::Sensitive(why) => return PathFact::Sensitive(why),
                        Sensitivity::Ordinary => {}
                    }
                }
                match object {
                    None => PathFact::Absent,
                    Some((_, FileType::RegularFile)) => PathFact::File,
                    Some(_) => PathFact::Other,
                }
            }
            // What cannot be a path names nothing; what could be one and is refused leads out. A
            // program that takes `..` by name could still make one of it.
            Err(GuardError::BadPath(_) | GuardError::WrongKind(_)) => match classify(word) {
                Sensitivity::Secret(why) => PathFact::Secret(why),
                _ if leaves_by_name(below, word) => PathFact::Out,
                Sensitivity::Sensitive(_) | Sensitivity::Ordinary => PathFact::Absent,
            },
            Ok(Located::Outside(_)) | Err(_) => PathFact::Out,
        }
    }

    fn folder(&self, folder: &Path, word: &str) -> Option<PathBuf> {
        let below = self.below(folder)?;
        match self.locate(below, word) {
            Ok(Located::Inside(Inside {
                relative,
                object: Some((_, FileType::Directory)),
                by_name: false,
                ..
            })) if self.means_the_same_by_name(below, word)
                && !matches!(classify(&relative.to_string_lossy()), Sensitivity::Secret(_)) =>
            {
                Some(self.view.root.real().join(relative))
            }
            _ => None,
        }
    }

    fn below(&self, folder: &Path, word: &str, look: &Look<'_>) -> Result<Option<String>, String> {
        let below = self.below(folder).ok_or("its folder is outside the workspace.")?;
        below::secret(self.view, below, word, look, &self.effort)
    }

    fn repository(&self, folder: &Path) -> Result<(), String> {
        let below = self.below(folder).ok_or("its folder is outside the workspace.")?;
        repository::check(&self.view.root, below, &self.effort)
    }

    fn has_rules(&self) -> bool {
        !self.view.tightening.is_empty()
    }

    fn ruled(&self, commands: &Commands<'_>) -> Option<Tightened> {
        self.view.tightening.command(commands, &self.effort)
    }

    fn forbidden(&self, folder: &Path, word: &str) -> Option<Tightened> {
        let asked = self.below(folder)?.join(word);
        self.view.tightening.forbids(&asked, self.view.root.real(), &self.effort)
    }

    fn tightened(&self, folder: &Path, word: &str) -> Option<Tightened> {
        let below = self.below(folder)?;
        let workspace = self.view.root.real();
        let asked = below.join(word);
        // Past what a decision may cost, what is forbidden is known by its name alone.
        let real = match self.locate(below, word) {
            Ok(Located::Inside(inside)) => workspace.join(&inside.relative),
            Ok(Located::Outside(outside)) => outside.lexical,
            Err(_) => asked.clone(),
        };
        self.view.tightening.both_within(&real, &asked, workspace, &self.effort)
    }

    fn workspace(&self) -> &Path {
        self.view.root.real()
    }
}

/// Whether a relative path goes above the workspace, its `..` taken by name.
fn leaves_by_name(below: &Path, word: &str) -> bool {
    let mut depth = below.components().count();
    word.split('/').any(|name| match name {
        "" | "." => false,
        ".." => depth.checked_sub(1).is_none_or(|up| {
            depth = up;
            false
        }),
        _ => {
            depth += 1;
            false
        }
    })
}
