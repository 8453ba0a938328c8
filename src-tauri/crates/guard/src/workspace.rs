//! The workspace: judges actions, draws their cards, and performs what was approved. Nothing else in
//! the program writes a file of the person's or starts a process for the model.

use crate::action::{Action, FileChange, Target};
use crate::approval::{Approved, Verdict};
use crate::broker::{Abilities, Broker};
use crate::exec::Means;
use crate::facts::HandleFacts;
use crate::grant::Grant;
use crate::policy::{Judged, Policy};
use crate::root::Root;
use crate::rules::KeptRule;
use crate::tighten::{self, Tightening};
use crate::view::View;
use crate::{GuardError, card, exec, replace};
use countersign_protocol::{Card, RuleId};
use countersign_sandbox::{Finished, Output, Supervisor};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// What an approved action did.
#[derive(Debug)]
pub enum Receipt {
    /// A file was written.
    Written {
        /// Its path, as on the card.
        path: String,
        /// Whether it was made anew.
        created: bool,
        /// Its size in bytes.
        bytes: usize,
        /// Places that an edit changed.
        replacements: usize,
        /// Unified diff of what was applied; for telling the model after a revision.
        diff: String,
    },
    /// A command ran.
    Ran(Box<Finished>),
    /// A look is allowed now, through this view.
    Reached(View),
}

/// The folder that the agent is confined to.
#[derive(Debug)]
pub struct Workspace {
    root: Arc<Root>,
    tightening: Arc<Tightening>,
    policy: Policy,
    broker: Broker,
    grants: Mutex<Vec<Arc<Grant>>>,
    means: Means,
}

impl Workspace {
    /// Opens a folder. Refuses one that holds, or lies in, any of `private` (the program's settings
    /// and data). `pass_through` names variables that commands keep.
    pub fn open(
        path: &Path,
        private: &[PathBuf],
        policy: Policy,
        supervisor: Supervisor,
        pass_through: Vec<String>,
    ) -> Result<Self, GuardError> {
        let root = Root::open(path)?;
        for private in private {
            let private = std::fs::canonicalize(private).unwrap_or_else(|_| private.clone());
            if private.starts_with(root.real()) || root.real().starts_with(&private) {
                return Err(GuardError::BadPath(format!(
                    "{} cannot be a workspace: it holds Countersign's own settings or data ({}). Choose a project folder.",
                    root.real().display(),
                    private.display()
                )));
            }
        }
        let root = Arc::new(root);
        let tightening = Arc::new(read_tightening(&root)?);
        let means = Means { supervisor, pass_through, private: private.to_vec() };
        Ok(Self::assemble(root, tightening, policy, means))
    }

    fn assemble(
        root: Arc<Root>,
        tightening: Arc<Tightening>,
        policy: Policy,
        means: Means,
    ) -> Self {
        let policy = policy.tightened(Arc::clone(&tightening));
        let can = Abilities::of(&means.supervisor);
        let broker = Broker::new(root.real().to_owned(), can);
        Self { root, tightening, policy, broker, grants: Mutex::default(), means }
    }

    /// The same folder, by the same handle, under another policy. What the workspace itself forbids
    /// stays forbidden; what was granted before is not.
    #[must_use]
    pub fn under(&self, policy: Policy) -> Self {
        Self::assemble(
            Arc::clone(&self.root),
            Arc::clone(&self.tightening),
            policy,
            self.means.clone(),
        )
    }

    pub(crate) fn root(&self) -> &Arc<Root> {
        &self.root
    }

