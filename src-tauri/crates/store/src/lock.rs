//! Who has a session open for writing: one program at a time, by the kernel's `flock`, so that a program
//! that was killed leaves no lock.

use crate::StoreError;
use crate::private::{private_file, private_folder};
use countersign_protocol::SessionId;
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The folder of locks within the data folder.
const FOLDER: &str = "locks";
/// Ids up to this length name their file themselves.
const SHORT: usize = 100;
/// No number of a process has more digits.
const LONGEST_NUMBER: u64 = 32;
/// A lock is asked for this many times: who only looks at it has it for a moment, too.
const TRIES: u32 = 5;
/// How long to wait in between.
const AGAIN: Duration = Duration::from_millis(5);

/// A session that this program has open for writing, until this is dropped.
#[derive(Debug)]
pub struct SessionLock {
    file: File,
    path: PathBuf,
}

impl SessionLock {
    /// Takes the lock of a session. None where it is taken already, by another program or by this one.
    pub fn take(data_dir: &Path, session: &SessionId) -> Result<Option<Self>, StoreError> {
        private_folder(data_dir)?;
        private_folder(&data_dir.join(FOLDER))?;
        let path = path(data_dir, session);
        let failed = |source| StoreError::folder(&path, source);
        let mut refused = 0;
        loop {
            let file = private_file(&path)?;
            if !lock(&file, FlockOperation::NonBlockingLockExclusive).map_err(failed)? {
                refused += 1;
                if refused == TRIES {
                    return Ok(None);
                }
                std::thread::sleep(AGAIN);
                continue;
            }
            // Whoever had it may have removed the file since it was opened: then another one is the lock now.
            if !is_at(&file, &path) {
                continue;
            }
            let mut taken = Self { file, path: path.clone() };
            // For words only: a full disk must not keep the lock from being had.
            let process = std::process::id();
            if let Err(error) = taken.file.set_len(0).and_then(|()| write!(taken.file, "{process}"))
            {
                tracing::debug!(%error, path = %taken.path.display(), "the holder is not noted");
            }
            return Ok(Some(taken));
        }
    }

    /// The process that has a session open for writing, as it named itself: for words only. None where
    /// nobody has.
    #[must_use]
    pub fn holder(data_dir: &Path, session: &SessionId) -> Option<u32> {
        let file = File::open(path(data_dir, session)).ok()?;
        if lock(&file, FlockOperation::NonBlockingLockShared).ok()? {
            return None;
        }
        let mut text = String::new();
        file.take(LONGEST_NUMBER).read_to_string(&mut text).ok()?;
        text.trim().parse().ok()
    }

    /// Whether anybody has a session open for writing.
    pub(crate) fn is_taken(data_dir: &Path, session: &SessionId) -> bool {
        File::open(path(data_dir, session))
            .and_then(|file| lock(&file, FlockOperation::NonBlockingLockShared))
            .is_ok_and(|free| !free)
    }
}

impl Drop for SessionLock {
    fn drop(&mut self) {
        // Removed while it is held: whoever opened it before finds that it is no longer there, and makes
        // another. A file that stays is no lock.
        if let Err(error) = std::fs::remove_file(&self.path) {
            tracing::debug!(%error, path = %self.path.display(), "a lock's file stays");
        }
    }
}

/// Where the lock of a session lies. Ids are opaque, and one that was brought in may be anything: what is no
/// plain name is named by its digest.
fn path(data_dir: &Path, session: &SessionId) -> PathBuf {
    let id = session.as_str();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let mut name = String::new();
    if !id.is_empty() && id.len() <= SHORT && id.bytes().all(plain) {
        name.push_str(id);
    } else {
        name.push('=');
        for byte in Sha256::digest(id.as_bytes()) {
            // Writing to a text does not fail.
            let _ = write!(name, "{byte:02x}");
        }
    }
    data_dir.join(FOLDER).join(name + ".lock")
}

/// Whether the lock is had now.
fn lock(file: &File, operation: FlockOperation) -> std::io::Result<bool> {
    loop {
        match flock(file, operation) {
            Ok(()) => return Ok(true),
            Err(Errno::WOULDBLOCK) => return Ok(false),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Whether a path still leads to an opened file.
fn is_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), path.metadata()) {
        (Ok(opened), Ok(there)) => (opened.dev(), opened.ino()) == (there.dev(), there.ino()),
        _ => false,
    }
}
