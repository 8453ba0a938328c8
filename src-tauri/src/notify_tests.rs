#![allow(clippy::unwrap_used)]

use super::*;
use crate::bus::testing::{Pair, serve};
use gtk::glib::MainContext;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc::UnboundedReceiver;

/// What the desktop was told.
#[derive(Debug, PartialEq, Eq)]
enum Told {
    Show { replaces: u32, title: String, text: String },
    Close(u32),
}

const OBJECTS: &[(&str, &str)] = &[(
    "/org/freedesktop/Notifications",
    r#"<node><interface name="org.freedesktop.Notifications">
    <method name="GetCapabilities"><arg type="as" direction="out"/></method>
    <method name="Notify"><arg type="s" direction="in"/><arg type="u" direction="in"/>
      <arg type="s" direction="in"/><arg type="s" direction="in"/><arg type="s" direction="in"/>
      <arg type="as" direction="in"/><arg type="a{sv}" direction="in"/><arg type="i" direction="in"/>
      <arg type="u" direction="out"/></method>
    <method name="CloseNotification"><arg type="u" direction="in"/></method>
    <signal name="ActionInvoked"><arg type="u"/><arg type="s"/></signal>
    </interface></node>"#,
)];

/// A desktop that shows each notification under the number 7.
fn desktop(markup: bool) -> (Pair, UnboundedReceiver<Told>) {
    let (told, hears) = unbounded_channel();
    let told = Mutex::new(told);
    let answers = move |method: &str, arguments: &Variant| {
        let text = |at: usize| arguments.child_value(at).get::<String>().unwrap();
        let number = |at: usize| arguments.child_value(at).get::<u32>().unwrap();
        match method {
            "GetCapabilities" => {
                let can = if markup { vec!["body-markup"] } else { Vec::new() };
                Some((can,).to_variant())
            }
            "Notify" => {
                let shown = Told::Show { replaces: number(1), title: text(3), text: text(4) };
                told.lock().unwrap().send(shown).unwrap();
                Some((7_u32,).to_variant())
            }
            "CloseNotification" => {
                told.lock().unwrap().send(Told::Close(number(0))).unwrap();
                Some(().to_variant())
            }
            _ => None,
        }
    };
    (serve(SERVICE, OBJECTS, answers), hears)
}

fn call(card: &str, folder: &str) -> Call {
    Call { card: ApprovalId::new(card), question: "Run this command?", folder: folder.to_owned() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_shown_replaced_clicked_and_withdrawn() {
    let (pair, mut told) = desktop(true);
    let ours = pair.ours.clone();
    let (calls, hears) = watch::channel(None);
    let (clicked, mut clicks) = unbounded_channel();
    let bus = move || Ok(ours.clone());
    let speaking = tokio::spawn(speak(hears, bus, move || clicked.send(()).unwrap()));
    calls.send_replace(Some(call("a", "<b>a & b</b>")));
    let title = "Countersign waits: Run this command?".to_owned();
    let text = "&lt;b&gt;a &amp; b&lt;/b&gt;".to_owned();
    let shown = Told::Show { replaces: 0, title: title.clone(), text };
    assert_eq!(told.recv().await.unwrap(), shown, "no markup of the folder's own");

    for (id, action) in [(8_u32, "default"), (7, "other"), (7, "default")] {
        let arguments = (id, action).to_variant();
        pair.theirs
            .emit_signal(None, DESKTOP.object, SERVICE, "ActionInvoked", Some(&arguments))
            .unwrap();
    }
    // The window's main loop turns here.
    std::thread::spawn(|| {
        loop {
            MainContext::default().iteration(true);
        }
    });
    clicks.recv().await.unwrap();
    assert!(clicks.try_recv().is_err(), "a click on another one is nobody's here");

    calls.send_replace(Some(call("b", "b")));
    let shown = Told::Show { replaces: 7, title, text: "b".to_owned() };
    assert_eq!(told.recv().await.unwrap(), shown, "one window shows one");
    calls.send_replace(None);
    assert_eq!(told.recv().await.unwrap(), Told::Close(7));
    calls.send_replace(Some(call("c", "c")));
    assert!(matches!(told.recv().await.unwrap(), Told::Show { replaces: 0, .. }));
    drop(calls);
    assert_eq!(told.recv().await.unwrap(), Told::Close(7), "nothing stays of a closed window");
    speaking.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desktop_without_markup_is_given_none() {
    let (pair, mut told) = desktop(false);
    let ours = pair.ours.clone();
    let (calls, hears) = watch::channel(None);
    let _speaking = tokio::spawn(speak(hears, move || Ok(ours.clone()), || ()));
    calls.send_replace(Some(call("a", "a & b")));
    assert!(matches!(told.recv().await.unwrap(), Told::Show { text, .. } if text == "a & b"));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_bus_nothing_happens() {
    let tries = Arc::new(AtomicU32::new(0));
    let (calls, hears) = watch::channel(None);
    let counted = Arc::clone(&tries);
    let bus = move || {
        counted.fetch_add(1, Ordering::SeqCst);
        Err(Error::new(gtk::gio::IOErrorEnum::NotFound, "there is none"))
    };
    let speaking = tokio::spawn(speak(hears, bus, || ()));
    calls.send_replace(Some(call("a", "a")));
    while tries.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    drop(calls);
    speaking.await.unwrap();
}
