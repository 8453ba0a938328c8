//! Workspaces on disk for tests: one built by hand, or one a corpus describes.

use rustix::fs::{CWD, FileType, Mode};
use serde_json::Value;
use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Component, Path, PathBuf};
use tempfile::TempDir;

/// A workspace `ws/` in a folder of its own, with `outside/` and `home/` beside it. Removed when it
/// is dropped.
#[derive(Debug)]
pub struct TempWorkspace {
    parent: TempDir,
    root: PathBuf,
}

impl Default for TempWorkspace {
    fn default() -> Self {
        Self::new()
    }
}

impl TempWorkspace {
    /// An empty workspace, with `outside/` and `home/` empty as well.
    ///
    /// # Panics
    /// Where the temporary folder cannot be written; so do all the methods that add to it.
    #[must_use]
    pub fn new() -> Self {
        let parent = tempfile::Builder::new()
            .prefix("countersign-test-")
            .tempdir()
            .expect("a temporary folder");
        // The temporary folder may itself lie behind a link.
        let root = parent.path().canonicalize().expect("the temporary folder");
        for folder in ["ws", "outside", "home"] {
            fs::create_dir(root.join(folder)).expect(folder);
        }
        Self { parent, root }
    }

    /// A workspace after the steps of a corpus case.
    ///
    /// # Panics
    /// Where a step cannot be done.
    #[must_use]
    pub fn of_steps(steps: &Value) -> Self {
        let workspace = Self::new();
        lay_out(&workspace.root, steps).expect("the steps of the case");
        workspace
    }

    /// Adds a file below the workspace, its folders made as needed.
    #[must_use]
    pub fn file(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        self.put(path, |at| fs::write(at, content))
    }

    /// Adds a file that may be executed.
    #[must_use]
    pub fn executable(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        self.put(path, |at| {
            fs::write(at, content)?;
            fs::set_permissions(at, fs::Permissions::from_mode(0o755))
        })
    }

    /// Adds a folder.
    #[must_use]
    pub fn folder(self, path: &str) -> Self {
        self.put(path, |at| fs::create_dir_all(at))
    }

    /// Adds a symbolic link. The target is taken as it is, after the placeholders of [`fill`].
    #[must_use]
    pub fn symlink(self, path: &str, target: &str) -> Self {
        let target = fill(target, &self.root);
        self.put(path, |at| symlink(target, at))
    }

    /// Adds a file beside the workspace, such as `outside/secret.txt`.
    #[must_use]
    pub fn beside(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        let at = below(&self.root, path).expect(path);
        make_parent(&at).and_then(|()| fs::write(&at, content)).expect(path);
        self
    }

    /// The workspace, with all links in its path resolved.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.root.join("ws")
    }

    /// The folder that holds the workspace.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder beside the workspace that stands for the rest of the machine.
    #[must_use]
    pub fn outside(&self) -> PathBuf {
        self.root.join("outside")
    }

    /// The folder that stands for the person's home.
    #[must_use]
    pub fn home(&self) -> PathBuf {
        self.root.join("home")
    }

    /// What a file of the workspace holds.
    ///
    /// # Panics
    /// Where it cannot be read as text.
    #[must_use]
    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path().join(path)).expect(path)
    }

    /// Leaves the folder on disk and gives its path, to look at it after a test.
    #[must_use]
    pub fn keep(self) -> PathBuf {
        self.parent.keep()
    }

    fn put(self, path: &str, make: impl FnOnce(&Path) -> io::Result<()>) -> Self {
        let at = below(&self.path(), path).expect(path);
        make_parent(&at).and_then(|()| make(&at)).expect(path);
        self
    }
}

/// Lays out a corpus case below an empty folder: the steps `mkdir`, `file` (`content`, times
/// `repeat`), `symlink` (`target`), `hardlink` (`target` below the folder), `fifo`, `socket` and
/// `sparse` (`size` in bytes), each with its `path`. Parents are made as needed.
///
/// # Errors
/// A step that is not one of these, that leaves the folder, or that the system refuses; the message
/// names it.
pub fn lay_out(root: &Path, steps: &Value) -> io::Result<()> {
    let steps = steps.as_array().ok_or_else(|| wrong("the steps are no array"))?;
    for step in steps {
        lay(root, step)
            .map_err(|error| io::Error::new(error.kind(), format!("{step}: {error}")))?;
    }
    Ok(())
}

/// The text with `{root}`, `{ws}`, `{out}` and `{home}` replaced by the folder and the three in it.
#[must_use]
pub fn fill(text: &str, root: &Path) -> String {
    let folder = |name: &str| root.join(name).to_string_lossy().into_owned();
    text.replace("{root}", &root.to_string_lossy())
        .replace("{ws}", &folder("ws"))
        .replace("{out}", &folder("outside"))
        .replace("{home}", &folder("home"))
}

