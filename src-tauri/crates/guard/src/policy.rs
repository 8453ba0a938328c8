//! The policy: settings, and the rules that the person made. It looks at every part of an action
//! before it answers; deny goes over ask, and ask over allow.

use crate::action::{Action, ExecAction, FileChange, Target};
use crate::command::{self, Facts, Pattern};
use crate::names::Sensitivity;
use crate::rules::{KeptRule, Rule, Rulebook};
use crate::tighten::{self, Tightened, Tightening};
use countersign_protocol::{ExecSecurity, FileApproval, PolicySummary, RuleId};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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

/// What is made of an action, before an approval is minted.
pub(crate) enum Judged {
    /// What allows it, in words, and the person's own rules among that.
    Allow(String, Vec<RuleId>),
    Ask(Vec<String>),
    Deny(String),
}

/// Settings and rules in force for one session.
#[derive(Debug)]
pub struct Policy {
    settings: PolicySettings,
    tightening: Arc<Tightening>,
    rules: Mutex<Rulebook>,
}

impl Policy {
    /// A policy with the rules that the person made before.
    #[must_use]
    pub fn new(settings: PolicySettings, rules: Vec<KeptRule>) -> Self {
        let rules = Mutex::new(Rulebook::new(rules));
        Self { settings, tightening: Arc::default(), rules }
    }

    /// The same, tightened by what the workspace brings.
    #[must_use]
    pub(crate) fn tightened(mut self, tightening: Arc<Tightening>) -> Self {
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

    /// From now on these rules hold, and no others.
    pub(crate) fn set_rules(&self, rules: Vec<KeptRule>) {
        *self.rulebook() = Rulebook::new(rules);
    }

    pub(crate) fn rulebook(&self) -> MutexGuard<'_, Rulebook> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The patterns that count now: the person's own always, the configured ones under `allowlist`.
    fn patterns<'a>(&'a self, rules: &'a Rulebook) -> Vec<&'a Pattern> {
        let configured = (self.settings.exec_security == ExecSecurity::Allowlist)
            .then_some(&self.settings.allow)
            .into_iter()
            .flatten();
        rules.patterns().chain(configured).collect()
    }

    pub(crate) fn judge(&self, action: &mut Action, facts: &dyn Facts, workspace: &Path) -> Judged {
        match action {
            Action::Write(change) | Action::Edit(change) => self.judge_change(change, workspace),
            Action::Exec(exec) => self.judge_exec(exec, facts),
            Action::Reach(access) => match self.tightening.path(&access.resolved, workspace) {
                Some(Tightened::Deny(rule)) => Judged::Deny(rule),
                Some(Tightened::Ask(_)) | None => Judged::Ask(access.reasons.clone()),
            },
        }
    }

    fn judge_change(&self, change: &FileChange, workspace: &Path) -> Judged {
        let resolved = change.resolved(workspace);
        let mut reasons = Vec::new();
        match self.tightening.both(&resolved, Path::new(&change.asked), workspace) {
            Some(Tightened::Deny(rule)) => return Judged::Deny(rule),
            Some(Tightened::Ask(rule)) => {
                reasons.push(tighten::asks(&rule));
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
            return Judged::Allow("file_approval = none".to_owned(), Vec::new());
        }
        let rules = self.rulebook();
        if let Some(id) = rules.find(&Rule::EditFile(resolved)) {
            return Judged::Allow(format!("accept edits to {}", change.path), vec![id.clone()]);
        }
        if let Some(id) = rules.find(&Rule::EditWorkspace) {
            return Judged::Allow("accept edits in this workspace".to_owned(), vec![id.clone()]);
        }
        Judged::Ask(vec!["Writes and edits always ask.".to_owned()])
    }

    fn judge_exec(&self, exec: &mut ExecAction, facts: &dyn Facts) -> Judged {
        let (read, own) = {
            let rules = self.rulebook();
            let read = command::judge_action(exec, &self.patterns(&rules), facts);
            let own = rules.of_patterns(read.allowed_by.as_deref().unwrap_or_default());
            (read, own)
        };
        let mut reasons = Vec::new();
        for said in read.tightened {
            match said {
                Tightened::Deny(rule) => return Judged::Deny(rule),
                Tightened::Ask(rule) => reasons.push(tighten::asks(&rule)),
            }
        }
        reasons.extend(read.always_asks);
        exec.judged = read.judged;
        if !reasons.is_empty() {
            exec.judged.from_parse = None;
            return Judged::Ask(reasons);
        }
        if let Some(rule) = read.allowed_by {
            return Judged::Allow(rule.join(", "), own);
        }
        exec.judged.from_parse = None;
        match self.settings.exec_security {
            ExecSecurity::AllowAlways => {
                Judged::Allow("exec_security = allow-always".to_owned(), Vec::new())
            }
            ExecSecurity::ApprovalAlways => Judged::Ask(vec!["Commands always ask.".to_owned()]),
            ExecSecurity::Allowlist => Judged::Ask(read.asks),
        }
    }
}
