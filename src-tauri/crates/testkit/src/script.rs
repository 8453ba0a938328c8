//! What the scripted model answers: replies in order, built in Rust or read from JSON.

use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

/// The replies of a model, taken one a request.
///
/// A request takes the first reply not yet used whose [`when`](Reply::when) fits it. A request that
/// the server refuses takes none.
#[derive(Debug, Clone, Default)]
pub struct Script {
    pub(crate) replies: Vec<Reply>,
    pub(crate) repeats: bool,
}

impl Script {
    /// A script of these replies.
    #[must_use]
    pub fn new(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self { replies: replies.into_iter().collect(), repeats: false }
    }

    /// Adds a reply at the end.
    #[must_use]
    pub fn then(mut self, reply: Reply) -> Self {
        self.replies.push(reply);
        self
    }

    /// Starts over when no reply is left. Tool calls whose id the conversation has already get a new
    /// one (`id_2`, `id_3`, ...).
    #[must_use]
    pub fn repeating(mut self) -> Self {
        self.repeats = true;
        self
    }

    /// Reads a script: an array of objects with `text`, `thinking`, `tools` (`id`, `name`, and `input`
    /// or `raw`), `when`, `stop`, `delay_ms`, `tokens_per_second`, `chunk`, `cut_after`, `hang`,
    /// `retry_after` and `error` (`status`, `type`, `message`); all may be left out.
    ///
    /// # Errors
    /// What is not such an array, in the words of the JSON reader.
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        let replies: Vec<JsonReply> = serde_json::from_str(text)?;
        Ok(Self::new(replies.into_iter().map(Reply::from)))
    }
}

impl From<Vec<Reply>> for Script {
    fn from(replies: Vec<Reply>) -> Self {
        Self::new(replies)
    }
}

/// One answer of the model. Texts and tool inputs may hold placeholders that are filled from the
/// request: `{{last_stdout}}`, `{{stdout:TOOL_USE_ID}}`, `{{last_result}}`, `{{last_feedback}}` (the
/// last result marked as an error) and `{{last_user}}`.
#[derive(Debug, Clone)]
pub struct Reply {
    pub(crate) when: Option<String>,
    pub(crate) body: Body,
    pub(crate) stop: Option<String>,
    pub(crate) usage: Usage,
    pub(crate) cut_after: Option<usize>,
    pub(crate) hangs: bool,
    pub(crate) chunk: Option<usize>,
    pub(crate) delay: Duration,
    pub(crate) rate: Option<u32>,
    pub(crate) retry_after: Option<u64>,
}

#[derive(Debug, Clone)]
pub(crate) enum Body {
    Message(Vec<Block>),
    Events(Vec<Value>),
    Failure { status: u16, kind: String, message: String },
}

#[derive(Debug, Clone)]
pub(crate) enum Block {
    Text(String),
    Thinking(String),
    Tool { id: String, name: String, input: ToolInput },
}

#[derive(Debug, Clone)]
pub(crate) enum ToolInput {
    Value(Value),
    Raw(String),
}

/// The tokens a reply says it took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Usage {
    pub(crate) input: u64,
    pub(crate) output: u64,
    pub(crate) cache_read: u64,
    pub(crate) cache_creation: u64,
}

impl Default for Reply {
    fn default() -> Self {
        Self::new()
    }
}

impl Reply {
    /// A reply without content yet; add to it with the methods below.
    #[must_use]
    pub fn new() -> Self {
        Self::of(Body::Message(Vec::new()))
    }

