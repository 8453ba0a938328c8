//! Kept contents: compressed where that makes them smaller, each once.

use super::Checkpoints;
use crate::StoreError;
use countersign_protocol::Digest;
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};
use sha2::{Digest as _, Sha256};

/// How hard to compress: a baseline of a large workspace must not wait for it.
const LEVEL: i32 = 1;
/// A content shorter than this is kept as it is.
const SHORT: usize = 64;
/// A transaction takes contents until it has this many bytes, so that others can write in between.
const BATCH_BYTES: usize = 16 << 20;
/// A transaction takes at most this many contents.
const BATCH: usize = 4096;
/// A content that is asked to be kept again is marked so only when it was last marked this many seconds ago.
const MARK_AGAIN: i64 = 600;

/// A content as it is stored.
struct Content {
    digest: Digest,
    packed: bool,
    size: usize,
    body: Vec<u8>,
}

impl Checkpoints {
    /// Keeps contents. The caller has made sure that each digest is that of its bytes. Those that are kept
    /// already are passed over. They are stored in batches: after an error some may be kept and others not,
    /// and the same can be asked again.
    pub fn put(
        &self,
        contents: &mut dyn Iterator<Item = (Digest, Vec<u8>)>,
    ) -> Result<(), StoreError> {
        let mut compressor = zstd::bulk::Compressor::new(LEVEL)
            .map_err(|error| tracing::warn!(%error, "contents are kept without compression"))
            .ok();
        let mut batch = Vec::new();
        let mut bytes = 0;
        for (digest, body) in contents {
            // Compressed outside of the transaction, which keeps others waiting.
            let packed = pack(digest, body, compressor.as_mut());
            bytes += packed.body.len();
            batch.push(packed);
            if bytes >= BATCH_BYTES || batch.len() >= BATCH {
                self.store(&batch)?;
                batch.clear();
                bytes = 0;
            }
        }
        self.store(&batch)
    }

    fn store(&self, batch: &[Content]) -> Result<(), StoreError> {
        if batch.is_empty() {
            return Ok(());
        }
        let now = jiff::Timestamp::now().as_second();
        self.database.with(|connection| {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            insert(&transaction, batch, now)?;
            transaction.commit()?;
            Ok(())
        })
    }

    /// Whether a content is kept.
    pub fn has(&self, digest: &Digest) -> Result<bool, StoreError> {
        self.database.with(|connection| is_kept(connection, digest))
    }

    /// Whether each of these contents is kept, in their order.
    pub fn has_many(&self, digests: &[Digest]) -> Result<Vec<bool>, StoreError> {
        self.database.with(|connection| {
            // In one transaction: else each look would take and leave the lock.
            let transaction = connection.transaction()?;
            digests.iter().map(|digest| is_kept(&transaction, digest)).collect()
        })
    }

    /// The bytes of a content. An error where it is not kept, or where it is not what it was.
    pub fn get(&self, digest: &Digest) -> Result<Vec<u8>, StoreError> {
        let wrong = |why| StoreError::Content { digest: digest.to_string(), why };
        let found: Option<(bool, usize, Vec<u8>)> = self.database.with(|connection| {
            Ok(connection
                .prepare_cached("SELECT packed, size, body FROM content WHERE digest = ?1")?
                .query_row([digest.0.as_slice()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
                .optional()?)
        })?;
        let (packed, size, body) = found.ok_or_else(|| wrong("is not there"))?;
        let body = if packed {
            zstd::bulk::decompress(&body, size).map_err(|_| wrong("cannot be unpacked"))?
        } else {
            body
        };
        if Sha256::digest(&body).as_slice() != digest.0 {
            return Err(wrong("is not what it was"));
        }
        Ok(body)
    }
}

fn pack(
    digest: Digest,
    body: Vec<u8>,
    compressor: Option<&mut zstd::bulk::Compressor<'_>>,
) -> Content {
    let size = body.len();
    let smaller = compressor
        .filter(|_| size >= SHORT)
        .and_then(|compressor| compressor.compress(&body).ok())
        .filter(|smaller| smaller.len() < size);
    match smaller {
        Some(body) => Content { digest, packed: true, size, body },
        None => Content { digest, packed: false, size, body },
    }
}

fn insert(transaction: &Transaction<'_>, batch: &[Content], now: i64) -> Result<(), StoreError> {
    let mut statement = transaction.prepare_cached(
        "INSERT INTO content (digest, kept, packed, size, body) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (digest) DO UPDATE SET kept = excluded.kept
         WHERE abs(excluded.kept - kept) > ?6",
    )?;
    for content in batch {
        statement.execute(params![
            content.digest.0.as_slice(),
            now,
            content.packed,
            content.size,
            content.body,
            MARK_AGAIN
        ])?;
    }
    Ok(())
}

fn is_kept(connection: &Connection, digest: &Digest) -> Result<bool, StoreError> {
    Ok(connection
        .prepare_cached("SELECT 1 FROM content WHERE digest = ?1")?
        .exists([digest.0.as_slice()])?)
}
