//! The page runs in a process of its own. Where that dies the page is loaded anew; the program lives on,
//! with its runs and its cards, and tells the new page all of it.

use crate::dialogs;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::time::{Duration, Instant};
use webkit2gtk::{WebProcessTerminationReason, WebViewExt as _};

/// The page is loaded anew by itself this many times ...
const TIMES: usize = 3;
/// ... within this time.
const WITHIN: Duration = Duration::from_secs(3 * 60);

/// Loads the page of a window anew when its process dies, a few times; then the person is asked first.
pub(crate) fn watch(window: &tauri::WebviewWindow) {
    let watching = window.with_webview(|webview| {
        let deaths = RefCell::new(Deaths::default());
        webview.inner().connect_web_process_terminated(move |page, reason| {
            if reason == WebProcessTerminationReason::TerminatedByApi {
                return;
            }
            tracing::error!("the process of the window's page ended: {reason:?}");
            if deaths.borrow_mut().may_go_on(Instant::now()) {
                page.reload();
                return;
            }
            let page = page.clone();
            gtk::glib::spawn_future_local(async move {
                dialogs::tell("The window's page ended several times", REPEATED).await;
                page.reload();
            });
        });
    });
    if let Err(error) = watching {
        tracing::warn!("the window's page is not watched: {error}");
    }
}

const REPEATED: &str = "It may lack memory. Nothing is lost: all up to the last step is kept, and open cards stay open.\n\nThe page is loaded once more when you close this.";

/// When the page's process died.
#[derive(Default)]
struct Deaths(VecDeque<Instant>);

impl Deaths {
    /// Whether the page may be loaded anew unasked after one more.
    fn may_go_on(&mut self, now: Instant) -> bool {
        self.0.retain(|before| now.duration_since(*before) < WITHIN);
        self.0.push_back(now);
        self.0.len() <= TIMES
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_dies_again_and_again_is_not_loaded_for_ever() {
        let mut deaths = Deaths::default();
        let start = Instant::now();
        let after = |seconds| start.checked_add(Duration::from_secs(seconds)).unwrap();
        let told: Vec<bool> = (0..5).map(|second| deaths.may_go_on(after(second))).collect();
        assert_eq!(told, [true, true, true, false, false]);
        assert!(deaths.may_go_on(after(1_000)), "what is long ago counts for nothing");
    }
}
