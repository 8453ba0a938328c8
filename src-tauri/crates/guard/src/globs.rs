//! Globs as readers take them, read so that they match no less than the program's own do.

use globset::{GlobBuilder, GlobMatcher};
use std::sync::OnceLock;

/// Bytes of a glob that is compared; a longer one matches all.
const MAX_GLOB: usize = 256;

/// A glob for one name, compiled when it is first compared. One that cannot be read matches all.
#[derive(Debug)]
struct Glob {
    name: Option<String>,
    matcher: OnceLock<Option<GlobMatcher>>,
    /// Whether it matches folders only.
    folder: bool,
}

/// Globs, matched against single names: the folders on the way to a glob's last name are not
/// compared, for it may be taken from another folder than the look's.
#[derive(Debug, Default)]
pub(crate) struct Globs {
    globs: Vec<Glob>,
    /// Bytes of those that are more than a name.
    hard: usize,
}

impl Globs {
    pub(crate) fn is_empty(&self) -> bool {
        self.globs.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.globs.len()
    }

    /// Adds one that matches every name.
    pub(crate) fn add_all(&mut self) {
        self.push(None, false);
    }

    /// Adds one of an ignore file, without its `!`.
    pub(crate) fn add_ignore(&mut self, glob: &str) {
        let glob = glob.trim_end();
        let name = glob.trim_end_matches('/');
        let folder = name.len() < glob.len() && !name.is_empty();
        // A class may hold the slash itself.
        let name = match name.rsplit_once('/') {
            Some(_) if name.contains('[') => None,
            Some((_, last)) => Some(last),
            None => Some(name),
        };
        // One that comes to nothing does not restrict anything.
        let name = name.filter(|name| !name.is_empty());
        self.push(name.map(str::to_owned), folder);
    }

    /// Adds one as `fnmatch` reads it: braces stand for themselves, and classes depend on the
    /// locale, so that each matches any one character here.
    pub(crate) fn add_fnmatch(&mut self, glob: &str) {
        self.push(widened(glob), false);
    }

    /// Steps that it takes to compile them all, and to compare one name with them.
    pub(crate) fn steps(&self) -> (usize, usize) {
        (self.globs.len() * 30 + self.hard * 30, self.globs.len() + self.hard)
    }

    fn push(&mut self, name: Option<String>, folder: bool) {
        let name = name.filter(|name| name.len() <= MAX_GLOB);
        if let Some(hard) = name.as_ref().filter(|name| name.contains(['*', '?', '[', '{'])) {
            self.hard += hard.len();
        }
        self.globs.push(Glob { name, matcher: OnceLock::new(), folder });
    }

    /// Whether one of them matches the file's name.
    pub(crate) fn name(&self, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        self.globs.iter().any(|glob| !glob.folder && glob.fits(name))
    }

    /// Whether one of them matches a folder's name.
    pub(crate) fn folder(&self, name: &str) -> bool {
        self.globs.iter().any(|glob| glob.fits(name))
    }

    /// Whether one of them matches the file's name, or that of a folder that holds it.
    pub(crate) fn name_or_folder(&self, path: &str) -> bool {
        let mut folders = path.split('/');
        folders.next_back();
        self.name(path) || folders.any(|folder| self.folder(folder))
    }
}

impl Glob {
    fn fits(&self, name: &str) -> bool {
        let matcher = self.matcher.get_or_init(|| self.name.as_deref().and_then(matcher));
        matcher.as_ref().is_none_or(|glob| glob.is_match(name))
    }
}

fn matcher(glob: &str) -> Option<GlobMatcher> {
    GlobBuilder::new(glob).case_insensitive(true).build().map(|glob| glob.compile_matcher()).ok()
}

/// A glob of `fnmatch` as one of globset; none where it cannot be told.
fn widened(glob: &str) -> Option<String> {
    let mut wide = String::with_capacity(glob.len());
    let mut rest = glob.chars().peekable();
    while let Some(char) = rest.next() {
        match char {
            '{' | '}' => wide.extend(['\\', char]),
            '\\' => wide.extend(['\\', rest.next()?]),
            '[' => {
                rest.next_if(|&char| matches!(char, '!' | '^'));
                rest.next_if_eq(&']');
                loop {
                    match rest.next()? {
                        ']' => break,
                        '\\' => {
                            rest.next()?;
                        }
                        '[' if rest.next_if_eq(&':').is_some() => {
                            rest.by_ref().find(|&char| char == ':')?;
                            rest.next_if_eq(&']')?;
                        }
                        // One of several characters.
                        '[' if rest.peek().is_some_and(|char| matches!(char, '.' | '=')) => {
                            return None;
                        }
                        _ => {}
                    }
                }
                wide.push('?');
            }
            _ => wide.push(char),
        }
    }
    Some(wide)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fnmatch(glob: &str, name: &str) -> bool {
        let mut globs = Globs::default();
        globs.add_fnmatch(glob);
        globs.name(name)
    }

    fn ignore(glob: &str) -> Globs {
        let mut globs = Globs::default();
        globs.add_ignore(glob);
        globs
    }

    #[test]
    fn braces_stand_for_themselves_and_classes_for_any_character() {
        assert!(fnmatch("a{1}.pem", "a{1}.pem"));
        assert!(!fnmatch("a{1}.pem", "a1.pem"));
        assert!(!fnmatch("*.{rs,pem}", "a.pem"));
        assert!(fnmatch("[[:punct:]]env", ".env"));
        assert!(fnmatch("[_-a]env", ".env"));
        assert!(fnmatch("[]]env", ".env"));
        assert!(fnmatch("\\.env", ".env"));
        assert!(fnmatch("[[=.=]]env", ".env"));
        assert!(fnmatch("[.env", ".env"));
        assert!(!fnmatch("*.[ch]", ".env"));
        assert!(fnmatch("*.[ch]", "main.c"));
    }

    #[test]
    fn a_glob_of_an_ignore_file_is_compared_by_its_last_name() {
        assert!(ignore(".env ").name("conf/.env"));
        assert!(ignore("/conf/.env").name(".env"));
        assert!(ignore("conf/**").name("a/.env"));
        assert!(ignore("{.env,x}").name(".env"));
        assert!(ignore("{conf/.env,x}").name(".env"));
        assert!(ignore("[/a]x").name("x"));
        assert!(ignore(" ").name(".env"));
        assert!(!ignore(".env.example").name(".env"));
        // One for folders takes in what is below them.
        assert!(!ignore("*/").name_or_folder(".env"));
        assert!(ignore("*/").name_or_folder("conf/.env"));
        assert!(ignore(".x").name_or_folder(".x/deep/.env"));
        assert!(!ignore(".x").name_or_folder("y/deep/.env"));
    }
}
