//! Readers that recurse: they ask when a secret lies below an operand and would be read.

use super::ground::Ground;
use super::options::Seen;
use super::{Look, PathFact};
use crate::globs::Globs;
use ignore::types::{FileTypeDef, TypesBuilder};
use std::sync::Arc;

/// Options that hold a pattern, or name a file of patterns.
const PATTERNS: &[&str] = &["-e", "--regexp", "-f", "--file"];

/// `grep -r`: all below, links not followed; `grep -R`, where a pattern spells it out: links too.
pub(super) fn grep(seen: &Seen<'_>, ground: &Ground<'_>) -> Result<(), String> {
    let spelled =
        Spelled::of(seen, &["-R", "--dereference-recursive"], "EFGPabchHiIlLnoqrsTUvVwxyzZ");
    // Any beginning of a value is taken for it.
    let by_value =
        seen.values(&["-d", "--directories"]).any(|action| !matches!(action, "read" | "skip"));
    // Read from standard input otherwise; without an operand a recursive grep reads the folder.
    if !(by_value || spelled.any || seen.has(&["-r", "--recursive"])) {
        return Ok(());
    }
    if seen.values(&["-D", "--devices"]).any(|action| action == "read") {
        return Err("a wildcard does not cover reading devices below a folder.".to_owned());
    }
    let mut only = Globs::default();
    // Where the first of them excludes, what none matches is read.
    if !spelled.unsure && !seen.has(&["--exclude", "--exclude-from"]) {
        seen.values(&["--include"]).for_each(|glob| only.add_fnmatch(glob));
    }
    // Taken as globs; one that is no plain name leaves out nothing here.
    let left_out: Vec<&str> = seen
        .values(&["--exclude-dir"])
        .filter(|name| !spelled.unsure && !name.contains(['*', '?', '[', '\\']))
        .collect();
    let read = |path: &str| only.is_empty() || only.name(path);
    let (links, steps) = (spelled.any, compile(&only, ground)?);
    let look = Look { read: &read, steps, left_out: &left_out, links, ..Look::ALL };
    below(&paths(seen, PATTERNS, &spelled, ground)?, ground, &look)
}

/// `rg`: hidden and ignored files only where it is told to. A positive glob takes both in, a type
/// and a line of an ignore file what is hidden.
pub(super) fn ripgrep(seen: &Seen<'_>, ground: &Ground<'_>) -> Result<(), String> {
    let spelled =
        Spelled::of(seen, &["-L", "--follow", "-z", "--search-zip"], "FHILPSUacilnopqsvwxz");
    if !spelled.unsure && seen.has(&["--type-list", "--files"]) {
        // It lists names and reads none.
        return Ok(());
    }
    let paths = paths(seen, PATTERNS, &spelled, ground)?;
    if spelled.unsure {
        return below(&paths, ground, &Look { links: true, ..Look::ALL });
    }
    let links = spelled.any;
    let unrestricted = seen
        .options
        .iter()
        .filter(|(name, _)| matches!(name.as_str(), "-u" | "--unrestricted"))
        .count();
    let hidden = unrestricted > 1 || seen.has(&["-.", "--hidden"]);
    let mut wanted = Globs::default();
    seen.values(&["-g", "--glob", "--iglob"]).filter(|glob| !glob.starts_with('!')).for_each(
        |glob| match glob.strip_prefix('#') {
            // A comment, which does not restrict anything.
            Some(_) => wanted.add_all(),
            None => wanted.add_ignore(glob),
        },
    );
    if !wanted.is_empty() {
        let wanted = Arc::new(wanted);
        let steps = compile(&wanted, ground)?;
        let read = |path: &str| wanted.name_or_folder(path);
        let enters = (!hidden).then(|| Arc::clone(&wanted));
        return below(&paths, ground, &Look { read: &read, steps, links, enters, ..Look::ALL });
    }
    let ignored =
        unrestricted > 0 || seen.options.iter().any(|(name, _)| name.starts_with("--no-ignore"));
    let named: Vec<&str> = seen.values(&["--ignore-file"]).collect();
    let look = Look { hidden, ignored, links, ignore_files: Some(&named), ..Look::ALL };
    let types: Vec<&str> = seen.values(&["-t", "--type"]).collect();
    if types.is_empty() {
        return below(&paths, ground, &look);
    }
    let files = of_types(&types);
    let steps = compile(&files, ground)?;
    let read = |path: &str| files.name(path);
    // Hidden files, but no hidden folders.
    let enters = (!hidden).then(Arc::default);
    below(&paths, ground, &Look { read: &read, steps, hidden: true, enters, ..look })
}

