//! The system's own dialogs. Each gives none where the person closed it.

use countersign_protocol::{ErrorCode, ExportFormat, WireError};
use rfd::{AsyncFileDialog, AsyncMessageDialog, FileHandle, MessageLevel};

/// Lets the person choose a folder.
pub(crate) async fn pick_folder(
    window: &tauri::WebviewWindow,
) -> Result<Option<String>, WireError> {
    let title = "Choose a folder for the agent to work in";
    path(AsyncFileDialog::new().set_title(title).set_parent(window).pick_folder().await)
}

/// Lets the person choose where a session is written to. The dialog asks before one is replaced.
pub(crate) async fn pick_target(
    window: &tauri::WebviewWindow,
    format: ExportFormat,
) -> Result<Option<String>, WireError> {
    let (name, kind, ending) = match format {
        ExportFormat::Jsonl => ("session.jsonl", "JSON lines", "jsonl"),
        ExportFormat::Markdown => ("session.md", "Markdown", "md"),
    };
    let dialog = AsyncFileDialog::new().set_title("Export the session").set_parent(window);
    path(dialog.set_file_name(name).add_filter(kind, &[ending]).save_file().await)
}

/// Lets the person choose a session that was exported.
pub(crate) async fn pick_file(window: &tauri::WebviewWindow) -> Result<Option<String>, WireError> {
    let dialog = AsyncFileDialog::new().set_title("Import a session").set_parent(window);
    path(dialog.add_filter("JSON lines", &["jsonl"]).pick_file().await)
}

/// Tells the person something where no window can, and waits until it is closed.
pub(crate) async fn tell(title: &str, text: &str) {
    let dialog = AsyncMessageDialog::new().set_level(MessageLevel::Warning);
    dialog.set_title(title).set_description(text).show().await;
}

fn path(picked: Option<FileHandle>) -> Result<Option<String>, WireError> {
    let Some(picked) = picked else { return Ok(None) };
    picked.path().to_str().map(|path| Some(path.to_owned())).ok_or_else(|| {
        WireError::new(
            ErrorCode::Input,
            "The name is not valid UTF-8.",
            "Rename it, or choose another.",
        )
    })
}
