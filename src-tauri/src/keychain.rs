//! The system's keychain: the Secret Service of the desktop
//! (<https://specifications.freedesktop.org/secret-service/>). Keys go over the session's bus as they are: it
//! is a socket of the person's own, and no confined command reaches it.

use crate::bus::{self, Whom};
use countersign_agent::{Keychain, Later, Secret, Slot};
use gtk::gio::{DBusConnection, DBusSignalFlags};
use gtk::glib::variant::{ObjectPath, ToVariant as _};
use gtk::glib::{Error, MainContext, Variant};
use std::collections::HashMap;
use std::sync::mpsc;
use std::time::{Duration, Instant};

const SERVICE: &str = "org.freedesktop.secrets";
const ROOT: &str = "/org/freedesktop/secrets";
/// What stands for no object.
const NOTHING: &str = "/";
/// How long the person may take to unlock it.
const PATIENCE: Duration = Duration::from_secs(60);
const AGAIN: Duration = Duration::from_millis(20);

const LOCKED: &str = "the keychain stayed locked";
const ODD: &str = "the keychain answered what makes no sense";

/// The keychain of the desktop.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SystemKeychain;

impl Keychain for SystemKeychain {
    fn read<'a>(&'a self, slot: &'a Slot) -> Later<'a, Option<Secret>> {
        let slot = slot.clone();
        later(move || Service::open(bus::session().map_err(|error| words(&error))?)?.read(&slot))
    }

    fn keep<'a>(&'a self, slot: &'a Slot, key: &'a Secret) -> Later<'a, ()> {
        let (slot, key) = (slot.clone(), key.clone());
        later(move || {
            Service::open(bus::session().map_err(|error| words(&error))?)?.keep(&slot, &key)
        })
    }
}

/// Does it beside the runtime.
fn later<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Later<'static, T> {
    Box::pin(async move {
        tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(error.to_string()))
    })
}

/// An open session with the keychain.
struct Service {
    bus: DBusConnection,
    session: ObjectPath,
}

impl Service {
    fn open(bus: DBusConnection) -> Result<Self, String> {
        let arguments = ("plain", "".to_variant()).to_variant();
        let opened = bus::call(&bus, whom(ROOT, "Service"), "OpenSession", &arguments);
        let session = path(&opened.map_err(|error| words(&error))?.child_value(1))?;
        Ok(Self { bus, session })
    }

    fn read(&self, slot: &Slot) -> Result<Option<Secret>, String> {
        let arguments = (attributes(slot),).to_variant();
        let found = self.call(ROOT, "Service", "SearchItems", &arguments)?;
        let first = |at: usize| found.child_value(at).iter().next();
        let item = if let Some(item) = first(0) {
            path(&item)?
        } else if let Some(item) = first(1) {
            let item = path(&item)?;
            self.unlock(&item)?;
            item
        } else {
            return Ok(None);
        };
        let arguments = (self.session.clone(),).to_variant();
        let secret = self.call(item.as_str(), "Item", "GetSecret", &arguments)?.child_value(0);
        let key: Vec<u8> = secret.child_value(2).get().ok_or(ODD)?;
        let key = String::from_utf8(key).ok().filter(|key| !key.trim().is_empty());
        Ok(key.map(Secret::new))
    }

    fn keep(&self, slot: &Slot, key: &Secret) -> Result<(), String> {
        let arguments = ("default",).to_variant();
        let found = self.call(ROOT, "Service", "ReadAlias", &arguments)?;
        let collection = path(&found.child_value(0))?;
        if collection.as_str() == NOTHING {
            return Err("the keychain has no place for keys yet".to_owned());
        }
        self.unlock(&collection)?;
        let label = format!("Countersign: {}", slot.variable);
        let properties: HashMap<&str, Variant> = HashMap::from([
            ("org.freedesktop.Secret.Item.Label", label.to_variant()),
            ("org.freedesktop.Secret.Item.Attributes", attributes(slot).to_variant()),
        ]);
        let key = key.expose().as_bytes().to_vec();
        let secret = (self.session.clone(), Vec::<u8>::new(), key, "text/plain");
        // In place of the one that was kept there.
        let arguments = (properties, secret, true).to_variant();
        let made = self.call(collection.as_str(), "Collection", "CreateItem", &arguments)?;
        self.prompt(&path(&made.child_value(1))?)
    }

