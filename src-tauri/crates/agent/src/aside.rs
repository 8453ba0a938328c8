//! Words for a database that was damaged and set aside.

use countersign_store::{SetAside, Store};

/// What the person is told where the sessions' database was damaged when it was opened.
#[must_use]
pub fn damage_of(store: &Store) -> Option<String> {
    store.set_aside().map(|SetAside { path, salvaged, lost }| {
        let lost = match lost {
            0 => String::new(),
            1 => " Of 1 more, only a part or nothing could be read.".to_owned(),
            lost => format!(" Of {lost} more, only a part or nothing could be read."),
        };
        format!(
            "The database of sessions was damaged. It was set aside as {}, and a new one was made with the {salvaged} sessions that could be read whole.{lost}",
            path.display()
        )
    })
}

/// The same for what is kept for undoing in one workspace.
pub(crate) fn damage_of_undo(aside: &SetAside) -> String {
    format!(
        "What was kept for undoing in this folder was damaged. It was set aside as {}; changes from before can no longer be undone.",
        aside.path.display()
    )
}
