//! What is kept of a workspace so that changes can be undone: contents, the last known state, and what
//! each act changed. A database a workspace.

mod acts;
mod budget;
mod contents;
mod database;
mod index;

pub use acts::RecordedAct;
pub use budget::Trimmed;
pub use index::IndexRow;

use crate::aside::{Database, SetAside};
use crate::{StoreError, private_folder};
use std::path::{Path, PathBuf};

/// The kept contents and recorded changes of one workspace. Several programs may have it open at once.
#[derive(Debug)]
pub struct Checkpoints {
    database: Database,
    data_dir: PathBuf,
}

impl Checkpoints {
    /// Opens the workspace's database in `data_dir`, both of which are made where they are missing.
    /// `workspace` is its absolute path. Refuses a database that a newer version wrote; a damaged one is
    /// set aside, and what it kept can no longer be undone ([`Self::set_aside`]).
    pub fn open(data_dir: &Path, workspace: &Path) -> Result<Self, StoreError> {
        let path = database::path(data_dir, workspace);
        private_folder(data_dir)?;
        private_folder(&data_dir.join(database::FOLDER))?;
        // What a damaged one kept is only worth something as a whole: no part of it is brought over.
        let database = Database::open(&path, &database::DESIGN, None)?;
        Ok(Self { database, data_dir: data_dir.to_owned() })
    }

    /// Opens the workspace's database where there is one; makes nothing where there is none.
    pub fn open_existing(data_dir: &Path, workspace: &Path) -> Result<Option<Self>, StoreError> {
        if !database::path(data_dir, workspace).exists() {
            return Ok(None);
        }
        Self::open(data_dir, workspace).map(Some)
    }

    /// Removes the workspace's database with all that is kept in it; the bytes are overwritten. Whether it
    /// did: not where a program has it open, and not where there is none.
    pub fn discard(data_dir: &Path, workspace: &Path) -> Result<bool, StoreError> {
        let path = database::path(data_dir, workspace);
        if !path.exists() {
            return Ok(false);
        }
        Database::discard(&path, &database::DESIGN, budget::drop_all)
    }

    /// Set where the database was damaged when it was opened, and this is a new one.
    #[must_use]
    pub fn set_aside(&self) -> Option<&SetAside> {
        self.database.set_aside()
    }
}
