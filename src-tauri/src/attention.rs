//! How a window calls for the person: it asks for attention, makes a sound where that is wished, and has
//! the desktop show a notification while it is not in front.

use crate::bus;
use crate::notify::{self, Call};
use countersign_agent::DesktopSettings;
use countersign_protocol::{ApprovalId, Card, Event, Feed};
use gtk::prelude::WidgetExt as _;
use std::collections::BTreeSet;
use tauri::{Manager as _, UserAttentionType, WebviewWindow};
use tokio::sync::watch;

/// Calls for the person in the name of one window.
pub(crate) struct Caller {
    app: tauri::AppHandle,
    label: String,
    front: bool,
    cards: Cards,
    calls: watch::Sender<Option<Call>>,
    speaking: tauri::async_runtime::JoinHandle<()>,
}

impl Caller {
    pub(crate) fn new(app: tauri::AppHandle, label: String) -> Self {
        let (calls, hears) = watch::channel(None);
        let (shows, window) = (app.clone(), label.clone());
        let clicked = move || crate::window::focus(&shows, &window);
        let speaking = tauri::async_runtime::spawn(notify::speak(hears, bus::session, clicked));
        Self { app, label, front: false, cards: Cards::default(), calls, speaking }
    }

    /// Whether the window is in front from here on.
    pub(crate) fn front(&mut self, front: bool) {
        self.front = front;
        if front {
            self.calls.send_replace(None);
            if let Some(window) = self.window() {
                let _ = window.request_user_attention(None);
            }
        }
    }

    /// What happened; `waiting` cards are open.
    pub(crate) fn learn(
        &mut self,
        batch: &[Feed],
        waiting: usize,
        folder: Option<&str>,
        how: &DesktopSettings,
    ) {
        let new = self.cards.learn(batch, waiting);
        let called = self.calls.borrow().as_ref().map(|call| call.card.clone());
        if called.is_some_and(|card| !self.cards.0.contains(&card)) {
            self.calls.send_replace(None);
        }
        let Some((card, question)) = new else { return };
        if how.sounds {
            self.ring();
        }
        if self.front {
            return;
        }
        if let Some(window) = self.window() {
            let _ = window.request_user_attention(Some(UserAttentionType::Informational));
        }
        if how.notifications {
            let folder = folder.map(|folder| countersign_agent::reveal(folder).0);
            self.calls.send_replace(Some(Call {
                card,
                question,
                folder: folder.unwrap_or_default(),
            }));
        }
    }

    /// Withdraws what is shown.
    pub(crate) async fn end(self) {
        drop(self.calls);
        let _ = self.speaking.await;
    }

    fn window(&self) -> Option<WebviewWindow> {
        self.app.get_webview_window(&self.label)
    }

    /// The display's own bell.
    fn ring(&self) {
        let Some(window) = self.window() else { return };
        let _ = self.app.run_on_main_thread(move || {
            if let Ok(window) = window.gtk_window() {
                window.display().beep();
            }
        });
    }
}

/// The cards that wait.
#[derive(Default)]
struct Cards(BTreeSet<ApprovalId>);

impl Cards {
    /// Takes in what happened; gives the last card that newly waits, and what it asks.
    fn learn(&mut self, batch: &[Feed], waiting: usize) -> Option<(ApprovalId, &'static str)> {
        let mut new = None;
        for feed in batch {
            let Feed::Envelopes { envelopes } = feed else { continue };
            for envelope in envelopes {
                if let Event::ApprovalRequested { approval, card, .. } = &envelope.event {
                    if self.0.insert(approval.clone()) {
                        new = Some((approval.clone(), question(card)));
                    }
                } else if let Event::ApprovalDecided { approval, .. } = &envelope.event {
                    self.0.remove(approval);
                }
            }
        }
        if waiting == 0 {
            self.0.clear();
        }
        new.filter(|(approval, _)| self.0.contains(approval))
    }
}

/// What a card asks. Nothing of its content: that is for the card, which marks what deceives.
fn question(card: &Card) -> &'static str {
    match card {
        Card::Exec(_) => "Run this command?",
        Card::Write(_) => "Write this file?",
        Card::Edit(_) => "Apply this edit?",
        Card::Path(_) => "Let the agent look there?",
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use countersign_protocol::{Envelope, SessionId};

    fn event(event: serde_json::Value) -> Feed {
        let event: Event = serde_json::from_value(event).unwrap();
        let session = SessionId::new("s");
        let envelope = Envelope { seq: Some(1), session, time: String::new(), event };
        Feed::Envelopes { envelopes: vec![envelope] }
    }

    fn asked(approval: &str, revision: u32) -> Feed {
        event(serde_json::json!({
            "type": "approval_requested", "approval": approval, "call": "c", "revision": revision,
            "kind": "path", "tool": "read", "path": "/x", "resolved": "/x", "workspace": "/w",
            "outside": true, "reasons": [], "display": { "shown": "/x", "warnings": [] },
        }))
    }

    fn decided(approval: &str) -> Feed {
        event(serde_json::json!({
            "type": "approval_decided", "approval": approval, "call": "c", "decision": "deny",
            "by": "user",
        }))
    }

    #[test]
    fn a_card_calls_once_and_only_while_it_waits() {
        let mut cards = Cards::default();
        let mut learn = |batch: &[Feed], waiting| {
            cards.learn(batch, waiting).map(|(card, _)| card.as_str().to_owned())
        };
        assert_eq!(learn(&[asked("a", 1)], 1).as_deref(), Some("a"));
        assert_eq!(learn(&[asked("a", 2)], 1), None, "the same card, changed");
        assert_eq!(learn(&[asked("b", 1), decided("b")], 1), None, "it does not wait any more");
        assert_eq!(learn(&[decided("a"), asked("c", 1)], 1).as_deref(), Some("c"));
        assert_eq!(
            learn(&[asked("d", 1)], 0),
            None,
            "what a stored session shows waits for nobody"
        );
        assert_eq!(learn(&[asked("a", 1)], 1).as_deref(), Some("a"), "shown again, it waits again");
    }
}
