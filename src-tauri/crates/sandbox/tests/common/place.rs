//! A home and a workspace outside the temporary folders, which commands may write to.
#![allow(dead_code)]

use crate::common::{folder, run_by, spec};
use countersign_sandbox::confine::{
    Bounds, Confinement as _, Home, Landlock, Limits, Namespaces, Places,
};
use countersign_sandbox::{CommandSpec, End, Finished};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Places of one test.
pub struct Place {
    pub base: tempfile::TempDir,
    pub found: Landlock,
}

impl Place {
    /// None where the kernel has no Landlock: then it must say so.
    pub fn new() -> Option<Self> {
        let found = match Landlock::find() {
            Ok(found) => found,
            Err(none) => {
                println!("level: {}", none.describe());
                assert!(none.describe().starts_with("NOT CONFINED") && !none.active());
                return None;
            }
        };
        let base = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let place = Self { base, found };
        for folder in ["home/.ssh", "home/notes", "work", "temp", "run", "own/data"] {
            std::fs::create_dir_all(place.path(folder)).unwrap();
        }
        std::fs::write(place.path("home/.ssh/id_ed25519"), "the private key\n").unwrap();
        std::fs::write(place.path("home/notes/plan"), "a plan\n").unwrap();
        std::fs::write(place.path("own/data/sessions"), "the program's own\n").unwrap();
        std::fs::write(place.path("run/cookie"), "the key to a desktop\n").unwrap();
        Some(place)
    }

    pub fn path(&self, below: &str) -> PathBuf {
        self.base.path().canonicalize().unwrap().join(below)
    }

    /// The places of the person of this test.
    pub fn places(&self) -> Places {
        let home = self.path("home");
        let run = self.path("run");
        let variable =
            |name: &str| (name == "XDG_RUNTIME_DIR").then(|| OsString::from(run.as_os_str()));
        let mut places = Places::of(&Home { folder: &home, variable: &variable });
        // Where the build itself is below a temporary folder, that one is none here.
        places.writable.retain(|writable| !home.starts_with(writable));
        places.writable.push(self.path("temp"));
        places
    }

    /// This system as it is, and as older ones would be.
    pub fn levels(&self) -> Vec<Landlock> {
        [
            (u8::MAX, Namespaces::User),
            (u8::MAX, Namespaces::None),
            (3, Namespaces::None),
            (2, Namespaces::None),
            (1, Namespaces::None),
        ]
        .into_iter()
        .map(|(abi, namespaces)| self.found.lowered(abi, namespaces, self.places()))
        .collect()
    }

    pub fn best(&self) -> Landlock {
        self.levels().swap_remove(0)
    }

    /// A command in the workspace, confined to it.
    pub fn command(&self, command: &str) -> CommandSpec {
        let mut spec = spec(command);
        spec.cwd = folder(&self.path("work"));
        spec.env.push(("HOME".into(), self.path("home").into()));
        spec.env.push(("TMPDIR".into(), self.path("temp").into()));
        let private = vec![self.path("own/data")];
        let bounds = Bounds { workspace: folder(&self.path("work")), private };
        spec.limits = Limits { confine: Some(bounds), network: true };
        spec
    }

    /// Runs a command at a level, and says which.
    pub async fn at(&self, level: &Landlock, spec: CommandSpec) -> Finished {
        println!("level: {}", level.describe());
        run_by(Arc::new(level.clone()), spec).await
    }

    /// Runs a command that must succeed.
    pub async fn succeeds(&self, level: &Landlock, command: &str) -> String {
        let finished = self.at(level, self.command(command)).await;
        assert_eq!(finished.end, End::Exited(0), "{}: {command}: {finished:?}", level.describe());
        finished.stdout.text
    }

    /// Runs a command that must fail, with these words on its standard error.
    pub async fn fails(&self, level: &Landlock, command: &str, words: &[&str]) {
        let finished = self.at(level, self.command(command)).await;
        let said = &finished.stderr.text;
        assert!(
            matches!(finished.end, End::Exited(code) if code != 0),
            "{}: {command}: {finished:?}",
            level.describe()
        );
        assert!(
            words.iter().any(|words| said.contains(words)),
            "{}: {command}: {said}",
            level.describe()
        );
    }
}

pub fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}
