//! Readers that recurse: they ask when a secret lies below an operand and would be read.

use super::Look;
use super::ground::Ground;
use super::options::Seen;
use globset::{GlobBuilder, GlobMatcher};

/// `grep -r`: all below, links not followed.
pub(super) fn grep(seen: &Seen<'_>, ground: &Ground<'_>) -> Result<(), String> {
    let by_value = seen.values(&["-d", "--directories"]).any(|action| action == "recurse");
    // Read from standard input otherwise; without an operand a recursive grep reads the folder.
    if !(by_value || seen.has(&["-r", "--recursive"])) {
        return Ok(());
    }
    if seen.values(&["-D", "--devices"]).any(|action| action == "read") {
        return Err("a wildcard does not cover reading devices below a folder.".to_owned());
    }
    let only: Vec<GlobMatcher> =
        seen.values(&["--include"]).map(matcher).collect::<Result<_, _>>()?;
    let left_out: Vec<&str> = seen.values(&["--exclude-dir"]).collect();
    let read = |path: &str| only.is_empty() || only.iter().any(|glob| glob.is_match(name_of(path)));
    let look = Look { read: &read, left_out: &left_out, hidden: true, ignored: true, links: false };
    below(operands(seen, &["-e", "--regexp", "-f", "--file"]), ground, &look)
}

/// `rg`: hidden and ignored files only where it is told to; a positive glob takes both in.
pub(super) fn ripgrep(seen: &Seen<'_>, ground: &Ground<'_>) -> Result<(), String> {
    if seen.has(&["--type-list"]) {
        return Ok(());
    }
    if seen.has(&["--files"]) {
        // It lists names and reads none.
        return Ok(());
    }
    let unrestricted = seen
        .options
        .iter()
        .filter(|(name, _)| matches!(name.as_str(), "-u" | "--unrestricted"))
        .count();
    let hidden = unrestricted > 1 || seen.has(&["-.", "--hidden"]);
    let ignored =
        unrestricted > 0 || seen.options.iter().any(|(name, _)| name.starts_with("--no-ignore"));
    let wanted: Vec<GlobMatcher> = seen
        .values(&["-g", "--glob", "--iglob"])
        .filter(|glob| !glob.starts_with('!'))
        .map(matcher)
        .collect::<Result<_, _>>()?;
    let operands = operands(seen, &["-e", "--regexp", "-f", "--file"]);
    if wanted.is_empty() {
        let look = Look { read: &|_| true, left_out: &[], hidden, ignored, links: false };
        return below(operands, ground, &look);
    }
    let read = |path: &str| {
        wanted.iter().any(|glob| glob.is_match(path) || glob.is_match(name_of(path)))
            // A glob may name a folder, and takes in what is below it.
            || path.match_indices('/').any(|(at, _)| {
                let folder = path.get(..at).unwrap_or_default();
                wanted.iter().any(|glob| glob.is_match(folder) || glob.is_match(name_of(folder)))
            })
    };
    let look = Look { read: &read, left_out: &[], hidden: true, ignored: true, links: false };
    below(operands, ground, &look)
}

/// `diff -r`: all below, links followed.
pub(super) fn diff(seen: &Seen<'_>, ground: &Ground<'_>) -> Result<(), String> {
    if !seen.has(&["-r", "--recursive"]) {
        return Ok(());
    }
    let links = !seen.has(&["--no-dereference"]);
    let look = Look { read: &|_| true, left_out: &[], hidden: true, ignored: true, links };
    below(seen.operands.iter().map(|operand| operand.text).collect(), ground, &look)
}

/// The operands that are no pattern; the folder itself where there is none.
fn operands<'a>(seen: &Seen<'a>, pattern: &[&str]) -> Vec<&'a str> {
    let patterns = usize::from(!seen.has(pattern));
    let paths: Vec<&str> =
        seen.operands.iter().skip(patterns).map(|operand| operand.text).collect();
    if paths.is_empty() { vec!["."] } else { paths }
}

fn below(paths: Vec<&str>, ground: &Ground<'_>, look: &Look<'_>) -> Result<(), String> {
    paths
        .into_iter()
        .filter(|path| *path != "-")
        .try_for_each(|path| ground.check_below(path, look))
}

fn name_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// A glob as these programs read it. One that makes no sense here asks.
fn matcher(glob: &str) -> Result<GlobMatcher, String> {
    GlobBuilder::new(glob.trim_start_matches('/').trim_end_matches('/'))
        .case_insensitive(true)
        .build()
        .map(|glob| glob.compile_matcher())
        .map_err(|_| format!("the pattern {glob} cannot be read."))
}
