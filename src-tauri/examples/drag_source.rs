//! A spot on the display from which files are dragged: what the tests of the real window drop on it.
//!
//! `drag_source X Y PATH...` shows it there until it is ended.

use gtk::prelude::*;
use std::error::Error;
use std::io::Write as _;

const SIZE: i32 = 40;

fn main() -> Result<(), Box<dyn Error>> {
    gtk::init()?;
    let mut words = std::env::args().skip(1);
    let mut place = || words.next().ok_or("usage: drag_source X Y PATH...");
    let (x, y) = (place()?.parse()?, place()?.parse()?);
    let uris =
        words.map(|path| gtk::glib::filename_to_uri(path, None)).collect::<Result<Vec<_>, _>>()?;

    // No window manager moves it, and it takes the focus from nobody.
    let window = gtk::Window::new(gtk::WindowType::Popup);
    window.set_default_size(SIZE, SIZE);
    window.move_(x, y);
    window.drag_source_set(gtk::gdk::ModifierType::BUTTON1_MASK, &[], gtk::gdk::DragAction::COPY);
    window.drag_source_add_uri_targets();
    window.connect_drag_data_get(move |_, _, data, _, _| {
        let uris: Vec<&str> = uris.iter().map(gtk::glib::GString::as_str).collect();
        data.set_uris(&uris);
    });
    window.connect_map_event(|_, _| {
        say("shown");
        gtk::glib::Propagation::Proceed
    });
    window.connect_drag_begin(|_, _| say("begun"));
    window.connect_drag_end(|_, _| say("ended"));
    window.show();
    gtk::main();
    Ok(())
}

/// Tells whoever moves the pointer what came of it.
fn say(word: &str) {
    let _ = writeln!(std::io::stdout(), "{word}");
}
