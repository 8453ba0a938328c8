//! Full-text search over what was said: the words of the person and of the model, commands, and paths.

use crate::{Store, StoreError};
use countersign_protocol::{ContentBlock, Event, SessionHit, SessionId};
use rusqlite::{Connection, params};

/// Hits that one search gives at most.
const MAX_HITS: u32 = 200;

/// Makes an event findable, where there is something to find in it.
pub(crate) fn index(
    connection: &Connection,
    session: &SessionId,
    seq: u64,
    event: &Event,
) -> Result<(), StoreError> {
    let text = words(event);
    if !text.trim().is_empty() {
        connection
            .prepare_cached("INSERT INTO said (text, session, seq) VALUES (?1, ?2, ?3)")?
            .execute(params![text, session.as_str(), seq])?;
    }
    Ok(())
}

/// Makes all events findable that were stored before there was a search. What cannot be read is passed
/// over: it is told where it is read.
pub(crate) fn index_all(connection: &Connection) -> Result<(), StoreError> {
    let mut statement = connection.prepare("SELECT session, seq, body FROM event")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let body: String = row.get(2)?;
        if let Ok(event) = serde_json::from_str(&body) {
            index(connection, &SessionId::new(row.get::<_, String>(0)?), row.get(1)?, &event)?;
        }
    }
    Ok(())
}

impl Store {
    /// Where all these words were said: by session, the one used last first, and in each the last place
    /// first. A word is found by its beginning.
    pub fn search(&self, text: &str) -> Result<Vec<SessionHit>, StoreError> {
        // Each word as a literal: nothing in it is an operator of the query language.
        let query: Vec<String> = text
            .split_whitespace()
            .filter(|word| word.chars().any(char::is_alphanumeric))
            .map(|word| format!("\"{}\"*", word.replace('"', "\"\"")))
            .collect();
        if query.is_empty() {
            return Ok(Vec::new());
        }
        self.with(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT said.session, said.seq, event.time, snippet(said, 0, '', '', '…', 24)
             FROM said JOIN event ON event.session = said.session AND event.seq = said.seq
             JOIN session ON session.id = said.session
             WHERE said MATCH ?1 ORDER BY session.used DESC, said.seq DESC LIMIT ?2",
            )?;
            let rows = statement.query_map(params![query.join(" "), MAX_HITS], |row| {
                let excerpt: String = row.get(3)?;
                Ok(SessionHit {
                    session: SessionId::new(row.get::<_, String>(0)?),
                    seq: row.get(1)?,
                    time: row.get(2)?,
                    excerpt: excerpt.split_whitespace().collect::<Vec<_>>().join(" "),
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

/// What can be found in an event.
fn words(event: &Event) -> String {
    if let Event::UserMessage { text } = event {
        return text.clone();
    }
    let mut texts: Vec<&str> = Vec::new();
    if let Event::Message { content, .. } = event {
        texts.extend(content.iter().filter_map(|block| match block {
            ContentBlock::Text { text } => Some(text.as_str()),
            ContentBlock::Thinking { .. }
            | ContentBlock::RedactedThinking { .. }
            | ContentBlock::ToolUse { .. }
            | ContentBlock::ToolResult { .. } => None,
        }));
    }
    if let Event::ToolCall { args, .. } = event {
        let named = ["command", "path", "pattern"];
        texts.extend(named.iter().filter_map(|name| args.get(name)?.as_str()));
    }
    texts.join("\n")
}
