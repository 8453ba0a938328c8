//! What the guard would decide, and why; runs nothing.

use crate::rules;
use crate::{AgentError, Folders, Settings};
use countersign_guard::{
    Action, GuardError, KeptRule, PolicySettings, Supervisor, Verdict, Workspace,
};
use countersign_protocol::RuleId;
use countersign_store::Store;
use countersign_tools::{Proposal, ToolError};
use serde_json::Value;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use tokio_util::sync::CancellationToken;

/// What would be decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// `allow`, `ask`, `deny` or `error`.
    pub decision: &'static str,
    /// Why, in words.
    pub reason: String,
    /// The rule that decided, in short.
    pub rule: String,
    /// The person's own rules among what decided.
    pub rule_ids: Vec<RuleId>,
    /// The shell text that would be started, for a command that is allowed.
    pub runs: Option<String>,
    /// The folder of the workspace that a leading `cd` names, where it would run there.
    pub folder: Option<String>,
}

/// A question to the guard.
#[derive(Clone, Debug)]
pub struct Check {
    /// The tool.
    pub tool: String,
    /// Its arguments.
    pub args: Value,
}

/// Answers many questions; folders are opened once.
pub struct Checker {
    folders: Folders,
    opened: HashMap<PathBuf, Opened>,
}

struct Opened {
    workspace: Workspace,
    rules: Vec<KeptRule>,
    /// The same folder under the policies that were asked for last.
    under: Vec<(PolicySettings, Workspace)>,
}

/// Policies of one folder that are kept ready.
const MAX_KEPT: usize = 64;

impl Checker {
    /// A checker that knows the program's own folders, which no workspace may hold.
    #[must_use]
    pub fn new(folders: Folders) -> Self {
        Self { folders, opened: HashMap::new() }
    }

    /// What would be decided in that workspace under those settings.
    pub fn judge(
        &mut self,
        workspace: &Path,
        settings: &Settings,
        check: &Check,
    ) -> Result<Judgement, AgentError> {
        let workspace = self.workspace(workspace, settings)?;
        // What a search would find is not asked: it ends before it begins.
        let stopped = CancellationToken::new();
        stopped.cancel();
        let view = workspace.view().until(stopped);
        let action = match countersign_tools::propose(&check.tool, &check.args, &view) {
            Ok(Proposal::Answer(_)) => {
                return Ok(answer(
                    "allow",
                    "Looking inside the workspace is free.",
                    "inside the workspace",
                ));
            }
            Ok(Proposal::Act(action)) => action,
            Ok(Proposal::Reach(access)) => Action::Reach(access),
            Err(error) => return Ok(refused(&error)),
        };
        Ok(match workspace.decide(action) {
            Verdict::Allow { approved, rule, by } => {
                let (runs, folder) = match approved.action() {
                    Action::Exec(exec) => {
                        (Some(exec.runs().to_owned()), exec.runs_in().map(str::to_owned))
                    }
                    Action::Write(_) | Action::Edit(_) | Action::Reach(_) => (None, None),
                };
                Judgement {
                    runs,
                    folder,
                    rule_ids: by,
                    ..answer("allow", &format!("Allowed by {rule}."), &rule)
                }
            }
            Verdict::Ask { reasons, .. } => {
                answer("ask", &reasons.join(" "), reasons.first().map_or("asks", String::as_str))
            }
            Verdict::Deny { rule } => answer("deny", &format!("Denied by the rule {rule}."), &rule),
        })
    }

    /// The folder under the settings' policy; opened once, by handle.
    fn workspace(&mut self, path: &Path, settings: &Settings) -> Result<&Workspace, AgentError> {
        if !self.opened.get(path).is_some_and(|opened| opened.workspace.in_place()) {
            let supervisor = Supervisor::this_program()
                .map_err(|error| AgentError::system("this program cannot be found", error))?;
            let workspace = Workspace::open(
                path,
                &self.folders.private(),
                settings.policy(Vec::new()),
                supervisor,
                settings.pass_through.clone(),
            )
            .map_err(AgentError::Workspace)?;
            let rules = match Store::open_existing(self.folders.data())? {
                None => Vec::new(),
                Some(store) => rules::kept(
                    store.rules_in_force(&workspace.path().display().to_string(), None)?,
                ),
            };
            let opened = Opened { workspace, rules, under: Vec::new() };
            self.opened.insert(path.to_owned(), opened);
        }
        let opened = self.opened.get_mut(path).ok_or_else(|| {
            AgentError::system("the workspace", std::io::ErrorKind::NotFound.into())
        })?;
        let same = |(kept, _): &(PolicySettings, Workspace)| settings.is_policy(kept);
        let place = if let Some(place) = opened.under.iter().position(same) {
            place
        } else {
            if opened.under.len() >= MAX_KEPT {
                opened.under.clear();
            }
            let policy = settings.policy(opened.rules.clone());
            let kept = policy.settings().clone();
            opened.under.push((kept, opened.workspace.under(policy)));
            opened.under.len() - 1
        };
        Ok(&opened.under[place].1)
    }
}

fn answer(decision: &'static str, reason: &str, rule: &str) -> Judgement {
    Judgement {
        decision,
        reason: reason.to_owned(),
        rule: rule.to_owned(),
        rule_ids: Vec::new(),
        runs: None,
        folder: None,
    }
}

/// A refusal of the guard's is a denial; whatever else a tool cannot do is an error of its own.
fn refused(error: &ToolError) -> Judgement {
    let reason = error.to_string();
    let rule = match error {
        ToolError::Guard(GuardError::LeadsOut(_)) => "links never lead out",
        ToolError::Guard(GuardError::Pseudo(_)) => "pseudo file systems are never opened",
        ToolError::Guard(GuardError::Forbidden { .. }) => "a rule of the workspace",
        ToolError::Guard(
            GuardError::BadPath(_)
            | GuardError::NotFound(_)
            | GuardError::WrongKind(_)
            | GuardError::Loop(_)
            | GuardError::Stale(_)
            | GuardError::Unreadable(_)
            | GuardError::System(_),
        )
        | ToolError::Unknown { .. }
        | ToolError::Arguments { .. } => {
            return answer("error", &reason, "the tool itself refuses");
        }
    };
    answer("deny", &reason, rule)
}
