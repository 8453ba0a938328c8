//! `rm` of the root, the home or the workspace folder: asks with a warning under every setting.

use std::path::{Component, Path, PathBuf};

/// Whether a program removes what its words name.
pub(super) fn removes(program: &str) -> bool {
    matches!(program.rsplit('/').next(), Some("rm" | "rmdir" | "unlink" | "shred"))
}

/// The warning for a command that would remove one of those folders, or that hides what it removes.
/// It reads the command loosely: a warning too many costs a click.
pub(super) fn warning(words: &[String], folder: &Path, workspace: &Path) -> Option<String> {
    // A folder changed within the command makes relative names mean something else.
    let moved = words.iter().any(|word| matches!(word.as_str(), "cd" | "pushd" | "popd"));
    warning_after(words, folder, workspace, moved)
}

/// The same for words of one command, where `moved` says that its folder is not known.
pub(super) fn warning_after(
    words: &[String],
    folder: &Path,
    workspace: &Path,
    moved: bool,
) -> Option<String> {
    let removes = words.iter().position(|word| removes(word))?;
    let home = std::env::var_os("HOME").map(PathBuf::from);
    for word in words.iter().skip(removes + 1) {
        if word.starts_with('-') {
            continue;
        }
        if word.contains('$') {
            return Some(format!(
                "It removes {word}, and what that is can only be known as it runs."
            ));
        }
        let target = word.trim_end_matches(['*', '?']);
        let target = if target.is_empty() { "." } else { target };
        let what = match tilde(target, home.as_deref()) {
            None => return Some(format!("It removes {word}, a home folder.")),
            Some(path) => normal(&folder.join(path)),
        };
        let name = if what == Path::new("/") {
            "the root of the file system"
        } else if home.as_deref().is_some_and(|home| home.starts_with(&what)) {
            "the home folder"
        } else if workspace.starts_with(&what) {
            "the whole workspace"
        } else if moved
            && Path::new(target).is_relative()
            && (target == "." || target.starts_with(".."))
        {
            "all of a folder that it changes to"
        } else {
            continue;
        };
        return Some(format!("WARNING: it would remove {name} ({word})."));
    }
    None
}

/// The path with a leading tilde taken for the home folder; none where that is unknown.
fn tilde(word: &str, home: Option<&Path>) -> Option<PathBuf> {
    match word.strip_prefix('~') {
        None => Some(PathBuf::from(word)),
        Some(rest) if rest.is_empty() || rest.starts_with('/') => {
            Some(home?.join(rest.trim_start_matches('/')))
        }
        Some(_) => None,
    }
}

/// `.` and `..` taken out by name.
fn normal(path: &Path) -> PathBuf {
    let mut plain = PathBuf::from("/");
    for part in path.components() {
        match part {
            Component::ParentDir => {
                plain.pop();
            }
            Component::Normal(name) => plain.push(name),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::super::loose;
    use super::*;

    fn warns(command: &str) -> bool {
        let workspace = Path::new("/work/project");
        warning(&loose::words(command), workspace, workspace).is_some()
    }

    #[test]
    fn the_great_removals_warn() {
        for command in [
            "rm -rf /",
            "rm -rf /*",
            "rm -rf ~",
            "rm -rf ~/",
            "rm -rf .",
            "rm -rf ./",
            "rm -rf *",
            "rm -r ..",
            "rm -rf /work/project",
            "rm -rf /work",
            "sudo rm -rf / --no-preserve-root",
            "ls; rm -rf \"/\"",
            "/bin/rm -rf '/'",
            "\\rm -rf /",
            "rm -rf $HOME",
            "rm -rf src/..",
            "rm -rf \"$X/\"",
            "cd /; rm -rf *",
            "true && rm -fr -- /",
            "sh -c 'rm -rf /'",
            "rm -rf ~root",
        ] {
            assert!(warns(command), "{command}");
        }
    }

    #[test]
    fn ordinary_removals_do_not_warn() {
        for command in [
            "rm a.txt",
            "rm -rf target",
            "rm -rf ./build",
            "rm *.o",
            "ls /",
            "echo rm",
            "npm run rm-x /",
        ] {
            assert!(!warns(command), "{command}");
        }
    }
}
