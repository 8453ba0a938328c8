//! How a database of ours is opened: private, durable, and of the newest format.

use crate::StoreError;
use crate::private::private_file;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, TransactionBehavior};
use std::io::Read as _;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long to wait for another program that writes.
const BUSY: Duration = Duration::from_secs(10);
/// How long to wait before asking again for what SQLite does not wait for by itself.
const AGAIN: Duration = Duration::from_millis(10);
/// The log's length in bytes once its content is in the database.
const LONGEST_LOG: i64 = 4 << 20;
/// What a database file begins with.
const MAGIC: &[u8] = b"SQLite format 3\0";
/// Where the format stands in a database file: four bytes, the highest first.
const FORMAT_AT: usize = 60;

/// What a database holds.
pub(crate) struct Design {
    /// Each step brings the format from its index to the next; SQLite's `user_version` counts them. A
    /// step that was released is never edited.
    pub(crate) steps: &'static [&'static str],
    /// What SQL alone cannot do, after all steps and in their transaction; is given the format that
    /// was found.
    pub(crate) migrated: fn(&Connection, u32) -> Result<(), StoreError>,
    /// A cheap look that meets the commonest damage.
    pub(crate) look: &'static str,
    /// Whether pages that fall free go back to the disk.
    pub(crate) shrinks: bool,
}

impl Design {
    fn known(&self) -> u32 {
        u32::try_from(self.steps.len()).unwrap_or(u32::MAX)
    }

    /// Opens the database, which is made where it is missing (mode 0600), and brings it to the newest
    /// format. Refuses one that is newer still, whose bytes stay as they are.
    pub(crate) fn open(&self, path: &Path) -> Result<Connection, StoreError> {
        let known = self.known();
        let newer = |found| StoreError::Newer { path: path.to_owned(), found, known };
        // Read from the file itself where it can be: SQLite makes files beside a database it opens.
        if let Some(found) = format_of(path).filter(|found| *found > known) {
            return Err(newer(found));
        }
        // Made before SQLite opens it, so that it is never readable by others; SQLite gives the
        // files beside it the same mode.
        drop(private_file(path)?);
        let mut connection = Connection::open(path)?;
        // Until it is known to be neither newer nor damaged, closing must not write the log back.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        connection.busy_timeout(BUSY)?;
        connection.pragma_update(None, "foreign_keys", true)?;
        // What is deleted is overwritten, not only unlinked.
        connection.pragma_update(None, "secure_delete", true)?;
        let found = format(&connection)?;
        if found > known {
            return Err(newer(found));
        }
        if found == 0 {
            if self.shrinks {
                connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
            }
            begin_log(&connection)?;
        }
        // A large batch leaves a long log, which must not stay so.
        connection.pragma_update(None, "journal_size_limit", LONGEST_LOG)?;
        // With WAL, FULL is what makes a commit outlive a power failure.
        connection.pragma_update(None, "synchronous", "FULL")?;
        if found < known && !self.migrate(&mut connection)? {
            return Err(newer(format(&connection)?));
        }
        drain(&connection, self.look)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
        Ok(connection)
    }

    /// Whether the database is of the newest format now; not where another program made it newer still.
    fn migrate(&self, connection: &mut Connection) -> Result<bool, StoreError> {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Another program may have been first.
        let found = format(&transaction)?;
        if found > self.known() {
            return Ok(false);
        }
        for step in self.steps.iter().skip(found as usize) {
            transaction.execute_batch(step)?;
        }
        (self.migrated)(&transaction, found)?;
        transaction.pragma_update(None, "user_version", self.known())?;
        transaction.commit()?;
        Ok(true)
    }
}

/// The format as the file has it, without the log beside it; none where it is no database.
fn format_of(path: &Path) -> Option<u32> {
    let mut head = [0; FORMAT_AT + 4];
    std::fs::File::open(path).ok()?.read_exact(&mut head).ok()?;
    let format = head.get(FORMAT_AT..)?.try_into().ok()?;
    head.starts_with(MAGIC).then(|| u32::from_be_bytes(format))
}

fn format(connection: &Connection) -> Result<u32, StoreError> {
    Ok(connection.query_row("PRAGMA user_version", [], |row| row.get(0))?)
}

/// Turns the write-ahead log on. SQLite does not wait by itself where two programs do it at once.
fn begin_log(connection: &Connection) -> Result<(), StoreError> {
    let started = Instant::now();
    loop {
        match connection.pragma_update(None, "journal_mode", "WAL") {
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                    && started.elapsed() < BUSY =>
            {
                std::thread::sleep(AGAIN);
            }
            done => return Ok(done?),
        }
    }
}

/// Runs a query to its end; what it gives is not looked at.
pub(crate) fn drain(connection: &Connection, sql: &str) -> Result<(), StoreError> {
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    while rows.next()?.is_some() {}
    Ok(())
}

/// Empties the log beside the database into it. Where another program reads just now it is emptied
/// later; that is no error.
pub(crate) fn empty_log(connection: &Connection) -> Result<(), StoreError> {
    drain(connection, "PRAGMA wal_checkpoint(TRUNCATE)")
}
