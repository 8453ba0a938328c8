//! All processes that descend from this one, and their end.

use rustix::process::{Pid, PidfdFlags, Signal, WaitOptions, pidfd_open, pidfd_send_signal};
use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

/// How long a process may take to end by itself when it is asked to.
const GRACE: Duration = Duration::from_millis(250);
/// How long processes may take to end after they were killed: they may be stuck in the kernel.
const LAST: Duration = Duration::from_secs(5);
/// How long to sleep between two looks.
const LOOK: Duration = Duration::from_millis(2);

/// One process, as `/proc/PID/stat` says (`proc_pid_stat(5)`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Process {
    pid: i32,
    parent: i32,
    dead: bool,
    /// Tells two processes apart that had the same number one after the other.
    started: u64,
}

/// The processes below this one that still run.
fn running() -> Vec<Process> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let mut children: HashMap<i32, Vec<Process>> = HashMap::new();
    for pid in entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()) {
        if let Some(process) = look(pid) {
            children.entry(process.parent).or_default().push(process);
        }
    }
    let own = rustix::process::getpid().as_raw_nonzero().get();
    let mut found: Vec<Process> = children.remove(&own).unwrap_or_default();
    let mut at = 0;
    while let Some(process) = found.get(at) {
        let below = children.remove(&process.pid).unwrap_or_default();
        found.extend(below);
        at += 1;
    }
    found.retain(|process| !process.dead);
    found
}

fn look(pid: i32) -> Option<Process> {
    parse(pid, &std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// The name in the second field may hold anything, so the fields are counted from its last bracket.
fn parse(pid: i32, stat: &str) -> Option<Process> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_ascii_whitespace();
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok()?;
    let started = fields.nth(17)?.parse().ok()?;
    Some(Process { pid, parent, dead: matches!(state, "Z" | "X"), started })
}

fn send(process: &Process, signal: Signal) {
    let Some(pid) = Pid::from_raw(process.pid) else { return };
    let Ok(handle) = pidfd_open(pid, PidfdFlags::empty()) else { return };
    // The handle holds the process; that it is the one that was seen is known only now.
    if look(process.pid).is_some_and(|now| now.started == process.started) {
        let _ = pidfd_send_signal(&handle, signal);
    }
}

/// Takes in what has ended. Gives the status of `wanted`, if it was among them, and whether there is
/// any child left.
pub(crate) fn reap(wanted: Pid) -> (Option<rustix::process::WaitStatus>, bool) {
    let mut status = None;
    loop {
        match rustix::process::wait(WaitOptions::NOHANG) {
            Ok(Some((pid, ended))) if pid == wanted => status = Some(ended),
            Ok(Some(_)) | Err(rustix::io::Errno::INTR) => {}
            Ok(None) => return (status, true),
            Err(_) => return (status, false),
        }
    }
}

/// Asks all to end, and gives them a moment for it.
pub(crate) fn ask_to_end(main: Pid) {
    for process in running() {
        send(&process, Signal::TERM);
    }
    let until = Instant::now() + GRACE;
    while reap(main).1 && Instant::now() < until && !running().is_empty() {
        std::thread::sleep(LOOK);
    }
}

/// Ends all that still runs below this process, and gives how many there were.
pub(crate) fn end_all(main: Pid) -> u32 {
    // Orphans become children of this process: without a child there is nothing below, and no need to
    // look through all processes of the machine.
    if !reap(main).1 {
        return 0;
    }
    // One look may miss a process whose parent changes meanwhile, so each look's are counted, once.
    let mut seen: HashSet<(i32, u64)> = HashSet::new();
    let until = Instant::now() + LAST;
    loop {
        // Stopped first, until no new one is found: what cannot run cannot start another.
        let mut stopped: Vec<Process> = Vec::new();
        loop {
            let fresh: Vec<Process> =
                running().into_iter().filter(|process| !stopped.contains(process)).collect();
            if fresh.is_empty() || Instant::now() > until {
                break;
            }
            for process in &fresh {
                send(process, Signal::STOP);
            }
            stopped.extend(fresh);
        }
        seen.extend(stopped.iter().map(|process| (process.pid, process.started)));
        for process in &stopped {
            send(process, Signal::KILL);
        }
        let (_, more) = reap(main);
        if !more || Instant::now() > until {
            return u32::try_from(seen.len()).unwrap_or(u32::MAX);
        }
        std::thread::sleep(LOOK);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_and_blanks_is_no_field() {
        let stat = "7 (a) R 1 (b) S 42 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 9876 1 2";
        let process = parse(7, stat).unwrap();
        assert_eq!((process.parent, process.started, process.dead), (42, 9876, false));
        assert!(
            parse(7, "7 (x) Z 42 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 9876").unwrap().dead
        );
    }

    #[test]
    fn this_process_is_seen_as_the_system_says() {
        let own = rustix::process::getpid().as_raw_nonzero().get();
        let process = look(own).unwrap();
        assert_eq!(
            Some(process.parent),
            rustix::process::getppid().map(|pid| pid.as_raw_nonzero().get())
        );
    }
}
