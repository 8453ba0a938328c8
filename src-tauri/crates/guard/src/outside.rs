//! Opening what an outside path names.

use crate::root::{kind_of, real_path};
use crate::{GuardError, pseudo};
use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

/// Opens what an outside path names, links followed, and says where it really is. Called to draw a
/// card and to act after a yes; what it finds is not told to the model before.
pub(crate) fn open_outside(
    path: &Path,
) -> Result<Option<(OwnedFd, FileType, PathBuf)>, GuardError> {
    let shown = path.display().to_string();
    let object = match rustix::fs::open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty()) {
        Ok(object) => object,
        Err(Errno::NOENT | Errno::NOTDIR | Errno::ACCESS | Errno::LOOP) => return Ok(None),
        Err(error) => return Err(GuardError::system(&shown, error)),
    };
    let real = real_path(object.as_fd()).unwrap_or_else(|| path.to_owned());
    if pseudo::by_handle(object.as_fd()) || pseudo::by_name(&real) {
        return Err(GuardError::Pseudo(shown));
    }
    let kind = rustix::fs::fstat(&object)
        .map(|stat| kind_of(&stat))
        .map_err(|error| GuardError::system(&shown, error))?;
    Ok(Some((object, kind, real)))
}
