//! Folders and files that are the person's alone.

use crate::StoreError;
use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

/// Makes a folder of mode 0700 with its parents; one that is there is brought to that mode.
pub fn private_folder(path: &Path) -> Result<(), StoreError> {
    let failed = |source| StoreError::folder(path, source);
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed)?;
    File::open(path).and_then(|folder| bring_to(&folder, 0o700)).map_err(failed)
}

/// Opens a file of mode 0600 for writing, which is made where it is missing and left as it is else.
pub(crate) fn private_file(path: &Path) -> Result<File, StoreError> {
    let failed = |source| StoreError::folder(path, source);
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .mode(0o600)
        .open(path)
        .map_err(failed)?;
    // By the handle: the name may lead elsewhere by now.
    bring_to(&file, 0o600).map_err(failed)?;
    Ok(file)
}

fn bring_to(file: &File, mode: u32) -> std::io::Result<()> {
    if file.metadata()?.permissions().mode() & 0o7777 == mode {
        return Ok(());
    }
    file.set_permissions(Permissions::from_mode(mode))
}
