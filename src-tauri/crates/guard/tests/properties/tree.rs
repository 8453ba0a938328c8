//! Random trees of folders, files and links, and a plain reading of where a path leads in them.

use countersign_testkit::TempWorkspace;
use proptest::prelude::*;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Component, Path, PathBuf};

/// Names in the trees: ordinary ones, ones that look like `..`, secrets, sensitive ones.
const NAMES: &[&str] = &[
    "a", "b", "c", "d", "a", "b", "c", "..a", "...", "a b", "\u{e9}", "A", "x:y", "-", "~",
    "$HOME", "%2e%2e", "ws", ".env", "id_rsa", ".git", "a\\b",
];

/// What links name and paths hold besides names. `{ws}`, `{out}` and `{root}` are filled in.
const STARTS: &[&str] = &[
    "",
    "",
    "",
    "",
    "",
    "./",
    "../",
    "../ws/",
    "../outside/",
    "../../",
    "{ws}/",
    "{out}/",
    "{root}/",
    "/",
    "/proc/self/",
    "/dev/",
    "//",
];

/// Something that lies in the workspace or beside it.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) outside: bool,
    pub(crate) path: String,
    pub(crate) kind: Kind,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Folder,
    File,
    Link(String),
}

fn name() -> impl Strategy<Value = String> {
    prop::sample::select(NAMES).prop_map(str::to_owned)
}

/// A path as a model or a link might name it.
pub(crate) fn path() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        8 => name(),
        2 => Just("..".to_owned()),
        1 => Just(".".to_owned()),
        1 => Just(String::new()),
        1 => Just("missing".to_owned()),
    ];
    (prop::sample::select(STARTS), prop::collection::vec(part, 1..6), prop::bool::weighted(0.1))
        .prop_map(|(start, parts, slash)| {
            format!("{start}{}{}", parts.join("/"), if slash { "/" } else { "" })
        })
}

/// Any string at all, a made-up path more often.
pub(crate) fn any_path() -> impl Strategy<Value = String> {
    prop_oneof![12 => path(), 1 => any::<String>(), 1 => "[./~\\\\\u{0}\u{2025}\u{ff0f}a-c]{0,12}"]
}

pub(crate) fn entries() -> impl Strategy<Value = Vec<Entry>> {
    let kind = prop_oneof![
        3 => Just(Kind::Folder),
        3 => Just(Kind::File),
        4 => path().prop_map(Kind::Link),
    ];
    let place = prop::collection::vec(name(), 1..4).prop_map(|names| names.join("/"));
    let entry = (prop::bool::weighted(0.25), place, kind).prop_map(|(outside, path, kind)| Entry {
        outside,
        path,
        kind,
    });
    prop::collection::vec(entry, 1..14)
}

/// Lays the entries out, as far as they fit; every file tells where it lies. Nothing is laid through
/// a link.
pub(crate) fn lay_out(entries: &[Entry]) -> TempWorkspace {
    let place = TempWorkspace::new().beside("outside/only-outside.txt", "outside: only");
    for entry in entries {
        let start = if entry.outside { place.outside() } else { place.path() };
        let full = start.join(&entry.path);
        let parent = full.parent().unwrap();
        let _ = fs::create_dir_all(parent);
        if fs::canonicalize(parent).ok().as_deref() != Some(parent) {
            continue;
        }
        // What is there already stays.
        let _ = match &entry.kind {
            Kind::Folder => fs::create_dir(&full),
            Kind::File => {
                if full.symlink_metadata().is_err() {
                    let _ = fs::write(&full, content(&full, &place.path()));
                }
                Ok(())
            }
            Kind::Link(target) => symlink(countersign_testkit::fill(target, place.root()), &full),
        };
    }
    place
}

/// What a file holds: on which side of the border it lies, and its path.
pub(crate) fn content(full: &Path, workspace: &Path) -> String {
    let side = if full.starts_with(workspace) { "inside" } else { "outside" };
    format!("{side}: {}", full.display())
}

/// Where a path leads, read a name at a time by `readlink` and `lstat`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Leads {
    /// To this, and every step on the way is in the workspace.
    Inside { real: PathBuf, by_link: bool },
    /// To this, which is not there, in a folder of the workspace; every step is in it.
    Nothing { real: PathBuf, by_link: bool },
    /// Somewhere on the way it is not in the workspace, or it cannot be followed.
    Elsewhere,
}

pub(crate) fn read(workspace: &Path, path: &str) -> Leads {
    let mut todo: Vec<PathBuf> = parts(Path::new(path));
    let mut here = workspace.to_owned();
    let mut links = 0;
    if path.starts_with('/') {
        let Ok(below) = Path::new(path).strip_prefix(workspace) else { return Leads::Elsewhere };
        todo = parts(below);
    }
    while let Some(part) = todo.pop() {
        if part == Path::new("..") {
            here.pop();
            if !here.starts_with(workspace) {
                return Leads::Elsewhere;
            }
            continue;
        }
        let next = here.join(&part);
        let Ok(about) = next.symlink_metadata() else {
            let nothing = here.is_dir() && todo.is_empty();
            let by_link = links > 0;
            return if nothing { Leads::Nothing { real: next, by_link } } else { Leads::Elsewhere };
        };
        if about.is_symlink() {
            links += 1;
            let target = fs::read_link(&next).unwrap();
            if links > 40 || target.is_absolute() && !target.starts_with(workspace) {
                return Leads::Elsewhere;
            }
            if let Ok(below) = target.strip_prefix(workspace) {
                workspace.clone_into(&mut here);
                todo.extend(parts(below));
            } else {
                todo.extend(parts(&target));
            }
        } else if about.is_dir() || todo.is_empty() {
            here = next;
        } else {
            return Leads::Elsewhere;
        }
    }
    Leads::Inside { real: here, by_link: links > 0 }
}

/// The names of a path, the last first.
fn parts(path: &Path) -> Vec<PathBuf> {
    let names = path.components().filter_map(|part| match part {
        Component::Normal(name) => Some(PathBuf::from(name)),
        Component::ParentDir => Some(PathBuf::from("..")),
        _ => None,
    });
    let mut names: Vec<PathBuf> = names.collect();
    names.reverse();
    names
}

/// All files below a folder, with what they hold; links by what they name.
pub(crate) fn snapshot(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut todo = vec![folder.to_owned()];
    while let Some(folder) = todo.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let about = path.symlink_metadata().unwrap();
            if about.is_dir() {
                found.push((path.clone(), "a folder".to_owned()));
                todo.push(path);
            } else if about.is_symlink() {
                found.push((path.clone(), fs::read_link(&path).unwrap().display().to_string()));
            } else {
                found.push((path.clone(), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}
