//! What a person's tools do all day works in a confined command, at the level of this system and at
//! those of older ones with Landlock's second version: in a plain project, without a network.
//!
//! A tool that this system lacks is named on standard output, and its test ends there.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, missing_docs)]

mod common;
#[path = "common/place.rs"]
mod place;

use common::run_within;
use countersign_sandbox::End;
use countersign_sandbox::confine::{Confinement as _, Landlock};
use place::Place;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How long a tool may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(300);

/// Where tools are: those of the toolchain that builds this, the system's, and those of whoever runs
/// the tests.
fn folders() -> Vec<PathBuf> {
    let toolchain = std::env::var_os("CARGO").map(PathBuf::from);
    let toolchain = toolchain.as_deref().and_then(Path::parent).map(Path::to_path_buf);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut all: Vec<PathBuf> = toolchain.into_iter().collect();
    all.extend(["/usr/local/bin", "/usr/bin", "/bin"].map(PathBuf::from));
    all.extend(std::env::split_paths(&path));
    all
}

/// Whether these programs are there; the first that is not is named.
fn there(programs: &[&str]) -> bool {
    let folders = folders();
    let missing = programs
        .iter()
        .find(|program| !folders.iter().any(|folder| folder.join(program).is_file()));
    if let Some(program) = missing {
        println!("LEFT OUT: there is no {program} on this system");
    }
    missing.is_none()
}

/// The levels at which tools work, this system's and the lowest: with the first version of Landlock the
/// kernel refuses moves between folders.
fn levels(place: &Place) -> Vec<Landlock> {
    let best = place.best();
    let mut levels = place.levels();
    levels.retain(|level| {
        level.level().abi > 1 && (level.level() == best.level() || level.level().abi == 2)
    });
    levels.dedup_by_key(|level| level.level());
    levels
}

/// Runs the script in an empty workspace that these files are put into, once at each level. Gives
/// what it printed, the same at each.
async fn works(files: &[(&str, &str)], script: &str) -> String {
    let Some(place) = Place::new() else { return String::new() };
    let path = std::env::join_paths(folders()).unwrap();
    let mut said = Vec::new();
    for level in levels(&place) {
        for folder in ["work", "home/.cache", "home/.npm"] {
            let _ = std::fs::remove_dir_all(place.path(folder));
        }
        std::fs::create_dir(place.path("work")).unwrap();
        for (name, text) in files {
            let file = place.path("work").join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        }
        let mut command = place.command(&format!("set -e\n{script}"));
        command.env.retain(|(name, _)| name != "PATH");
        command.env.push(("PATH".into(), path.clone()));
        command.timeout = PATIENCE;
        println!("level: {}", level.describe());
        let finished = run_within(PATIENCE, Arc::new(level.clone()), command).await;
        assert_eq!(finished.end, End::Exited(0), "{}: {finished:?}", level.describe());
        assert!(finished.refused.paths.is_empty(), "{finished:?}");
        said.push(finished.stdout.text);
    }
    said.dedup();
    if said.is_empty() {
        println!("LEFT OUT: this kernel has only the first version of Landlock");
        return String::new();
    }
    assert_eq!(said.len(), 1, "the levels differ: {said:?}");
    said.remove(0)
}

#[tokio::test]
async fn git_commits() {
    if !there(&["git"]) {
        return;
    }
    let script = "
        git init -q . && git config user.name T && git config user.email t@example.org
        git add . && git commit -qm one && mkdir b && git mv a b/a && echo y > b/a
        git commit -qam two && git stash list && git checkout -qb other && git gc -q
        git clone -q . copy && git -C copy log --format=%s";
    let said = works(&[("a", "x\n")], script).await;
    assert!(said == "two\none\n" || said.is_empty(), "{said}");
}

#[tokio::test]
async fn a_move_between_folders_that_the_first_version_refuses_is_told() {
    let Some(place) = Place::new() else { return };
    let first = place.levels().pop().unwrap();
    assert_eq!(first.level().abi, 1);
    let script = "mkdir -p a b && echo x > a/x && ln a/x b/x";
    let finished = place.at(&first, place.command(script)).await;
    assert_eq!(finished.end, End::Exited(1), "{finished:?}");
    let told = &finished.refused.paths;
    let expected = ["work/a/x", "work/b/x"].map(|path| place.path(path));
    assert!(told.len() == 1 && expected.contains(&told[0]), "{finished:?}");
    // A move falls back to a copy.
    place.succeeds(&first, "mv a/x b/x && cat b/x").await;
}

#[tokio::test]
async fn make_builds() {
    if !there(&["make", "cc"]) {
        return;
    }
    let files = [
        ("Makefile", "all: hello\n\t./hello\nhello: hello.c\n\t@cc -o $@ $<\n"),
        ("hello.c", "#include <stdio.h>\nint main(void) { return puts(\"built\") < 0; }\n"),
    ];
    let said = works(&files, "make -s").await;
    assert!(said == "built\n" || said.is_empty(), "{said}");
}

