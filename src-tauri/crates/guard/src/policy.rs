//! The policy: settings, and the rules that the person made. It looks at every part of an action
//! before it answers; deny goes over ask, and ask over allow.

use crate::action::{Action, ExecAction, FileChange, Target};
use crate::command::{self, Facts, Pattern};
use crate::names::Sensitivity;
use crate::tighten::Tightening;
use countersign_protocol::{EditScope, ExecSecurity, FileApproval, PolicySummary};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Settings of a policy.
#[derive(Clone, Debug)]
pub struct PolicySettings {
    /// What decides over commands.
    pub exec_security: ExecSecurity,
    /// What decides over writes and edits.
    pub file_approval: FileApproval,
    /// Patterns of commands that run under `allowlist`.
    pub allow: Vec<Pattern>,
    /// Whether commands are confined by the operating system.
    pub confine: bool,
    /// Whether commands reach the network.
    pub network: bool,
}

impl Default for PolicySettings {
    fn default() -> Self {
        Self {
            exec_security: ExecSecurity::default(),
            file_approval: FileApproval::default(),
            allow: Vec::new(),
            confine: false,
            network: true,
        }
    }
}

/// A rule that the person made on a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Commands that the pattern covers run.
    Command(Pattern),
    /// Edits of this file (absolute) are made.
    EditFile(PathBuf),
    /// Edits of ordinary files of the workspace are made.
    EditWorkspace,
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

/// What is made of an action, before an approval is minted.
pub(crate) enum Judged {
    Allow(String),
    Ask(Vec<String>),
    Deny(String),
}

/// Settings and rules in force for one session.
#[derive(Debug)]
pub struct Policy {
    settings: PolicySettings,
    tightening: Tightening,
    rules: Mutex<Vec<Rule>>,
}

impl Policy {
    /// A policy with the lasting rules that were made before.
    #[must_use]
    pub fn new(settings: PolicySettings, lasting: Vec<Rule>) -> Self {
        Self { settings, tightening: Tightening::default(), rules: Mutex::new(lasting) }
    }

    /// The same, tightened by what the workspace brings.
    #[must_use]
    pub fn tightened(mut self, tightening: Tightening) -> Self {
        self.tightening = tightening;
        self
    }

    /// The settings in force.
    #[must_use]
    pub fn settings(&self) -> &PolicySettings {
        &self.settings
    }

    /// The settings in the form that a session records.
    #[must_use]
    pub fn summary(&self) -> PolicySummary {
        PolicySummary {
            exec_security: self.settings.exec_security,
            file_approval: self.settings.file_approval,
            confine: self.settings.confine,
            allow: self.settings.allow.iter().map(ToString::to_string).collect(),
        }
    }

    /// Remembers a rule until the session ends.
    pub fn remember(&self, rule: Rule) {
        let mut rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        if !rules.contains(&rule) {
            rules.push(rule);
        }
    }

    fn has(&self, wanted: &Rule) -> bool {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner).contains(wanted)
    }

    /// The patterns that count now: the person's own always, the configured ones under `allowlist`.
    fn patterns<'a>(&'a self, rules: &'a [Rule]) -> Vec<&'a Pattern> {
        let own = rules.iter().filter_map(|rule| match rule {
            Rule::Command(pattern) => Some(pattern),
            Rule::EditFile(_) | Rule::EditWorkspace => None,
        });
        let configured = (self.settings.exec_security == ExecSecurity::Allowlist)
            .then_some(&self.settings.allow)
            .into_iter()
            .flatten();
        own.chain(configured).collect()
    }

    pub(crate) fn judge(&self, action: &mut Action, facts: &dyn Facts, workspace: &Path) -> Judged {
        match action {
            Action::Write(change) | Action::Edit(change) => self.judge_change(change, workspace),
            Action::Exec(exec) => self.judge_exec(exec, facts),
            Action::Reach(access) => match self.tightening.path(&access.resolved, workspace) {
                Some(crate::tighten::Tightened::Deny(rule)) => Judged::Deny(rule),
                Some(crate::tighten::Tightened::Ask(_)) | None => {
                    Judged::Ask(access.reasons.clone())
                }
            },
        }
    }

    fn judge_change(&self, change: &FileChange, workspace: &Path) -> Judged {
        let resolved = change.resolved(workspace);
        let mut reasons = Vec::new();
        match self.tightening.path(&resolved, workspace) {
            Some(crate::tighten::Tightened::Deny(rule)) => return Judged::Deny(rule),
            Some(crate::tighten::Tightened::Ask(rule)) => {
                reasons.push(format!("The workspace's rule {rule} says that it asks."));
            }
            None => {}
        }
        if matches!(change.target, Target::Outside { .. }) {
            reasons.push("It is OUTSIDE the workspace.".to_owned());
        }
        match change.sensitivity {
            Sensitivity::Ordinary => {}
            Sensitivity::Sensitive(why) => {
                reasons.push(format!("It is a sensitive file. {why}"));
            }
            Sensitivity::Secret(why) => reasons.push(format!("It may be a secret. {why}")),
        }
        if change.through_link {
            reasons
                .push(format!("{} is a link; what is written is {}.", change.asked, change.path));
        }
        if let Some(base) = &change.base
            && base.links > 1
        {
            reasons.push(format!(
                "The file has {} names (hard links); the others keep the old content.",
                base.links
            ));
        }
        if change.text.binary {
            reasons
                .push("The file is binary now; the diff shows only a likeness of it.".to_owned());
        }
        if !reasons.is_empty() {
            return Judged::Ask(reasons);
        }
        if self.settings.file_approval == FileApproval::None {
            return Judged::Allow("file_approval = none".to_owned());
        }
        if self.has(&Rule::EditFile(resolved)) {
            return Judged::Allow(format!("accept edits to {}", change.path));
        }
        if self.has(&Rule::EditWorkspace) {
            return Judged::Allow("accept edits in this workspace".to_owned());
        }
        Judged::Ask(vec!["Writes and edits always ask.".to_owned()])
    }

    fn judge_exec(&self, exec: &mut ExecAction, facts: &dyn Facts) -> Judged {
        let read = {
            let rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
            command::judge_action(exec, &self.patterns(&rules), facts)
        };
        let mut reasons = Vec::new();
        match self.tightening.command(&exec.command, &read.words) {
            Some(crate::tighten::Tightened::Deny(rule)) => return Judged::Deny(rule),
            Some(crate::tighten::Tightened::Ask(rule)) => {
                reasons.push(format!("The workspace's rule {rule} says that it asks."));
            }
            None => {}
        }
        reasons.extend(read.always_asks);
        exec.judged = read.judged;
        if !reasons.is_empty() {
            exec.judged.from_parse = None;
            return Judged::Ask(reasons);
        }
        if let Some(rule) = read.allowed_by {
            return Judged::Allow(rule);
        }
        exec.judged.from_parse = None;
        match self.settings.exec_security {
            ExecSecurity::AllowAlways => Judged::Allow("exec_security = allow-always".to_owned()),
            ExecSecurity::ApprovalAlways => Judged::Ask(vec!["Commands always ask.".to_owned()]),
            ExecSecurity::Allowlist => Judged::Ask(read.asks),
        }
    }
}
