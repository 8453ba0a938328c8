//! The bus of the person's session (D-Bus), as the desktop's toolkit speaks it. All calls here wait for
//! their answer, so they are made beside the runtime.

use gtk::gio::{BusType, Cancellable, DBusCallFlags, DBusConnection, bus_get_sync};
use gtk::glib::{Error, Variant};

/// Milliseconds that another program may take to answer, and to be started for it.
const PATIENCE: i32 = 5_000;

/// The session's bus. An error where there is none.
pub(crate) fn session() -> Result<DBusConnection, Error> {
    let bus = bus_get_sync(BusType::Session, None::<&Cancellable>)?;
    // The program lives on without its bus.
    bus.set_exit_on_close(false);
    Ok(bus)
}

/// Who is called.
#[derive(Clone, Copy)]
pub(crate) struct Whom<'a> {
    /// The name on the bus.
    pub(crate) name: &'a str,
    /// The object of it.
    pub(crate) object: &'a str,
    /// What that object does.
    pub(crate) interface: &'a str,
}

/// Calls a method with a tuple of arguments, and gives the tuple of what it returns.
pub(crate) fn call(
    bus: &DBusConnection,
    whom: Whom<'_>,
    method: &str,
    arguments: &Variant,
) -> Result<Variant, Error> {
    bus.call_sync(
        Some(whom.name),
        whom.object,
        whom.interface,
        method,
        Some(arguments),
        None,
        DBusCallFlags::NONE,
        PATIENCE,
        None::<&Cancellable>,
    )
}

/// The name that signals come from; none where the other end is no bus but the program itself.
pub(crate) fn sender<'a>(bus: &DBusConnection, name: &'a str) -> Option<&'a str> {
    bus.unique_name().map(|_| name)
}

/// Programs of a bus, for tests.
#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(crate) mod testing {
    use super::*;
    use gtk::gio::{
        DBusConnectionFlags, DBusMethodInvocation, DBusNodeInfo, DBusServer, DBusServerFlags,
        dbus_generate_guid,
    };
    use gtk::glib::{MainContext, MainLoop};
    use std::sync::{Arc, Mutex, mpsc};

    /// The other end, and this one.
    pub(crate) struct Pair {
        pub(crate) theirs: DBusConnection,
        pub(crate) ours: DBusConnection,
        _folder: tempfile::TempDir,
    }

    /// Serves objects by a function of method and arguments; a method that gives nothing fails.
    pub(crate) fn serve(
        objects: &'static [(&'static str, &'static str)],
        answers: impl Fn(&str, &str, &Variant) -> Option<Variant> + Send + Sync + 'static,
    ) -> Pair {
        let folder = tempfile::tempdir().unwrap();
        let address = format!("unix:path={}", folder.path().join("bus").display());
        let (connected, connections) = mpsc::channel();
        let (listening, listens) = mpsc::channel();
        let place = address.clone();
        let answers = Arc::new(answers);
        std::thread::spawn(move || {
            let context = MainContext::new();
            let serving = || {
                let guid = dbus_generate_guid();
                let none = None::<&Cancellable>;
                let server =
                    DBusServer::new_sync(&place, DBusServerFlags::NONE, &guid, None, none).unwrap();
                let connected = Mutex::new(connected);
                server.connect_new_connection(move |_, connection| {
                    for (object, xml) in objects {
                        register(connection, object, xml, Arc::clone(&answers));
                    }
                    connected.lock().unwrap().send(connection.clone()).unwrap();
                    true
                });
                server.start();
                listening.send(()).unwrap();
                MainLoop::new(Some(&context), false).run();
            };
            context.with_thread_default(serving).unwrap();
        });
        listens.recv().unwrap();
        let flags = DBusConnectionFlags::AUTHENTICATION_CLIENT;
        let none = None::<&Cancellable>;
        let ours = DBusConnection::for_address_sync(&address, flags, None, none).unwrap();
        let theirs = connections.recv().unwrap();
        Pair { theirs, ours, _folder: folder }
    }

    fn register(
        connection: &DBusConnection,
        object: &str,
        xml: &str,
        answers: Arc<impl Fn(&str, &str, &Variant) -> Option<Variant> + Send + Sync + 'static>,
    ) {
        let node = DBusNodeInfo::for_xml(xml).unwrap();
        for interface in node.interfaces() {
            let answers = Arc::clone(&answers);
            let method = move |_: DBusConnection,
                               _: &str,
                               object: &str,
                               _: &str,
                               method: &str,
                               arguments: Variant,
                               call: DBusMethodInvocation| {
                match answers(object, method, &arguments) {
                    Some(answer) => call.return_value(Some(&answer)),
                    None => call.return_dbus_error("test.Refused", "it is refused"),
                }
            };
            connection
                .register_object(
                    object,
                    interface,
                    method,
                    |_, _, _, _, _| unreachable!("no properties"),
                    |_, _, _, _, _, _| unreachable!("no properties"),
                )
                .unwrap();
        }
    }
}
