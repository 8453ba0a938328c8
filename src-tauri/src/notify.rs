//! Desktop notifications (<https://specifications.freedesktop.org/notification-spec/>). Where there is no
//! bus or nobody shows notifications, nothing happens.

use crate::bus::{self, Whom};
use countersign_protocol::ApprovalId;
use gtk::gio::{DBusConnection, DBusSignalFlags, SignalSubscriptionId};
use gtk::glib::variant::ToVariant as _;
use gtk::glib::{Error, Variant};
use std::collections::HashMap;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::watch;

const SERVICE: &str = "org.freedesktop.Notifications";
const DESKTOP: Whom<'_> =
    Whom { name: SERVICE, object: "/org/freedesktop/Notifications", interface: SERVICE };
/// The action of a click on the notification itself.
const CLICK: &str = "default";

/// A card that waits, as the desktop is told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) card: ApprovalId,
    /// What it asks.
    pub(crate) question: &'static str,
    /// The name of the folder, as drawn.
    pub(crate) folder: String,
}

/// Shows the call there is, and withdraws it when there is none, until the sender is gone. `bus` connects to
/// who shows it, and `clicked` is told when the person clicks on it.
pub(crate) async fn speak(
    mut calls: watch::Receiver<Option<Call>>,
    bus: impl Fn() -> Result<DBusConnection, Error> + Clone + Send + 'static,
    clicked: impl Fn() + Send,
) {
    let (sender, mut clicks) = unbounded_channel();
    let mut desktop: Option<Desktop> = None;
    loop {
        let ended = tokio::select! {
            changed = calls.changed() => changed.is_err(),
            Some(id) = clicks.recv() => {
                if desktop.as_ref().and_then(|desktop| desktop.shown) == Some(id) {
                    clicked();
                }
                continue;
            }
        };
        let call = calls.borrow_and_update().clone().filter(|_| !ended);
        let (before, bus, sender) = (desktop.take(), bus.clone(), sender.clone());
        let saying = tokio::task::spawn_blocking(move || say(before, bus, sender, call));
        match saying.await {
            Ok(Ok(after)) => desktop = after,
            Ok(Err(error)) => tracing::debug!("the desktop shows no notification: {error}"),
            Err(error) => tracing::debug!("a notification was not shown: {error}"),
        }
        if ended {
            return;
        }
    }
}

fn say(
    desktop: Option<Desktop>,
    bus: impl Fn() -> Result<DBusConnection, Error>,
    clicks: UnboundedSender<u32>,
    call: Option<Call>,
) -> Result<Option<Desktop>, Error> {
    let Some(call) = call else {
        let Some(mut desktop) = desktop else { return Ok(None) };
        desktop.withdraw()?;
        return Ok(Some(desktop));
    };
    let mut desktop = match desktop {
        Some(desktop) => desktop,
        None => Desktop::find(bus()?, clicks)?,
    };
    desktop.show(&call)?;
    Ok(Some(desktop))
}

/// Who shows notifications.
struct Desktop {
    bus: DBusConnection,
    /// Whether it reads the text as markup.
    markup: bool,
    shown: Option<u32>,
    clicks: Option<SignalSubscriptionId>,
}

impl Desktop {
    /// `clicks` is told of clicks on notifications, others' too, by the main loop.
    fn find(bus: DBusConnection, clicks: UnboundedSender<u32>) -> Result<Self, Error> {
        let can = bus::call(&bus, DESKTOP, "GetCapabilities", &().to_variant())?;
        let can: Vec<String> = can.child_value(0).get().unwrap_or_default();
        let subscribed = bus.signal_subscribe(
            Some(SERVICE),
            Some(SERVICE),
            Some("ActionInvoked"),
            Some(DESKTOP.object),
            None,
            DBusSignalFlags::NONE,
            move |_, _, _, _, _, told| {
                if let Some((id, action)) = told.get::<(u32, String)>()
                    && action == CLICK
                {
                    let _ = clicks.send(id);
                }
            },
        );
        let markup = can.iter().any(|one| one == "body-markup");
        Ok(Self { bus, markup, shown: None, clicks: Some(subscribed) })
    }

    fn show(&mut self, call: &Call) -> Result<(), Error> {
        let title = format!("Countersign waits: {}", call.question);
        let text = if self.markup { escape(&call.folder) } else { call.folder.clone() };
        // The sound is the program's own, where the person wishes one.
        let hints: HashMap<&str, Variant> = HashMap::from([
            ("suppress-sound", true.to_variant()),
            ("desktop-entry", "countersign".to_variant()),
        ]);
        let replaces = self.shown.unwrap_or(0);
        let actions = vec![CLICK, "Show"];
        let arguments =
            ("Countersign", replaces, "countersign", title, text, actions, hints, -1_i32);
        let shown = bus::call(&self.bus, DESKTOP, "Notify", &arguments.to_variant())?;
        self.shown = shown.child_value(0).get();
        Ok(())
    }

    fn withdraw(&mut self) -> Result<(), Error> {
        if let Some(shown) = self.shown.take() {
            bus::call(&self.bus, DESKTOP, "CloseNotification", &(shown,).to_variant())?;
        }
        Ok(())
    }
}

impl Drop for Desktop {
    fn drop(&mut self) {
        if let Some(clicks) = self.clicks.take() {
            self.bus.signal_unsubscribe(clicks);
        }
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
#[path = "notify_tests.rs"]
mod tests;
