//! Events on stdout and decisions on stdin, one JSON object a line.

use crate::run::{Face, Input};
use countersign_protocol::{DecisionInput, Envelope};
use serde::Deserialize;
use std::io::Write as _;
use tokio::sync::mpsc;

/// A line that is no decision.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Line {
    Message { text: String },
    Interrupt,
}

pub(crate) struct Json {
    lines: mpsc::Receiver<String>,
}

impl Json {
    /// Reads decisions from standard input where `asks`.
    pub(crate) fn new(asks: bool) -> Self {
        let lines = if asks { lines() } else { mpsc::channel(1).1 };
        Self { lines }
    }
}

/// The lines of standard input. They are read by a thread of their own: a read cannot be given up.
pub(crate) fn lines() -> mpsc::Receiver<String> {
    let (sender, lines) = mpsc::channel(16);
    std::thread::spawn(move || {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    });
    lines
}

impl Face for Json {
    fn show(&mut self, envelope: &Envelope) -> std::io::Result<()> {
        let mut line = serde_json::to_vec(envelope)?;
        line.push(b'\n');
        let mut out = std::io::stdout().lock();
        out.write_all(&line)?;
        out.flush()
    }

    async fn input(&mut self) -> Option<Input> {
        loop {
            let line = self.lines.recv().await?;
            if !line.trim().is_empty() {
                return Some(parse(&line));
            }
        }
    }
}

fn parse(line: &str) -> Input {
    let value: serde_json::Value = match serde_json::from_str(line) {
        Ok(value) => value,
        Err(error) => return Input::Senseless(format!("the line is no JSON: {error}")),
    };
    if value.get("approval").is_some() {
        return match serde_json::from_value::<DecisionInput>(value) {
            Ok(decision) => Input::Decision(Box::new(decision)),
            Err(error) => Input::Senseless(format!("the decision makes no sense: {error}")),
        };
    }
    match serde_json::from_value(value) {
        Ok(Line::Message { text }) => Input::Message(text),
        Ok(Line::Interrupt) => Input::Interrupt,
        Err(error) => Input::Senseless(format!(
            "a line is a decision, or has the type message or interrupt: {error}"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_the_contract_says() {
        assert!(matches!(parse(r#"{"approval":"a","decision":"approve"}"#), Input::Decision(_)));
        assert!(matches!(
            parse(r#"{"approval":"a","decision":"deny","feedback":"no","stop":true}"#),
            Input::Decision(decision) if decision.stop && decision.feedback.as_deref() == Some("no")
        ));
        assert!(
            matches!(parse(r#"{"type":"message","text":"x"}"#), Input::Message(text) if text == "x")
        );
        assert!(matches!(parse(r#"{"type":"interrupt"}"#), Input::Interrupt));
        for line in ["x", "{}", "[]", r#"{"approval":"a","decision":"yes"}"#, r#"{"type":"other"}"#]
        {
            assert!(matches!(parse(line), Input::Senseless(_)), "{line}");
        }
    }
}