    /// Unlocks an item or a collection; the keychain asks the person where it has to.
    fn unlock(&self, object: &ObjectPath) -> Result<(), String> {
        let arguments = (vec![object.clone()],).to_variant();
        let unlocked = self.call(ROOT, "Service", "Unlock", &arguments)?;
        self.prompt(&path(&unlocked.child_value(1))?)
    }

    /// Lets the keychain ask the person, where it names a question, and waits for the answer.
    fn prompt(&self, question: &ObjectPath) -> Result<(), String> {
        if question.as_str() == NOTHING {
            return Ok(());
        }
        let whom = whom(question.as_str(), "Prompt");
        let context = MainContext::new();
        let asking = || {
            let (told, answers) = mpsc::channel();
            let subscribed = self.bus.signal_subscribe(
                Some(SERVICE),
                Some(whom.interface),
                Some("Completed"),
                Some(whom.object),
                None,
                DBusSignalFlags::NONE,
                move |_, _, _, _, _, answer| {
                    let _ = told.send(answer.child_value(0).get() == Some(false));
                },
            );
            let asked = bus::call(&self.bus, whom, "Prompt", &("",).to_variant())
                .map_err(|error| words(&error));
            let until = Instant::now() + PATIENCE;
            let answer = asked.and_then(|_| {
                loop {
                    context.iteration(false);
                    match answers.try_recv() {
                        Ok(true) => return Ok(()),
                        Ok(false) => return Err(LOCKED.to_owned()),
                        Err(_) if Instant::now() > until => return Err(LOCKED.to_owned()),
                        Err(_) => std::thread::sleep(AGAIN),
                    }
                }
            });
            self.bus.signal_unsubscribe(subscribed);
            answer
        };
        context.with_thread_default(asking).map_err(|error| error.to_string())?
    }

    fn call(
        &self,
        object: &str,
        interface: &str,
        method: &str,
        arguments: &Variant,
    ) -> Result<Variant, String> {
        bus::call(&self.bus, whom(object, interface), method, arguments)
            .map_err(|error| words(&error))
    }
}

fn whom<'a>(object: &'a str, interface: &str) -> Whom<'a> {
    let interface = match interface {
        "Service" => "org.freedesktop.Secret.Service",
        "Collection" => "org.freedesktop.Secret.Collection",
        "Item" => "org.freedesktop.Secret.Item",
        _ => "org.freedesktop.Secret.Prompt",
    };
    Whom { name: SERVICE, object, interface }
}

fn path(value: &Variant) -> Result<ObjectPath, String> {
    value.get().ok_or_else(|| ODD.to_owned())
}

fn attributes(slot: &Slot) -> HashMap<&str, &str> {
    HashMap::from([
        ("application", "countersign"),
        ("variable", slot.variable),
        ("address", slot.address.as_str()),
    ])
}

/// What is said of an error. None of the calls' arguments is in it.
fn words(error: &Error) -> String {
    // What another program answered has its own name before the words.
    let said = error.message().trim().strip_prefix("GDBus.Error:");
    let Some((name, said)) = said.and_then(|said| said.split_once(": ")) else {
        return "this system has no keychain".to_owned();
    };
    if name.ends_with(".ServiceUnknown") {
        return "this system has no keychain".to_owned();
    }
    said.trim_end_matches('.').to_owned()
}

#[cfg(test)]
#[path = "keychain_tests.rs"]
mod tests;
