#![allow(clippy::unwrap_used)]

use super::*;
use crate::bus::testing::{Pair, serve};
use std::sync::{Arc, Mutex};

const OBJECTS: &[(&str, &str)] = &[
    (
        ROOT,
        r#"<node><interface name="org.freedesktop.Secret.Service">
        <method name="OpenSession"><arg type="s" direction="in"/><arg type="v" direction="in"/>
          <arg type="v" direction="out"/><arg type="o" direction="out"/></method>
        <method name="SearchItems"><arg type="a{ss}" direction="in"/>
          <arg type="ao" direction="out"/><arg type="ao" direction="out"/></method>
        <method name="Unlock"><arg type="ao" direction="in"/>
          <arg type="ao" direction="out"/><arg type="o" direction="out"/></method>
        <method name="ReadAlias"><arg type="s" direction="in"/><arg type="o" direction="out"/></method>
        </interface></node>"#,
    ),
    (
        "/collection",
        r#"<node><interface name="org.freedesktop.Secret.Collection">
        <method name="CreateItem"><arg type="a{sv}" direction="in"/>
          <arg type="(oayays)" direction="in"/><arg type="b" direction="in"/>
          <arg type="o" direction="out"/><arg type="o" direction="out"/></method>
        </interface></node>"#,
    ),
    (
        "/item",
        r#"<node><interface name="org.freedesktop.Secret.Item">
        <method name="GetSecret"><arg type="o" direction="in"/>
          <arg type="(oayays)" direction="out"/></method>
        </interface></node>"#,
    ),
    (
        "/prompt",
        r#"<node><interface name="org.freedesktop.Secret.Prompt">
        <method name="Prompt"><arg type="s" direction="in"/></method>
        <signal name="Completed"><arg type="b"/><arg type="v"/></signal>
        </interface></node>"#,
    ),
];

/// A keychain with one place, which is locked until the person says yes.
#[derive(Default)]
struct Kept {
    locked: bool,
    /// Set once the person is asked.
    asked: bool,
    /// Attributes and key.
    item: Option<(HashMap<String, String>, Vec<u8>)>,
}

fn object(path: &str) -> ObjectPath {
    ObjectPath::try_from(path.to_owned()).unwrap()
}

fn keychain(kept: &Arc<Mutex<Kept>>) -> Pair {
    let kept = Arc::clone(kept);
    serve(SERVICE, OBJECTS, move |method, arguments| {
        let mut kept = kept.lock().unwrap();
        let none: Vec<ObjectPath> = Vec::new();
        Some(match method {
            "OpenSession" => ("".to_variant(), object("/session")).to_variant(),
            "SearchItems" => {
                let wanted: HashMap<String, String> = arguments.child_value(0).get().unwrap();
                let is_kept = kept.item.as_ref().is_some_and(|(known, _)| *known == wanted);
                let found = if is_kept { vec![object("/item")] } else { Vec::new() };
                if kept.locked { (none, found).to_variant() } else { (found, none).to_variant() }
            }
            "Unlock" => {
                let prompt = if kept.locked { "/prompt" } else { NOTHING };
                (none, object(prompt)).to_variant()
            }
            "ReadAlias" => (object("/collection"),).to_variant(),
            "CreateItem" if kept.locked => return None,
            "CreateItem" => {
                let properties: HashMap<String, Variant> = arguments.child_value(0).get().unwrap();
                let known = properties["org.freedesktop.Secret.Item.Attributes"].get().unwrap();
                let key = arguments.child_value(1).child_value(2).get().unwrap();
                kept.item = Some((known, key));
                (object("/item"), object(NOTHING)).to_variant()
            }
            "GetSecret" if !kept.locked => {
                let (_, key) = kept.item.clone().unwrap();
                ((object("/session"), Vec::<u8>::new(), key, "text/plain"),).to_variant()
            }
            "Prompt" => {
                kept.asked = true;
                ().to_variant()
            }
            _ => return None,
        })
    })
}

fn slot(address: &str) -> Slot {
    Slot { variable: "OPENAI_API_KEY", address: address.to_owned() }
}

/// Answers the keychain's question in the person's place.
fn person(pair: &Pair, kept: &Arc<Mutex<Kept>>, dismiss: bool) {
    let (theirs, kept) = (pair.theirs.clone(), Arc::clone(kept));
    std::thread::spawn(move || {
        while !std::mem::take(&mut kept.lock().unwrap().asked) {
            std::thread::yield_now();
        }
        kept.lock().unwrap().locked = dismiss;
        let answer = (dismiss, "".to_variant()).to_variant();
        let interface = "org.freedesktop.Secret.Prompt";
        theirs.emit_signal(None, "/prompt", interface, "Completed", Some(&answer)).unwrap();
    });
}

#[test]
fn a_key_is_kept_and_found_for_its_own_server_only() {
    let kept = Arc::default();
    let pair = keychain(&kept);
    let service = Service::open(pair.ours.clone()).unwrap();
    assert_eq!(service.read(&slot("")).unwrap(), None);
    let key = Secret::new("a-key");
    service.keep(&slot("https://gate.example"), &key).unwrap();
    assert_eq!(service.read(&slot("https://gate.example")).unwrap(), Some(key));
    assert_eq!(service.read(&slot("")).unwrap(), None);
    let other = Slot { variable: "ANTHROPIC_API_KEY", address: "https://gate.example".to_owned() };
    assert_eq!(service.read(&other).unwrap(), None);
}

#[test]
fn a_locked_keychain_asks_the_person() {
    let kept = Arc::new(Mutex::new(Kept { locked: true, ..Kept::default() }));
    let pair = keychain(&kept);
    let service = Service::open(pair.ours.clone()).unwrap();
    let (key, slot) = (Secret::new("a-key"), slot(""));
    person(&pair, &kept, true);
    assert_eq!(service.keep(&slot, &key).unwrap_err(), LOCKED);
    person(&pair, &kept, false);
    service.keep(&slot, &key).unwrap();
    kept.lock().unwrap().locked = true;
    person(&pair, &kept, false);
    assert_eq!(service.read(&slot).unwrap(), Some(key));
}

#[test]
fn what_it_refuses_is_told_without_the_key() {
    let pair = serve(SERVICE, OBJECTS, |method, _| match method {
        "OpenSession" => Some(("".to_variant(), object("/session")).to_variant()),
        _ => None,
    });
    let service = Service::open(pair.ours.clone()).unwrap();
    let why = service.keep(&slot(""), &Secret::new("a-key")).unwrap_err();
    assert!(why.contains("it is refused") && !why.contains("a-key"), "{why}");
}
