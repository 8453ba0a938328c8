//! Messages to and from a model, in the shape of Anthropic's Messages API
//! (<https://docs.anthropic.com/en/api/messages>), which the other providers translate.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use ts_rs::TS;

/// Who speaks. Tool results are sent as the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Role {
    /// The person, or the results of tools.
    User,
    /// The model.
    Assistant,
}

/// One message of a conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// The blocks, in order.
    pub content: Vec<ContentBlock>,
}

/// A part of a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
#[ts(export)]
pub enum ContentBlock {
    /// Prose, as Markdown.
    Text {
        /// The text.
        text: String,
    },
    /// The model's reasoning, where the provider shows it.
    Thinking {
        /// The reasoning.
        thinking: String,
        /// The provider's proof of origin, sent back unchanged.
        #[serde(default)]
        signature: String,
    },
    /// Reasoning that the provider sends encrypted; sent back unchanged.
    RedactedThinking {
        /// The opaque data.
        data: String,
    },
    /// The model asks for a tool.
    ToolUse {
        /// The call's id; the result names it.
        id: String,
        /// The tool's name, as the model wrote it.
        name: String,
        /// The arguments: an object, where the model wrote valid JSON.
        #[ts(type = "unknown")]
        input: Value,
        /// What the model wrote where it is not a JSON object; `input` is then `{}`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        invalid: Option<String>,
    },
    /// The answer to one `ToolUse`.
    ToolResult {
        /// The call that is answered.
        tool_use_id: String,
        /// The result: one JSON object, as text.
        content: String,
        /// Whether the call failed, was refused or denied.
        #[serde(default)]
        is_error: bool,
    },
}

/// A tool as the model is told of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToolSpec {
    /// Its name.
    pub name: String,
    /// What it does and how to use it well.
    pub description: String,
    /// JSON Schema of its arguments.
    pub input_schema: Value,
}
