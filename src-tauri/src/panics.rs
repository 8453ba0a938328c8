//! What happens when the program itself fails: it is said on stderr, in a file, and in the windows.

use std::backtrace::Backtrace;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::panic::PanicHookInfo;
use std::path::Path;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// The file in the data folder.
const FILE: &str = "failures.log";
/// Bytes of it before it is begun anew.
const FULL: u64 = 256 * 1024;
/// Characters of one failure's own words.
const WORDS: usize = 1_000;

/// Tells failures from here on; what comes out of the receiver is for the person.
pub(crate) fn tell_of_them(data: &Path) -> UnboundedReceiver<String> {
    let (sender, told) = unbounded_channel();
    let file = data.join(FILE);
    std::panic::set_hook(Box::new(move |info| failed(info, &file, &sender)));
    told
}

fn failed(info: &PanicHookInfo<'_>, file: &Path, told: &UnboundedSender<String>) {
    let payload = info.payload();
    let words = payload.downcast_ref::<&str>().copied();
    let words = words.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let words: String = words.unwrap_or("no words").chars().take(WORDS).collect();
    let place = info.location().map(|place| format!("{}:{}", place.file(), place.line()));
    let place = place.unwrap_or_default();
    let thread = std::thread::current().name().unwrap_or("unnamed").to_owned();
    let backtrace = Backtrace::force_capture();
    let report = format!("countersign failed at {place} (thread {thread}): {words}\n{backtrace}\n");
    let _ = std::io::stderr().lock().write_all(report.as_bytes());
    let kept = keep(file, &report);
    let details = match kept {
        Ok(()) => format!(" The details are in {}.", file.display()),
        Err(_) => String::new(),
    };
    let _ = told.send(format!(
        "A part of Countersign failed ({place}). Everything up to the last step is kept. A run that stands still can go on; if the window behaves oddly, start Countersign again.{details}"
    ));
}

/// Adds a report to the file, which never grows without bound.
fn keep(file: &Path, report: &str) -> std::io::Result<()> {
    let full = std::fs::symlink_metadata(file).is_ok_and(|file| file.len() > FULL);
    let mut options = OpenOptions::new();
    options.create(true).mode(0o600);
    if full {
        options.write(true).truncate(true);
    } else {
        options.append(true);
    }
    options.open(file)?.write_all(report.as_bytes())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_failure_is_told_to_the_person_and_kept_in_full() {
        let folder = tempfile::tempdir().unwrap();
        let mut told = tell_of_them(folder.path());
        let failing = std::thread::spawn(|| panic!("a fault that the test wants"));
        assert!(failing.join().is_err());
        drop(std::panic::take_hook());
        let words = told.blocking_recv().unwrap();
        assert!(words.contains("panics.rs:") && words.contains(FILE), "{words}");
        let kept = std::fs::read_to_string(folder.path().join(FILE)).unwrap();
        assert!(kept.contains("a fault that the test wants"), "{kept}");
    }

    #[test]
    fn the_file_is_private_and_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FILE);
        let report = "x".repeat(100_000);
        for _ in 0..20 {
            keep(&file, &report).unwrap();
        }
        let metadata = std::fs::metadata(&file).unwrap();
        assert!(metadata.len() <= FULL + 100_000, "{}", metadata.len());
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    }
}
