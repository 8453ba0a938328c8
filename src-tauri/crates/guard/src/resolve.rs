//! Where a path that a tool was given leads: by handle, a name at a time, links read by the guard
//! itself. Nothing here is checked first and opened by name later.

use crate::root::{Root, kind_of, names_of, open_at, open_beneath};
use crate::{GuardError, pseudo};
use rustix::fs::{FileType, OFlags};
use rustix::io::Errno;
use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// Links that are followed in one path before it counts as a circle; the kernel's own limit.
const MAX_LINKS: u32 = 40;
/// Names that are looked up for one path, those of links too; past this it counts as a circle. No path
/// has as many by itself.
const MAX_NAMES: usize = 2_500;
/// Bytes of a path; the kernel's own limit (`PATH_MAX`).
const MAX_PATH: usize = 4096;
/// Bytes of a name; the kernel's own limit (`NAME_MAX`).
const MAX_NAME: usize = 255;

/// Where a path leads.
#[derive(Debug)]
pub(crate) enum Located {
    /// Beneath the workspace.
    Inside(Inside),
    /// Anywhere else. Whether anything is there is not told before the person said yes.
    Outside(Outside),
}

/// A place beneath the workspace.
#[derive(Debug)]
pub(crate) struct Inside {
    /// The path from the workspace, links resolved; empty for the workspace itself.
    pub(crate) relative: PathBuf,
    /// The object, as an `O_PATH` handle; none where there is nothing.
    pub(crate) object: Option<(OwnedFd, FileType)>,
    /// Whether a link was followed on the way.
    pub(crate) through_link: bool,
    /// Whether a `..` was taken by name, past a name that is not there or not inside: the kernel would
    /// not come here.
    pub(crate) by_name: bool,
}

/// A place outside the workspace.
#[derive(Debug)]
pub(crate) struct Outside {
    /// The absolute path without `.` and `..`.
    pub(crate) lexical: PathBuf,
    /// Set where the place is below the workspace, on another mount.
    pub(crate) other_mount: bool,
}

/// Finds out where `path` leads, seen from `folder` (names below the workspace).
pub(crate) fn locate(root: &Root, folder: &Path, path: &str) -> Result<Located, GuardError> {
    locate_counted(root, folder, path).0
}

/// The same, and how many names were looked up for it.
pub(crate) fn locate_counted(
    root: &Root,
    folder: &Path,
    path: &str,
) -> (Result<Located, GuardError>, usize) {
    let mut looked_up = 1;
    let located = locate_with(root, folder, path, &mut looked_up);
    (located, looked_up)
}

fn locate_with(
    root: &Root,
    folder: &Path,
    path: &str,
    looked_up: &mut usize,
) -> Result<Located, GuardError> {
    check_form(path)?;
    let path = OsStr::new(path);
    let wants_folder = path.as_bytes().ends_with(b"/");
    let names: Vec<&OsStr> = names_of(path).collect();
    let mut by_name = false;
    let below = if path.as_bytes().starts_with(b"/") {
        // By name as far as the workspace; below it the walk looks at each name.
        let mut plain: Vec<&OsStr> = Vec::new();
        let mut rest = names.iter();
        while !is_root(root, &plain)
            && let Some(&name) = rest.next()
        {
            if name == ".." {
                by_name = true;
                plain.pop();
            } else {
                plain.push(name);
            }
        }
        if !is_root(root, &plain) {
            return outside(joined(Path::new("/"), &plain), false);
        }
        rest.map(|&name| name.to_owned()).collect()
    } else {
        let names: Vec<&OsStr> = names_of(folder.as_os_str()).chain(names).collect();
        owned(&names)
    };
    let mut walk = Walk::new(root, path, below);
    walk.by_name = by_name;
    let located = walk.run();
    *looked_up = walk.looked_up;
    let located = located?;
    if let Located::Inside(inside) = &located
        && wants_folder
        && !matches!(inside.object, Some((_, FileType::Directory)))
    {
        let shown = Path::new(path).display();
        return Err(GuardError::WrongKind(format!("{shown} is not a folder")));
    }
    Ok(located)
}

