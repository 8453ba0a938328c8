//! `sessions`: what is stored, listed, shown, found, named, exported, brought in, deleted.

use crate::args::{ExportArguments, ExportFormat, SessionsCommand};
use crate::{BadUsage, undo};
use countersign_agent::{
    AgentError, Folders, Sessions, import_session, reveal, to_json_lines, to_markdown,
};
use countersign_protocol::SessionSummary;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufReader, IsTerminal as _, Write as _};

/// Does one of them.
pub(crate) fn sessions(command: SessionsCommand) -> anyhow::Result<u8> {
    match command {
        SessionsCommand::List { data, json, all } => list(&open(&data.folders()?)?, json, all),
        SessionsCommand::Show { data, id } => {
            let (sessions, session) = find(&data.folders()?, &id)?;
            let text = to_markdown(&sessions.events(&session.id)?);
            print(&reveal(&text).0)
        }
        SessionsCommand::Search { data, text } => search(&open(&data.folders()?)?, &text),
        SessionsCommand::Delete { data, id } => delete(&data.folders()?, &id),
        SessionsCommand::Resume(arguments) => crate::run::resume(arguments),
        SessionsCommand::Changes { data, id } => undo::changes(&data.folders()?, &id),
        SessionsCommand::Revert(revert) => undo::revert(&revert),
        SessionsCommand::Rename { data, id, title } => {
            let (sessions, session) = find(&data.folders()?, &id)?;
            sessions.rename(&session.id, &title)?;
            Ok(0)
        }
        SessionsCommand::Archive { data, id, undo } => {
            let (sessions, session) = find(&data.folders()?, &id)?;
            sessions.archive(&session.id, !undo)?;
            Ok(0)
        }
        SessionsCommand::Fork { data, id, before } => {
            let (sessions, session) = find(&data.folders()?, &id)?;
            print(&format!("{}\n", sessions.fork(&session.id, before)?))
        }
        SessionsCommand::Export(export) => self::export(&export),
        SessionsCommand::Import { data, file } => {
            let lines = File::open(&file)
                .map_err(|error| BadUsage(format!("{} cannot be read: {error}", file.display())))?;
            let id = import_session(&data.folders()?, BufReader::new(lines))?;
            print(&format!("{id}\n"))
        }
    }
}

fn open(folders: &Folders) -> anyhow::Result<Sessions> {
    let sessions = Sessions::open(folders)?;
    if let Some(words) = sessions.damage() {
        crate::say(&words);
    }
    Ok(sessions)
}

/// The session of an id; none such is bad usage.
pub(crate) fn find(folders: &Folders, id: &str) -> anyhow::Result<(Sessions, SessionSummary)> {
    let sessions = open(folders)?;
    let found = sessions.find(id).map_err(|error| {
        if matches!(error, AgentError::Store(_) | AgentError::State { .. }) {
            anyhow::Error::from(BadUsage(error.to_string()))
        } else {
            error.into()
        }
    })?;
    Ok((sessions, found))
}

/// Prints; a reader that has gone away wants no more of it.
pub(crate) fn print(text: &str) -> anyhow::Result<u8> {
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(0),
    }
}

fn list(sessions: &Sessions, json: bool, all: bool) -> anyhow::Result<u8> {
    let mut text = String::new();
    for session in sessions.list()?.into_iter().filter(|session| all || !session.archived) {
        if json {
            text += &serde_json::to_string(&session)?;
            text.push('\n');
            continue;
        }
        let SessionSummary { id, workspace, title, updated, events, unfinished, .. } = &session;
        let (workspace, title) = (reveal(workspace).0, reveal(title).0);
        let open = if *unfinished { ", can go on" } else { "" };
        writeln!(text, "{id}  {updated}  {events} events{open}\n    {workspace}\n    {title}")?;
    }
    if text.is_empty() && !json {
        text += "No sessions yet.\n";
    }
    print(&text)
}

fn search(sessions: &Sessions, words: &str) -> anyhow::Result<u8> {
    let mut text = String::new();
    for hit in sessions.search(words)? {
        let excerpt = reveal(&hit.excerpt).0;
        writeln!(text, "{}  {}  {}  {excerpt}", hit.session, hit.seq, hit.time)?;
    }
    print(&text)
}

fn delete(folders: &Folders, id: &str) -> anyhow::Result<u8> {
    let (sessions, session) = find(folders, id)?;
    if std::io::stdin().is_terminal() {
        crate::say(&format!(
            "Delete \"{}\" ({} events) for good? It cannot be brought back. [y/N]",
            reveal(&session.title).0,
            session.events
        ));
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer)?;
        if !matches!(answer.trim(), "y" | "yes") {
            crate::say("Nothing was deleted.");
            return Ok(1);
        }
    }
    sessions.delete(&session.id)?;
    print(&format!("Deleted {}.\n", session.id))
}

fn export(export: &ExportArguments) -> anyhow::Result<u8> {
    let (sessions, session) = find(&export.data.folders()?, &export.id)?;
    let events = sessions.events(&session.id)?;
    match export.format {
        ExportFormat::Markdown => print(&to_markdown(&events)),
        ExportFormat::Jsonl => print(&to_json_lines(&events)?),
    }
}
