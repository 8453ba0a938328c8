//! The library that lets the program's calls fail, built from C when a test first needs it.

use crate::journey::Place;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

pub const EIO: i32 = 5;
pub const ENOSPC: i32 = 28;
pub const EROFS: i32 = 30;

/// Which calls fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// One.
    Once,
    /// One, and all after it.
    Lasting,
}

/// A program of C, built in the target folder.
fn built(name: &str, options: &[&str]) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults").join(name);
    let to = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name).with_extension("built");
    // Beside, and then in its place: several tests may build at once.
    let draft = to.with_extension(std::process::id().to_string());
    let mut compiler = Command::new("cc");
    compiler.args(["-O1", "-Wall", "-Werror"]).args(options).arg("-o").arg(&draft).arg(source);
    assert!(compiler.status().expect("a C compiler").success(), "{name} does not compile");
    std::fs::rename(&draft, &to).unwrap();
    to
}

fn shim() -> &'static Path {
    static SHIM: OnceLock<PathBuf> = OnceLock::new();
    SHIM.get_or_init(|| built("shim.c", &["-shared", "-fPIC"]))
}

/// The program that holds a database's lock.
pub fn holder() -> &'static Path {
    static HOLDER: OnceLock<PathBuf> = OnceLock::new();
    HOLDER.get_or_init(|| built("hold.c", &[]))
}

/// Environment for the program.
pub type Environment = Vec<(String, String)>;

fn preloaded(more: &[(&str, String)]) -> Environment {
    let mut all = vec![("LD_PRELOAD".to_owned(), shim().display().to_string())];
    all.extend(more.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    all
}

/// The `at`-th call for the data folder fails, from 1; 0 for none.
pub fn fault(place: &Place, at: u64, mode: Mode, error: i32) -> Environment {
    let mode = match mode {
        Mode::Once => "once",
        Mode::Lasting => "lasting",
    };
    preloaded(&[
        ("COUNTERSIGN_FAULT_DIR", place.data().display().to_string()),
        ("COUNTERSIGN_FAULT_COUNT", count_file(place).display().to_string()),
        ("COUNTERSIGN_FAULT_AT", at.to_string()),
        ("COUNTERSIGN_FAULT_MODE", mode.to_owned()),
        ("COUNTERSIGN_FAULT_ERROR", error.to_string()),
    ])
}

/// From the `at`-th reading on the wall clock is an hour behind.
pub fn clock(at: u64) -> Environment {
    preloaded(&[("COUNTERSIGN_CLOCK_AT", at.to_string())])
}

fn count_file(place: &Place) -> PathBuf {
    place.workspace.root().join("count")
}

/// How many calls there were.
pub fn counted(place: &Place) -> u64 {
    let bytes = std::fs::read(count_file(place)).unwrap_or_default();
    u64::from_ne_bytes(bytes.try_into().unwrap())
}
