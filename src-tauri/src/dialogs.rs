//! The system's own dialogs.

use countersign_protocol::{ErrorCode, WireError};

/// Lets the person choose a folder; none where the dialog was closed.
pub(crate) async fn pick_folder(
    window: &tauri::WebviewWindow,
) -> Result<Option<String>, WireError> {
    let picked = rfd::AsyncFileDialog::new()
        .set_title("Choose a folder for the agent to work in")
        .set_parent(window)
        .pick_folder()
        .await;
    let Some(picked) = picked else { return Ok(None) };
    picked.path().to_str().map(|path| Some(path.to_owned())).ok_or_else(|| {
        WireError::new(
            ErrorCode::Input,
            "The folder's name is not valid UTF-8.",
            "Rename it, or choose another.",
        )
    })
}
