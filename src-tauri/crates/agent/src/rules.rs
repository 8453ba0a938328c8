//! The person's rules: kept in the store, where every program sees them, and read anew before each
//! decision, so that a rule that was revoked anywhere counts no more.

use crate::{AgentError, Folders};
use countersign_guard::command::Pattern;
use countersign_guard::text::reveal_line;
use countersign_guard::{Action, KeptRule, Rule, RuleWish, Workspace};
use countersign_protocol::{Decision, RuleGrant, RuleId, RuleRecord, SessionId};
use countersign_store::{NewRule, Store, StoreError};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// The rules of one workspace as one session sees them.
pub(crate) struct Rules {
    store: Arc<Store>,
    workspace: String,
    session: SessionId,
}

impl Rules {
    pub(crate) fn new(store: Arc<Store>, workspace: &Path, session: SessionId) -> Self {
        Self { store, workspace: workspace.display().to_string(), session }
    }

    /// Brings the guard to the rules as they are now.
    pub(crate) fn refresh(&self, workspace: &Workspace) -> Result<(), StoreError> {
        workspace.set_rules(kept(self.in_force()?));
        Ok(())
    }

    /// The rules that hold now, newest first.
    pub(crate) fn in_force(&self) -> Result<Vec<RuleRecord>, StoreError> {
        self.store.rules_in_force(&self.workspace, Some(&self.session))
    }

    /// Keeps a rule that the person made on the card of `source`.
    pub(crate) fn add(
        &self,
        wish: &RuleWish,
        decision: Decision,
        source: &str,
    ) -> Result<RuleId, StoreError> {
        let (grant, shown) = match &wish.rule {
            Rule::Command(pattern) => {
                let pattern = pattern.to_string();
                (RuleGrant::Command { pattern: pattern.clone() }, pattern)
            }
            Rule::EditFile(path) => {
                let path = path.display().to_string();
                (RuleGrant::EditFile { path: path.clone() }, path)
            }
            Rule::EditWorkspace => (RuleGrant::EditWorkspace, self.workspace.clone()),
            Rule::Look(path) => {
                let path = path.display().to_string();
                (RuleGrant::Look { path: path.clone() }, path)
            }
        };
        self.store.add_rule(&NewRule {
            workspace: &self.workspace,
            session: &self.session,
            lasting: decision == Decision::ApproveAlways,
            grant: &grant,
            shown: &reveal_line(&shown).shown,
            source: &reveal_line(source).shown,
            expires_in: wish.expires_in.map(|end| u32::try_from(end.as_secs()).unwrap_or(u32::MAX)),
        })
    }

    /// Counts that rules decided.
    pub(crate) fn used(&self, rules: &[RuleId]) -> Result<(), StoreError> {
        if rules.is_empty() { Ok(()) } else { self.store.count_rule_uses(rules) }
    }
}

/// All rules that were ever made, newest first. Makes no data folder.
pub fn all_rules(folders: &Folders) -> Result<Vec<RuleRecord>, AgentError> {
    match Store::open_existing(folders.data())? {
        None => Ok(Vec::new()),
        Some(store) => Ok(store.all_rules()?),
    }
}

/// Ends a rule and gives it back; none where no such rule is in force.
pub fn revoke_rule(folders: &Folders, rule: &RuleId) -> Result<Option<RuleRecord>, AgentError> {
    let Some(store) = Store::open_existing(folders.data())? else { return Ok(None) };
    match store.revoke_rule(rule) {
        Ok(rule) => Ok(Some(rule)),
        Err(StoreError::NoRule(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// What a rule is called where it decided over a look.
pub(crate) fn look_rule(records: &[RuleRecord], rules: &[RuleId]) -> String {
    let shown: Vec<&str> = records
        .iter()
        .filter(|record| rules.contains(&record.id))
        .map(|record| record.shown.as_str())
        .collect();
    format!("looks at {} in this session", shown.join(", "))
}

/// What stands on the card of an action.
pub(crate) fn source(action: &Action) -> String {
    match action {
        Action::Exec(exec) => exec.command().to_owned(),
        Action::Write(change) | Action::Edit(change) => change.path().to_owned(),
        Action::Reach(access) => access.shown().display().to_string(),
    }
}

/// The records as the guard takes them. What makes no sense to this version is left out: then what
/// it covered asks.
pub(crate) fn kept(records: Vec<RuleRecord>) -> Vec<KeptRule> {
    let read = |record: RuleRecord| {
        let rule = match record.grant {
            RuleGrant::Command { pattern } => Rule::Command(Pattern::for_rule(&pattern)?),
            RuleGrant::EditFile { path } => Rule::EditFile(path.into()),
            RuleGrant::EditWorkspace => Rule::EditWorkspace,
            RuleGrant::Look { path } => Rule::Look(path.into()),
        };
        let expires = record.expires.as_deref().map(end_of).transpose()?;
        Ok::<_, String>(KeptRule { id: record.id, rule, expires })
    };
    records
        .into_iter()
        .filter_map(|record| {
            let id = record.id.clone();
            read(record).inspect_err(|why| tracing::warn!("the rule {id} is left out: {why}")).ok()
        })
        .collect()
}

/// A time as it is kept, RFC 3339, as the system's.
fn end_of(text: &str) -> Result<SystemTime, String> {
    let end: jiff::Timestamp = text.parse().map_err(|error: jiff::Error| error.to_string())?;
    let since = u64::try_from(end.as_millisecond()).map_err(|error| error.to_string())?;
    Ok(SystemTime::UNIX_EPOCH + Duration::from_millis(since))
}
