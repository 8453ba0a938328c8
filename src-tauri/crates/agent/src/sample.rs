//! The sample project of the tour, carried within the program.

use crate::AgentError;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

const FILES: &[(&str, &str)] = &[
    ("README.md", include_str!("../../../../workspace/README.md")),
    ("prices.txt", include_str!("../../../../workspace/prices.txt")),
    ("receipt.sh", include_str!("../../../../workspace/receipt.sh")),
    ("test.sh", include_str!("../../../../workspace/test.sh")),
];

/// What lies beside the copy, where its link leads.
const OUTSIDE: &str = "These notes are outside the workspace. The link to them leads out, so the guard does not follow it.\n";

/// Copies the sample project to a new folder of the person's alone and gives its path. The copy has
/// a link that leads out of it, `shared`, as the original has.
pub(crate) fn copy() -> Result<PathBuf, AgentError> {
    let failed = |error| AgentError::system("the sample project cannot be copied", error);
    let name = format!("countersign-tour-{}", uuid::Uuid::now_v7().simple());
    let parent = std::env::temp_dir().join(name);
    std::fs::DirBuilder::new().mode(0o700).create(&parent).map_err(failed)?;
    lay_out(&parent).map_err(failed)
}

fn lay_out(parent: &Path) -> std::io::Result<PathBuf> {
    let project = parent.join("receipts");
    let notes = parent.join("shared-notes");
    std::fs::create_dir(&project)?;
    std::fs::create_dir(&notes)?;
    std::fs::write(notes.join("notes.txt"), OUTSIDE)?;
    for (name, text) in FILES {
        let path = project.join(name);
        std::fs::write(&path, text)?;
        if path.extension().is_some_and(|extension| extension == "sh") {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755))?;
        }
    }
    symlink("../shared-notes", project.join("shared"))?;
    Ok(project)
}
