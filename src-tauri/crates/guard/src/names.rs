//! Names that need a second look: what runs later without anyone asking, and what holds secrets.
//!
//! A name is compared as any file system might compare it: letters of either case, compatibility
//! forms, characters that some file systems ignore, trailing dots and blanks, NTFS streams and 8.3
//! aliases all lead to the same file somewhere, so they lead to the same verdict here.

mod rules;

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::LazyLock;

use icu_properties::CodePointSetData;
use icu_properties::props::DefaultIgnorableCodePoint;
use rules::{ENVIRONMENT, PRIVATE_KEY, REPOSITORY_CONFIG, Reach, TABLE};
use unicode_normalization::UnicodeNormalization as _;

/// What a path's name says about the file, whatever is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sensitivity {
    /// Nothing.
    Ordinary,
    /// A write to it asks, whatever the settings: it runs later or steers an agent. Holds the
    /// reason, one sentence for a card.
    Sensitive(&'static str),
    /// Reading it asks too: it looks like keys, passwords or tokens. Holds the reason, one sentence
    /// for a card.
    Secret(&'static str),
}

/// Judges `path` by its names alone; nothing is looked up.
///
/// Takes a path relative to the workspace or an absolute one, its parts divided by `/` or `\`. A
/// `..` takes the part before it away, as a file system without links would; where links matter the
/// caller judges the resolved path as well.
#[must_use]
pub fn classify(path: &str) -> Sensitivity {
    let folded = fold(path);
    let mut parts: Vec<Part<'_>> = Vec::new();
    for part in folded.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(Part::of(name)),
        }
    }
    let Some(last) = parts.last() else { return Sensitivity::Ordinary };
    if last.is_environment() {
        return ENVIRONMENT;
    }
    if last.is_private_key() {
        return PRIVATE_KEY;
    }
    if !parts.iter().any(Part::is_in_table) {
        return Sensitivity::Ordinary;
    }
    if is_repository_config(&parts) {
        return REPOSITORY_CONFIG;
    }
    TABLE
        .iter()
        .find(|rules| rules.paths.iter().any(|path| fits(&parts, path, rules.reach)))
        .map_or(Sensitivity::Ordinary, |rules| rules.verdict)
}

/// The path in one spelling: small letters, compatibility forms replaced, ignorable ones left out.
fn fold(path: &str) -> Cow<'_, str> {
    if path.is_ascii() {
        return if path.bytes().any(|byte| byte.is_ascii_uppercase()) {
            Cow::Owned(path.to_ascii_lowercase())
        } else {
            Cow::Borrowed(path)
        };
    }
    let ignorable = CodePointSetData::new::<DefaultIgnorableCodePoint>();
    let mut folded = String::with_capacity(path.len());
    let kept = path.nfkc().filter(|found| !ignorable.contains(*found));
    for small in kept.flat_map(char::to_lowercase) {
        match small {
            'ß' => folded.push_str("ss"),
            'ς' => folded.push('σ'),
            other => folded.push(other),
        }
    }
    // Lowering and leaving out can bring parts together that compose or decompose further.
    Cow::Owned(folded.nfkc().collect())
}

/// One part of a path and the other names that some file system takes for the same.
struct Part<'a> {
    /// Without trailing dots and blanks.
    name: &'a str,
    /// Up to the first colon, where there is one: on NTFS the rest names a stream.
    file: Option<&'a str>,
    /// Where the name may be an 8.3 alias.
    alias: Option<Alias<'a>>,
}

/// `stem~number.extension`, the form in which FAT and NTFS shorten a long name.
#[derive(Clone, Copy)]
struct Alias<'a> {
    stem: &'a str,
    /// How many characters of the long name the number leaves room for.
    room: usize,
    extension: &'a str,
}

impl<'a> Part<'a> {
    fn of(part: &'a str) -> Self {
        let name = trimmed(part);
        let file = name.find(':').filter(|at| *at > 0).map(|at| trimmed(&name[..at]));
        Self { name, file, alias: Alias::of(file.unwrap_or(name)) }
    }