/// `diff`: what lies in a folder, with `-r` all below, links followed.
pub(super) fn diff(seen: &Seen<'_>, ground: &Ground<'_>) -> Result<(), String> {
    let spelled = Spelled::of(seen, &[], "");
    let recurses = spelled.any || seen.has(&["-r", "--recursive"]);
    let mut paths: Vec<&str> = seen.operands.iter().map(|operand| operand.text).collect();
    paths.extend(seen.values(&["--from-file", "--to-file"]));
    paths.extend(seen.unknown.iter().filter_map(|(_, value)| *value));
    if let ([first, second], false) = (paths.as_slice(), spelled.any) {
        // A file is compared with the one of its name in the folder.
        for (file, folder) in [(first, second), (second, first)] {
            if ground.path(file)? == PathFact::File {
                let name = file.rsplit('/').next().unwrap_or(file);
                let alone = matches!(ground.path(folder)?, PathFact::File | PathFact::Absent);
                let beside = format!("{folder}/{name}");
                return if alone { Ok(()) } else { ground.check(&beside, true) };
            }
        }
    }
    let links = spelled.any || !seen.has(&["--no-dereference"]);
    let depth = (!recurses).then_some(1);
    below(&paths, ground, &Look { links, depth, ..Look::ALL })
}

/// What is known of the options that only the pattern knows.
struct Spelled {
    /// Whether there are any.
    any: bool,
    /// Whether one of them may be anything.
    unsure: bool,
}

impl Spelled {
    /// `known` take no value, and neither do the `letters` that may follow one in a bundle.
    fn of(seen: &Seen<'_>, known: &[&str], letters: &str) -> Self {
        let tame = |(name, value): &(String, Option<&str>)| {
            known.contains(&name.as_str())
                && value.is_none_or(|rest| {
                    !name.starts_with("--") && rest.chars().all(|letter| letters.contains(letter))
                })
        };
        Self { any: !seen.unknown.is_empty(), unsure: !seen.unknown.iter().all(tame) }
    }
}

/// The operands that are no pattern; the folder itself where there is none. Where an option may be
/// anything, so may each operand.
fn paths<'a>(
    seen: &Seen<'a>,
    pattern: &[&str],
    spelled: &Spelled,
    ground: &Ground<'_>,
) -> Result<Vec<&'a str>, String> {
    let operands = seen.operands.iter().map(|operand| operand.text);
    if spelled.unsure {
        let attached = seen.unknown.iter().filter_map(|(_, value)| *value);
        let paths: Vec<&str> = operands.chain(attached).chain(["."]).collect();
        paths
            .iter()
            .filter(|path| !path.is_empty())
            .try_for_each(|path| ground.check(path, true))?;
        return Ok(paths);
    }
    let patterns = usize::from(!seen.has(pattern));
    let paths: Vec<&str> = operands.skip(patterns).collect();
    Ok(if paths.is_empty() { vec!["."] } else { paths })
}

fn below(paths: &[&str], ground: &Ground<'_>, look: &Look<'_>) -> Result<(), String> {
    paths.iter().filter(|path| **path != "-").try_for_each(|path| ground.check_below(path, look))
}

/// The steps that it takes to compare a name with globs, once it was paid for compiling them.
fn compile(globs: &Globs, ground: &Ground<'_>) -> Result<usize, String> {
    let (compile, compare) = globs.steps();
    ground.spend(compile)?;
    Ok(compare)
}

/// The names that ripgrep's types stand for. A type that is not known, and one that holds names of
/// hidden files, which grow from release to release, may stand for any.
fn of_types(types: &[&str]) -> Globs {
    let known = TypesBuilder::new().add_defaults().definitions();
    let mut files = Globs::default();
    for name in types {
        let globs = known.iter().find(|known| known.name() == *name).map(FileTypeDef::globs);
        match globs.filter(|globs| !globs.iter().any(|glob| glob.starts_with('.'))) {
            Some(globs) => globs.iter().for_each(|glob| files.add_ignore(glob)),
            None => files.add_all(),
        }
    }
    files
}
