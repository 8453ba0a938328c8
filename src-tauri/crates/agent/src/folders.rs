//! Where settings and sessions live.

use crate::AgentError;
use countersign_store::private_folder;
use directories::{BaseDirs, ProjectDirs};
use std::path::{Path, PathBuf};

/// The program's own folders. Both have mode 0700; no workspace may hold one of them.
#[derive(Clone, Debug)]
pub struct Folders {
    data: PathBuf,
    settings_file: PathBuf,
    /// Whether the settings folder is the platform's own place for them, and so the program's alone.
    own_settings: bool,
}

impl Folders {
    /// The platform's folders, or those that were named. `config` is the settings file itself.
    pub fn find(data_dir: Option<PathBuf>, config: Option<PathBuf>) -> Result<Self, AgentError> {
        let own = ProjectDirs::from("", "", "countersign");
        let data = match data_dir {
            Some(folder) => folder,
            None => own.as_ref().ok_or(AgentError::NoHome)?.data_dir().to_owned(),
        };
        let own_settings = config.is_none();
        let settings_file = match config {
            Some(file) => file,
            None => own.as_ref().ok_or(AgentError::NoHome)?.config_dir().join("config.toml"),
        };
        let absolute = |path: PathBuf| {
            std::path::absolute(&path).map_err(|error| {
                AgentError::system(format!("{} cannot be used", path.display()), error)
            })
        };
        Ok(Self { data: absolute(data)?, settings_file: absolute(settings_file)?, own_settings })
    }

    /// Makes the data folder and the settings folder, private. A settings folder that was named and
    /// exists is left as it is: it may hold other things of the person's.
    pub fn make(&self) -> Result<(), AgentError> {
        private_folder(&self.data)?;
        if self.own_settings || !self.settings().exists() {
            private_folder(self.settings())?;
        }
        Ok(())
    }

    /// The folder of sessions and rules.
    #[must_use]
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// The settings file.
    #[must_use]
    pub fn settings_file(&self) -> &Path {
        &self.settings_file
    }

    /// The folder of the settings file.
    #[must_use]
    pub fn settings(&self) -> &Path {
        self.settings_file.parent().unwrap_or(&self.settings_file)
    }

    /// Where keys may be kept.
    #[must_use]
    pub fn env_file(&self) -> PathBuf {
        self.settings().join(".env")
    }

    /// What no workspace may hold.
    pub(crate) fn private(&self) -> Vec<PathBuf> {
        vec![self.data.clone(), self.settings().to_owned()]
    }
}

/// The trash of the desktop, in the person's own folder.
pub(crate) fn trash() -> Option<PathBuf> {
    Some(BaseDirs::new()?.data_dir().join("Trash"))
}

/// Opens the sessions in the data folder.
pub fn open_store(
    folders: &Folders,
) -> Result<std::sync::Arc<countersign_store::Store>, AgentError> {
    Ok(std::sync::Arc::new(countersign_store::Store::open(folders.data())?))
}
