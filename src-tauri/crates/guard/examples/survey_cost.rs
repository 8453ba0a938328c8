//! What a survey of a workspace costs: `cargo run --release --example survey_cost [FOLDER]`. Without a
//! folder it makes one of 100,000 files.
#![allow(clippy::print_stdout, missing_docs)]

use countersign_guard::{Policy, PolicySettings, Scope, Supervisor, Workspace};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Instant;
use tokio_util::sync::CancellationToken;

const FOLDERS: usize = 1_000;
const FILES: usize = 100;
const RUNS: usize = 7;

fn main() -> Result<(), Box<dyn Error>> {
    let made = tempfile::tempdir()?;
    let folder = match std::env::args_os().nth(1) {
        Some(folder) => PathBuf::from(folder),
        None => make(made.path())?,
    };
    let policy = Policy::new(PolicySettings::default(), Vec::new());
    let workspace = Workspace::open(&folder, &[], policy, Supervisor::this_program()?, Vec::new())?;
    let stop = CancellationToken::new();
    for run in 0..RUNS {
        let begun = Instant::now();
        let survey = workspace.survey(Scope::Everything, &stop)?;
        println!(
            "run {run}: {} entries, {} left out, {:?}",
            survey.entries.len(),
            survey.left_out.len(),
            begun.elapsed()
        );
    }
    let all = workspace.survey(Scope::Everything, &stop)?;
    let begun = Instant::now();
    let some = all.entries.iter().step_by(100).map(|entry| entry.path.clone()).collect();
    let found = workspace.survey(Scope::Paths(&some), &stop)?.entries.len();
    println!("{} named paths: {found} entries, {:?}", some.len(), begun.elapsed());
    let begun = Instant::now();
    let skip = workspace.folders_left_out();
    let folders = all.entries.iter().filter(|entry| entry.entry.size == 0).count();
    for entry in &all.entries {
        use std::os::unix::ffi::OsStrExt;
        if entry.entry.kind == countersign_protocol::KeptKind::Folder {
            skip(Path::new(std::ffi::OsStr::from_bytes(&entry.path)));
        }
    }
    println!("{folders} folders asked whether they are left out: {:?}", begun.elapsed());
    Ok(())
}

fn make(folder: &Path) -> std::io::Result<PathBuf> {
    for number in 0..FOLDERS {
        let folder = folder.join(format!("{}/{}", number % 10, number));
        std::fs::create_dir_all(&folder)?;
        for file in 0..FILES {
            std::fs::write(folder.join(format!("{file}.txt")), "")?;
        }
    }
    std::fs::write(folder.join(".gitignore"), "target/\n*.log\n")?;
    Ok(folder.to_owned())
}
