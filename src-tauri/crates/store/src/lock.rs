//! A session is written by one program at a time.

use crate::{StoreError, private_folder};
use countersign_protocol::SessionId;
use rustix::fs::FlockOperation;
use rustix::io::Errno;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// The folder of the locks in the data folder.
const FOLDER: &str = "locks";

/// The right to write a session, held until it is dropped. The kernel keeps it (`flock`), so a program
/// that is killed leaves none. The file stays: removing it could take the lock of another program
/// from under it.
#[derive(Debug)]
pub struct SessionLock {
    _file: File,
}

impl SessionLock {
    /// Takes the right to write a session; none where another program has it.
    pub fn take(data_dir: &Path, session: &SessionId) -> Result<Option<Self>, StoreError> {
        let path = path(data_dir, session);
        let failed = |source| StoreError::Folder { path: path.clone(), source };
        private_folder(&data_dir.join(FOLDER))?;
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .mode(0o600)
            .open(&path)
            .map_err(failed)?;
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => return Ok(None),
            Err(error) => return Err(failed(error.into())),
        }
        // For words only: the lock itself is the kernel's. A full disk must not keep it from being had.
        let noted = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| file.write_all(std::process::id().to_string().as_bytes()));
        if let Err(error) = noted {
            tracing::debug!("the holder of {} is not noted: {error}", path.display());
        }
        Ok(Some(Self { _file: file }))
    }

    /// The process that took the lock last, as it noted; none where nothing is known. It need not hold it any more.
    #[must_use]
    pub fn holder(data_dir: &Path, session: &SessionId) -> Option<u32> {
        let mut text = String::new();
        File::open(path(data_dir, session)).ok()?.take(32).read_to_string(&mut text).ok()?;
        text.trim().parse().ok()
    }
}

fn path(data_dir: &Path, session: &SessionId) -> PathBuf {
    // An id comes from a file that was brought in, perhaps: it names a file only when it is plain.
    let plain: String = session
        .as_str()
        .chars()
        .map(|char| if char.is_ascii_alphanumeric() || char == '-' { char } else { '_' })
        .take(100)
        .collect();
    data_dir.join(FOLDER).join(format!("{plain}.lock"))
}
