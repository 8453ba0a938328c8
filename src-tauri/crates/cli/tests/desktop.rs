//! A command is given no way to the person's desktop, agents or containers: a click of its own there
//! would be an approval.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, missing_docs)]

mod common;

use common::{Run, exec, program, server};
use countersign_testkit::{Reply, Script, TempWorkspace};
use serde_json::{Value, json};
use std::os::unix::net::UnixListener;

/// Variables that lead to the desktop and to agents.
const DOORS: [&str; 8] = [
    "DBUS_SESSION_BUS_ADDRESS",
    "DISPLAY",
    "DOCKER_HOST",
    "GPG_AGENT_INFO",
    "SSH_AGENT_PID",
    "SSH_AUTH_SOCK",
    "WAYLAND_DISPLAY",
    "XAUTHORITY",
];

/// The result of one command, run with these variables set around the program. The offer to run it
/// unconfined is denied.
async fn result(
    workspace: &TempWorkspace,
    command: &str,
    variables: &[(&str, String)],
) -> (bool, Value) {
    let server = server(Script::new([exec("1", command), Reply::text("done")])).await;
    let mut program = program(workspace, &["run", "--json"]);
    program.arg("do it").env("ANTHROPIC_BASE_URL", server.url());
    program.envs(variables.iter().map(|(name, value)| (name, value)));
    let mut run = Run::of(program);
    let confined = run.approve()["confine"] == true;
    let next = run.next_of(&["approval_requested", "tool_finished"]);
    if next["type"] == "approval_requested" {
        run.say(&json!({"approval": next["approval"], "decision": "deny"}));
        run.next("tool_finished");
    }
    let result = run.seen.last().unwrap()["result"].clone();
    assert_eq!(run.end().0, 0);
    (confined, result)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_variable_leads_to_the_desktop() {
    let workspace = TempWorkspace::new();
    let doors = DOORS.map(|name| (name, format!("door-of-{name}")));
    let (_, result) = result(&workspace, "env", &doors).await;
    let environment = result["stdout"].as_str().unwrap();
    assert!(environment.contains("TERM=dumb"), "{environment}");
    for name in DOORS {
        assert!(!environment.contains(name), "{name} is in {environment}");
    }
}

/// Connects to each address that is named and says how that went; `@` begins an abstract one.
const CONNECT: &str = "for (const address of process.argv.slice(1)) {
  const path = address.replace(/^@/, '\\0');
  const socket = require('net').connect(path, () => { console.log('in', address); socket.end(); });
  socket.on('error', (error) => console.log(error.code, address));
}";

#[tokio::test(flavor = "multi_thread")]
async fn no_socket_of_the_desktop_can_be_connected_to() {
    let workspace = TempWorkspace::new().file("connect.js", CONNECT);
    // As the bus and Wayland have theirs, as X11, as Docker, and one that has no path.
    let runtime = workspace.root().join("runtime");
    std::fs::create_dir_all(&runtime).unwrap();
    let paths = [
        runtime.join("bus"),
        runtime.join("wayland-0"),
        workspace.root().join("X0"),
        workspace.path().join("docker.sock"),
    ];
    let mut listeners: Vec<UnixListener> =
        paths.iter().map(|path| UnixListener::bind(path).unwrap()).collect();
    let mut addresses: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    {
        use std::os::linux::net::SocketAddrExt as _;
        let name = format!("countersign-test-{}", std::process::id());
        let abstract_one = std::os::unix::net::SocketAddr::from_abstract_name(&name).unwrap();
        listeners.push(UnixListener::bind_addr(&abstract_one).unwrap());
        addresses.push(format!("@{name}"));
    }
    let command = format!("node -e \"$(cat connect.js)\" -- {}", addresses.join(" "));
    let runtime = [("XDG_RUNTIME_DIR", runtime.display().to_string())];
    let (confined, result) = result(&workspace, &command, &runtime).await;
    let said = result["stdout"].as_str().unwrap();
    if !confined {
        return println!("NOT CONFINED here, and the sockets can be reached: {said}");
    }
    assert_eq!(said.lines().count(), addresses.len(), "{result}");
    assert!(!said.contains("in "), "{said}");
    for listener in &listeners {
        listener.set_nonblocking(true).unwrap();
        assert!(listener.accept().is_err(), "something came in: {said}");
    }
}