    /// The folder, absolute and without links.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.root.real()
    }

    /// Whether the folder still stands where it was opened.
    #[must_use]
    pub fn in_place(&self) -> bool {
        self.root.in_place()
    }

    /// The policy in force.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The proposals that wait for the person.
    #[must_use]
    pub fn broker(&self) -> &Broker {
        &self.broker
    }

    /// What tools may see now.
    #[must_use]
    pub fn view(&self) -> View {
        View {
            root: Arc::clone(&self.root),
            tightening: Arc::clone(&self.tightening),
            grants: self.lock_grants().clone(),
            used: Arc::default(),
            stop: CancellationToken::new(),
        }
    }

    fn lock_grants(&self) -> MutexGuard<'_, Vec<Arc<Grant>>> {
        self.grants.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on these rules of the person hold, and no others. Looks that were kept under a rule
    /// that is not among them ask again.
    pub fn set_rules(&self, rules: Vec<KeptRule>) {
        self.policy.set_rules(rules);
        let rulebook = self.policy.rulebook();
        self.lock_grants()
            .retain(|grant| grant.rule.as_ref().is_some_and(|rule| rulebook.has(rule)));
    }

    /// Decides over an action by the policy. What is allowed comes back approved; what asks comes
    /// back with the reasons, bound to the files that a command names.
    pub fn judge(&self, action: Action) -> Verdict {
        match self.decide(action) {
            Verdict::Ask { action: Action::Exec(mut exec), reasons } => {
                exec::bind(&self.view(), &mut exec);
                Verdict::Ask { action: Action::Exec(exec), reasons }
            }
            verdict @ (Verdict::Ask { .. } | Verdict::Allow { .. } | Verdict::Deny { .. }) => {
                verdict
            }
        }
    }

    /// The same decision without reading any file that a command names: to tell what would be
    /// decided, not to ask for it.
    pub fn decide(&self, mut action: Action) -> Verdict {
        let view = self.view();
        if let Action::Exec(exec) = &mut action {
            // What the system cannot do is not said on a card.
            let can = Abilities::of(&self.means.supervisor);
            exec.confine = self.policy.settings().confine && can.confine;
            exec.network = self.policy.settings().network || !can.cut_network;
        }
        let facts = HandleFacts::new(&view);
        match self.policy.judge(&mut action, &facts, self.root.real()) {
            Judged::Allow(rule, by) => {
                Verdict::Allow { approved: Approved::mint(action), rule, by }
            }
            Judged::Ask(reasons) => Verdict::Ask { action, reasons },
            Judged::Deny(rule) => Verdict::Deny { rule },
        }
    }

    /// Draws the card of an action that asks.
    #[must_use]
    pub fn card(&self, action: &Action, reasons: Vec<String>) -> Card {
        card::draw(action, reasons, self.root.real())
    }

    /// Decides over running a command without confinement, which refused it those paths. Never
    /// allowed without the person, whatever the policy says of the command itself.
    pub fn judge_unconfined(&self, action: Action, refused: &[PathBuf], network: bool) -> Verdict {
        let (mut action, asks) = match self.judge(action) {
            Verdict::Allow { approved, .. } => (approved.into_action(), Vec::new()),
            Verdict::Ask { action, reasons } => (action, reasons),
            Verdict::Deny { rule } => return Verdict::Deny { rule },
        };
        let mut reasons: Vec<String> = refused
            .iter()
            .map(|path| format!("Confinement refused it {}.", path.display()))
            .collect();
        reasons
            .push("This would run it again, UNCONFINED: it could do whatever you can.".to_owned());
        reasons.extend(asks);
        if let Action::Exec(exec) = &mut action {
            exec.confine = false;
            exec.network = network;
            // The command as it stands on the card; and no rule can come of this card.
            exec.judged.from_parse = None;
            exec.judged.suggested.clear();
        }
        Verdict::Ask { action, reasons }
    }

    /// Compares an approved action with what it was made from, before it is recorded as approved.
    /// `Stale` means that a new proposal must be made; nothing was done.
    pub fn check(&self, approved: &Approved<Action>) -> Result<(), GuardError> {
        match approved.action() {
            Action::Write(change) | Action::Edit(change) => {
                if change.blocked.is_some() {
                    return Ok(());
                }
                let (start, below) = match &change.target {
                    Target::Inside(relative) => (self.root.handle(), relative),
                    Target::Outside { folder, below, .. } => (folder.as_fd(), below),
                };
                replace::check(start, below, change.base.as_ref(), &change.path)
            }
            Action::Exec(exec) => exec::stale_operand(&self.view(), exec)
                .map_or(Ok(()), |path| Err(GuardError::Stale(path))),
            Action::Reach(_) => Ok(()),
        }
    }

    /// Does what was approved. A write or an edit compares once more, in the act itself. `live`
    /// receives a command's output as it comes; `stop` ends it with its whole process tree.
    pub async fn perform(
        &self,
        approved: Approved<Action>,
        live: mpsc::Sender<Output>,
        stop: CancellationToken,
    ) -> Result<Receipt, GuardError> {
        match approved.into_action() {
            Action::Write(change) | Action::Edit(change) => {
                let root = Arc::clone(&self.root);
                tokio::task::spawn_blocking(move || write(&root, &change))
                    .await
                    .map_err(|error| GuardError::System(format!("the write failed: {error}")))?
            }
            Action::Exec(exec) => {
                let view = self.view();
                exec::run(&view, *exec, &self.means, live, stop)
                    .await
                    .map(|finished| Receipt::Ran(Box::new(finished)))
                    .map_err(|error| GuardError::System(error.to_string()))
            }
            Action::Reach(access) => {
                let grant = Grant { resolved: access.resolved, object: access.object, rule: None };
                let mut view = self.view();
                view.grants.push(Arc::new(grant));
                Ok(Receipt::Reached(view))
            }
        }
    }

    /// Keeps what an approved look may see for as long as the rule holds that was made for it.
    pub fn keep_reach(&self, view: &View, rule: RuleId) {
        let Some(grant) = view.grants.last() else { return };
        // A handle that cannot be had once more is not kept: the next look asks.
        if let Ok(grant) = grant.under(rule) {
            self.lock_grants().push(Arc::new(grant));
        }
    }
}

fn write(root: &Root, change: &FileChange) -> Result<Receipt, GuardError> {
    if let Some(blocked) = &change.blocked {
        return Err(GuardError::Unreadable(blocked.clone()));
    }
    replace::replace(root, change)?;
    Ok(Receipt::Written {
        path: change.path.clone(),
        created: change.base.is_none(),
        bytes: change.after.len(),
        replacements: change.replacements,
        diff: card::change_diff(change).unified,
    })
}

/// The rules that the workspace brings; an unreadable file is refused, not skipped.
fn read_tightening(root: &Arc<Root>) -> Result<Tightening, GuardError> {
    let view = View {
        root: Arc::clone(root),
        tightening: Arc::default(),
        grants: Vec::new(),
        used: Arc::default(),
        stop: CancellationToken::new(),
    };
    let place = match view.look("settings", tighten::FILE) {
        Ok(crate::Access::Granted(place)) => place,
        Err(GuardError::NotFound(_)) if !root.holds(tighten::FILE) => {
            return Ok(Tightening::default());
        }
        // Rules that are there and cannot be had must not silently be none.
        Ok(crate::Access::Asks(_)) | Err(GuardError::NotFound(_)) => {
            return Err(GuardError::Unreadable(format!(
                "{} is a link that leads nowhere, or to a secret or another mount; make it an ordinary file",
                tighten::FILE
            )));
        }
        Err(error) => return Err(error),
    };
    Tightening::parse(&place.document()?.text)
}
