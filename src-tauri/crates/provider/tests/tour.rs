//! The scripted tour, played against tools that are made up.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod common;

use common::hear;
use countersign_protocol::{ContentBlock, Message, Role, StepUsage};
use countersign_provider::{Provider as _, ProviderEvent, Request, StopReason, Tour};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::time::Duration;

const RECEIPT: &str = "#!/bin/sh\ntotal=0\nwhile read -r name price quantity; do\n    total=$((total + price))\ndone\necho \"$total\"\n";

/// The sample workspace, as far as the tour sees it.
struct Sample {
    receipt: String,
}

impl Sample {
    fn new() -> Self {
        Self { receipt: RECEIPT.into() }
    }

    fn answer(&mut self, tool: &str, input: &Value) -> Result<Value, String> {
        match (tool, input["path"].as_str().unwrap_or_default()) {
            ("glob", _) => Ok(json!({"files": ["receipt.sh", "test.sh"], "truncated": false})),
            ("read", "receipt.sh") => Ok(json!({"content": self.receipt})),
            ("read", "test.sh") => Ok(json!({"content": "sh receipt.sh"})),
            ("read", path) if path.starts_with("shared/") => {
                Err("shared/notes.txt is a link out of the workspace".into())
            }
            ("read", _) => Ok(json!({"content": "127.0.0.1 localhost"})),
            ("edit", "receipt.sh") => {
                let (old, new) =
                    (input["old_text"].as_str().unwrap(), input["new_text"].as_str().unwrap());
                assert_eq!(self.receipt.matches(old).count(), 1);
                self.receipt = self.receipt.replace(old, new);
                Ok(json!({"path": "receipt.sh", "replacements": 1}))
            }
            ("exec", _) => Ok(if self.receipt.contains("price * quantity") {
                json!({"exit_code": 0, "stdout": "ok: total 1299\n", "stderr": ""})
            } else {
                json!({"exit_code": 1, "stdout": "", "stderr": "not ok: total 500\n"})
            }),
            other => panic!("the tour must not call {other:?}"),
        }
    }
}

/// A session with the tour.
#[derive(Default)]
struct Session {
    messages: Vec<Message>,
}

/// What one play came to.
struct Play {
    texts: Vec<String>,
    calls: Vec<(String, Value)>,
}

impl Play {
    fn named(&self) -> Vec<String> {
        self.calls
            .iter()
            .map(|(tool, input)| {
                let detail = input["path"].as_str().or(input["command"].as_str());
                format!("{tool} {}", detail.or(input["pattern"].as_str()).unwrap())
            })
            .collect()
    }

    fn last(&self) -> &str {
        self.texts.last().unwrap()
    }
}

impl Session {
    fn push(&mut self, role: Role, content: Vec<ContentBlock>) {
        self.messages.push(Message { role, content });
    }

    /// Says something and lets the tour run to the end of its turn.
    async fn say(
        &mut self,
        text: &str,
        mut tools: impl FnMut(&str, &Value) -> Result<Value, String>,
    ) -> Play {
        self.push(Role::User, vec![ContentBlock::Text { text: text.into() }]);
        let tour = Tour::new().with_pause(Duration::ZERO);
        let mut play = Play { texts: Vec::new(), calls: Vec::new() };
        for _ in 0..12 {
            let heard = hear(&tour, self.request()).await;
            let completion = heard.end.unwrap();
            assert_eq!(completion.usage, StepUsage::default());
            assert_eq!(completion.message.role, Role::Assistant);
            let mut shown = String::new();
            for event in heard.events {
                let ProviderEvent::TextDelta(piece) = event else { panic!("{event:?}") };
                shown.push_str(&piece);
            }
            let mut results = Vec::new();
            for block in &completion.message.content {
                match block {
                    ContentBlock::Text { text } => {
                        assert_eq!(*text, shown);
                        play.texts.push(shown.clone());
                    }
                    ContentBlock::ToolUse { id, name, input, invalid: None } => {
                        play.calls.push((name.clone(), input.clone()));
                        let (content, is_error) = match tools(name, input) {
                            Ok(result) => (result.to_string(), false),
                            Err(error) => (json!({ "error": error }).to_string(), true),
                        };
                        let tool_use_id = id.clone();
                        results.push(ContentBlock::ToolResult { tool_use_id, content, is_error });
                    }
                    other @ (ContentBlock::Thinking { .. }
                    | ContentBlock::RedactedThinking { .. }
                    | ContentBlock::ToolUse { .. }
                    | ContentBlock::ToolResult { .. }) => panic!("{other:?}"),
                }
            }
            self.messages.push(completion.message);
            if results.is_empty() {
                assert_eq!(completion.stop, StopReason::EndTurn);
                return play;
            }
            assert_eq!(completion.stop, StopReason::ToolUse);
            self.push(Role::User, results);
        }
        panic!("the tour does not end: {:?}", play.named())
    }

    fn request(&self) -> Request {
        let messages = self.messages.clone();
        Request { system: "Be brief.".into(), messages, tools: Vec::new(), max_tokens: 1000 }
    }

    fn ids(&self) -> Vec<String> {
        let blocks = self.messages.iter().flat_map(|message| &message.content);
        blocks
            .filter_map(|block| {
                let ContentBlock::ToolUse { id, .. } = block else { return None };
                Some(id.clone())
            })
            .collect()
    }
}

