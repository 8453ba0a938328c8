//! Keys of model providers: from the environment, or from `.env` in the settings folder.

use crate::Folders;
use countersign_protocol::KeySource;
use countersign_provider::Secret;

/// Looks a key up by its variable. Of the `.env` file only keys count, never an address.
pub(crate) fn find(folders: &Folders, variable: &str) -> Option<(Secret, KeySource)> {
    let set = |value: String| Some(value.trim().to_owned()).filter(|value| !value.is_empty());
    if let Some(key) = std::env::var(variable).ok().and_then(set) {
        return Some((Secret::new(key), KeySource::Environment));
    }
    let file = dotenvy::from_path_iter(folders.env_file()).ok()?;
    let key =
        file.flatten().find(|(name, _)| name == variable).and_then(|(_, value)| set(value))?;
    Some((Secret::new(key), KeySource::EnvFile))
}
