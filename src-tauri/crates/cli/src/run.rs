//! `run`, one task to the end, and `sessions resume`, which goes on with one.

use crate::args::{Approve, ResumeArguments, RunArguments, RunOptions};
use crate::sessions::find;
use crate::{BadUsage, json, terminal};
use anyhow::Context as _;
use countersign_agent::{
    AgentError, Folders, ModelChoice, Session, SessionOptions, connect, damage_of, open_store,
};
use countersign_protocol::{
    ApprovalId, Decision, DecisionInput, Envelope, Feed, RunEnd, SessionId,
};
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
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

/// Does a task.
pub(crate) fn run(arguments: RunArguments) -> anyhow::Result<u8> {
    within_runtime(async {
        let RunArguments { how, task } = arguments;
        if task.trim().is_empty() {
            return Err(BadUsage("the task is empty".to_owned()).into());
        }
        let folders = how.shared.folders()?;
        let workspace = how.shared.workspace();
        let session = open(&how, &folders, &workspace, None)?;
        drive(session, Begin::Task(&task), &how).await
    })
}

/// Goes on with a session where it stopped.
pub(crate) fn resume(arguments: ResumeArguments) -> anyhow::Result<u8> {
    within_runtime(async {
        let ResumeArguments { id, how } = arguments;
        let folders = how.shared.folders()?;
        let (_, found) = find(&folders, &id)?;
        let workspace = PathBuf::from(&found.workspace);
        if let Some(named) = how.shared.named_workspace()
            && std::fs::canonicalize(named).ok().as_ref() != Some(&workspace)
        {
            let words = format!("that session belongs to {}", found.workspace);
            return Err(BadUsage(words).into());
        }
        let session = open(&how, &folders, &workspace, Some(&found.id))?;
        drive(session, Begin::GoOn, &how).await
    })
}

fn within_runtime(work: impl Future<Output = anyhow::Result<u8>>) -> anyhow::Result<u8> {
    let runtime = tokio::runtime::Runtime::new().context("the program cannot start its threads")?;
    let code = runtime.block_on(work);
    // Whoever still reads standard input is not waited for.
    runtime.shutdown_background();
    code
}

/// A new session, or a stored one.
fn open(
    how: &RunOptions,
    folders: &Folders,
    workspace: &Path,
    stored: Option<&SessionId>,
) -> anyhow::Result<Session> {
    let settings = how.settings(folders)?;
    folders.make()?;
    let usage = |error: AgentError| {
        let asked_wrongly = matches!(
            error,
            AgentError::Workspace(_) | AgentError::NoModel { .. } | AgentError::State { .. }
        );
        if asked_wrongly { BadUsage(error.to_string()).into() } else { anyhow::Error::from(error) }
    };
    let provider = connect(folders, &settings, &ModelChoice::default()).map_err(usage)?;
    let store = open_store(folders)?;
    if let Some(words) = damage_of(&store) {
        crate::say(&words);
    }
    let options = SessionOptions { workspace, folders, settings: &settings, provider, store };
    match stored {
        None => Session::open(options).map_err(usage),
        Some(id) => Session::resume(options, id).map_err(usage),
    }
}

/// How a session goes on.
enum Begin<'a> {
    /// With a task.
    Task(&'a str),
    /// From where its run stopped.
    GoOn,
}

async fn drive(session: Session, begin: Begin<'_>, how: &RunOptions) -> anyhow::Result<u8> {
    let someone = how.json || (std::io::stdin().is_terminal() && std::io::stderr().is_terminal());
    let approve = match how.approve {
        Some(Approve::Ask) | None if someone => Approve::Ask,
        _ => Approve::Deny,
    };
    let asks = approve == Approve::Ask;
    if how.json {
        follow(session, begin, json::Json::new(asks), approve).await
    } else {
        follow(session, begin, terminal::Terminal::new(asks), approve).await
    }
}

/// Words that go with a denial where nobody can be asked.
const NOBODY: &str = "Nobody is there to approve this: the run was started with --approve deny.";
/// Words that go with a denial after the input ended.
const ENDED: &str = "The run was interrupted: its input ended.";

/// Shows what happens and takes answers, until the run ends.
async fn follow(
    session: Session,
    begin: Begin<'_>,
    mut face: impl Face,
    approve: Approve,
) -> anyhow::Result<u8> {
    let mut interrupts = signal(SignalKind::interrupt())?;
    let mut terminates = signal(SignalKind::terminate())?;
    let mut reader = match begin {
        Begin::Task(task) => {
            let reader = session.subscribe();
            session.send(task)?;
            reader
        }
        Begin::GoOn => {
            let reader = session.subscribe_new();
            if !session.go_on()? {
                let Some(end) = session.last_end()? else {
                    let words =
                        "nothing was asked in that session yet; there is nothing to go on with";
                    return Err(BadUsage(words.to_owned()).into());
                };
                face.show(&end)?;
                return Ok(code(&end).unwrap_or(0));
            }
            reader
        }
    };
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
                        session.flush().await;
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
        Feed::App { .. } | Feed::Tree { .. } | Feed::Touched | Feed::Dragging { .. } => Vec::new(),
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
    DecisionInput {
        feedback: Some(words.to_owned()),
        ..DecisionInput::new(approval, Decision::Deny)
    }
}
