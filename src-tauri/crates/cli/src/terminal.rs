//! Events and cards as text on a terminal. What the model says goes to stdout, all else to stderr.

use crate::json;
use crate::run::{Face, Input};
use countersign_protocol::{
    ApprovalId, Card, ContentBlock, Decision, DecisionInput, Envelope, Event, Role, RunEnd, Shown,
};
use std::collections::VecDeque;
use std::io::Write;
use tokio::sync::mpsc;

pub(crate) struct Terminal {
    lines: mpsc::Receiver<String>,
    asks: bool,
    /// Cards that wait, oldest first.
    open: VecDeque<(ApprovalId, Vec<String>)>,
    /// Whether the first card's question was put.
    asked: bool,
    /// A denial that waits for its words.
    denying: Option<(ApprovalId, bool)>,
    /// Whether text of the current message was already streamed.
    streamed: bool,
}

impl Terminal {
    pub(crate) fn new(asks: bool) -> Self {
        Self {
            lines: if asks { json::lines() } else { mpsc::channel(1).1 },
            asks,
            open: VecDeque::new(),
            asked: false,
            denying: None,
            streamed: false,
        }
    }

    /// Puts the question of the first card that waits.
    fn ask(&mut self) -> std::io::Result<()> {
        if !self.asks || self.asked || self.open.is_empty() {
            return Ok(());
        }
        self.asked = true;
        let patterns =
            self.open.front().map(|(_, patterns)| patterns.as_slice()).unwrap_or_default();
        let session =
            patterns.first().map(|pattern| format!(", s approve \"{pattern}\" for this session"));
        let mut out = std::io::stderr().lock();
        write!(out, "a approve{}, d deny, x deny and stop > ", session.unwrap_or_default())?;
        out.flush()
    }

    fn on_line(&mut self, line: &str) -> std::io::Result<Option<Input>> {
        if let Some((approval, stop)) = self.denying.take() {
            let mut decision = DecisionInput::new(approval, Decision::Deny);
            decision.stop = stop;
            decision.feedback = Some(line.to_owned()).filter(|words| !words.trim().is_empty());
            return Ok(Some(Input::Decision(Box::new(decision))));
        }
        let Some((approval, patterns)) = self.open.front().cloned() else {
            let said = Some(line.trim()).filter(|line| !line.is_empty());
            return Ok(said.map(|line| Input::Message(line.to_owned())));
        };
        match (line.trim(), patterns.first()) {
            ("a", _) => {
                return Ok(Some(Input::Decision(Box::new(DecisionInput::new(
                    approval,
                    Decision::Approve,
                )))));
            }
            ("s", Some(pattern)) => {
                let mut decision = DecisionInput::new(approval, Decision::ApproveSession);
                decision.pattern = Some(pattern.clone());
                return Ok(Some(Input::Decision(Box::new(decision))));
            }
            (key @ ("d" | "x"), _) => {
                self.denying = Some((approval, key == "x"));
                let mut out = std::io::stderr().lock();
                write!(out, "words for the agent (or none) > ")?;
                out.flush()?;
            }
            _ => {
                self.asked = false;
                self.ask()?;
            }
        }
        Ok(None)
    }
}

