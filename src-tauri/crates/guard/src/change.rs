//! Proposals to write and edit: the file is read, the new bytes are made, nothing is touched.

use crate::GuardError;
use crate::action::{Base, FileChange, Target, TextPair};
use crate::document::{self, MAX_DOCUMENT, TextEncoding};
use crate::fingerprint::Fingerprint;
use crate::names::{Sensitivity, classify};
use crate::resolve::{Inside, Located, Outside};
use crate::root::{open_beneath, reopen};
use crate::view::{View, display};
use crate::{diff, pseudo};
use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;
use std::io::Read;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

/// Bytes that one write may hold.
const MAX_WRITE: usize = 64 * 1024 * 1024;

/// A file as it is, read whole.
struct Present {
    bytes: Vec<u8>,
    base: Base,
}

/// Where a change goes, and what is there now.
struct Place {
    path: String,
    target: Target,
    through_link: bool,
    present: Option<Present>,
    sensitivity: Sensitivity,
    /// Why nothing can be written there; told at once inside, after a yes outside.
    obstacle: Option<String>,
}

pub(crate) fn propose_write(
    view: &View,
    path: &str,
    content: &str,
) -> Result<FileChange, GuardError> {
    if content.len() > MAX_WRITE {
        return Err(GuardError::Unreadable("the content is larger than 64 MB".to_owned()));
    }
    let place = find(view, path)?;
    let mut text = TextPair { after: content.to_owned(), ..TextPair::default() };
    if let Some(present) = &place.present {
        if let Ok(document) = document::decode(path, &present.bytes) {
            text.before = document.text;
        } else {
            text.before = String::from_utf8_lossy(&present.bytes).into_owned();
            text.binary = true;
        }
    }
    let blocked = place.obstacle.clone();
    let after = content.as_bytes().to_vec();
    Ok(place.into_change(path, text, after, TextEncoding::default(), 1, blocked))
}

pub(crate) fn propose_edit(
    view: &View,
    path: &str,
    edit: impl FnOnce(&str) -> Result<(String, usize), String>,
) -> Result<FileChange, GuardError> {
    let place = find(view, path)?;
    let outside = matches!(place.target, Target::Outside { .. });
    match edited(path, &place, edit) {
        Ok((text, after, encoding, replacements)) => {
            Ok(place.into_change(path, text, after, encoding, replacements, None))
        }
        // Whether anything is there, and what, is not told before the person said yes.
        Err(error) if outside => {
            let blocked = Some(error.to_string());
            let text = TextPair::default();
            Ok(place.into_change(path, text, Vec::new(), TextEncoding::default(), 0, blocked))
        }
        Err(error) => Err(error),
    }
}

type Edited = (TextPair, Vec<u8>, TextEncoding, usize);

fn edited(
    path: &str,
    place: &Place,
    edit: impl FnOnce(&str) -> Result<(String, usize), String>,
) -> Result<Edited, GuardError> {
    if let Some(obstacle) = &place.obstacle {
        return Err(GuardError::WrongKind(obstacle.clone()));
    }
    let Some(present) = &place.present else {
        return Err(GuardError::NotFound(path.to_owned()));
    };
    let document = document::decode(path, &present.bytes)?;
    let (after, replacements) = edit(&document.text).map_err(GuardError::Unreadable)?;
    let bytes = document.encoding.encode(&after)?;
    let text = TextPair { before: document.text, after, binary: false };
    Ok((text, bytes, document.encoding, replacements))
}

/// The proposal as the person changed it on its card: only some hunks, or another text.
pub(crate) fn revise(
    change: &FileChange,
    hunks: Option<&[u32]>,
    text: Option<&str>,
) -> Result<(String, Vec<u8>), GuardError> {
    let text = match (text, hunks) {
        (Some(text), _) => text.to_owned(),
        (None, Some([])) => {
            return Err(GuardError::BadPath("keep at least one hunk, or deny".to_owned()));
        }
        (None, Some(hunks)) => diff::keep_hunks(&change.text.before, &change.text.after, hunks)
            .ok_or_else(|| GuardError::BadPath("there is no hunk of that number".to_owned()))?,
        (None, None) => change.text.after.clone(),
    };
    let bytes = change.encoding.encode(&text)?;
    Ok((text, bytes))
}

impl Place {
    fn into_change(
        self,
        asked: &str,
        text: TextPair,
        after: Vec<u8>,
        encoding: TextEncoding,
        replacements: usize,
        blocked: Option<String>,
    ) -> FileChange {
        FileChange {
            asked: asked.to_owned(),
            path: self.path,
            target: self.target,
            through_link: self.through_link,
            base: self.present.map(|present| present.base),
            after,
            text,
            encoding,
            sensitivity: self.sensitivity,
            replacements,
            blocked,
        }
    }
}

fn find(view: &View, path: &str) -> Result<Place, GuardError> {
    match view.locate(path)? {
        Located::Inside(inside) => find_inside(path, inside),
        Located::Outside(outside) => find_outside(path, &outside),
    }
}

