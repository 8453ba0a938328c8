//! What the person began to write and did not send yet.

use crate::{Store, StoreError};
use countersign_protocol::{Draft, DraftOf, SessionId};
use rusqlite::params;

impl Store {
    /// Keeps a draft in the place of the one before; an empty text removes it.
    pub fn save_draft(
        &self,
        session: &SessionId,
        of: &DraftOf,
        text: &str,
    ) -> Result<(), StoreError> {
        let key = serde_json::to_string(of).map_err(|source| unreadable(session, source))?;
        self.with(|connection| {
            let known = connection
                .prepare_cached("SELECT 1 FROM session WHERE id = ?1")?
                .exists([session.as_str()])?;
            if !known {
                return Err(StoreError::NoSession(session.to_string()));
            }
            if text.is_empty() {
                connection
                    .prepare_cached("DELETE FROM draft WHERE session = ?1 AND of_json = ?2")?
                    .execute([session.as_str(), &key])?;
            } else {
                connection
                    .prepare_cached(
                        "INSERT OR REPLACE INTO draft (session, of_json, text) VALUES (?1, ?2, ?3)",
                    )?
                    .execute(params![session.as_str(), key, text])?;
            }
            Ok(())
        })
    }

    /// The drafts of a session.
    pub fn drafts(&self, session: &SessionId) -> Result<Vec<Draft>, StoreError> {
        self.with(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT of_json, text FROM draft WHERE session = ?1 ORDER BY of_json",
            )?;
            let mut rows = statement.query([session.as_str()])?;
            let mut drafts = Vec::new();
            while let Some(row) = rows.next()? {
                let of: String = row.get(0)?;
                let of = serde_json::from_str(&of).map_err(|source| unreadable(session, source))?;
                drafts.push(Draft { of, text: row.get(1)? });
            }
            Ok(drafts)
        })
    }
}

fn unreadable(session: &SessionId, source: serde_json::Error) -> StoreError {
    StoreError::Event { session: session.to_string(), seq: 0, source }
}
