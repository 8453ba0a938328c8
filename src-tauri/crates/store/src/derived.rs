//! What a list shows of a session and would be costly to look up in its events: kept beside it, and brought
//! along with each event.

use crate::StoreError;
use countersign_protocol::Event;
use rusqlite::{Connection, OptionalExtension as _, params};

/// How many characters of a first message are kept for the list.
const LONGEST: usize = 300;

/// Events of one session (`?1`) with their type; null for what cannot be read.
const TYPED: &str =
    "(SELECT seq, body, CASE WHEN json_valid(body) THEN json_extract(body, '$.type') END
    AS type FROM event WHERE session = ?1)";

/// Takes a new event into account, and puts its session first in the order of use.
pub(crate) fn take(
    connection: &Connection,
    session: &str,
    event: &Event,
) -> Result<(), StoreError> {
    // Which session was used last does not follow from times: a clock may be put back.
    connection
        .prepare_cached(
            "UPDATE session SET used = (SELECT max(used) + 1 FROM session)
             WHERE id = ?1 AND used < (SELECT max(used) FROM session)",
        )?
        .execute([session])?;
    if let Event::UserMessage { text } = event {
        connection
            .prepare_cached(
                "UPDATE session SET unfinished = 1, first_said = CASE first_said WHEN '' THEN ?2 ELSE first_said END
                 WHERE id = ?1 AND (NOT unfinished OR first_said = '')",
            )?
            .execute([session, &first_line(text)])?;
    }
    if let Event::RunFinished { .. } = event {
        connection
            .prepare_cached("UPDATE session SET unfinished = 0 WHERE id = ?1 AND unfinished")?
            .execute([session])?;
    }
    if let Event::SessionRenamed { title } = event {
        connection
            .prepare_cached("UPDATE session SET title = ?2 WHERE id = ?1")?
            .execute([session, title])?;
    }
    Ok(())
}

/// Makes it all anew from the events that are stored.
pub(crate) fn remake(connection: &Connection, session: &str) -> Result<(), StoreError> {
    let unfinished: Option<bool> = connection
        .prepare_cached(&format!(
            "SELECT type = 'user_message' FROM {TYPED}
             WHERE type IN ('user_message', 'run_finished') ORDER BY seq DESC LIMIT 1"
        ))?
        .query_row([session], |row| row.get(0))
        .optional()?;
    let title: Option<String> = connection
        .prepare_cached(&format!(
            "SELECT json_extract(body, '$.title') FROM {TYPED}
             WHERE type = 'session_renamed' ORDER BY seq DESC LIMIT 1"
        ))?
        .query_row([session], |row| row.get(0))
        .optional()?
        .flatten();
    let mut statement = connection.prepare_cached(&format!(
        "SELECT json_extract(body, '$.text') FROM {TYPED} WHERE type = 'user_message' ORDER BY seq"
    ))?;
    let mut rows = statement.query([session])?;
    let mut said = String::new();
    while said.is_empty()
        && let Some(row) = rows.next()?
    {
        said = first_line(&row.get::<_, Option<String>>(0)?.unwrap_or_default());
    }
    connection
        .prepare_cached(
            "UPDATE session SET unfinished = ?2, title = ?3, first_said = ?4 WHERE id = ?1",
        )?
        .execute(params![
            session,
            unfinished.unwrap_or_default(),
            title.unwrap_or_default(),
            said
        ])?;
    Ok(())
}

/// Makes it all anew for all sessions.
pub(crate) fn remake_all(connection: &Connection) -> Result<(), StoreError> {
    let ids: Vec<String> = connection
        .prepare("SELECT id FROM session")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    ids.iter().try_for_each(|id| remake(connection, id))
}

fn first_line(text: &str) -> String {
    text.trim().lines().next().unwrap_or_default().trim().chars().take(LONGEST).collect()
}
