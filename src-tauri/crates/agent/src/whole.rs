//! Files that are written whole or not at all.

use crate::AgentError;
use std::io::Write as _;
use std::path::Path;

/// Writes a file that only its owner may read. It has its new text or its old one, whatever fails; where
/// the name is a link, the file that it leads to is the one that is written.
pub(crate) fn write_whole(path: &Path, text: &str) -> Result<(), AgentError> {
    let real = path.canonicalize();
    let real = real.as_deref().unwrap_or(path);
    let folder = real.parent().filter(|folder| !folder.as_os_str().is_empty());
    let written =
        tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new("."))).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.as_file().sync_all()?;
            file.persist(real)?;
            Ok(())
        });
    written
        .map_err(|error| AgentError::system(format!("{} cannot be written", path.display()), error))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    #[test]
    fn nothing_else_is_touched_and_a_link_stays_one() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("kept.toml.part"), "mine").unwrap();
        symlink("kept.toml", at("config.toml")).unwrap();
        std::fs::write(at("kept.toml"), "old").unwrap();
        write_whole(&at("config.toml"), "new").unwrap();
        assert_eq!(std::fs::read_to_string(at("kept.toml")).unwrap(), "new");
        assert!(at("config.toml").is_symlink());
        assert_eq!(at("kept.toml").metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_to_string(at("kept.toml.part")).unwrap(), "mine");
        assert_eq!(
            std::fs::read_dir(folder.path()).unwrap().count(),
            3,
            "nothing is left beside it"
        );
    }

    #[test]
    fn a_folder_that_is_gone_is_an_error_that_names_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let error = write_whole(&folder.path().join("none/x.md"), "text").unwrap_err();
        assert!(error.to_string().contains("none/x.md cannot be written"), "{error}");
    }
}