fn find_inside(path: &str, inside: Inside) -> Result<Place, GuardError> {
    if path.ends_with('/') {
        return Err(GuardError::WrongKind(format!("{path} names a folder; name a file")));
    }
    let present = match &inside.object {
        Some((object, kind)) => {
            if let Some(obstacle) = obstacle(path, *kind) {
                return Err(GuardError::WrongKind(obstacle));
            }
            Some(read_present(path, object.as_fd())?)
        }
        None => None,
    };
    let name = display(&inside.relative);
    // The stricter of the two names: a link must not make a sensitive file ordinary.
    let sensitivity = [name.as_str(), path].into_iter().map(classify).fold(
        Sensitivity::Ordinary,
        |strictest, next| match (&strictest, &next) {
            (Sensitivity::Secret(_), _) | (_, Sensitivity::Ordinary) => strictest,
            _ => next,
        },
    );
    Ok(Place {
        path: name,
        target: Target::Inside(inside.relative),
        through_link: inside.through_link,
        present,
        sensitivity,
        obstacle: None,
    })
}

fn find_outside(path: &str, outside: &Outside) -> Result<Place, GuardError> {
    let full = &outside.lexical;
    let sensitivity = classify(&full.to_string_lossy());
    // The folder is opened now: what is approved is written where the card says it is.
    let (folder, real, below) = deepest_folder(full)?;
    if pseudo::by_handle(folder.as_fd()) || pseudo::by_name(&real) {
        return Err(GuardError::Pseudo(path.to_owned()));
    }
    let mut blocked = None;
    let mut present = None;
    if below.as_os_str().is_empty() {
        blocked = Some(format!("{} is a folder, not a file", full.display()));
    } else {
        let name = full.display().to_string();
        match open_beneath(folder.as_fd(), &below, OFlags::PATH | OFlags::NOFOLLOW) {
            Ok(object) => {
                let kind = kind(&name, &object)?;
                blocked = obstacle(&name, kind);
                if blocked.is_none() {
                    present = Some(read_present(&name, object.as_fd())?);
                }
            }
            Err(Errno::NOENT) => {}
            Err(error) => blocked = Some(format!("{name}: {}", std::io::Error::from(error))),
        }
    }
    let path = real.join(&below);
    Ok(Place {
        path: path.display().to_string(),
        target: Target::Outside { path, folder, below },
        through_link: false,
        present,
        sensitivity,
        obstacle: blocked,
    })
}

/// The deepest folder of an absolute path that exists, by handle, where it really is, and the names
/// below it.
fn deepest_folder(full: &Path) -> Result<(OwnedFd, PathBuf, PathBuf), GuardError> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    for folder in full.ancestors() {
        match rustix::fs::open(folder, flags, Mode::empty()) {
            Ok(handle) => {
                let real =
                    crate::root::real_path(handle.as_fd()).unwrap_or_else(|| folder.to_owned());
                let below = full.strip_prefix(folder).unwrap_or(Path::new("")).to_owned();
                return Ok((handle, real, below));
            }
            Err(Errno::NOENT | Errno::NOTDIR) => {}
            Err(error) => {
                return Err(GuardError::system(&full.display().to_string(), error));
            }
        }
    }
    Err(GuardError::NotFound(full.display().to_string()))
}

fn kind(name: &str, object: &OwnedFd) -> Result<FileType, GuardError> {
    rustix::fs::fstat(object)
        .map(|stat| crate::root::kind_of(&stat))
        .map_err(|error| GuardError::system(name, error))
}

fn obstacle(name: &str, kind: FileType) -> Option<String> {
    let what = match kind {
        FileType::RegularFile => return None,
        FileType::Directory => "a folder",
        FileType::Symlink => "a symbolic link",
        FileType::Fifo => "a named pipe",
        FileType::Socket => "a socket",
        FileType::CharacterDevice | FileType::BlockDevice => "a device",
        FileType::Unknown => "no ordinary file",
    };
    Some(format!("{name} is {what}; only ordinary files can be written"))
}

fn read_present(name: &str, object: BorrowedFd<'_>) -> Result<Present, GuardError> {
    let what = format!("cannot read {name}");
    let file = reopen(object, OFlags::RDONLY).map_err(|error| GuardError::system(&what, error))?;
    let stat = rustix::fs::fstat(&file).map_err(|error| GuardError::system(&what, error))?;
    let mut bytes = Vec::new();
    file.take(MAX_DOCUMENT + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| GuardError::system(&what, error))?;
    if bytes.len() as u64 > MAX_DOCUMENT {
        return Err(GuardError::Unreadable(format!(
            "{name} is larger than 64 MB; change it with a command"
        )));
    }
    let base = Base {
        fingerprint: Fingerprint::of(&bytes),
        mode: stat.st_mode & 0o7777,
        links: stat.st_nlink,
    };
    Ok(Present { bytes, base })
}
