//! What can still be read of a damaged database of sessions, row by row.

use crate::{StoreError, derived, search, sessions};
use countersign_protocol::{Event, SessionId};
use rusqlite::config::DbConfig;
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, Row, Transaction, params};
use std::collections::BTreeMap;
use std::path::Path;

/// A session as far as its row could be read.
#[derive(Default)]
struct Found {
    /// The workspace and when it was made.
    row: Option<(String, String)>,
    archived: bool,
    used: i64,
}

/// Brings over all that can be read: how many sessions whole, and how many not. What fails on the side of
/// the damaged database is passed over; what fails on the new one's is an error.
pub(crate) fn salvage(
    damaged: &Path,
    fresh: &mut Connection,
) -> Result<(usize, usize), StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let Ok(old) = Connection::open_with_flags(damaged, flags) else { return Ok((0, 0)) };
    // Makes SQLite read on where the file is shorter than it should be; nothing is written.
    old.pragma_update(None, "writable_schema", true)?;
    // Its log is left as it is.
    old.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    let mut found = listed(&old);
    for id in with_events(&old) {
        found.entry(id).or_default();
    }
    let mut found: Vec<(String, Found)> = found.into_iter().collect();
    found.sort_by(|(a, first), (b, second)| {
        (first.used, &first.row, a).cmp(&(second.used, &second.row, b))
    });
    let transaction = fresh.transaction()?;
    let (mut whole, mut lost) = (0, 0);
    for (id, session) in &found {
        if bring(&old, &transaction, id, session)? {
            whole += 1;
        } else {
            lost += 1;
        }
    }
    for table in TABLES {
        copy(&old, &transaction, table)?;
    }
    transaction.commit()?;
    Ok((whole, lost))
}

/// Brings over the events of a session up to the first that cannot be read; whether these are all.
fn bring(
    old: &Connection,
    new: &Transaction<'_>,
    id: &str,
    session: &Found,
) -> Result<bool, StoreError> {
    let (events, whole) = readable(old, id);
    let row = session.row.clone().or_else(|| match events.first() {
        Some((time, _, Event::SessionStarted { workspace, .. })) => {
            Some((workspace.clone(), time.clone()))
        }
        _ => None,
    });
    let Some((workspace, created)) = row else { return Ok(false) };
    if events.is_empty() && !whole {
        return Ok(false);
    }
    let name = SessionId::new(id);
    sessions::insert(new, &name, &workspace, &created)?;
    for (seq, (time, body, event)) in (1_u64..).zip(&events) {
        new.prepare_cached("INSERT INTO event (session, seq, time, body) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![id, seq, time, body])?;
        search::index(new, &name, seq, event)?;
    }
    derived::remake(new, id)?;
    new.execute("UPDATE session SET archived = ?2 WHERE id = ?1", params![id, session.archived])?;
    Ok(whole)
}

/// Time, text and meaning of each event up to the first that is missing or cannot be read; whether these
/// are all.
fn readable(old: &Connection, id: &str) -> (Vec<(String, String, Event)>, bool) {
    let mut events = Vec::new();
    let read = old
        .prepare_cached("SELECT seq, time, body FROM event WHERE session = ?1 ORDER BY seq")
        .and_then(|mut statement| {
            let mut rows = statement.query([id])?;
            while let Some(row) = rows.next()? {
                let (seq, time, body): (usize, String, String) =
                    (row.get(0)?, row.get(1)?, row.get(2)?);
                match serde_json::from_str(&body) {
                    Ok(event) if seq == events.len() + 1 => events.push((time, body, event)),
                    _ => return Ok(false),
                }
            }
            Ok(true)
        });
    (events, read.unwrap_or(false))
}

/// The sessions that the table of sessions names.
fn listed(old: &Connection) -> BTreeMap<String, Found> {
    let mut found = BTreeMap::new();
    let mut take = |row: &Row<'_>| {
        let entry = Found {
            row: Some((row.get(1)?, row.get(2)?)),
            archived: row.get(3)?,
            used: row.get(4)?,
        };
        found.insert(row.get(0)?, entry);
        Ok(())
    };
    let columns = if has_column(old, "session", "used") {
        "id, workspace, created, archived, used"
    } else {
        "id, workspace, created, 0, 0"
    };
    from_both_ends(old, columns, "session", "rowid", &mut take);
    found
}

