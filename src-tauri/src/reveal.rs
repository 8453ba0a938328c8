//! Shows a file in the system's file manager.

use crate::bus::{self, Whom};
use countersign_protocol::{ErrorCode, WireError};
use gtk::glib::Error;
use gtk::glib::variant::ToVariant as _;
use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

const SERVICE: &str = "org.freedesktop.FileManager1";
const MANAGER: Whom<'_> =
    Whom { name: SERVICE, object: "/org/freedesktop/FileManager1", interface: SERVICE };

/// Shows a file or folder in its folder. An error where the system has nothing to show it with.
pub(crate) async fn reveal(path: PathBuf) -> Result<(), WireError> {
    let address = address(&path);
    let showing = tokio::task::spawn_blocking(move || show(&address));
    match showing.await {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(error)) => tracing::debug!("no file manager shows single files: {error}"),
        Err(error) => tracing::debug!("a file was not shown: {error}"),
    }
    // Only ever a folder: what opens a file could be a program in it.
    let folder = if path.is_dir() { &path } else { path.parent().unwrap_or(&path) };
    crate::launch::launch(&["xdg-open".into(), folder.join("").into()]).await.map_err(|why| {
        WireError::new(
            ErrorCode::System,
            format!("No file manager could be started: {why}."),
            "Its path can be copied from the tree.",
        )
    })
}

fn show(address: &str) -> Result<(), Error> {
    let arguments = (vec![address], "").to_variant();
    bus::call(&bus::session()?, MANAGER, "ShowItems", &arguments).map(drop)
}

/// The address of a file, of whatever bytes its name is.
fn address(path: &Path) -> String {
    let mut address = "file://".to_owned();
    for &byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            address.push(char::from(byte));
        } else {
            // Writing to a text does not fail.
            let _ = write!(address, "%{byte:02X}");
        }
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_holds_any_name() {
        for (path, wanted) in [
            ("/a/b.txt", "file:///a/b.txt"),
            ("/a b/c#d?e%f", "file:///a%20b/c%23d%3Fe%25f"),
            ("/ü\n", "file:///%C3%BC%0A"),
        ] {
            assert_eq!(address(Path::new(path)), wanted);
        }
    }
}
