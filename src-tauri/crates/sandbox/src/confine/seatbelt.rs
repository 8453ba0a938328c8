//! macOS: a seatbelt profile, put on by the system's own `sandbox-exec`.

use super::sealed::Hold;
use super::{Confinement, Held, Launch, Limits, Places};
use std::ffi::OsString;
use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

/// The program that puts a profile on and then becomes the command.
const SANDBOX_EXEC: &str = "/usr/bin/sandbox-exec";

/// Confinement by a seatbelt profile.
#[derive(Clone, Debug)]
pub struct Seatbelt {
    places: Places,
}

impl Seatbelt {
    /// What this system has; none where the program is missing.
    #[must_use]
    pub fn find() -> Option<Self> {
        let there = Path::new(SANDBOX_EXEC).is_file();
        there.then(|| Self { places: Places::of_this_user() })
    }
}

impl Confinement for Seatbelt {
    fn active(&self) -> bool {
        true
    }

    fn cuts_network(&self) -> bool {
        true
    }

    fn describe(&self) -> String {
        "confined (seatbelt)".to_owned()
    }
}

impl Hold for Seatbelt {
    #[expect(private_interfaces, reason = "the trait is sealed: nobody outside can call it")]
    fn hold(&self, launch: Launch, limits: &Limits) -> io::Result<Held> {
        let text = match &limits.confine {
            None if limits.network => return Ok(Held::ByLaunch(launch)),
            None => profile(None, limits.network)?,
            Some(bounds) => {
                let workspace = std::fs::read_link(format!(
                    "/dev/fd/{}",
                    std::os::fd::AsRawFd::as_raw_fd(&bounds.workspace)
                ))?;
                let mut places = self.places.clone();
                places.hidden.extend(bounds.private.iter().cloned());
                profile(Some((&workspace, &places)), limits.network)?
            }
        };
        let mut args: Vec<OsString> = vec!["-p".into(), text.into(), launch.program.into()];
        args.extend(launch.args);
        Ok(Held::ByLaunch(Launch { program: SANDBOX_EXEC.into(), args }))
    }
}

/// The profile of a command: with the workspace and the person's places where it is confined. An error
/// where a path cannot be said in a profile.
pub fn profile(confined: Option<(&Path, &Places)>, network: bool) -> io::Result<String> {
    let mut text = "(version 1)\n(allow default)\n".to_owned();
    if let Some((workspace, places)) = confined {
        let writable =
            std::iter::once(workspace).chain(places.writable.iter().map(PathBuf::as_path));
        text += "(deny file-write*)\n(allow file-write*\n";
        for place in writable {
            let _ = writeln!(text, "  (subpath {})", quoted(place)?);
        }
        for device in ["/dev/null", "/dev/zero", "/dev/dtracehelper", "/dev/tty"] {
            let _ = writeln!(text, "  (literal \"{device}\")");
        }
        text += ")\n";
        if !places.hidden.is_empty() {
            // Last, so that it holds within a writable place too: the last rule that fits decides.
            text += "(deny file-read* file-write*\n";
            for place in &places.hidden {
                let _ = writeln!(text, "  (subpath {})", quoted(place)?);
            }
            text += ")\n";
        }
        // A command that could reach the desktop could click: its services, and other processes.
        text += "(deny appleevent-send)\n\
                 (deny mach-lookup (global-name \"com.apple.windowserver.active\") (global-name \"com.apple.pasteboard.1\"))\n\
                 (deny process-info* (target others))\n\
                 (deny signal (target others))\n\
                 (allow signal (target same-sandbox))\n\
                 (deny network-outbound (remote unix-socket))\n";
        if network {
            // Names are looked up through this one.
            text += "(allow network-outbound (literal \"/private/var/run/mDNSResponder\"))\n";
        }
    }
    if !network {
        text += "(deny network*)\n(allow network* (local ip \"localhost:*\") (remote ip \"localhost:*\"))\n";
    }
    Ok(text)
}

/// A path as a string of the profile's language.
fn quoted(path: &Path) -> io::Result<String> {
    let refused = |why: &str| Err(io::Error::other(format!("{}: {why}", path.display())));
    let Some(text) = path.to_str() else {
        return refused("is no text, and a profile cannot name it");
    };
    if text.chars().any(char::is_control) {
        return refused("holds a control character, and a profile cannot name it");
    }
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
    Ok(format!("\"{escaped}\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places() -> Places {
        Places {
            writable: vec!["/private/tmp".into(), "/Users/someone/.cache".into()],
            made: Vec::new(),
            hidden: vec!["/Users/someone/.ssh".into()],
        }
    }

    #[test]
    fn writes_are_denied_first_and_allowed_in_places() {
        let text = profile(Some((Path::new("/Users/someone/project"), &places())), true).unwrap();
        let at = |part: &str| text.find(part).unwrap_or_else(|| panic!("{part} is not in {text}"));
        assert!(text.starts_with("(version 1)\n(allow default)\n"));
        assert!(at("(deny file-write*)") < at("(subpath \"/Users/someone/project\")"));
        assert!(at("(subpath \"/private/tmp\")") < at("(deny file-read* file-write*"));
        assert!(at("(deny file-read* file-write*") < at("(subpath \"/Users/someone/.ssh\")"));
        assert!(text.contains("(deny network-outbound (remote unix-socket))"));
        assert!(!text.contains("(deny network*)"));
        assert_eq!(text.matches('(').count(), text.matches(')').count());
    }

    #[test]
    fn the_network_is_cut_with_and_without_confinement() {
        for confined in [None, Some((Path::new("/w"), &places()))] {
            let text = profile(confined, false).unwrap();
            assert!(text.contains("(deny network*)"));
            assert!(!text.contains("mDNSResponder"));
        }
        assert!(!profile(None, false).unwrap().contains("file-write"));
    }

    #[test]
    fn no_name_breaks_out_of_its_string() {
        let text = profile(Some((Path::new("/a\") (allow file-write*) (\"\\"), &places())), true);
        assert!(text.unwrap().contains(r#"(subpath "/a\") (allow file-write*) (\"\\")"#));
        assert!(profile(Some((Path::new("/a\nb"), &places())), true).is_err());
    }
}
