//! `rm` of the root, the home or the workspace folder: asks with a warning under every setting.

use super::lexer::Line;
use super::loose;
use super::others::{runs_others, words_within};
use std::path::{Component, Path, PathBuf};

/// Whether a program removes what its words name.
pub(super) fn removes(program: &str) -> bool {
    matches!(program.rsplit('/').next(), Some("rm" | "rmdir" | "unlink" | "shred"))
}

/// The warnings for a command line that was read whole.
pub(super) fn warnings(line: &Line, folder: &Path, workspace: &Path) -> Vec<String> {
    let mut ground = Folder::new(folder);
    let mut warnings = Vec::new();
    for simple in &line.commands {
        let words: Vec<String> = simple.words.iter().map(|word| word.text.clone()).collect();
        let program = words.first().map_or("", String::as_str);
        if moves(program) {
            ground.change(words.get(1));
        }
        let found = if removes(program) {
            warning_in(&words, ground.clone(), workspace)
        } else if runs_others(&words) {
            warning_in(&words_within(&words), ground.clone(), workspace)
                .or_else(|| found_and_removed(&words))
        } else {
            None
        };
        warnings.extend(found);
    }
    warnings
}

/// The warning for a command that could not be read whole: it is read loosely.
pub(super) fn warning(command: &str, folder: &Path, workspace: &Path) -> Option<String> {
    // What a backquote brings is not known; braces stand for each of their parts.
    let marked = command.replace('`', " $ ");
    let parted: String = command
        .chars()
        .map(|letter| if matches!(letter, '{' | '}' | ',') { ' ' } else { letter })
        .collect();
    [marked, parted]
        .iter()
        .find_map(|command| warning_in(&loose::words(command), Folder::new(folder), workspace))
}

fn moves(program: &str) -> bool {
    matches!(program, "cd" | "pushd" | "popd")
}

/// The folder that words are seen from.
#[derive(Clone)]
struct Folder {
    path: PathBuf,
    /// The person's own.
    home: Option<PathBuf>,
    /// Set where it was changed: then it is known by name only.
    moved: bool,
}

impl Folder {
    fn new(path: &Path) -> Self {
        let home = std::env::var_os("HOME").map(PathBuf::from);
        Self { path: path.to_owned(), home, moved: false }
    }

    fn change(&mut self, to: Option<&String>) {
        let to = to.map_or_else(|| self.home.clone(), |to| tilde(to, self.home.as_deref()));
        if let Some(to) = to {
            self.path = normal(&self.path.join(to));
        }
        self.moved = true;
    }
}

/// The warning for words that would remove one of those folders, or that hide what they remove. A
/// warning too many costs a click.
fn warning_in(words: &[String], mut folder: Folder, workspace: &Path) -> Option<String> {
    let mut removing = false;
    for (place, word) in words.iter().enumerate() {
        if moves(word) && !removing {
            folder.change(words.get(place + 1));
        } else if removes(word) {
            removing = true;
        } else if removing && !word.starts_with('-') {
            let found = removed(word, &folder, workspace);
            if found.is_some() {
                return found;
            }
        }
    }
    None
}

/// The warning where this word, as a thing to remove, is one of those folders.
fn removed(word: &str, folder: &Folder, workspace: &Path) -> Option<String> {
    if word.contains('$') {
        return Some(format!("It removes {word}, and what that is can only be known as it runs."));
    }
    let home = folder.home.as_deref();
    let target = match word.trim_end_matches(['*', '?', '/']) {
        "" if word.starts_with('/') => "/",
        "" => ".",
        target => target,
    };
    let Some(path) = tilde(target, home) else {
        return Some(format!("It removes {word}, a home folder."));
    };
    let what = normal(&folder.path.join(path));
    let name = if what == Path::new("/") {
        "the root of the file system"
    } else if home.is_some_and(|home| home.starts_with(&what)) {
        "the home folder"
    } else if workspace.starts_with(&what) {
        "the whole workspace"
    } else if folder.moved
        && Path::new(target).is_relative()
        && (target == "." || target.starts_with(".."))
    {
        "all of a folder that it changes to"
    } else {
        return None;
    };
    Some(format!("WARNING: it would remove {name} ({word})."))
}

/// The warning for `find` that hands all below the root or the home folder to a program that removes.
fn found_and_removed(words: &[String]) -> Option<String> {
    let (program, words) = words.split_first()?;
    if !program.ends_with("find") || !words.iter().any(|word| removes(word)) {
        return None;
    }
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let starts = words.iter().take_while(|word| !word.starts_with(['-', '(', '!']));
    starts
        .filter_map(|start| tilde(start, home.as_deref()).map(|path| (start, path)))
        .find(|(_, path)| path.is_absolute() && home.as_deref().is_none_or(|h| h.starts_with(path)))
        .map(|(start, _)| format!("WARNING: it would remove all below {start}."))
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
    use super::super::lexer;
    use super::*;

    fn warns(command: &str) -> bool {
        let workspace = Path::new("/work/project");
        match lexer::read(command) {
            Ok(line) => !warnings(&line, workspace, workspace).is_empty(),
            Err(_) => warning(command, workspace, workspace).is_some(),
        }
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
            "cd .. && rm -rf project",
            "cd ..; rm -rf project",
            "(cd .. && rm -rf project)",
            "cd / && rm -rf work",
            "rm -rf `pwd`",
            "rm -rf $(pwd)",
            "rm -rf /*/",
            "rm -rf */",
            "rm -rf ./*/",
            "rm -rf ~/*/",
            "rm -rf {/,x}",
            "find . -exec rm -rf / ';'",
            "find / -maxdepth 0 -exec rm -rf '{}' ';'",
            "python3 -c 'import os; os.system(\"rm -rf /\")'",
            "node -e 'exec(\"rm -rf /\")'",
            "git bisect run rm -rf /",
            "docker run x rm -rf /",
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
            "grep 'rm -rf /' notes.txt",
            "cd src && rm -rf target",
            "find . -name '*.o' -exec rm '{}' ';'",
            "git commit -m 'rm -rf /'",
            "rm -rf a/b/",
            "rm -rf {a,b}",
        ] {
            assert!(!warns(command), "{command}");
        }
    }
}
