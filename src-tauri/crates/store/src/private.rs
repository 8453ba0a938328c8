//! Folders that are the person's alone.

use crate::StoreError;
use std::fs::{DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::Path;

/// Makes a folder of mode 0700 with its parents; one that is there is brought to that mode.
pub fn private_folder(path: &Path) -> Result<(), StoreError> {
    let failed = |source| StoreError::Folder { path: path.to_owned(), source };
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed)?;
    std::fs::set_permissions(path, Permissions::from_mode(0o700)).map_err(failed)
}