fn lay(root: &Path, step: &Value) -> io::Result<()> {
    let text = |name: &str| step[name].as_str().ok_or_else(|| wrong(&format!("{name} is missing")));
    let at = below(root, &fill_below(text("path")?, root))?;
    make_parent(&at)?;
    match text("op")? {
        "mkdir" => fs::create_dir_all(&at),
        "file" => {
            let times = match step.get("repeat") {
                None => 1,
                Some(times) => times
                    .as_u64()
                    .and_then(|times| usize::try_from(times).ok())
                    .ok_or_else(|| wrong("repeat is no number"))?,
            };
            let content = step["content"].as_str().unwrap_or_default();
            fs::write(&at, content.repeat(times))
        }
        "symlink" => symlink(fill(text("target")?, root), &at),
        "hardlink" => fs::hard_link(below(root, &fill_below(text("target")?, root))?, &at),
        "fifo" => {
            let mode = Mode::RUSR | Mode::WUSR;
            rustix::fs::mknodat(CWD, &at, FileType::Fifo, mode, 0).map_err(io::Error::from)
        }
        "socket" => UnixListener::bind(&at).map(drop),
        "sparse" => {
            let size = step["size"].as_u64().ok_or_else(|| wrong("size is missing"))?;
            fs::File::create(&at)?.set_len(size)
        }
        other => Err(wrong(&format!("there is no step {other:?}"))),
    }
}

/// A path of a step, which may also begin with a placeholder, as a path below the folder.
fn fill_below(path: &str, root: &Path) -> String {
    let filled = fill(path, root);
    match Path::new(&filled).strip_prefix(root) {
        Ok(rest) => rest.to_string_lossy().into_owned(),
        Err(_) => filled,
    }
}

/// The path below the folder, refused where it could lead out of it.
fn below(root: &Path, path: &str) -> io::Result<PathBuf> {
    let relative = Path::new(path);
    let inside =
        relative.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if path.is_empty() || !inside {
        return Err(wrong("the path does not stay in the folder"));
    }
    Ok(root.join(relative))
}

fn make_parent(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)
}

fn wrong(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};

    #[test]
    fn builds_a_workspace() {
        let workspace = TempWorkspace::new()
            .file("a/b.txt", "B")
            .executable("run.sh", "#!/bin/sh\n")
            .folder("empty")
            .symlink("out", "{out}/secret.txt")
            .beside("outside/secret.txt", "S");
        assert_eq!(workspace.read("a/b.txt"), "B");
        assert_eq!(workspace.read("out"), "S");
        assert!(workspace.path().join("empty").is_dir());
        let mode = fs::metadata(workspace.path().join("run.sh")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o755);
        assert_eq!(workspace.path(), workspace.path().canonicalize().unwrap());
        assert!(workspace.home().is_dir());
        let root = workspace.root().to_owned();
        drop(workspace);
        assert!(!root.exists());
    }

    #[test]
    fn lays_out_every_kind_of_step() {
        let workspace = TempWorkspace::of_steps(&json!([
            {"op": "mkdir", "path": "ws/deep/er"},
            {"op": "file", "path": "ws/many.txt", "content": "ab", "repeat": 3},
            {"op": "file", "path": "outside/secret.txt", "content": "S"},
            {"op": "symlink", "path": "ws/abs", "target": "{ws}/many.txt"},
            {"op": "symlink", "path": "ws/rel", "target": "../outside"},
            {"op": "hardlink", "path": "ws/hard", "target": "outside/secret.txt"},
            {"op": "fifo", "path": "ws/pipe"},
            {"op": "socket", "path": "ws/sock"},
            {"op": "sparse", "path": "ws/huge", "size": 5_000_000_000_u64},
        ]));
        let ws = workspace.path();
        assert!(ws.join("deep/er").is_dir());
        assert_eq!(workspace.read("abs"), "ababab");
        assert_eq!(fs::read_link(ws.join("rel")).unwrap(), Path::new("../outside"));
        assert_eq!(fs::metadata(ws.join("hard")).unwrap().nlink(), 2);
        assert!(fs::metadata(ws.join("pipe")).unwrap().file_type().is_fifo());
        assert!(fs::metadata(ws.join("sock")).unwrap().file_type().is_socket());
        let huge = fs::metadata(ws.join("huge")).unwrap();
        assert_eq!(huge.len(), 5_000_000_000);
        assert!(huge.blocks() < 100);
    }

    #[test]
    fn refuses_steps_that_lead_out_or_are_unknown() {
        for step in [
            json!({"op": "file", "path": "../x", "content": ""}),
            json!({"op": "file", "path": "/tmp/x", "content": ""}),
            json!({"op": "hardlink", "path": "ws/h", "target": "/etc/passwd"}),
            json!({"op": "dance", "path": "ws/x"}),
            json!({"op": "mkdir"}),
            json!({"op": "symlink", "path": "ws/x"}),
            json!({"op": "sparse", "path": "ws/x"}),
        ] {
            let workspace = TempWorkspace::new();
            let error = lay_out(workspace.root(), &json!([step])).unwrap_err();
            assert!(error.to_string().contains("\"op\""), "{error}");
        }
    }

    #[test]
    fn fills_the_placeholders() {
        assert_eq!(
            fill("{root} {ws}/a {out} {home} {x}", Path::new("/r")),
            "/r /r/ws/a /r/outside /r/home {x}"
        );
    }
}
