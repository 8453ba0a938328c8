//! `run`: one task, to the end.

use crate::args::{Approve, RunArguments};
use crate::{BadUsage, json, terminal};
use anyhow::Context as _;
use countersign_agent::{AgentError, ModelChoice, Session, SessionOptions, connect, open_store};
use countersign_protocol::{ApprovalId, Decision, DecisionInput, Envelope, Feed, RunEnd};
use std::io::IsTerminal as _;
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};

/// How events are shown and cards are answered.
pub(crate) trait Face {
    /// Shows an event. An error is that of an output that nobody reads any more.
    fn show(&mut self, envelope: &Envelope) -> std::io::Result<()>;
    /// The next thing that the person says; none where nothing will come any more.
    async fn input(&mut self) -> Option<Input>;
}

/// What came from the person.
pub(crate) enum Input {
    /// An answer to a card.
    Decision(Box<DecisionInput>),
    /// Words for the model.
    Message(String),
    /// An end of the step.
    Interrupt,
    /// Something that makes no sense.
    Senseless(String),
}

pub(crate) fn run(arguments: RunArguments) -> anyhow::Result<u8> {
    let runtime = tokio::runtime::Runtime::new().context("the program cannot start its threads")?;
    let code = runtime.block_on(start(arguments));
    // Whoever still reads standard input is not waited for.
    runtime.shutdown_background();
    code
}

async fn start(arguments: RunArguments) -> anyhow::Result<u8> {
    if arguments.task.trim().is_empty() {
        return Err(BadUsage("the task is empty".to_owned()).into());
    }
    let folders = arguments.shared.folders()?;
    let settings = arguments.settings(&folders)?;
    folders.make()?;
    let usage = |error: AgentError| {
        let asked_wrongly = matches!(
            error,
            AgentError::Workspace(_) | AgentError::NoModel { .. } | AgentError::State { .. }
        );
        if asked_wrongly { BadUsage(error.to_string()).into() } else { anyhow::Error::from(error) }
    };
    let provider = connect(&folders, &settings, &ModelChoice::default()).map_err(usage)?;
    let store = open_store(&folders)?;
    let workspace = arguments.shared.workspace();
    let session = Session::open(SessionOptions {
        workspace: &workspace,
        folders: &folders,
        settings: &settings,
        provider,
        store,
    })
    .map_err(usage)?;
    let someone =
        arguments.json || (std::io::stdin().is_terminal() && std::io::stderr().is_terminal());
    let approve = match arguments.approve {
        Some(Approve::Ask) | None if someone => Approve::Ask,
        _ => Approve::Deny,
    };
    if arguments.json {
        drive(session, &arguments.task, json::Json::new(approve == Approve::Ask), approve).await
    } else {
        drive(session, &arguments.task, terminal::Terminal::new(approve == Approve::Ask), approve)
            .await
    }
}

/// Words that go with a denial where nobody can be asked.
const NOBODY: &str = "Nobody is there to approve this: the run was started with --approve deny.";
/// Words that go with a denial after the input ended.
const ENDED: &str = "The run was interrupted: its input ended.";

async fn drive(
    session: Session,
    task: &str,
    mut face: impl Face,
    approve: Approve,
) -> anyhow::Result<u8> {
    let mut interrupts = signal(SignalKind::interrupt())?;
    let mut terminates = signal(SignalKind::terminate())?;
    let mut reader = session.subscribe();
    session.send(task)?;
    let mut open: Vec<ApprovalId> = Vec::new();
    let mut denies = (approve == Approve::Deny).then_some(NOBODY);
    let session = Arc::new(session);
    loop {
        tokio::select! {
            batch = reader.next() => {
                let Some(batch) = batch else { return Ok(1) };
                for envelope in envelopes(batch) {
                    if face.show(&envelope).is_err() {
                        // Nobody reads any more: nothing may happen unseen.
                        session.shutdown().await;
                        return Ok(1);
                    }
                    track(&mut open, &envelope);
                    if let Some(code) = code(&envelope) {
                        return Ok(code);
                    }
                }
            }
            input = face.input(), if denies.is_none() => match input {
                None => denies = Some(ENDED),
                Some(Input::Decision(decision)) => {
                    if let Err(error) = session.decide(&decision) {
                        session.input_error(error.to_string());
                    }
                }
                Some(Input::Message(text)) => {
                    if let Err(error) = session.send(&text) {
                        session.input_error(error.to_string());
                    }
                }
                Some(Input::Interrupt) => session.interrupt(),
                Some(Input::Senseless(why)) => session.input_error(why),
            },
            _ = interrupts.recv() => session.interrupt(),
            _ = terminates.recv() => {
                session.shutdown().await;
                return Ok(130);
            }
        }
        if let Some(words) = denies {
            for approval in open.drain(..) {
                let _ = session.decide(&denial(approval, words));
            }
        }
    }
}

fn envelopes(batch: Vec<Feed>) -> impl Iterator<Item = Envelope> {
    batch.into_iter().flat_map(|feed| match feed {
        Feed::Envelopes { envelopes } => envelopes,
        Feed::App { .. } | Feed::Tree { .. } => Vec::new(),
    })
}

/// Keeps the list of open cards.
fn track(open: &mut Vec<ApprovalId>, envelope: &Envelope) {
    use countersign_protocol::Event;
    if let Event::ApprovalRequested { approval, .. } = &envelope.event {
        open.push(approval.clone());
    } else if let Event::ApprovalDecided { approval, .. } = &envelope.event {
        open.retain(|waiting| waiting != approval);
    }
}

/// The exit code, where the run is over.
fn code(envelope: &Envelope) -> Option<u8> {
    if let countersign_protocol::Event::RunFinished { reason, .. } = &envelope.event {
        Some(match reason {
            RunEnd::EndTurn => 0,
            RunEnd::Error => 1,
            RunEnd::MaxSteps => 3,
            RunEnd::Refused => 4,
            RunEnd::Interrupted => 130,
        })
    } else {
        None
    }
}

/// A denial with words.
pub(crate) fn denial(approval: ApprovalId, words: &str) -> DecisionInput {
    DecisionInput { feedback: Some(words.to_owned()), ..answer(approval, Decision::Deny) }
}

/// A plain answer.
pub(crate) fn answer(approval: ApprovalId, decision: Decision) -> DecisionInput {
    DecisionInput {
        approval,
        revision: None,
        decision,
        feedback: None,
        stop: false,
        pattern: None,
        scope: None,
        expires_in: None,
        hunks: None,
        text: None,
        confine: None,
        network: None,
    }
}