impl Face for Terminal {
    fn show(&mut self, envelope: &Envelope) -> std::io::Result<()> {
        let mut out = std::io::stdout().lock();
        let mut side = std::io::stderr().lock();
        match &envelope.event {
            Event::TextDelta { text } => {
                self.streamed = true;
                out.write_all(drawn(text).as_bytes())?;
                out.flush()?;
            }
            Event::Message { role: Role::Assistant, content, .. } => {
                for block in content {
                    if let (ContentBlock::Text { text }, false) = (block, self.streamed) {
                        out.write_all(drawn(text).as_bytes())?;
                    }
                }
                self.streamed = false;
                writeln!(out)?;
            }
            Event::ToolCall { tool, args, .. } => {
                writeln!(side, "· {} {}", drawn(tool), drawn(&main_argument(args)))?;
            }
            Event::ToolOutput { text, .. } => side.write_all(drawn(text).as_bytes())?,
            Event::ToolFinished { ok: false, result, .. } => {
                let error =
                    result.get("error").and_then(|error| error.as_str()).unwrap_or_default();
                writeln!(side, "  {}", drawn(error))?;
            }
            Event::ApprovalRequested { approval, card, replaces, .. } => {
                if replaces.is_some() {
                    writeln!(side, "\nThis card replaces the last one.")?;
                }
                draw(&mut side, card)?;
                self.open.push_back((approval.clone(), patterns(card)));
            }
            Event::ApprovalDecided { approval, .. } => {
                self.open.retain(|(open, _)| open != approval);
                self.asked = false;
            }
            Event::Retrying { wait_ms, error, .. } => {
                writeln!(side, "{} Trying again in {} s.", drawn(error), wait_ms.div_ceil(1000))?;
            }
            Event::InputError { error } => {
                writeln!(side, "{}", drawn(error))?;
                self.asked = false;
            }
            Event::RunFinished { reason, error } => {
                let why = match reason {
                    RunEnd::EndTurn => "",
                    RunEnd::MaxSteps => {
                        "Stopped: the limit of model calls is reached (--max-steps)."
                    }
                    RunEnd::Interrupted => "Interrupted.",
                    RunEnd::Refused => "Denied and stopped.",
                    RunEnd::Error => "The run failed.",
                };
                let error = error.as_deref().unwrap_or_default();
                writeln!(side, "{why} {}", drawn(error))?;
            }
            Event::FilesChanged { left_out, .. } => {
                for left in left_out {
                    writeln!(side, "  cannot be undone: {}: {}", drawn(&left.path), left.why)?;
                }
            }
            Event::SessionStarted { .. }
            | Event::SessionResumed
            | Event::SessionRenamed { .. }
            | Event::RevertStarted { .. }
            | Event::ChangesReverted { .. }
            | Event::UserMessage { .. }
            | Event::RuleRevoked { .. }
            | Event::StepStarted { .. }
            | Event::ThinkingDelta { .. }
            | Event::Message { role: Role::User, .. }
            | Event::ToolStarted { .. }
            | Event::ToolFinished { ok: true, .. }
            | Event::StepFinished { .. } => {}
        }
        drop((out, side));
        self.ask()
    }

    async fn input(&mut self) -> Option<Input> {
        loop {
            let line = self.lines.recv().await?;
            match self.on_line(&line) {
                Ok(Some(input)) => return Some(input),
                Ok(None) => {}
                Err(_) => return None,
            }
        }
    }
}

/// Text for a terminal: no control sequence of the model's or a file's reaches it.
fn drawn(text: &str) -> String {
    countersign_agent::reveal(text).0
}

fn main_argument(args: &serde_json::Value) -> String {
    let text = ["command", "path", "pattern"].iter().find_map(|name| args.get(name)?.as_str());
    text.unwrap_or_default().lines().next().unwrap_or_default().to_owned()
}

fn patterns(card: &Card) -> Vec<String> {
    match card {
        Card::Exec(card) => card.suggested_patterns.clone(),
        Card::Write(_) | Card::Edit(_) | Card::Path(_) => Vec::new(),
    }
}

fn draw(out: &mut impl Write, card: &Card) -> std::io::Result<()> {
    writeln!(out)?;
    let warn = |out: &mut dyn Write, shown: &Shown| -> std::io::Result<()> {
        for warning in &shown.warnings {
            writeln!(out, "  WARNING: deceptive text: {} ({})", warning.what, warning.count)?;
        }
        Ok(())
    };
    let reasons = match card {
        Card::Exec(card) => {
            writeln!(out, "Run this command?\n\n{}\n", card.display.shown)?;
            warn(out, &card.display)?;
            writeln!(
                out,
                "  in {}, with {}, ended after {} s",
                card.cwd, card.shell, card.timeout
            )?;
            if !card.confine {
                writeln!(out, "  NOT CONFINED: it can do whatever you can")?;
            }
            if !card.network {
                writeln!(out, "  without the network")?;
            }
            if let Some(undo) = &card.undo {
                writeln!(out, "  {undo}")?;
            }
            for (name, value) in &card.env {
                writeln!(out, "  sets {}={}", drawn(name), drawn(value))?;
            }
            &card.reasons
        }
        Card::Write(card) | Card::Edit(card) => {
            let question = if card.created { "Create" } else { "Change" };
            let outside = if card.outside { "  OUTSIDE the workspace" } else { "" };
            writeln!(out, "{question} {}?{outside}\n\n{}", card.display.shown, drawn(&card.diff))?;
            warn(out, &card.display)?;
            for warning in &card.warnings {
                writeln!(out, "  WARNING: deceptive text: {} ({})", warning.what, warning.count)?;
            }
            &card.reasons
        }
        Card::Path(card) => {
            writeln!(out, "Let {} look at {}?", drawn(&card.tool), card.display.shown)?;
            warn(out, &card.display)?;
            writeln!(
                out,
                "  which is {}; the workspace is {}",
                drawn(&card.resolved),
                card.workspace
            )?;
            &card.reasons
        }
    };
    for reason in reasons {
        writeln!(out, "  {}", drawn(reason))?;
    }
    Ok(())
}
