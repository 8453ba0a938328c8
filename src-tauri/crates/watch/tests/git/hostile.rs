//! Repositories that are damaged, locked, or made to have something run or read.

use super::*;

/// Whether nothing is shown of a repository made so, and the thread goes on.
fn shows_nothing(make: impl Fn(&Path)) {
    let folder = repository(&[("a", "1")]);
    let root = folder.path();
    write(root, &[("a", "two")]);
    let mut seen = follow(root);
    seen.until_state("a", Some(Modified));
    fs::rename(root.join(".git"), root.join("kept")).unwrap();
    make(root);
    seen.git.refresh();
    seen.until_state("a", None);
    // It goes on where the repository can be read again.
    fs::remove_dir_all(root.join(".git")).or_else(|_| fs::remove_file(root.join(".git"))).unwrap();
    fs::rename(root.join("kept"), root.join(".git")).unwrap();
    seen.git.refresh();
    seen.until_state("a", Some(Modified));
}

fn copy(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg("-r").arg(from).arg(to).status().unwrap().success());
}

#[test]
fn what_cannot_be_read_shows_nothing() {
    let damaged = |name: &'static str, bytes: &'static [u8]| {
        move |root: &Path| {
            copy(&root.join("kept"), &root.join(".git"));
            fs::write(root.join(".git").join(name), bytes).unwrap();
        }
    };
    shows_nothing(damaged("index", b"DIRC\0\0\0\x02\xff\xff\xff\xff rubbish"));
    shows_nothing(damaged("HEAD", b"\0\0"));
    shows_nothing(damaged("config", b"[core\nrepositoryformatversion"));
    shows_nothing(|root| fs::write(root.join(".git"), "gitdir: /nonexistent/place\n").unwrap());
    shows_nothing(|root| fs::create_dir(root.join(".git")).unwrap());
    shows_nothing(|root| {
        assert!(git(root, &["init", "-q", "--object-format=sha256"]));
    });
    shows_nothing(|root| {
        copy(&root.join("kept"), &root.join(".git"));
        assert!(git(root, &["config", "core.bare", "true"]));
    });
    // Without its objects the commit cannot be read.
    shows_nothing(|root| {
        copy(&root.join("kept"), &root.join(".git"));
        fs::remove_dir_all(root.join(".git/objects")).unwrap();
        fs::create_dir(root.join(".git/objects")).unwrap();
    });
}

#[test]
fn a_repository_does_not_choose_what_is_looked_at() {
    let outside = tempdir().unwrap();
    write(outside.path(), &[("x", "1")]);
    let folder = repository(&[("a", "1")]);
    assert!(git(folder.path(), &["config", "core.worktree", outside.path().to_str().unwrap()]));
    write(folder.path(), &[("a", "two")]);
    let mut seen = follow(folder.path());
    seen.git.refresh();
    assert!(git(folder.path(), &["config", "--unset", "core.worktree"]));
    seen.until_state("a", Some(Modified));
    assert_eq!(seen.git.state("x"), None);
    assert!(!seen.everything || seen.git.state("a").is_some());
}

#[test]
fn a_locked_index_is_read_and_nothing_is_written() {
    let folder = repository(&[("a", "1"), ("b", "1")]);
    let root = folder.path();
    // Same size and another time: the file must be read, and git would note in the index that it is the same.
    write(root, &[("a", "1"), ("b", "2")]);
    fs::write(root.join(".git/index.lock"), "").unwrap();
    let listing = |root: &Path| {
        let mut all: Vec<(PathBuf, Vec<u8>)> = Vec::new();
        let mut folders = vec![root.join(".git")];
        while let Some(at) = folders.pop() {
            for entry in fs::read_dir(at).unwrap().flatten() {
                if entry.path().is_dir() {
                    folders.push(entry.path());
                } else {
                    all.push((entry.path(), fs::read(entry.path()).unwrap()));
                }
            }
        }
        all.sort();
        all
    };
    let before = listing(root);
    let mut seen = follow(root);
    seen.until_state("b", Some(Modified));
    seen.has(&[("a", None)]);
    seen.looked(root);
    assert_eq!(listing(root), before);
}

#[test]
fn nothing_that_a_repository_names_is_run() {
    let folder = repository(&[("a.txt", "1"), ("b.txt", "1"), ("sub/c.txt", "1")]);
    let root = folder.path();
    let ran = tempdir().unwrap();
    let payload = ran.path().join("payload");
    let touched = ran.path().join("ran");
    fs::write(&payload, format!("#!/bin/sh\ntouch {}\ncat\n", touched.display())).unwrap();
    fs::set_permissions(&payload, Permissions::from_mode(0o755)).unwrap();
    let payload = payload.to_str().unwrap();
    let hooks = root.join("hooks");
    fs::create_dir(&hooks).unwrap();
    for hook in ["post-index-change", "query-watchman", "fsmonitor-watchman", "post-checkout"] {
        fs::copy(payload, hooks.join(hook)).unwrap();
        fs::copy(payload, root.join(".git/hooks").join(hook)).unwrap();
    }
    // What names the payload when it is included, too.
    let included = root.join("included");
    fs::write(&included, format!("[filter \"evil\"]\n\tclean = {payload}\n")).unwrap();
    for (key, value) in [
        ("core.fsmonitor", payload),
        ("core.fsmonitorHookVersion", "2"),
        ("core.hooksPath", hooks.to_str().unwrap()),
        ("core.sshCommand", payload),
        ("core.pager", payload),
        ("core.editor", payload),
        ("core.askPass", payload),
        ("core.alternateRefsCommand", payload),
        ("core.untrackedCache", "true"),
        ("filter.evil.clean", payload),
        ("filter.evil.smudge", payload),
        ("filter.evil.process", payload),
        ("filter.evil.required", "true"),
        ("diff.external", payload),
        ("diff.evil.command", payload),
        ("diff.evil.textconv", payload),
        ("merge.evil.driver", payload),
        ("credential.helper", payload),
        ("gpg.program", payload),
        ("include.path", included.to_str().unwrap()),
    ] {
        assert!(git(root, &["config", key, value]), "{key}");
    }
    fs::write(root.join(".gitattributes"), "* filter=evil diff=evil merge=evil\n").unwrap();
    fs::write(root.join(".git/info/attributes"), "* filter=evil diff=evil\n").unwrap();
    // Of the same size as before, so that the texts have to be compared.
    write(root, &[("a.txt", "2"), ("b.txt", "1"), ("sub/c.txt", "3")]);
    let mut seen = follow(root);
    seen.until_state("a.txt", Some(Modified));
    seen.until_state("sub/c.txt", Some(Modified));
    seen.looked(root);
    assert!(!touched.exists(), "the payload ran");
    // The payload itself works: git runs it.
    git(root, &["status"]);
    assert!(touched.exists(), "git would have run it");
}