/// Refuses what cannot be a path.
fn check_form(path: &str) -> Result<(), GuardError> {
    let wrong = if path.trim().is_empty() {
        "the path is empty; name a file or folder"
    } else if path.contains('\0') {
        "the path holds a NUL character"
    } else if path.len() >= MAX_PATH {
        "the path is longer than 4,095 bytes"
    } else if path.split('/').any(|name| name.len() > MAX_NAME) {
        "a name in the path is longer than 255 bytes"
    } else {
        return Ok(());
    };
    Err(GuardError::BadPath(wrong.to_owned()))
}

/// Whether absolute names are the workspace's own.
fn is_root<N: AsRef<OsStr>>(root: &Root, names: &[N]) -> bool {
    let names: Vec<&OsStr> = names.iter().map(AsRef::as_ref).collect();
    root.strip(&names).is_some_and(<[&OsStr]>::is_empty)
}

/// The names with `..` taken out by name, from `/`.
fn lexical(names: &[&OsStr]) -> Vec<OsString> {
    let mut plain: Vec<OsString> = Vec::new();
    for name in names {
        if *name == ".." {
            plain.pop();
        } else {
            plain.push((*name).to_owned());
        }
    }
    plain
}

fn owned(names: &[&OsStr]) -> Vec<OsString> {
    names.iter().map(|&name| name.to_owned()).collect()
}

fn joined<N: AsRef<OsStr>>(start: &Path, names: &[N]) -> PathBuf {
    names.iter().fold(start.to_owned(), |path, name| path.join(name.as_ref()))
}

fn outside(path: PathBuf, other_mount: bool) -> Result<Located, GuardError> {
    if pseudo::by_name(&path) {
        return Err(GuardError::Pseudo(path.display().to_string()));
    }
    Ok(Located::Outside(Outside { lexical: path, other_mount }))
}

/// One folder on the way, by handle, with its name.
struct Level {
    name: OsString,
    handle: OwnedFd,
}

/// A walk from the workspace along names. Names that a link brought in are marked, since leaving
/// the workspace by them is an escape and not a request.
struct Walk<'a> {
    root: &'a Root,
    asked: &'a OsStr,
    todo: VecDeque<(OsString, bool)>,
    levels: Vec<Level>,
    /// Names below the last level that do not exist.
    missing: Vec<OsString>,
    links: u32,
    by_name: bool,
    /// Names that were looked up so far.
    looked_up: usize,
}

enum Step {
    On,
    Done(Located),
}

impl<'a> Walk<'a> {
    fn new(root: &'a Root, asked: &'a OsStr, names: Vec<OsString>) -> Self {
        Self {
            root,
            asked,
            todo: names.into_iter().map(|name| (name, false)).collect(),
            levels: Vec::new(),
            missing: Vec::new(),
            links: 0,
            by_name: false,
            looked_up: 1,
        }
    }

    fn shown(&self) -> String {
        Path::new(self.asked).display().to_string()
    }

    fn run(&mut self) -> Result<Located, GuardError> {
        if let Some(located) = self.at_once()? {
            return Ok(located);
        }
        while let Some((name, from_link)) = self.todo.pop_front() {
            self.looked_up += 1;
            if self.looked_up > MAX_NAMES {
                return Err(GuardError::Loop(self.shown()));
            }
            let step = if name == ".." { self.up(from_link) } else { self.into(name, from_link) }?;
            if let Step::Done(located) = step {
                return Ok(located);
            }
        }
        self.finish()
    }

