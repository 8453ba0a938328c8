//! Proposals that wait for a person: one one-shot channel each, decided at most once. A lost channel
//! denies, and an answer never spreads to another proposal.

use crate::action::Action;
use crate::approval::Approved;
use crate::command::Pattern;
use crate::rules::{Rule, RuleWish};
use crate::{card, change};
use countersign_protocol::{ApprovalId, Card, Decision, DecisionInput, ProposalTexts};
use countersign_sandbox::Supervisor;
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use thiserror::Error;
use tokio::sync::oneshot;

/// A decision made on a drawn card counts only after the card was published for so long.
pub const ARMING: Duration = Duration::from_millis(600);

/// How a proposal ended.
#[derive(Debug)]
pub enum Answer {
    /// Yes.
    Approved {
        /// The approval, of the very proposal that was shown, as the person revised it.
        approved: Approved<Action>,
        /// Yes to what: once, for the session, always.
        decision: Decision,
        /// The rule to remember, where there is one; the caller records it before it counts.
        rule: Option<RuleWish>,
        /// What was changed on the card.
        revised: Option<Revised>,
        /// The person's words.
        feedback: Option<String>,
    },
    /// No.
    Denied {
        /// The person's words.
        feedback: Option<String>,
        /// Whether the run ends with it.
        stop: bool,
    },
    /// The run was stopped, or the one who should answer is gone.
    Lost,
}

/// How the person changed a file's proposal on its card; together with the proposal it gives what is
/// written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revised {
    /// The hunks that were kept, where not all.
    pub hunks: Option<Vec<u32>>,
    /// The whole text, where it was edited.
    pub text: Option<String>,
}

/// Why a decision was not taken. Nothing changed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DecideError {
    /// No such proposal is open.
    #[error("no proposal with the id {0} is open")]
    Unknown(ApprovalId),
    /// It was decided before.
    #[error("the proposal {0} was decided already")]
    Decided(ApprovalId),
    /// The decision was made on an older form of the card.
    #[error("the card changed since; look at it again and decide anew")]
    OldRevision,
    /// The decision came before the card could have been read.
    #[error("that was too quick: the card had only just appeared; look at it and decide again")]
    TooSoon,
    /// The decision makes no sense for this proposal.
    #[error("{0}")]
    Senseless(String),
}

/// What the system can do to hold a command back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Abilities {
    pub(crate) confine: bool,
    pub(crate) cut_network: bool,
}

impl Abilities {
    pub(crate) fn of(supervisor: &Supervisor) -> Self {
        let confinement = supervisor.confinement();
        Self { confine: confinement.active(), cut_network: confinement.cuts_network() }
    }
}

struct Waiting {
    action: Action,
    /// What the model proposed, where the person changed it: text and bytes.
    proposed: Option<(String, Vec<u8>)>,
    revision: u32,
    published: Instant,
    answer: oneshot::Sender<Answer>,
}

/// All open proposals of a session.
pub struct Broker {
    workspace: PathBuf,
    can: Abilities,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    waiting: HashMap<ApprovalId, Waiting>,
    decided: HashSet<ApprovalId>,
}

/// A place in the queue; resolves when the proposal is decided.
#[derive(Debug)]
pub struct Pending(oneshot::Receiver<Answer>);

impl Pending {
    /// Waits for the answer. A broker that went away has denied.
    pub async fn answer(self) -> Answer {
        self.0.await.unwrap_or(Answer::Lost)
    }
}

