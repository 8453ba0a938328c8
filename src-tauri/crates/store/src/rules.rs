//! The person's rules. They are ended, never removed, so that what they let through can be audited.

use crate::journal::now;
use crate::{Store, StoreError};
use countersign_protocol::{RuleGrant, RuleId, RuleRecord, SessionId};
use rusqlite::{OptionalExtension as _, Row, params};

/// A rule as it is made on a card.
#[derive(Clone, Debug)]
pub struct NewRule<'a> {
    /// The workspace folder, absolute.
    pub workspace: &'a str,
    /// The session that it is made in.
    pub session: &'a SessionId,
    /// Whether it outlasts that session.
    pub lasting: bool,
    /// What it lets through.
    pub grant: &'a RuleGrant,
    /// The same as drawn.
    pub shown: &'a str,
    /// What stood on the card, as drawn.
    pub source: &'a str,
    /// After how many seconds it no longer holds; none for no end.
    pub expires_in: Option<u32>,
}

const COLUMNS: &str = "id, grant_json, shown, workspace, lasting, session, source, made, uses, \
                       last_used, expires, revoked, \
                       revoked IS NULL AND (expires IS NULL OR expires > ?1)";

/// Times are RFC 3339 in UTC of one width, so that their texts compare as they do.
const IN_FORCE: &str = "revoked IS NULL AND (expires IS NULL OR expires > ?1)";

impl Store {
    /// Keeps a rule and gives its id. Where the same one is in force already it is that one, with
    /// the new end.
    pub fn add_rule(&self, rule: &NewRule<'_>) -> Result<RuleId, StoreError> {
        let made = jiff::Timestamp::now();
        let end = rule
            .expires_in
            .and_then(|seconds| {
                made.checked_add(jiff::SignedDuration::from_secs(seconds.into())).ok()
            })
            .map(|end| format!("{end:.3}"));
        let grant = serde_json::to_string(rule.grant).map_err(|source| StoreError::Event {
            session: rule.session.to_string(),
            seq: 0,
            source,
        })?;
        self.with(|connection| {
        let transaction =
            connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let known: Option<String> = transaction
            .query_row(
                &format!(
                    "SELECT id FROM rule WHERE {IN_FORCE} AND workspace = ?2 AND grant_json = ?3
                     AND lasting = ?4 AND (lasting OR session = ?5)"
                ),
                params![now(), rule.workspace, grant, rule.lasting, rule.session.as_str()],
                |row| row.get(0),
            )
            .optional()?;
        let id = if let Some(id) = known {
            transaction.execute("UPDATE rule SET expires = ?2 WHERE id = ?1", params![id, end])?;
            id
        } else {
            let id = uuid::Uuid::now_v7().to_string();
            transaction.execute(
                "INSERT INTO rule (id, workspace, session, lasting, grant_json, shown, source, made, expires)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                params![
                    id,
                    rule.workspace,
                    rule.session.as_str(),
                    rule.lasting,
                    grant,
                    rule.shown,
                    rule.source,
                    format!("{made:.3}"),
                    end
                ],
            )?;
            id
        };
        transaction.commit()?;
        Ok(RuleId::new(id))
        })
    }

    /// The rules in force in a workspace, newest first: the lasting ones, and those of `session`.
    pub fn rules_in_force(
        &self,
        workspace: &str,
        session: Option<&SessionId>,
    ) -> Result<Vec<RuleRecord>, StoreError> {
        self.with(|connection| {
            let mut statement = connection.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM rule WHERE {IN_FORCE} AND workspace = ?2
             AND (lasting OR session = ?3) ORDER BY made DESC, id DESC"
            ))?;
            let session = session.map(SessionId::as_str);
            let rows = statement.query_map(params![now(), workspace, session], record)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// All rules that were ever made, newest first.
    pub fn all_rules(&self) -> Result<Vec<RuleRecord>, StoreError> {
        self.with(|connection| {
            let mut statement = connection.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM rule ORDER BY made DESC, id DESC"
            ))?;
            let rows = statement.query_map([now()], record)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Counts that rules decided.
    pub fn count_rule_uses(&self, rules: &[RuleId]) -> Result<(), StoreError> {
        self.with(|connection| {
            for rule in rules {
                connection
                    .prepare_cached(
                        "UPDATE rule SET uses = uses + 1, last_used = ?2 WHERE id = ?1",
                    )?
                    .execute(params![rule.as_str(), now()])?;
            }
            Ok(())
        })
    }

    /// Ends a rule and gives it back. Refuses one that is not in force.
    pub fn revoke_rule(&self, rule: &RuleId) -> Result<RuleRecord, StoreError> {
        self.with(|connection| {
            connection
            .query_row(
                &format!(
                    "UPDATE rule SET revoked = ?1 WHERE {IN_FORCE} AND id = ?2 RETURNING {COLUMNS}"
                ),
                params![now(), rule.as_str()],
                record,
            )
            .optional()?
            .ok_or_else(|| StoreError::NoRule(rule.to_string()))
        })
    }
}

fn record(row: &Row<'_>) -> rusqlite::Result<RuleRecord> {
    let grant: String = row.get(1)?;
    let grant: RuleGrant = serde_json::from_str(&grant).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(1, rusqlite::types::Type::Text, error.into())
    })?;
    Ok(RuleRecord {
        id: RuleId::new(row.get::<_, String>(0)?),
        grant,
        shown: row.get(2)?,
        workspace: row.get(3)?,
        lasting: row.get(4)?,
        session: SessionId::new(row.get::<_, String>(5)?),
        source: row.get(6)?,
        made: row.get(7)?,
        uses: row.get(8)?,
        last_used: row.get(9)?,
        expires: row.get(10)?,
        revoked: row.get(11)?,
        in_force: row.get(12)?,
    })
}
