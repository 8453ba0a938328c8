//! A folder that is dropped on a window is opened in it.

use crate::bridge;
use crate::windows::Windows;
use countersign_protocol::{Op, WireError};
use std::path::{Path, PathBuf};
use tauri::{DragDropEvent, Manager as _};

/// Something is dragged over a window, or dropped on it.
pub(crate) fn happened(app: &tauri::AppHandle, label: &str, event: &DragDropEvent) {
    let Ok(open) = app.state::<Windows>().of(label) else { return };
    if let DragDropEvent::Enter { paths, .. } = event {
        // A text that is dragged has no path; the page takes it where it can.
        open.engine.dragging(!paths.is_empty());
    } else if let DragDropEvent::Leave = event {
        open.engine.dragging(false);
    } else if let DragDropEvent::Drop { paths, .. } = event {
        open.engine.dragging(false);
        let (app, label, paths) = (app.clone(), label.to_owned(), paths.clone());
        tauri::async_runtime::spawn(async move {
            let opened = match folder_of(&paths) {
                Ok(None) => return,
                Ok(Some(path)) => {
                    let path = Some(path.to_owned());
                    bridge::act(&app, &label, Op::OpenWorkspace { path })
                        .await
                        .map_err(|error| words(&error))
                }
                Err(why) => Err(why.to_owned()),
            };
            if let Err(why) = opened {
                open.engine.notice(why);
            }
        });
    }
}

/// The one folder among what was dropped; none where nothing was.
fn folder_of(paths: &[PathBuf]) -> Result<Option<&str>, &'static str> {
    match paths {
        [] => Ok(None),
        [path] if !is_folder(path) => {
            Err("What was dropped is no folder. Drop a folder, and it is opened here.")
        }
        [path] => path.to_str().map(Some).ok_or("The name of that folder is not valid UTF-8."),
        _ => Err("Several things were dropped. Drop one folder, and it is opened here."),
    }
}

fn is_folder(path: &Path) -> bool {
    path.is_absolute() && path.is_dir()
}

fn words(error: &WireError) -> String {
    let words = format!("The folder was not opened. {} {}", error.message, error.hint);
    words.trim_end().to_owned()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn one_folder_is_opened_and_nothing_else() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().to_owned();
        let file = folder.join("file");
        std::fs::write(&file, "").unwrap();
        assert_eq!(folder_of(std::slice::from_ref(&folder)), Ok(folder.to_str()));
        assert_eq!(folder_of(&[]), Ok(None));
        for paths in [
            vec![file.clone()],
            vec![folder.join("missing")],
            vec![PathBuf::from("relative")],
            vec![folder.clone(), folder.clone()],
            vec![folder, file],
        ] {
            assert!(folder_of(&paths).is_err(), "{paths:?}");
        }
    }
}