impl Broker {
    pub(crate) fn new(workspace: PathBuf, can: Abilities) -> Self {
        Self { workspace, can, open: Mutex::default() }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a proposal under an id that was never used before. The action stays here until it is
    /// decided, so what is approved is what was shown. The caller publishes the card afterwards.
    pub fn open(&self, approval: ApprovalId, action: Action) -> Pending {
        let (answer, receiver) = oneshot::channel();
        let waiting =
            Waiting { action, proposed: None, revision: 1, published: Instant::now(), answer };
        self.lock().waiting.insert(approval, waiting);
        Pending(receiver)
    }

    /// Takes a person's decision. Every check comes before any change.
    pub fn decide(&self, input: &DecisionInput) -> Result<(), DecideError> {
        let mut open = self.lock();
        let Some(waiting) = open.waiting.get(&input.approval) else {
            return Err(if open.decided.contains(&input.approval) {
                DecideError::Decided(input.approval.clone())
            } else {
                DecideError::Unknown(input.approval.clone())
            });
        };
        if let Some(revision) = input.revision {
            if revision != waiting.revision {
                return Err(DecideError::OldRevision);
            }
            if waiting.published.elapsed() < ARMING {
                return Err(DecideError::TooSoon);
            }
        }
        let plan = self.plan(input, &waiting.action)?;
        let Some(waiting) = open.waiting.remove(&input.approval) else {
            return Err(DecideError::Unknown(input.approval.clone()));
        };
        open.decided.insert(input.approval.clone());
        drop(open);
        let answer = match plan {
            Plan::Deny => Answer::Denied { feedback: input.feedback.clone(), stop: input.stop },
            Plan::Approve { rule, revision } => {
                let mut action = waiting.action;
                let (edited, chosen) = (waiting.proposed.is_some(), revision.is_some());
                apply(&mut action, revision, input);
                // Hunks of a text that was edited before say nothing by themselves: the whole does.
                let revised = (edited || chosen).then(|| match action.change() {
                    Some(change) if edited => {
                        Revised { hunks: None, text: Some(change.text.after.clone()) }
                    }
                    _ => Revised { hunks: input.hunks.clone(), text: input.text.clone() },
                });
                Answer::Approved {
                    approved: Approved::mint(action),
                    decision: input.decision,
                    rule,
                    revised,
                    feedback: input.feedback.clone(),
                }
            }
        };
        // The one who waited may be gone: then the approval is dropped here and nothing acts.
        let _ = waiting.answer.send(answer);
        Ok(())
    }

    /// What the decision would do, or why it makes no sense.
    fn plan(&self, input: &DecisionInput, action: &Action) -> Result<Plan, DecideError> {
        let senseless = |text: &str| Err(DecideError::Senseless(text.to_owned()));
        match input.decision {
            Decision::Void => return senseless("only the guard can void a proposal"),
            Decision::Deny => return Ok(Plan::Deny),
            Decision::Approve | Decision::ApproveSession | Decision::ApproveAlways => {}
        }
        if input.stop {
            return senseless("\"stop\" goes with a denial");
        }
        let lasting = input.decision != Decision::Approve;
        if input.expires_in.is_some() && !lasting {
            return senseless("an end goes with approve_session or approve_always");
        }
        if input.expires_in == Some(0) {
            return senseless("\"expires_in\" is a number of seconds from 1");
        }
        let wish = |rule| RuleWish {
            rule,
            expires_in: input.expires_in.map(|seconds| Duration::from_secs(seconds.into())),
        };
        let revises = input.hunks.is_some() || input.text.is_some();
        match action {
            Action::Write(file) | Action::Edit(file) => {
                if input.pattern.is_some() {
                    return senseless("a pattern goes with a command");
                }
                let revision = revises
                    .then(|| {
                        change::revise(file, input.hunks.as_deref(), input.text.as_deref())
                            .map_err(|error| DecideError::Senseless(error.to_string()))
                    })
                    .transpose()?;
                let rule = match (lasting, input.scope) {
                    (false, None) => None,
                    (false, Some(_)) => {
                        return senseless("a scope goes with approve_session or approve_always");
                    }
                    (true, None) => {
                        return senseless(
                            "say which edits: \"scope\" is \"file\" or \"workspace\"",
                        );
                    }
                    (true, Some(scope)) => {
                        if file.outside()
                            || !matches!(file.sensitivity, crate::names::Sensitivity::Ordinary)
                        {
                            return senseless(
                                "edits of sensitive and outside files are approved one by one",
                            );
                        }
                        Some(Rule::edit(scope, file, &self.workspace))
                    }
                };
                Ok(Plan::Approve { rule: rule.map(wish), revision })
            }
            Action::Exec(exec) => {
                if revises || input.scope.is_some() {
                    return senseless("hunks, text and scope go with a write or an edit");
                }
                if input.confine == Some(true) && !self.can.confine {
                    return senseless("this system cannot confine commands");
                }
                if input.network == Some(false) && !self.can.cut_network {
                    return senseless("this system cannot keep a command from the network");
                }
                let rule = match (lasting, &input.pattern) {
                    (false, None) => None,
                    (false, Some(_)) => {
                        return senseless("a pattern goes with approve_session or approve_always");
                    }
                    (true, None) => return senseless("say which commands: \"pattern\" is missing"),
                    (true, Some(pattern)) => {
                        if exec.judged.suggested.is_empty() {
                            return senseless("no pattern is safe to remember for this command");
                        }
                        let pattern = Pattern::for_rule(pattern).map_err(DecideError::Senseless)?;
                        Some(Rule::Command(pattern))
                    }
                };
                Ok(Plan::Approve { rule: rule.map(wish), revision: None })
            }
            Action::Reach(access) => {
                if revises || input.scope.is_some() || input.pattern.is_some() {
                    return senseless("a look is approved as it is");
                }
                if input.decision == Decision::ApproveAlways {
                    return senseless("a look outside is approved once or for the session");
                }
                let rule = lasting.then(|| wish(Rule::Look(access.shown.clone())));
                Ok(Plan::Approve { rule, revision: None })
            }
        }
    }

    /// Changes a write or an edit that waits to this text, or back to what the model proposed. Gives the
    /// new revision and its card, without reasons: the buttons arm anew.
    pub fn revise(
        &self,
        approval: &ApprovalId,
        revision: u32,
        text: Option<&str>,
    ) -> Result<(u32, Card), DecideError> {
        let mut open = self.lock();
        let decided = open.decided.contains(approval);
        let Some(waiting) = open.waiting.get_mut(approval) else {
            let id = approval.clone();
            return Err(if decided { DecideError::Decided(id) } else { DecideError::Unknown(id) });
        };
        if revision != waiting.revision {
            return Err(DecideError::OldRevision);
        }
        let (Action::Write(file) | Action::Edit(file)) = &mut waiting.action else {
            return Err(DecideError::Senseless(
                "only a write or an edit can be changed".to_owned(),
            ));
        };
        let before = waiting
            .proposed
            .clone()
            .unwrap_or_else(|| (file.text.after.clone(), file.after.clone()));
        if let Some(text) = text {
            let (text, bytes) = change::revise(file, None, Some(text))
                .map_err(|error| DecideError::Senseless(error.to_string()))?;
            (file.text.after, file.after) = (text, bytes);
            waiting.proposed = Some(before);
        } else {
            (file.text.after, file.after) = before;
            waiting.proposed = None;
        }
        waiting.revision += 1;
        waiting.published = Instant::now();
        Ok((waiting.revision, card::draw(&waiting.action, Vec::new(), &self.workspace)))
    }

    /// The texts of a write or an edit that waits; none where it is none, or waits no more.
    #[must_use]
    pub fn texts(&self, approval: &ApprovalId) -> Option<ProposalTexts> {
        let open = self.lock();
        let waiting = open.waiting.get(approval)?;
        let change = waiting.action.change()?;
        let proposed = waiting.proposed.as_ref().map_or(&change.text.after, |(text, _)| text);
        Some(ProposalTexts {
            revision: waiting.revision,
            before: change.text.before.clone(),
            after: change.text.after.clone(),
            proposed: proposed.clone(),
        })
    }

    /// Ends the wait for all open proposals: the run is over.
    pub fn lose_all(&self) -> Vec<ApprovalId> {
        let mut open = self.lock();
        let ids: Vec<ApprovalId> = open.waiting.keys().cloned().collect();
        for id in &ids {
            if let Some(waiting) = open.waiting.remove(id) {
                let _ = waiting.answer.send(Answer::Lost);
            }
            open.decided.insert(id.clone());
        }
        ids
    }

    /// How many proposals are open.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.lock().waiting.len()
    }
}

impl std::fmt::Debug for Broker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Broker").field("waiting", &self.waiting()).finish_non_exhaustive()
    }
}

enum Plan {
    Deny,
    Approve { rule: Option<RuleWish>, revision: Option<(String, Vec<u8>)> },
}

fn apply(action: &mut Action, revision: Option<(String, Vec<u8>)>, input: &DecisionInput) {
    match action {
        Action::Write(file) | Action::Edit(file) => {
            if let Some((text, bytes)) = revision {
                file.text.after = text;
                file.after = bytes;
            }
        }
        Action::Exec(exec) => {
            exec.confine = input.confine.unwrap_or(exec.confine);
            exec.network = input.network.unwrap_or(exec.network);
            // A person's yes is to the command as it stands on the card.
            exec.judged.from_parse = None;
        }
        Action::Reach(_) => {}
    }
}
