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

/// Programs on a bus of their own, for tests.
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
pub(crate) mod testing {
    use super::*;
    use gtk::gio::{DBusConnectionFlags, DBusMethodInvocation, DBusNodeInfo};
    use gtk::glib::variant::ToVariant as _;
    use gtk::glib::{MainContext, MainLoop};
    use std::io::{BufRead as _, BufReader};
    use std::process::{Child, Command, Stdio};
    use std::sync::{Arc, mpsc};

    /// A bus, with a program on it and this one.
    pub(crate) struct Pair {
        pub(crate) theirs: DBusConnection,
        pub(crate) ours: DBusConnection,
        daemon: Child,
    }

    impl Drop for Pair {
        fn drop(&mut self) {
            let _ = self.daemon.kill();
            let _ = self.daemon.wait();
        }
    }

    fn connect(address: &str) -> DBusConnection {
        let flags = DBusConnectionFlags::AUTHENTICATION_CLIENT
            | DBusConnectionFlags::MESSAGE_BUS_CONNECTION;
        DBusConnection::for_address_sync(address, flags, None, None::<&Cancellable>).unwrap()
    }

    /// Serves objects under a name, by a function of method and arguments; a method that gives nothing fails.
    pub(crate) fn serve(
        name: &str,
        objects: &'static [(&'static str, &'static str)],
        answers: impl Fn(&str, &Variant) -> Option<Variant> + Send + Sync + 'static,
    ) -> Pair {
        let mut daemon = Command::new("dbus-daemon")
            .args(["--session", "--nofork", "--nopidfile", "--print-address"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("dbus-daemon is there");
        let mut address = String::new();
        BufReader::new(daemon.stdout.take().unwrap()).read_line(&mut address).unwrap();
        let address = address.trim();
        let theirs = connect(address);
        let (serving, serves) = mpsc::channel();
        let (connection, answers) = (theirs.clone(), Arc::new(answers));
        std::thread::spawn(move || {
            let context = MainContext::new();
            let serve = || {
                for (object, xml) in objects {
                    register(&connection, object, xml, &answers);
                }
                serving.send(()).unwrap();
                MainLoop::new(Some(&context), false).run();
            };
            context.with_thread_default(serve).unwrap();
        });
        serves.recv().unwrap();
        let name_of_buses = "org.freedesktop.DBus";
        let whom = Whom { name: name_of_buses, object: "/", interface: name_of_buses };
        call(&theirs, whom, "RequestName", &(name, 0_u32).to_variant()).unwrap();
        Pair { ours: connect(address), theirs, daemon }
    }

    fn register(
        connection: &DBusConnection,
        object: &str,
        xml: &str,
        answers: &Arc<impl Fn(&str, &Variant) -> Option<Variant> + Send + Sync + 'static>,
    ) {
        let node = DBusNodeInfo::for_xml(xml).unwrap();
        for interface in node.interfaces() {
            let answers = Arc::clone(answers);
            let method = move |_: DBusConnection,
                               _: &str,
                               _: &str,
                               _: &str,
                               method: &str,
                               arguments: Variant,
                               call: DBusMethodInvocation| {
                match answers(method, &arguments) {
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
