//! Rules that the person made on cards. Each names what it lets through, and carries the id under
//! which it is kept, so that every use of it can be told and counted.

use crate::action::FileChange;
use crate::command::Pattern;
use countersign_protocol::{EditScope, RuleId};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// What a rule lets through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Commands that the pattern covers run.
    Command(Pattern),
    /// Edits of this file (absolute) are made.
    EditFile(PathBuf),
    /// Edits of ordinary files of the workspace are made.
    EditWorkspace,
    /// Looks at this place (absolute) are free. It is kept by handle, so the rule alone opens
    /// nothing.
    Look(PathBuf),
}

impl Rule {
    /// The rule that an edit scope asks for on the card of this change.
    pub(crate) fn edit(scope: EditScope, change: &FileChange, workspace: &Path) -> Self {
        match scope {
            EditScope::File => Self::EditFile(change.resolved(workspace)),
            EditScope::Workspace => Self::EditWorkspace,
        }
    }
}

/// A rule that is to be made, as the person said on the card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleWish {
    /// What it lets through.
    pub rule: Rule,
    /// After how long it ends; none for no end.
    pub expires_in: Option<Duration>,
}

/// A rule in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptRule {
    /// The id under which it is kept.
    pub id: RuleId,
    /// What it lets through.
    pub rule: Rule,
    /// From when on it no longer holds; none for no end.
    pub expires: Option<SystemTime>,
}

impl KeptRule {
    fn holds(&self, now: SystemTime) -> bool {
        self.expires.is_none_or(|end| now < end)
    }
}

/// The rules in force for one session.
#[derive(Debug, Default)]
pub(crate) struct Rulebook {
    rules: Vec<KeptRule>,
}

impl Rulebook {
    pub(crate) fn new(rules: Vec<KeptRule>) -> Self {
        Self { rules }
    }

    fn in_force(&self) -> impl Iterator<Item = &KeptRule> {
        let now = SystemTime::now();
        self.rules.iter().filter(move |kept| kept.holds(now))
    }

    /// The rule that lets this through, if there is one.
    pub(crate) fn find(&self, wanted: &Rule) -> Option<&RuleId> {
        self.in_force().find(|kept| kept.rule == *wanted).map(|kept| &kept.id)
    }

    /// The patterns of commands that run.
    pub(crate) fn patterns(&self) -> impl Iterator<Item = &Pattern> {
        self.in_force().filter_map(|kept| match &kept.rule {
            Rule::Command(pattern) => Some(pattern),
            Rule::EditFile(_) | Rule::EditWorkspace | Rule::Look(_) => None,
        })
    }

    /// The rules whose patterns have these texts.
    pub(crate) fn of_patterns(&self, texts: &[String]) -> Vec<RuleId> {
        self.in_force()
            .filter(|kept| matches!(&kept.rule, Rule::Command(pattern) if texts.contains(&pattern.to_string())))
            .map(|kept| kept.id.clone())
            .collect()
    }

    /// Whether a look that was kept under this id is still free.
    pub(crate) fn has(&self, id: &RuleId) -> bool {
        self.in_force().any(|kept| kept.id == *id)
    }
}
