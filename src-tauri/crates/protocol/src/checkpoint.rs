//! Kept states of files, as the guard reads them and the store keeps them. The page never sees them.

use serde::{Deserialize, Serialize};
use std::fmt;

/// SHA-256 of some content.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What kind of thing is kept. Sockets, pipes and devices are not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeptKind {
    /// An ordinary file.
    File,
    /// A symbolic link, itself; where it leads is not looked at.
    Link,
    /// A folder, without what is in it.
    Folder,
}

/// What stood at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptEntry {
    /// What it is.
    pub kind: KeptKind,
    /// Permission bits, as `chmod` takes them; 0 for links.
    pub mode: u32,
    /// Size in bytes; 0 for folders.
    pub size: u64,
    /// Of a file's bytes or a link's target. None for folders, and for what was not kept: a file past
    /// the limit of size.
    pub digest: Option<Digest>,
}

/// Stat data by which an unchanged file is known without reading it. Only its equality means anything.
pub type Stamp = [u8; 40];

/// One path before and after an act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileDelta {
    /// Bytes of the path: relative to the workspace with `/` between the names, or absolute outside.
    pub path: Vec<u8>,
    /// What stood there before; none for nothing.
    pub before: Option<KeptEntry>,
    /// What stood there after; none for nothing.
    pub after: Option<KeptEntry>,
}
