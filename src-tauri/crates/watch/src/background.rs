//! Threads that look through a whole workspace, and give way to everybody else.

use std::io;
use std::thread::{Builder, JoinHandle};

/// How far such a thread stands back, of 19: beside the window it gets a tenth of a core, alone all of it.
#[cfg(target_os = "linux")]
const NICE: i32 = 10;

/// Starts a thread of its own that does `work` at a lower priority: what the person looks at goes first.
/// Linux knows a priority of each thread (`setpriority(2)`, under its notes); elsewhere it stays as it is.
pub fn spawn_background(
    name: &str,
    work: impl FnOnce() + Send + 'static,
) -> io::Result<JoinHandle<()>> {
    Builder::new().name(name.to_owned()).spawn(move || {
        #[cfg(target_os = "linux")]
        step_back();
        work();
    })
}

#[cfg(target_os = "linux")]
fn step_back() {
    use rustix::process::{getpriority_process, setpriority_process};
    // A program that was started further back stays there.
    let stepped = getpriority_process(None)
        .and_then(|now| if now < NICE { setpriority_process(None, NICE) } else { Ok(()) });
    if let Err(error) = stepped {
        tracing::debug!(%error, "a thread in the background keeps its priority");
    }
}

#[cfg(all(test, target_os = "linux"))]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use rustix::process::getpriority_process;
    use std::sync::mpsc;

    #[test]
    fn only_the_thread_itself_stands_back() {
        let before = getpriority_process(None).unwrap();
        let (sender, receiver) = mpsc::channel();
        let thread = spawn_background("stands-back", move || {
            sender.send(getpriority_process(None).unwrap()).unwrap();
        });
        assert_eq!(receiver.recv().unwrap(), before.max(NICE));
        thread.unwrap().join().unwrap();
        assert_eq!(getpriority_process(None).unwrap(), before);
    }
}
