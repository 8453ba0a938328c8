//! Real shells in a folder of their own, with stand-ins on the `PATH` that write down how they were
//! started.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// Commands that one shell process runs.
pub(crate) const BATCH: usize = 100;

/// What was started, a list of words each.
pub(crate) type Log = Vec<Vec<String>>;

/// Programs that some shell has built in. Functions of the same name lead to the stand-ins, so that
/// what a shell finds, and whether it succeeds, is the same in all of them.
const BUILTIN: &[&str] =
    &["echo", "printf", "pwd", "true", "test", "cat", "which", "stat", "basename", "dirname"];

/// What is inserted where git runs.
pub(crate) const INSERTED: &[&str] =
    &["--no-pager", "--no-ext-diff", "--no-textconv", "--ignore-submodules=all", "--no-gpg-sign"];

/// Programs with a stand-in: those that are allowed, and those that must not start.
const PROGRAMS: &[&str] = &[
    "ls",
    "echo",
    "printf",
    "pwd",
    "true",
    "test",
    "cat",
    "head",
    "tail",
    "wc",
    "grep",
    "rg",
    "find",
    "stat",
    "sort",
    "uniq",
    "diff",
    "file",
    "which",
    "date",
    "tree",
    "cut",
    "tr",
    "basename",
    "dirname",
    "jq",
    "base64",
    "xxd",
    "sed",
    "nl",
    "tac",
    "git",
    "node",
    "python",
    "cargo",
    "npm",
    "make",
    "pytest",
    "go",
    "tsc",
    "mytool",
    "rm",
    "sh",
    "bash",
    "id",
    "sudo",
    "env",
    "xargs",
    "tee",
    "curl",
    "perl",
    "awk",
    "x",
    "a",
    "b",
    "1",
    "2",
    "3",
    "README.md",
    "src",
    "time",
    "touch",
    "cp",
    "mv",
    "dd",
    "vim",
    "less",
    "ab",
    "lsls",
    "e\u{e9}",
];

pub(crate) struct Bench {
    folder: TempDir,
    workspace: PathBuf,
    shells: Vec<(&'static str, PathBuf, &'static [&'static str])>,
    before: BTreeMap<PathBuf, u64>,
}

impl Bench {
    pub(crate) fn new(workspace: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bin = folder.path().join("bin");
        fs::create_dir(&bin).unwrap();
        // It fails for every other number of words, so that what follows `||` is started too; but for
        // git, which is given more words than were read.
        let stand_in = "#!/bin/sh\nline=\"${0##*/}\"\nfor word do line=\"$line\u{1f}$word\"; done\n\
                        printf '%s\u{1e}' \"$line\" >>\"$COUNTERSIGN_LOG\"\n\
                        [ \"${0##*/}\" = git ] || exit $(($# % 2))\n";
        let first = bin.join(PROGRAMS[0]);
        fs::write(&first, stand_in).unwrap();
        fs::set_permissions(&first, fs::Permissions::from_mode(0o755)).unwrap();
        for program in &PROGRAMS[1..] {
            fs::hard_link(&first, bin.join(program)).unwrap();
        }
        // The one program of the workspace that a pattern names.
        let script = workspace.join("scripts/check.sh");
        fs::remove_file(&script).unwrap();
        fs::copy(&first, &script).unwrap();
        let known: [(&str, &[&str]); 7] = [
            ("dash", &[]),
            ("bash", &["--norc", "--noprofile"]),
            ("busybox", &["sh"]),
            ("zsh", &["-f"]),
            ("mksh", &[]),
            ("ksh", &[]),
            ("yash", &["--norcfile"]),
        ];
        let places: Vec<PathBuf> =
            std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).collect();
        let mut real = BTreeSet::new();
        let shells = known
            .into_iter()
            .filter_map(|(name, options)| {
                let path =
                    places.iter().map(|place| place.join(name)).find(|path| path.is_file())?;
                // One shell may go by two names.
                real.insert(fs::canonicalize(&path).unwrap()).then_some((name, path, options))
            })
            .collect();
        let before = contents(workspace);
        Self { folder, workspace: workspace.to_owned(), shells, before }
    }

    pub(crate) fn names(&self) -> Vec<&'static str> {
        self.shells.iter().map(|(name, ..)| *name).collect()
    }

    /// Runs commands one after the other and tells what each started. `name` is of this run alone, as
    /// others run at the same time.
    pub(crate) fn run(&self, name: &str, shell: &str, commands: &[&str]) -> Vec<Log> {
        let (_, program, options) = self.shells.iter().find(|(name, ..)| *name == shell).unwrap();
        let logs = self.folder.path().join(format!("{name}-logs"));
        let _ = fs::remove_dir_all(&logs);
        fs::create_dir(&logs).unwrap();
        let mut script = String::new();
        for program in BUILTIN {
            let stand_in = self.folder.path().join("bin").join(program);
            writeln!(script, "{program}() {{ '{}' \"$@\"; }}", stand_in.display()).unwrap();
        }
        for (place, command) in commands.iter().enumerate() {
            // A subshell, so that a folder changed in one is not another's.
            writeln!(script, "COUNTERSIGN_LOG='{}/{place}'\n(\n{command}\n)", logs.display())
                .unwrap();
        }
        writeln!(script, ": >'{}/end'", logs.display()).unwrap();
        let file = self.folder.path().join(format!("{name}-script"));
        fs::write(&file, script).unwrap();
        let mut child = Command::new(program)
            .args(*options)
            .arg(&file)
            .env_clear()
            .env("PATH", self.folder.path().join("bin"))
            .env("COUNTERSIGN_LOG", "/dev/null")
            .env("LC_ALL", "C.UTF-8")
            .current_dir(&self.workspace)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        child.wait().unwrap();
        assert!(logs.join("end").exists(), "{shell} could not read one of {commands:#?}");
        (0..commands.len()).map(|place| read(&logs.join(place.to_string()))).collect()
    }

    /// Whether the workspace holds what it held.
    pub(crate) fn check_untouched(&self) {
        assert_eq!(contents(&self.workspace), self.before, "a command changed a file");
    }
}

fn read(log: &Path) -> Log {
    let text = fs::read_to_string(log).unwrap_or_default();
    let words = |line: &str| line.split('\u{1f}').map(str::to_owned).collect();
    text.split_terminator('\u{1e}').map(words).collect()
}

/// All that is below a folder, with its size.
fn contents(folder: &Path) -> BTreeMap<PathBuf, u64> {
    let mut found = BTreeMap::new();
    let mut todo = vec![folder.to_owned()];
    while let Some(folder) = todo.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let about = entry.metadata().unwrap();
            if about.is_dir() {
                todo.push(entry.path());
            }
            found.insert(entry.path(), about.len());
        }
    }
    found
}
