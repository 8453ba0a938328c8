//! One session with all that a session may hold, for tests that disturb it: a model that answers by what it
//! is sent, a driver that answers each card alike, and what must be true at the end whatever happened.
#![allow(dead_code, reason = "each test uses a part of it")]

pub mod check;
pub mod end;
pub mod model;
pub mod process;
pub mod script;

use countersign_testkit::TempWorkspace;
use model::Model;
use process::{Process, Trigger};
use script::Length;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A workspace, the program's folders, and the arguments that its programs are started with.
pub struct Place {
    pub workspace: TempWorkspace,
    /// Stands in the environment of all commands.
    pub mark: String,
    url: String,
    confine: &'static str,
    length: Length,
    /// More environment for the program, such as what a fault needs.
    pub environment: Vec<(String, String)>,
}

impl Place {
    pub fn new(model: &Model, mark: String, length: Length) -> Self {
        let workspace = script::workspace();
        let (url, confine, environment) = (model.url(), "on", Vec::new());
        Self { workspace, mark, url, confine, length, environment }
    }

    /// The same with commands that nothing confines.
    pub fn unconfined(self) -> Self {
        Self { confine: "off", ..self }
    }

    pub fn data(&self) -> PathBuf {
        self.workspace.root().join("own/data")
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_countersign-cli"));
        command.args(words).arg("--data-dir").arg(self.data());
        command.arg("--config").arg(self.workspace.root().join("own/settings/config.toml"));
        command
            .env("ANTHROPIC_BASE_URL", &self.url)
            .env("ANTHROPIC_API_KEY", "test-key")
            .env("HOME", self.workspace.home())
            .envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Begins the session.
    pub fn run(&self) -> Process {
        let mut command = self.command(&["run", "--json"]);
        command.args(script::OPTIONS).args(["--confine", self.confine]);
        command
            .arg("--workspace")
            .arg(self.workspace.path())
            .arg(script::task(&self.mark, self.length));
        Process::start(command)
    }

    /// Goes on with it.
    pub fn resume(&self, id: &str) -> Process {
        let mut command = self.command(&["sessions", "resume", id, "--json"]);
        command.args(script::OPTIONS).args(["--confine", self.confine]);
        Process::start(command)
    }

    /// `sessions` with these words, killed a time after its start, or after a file of the workspace is
    /// gone, if it runs so long. Whether it did.
    pub fn sessions_killed(&self, words: &[&str], gone: Option<&str>, after: Duration) -> bool {
        let words: Vec<&str> = std::iter::once("sessions").chain(words.iter().copied()).collect();
        let mut command = self.command(&words);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        while gone.is_some_and(|file| self.workspace.path().join(file).exists())
            && child.try_wait().unwrap().is_none()
        {
            std::thread::yield_now();
        }
        std::thread::sleep(after);
        let ended = child.try_wait().unwrap().is_some();
        child.kill().unwrap();
        child.wait().unwrap();
        !ended
    }

    /// `sessions` with these words: the exit code, and what it printed and complained of.
    pub fn sessions(&self, words: &[&str]) -> (i32, String, String) {
        let words: Vec<&str> = std::iter::once("sessions").chain(words.iter().copied()).collect();
        let mut command = self.command(&words);
        command.stdin(Stdio::null());
        let output = command.output().unwrap();
        let code = output.status.code().unwrap_or_else(|| -output.status.signal().unwrap_or(0));
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (code, text(output.stdout), text(output.stderr))
    }

    /// A stored session's journal.
    pub fn export(&self, id: &str) -> Vec<Value> {
        let (code, text, errors) = self.sessions(&["export", id]);
        assert_eq!(code, 0, "the journal cannot be had: {errors}");
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The newest stored session, where there is one.
    pub fn newest(&self) -> Option<String> {
        let (code, text, errors) = self.sessions(&["list", "--json"]);
        assert_eq!(code, 0, "the sessions cannot be listed: {errors}");
        let first: Value = serde_json::from_str(text.lines().next()?).unwrap();
        Some(first["id"].as_str().unwrap().to_owned())
    }

    /// Takes all of a session's changes back, and compares with the workspace before it.
    pub fn taken_back(&self, id: &str, reference: &Reference) -> Vec<String> {
        let (code, said, errors) = self.sessions(&["revert", id]);
        let (now, before) = (self.files(), &reference.before);
        if code == 0 && now == *before {
            return Vec::new();
        }
        let differs = |path: &&String| now.get(*path) != before.get(*path);
        let paths: BTreeSet<&String> = now.keys().chain(before.keys()).filter(differs).collect();
        vec![format!("it is not taken back: exit code {code}: {said}{errors}; {paths:?} differ")]
    }

    /// Everything in the workspace: files and links by their bytes, folders by none.
    pub fn files(&self) -> BTreeMap<String, Option<Vec<u8>>> {
        files(&self.workspace.path())
    }
}

/// Everything below a folder: files and links by their bytes, folders by none.
pub fn files(root: &Path) -> BTreeMap<String, Option<Vec<u8>>> {
    let mut all = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            let about = std::fs::symlink_metadata(&path).unwrap();
            if about.is_dir() {
                folders.push(path);
                all.insert(name, None);
            } else if about.is_symlink() {
                let target = std::fs::read_link(&path).unwrap();
                all.insert(name, Some(target.into_os_string().into_encoded_bytes()));
            } else {
                all.insert(name, Some(std::fs::read(&path).unwrap()));
            }
        }
    }
    all
}

/// The session as it is when nothing disturbs it.
pub struct Reference {
    pub length: Length,
    pub journal: Vec<Value>,
    /// The workspace before it.
    pub before: BTreeMap<String, Option<Vec<u8>>>,
    /// The workspace after it.
    pub after: BTreeMap<String, Option<Vec<u8>>>,
    /// How long it took.
    pub time: Duration,
}

impl Reference {
    pub fn make(model: &Model, length: Length) -> Self {
        let place = Place::new(model, format!("mark-undisturbed-{length:?}"), length);
        let before = place.files();
        if length == Length::Waiting {
            std::fs::write(place.workspace.root().join("go"), "").unwrap();
        }
        let started = Instant::now();
        let mut process = place.run();
        let ended = process.drive(&Trigger::Never);
        let time = started.elapsed();
        let (code, errors) = ended.expect("nobody ends it");
        assert_eq!(code, 0, "{errors}\n{:#?}", process.seen);
        let id = process.session().expect("it names its session");
        let journal = place.export(&id);
        let printed: Vec<Value> = process.stored().cloned().collect();
        assert_eq!(journal, printed, "the journal is what was printed");
        model.forget(&place.mark).expect("the model was asked");
        Self { length, journal, before, after: place.files(), time }
    }
}