    fn names(&self) -> impl Iterator<Item = &'a str> {
        [Some(self.name), self.file].into_iter().flatten()
    }

    fn is(&self, pattern: &str) -> bool {
        self.names().any(|name| glob(pattern, name))
            || self.alias.is_some_and(|alias| alias.may_be(pattern))
    }

    /// Whether some rule's part may be this one. A rule has at least one part that is not any name, so
    /// a path without such a part fits none.
    fn is_in_table(&self) -> bool {
        static KNOWN: LazyLock<Known> = LazyLock::new(Known::of_table);
        self.alias.is_some() || self.names().any(|name| KNOWN.has(name))
    }

    /// `.env` and everything that begins so, but for the examples that are checked in.
    fn is_environment(&self) -> bool {
        const EXAMPLES: &[&str] = &[
            "example",
            "examples",
            "sample",
            "samples",
            "template",
            "templates",
            "tmpl",
            "tpl",
            "dist",
            "default",
            "defaults",
            "schema",
        ];
        self.names().any(|name| {
            name.strip_prefix(".env").is_some_and(|rest| {
                let end = rest.rsplit(['.', '-', '_']).next().unwrap_or(rest);
                !(rest.len() > end.len() && EXAMPLES.contains(&end))
            })
        }) || self.alias.is_some_and(|alias| matches!(alias.stem, "env" | "envrc"))
    }

    /// An SSH private key by its usual name: `id_ed25519`, `id_rsa_work`, `deploy_rsa`.
    fn is_private_key(&self) -> bool {
        self.names().any(|name| {
            let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
            if extension == "pub" || SOURCE.contains(&extension) {
                return false;
            }
            let default = name.strip_prefix("id_").is_some_and(|rest| {
                KEY_KINDS.iter().filter_map(|kind| rest.strip_prefix(kind)).any(|after| {
                    !after.starts_with(|next: char| next.is_alphanumeric()) && !is_public(after)
                })
            });
            let named = KEY_KINDS.iter().filter_map(|kind| stem.strip_suffix(kind));
            default
                || (extension.is_empty() && named.into_iter().any(|before| before.ends_with('_')))
        }) || self.alias.is_some_and(|alias| {
            let kin = |kind: &&str| format!("id_{kind}").starts_with(alias.stem);
            alias.stem.len() >= 5
                && KEY_KINDS.iter().any(|kind| kin(kind) || alias.stem == format!("id_{kind}"))
                && alias.extension != "pub"
        })
    }
}

const KEY_KINDS: &[&str] =
    &["rsa", "dsa", "ecdsa", "ed25519", "xmss", "ecdsa_sk", "ed25519_sk", "ecdsa-sk", "ed25519-sk"];

/// Extensions of text about keys rather than of keys.
const SOURCE: &[&str] = &[
    "rs", "go", "py", "js", "mjs", "cjs", "ts", "tsx", "jsx", "c", "h", "cc", "cpp", "hpp", "java",
    "kt", "rb", "php", "cs", "swift", "sh", "md", "html", "css", "svg", "png",
];

/// What follows a key's name where it is the public half with a further ending.
fn is_public(after: &str) -> bool {
    after.starts_with(".pub.") || after.ends_with("-cert.pub")
}

