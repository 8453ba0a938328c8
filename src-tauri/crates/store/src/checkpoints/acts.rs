//! What each act of a session changed, in order.

use super::Checkpoints;
use super::database::{entry, number_of};
use crate::StoreError;
use crate::journal::now;
use countersign_protocol::{CallId, FileDelta, KeptEntry, SessionId};
use rusqlite::{TransactionBehavior, params};

/// What one act changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedAct {
    /// The call, or the act of taking back.
    pub act: CallId,
    /// When it was recorded, as RFC 3339 in UTC.
    pub time: String,
    /// The paths that it changed, in the order in which they were given.
    pub deltas: Vec<FileDelta>,
}

impl Checkpoints {
    /// Records what an act changed, after all that was recorded before. Durable when it returns. An act
    /// that changed nothing leaves no record. One that is recorded twice has two records.
    pub fn record(
        &self,
        session: &SessionId,
        act: &CallId,
        deltas: &[FileDelta],
    ) -> Result<(), StoreError> {
        if deltas.is_empty() {
            return Ok(());
        }
        self.database.with(|connection| {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            transaction
                .prepare_cached("INSERT INTO act (session, call, time) VALUES (?1, ?2, ?3)")?
                .execute(params![session.as_str(), act.as_str(), now()])?;
            let id = transaction.last_insert_rowid();
            {
                let mut statement = transaction.prepare_cached(
                    "INSERT INTO delta (act, place, path,
                        before_kind, before_mode, before_size, before_digest,
                        after_kind, after_mode, after_size, after_digest)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
                )?;
                for (place, delta) in (0_u64..).zip(deltas) {
                    let (before, after) = (delta.before.as_ref(), delta.after.as_ref());
                    statement.execute(params![
                        id,
                        place,
                        delta.path,
                        before.map(|entry| number_of(entry.kind)),
                        before.map(|entry| entry.mode),
                        before.map(|entry| entry.size),
                        before.and_then(digest_bytes),
                        after.map(|entry| number_of(entry.kind)),
                        after.map(|entry| entry.mode),
                        after.map(|entry| entry.size),
                        after.and_then(digest_bytes),
                    ])?;
                }
            }
            transaction.commit()?;
            Ok(())
        })
    }

    /// All that the acts of a session changed, in the order in which they were recorded.
    pub fn recorded(&self, session: &SessionId) -> Result<Vec<RecordedAct>, StoreError> {
        self.database.with(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT act.id, act.call, act.time, delta.path,
                    before_kind, before_mode, before_size, before_digest,
                    after_kind, after_mode, after_size, after_digest
                 FROM act JOIN delta ON delta.act = act.id
                 WHERE act.session = ?1 ORDER BY act.id, delta.place",
            )?;
            let mut rows = statement.query([session.as_str()])?;
            let mut acts: Vec<RecordedAct> = Vec::new();
            let mut last = None;
            while let Some(row) = rows.next()? {
                let id: i64 = row.get(0)?;
                if last != Some(id) {
                    last = Some(id);
                    let act = CallId::new(row.get::<_, String>(1)?);
                    acts.push(RecordedAct { act, time: row.get(2)?, deltas: Vec::new() });
                }
                if let Some(act) = acts.last_mut() {
                    let (before, after) = (entry(row, 4)?, entry(row, 8)?);
                    act.deltas.push(FileDelta { path: row.get(3)?, before, after });
                }
            }
            Ok(acts)
        })
    }
}

fn digest_bytes(entry: &KeptEntry) -> Option<[u8; 32]> {
    entry.digest.map(|digest| digest.0)
}
