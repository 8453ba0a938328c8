//! The rules of the house that no compiler checks: who may depend on whom, which lints hold, how
//! long a file may be, and that `ARCHITECTURE.md` names what exists.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package, TargetKind};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// For each crate of the workspace, the crates of it that it may depend on.
const ALLOWED: [(&str, &[&str]); 11] = [
    ("countersign-protocol", &[]),
    ("countersign-sandbox", &["countersign-protocol"]),
    ("countersign-guard", &["countersign-protocol", "countersign-sandbox"]),
    ("countersign-tools", &["countersign-protocol", "countersign-guard"]),
    ("countersign-provider", &["countersign-protocol"]),
    ("countersign-store", &["countersign-protocol"]),
    ("countersign-watch", &["countersign-protocol"]),
    (
        "countersign-agent",
        &[
            "countersign-protocol",
            "countersign-sandbox",
            "countersign-guard",
            "countersign-tools",
            "countersign-provider",
            "countersign-store",
            "countersign-watch",
        ],
    ),
    ("countersign-cli", &["countersign-protocol", "countersign-agent"]),
    ("countersign", &["countersign-protocol", "countersign-agent"]),
    ("countersign-testkit", &["countersign-protocol", "countersign-sandbox"]),
];
const TESTKIT: &str = "countersign-testkit";
/// The one crate that may use `unsafe`, and so has a lint table of its own.
const SANDBOX: &str = "countersign-sandbox";
/// What opens windows; only the shell may.
const WINDOWING: [&str; 4] = ["tauri", "wry", "tao", "rfd"];
const LONGEST_RUST: usize = 450;
const LONGEST_SVELTE: usize = 300;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn metadata() -> Metadata {
    MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .no_deps()
        .exec()
        .expect("cargo metadata runs")
}

/// Fails with one line for each fault.
fn none(rule: &str, faults: &[String]) {
    assert!(faults.is_empty(), "{rule}\n  {}", faults.join("\n  "));
}

#[test]
fn crates_depend_only_on_the_crates_they_may() {
    let metadata = metadata();
    let allowed: BTreeMap<&str, &[&str]> = ALLOWED.into_iter().collect();
    let members: BTreeSet<&str> =
        metadata.workspace_packages().iter().map(|package| package.name.as_str()).collect();
    assert!(members.contains("countersign"), "cargo metadata lists the workspace: {members:?}");
    let mut faults = Vec::new();
    for package in metadata.workspace_packages() {
        let name = package.name.as_str();
        let Some(may) = allowed.get(name) else {
            faults.push(format!("{name} is not in ALLOWED: say there what it may depend on"));
            continue;
        };
        for dependency in &package.dependencies {
            let on = dependency.name.as_str();
            if !members.contains(on) || dependency.kind == DependencyKind::Development {
                continue;
            }
            if on == TESTKIT {
                faults.push(format!("{name} depends on {on} outside its tests"));
            } else if !may.contains(&on) {
                faults.push(format!("{name} depends on {on}"));
            }
        }
    }
    none("A crate depends on one it must not know:", &faults);
}

#[test]
fn only_the_shell_knows_of_windows() {
    let metadata = metadata();
    let crates = root().join("src-tauri/crates");
    let packages: Vec<&Package> = metadata
        .workspace_packages()
        .into_iter()
        .filter(|package| package.manifest_path.as_std_path().starts_with(&crates))
        .collect();
    assert!(packages.len() > 5, "the crates are where this test looks for them");
    let mut faults = Vec::new();
    for package in packages {
        for dependency in &package.dependencies {
            if WINDOWING.contains(&dependency.name.as_str()) {
                faults.push(format!("{} names {}", package.name, dependency.name));
            }
        }
    }
    none("A crate other than the shell names a crate that opens windows:", &faults);
}

#[test]
fn every_crate_holds_to_the_lints_of_the_workspace() {
    let workspace = tables(&read(&root().join("Cargo.toml")));
    let mut faults = Vec::new();
    for package in metadata().workspace_packages() {
        let own = tables(&read(package.manifest_path.as_std_path()));
        if package.name.as_str() == SANDBOX {
            faults.extend(missing_lints(&workspace, &own));
        } else if value(&own, "lints", "workspace") != Some("true") {
            faults.push(format!("{}: `[lints] workspace = true` is missing", package.name));
        }
    }
    none("A crate does not hold to the workspace's lints:", &faults);
}

/// The workspace's lints, but for `unsafe_code`, that the sandbox's own table lacks or changes.
fn missing_lints(workspace: &Tables, own: &Tables) -> Vec<String> {
    let mut faults = Vec::new();
    for group in ["rust", "clippy"] {
        let wanted = workspace.get(&format!("workspace.lints.{group}")).expect("workspace lints");
        assert!(!wanted.is_empty(), "the workspace has lints of {group}");
        for (lint, level) in wanted {
            let given = value(own, &format!("lints.{group}"), lint);
            if lint != "unsafe_code" && given != Some(level) {
                faults.push(format!("{SANDBOX}: {group}: {lint} is {given:?}, not {level}"));
            }
        }
    }
    faults
}

#[test]
fn the_tools_cannot_reach_the_machine_by_themselves() {
    let tools = root().join("src-tauri/crates/tools/clippy.toml");
    let mut files = Vec::new();
    walk(&root().join("src-tauri"), &mut files);
    let mut faults: Vec<String> = files
        .iter()
        .filter(|file| {
            let name = file.file_name().expect("a file has a name");
            (name == "clippy.toml" || name == ".clippy.toml") && **file != tools
        })
        .map(|file| format!("{}: Clippy would not read the root's", shown(file)))
        .collect();
    let banned = fs::read_to_string(&tools).unwrap_or_default();
    for path in ["std::fs", "std::process::Command", "ignore::WalkBuilder::new"] {
        if !banned.contains(path) {
            faults.push(format!("{} does not ban {path}", shown(&tools)));
        }
    }
    none("The tools propose, and only the guard acts:", &faults);
}