    /// The common case in one call of the kernel: no `..` and no link on the way.
    fn at_once(&self) -> Result<Option<Located>, GuardError> {
        if self.todo.is_empty() || self.todo.iter().any(|(name, _)| name == "..") {
            return Ok(None);
        }
        let names: Vec<&OsStr> = self.todo.iter().map(|(name, _)| name.as_os_str()).collect();
        let relative = joined(Path::new(""), &names);
        match open_beneath(self.root.handle(), &relative, OFlags::PATH) {
            Ok(object) => {
                let kind = self.kind(&object)?;
                if pseudo::by_handle(object.as_fd()) {
                    return Err(GuardError::Pseudo(self.shown()));
                }
                let object = Some((object, kind));
                let (through_link, by_name) = (false, false);
                Ok(Some(Located::Inside(Inside { relative, object, through_link, by_name })))
            }
            Err(_) => Ok(None),
        }
    }

    fn kind(&self, object: &OwnedFd) -> Result<FileType, GuardError> {
        rustix::fs::fstat(object)
            .map(|stat| kind_of(&stat))
            .map_err(|error| GuardError::system(&self.shown(), error))
    }

    fn here(&self) -> std::os::fd::BorrowedFd<'_> {
        self.levels.last().map_or(self.root.handle(), |level| level.handle.as_fd())
    }

    /// One step up: lexically past names that do not exist, physically past folders.
    fn up(&mut self, from_link: bool) -> Result<Step, GuardError> {
        if self.missing.pop().is_some() {
            self.by_name = true;
            return Ok(Step::On);
        }
        if self.levels.pop().is_some() {
            return Ok(Step::On);
        }
        // Above the workspace. Where the rest leads back into it, the walk starts anew from the handle.
        let mut names: Vec<OsString> =
            names_of(self.root.real().as_os_str()).map(OsStr::to_owned).collect();
        names.pop();
        let mut any_link = from_link;
        let mut down = false;
        // Once the workspace is reached again, the walk looks at each name: a `..` behind a link below
        // it leads elsewhere than by name.
        while !is_root(self.root, &names)
            && let Some((name, linked)) = self.todo.pop_front()
        {
            any_link |= linked;
            if name == ".." {
                self.by_name |= down;
                names.pop();
            } else {
                down = true;
                names.push(name);
            }
        }
        self.elsewhere(&names, any_link)
    }

    /// Goes on at an absolute path: inside from the handle, else it is outside or an escape.
    fn elsewhere(&mut self, names: &[OsString], from_link: bool) -> Result<Step, GuardError> {
        let plain: Vec<&OsStr> = names.iter().map(OsString::as_os_str).collect();
        let below: Option<Vec<OsString>> = self.root.strip(&plain).map(owned);
        match below {
            Some(below) => {
                self.levels.clear();
                self.missing.clear();
                for name in below.into_iter().rev() {
                    self.todo.push_front((name, from_link));
                }
                Ok(Step::On)
            }
            None if from_link => Err(GuardError::LeadsOut(self.shown())),
            None => Ok(Step::Done(outside(joined(Path::new("/"), &plain), false)?)),
        }
    }

    /// One step down.
    fn into(&mut self, name: OsString, from_link: bool) -> Result<Step, GuardError> {
        if !self.missing.is_empty() {
            self.missing.push(name);
            return Ok(Step::On);
        }
        let object = match open_at(self.here(), &name, OFlags::PATH) {
            Ok(object) => object,
            Err(Errno::NOENT) => {
                self.missing.push(name);
                return Ok(Step::On);
            }
            Err(Errno::XDEV) if from_link => return Err(GuardError::LeadsOut(self.shown())),
            Err(Errno::XDEV) => {
                let mut path = joined(self.root.real(), &self.names());
                path.push(name);
                let rest: Vec<OsString> = self.todo.drain(..).map(|(name, _)| name).collect();
                let names: Vec<&OsStr> = names_of(path.as_os_str())
                    .chain(rest.iter().map(OsString::as_os_str))
                    .collect();
                return Ok(Step::Done(outside(joined(Path::new("/"), &lexical(&names)), true)?));
            }
            Err(error) => return Err(self.failed(error)),
        };
        match self.kind(&object)? {
            FileType::Symlink => self.follow(&object),
            FileType::Directory => {
                if pseudo::by_handle(object.as_fd()) {
                    return Err(GuardError::Pseudo(self.shown()));
                }
                self.levels.push(Level { name, handle: object });
                Ok(Step::On)
            }
            kind @ (FileType::RegularFile
            | FileType::Fifo
            | FileType::Socket
            | FileType::CharacterDevice
            | FileType::BlockDevice
            | FileType::Unknown) => self.leaf(name, object, kind),
        }
    }

    /// Something that is no folder: the end of the path, or an error.
    fn leaf(
        &mut self,
        name: OsString,
        object: OwnedFd,
        kind: FileType,
    ) -> Result<Step, GuardError> {
        if !self.todo.is_empty() {
            let shown = Path::new(&name).display().to_string();
            return Err(GuardError::WrongKind(format!(
                "{}: {shown} is a file, not a folder",
                self.shown()
            )));
        }
        let mut relative = joined(Path::new(""), &self.names());
        relative.push(name);
        let (through_link, by_name) = (self.links > 0, self.by_name);
        let object = Some((object, kind));
        Ok(Step::Done(Located::Inside(Inside { relative, object, through_link, by_name })))
    }

    /// Puts a link's own names in front of what is left to walk.
    fn follow(&mut self, link: &OwnedFd) -> Result<Step, GuardError> {
        self.links += 1;
        if self.links > MAX_LINKS {
            return Err(GuardError::Loop(self.shown()));
        }
        let target = rustix::fs::readlinkat(link, "", Vec::new())
            .map_err(|error| GuardError::system(&self.shown(), error))?;
        let target = OsString::from_vec(target.into_bytes());
        let names: Vec<OsString> = names_of(&target).map(OsStr::to_owned).collect();
        if target.as_bytes().starts_with(b"/") {
            let mut all = names;
            all.extend(self.todo.drain(..).map(|(name, _)| name));
            let stripped: Vec<&OsStr> = all.iter().map(OsString::as_os_str).collect();
            // Absolute targets are re-rooted at the handle, never opened by name.
            let Some(below) = self.root.strip(&stripped) else {
                return Err(GuardError::LeadsOut(self.shown()));
            };
            self.todo = below.iter().map(|&name| (name.to_owned(), true)).collect();
            self.levels.clear();
        } else {
            for name in names.into_iter().rev() {
                self.todo.push_front((name, true));
            }
        }
        Ok(Step::On)
    }

    fn names(&self) -> Vec<&OsStr> {
        self.levels.iter().map(|level| level.name.as_os_str()).collect()
    }

    fn failed(&self, error: Errno) -> GuardError {
        match error {
            Errno::NOTDIR => {
                GuardError::WrongKind(format!("{}: a part of it is no folder", self.shown()))
            }
            Errno::LOOP => GuardError::Loop(self.shown()),
            Errno::NAMETOOLONG => {
                GuardError::BadPath("a name in the path is longer than 255 bytes".to_owned())
            }
            other => GuardError::system(&self.shown(), other),
        }
    }

    fn finish(&mut self) -> Result<Located, GuardError> {
        let mut relative = joined(Path::new(""), &self.names());
        let (through_link, by_name) = (self.links > 0, self.by_name);
        if !self.missing.is_empty() {
            for name in self.missing.drain(..) {
                relative.push(name);
            }
            return Ok(Located::Inside(Inside { relative, object: None, through_link, by_name }));
        }
        let handle = rustix::io::dup(self.here())
            .map_err(|error| GuardError::system(&self.shown(), error))?;
        let object = Some((handle, FileType::Directory));
        Ok(Located::Inside(Inside { relative, object, through_link, by_name }))
    }
}