    /// A reply that says this, streamed in several deltas.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::new().and_text(text)
    }

    /// A reply of exactly these stream events (see the `ev_` functions); nothing is added to them.
    #[must_use]
    pub fn events(events: impl IntoIterator<Item = Value>) -> Self {
        Self::of(Body::Events(events.into_iter().collect()))
    }

    /// An HTTP error in the API's shape, such as `529`, `overloaded_error`, `Overloaded`.
    #[must_use]
    pub fn error(status: u16, kind: impl Into<String>, message: impl Into<String>) -> Self {
        Self::of(Body::Failure { status, kind: kind.into(), message: message.into() })
    }

    /// A reply that begins and never goes on: the connection stays open until the client leaves.
    #[must_use]
    pub fn hang() -> Self {
        Self::new().then_hang()
    }

    /// Adds text after what is there.
    #[must_use]
    pub fn and_text(self, text: impl Into<String>) -> Self {
        self.with(Block::Text(text.into()))
    }

    /// Adds thinking; it comes before the rest, as in the API.
    #[must_use]
    pub fn thinking(mut self, text: impl Into<String>) -> Self {
        if let Body::Message(blocks) = &mut self.body {
            let at = blocks.iter().take_while(|block| matches!(block, Block::Thinking(_))).count();
            blocks.insert(at, Block::Thinking(text.into()));
        }
        self
    }

    /// Adds a tool call.
    #[must_use]
    pub fn tool_use(self, id: impl Into<String>, name: impl Into<String>, input: Value) -> Self {
        self.with(Block::Tool { id: id.into(), name: name.into(), input: ToolInput::Value(input) })
    }

    /// Adds a tool call whose input is this text, which need not be JSON.
    #[must_use]
    pub fn raw_tool_json(
        self,
        id: impl Into<String>,
        name: impl Into<String>,
        input: impl Into<String>,
    ) -> Self {
        let input = ToolInput::Raw(input.into());
        self.with(Block::Tool { id: id.into(), name: name.into(), input })
    }

    /// Sets the stop reason; without it, `tool_use` where there is a tool call, else `end_turn`.
    #[must_use]
    pub fn stop(mut self, reason: impl Into<String>) -> Self {
        self.stop = Some(reason.into());
        self
    }

    /// Sets the tokens it says it took.
    #[must_use]
    pub fn usage(mut self, input: u64, output: u64) -> Self {
        self.usage.input = input;
        self.usage.output = output;
        self
    }

    /// Sets the tokens it says were read from and written to the cache.
    #[must_use]
    pub fn cache_usage(mut self, read: u64, creation: u64) -> Self {
        self.usage.cache_read = read;
        self.usage.cache_creation = creation;
        self
    }

    /// Adds a `retry-after` header, in seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// Breaks the connection off after this many events.
    #[must_use]
    pub fn cut_after(mut self, events: usize) -> Self {
        self.cut_after = Some(events);
        self
    }

    /// Keeps the connection open after the content, without ending the message.
    #[must_use]
    pub fn then_hang(mut self) -> Self {
        self.hangs = true;
        self
    }

    /// Sends at most this many bytes at a time, so that events and characters are split.
    #[must_use]
    pub fn chunked(mut self, bytes: usize) -> Self {
        self.chunk = Some(bytes.max(1));
        self
    }

    /// Waits this many milliseconds before each event.
    #[must_use]
    pub fn delay(mut self, milliseconds: u64) -> Self {
        self.delay = Duration::from_millis(milliseconds);
        self
    }

    /// Sends texts as a model that writes this many tokens of four characters a second.
    #[must_use]
    pub fn tokens_per_second(mut self, rate: u32) -> Self {
        self.rate = Some(rate.max(1));
        self
    }

    /// Uses this reply only where the last user message (its text or a tool result in it) contains
    /// this.
    #[must_use]
    pub fn when(mut self, part: impl Into<String>) -> Self {
        self.when = Some(part.into());
        self
    }

    fn of(body: Body) -> Self {
        Self {
            when: None,
            body,
            stop: None,
            usage: Usage { input: 100, output: 20, cache_read: 0, cache_creation: 0 },
            cut_after: None,
            hangs: false,
            chunk: None,
            delay: Duration::ZERO,
            rate: None,
            retry_after: None,
        }
    }

    fn with(mut self, block: Block) -> Self {
        if let Body::Message(blocks) = &mut self.body {
            blocks.push(block);
        }
        self
    }
}

/// The small task that the product is first tried with: write and run `hello.js`, write and run
/// `fibonacci.js`, then tell both outputs as the commands gave them. Answers any user message.
#[must_use]
pub fn seed_task() -> Script {
    let fibonacci = "const numbers = [0, 1];\n\
        while (numbers.length < 10) {\n  \
        numbers.push(numbers[numbers.length - 1] + numbers[numbers.length - 2]);\n\
        }\n\
        console.log(numbers.join(\", \"));\n";
    Script::new([
        Reply::text("I'll start with `hello.js`.").tool_use(
            "toolu_seed_1",
            "write",
            json!({"path": "hello.js", "content": "console.log(\"Hello from the local sandbox!\");\n"}),
        ),
        Reply::text("Now I'll run it.").tool_use(
            "toolu_seed_2",
            "exec",
            json!({"command": "node hello.js"}),
        ),
        Reply::text("Next, the first ten Fibonacci numbers.").tool_use(
            "toolu_seed_3",
            "write",
            json!({"path": "fibonacci.js", "content": fibonacci}),
        ),
        Reply::text("And run that one.").tool_use(
            "toolu_seed_4",
            "exec",
            json!({"command": "node fibonacci.js"}),
        ),
        Reply::text(
            "Both scripts ran.\n\n`hello.js` printed:\n\n```\n{{stdout:toolu_seed_2}}\n```\n\n\
             `fibonacci.js` printed:\n\n```\n{{stdout:toolu_seed_4}}\n```",
        ),
    ])
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JsonReply {
    text: Option<String>,
    thinking: Option<String>,
    #[serde(default)]
    tools: Vec<JsonTool>,
    when: Option<String>,
    stop: Option<String>,
    delay_ms: Option<u64>,
    tokens_per_second: Option<u32>,
    chunk: Option<usize>,
    cut_after: Option<usize>,
    #[serde(default)]
    hang: bool,
    retry_after: Option<u64>,
    error: Option<JsonError>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JsonTool {
    id: String,
    name: String,
    input: Option<Value>,
    raw: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JsonError {
    status: u16,
    #[serde(rename = "type")]
    kind: String,
    message: String,
}

impl From<JsonReply> for Reply {
    fn from(json: JsonReply) -> Self {
        let mut reply = match json.error {
            Some(error) => Self::error(error.status, error.kind, error.message),
            None => Self::new(),
        };
        if let Some(text) = json.thinking {
            reply = reply.thinking(text);
        }
        if let Some(text) = json.text {
            reply = reply.and_text(text);
        }
        for tool in json.tools {
            reply = match tool.raw {
                Some(raw) => reply.raw_tool_json(tool.id, tool.name, raw),
                None => reply.tool_use(tool.id, tool.name, tool.input.unwrap_or_else(|| json!({}))),
            };
        }
        reply.when = json.when;
        reply.stop = json.stop;
        reply.delay = Duration::from_millis(json.delay_ms.unwrap_or(0));
        reply.rate = json.tokens_per_second.map(|rate| rate.max(1));
        reply.chunk = json.chunk.map(|bytes| bytes.max(1));
        reply.cut_after = json.cut_after;
        reply.hangs = json.hang;
        reply.retry_after = json.retry_after;
        reply
    }
}
