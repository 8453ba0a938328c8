//! Whether git, started in a folder, could be made to run a program by the repository it finds: the
//! guard reads the repository's own configuration by handle, and never starts git to ask.

use crate::command::{Effort, too_long};
use crate::names::{Sensitivity, classify};
use crate::root::{Root, kind_of, open_beneath};
use rustix::fs::{FileType, OFlags};
use rustix::io::Errno;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Bytes of a configuration; a larger one asks.
const MAX_CONFIG: u64 = 256 * 1024;
/// Folders above that are asked for a repository; from deeper down it asks.
const MAX_FOLDERS: usize = 64;
/// Settings of a configuration that name files; one with more asks.
const MAX_FILES: usize = 64;
/// Bytes of a value that may be a path of the repository.
const MAX_VALUE: usize = 255;

/// Looks at every repository from `folder` (below the workspace) up to the workspace. Git takes the
/// first that makes sense to it, so all of them must be harmless.
pub(crate) fn check(root: &Root, folder: &Path, effort: &Effort) -> Result<(), String> {
    let slow = || too_long("look for repositories");
    if folder.components().count() > MAX_FOLDERS {
        return Err(slow());
    }
    let mut found = false;
    for level in folder.ancestors() {
        if !effort.spend(4 * Effort::NAME + level.components().count()) {
            return Err(slow());
        }
        let shown = level.display();
        let git = level.join(".git");
        let flags = OFlags::PATH | OFlags::NOFOLLOW;
        match open_beneath(root.handle(), &git, flags).map(|object| rustix::fs::fstat(&object)) {
            Err(Errno::NOENT | Errno::NOTDIR) => {
                let bare = ["HEAD", "objects", "refs"]
                    .iter()
                    .all(|name| open_beneath(root.handle(), &level.join(name), flags).is_ok());
                if bare {
                    return Err(format!("the folder {shown} is itself a repository."));
                }
            }
            Ok(Ok(stat)) if kind_of(&stat) == FileType::Directory => {
                found = true;
                check_folder(root, &git, effort)?;
            }
            _ => {
                return Err(format!(
                    "{} leads to a repository elsewhere, whose configuration is not known.",
                    git.display()
                ));
            }
        }
    }
    if found { Ok(()) } else { Err("there is no repository in the workspace.".to_owned()) }
}

fn check_folder(root: &Root, git: &Path, effort: &Effort) -> Result<(), String> {
    if open_beneath(root.handle(), &git.join("commondir"), OFlags::PATH).is_ok() {
        return Err(format!("{} shares another repository's data.", git.display()));
    }
    for name in ["config", "config.worktree"] {
        let path = git.join(name);
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY;
        let unreadable = || format!("{} cannot be read.", path.display());
        let file = match open_beneath(root.handle(), &path, flags) {
            Ok(file) => File::from(file),
            Err(Errno::NOENT) => continue,
            Err(_) => return Err(unreadable()),
        };
        let mut text = Vec::new();
        file.take(MAX_CONFIG + 1).read_to_end(&mut text).map_err(|_| unreadable())?;
        if text.len() as u64 > MAX_CONFIG {
            return Err(format!("{} is too large to be read.", path.display()));
        }
        if !effort.spend(Effort::FILE + text.len() / 4) {
            return Err(too_long(&format!("read {}", path.display())));
        }
        let text = String::from_utf8(text).map_err(|_| unreadable())?;
        if let Some(setting) = names_a_program(&text) {
            return Err(format!(
                "{} has {setting}, which may make git run a program.",
                path.display()
            ));
        }
    }
    Ok(())
}

/// The first setting that could make git run a program or read another configuration; also what
/// cannot be read for sure.
fn names_a_program(text: &str) -> Option<String> {
    // A continued line could hide the next one from a reader by lines.
    if text.contains("\\\n") || text.contains("\\\r\n") || text.contains('\0') {
        return Some("a line that goes on in the next".to_owned());
    }
    let mut section = String::new();
    let mut files = 0;
    for line in text.trim_start_matches('\u{feff}').lines() {
        let mut rest = line.trim();
        if let Some(header) = rest.strip_prefix('[') {
            let Some((name, after)) = section_name(header) else {
                return Some(format!("the line {line:?}"));
            };
            section = name;
            rest = after.trim_start();
        }
        if rest.is_empty() || rest.starts_with(['#', ';']) {
            continue;
        }
        let end =
            rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).unwrap_or(rest.len());
        let (key, value) = rest.split_at(end);
        let key = key.to_ascii_lowercase();
        let value = value.trim_start().strip_prefix('=').map(str::trim);
        files += usize::from(key.contains("file"));
        if key.is_empty() || files > MAX_FILES || is_risky(&section, &key, value) {
            return Some(format!("{section}.{key}"));
        }
    }
    None
}

