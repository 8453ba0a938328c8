//! Facts about the workspace's files, by handle, for the rules of commands.

use crate::command::{Facts, PathFact};
use crate::exec;
use crate::fingerprint::Fingerprint;
use crate::names::{Sensitivity, classify};
use crate::resolve::{Inside, Located, locate};
use crate::view::View;
use rustix::fs::FileType;
use std::path::{Path, PathBuf};

/// Facts through a view's handle.
pub(crate) struct HandleFacts<'a>(&'a View);

impl<'a> HandleFacts<'a> {
    pub(crate) fn new(view: &'a View) -> Self {
        Self(view)
    }
}

impl Facts for HandleFacts<'_> {
    fn path(&self, folder: &Path, word: &str) -> PathFact {
        let Ok(below) = folder.strip_prefix(self.0.root.real()) else { return PathFact::Out };
        match locate(&self.0.root, below, word) {
            Ok(Located::Inside(Inside { relative, object, .. })) => {
                for name in [relative.to_string_lossy().as_ref(), word] {
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
            Ok(Located::Outside(_)) => PathFact::Out,
            // What cannot be a path names nothing; what could be one and is refused leads out.
            Err(crate::GuardError::BadPath(_) | crate::GuardError::WrongKind(_)) => {
                PathFact::Absent
            }
            Err(_) => PathFact::Out,
        }
    }

    fn operands(&self, folder: &Path, words: &[String]) -> Vec<(PathBuf, Fingerprint)> {
        exec::operands(self.0, folder, words)
    }

    fn workspace(&self) -> &Path {
        self.0.root.real()
    }
}