/// `.git/config`, that of a submodule or a worktree, and git's own store of credentials.
fn is_repository_config(parts: &[Part<'_>]) -> bool {
    let Some((last, folders)) = parts.split_last() else { return false };
    ["config", "config.worktree", "credentials"].iter().any(|name| last.is(name))
        && folders.iter().any(|folder| folder.is(".git"))
        && !folders.iter().any(|folder| {
            // Branches and tags are files named after them: refs/heads/config is none.
            folder.is("refs") || folder.is("logs") || folder.is("hooks")
        })
}

/// Whether the rule's `path` is found in `parts`, as the path's end or above it.
fn fits(parts: &[Part<'_>], path: &[&str], reach: Reach) -> bool {
    let is = |window: &[Part<'_>]| window.iter().zip(path).all(|(part, rule)| part.is(rule));
    match reach {
        Reach::Exact => parts.len().checked_sub(path.len()).is_some_and(|at| is(&parts[at..])),
        Reach::Below => parts.windows(path.len()).any(is),
    }
}

/// Whether `name` fits `pattern`, in which one `*` stands for any characters.
fn glob(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((head, tail)) => {
            name.len() >= head.len() + tail.len() && name.starts_with(head) && name.ends_with(tail)
        }
    }
}

/// The parts of all rules, so that most names need one look.
struct Known {
    exact: HashSet<&'static str>,
    open: Vec<&'static str>,
}

impl Known {
    fn of_table() -> Self {
        let parts = TABLE.iter().flat_map(|rules| rules.paths.iter().copied().flatten().copied());
        let (open, exact): (Vec<_>, Vec<_>) =
            parts.filter(|part| *part != "*").partition(|part| part.contains('*'));
        Self { exact: exact.into_iter().collect(), open }
    }

    fn has(&self, name: &str) -> bool {
        self.exact.contains(name) || self.open.iter().any(|pattern| glob(pattern, name))
    }
}

/// Without the trailing dots and blanks that Windows drops.
fn trimmed(name: &str) -> &str {
    name.trim_end_matches(|last: char| last == '.' || last.is_whitespace())
}

impl<'a> Alias<'a> {
    fn of(name: &'a str) -> Option<Self> {
        let (base, extension) = name.split_once('.').unwrap_or((name, ""));
        let (stem, number) = base.rsplit_once('~')?;
        let fits = !stem.is_empty()
            && base.len() <= 8
            && extension.len() <= 3
            && (1..=6).contains(&number.len())
            && number.bytes().all(|digit| digit.is_ascii_digit());
        fits.then(|| Self { stem, room: 7 - number.len(), extension })
    }

    /// Whether a long name that fits `pattern` may have been shortened to this.
    fn may_be(self, pattern: &str) -> bool {
        if pattern == ".gitmodules" && self.stem == "gi7eba" {
            // The hashed form, which NTFS takes when the plain ones are in use.
            return true;
        }
        let (head, open) = match pattern.split_once('*') {
            None => (pattern, false),
            Some(("", tail)) => {
                let kind = tail.rsplit_once('.').map_or("", |(_, kind)| kind);
                return tail.starts_with('.') && kind.len() > 3 && self.extension == &kind[..3];
            }
            Some((head, _)) => (head, true),
        };
        let (base, extension) = match head.rsplit_once('.') {
            Some((base, extension)) if !base.is_empty() => (base, extension),
            Some(_) | None => (head.trim_start_matches('.'), ""),
        };
        let short = !head.starts_with('.') && base.len() <= 8 && extension.len() <= 3;
        if short && !open {
            // Such a name is its own short one.
            return false;
        }
        let base: String = base.chars().filter(|found| *found != '.' && *found != ' ').collect();
        let kept = base.get(..self.room).unwrap_or(&base);
        if open {
            return !kept.is_empty() && self.stem.starts_with(kept);
        }
        self.stem == kept && self.extension == extension.get(..3).unwrap_or(extension)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn all(paths: &[&str], is: fn(Sensitivity) -> bool) {
        for path in paths {
            let verdict = classify(path);
            assert!(is(verdict), "{path:?} is {verdict:?}");
        }
    }

    fn sensitive(found: Sensitivity) -> bool {
        matches!(found, Sensitivity::Sensitive(_))
    }

    fn secret(found: Sensitivity) -> bool {
        matches!(found, Sensitivity::Secret(_))
    }

    fn ordinary(found: Sensitivity) -> bool {
        found == Sensitivity::Ordinary
    }

    #[test]
    fn an_alias_of_a_long_name_is_that_name() {
        all(
            &[
                "GIT~1",
                "git~2/hooks/x",
                "GITMOD~1",
                "GI7EBA~1",
                "VSCODE~1/tasks.json",
                "DEVCON~1/x",
                "DEVCO~12/x",
                "COUNTE~1.TOM",
                "GITHUB~1/WORKFL~1/ci.yml",
                "PRE-CO~1.YAM",
                "GITLAB~1.YML",
                "YARNRC~1.YML",
                "PNPMFI~1.CJS",
                "CARGO~1/CONFIG~1.TOM",
                "cursor~1/x",
                "BASHRC~1",
            ],
            sensitive,
        );
        all(
            &[
                "ENV~1",
                "env~1.loc",
                "SSH~1/known_hosts",
                "NETRC~1",
                "ID_ED2~1",
                "ID_RSA~1",
                "x~1.kdb",
            ],
            secret,
        );
        all(
            &[
                "backup~1",
                "~1",
                "git~",
                "git~x",
                "agit~1",
                "config~1",
                "env~1x",
                "a/~git",
                "gitmod",
                "environ~1",
                "envir~1.txt",
            ],
            ordinary,
        );
    }

    #[test]
    fn a_stream_names_its_file() {
        all(&[".git::$INDEX_ALLOCATION/config", ".env::$DATA", ".env:x", "a:b.key"], secret);
        all(&[".git:$I30:$INDEX_ALLOCATION/hooks/x", "AGENTS.md::$DATA"], sensitive);
        all(&["C:/work/a.txt", "notes: git.txt", ":git"], ordinary);
    }

    #[test]
    fn a_part_that_is_taken_back_does_not_count() {
        all(&[".git/../a.txt", ".ssh/../src/main.rs", "../a.txt", "..", ".", "", "/"], ordinary);
        all(&["src/../.git/hooks/x", ".git/.. /hooks/x", ".git/./hooks/x"], sensitive);
    }

    #[test]
    fn every_reason_is_a_sentence() {
        for rules in TABLE {
            let why = match rules.verdict {
                Sensitivity::Sensitive(why) | Sensitivity::Secret(why) => why,
                Sensitivity::Ordinary => panic!("a rule without a verdict"),
            };
            assert!(why.ends_with('.') && why.starts_with("It "), "{why}");
            for part in rules.paths.iter().flat_map(|path| path.iter()) {
                assert_eq!(*part, fold(part), "not in the folded spelling");
                assert!(part.matches('*').count() <= 1, "{part}");
            }
            for path in rules.paths {
                assert!(path.iter().any(|part| *part != "*"), "a rule for any name");
            }
        }
    }
}