#[cfg(not(windows))]
#[tokio::test]
async fn all_approved() {
    let mut sample = Sample::new();
    let mut session = Session::default();
    let play = session.say("Show me", |tool, input| sample.answer(tool, input)).await;
    assert_eq!(
        play.named(),
        [
            "glob **/*",
            "read receipt.sh",
            "read test.sh",
            "exec sh test.sh",
            "edit receipt.sh",
            "exec sh test.sh",
            "read /etc/hosts",
            "read shared/notes.txt",
        ]
    );
    assert_eq!(play.texts.len(), 7);
    assert!(play.texts[0].starts_with("I am a script, not a model"));
    assert!(play.texts[2].contains("exit code 1"), "{}", play.texts[2]);
    assert!(play.texts[4].contains("The tests pass"), "{}", play.texts[4]);
    assert!(play.last().contains("```\nok: total 1299\n```"), "{}", play.last());
    assert!(play.last().contains("> shared/notes.txt is a link out of the workspace"));
    assert!(play.last().contains("a script, not a model"));
    let edit = &play.calls[4].1;
    assert_eq!(edit["old_text"], "    total=$((total + price))");
    assert_eq!(edit["new_text"], "    total=$((total + price * quantity))");
    insta::assert_snapshot!(play.texts.join("\n\n---\n\n"));
}

#[tokio::test]
async fn all_denied() {
    let mut sample = Sample::new();
    let mut session = Session::default();
    let mut count = 0;
    let play = session
        .say("Show me", |tool, input| {
            if count < 3 {
                count += 1;
                return sample.answer(tool, input);
            }
            count += 1;
            Err(format!("The user denied this and said: “No {count}, thanks;\n*not* now”"))
        })
        .await;
    // Without the change there is nothing to test again.
    assert_eq!(play.calls.len(), 7);
    for number in 4..=7 {
        let words = format!("> The user denied this and said: “No {number}, thanks;\n> *not* now”");
        assert!(play.texts.iter().any(|text| text.contains(&words)), "{number}");
        assert!(play.last().contains(&format!("“No {number}, thanks; *not* now”")));
    }
    assert!(play.last().contains("No command was run."), "{}", play.last());
    assert_eq!(sample.receipt, RECEIPT);
}

#[tokio::test]
async fn any_one_denied() {
    for denied in 0..8 {
        let mut sample = Sample::new();
        let mut session = Session::default();
        let mut at = 0;
        let play = session
            .say("Show me", |tool, input| {
                at += 1;
                if at - 1 == denied { Err("not this".into()) } else { sample.answer(tool, input) }
            })
            .await;
        // The list and the test are not needed to go on.
        if denied != 0 && denied != 2 {
            assert!(play.texts.iter().any(|text| text.contains("> not this")), "{denied}");
        }
        assert!(play.texts.len() <= 7, "{denied}");
    }
}

#[tokio::test]
async fn a_foreign_workspace() {
    let mut session = Session::default();
    let files: Vec<String> = (0..20).map(|number| format!("src/{number}.rs")).collect();
    let play = session
        .say("Fix my code", |tool, input| match tool {
            "glob" => Ok(json!({"files": files, "truncated": false})),
            "read" => Err(format!("there is no file {}", input["path"])),
            "exec" => Ok(json!({"exit_code": 0, "stdout": "src\n", "stderr": ""})),
            other => panic!("{other}"),
        })
        .await;
    assert_eq!(play.named()[3..], ["exec ls"]);
    assert!(play.texts[1].contains("> there is no file \"receipt.sh\""), "{}", play.texts[1]);
    assert!(play.texts[1].contains("- `src/0.rs`") && play.texts[1].contains("and 8 more"));
    assert!(play.last().contains("```\nsrc\n```"), "{}", play.last());
}

#[tokio::test]
async fn another_receipt() {
    let mut session = Session::default();
    let play = session
        .say("Go", |tool, _| match tool {
            "glob" => Ok(json!({"files": [], "truncated": false})),
            "read" => Ok(json!({"content": "echo of another kind"})),
            "exec" => Err("denied".into()),
            other => panic!("{other}"),
        })
        .await;
    assert_eq!(play.named()[3..], ["exec ls"]);
    assert!(play.texts[1].contains("not the one of my script"), "{}", play.texts[1]);
}

#[tokio::test]
async fn afterwards_it_plays_once_more_at_most() {
    let mut sample = Sample::new();
    let mut session = Session::default();
    session.say("Show me", |tool, input| sample.answer(tool, input)).await;
    let play = session.say("What is the weather?", |tool, _| panic!("{tool}")).await;
    assert!(play.last().contains("I am a script"), "{}", play.last());
    let play = session.say("Play it again, please", |tool, input| sample.answer(tool, input)).await;
    // It is mended by now.
    assert!(play.calls.iter().all(|(tool, _)| tool != "edit"));
    assert!(play.texts[1].contains("mended already"), "{}", play.texts[1]);
    let play = session.say("And now?", |tool, _| panic!("{tool}")).await;
    assert_eq!(play.texts.len(), 1);
    let ids = session.ids();
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len(), "{ids:?}");
    assert!(ids.iter().all(|id| id.starts_with("tour-")));
}

#[tokio::test]
async fn names_itself() {
    assert_eq!((Tour::new().name(), Tour::new().model()), ("tour", "scripted tour"));
}