/// The name of a section in small letters, and what follows the header in its line.
fn section_name(header: &str) -> Option<(String, &str)> {
    let end = header.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '.'))?;
    let (name, rest) = header.split_at(end);
    // `[diff.x]` is an old form of `[diff "x"]`.
    let name = name.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let rest = rest.trim_start();
    let Some(mut quoted) = rest.strip_prefix('"') else {
        return rest.strip_prefix(']').map(|after| (name, after));
    };
    loop {
        let at = quoted.find(['"', '\\'])?;
        if quoted[at..].starts_with('\\') {
            let escaped = quoted[at + 1..].chars().next()?;
            quoted = &quoted[at + 1 + escaped.len_utf8()..];
        } else {
            return quoted[at + 1..].trim_start().strip_prefix(']').map(|after| (name, after));
        }
    }
}

/// Whether a format has a placeholder for which git runs gpg: `%G?`, `%+GK`, `% GG`.
pub(crate) fn asks_gpg(format: &str) -> bool {
    format.split('%').skip(1).any(|placeholder| {
        placeholder.strip_prefix(['+', '-', ' ']).unwrap_or(placeholder).starts_with('G')
    })
}

/// Whether a setting's value is not plainly a file of the repository.
fn leads_out(value: &str) -> bool {
    value.len() > MAX_VALUE
        || value.starts_with(['/', '~', '%'])
        || value.contains(['"', '\\', ':'])
        || value.split('/').any(|part| part == "..")
        || matches!(classify(value), Sensitivity::Secret(_))
}

fn is_risky(section: &str, key: &str, value: Option<&str>) -> bool {
    let off = matches!(value, Some("false" | "no" | "off" | "0" | ""));
    let path = || value.is_some_and(leads_out);
    match section {
        "filter" | "include" | "includeif" | "pager" | "gpg" | "credential" | "merge"
        | "sequence" | "uploadpack" | "trailer" | "interactive" | "hook" => {
            // Of `merge` only drivers are programs, and they have a `driver`.
            section != "merge" || key == "driver"
        }
        "core" => match key {
            "fsmonitor" => !off,
            "hookspath"
            | "pager"
            | "editor"
            | "sshcommand"
            | "askpass"
            | "gitproxy"
            | "worktree"
            | "alternaterefscommand"
            | "attributesfile" => true,
            "excludesfile" => path(),
            _ => false,
        },
        "diff" if key == "orderfile" => path(),
        "mailmap" => key == "file" && path(),
        "blame" => key == "ignorerevsfile" && path(),
        // A quote or a backslash may stand within a placeholder.
        "pretty" | "format" => value.is_some_and(|value| {
            let text = value.replace('"', "");
            asks_gpg(&text) || (text.contains('\\') && text.contains('G'))
        }),
        "diff" => ["external", "textconv", "command"].contains(&key),
        "log" => key == "showsignature" && !off,
        "remote" => {
            ["promisor", "partialclonefilter", "uploadpack", "receivepack", "vcs"].contains(&key)
        }
        "extensions" => key == "partialclone",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_run_a_program_is_found() {
        for text in [
            "[filter \"x\"]\n\tclean = id",
            "[filter.x]\nclean = id",
            "[core]\n fsmonitor = ./x",
            "[core] fsmonitor",
            "[CORE]\n\tFsMonitor=./x",
            "[core] pager = x",
            "[diff]\n external = x",
            "[diff \"a\\\"]b\"]\n textconv = x",
            "[include]\npath = x",
            "[includeIf \"gitdir:x\"] path = x",
            "[gpg \"ssh\"]\nprogram = x",
            "[core]\nx = a \\\n[foo]\nfsmonitor = x",
            "\u{feff}[core]\nhooksPath = x",
            "[core]\n\tworktree = /",
            "[remote \"o\"]\n uploadpack = x",
            "[format]\n pretty = %h %G?",
            "[format]\n pretty = \"%h %\"+GK",
            "[pretty]\n x = format:% GG",
            "[pretty]\n x = %\\tG?",
            "[mailmap]\n file = /etc/passwd",
            "[diff]\n orderFile = ../x",
            "[core]\n excludesFile = ~/x",
            "[blame]\n ignoreRevsFile = .env",
            "[blame]\n ignoreRevsFile = \"/etc/passwd\"",
            "[a \"x",
            "[a]\n%x = 1",
        ] {
            assert!(names_a_program(text).is_some(), "{text}");
        }
    }

    #[test]
    fn an_ordinary_configuration_is_harmless() {
        for text in [
            "",
            "[core]\n",
            "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n\tlogallrefupdates = true\n\
             [remote \"origin\"]\n\turl = https://example.com/a.git\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n\
             [branch \"main\"]\n\tremote = origin\n\tmerge = refs/heads/main # [filter]\n\
             [user]\n\tname = \"A ; B\"\n[merge]\n\tconflictStyle = diff3\n[diff]\n\tcolorMoved = zebra\n",
            "[blame]\n ignoreRevsFile = .git-blame-ignore-revs\n[format]\n pretty = %h %s by Greg\n",
            "[core]\nfsmonitor = false\n; [filter \"x\"]\n",
        ] {
            assert_eq!(names_a_program(text), None, "{text}");
        }
    }
}
