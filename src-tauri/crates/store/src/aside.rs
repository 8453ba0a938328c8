//! A database that other programs may have open too, and that is set aside where it is damaged.

use crate::StoreError;
use crate::database::{Design, empty_log};
use crate::private::private_file;
use rusqlite::{Connection, Error as Sql, ffi};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use std::ffi::OsString;
use std::fs::{File, remove_file, rename};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// A damaged database that was put out of the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// Where it lies now, as a whole.
    pub path: PathBuf,
    /// How many sessions were found whole and are in the new database.
    pub salvaged: usize,
    /// How many were found of which the end, or all, could not be read. What could be read before the
    /// first gap is in the new database.
    pub lost: usize,
}

/// Brings over what can be read of a damaged database: how many sessions whole, and how many not.
pub(crate) type Salvage = fn(&Path, &mut Connection) -> Result<(usize, usize), StoreError>;

/// A database that is open.
#[derive(Debug)]
pub(crate) struct Database {
    connection: Mutex<Connection>,
    path: PathBuf,
    set_aside: Option<SetAside>,
    /// Held shared as long as it is open: who has it exclusively knows that nobody writes to a file
    /// that is moved away.
    _hold: File,
}

impl Database {
    /// Opens a database, which is made where it is missing. A damaged one is set aside, and what can be
    /// salvaged is in the new one; but not while another program has it open.
    pub(crate) fn open(
        path: &Path,
        design: &Design,
        salvage: Option<Salvage>,
    ) -> Result<Self, StoreError> {
        let hold = private_file(&beside(path, ".lock"))?;
        lock(&hold, FlockOperation::LockShared, path)?;
        finish_replacing(path, &hold)?;
        let mut set_aside = None;
        let connection = match open_checked(path, design) {
            Err(error) if error.is_damage() => {
                if !lock(&hold, FlockOperation::NonBlockingLockExclusive, path)? {
                    return Err(error);
                }
                // Another program may have set it aside just now.
                match open_checked(path, design) {
                    Err(error) if error.is_damage() => {
                        set_aside = Some(replace(path, design, salvage)?);
                    }
                    other => drop(other?),
                }
                lock(&hold, FlockOperation::LockShared, path)?;
                design.open(path)?
            }
            other => other?,
        };
        Ok(Self {
            connection: Mutex::new(connection),
            path: path.to_owned(),
            set_aside,
            _hold: hold,
        })
    }

    /// Empties a database with `empty` and removes its files. Not while a program has it open. The file by
    /// which programs know of each other stays: another may be about to lock it.
    pub(crate) fn discard(
        path: &Path,
        design: &Design,
        empty: fn(&Connection) -> Result<(), StoreError>,
    ) -> Result<bool, StoreError> {
        let hold = private_file(&beside(path, ".lock"))?;
        if !lock(&hold, FlockOperation::NonBlockingLockExclusive, path)? {
            return Ok(false);
        }
        empty(&design.open(path)?)?;
        remove_database(path)?;
        Ok(true)
    }

    pub(crate) fn set_aside(&self) -> Option<&SetAside> {
        self.set_aside.as_ref()
    }

    /// Does something with the connection. Where that meets damage, it is written down, so that the next
    /// start looks through the whole database.
    pub(crate) fn with<T>(
        &self,
        act: impl FnOnce(&mut Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let done = act(&mut connection);
        if done.as_ref().is_err_and(StoreError::is_damage)
            && let Err(error) = private_file(&marker(&self.path))
        {
            tracing::warn!(%error, "cannot write down that the database is damaged");
        }
        done
    }
}

/// A path with more at the end of its name.
pub(crate) fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(end);
    name.into()
}

/// The file that says that damage was met.
fn marker(path: &Path) -> PathBuf {
    beside(path, ".check")
}

/// The new database while what can be read is brought over.
fn fresh(path: &Path) -> PathBuf {
    beside(path, ".new")
}

/// Whether the lock is had; an operation that does not wait may not get it.
fn lock(file: &File, operation: FlockOperation, path: &Path) -> Result<bool, StoreError> {
    loop {
        match flock(file, operation) {
            Ok(()) => return Ok(true),
            Err(Errno::WOULDBLOCK) => return Ok(false),
            Err(Errno::INTR) => {}
            Err(error) => return Err(StoreError::folder(path, error.into())),
        }
    }
}

/// Opens it, and looks through all of it where damage was met before.
fn open_checked(path: &Path, design: &Design) -> Result<Connection, StoreError> {
    let connection = design.open(path)?;
    let marker = marker(path);
    if marker.exists() {
        let found: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if found != "ok" {
            let code = ffi::Error::new(ffi::SQLITE_CORRUPT);
            return Err(Sql::SqliteFailure(code, Some(found)).into());
        }
        remove(&marker)?;
    }
    Ok(connection)
}

/// Puts a new database with all that can be read in the place of a damaged one. Needs the exclusive lock.
fn replace(path: &Path, design: &Design, salvage: Option<Salvage>) -> Result<SetAside, StoreError> {
    let fresh = fresh(path);
    // All is brought over before anything is moved: a crash or a full disk leaves all as it was.
    remove_database(&fresh)?;
    let (salvaged, lost) = bring_over(path, &fresh, design, salvage).inspect_err(|_| {
        // A part of it is of no use and takes room. What failed first is what is told.
        let _ = remove_database(&fresh);
    })?;

    let aside = free_name(path);
    let failed = |source| StoreError::folder(path, source);
    // The log first: a log without its database must not be taken for another database's.
    for end in ["-wal", "-shm", ""] {
        let from = beside(path, end);
        if from.exists() {
            rename(from, beside(&aside, end)).map_err(failed)?;
        }
    }
    rename(&fresh, path).map_err(failed)?;
    remove(&marker(path))?;
    if let Some(folder) = path.parent() {
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
    }
    tracing::warn!(path = %aside.display(), salvaged, lost, "a damaged database was set aside");
    Ok(SetAside { path: aside, salvaged, lost })
}

fn bring_over(
    from: &Path,
    to: &Path,
    design: &Design,
    salvage: Option<Salvage>,
) -> Result<(usize, usize), StoreError> {
    let mut connection = design.open(to)?;
    let found = salvage.map_or(Ok((0, 0)), |salvage| salvage(from, &mut connection))?;
    empty_log(&connection)?;
    Ok(found)
}

/// Where a program ended between the two moves of [`replace`], the second is made up for.
fn finish_replacing(path: &Path, hold: &File) -> Result<(), StoreError> {
    let fresh = fresh(path);
    if path.exists() || !fresh.exists() {
        return Ok(());
    }
    if lock(hold, FlockOperation::NonBlockingLockExclusive, path)? && !path.exists() {
        rename(&fresh, path).map_err(|source| StoreError::folder(path, source))?;
    }
    lock(hold, FlockOperation::LockShared, path)?;
    Ok(())
}

/// A name for a damaged database that nothing has yet.
fn free_name(path: &Path) -> PathBuf {
    let time = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ");
    let mut name = beside(path, &format!(".damaged-{time}"));
    let mut number = 2;
    while name.exists() {
        name = beside(path, &format!(".damaged-{time}-{number}"));
        number += 1;
    }
    name
}

fn remove_database(path: &Path) -> Result<(), StoreError> {
    ["-wal", "-shm", ""].iter().try_for_each(|end| remove(&beside(path, end)))
}

fn remove(path: &Path) -> Result<(), StoreError> {
    match remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(StoreError::folder(path, error))
        }
        _ => Ok(()),
    }
}