#[tokio::test]
async fn cargo_builds_and_tests() {
    if !there(&["cargo", "rustc", "cc"]) {
        return;
    }
    let files = [
        (
            "Cargo.toml",
            "[package]\nname = \"plain\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[dependencies]\npart = { path = \"part\" }\n[workspace]\n",
        ),
        ("build.rs", "fn main() { println!(\"cargo:rustc-env=MADE=yes\"); }\n"),
        (
            "src/main.rs",
            "fn main() { println!(\"{} {}\", part::one(), env!(\"MADE\")); }\n#[test]\nfn holds() { assert_eq!(part::one(), 1); }\n",
        ),
        (
            "part/Cargo.toml",
            "[package]\nname = \"part\"\nversion = \"0.1.0\"\nedition = \"2021\"\n",
        ),
        ("part/src/lib.rs", "pub fn one() -> u8 { 1 }\n"),
    ];
    let script = "cargo build -q --offline && cargo test -q --offline > /dev/null
        cargo run -q --offline";
    let said = works(&files, script).await;
    assert!(said == "1 yes\n" || said.is_empty(), "{said}");
}

#[tokio::test]
async fn npm_installs_a_folder_and_a_package() {
    if !there(&["npm", "node"]) {
        return;
    }
    let files = [
        (
            "package.json",
            r#"{"name":"plain","version":"1.0.0","dependencies":{"part":"file:./part"},"scripts":{"test":"node test.js","postinstall":"node -e \"require('fs').writeFileSync('after','')\""}}"#,
        ),
        ("part/package.json", r#"{"name":"part","version":"1.0.0"}"#),
        ("part/index.js", "module.exports = 1;\n"),
        ("other/package.json", r#"{"name":"other","version":"1.0.0","bin":"other.js"}"#),
        ("other/other.js", "#!/usr/bin/env node\nconsole.log('other');\n"),
        ("test.js", "console.log(require('part'));\n"),
    ];
    let script = "
        quiet='--offline --no-audit --no-fund --no-update-notifier --loglevel=error'
        npm install $quiet > /dev/null && test -e after
        npm pack $quiet ./other > /dev/null && npm install $quiet ./other-1.0.0.tgz > /dev/null
        npm test --silent && node_modules/.bin/other";
    let said = works(&files, script).await;
    assert!(said == "1\nother\n" || said.is_empty(), "{said}");
}

/// Makes a package that pip can install without building it: an archive with fixed names.
const WHEEL: &str = "import zipfile
with zipfile.ZipFile('part-1.0-py3-none-any.whl', 'w') as wheel:
    about = 'part-1.0.dist-info/'
    wheel.writestr('part.py', 'one = 1\\n')
    wheel.writestr(about + 'METADATA', 'Metadata-Version: 2.1\\nName: part\\nVersion: 1.0\\n')
    wheel.writestr(about + 'WHEEL', 'Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
    wheel.writestr(about + 'RECORD', 'part.py,,\\n')
";

/// Whether this system's Python has the module.
fn python_has(module: &str) -> bool {
    let has = there(&["python3"])
        && std::process::Command::new("python3")
            .args(["-c", &format!("import {module}")])
            .env("PATH", std::env::join_paths(folders()).unwrap())
            .stderr(std::process::Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
    if !has {
        println!("LEFT OUT: this system's python3 has no {module}");
    }
    has
}

#[tokio::test]
async fn python_makes_an_environment_and_pip_installs_into_it() {
    if !python_has("venv") || !python_has("ensurepip") {
        return;
    }
    let script = "
        python3 wheel.py && python3 -m venv env
        env/bin/pip install -q --no-index --disable-pip-version-check ./part-1.0-py3-none-any.whl
        env/bin/python -c 'import part; print(part.one)'";
    let said = works(&[("wheel.py", WHEEL)], script).await;
    assert!(said == "1\n" || said.is_empty(), "{said}");
}

#[tokio::test]
async fn pytest_runs() {
    if !python_has("pytest") {
        return;
    }
    let files = [
        ("part.py", "one = 1\n"),
        (
            "test_part.py",
            "import part\n\ndef test_one(tmp_path):\n    (tmp_path / 'x').write_text('x')\n    assert part.one == 1\n",
        ),
    ];
    let said = works(&files, "python3 -m pytest -q > out && grep -o '1 passed' out").await;
    assert!(said == "1 passed\n" || said.is_empty(), "{said}");
}

#[tokio::test]
async fn servers_and_children_of_node_and_python_work() {
    if !there(&["node"]) {
        return;
    }
    let files = [(
        "serve.js",
        "const http = require('http'); const { fork, execFileSync } = require('child_process');
if (process.argv[2]) { process.send('child'); process.disconnect(); } else {
  console.log(execFileSync('echo', ['ran']).toString().trim());
  fork(__filename, ['child']).on('message', (word) => console.log(word)).on('exit', () => {
    const server = http.createServer((_, answer) => answer.end('served')).listen(0, '127.0.0.1', () =>
      http.get(server.address(), (got) => got.on('data', (data) => { console.log(`${data}`); server.close(); })));
  });
}",
    )];
    let said = works(&files, "node serve.js").await;
    assert!(said == "ran\nchild\nserved\n" || said.is_empty(), "{said}");
}