#[test]
fn every_crate_says_first_what_it_is_for() {
    let mut faults = Vec::new();
    for package in metadata().workspace_packages() {
        for target in &package.targets {
            let path = target.src_path.as_std_path();
            if !target.kind.contains(&TargetKind::Test) && !read(path).starts_with("//!") {
                faults.push(shown(path));
            }
        }
    }
    none("A crate's root does not begin with `//!`:", &faults);
}

#[test]
fn files_stay_short() {
    let mut rust = Vec::new();
    walk(&root().join("src-tauri"), &mut rust);
    rust.retain(|file| has_extension(file, "rs") && !is_test(file));
    let mut svelte = Vec::new();
    walk(&root().join("frontend/src"), &mut svelte);
    svelte.retain(|file| has_extension(file, "svelte"));
    assert!(rust.len() > 20 && svelte.len() > 5, "the sources are where this test looks for them");

    let mut faults = Vec::new();
    for (files, longest) in [(rust, LONGEST_RUST), (svelte, LONGEST_SVELTE)] {
        for file in files {
            let lines = read(&file).lines().count();
            if lines > longest {
                faults.push(format!("{}: {lines} lines, {longest} at most", shown(&file)));
            }
        }
    }
    none("A file is too long: it holds more than one subject:", &faults);
}

#[test]
fn the_architecture_names_only_files_that_exist() {
    let text =
        fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md is there");
    let faults: Vec<String> = named_sources(&text)
        .into_iter()
        .filter(|name| !root().join(name).is_file())
        .map(str::to_owned)
        .collect();
    none("ARCHITECTURE.md names, from the root of the repository, what is not there:", &faults);
}

#[test]
fn names_of_sources_are_found_in_prose() {
    let text =
        "See `a/b.rs`, (c/d.svelte.ts): e/f-g.ts. Not plain.rs, h/*.rs or https://x.org/y.rs.";
    assert_eq!(named_sources(text), ["a/b.rs", "c/d.svelte.ts", "e/f-g.ts"]);
}

#[test]
fn the_repository_speaks_of_the_project_alone() {
    // Put together here, so that this file does not hold them itself.
    let foreign =
        [concat!("shared", "/corpus"), concat!("helper", " session"), concat!("/work", "/main")];
    let mut faults = Vec::new();
    let files = repository_files();
    assert!(files.len() > 20, "git lists the files of the repository");
    for file in files {
        // A link, a submodule, or deleted and not committed yet: no text of ours.
        if !file.symlink_metadata().is_ok_and(|about| about.is_file()) {
            continue;
        }
        let bytes = fs::read(&file).expect("the file can be read");
        let Ok(text) = str::from_utf8(&bytes) else { continue };
        for (index, line) in text.lines().enumerate() {
            for words in foreign.iter().filter(|words| line.contains(**words)) {
                faults.push(format!("{}:{}: {words}", shown(&file), index + 1));
            }
        }
    }
    none("A file speaks of the place where the project was made:", &faults);
}

/// The tables of a manifest: name, then keys and values as written.
type Tables = BTreeMap<String, BTreeMap<String, String>>;

/// Reads what lint tables need of TOML: one `key = value` a line, comments on their own lines.
fn tables(manifest: &str) -> Tables {
    let mut tables = Tables::new();
    let mut current = String::new();
    for line in manifest.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            name.clone_into(&mut current);
            tables.entry(current.clone()).or_default();
        } else if let Some((key, value)) = line.split_once('=').filter(|_| !line.starts_with('#')) {
            let (key, value) = (key.trim().to_owned(), value.trim().to_owned());
            tables.entry(current.clone()).or_default().insert(key, value);
        }
    }
    tables
}

fn value<'a>(tables: &'a Tables, table: &str, key: &str) -> Option<&'a str> {
    tables.get(table)?.get(key).map(String::as_str)
}

/// Every `some/path.rs` and `some/path.ts` in a text.
fn named_sources(text: &str) -> Vec<&str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || "_-./".contains(c)))
        .map(|word| word.trim_end_matches('.'))
        .filter(|word| has_extension(Path::new(word), "rs") || has_extension(Path::new(word), "ts"))
        .filter(|word| word.contains('/') && !word.starts_with('/'))
        .collect()
}

/// The files of the repository, those that are not committed yet included.
fn repository_files() -> Vec<PathBuf> {
    let output = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .expect("git runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let names = String::from_utf8(output.stdout).expect("names are UTF-8");
    names.split_terminator('\0').map(|name| root().join(name)).collect()
}

/// All files below a folder; links are not followed.
fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder can be listed") {
        let entry = entry.expect("the folder can be listed");
        let kind = entry.file_type().expect("the kind of a file is known");
        if kind.is_dir() && entry.file_name() != "target" && entry.file_name() != "node_modules" {
            walk(&entry.path(), files);
        } else if kind.is_file() {
            files.push(entry.path());
        }
    }
}

/// Whether a Rust source holds tests: in a folder `tests`, or named for it.
fn is_test(file: &Path) -> bool {
    let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    file.components().any(|part| part.as_os_str() == "tests")
        || stem == "tests"
        || stem.ends_with("_tests")
}

fn has_extension(file: &Path, extension: &str) -> bool {
    file.extension().is_some_and(|found| found == extension)
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// A path as seen from the root of the repository.
fn shown(file: &Path) -> String {
    file.strip_prefix(root()).unwrap_or(file).display().to_string()
}
