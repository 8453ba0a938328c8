//! Settings that are part of the contract with scripts: their values are written as on the command line.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What decides over commands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
#[ts(export)]
pub enum ExecSecurity {
    /// Every command asks.
    #[default]
    ApprovalAlways,
    /// Commands that the patterns cover run; the others ask.
    Allowlist,
    /// Commands run, except for those that always ask.
    AllowAlways,
}

/// What decides over writes and edits inside the workspace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
#[ts(export)]
pub enum FileApproval {
    /// Each asks.
    #[default]
    Always,
    /// They are made, except for sensitive files, links and secrets.
    None,
}

/// Which kind of model client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
#[ts(export)]
pub enum ProviderKind {
    /// Anthropic's Messages API.
    Anthropic,
    /// Any server that speaks `OpenAI`'s chat completions.
    Openai,
    /// The scripted tour: no model, no key, no network.
    Tour,
}

impl ProviderKind {
    /// The name as written on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Anthropic => "anthropic",
            Self::Openai => "openai",
            Self::Tour => "tour",
        }
    }
}