/// The sessions that events are of, though the table of sessions may no longer name them.
fn with_events(old: &Connection) -> Vec<String> {
    let mut found = Vec::new();
    for (sql, up) in [
        ("SELECT session FROM event WHERE session > ?1 ORDER BY session LIMIT 1", true),
        (
            "SELECT session FROM event WHERE ?1 = '' OR session < ?1 ORDER BY session DESC LIMIT 1",
            false,
        ),
    ] {
        let mut last = String::new();
        loop {
            let next: rusqlite::Result<Option<String>> =
                old.query_row(sql, [&last], |row| row.get(0)).optional();
            match next {
                // In a damaged tree the order may be broken: it must still come to an end.
                Ok(Some(id)) if last.is_empty() || (id > last) == up && id != last => {
                    found.push(id.clone());
                    last = id;
                }
                Ok(None) => return found,
                _ => break,
            }
        }
    }
    found
}

/// A table: its name, its columns with what stands for one that an older format does not have, its order.
type Table = (&'static str, &'static [(&'static str, &'static str)], &'static str);

/// What else is brought over.
const TABLES: [Table; 3] = [
    (
        "rule",
        &[
            ("id", "NULL"),
            ("workspace", "NULL"),
            ("session", "NULL"),
            ("lasting", "NULL"),
            ("grant_json", "NULL"),
            ("shown", "NULL"),
            ("source", "NULL"),
            ("made", "NULL"),
            ("uses", "0"),
            ("last_used", "NULL"),
            ("expires", "NULL"),
            ("revoked", "NULL"),
        ],
        "id",
    ),
    ("recent_workspace", &[("path", "NULL"), ("opened", "NULL"), ("used", "0")], "path"),
    ("draft", &[("session", "NULL"), ("of_json", "NULL"), ("text", "NULL")], "session"),
];

fn copy(
    old: &Connection,
    new: &Transaction<'_>,
    (table, columns, order): Table,
) -> Result<(), StoreError> {
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    let read: Vec<&str> = columns
        .iter()
        .map(|(name, other)| if has_column(old, table, name) { *name } else { *other })
        .collect();
    let mut found: Vec<Vec<Value>> = Vec::new();
    from_both_ends(old, &read.join(", "), table, order, &mut |row| {
        found.push((0..names.len()).map(|column| row.get(column)).collect::<Result<_, _>>()?);
        Ok(())
    });
    // Of a row that is there already, that no longer makes sense, or whose session is lost, nothing is kept.
    let of_session =
        if table == "draft" { "EXISTS (SELECT 1 FROM session WHERE id = ?1)" } else { "true" };
    let places: Vec<String> = (1..=names.len()).map(|number| format!("?{number}")).collect();
    let mut statement = new.prepare(&format!(
        "INSERT OR IGNORE INTO {table} ({}) SELECT {} WHERE {of_session}",
        names.join(", "),
        places.join(", ")
    ))?;
    for row in found {
        statement.execute(rusqlite::params_from_iter(row))?;
    }
    Ok(())
}

/// Reads a table from its beginning, and where that meets damage from its end, too.
fn from_both_ends(
    old: &Connection,
    columns: &str,
    table: &str,
    order: &str,
    take: &mut dyn FnMut(&Row<'_>) -> rusqlite::Result<()>,
) {
    for direction in ["ASC", "DESC"] {
        let sql = format!("SELECT {columns} FROM {table} ORDER BY {order} {direction}");
        let read = old.prepare(&sql).and_then(|mut statement| {
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                take(row)?;
            }
            Ok(())
        });
        match read {
            Ok(()) => break,
            Err(error) => tracing::warn!(%error, table, "a part cannot be read"),
        }
    }
}

fn has_column(old: &Connection, table: &str, column: &str) -> bool {
    old.prepare("SELECT 1 FROM pragma_table_info(?1) WHERE name = ?2")
        .and_then(|mut statement| statement.exists([table, column]))
        .unwrap_or(false)
}
