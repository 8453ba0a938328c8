//! `find`: starting points and the parts of an expression that only read.

use super::ground::Ground;
use super::options::Argument;

/// Tests, actions and operators without an argument.
const ALONE: &str = "( ) ! , -a -and -o -or -not -true -false -daystart -depth -d -mount -xdev \
    -noleaf -warn -nowarn -ignore_readdir_race -noignore_readdir_race -empty -executable -readable \
    -writable -nouser -nogroup -prune -quit -print -print0 -ls -E -s -x -X -P -O0 -O1 -O2 -O3";

/// Those with an argument that is no path.
const WITH_WORD: &str = "-amin -atime -cmin -ctime -fstype -gid -group -ilname -iname -inum -ipath \
    -iregex -iwholename -links -lname -maxdepth -mindepth -mmin -mtime -name -path -perm -printf -regex \
    -regextype -size -type -uid -used -user -wholename -xtype -context";

/// Those with an argument that is a path.
const WITH_PATH: &str = "-anewer -cnewer -newer -samefile";

/// Whether a wildcard covers the words. Not `-exec` and its kin, `-delete`, `-fprint` and its kin,
/// `-files0-from`; not `-L`, `-H` and `-follow`, which follow links.
pub(super) fn check(words: &[Argument<'_>], ground: &Ground<'_>) -> Result<(), String> {
    let is = |list: &str, word: &str| list.split_whitespace().any(|known| known == word);
    let mut expression = false;
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let text = word.text;
        ground.spend(10)?;
        if !expression && !text.starts_with('-') && !["(", ")", "!", ","].contains(&text) {
            ground.check(text, true)?;
            continue;
        }
        // The options of the command itself may stand before the starting points.
        expression |= !is("-E -s -x -X -P -O0 -O1 -O2 -O3", text);
        if is(ALONE, text) {
            continue;
        }
        if is(WITH_WORD, text) {
            words.next();
        } else if is(WITH_PATH, text) || text.starts_with("-newer") {
            if let Some(path) = words.next() {
                ground.check(path.text, true)?;
            }
        } else if word.spelled {
            ground.check_all(text, false)?;
        } else {
            return Err(format!("a wildcard does not cover {text}."));
        }
    }
    Ok(())
}
