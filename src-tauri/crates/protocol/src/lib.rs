//! The words that the engine, the window, the terminal program and the journal share.
//!
//! This crate is a leaf: plain data with serde, and the TypeScript that is generated from it
//! (`cargo test -p countersign-protocol`, into `frontend/src/protocol/`). It must never hold
//! behaviour that decides anything.

mod app;
mod card;
mod changes;
mod checkpoint;
mod diff;
mod draft;
mod error;
mod event;
mod ids;
mod message;
mod op;
mod query;
mod rules;
mod sessions;
mod settings;

pub use app::{
    AppState, ConfinementInfo, Feed, KeySource, ModelInfo, Prices, RecentWorkspace, SessionState,
    WorkspaceInfo,
};
pub use card::{
    BoundFile, Card, CommandPart, ExecCard, FileCard, PartVerdict, PathCard, Reach, Shown,
    TextWarning,
};
pub use changes::{
    ChangeKind, ChangeScope, ChangedPath, FileChanges, ForkPoint, LeftPath, Reverted,
    SessionChanges, ThreeWay, UndoState,
};
pub use checkpoint::{Digest, FileDelta, KeptEntry, KeptKind, Stamp};
pub use diff::{Diff, Hunk, LineKind, Mark};
pub use draft::{Draft, DraftOf};
pub use error::{ErrorCode, WireError};
pub use event::{DecidedBy, Decision, Envelope, Event, PolicySummary, RunEnd, StepUsage, Stream};
pub use ids::{ApprovalId, CallId, RuleId, SessionId};
pub use message::{ContentBlock, Message, Role, ToolSpec};
pub use op::{DecisionInput, EditScope, Op, SeenPath};
pub use query::{
    EntryKind, FileView, FolderListing, GitState, ModelCall, PatternMatches, ProposalTexts, Query,
    QueryAnswer, Setting, SettingSource, TreeEntry, WelcomeInfo,
};
pub use rules::{RuleGrant, RuleRecord};
pub use sessions::{ExportFormat, SessionHit, SessionSummary};
pub use settings::{ExecSecurity, FileApproval, ProviderKind};
