//! The guard: everything the agent does to the machine passes through it.
//!
//! Tools propose, the guard disposes. A [`View`] lets tools read by handle; an [`Action`] says what
//! would happen; the [`Policy`] judges it; the [`Broker`] asks the person; and only an [`Approved`]
//! action can be performed by the [`Workspace`]. Paths are resolved from the workspace's own handle,
//! never checked first and opened by name later.
//!
//! This crate must never act on anything that was not approved, and never let what a model, a file
//! or a repository says loosen the policy.

mod action;
mod approval;
mod below;
mod beside;
mod broker;
mod card;
mod change;
pub mod command;
mod diff;
mod document;
mod entries;
mod error;
mod exec;
mod facts;
mod fingerprint;
mod globs;
mod grant;
mod heeded;
mod ignored;
mod listing;
mod merge;
pub mod names;
mod outside;
mod place;
mod policy;
mod pseudo;
mod replace;
mod repository;
mod resolve;
mod restore;
mod restore_at;
mod root;
mod rules;
mod state;
mod survey;
mod survey_walk;
mod taken_in;
pub mod text;
mod texts;
mod tighten;
mod view;
mod walk;
mod workspace;

pub use action::{Action, ExecAction, FileChange, PathAccess};
pub use approval::{Approved, Verdict};
pub use broker::{ARMING, Answer, Broker, DecideError, Pending, Revised};
pub use countersign_sandbox::{End as RunEnd, Finished, Output, Refused, Supervisor};
pub use document::{Document, Lines, MAX_DOCUMENT, TextEncoding};
pub use entries::Trash;
pub use error::GuardError;
pub use fingerprint::Fingerprint;
pub use listing::Listed;
pub use merge::merge;
pub use policy::{Policy, PolicySettings};
pub use restore::{Restoration, Restored};
pub use rules::{KeptRule, Rule, RuleWish};
pub use survey::{Content, LeftOut, LeftOutWhy, Scope, Survey, Surveyed};
pub use texts::{Compared, compare_states, merge_states, without_hunks};
pub use tighten::{Tightened, Tightening};
pub use view::{Access, ExecRequest, Place, View};
pub use walk::{Walk, WalkEntry};
pub use workspace::{Receipt, Workspace};
