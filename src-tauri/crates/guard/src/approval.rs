//! Approvals as values. Code that acts without one does not compile: see `tests/ui/`.

use crate::action::Action;
use countersign_protocol::RuleId;

/// A proof that an action was approved: by the person on a card, or by a rule.
///
/// Only the guard can make one (the field is private, `mint` is the crate's own), it can be used
/// once (it is not `Clone`, and acting consumes it), and it cannot come from outside (it is not
/// `Deserialize`).
#[derive(Debug)]
#[must_use = "an approval that is not used does nothing"]
pub struct Approved<A> {
    action: A,
}

impl<A> Approved<A> {
    /// The one place where an approval comes into being.
    pub(crate) fn mint(action: A) -> Self {
        Self { action }
    }

    /// What was approved.
    pub fn action(&self) -> &A {
        &self.action
    }

    /// Takes the approval apart to act on it.
    pub(crate) fn into_action(self) -> A {
        self.action
    }

    /// Gives the approval up; the action may be proposed again.
    pub fn withdraw(self) -> A {
        self.action
    }
}

/// What the policy makes of an action.
#[derive(Debug)]
pub enum Verdict {
    /// A rule or a setting allows it.
    Allow {
        /// The approval.
        approved: Approved<Action>,
        /// The rule, in words.
        rule: String,
        /// The person's own rules among what allows it.
        by: Vec<RuleId>,
    },
    /// The person is asked.
    Ask {
        /// The action, unapproved.
        action: Action,
        /// Why it asks, a plain sentence each.
        reasons: Vec<String>,
    },
    /// A rule forbids it.
    Deny {
        /// The rule, in words.
        rule: String,
    },
}
