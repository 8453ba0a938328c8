//! What the supervisor is told of a command's limits.

use super::Namespaces;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Limits as they are put on. The default puts nothing on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Plan {
    /// Which files; none where they are not limited.
    pub(crate) files: Option<FilePlan>,
    /// Whether the network is cut off.
    pub(crate) cut_network: bool,
    /// By which namespaces the limits are put on.
    pub(crate) namespaces: Namespaces,
}

/// Which files a command may write and may not read. The workspace itself comes by handle.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FilePlan {
    /// The version of Landlock's interface that is used.
    pub(crate) abi: u8,
    /// What it may write, beside the workspace; what is not there is left out.
    #[serde(with = "bytes")]
    pub(crate) writable: Vec<PathBuf>,
    /// Folders to make first, where they are missing; all are among `writable`.
    #[serde(with = "bytes")]
    pub(crate) made: Vec<PathBuf>,
    /// What it may not read.
    #[serde(with = "bytes")]
    pub(crate) hidden: Vec<PathBuf>,
}

/// Paths as bytes: a name need not be UTF-8.
mod bytes {
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};
    use std::ffi::OsString;
    use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
    use std::path::PathBuf;

    pub(super) fn serialize<S: Serializer>(paths: &[PathBuf], to: S) -> Result<S::Ok, S::Error> {
        let paths: Vec<&[u8]> = paths.iter().map(|path| path.as_os_str().as_bytes()).collect();
        paths.serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<PathBuf>, D::Error> {
        let paths: Vec<Vec<u8>> = Vec::deserialize(from)?;
        Ok(paths.into_iter().map(|path| OsString::from_vec(path).into()).collect())
    }
}
