//! The supervisor's own process.

use crate::confine::{Report as Trouble, put_on};
use crate::signals;
use crate::tree;
use crate::wire::{self, Ended, Order, Report};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendFlags};
use rustix::process::{Pid, PidfdFlags, WaitStatus, pidfd_open};
use std::ffi::{CStr, OsStr, OsString};
use std::fs::File;
use std::io::{self, IoSliceMut, Read};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// The name under which the program is started as a supervisor.
pub(crate) const NAME: &CStr = c"countersign-supervisor";

/// How often what has ended is taken in while the command runs.
const REAP: Duration = Duration::from_millis(500);

/// Whether this program looks, at its start, whether it is to be a supervisor.
static ASKED: AtomicBool = AtomicBool::new(false);

/// Whether this program, started anew as a supervisor, becomes one. Otherwise it would do all over
/// again what it does, and start itself again.
pub(crate) fn can_supervise() -> bool {
    ASKED.load(Ordering::Relaxed)
}

pub(crate) fn note_that_asked() {
    ASKED.store(true, Ordering::Relaxed);
}

/// Becomes the supervisor of a command, if this process was started as one: then it never returns.
/// Must be the first statement of `main`.
pub fn become_supervisor_if_asked() {
    note_that_asked();
    let name = std::env::args_os().next().unwrap_or_default();
    if name.as_encoded_bytes() == NAME.to_bytes() {
        supervise();
    }
}

/// Supervises one command to its end. Standard input is the socket to the program; standard output
/// and error are the command's.
pub(crate) fn supervise() -> ! {
    let code = i32::from(run().is_err());
    // Nothing of the program's was set up, and nothing of it is to be torn down.
    // SAFETY: `_exit` may be called at any time.
    unsafe { libc::_exit(code) }
}

fn run() -> io::Result<()> {
    // SAFETY: nothing in this process owns a descriptor above 2 yet. What the program left open by
    // mistake must not reach the command.
    unsafe {
        libc::close_range(3, libc::c_uint::MAX, 0);
    }
    signals::reset();
    let requests = signals::requests()?;
    // No death signal from the program: the kernel sends it when the thread that started this process
    // ends, and the program lives on. The socket tells the program's end.

    // Its memory holds the command's environment: other processes of the person may not read it.
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)?;
    // Orphans of the command become children of this process, whatever session they are in.
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
    let _ = rustix::process::setsid();

    let socket = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3)?;
    let folders = receive_folders(socket.as_fd())?;
    let mut socket = File::from(socket);
    let order: Order = wire::read(&mut socket)?;

    let report = match start(order, folders, &mut socket, &requests) {
        Ok(report) => report,
        Err(error) => Some(Report { end: Ended::NotStarted(why(&error)), stragglers: 0 }),
    };
    // Without a report the program is gone, and nobody listens.
    let Some(report) = report else { return Ok(()) };
    let mut frame = wire::framed(&report)?;
    while !frame.is_empty() {
        let sent = rustix::net::send(&socket, &frame, SendFlags::NOSIGNAL)?;
        frame.drain(..sent);
    }
    Ok(())
}

fn why(error: &io::Error) -> String {
    if error.kind() == io::ErrorKind::NotFound {
        "the shell is not there".to_owned()
    } else if error.kind() == io::ErrorKind::ArgumentListTooLong {
        "the command with its environment is too long for this system".to_owned()
    } else if error.kind() == io::ErrorKind::InvalidInput {
        "the command or its environment holds a zero byte".to_owned()
    } else {
        error.to_string()
    }
}

/// The folders of a command, by handle.
struct Folders {
    cwd: OwnedFd,
    workspace: OwnedFd,
}

fn receive_folders(socket: BorrowedFd<'_>) -> io::Result<Folders> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0];
    rustix::net::recvmsg(
        socket,
        &mut [IoSliceMut::new(&mut byte)],
        &mut control,
        RecvFlags::CMSG_CLOEXEC,
    )?;
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(mut handles) = message
            && let (Some(cwd), Some(workspace)) = (handles.next(), handles.next())
        {
            return Ok(Folders { cwd, workspace });
        }
    }
    Err(io::Error::other("no folder was sent"))
}

/// Whether the program at the other end of the socket has ended.
fn is_gone(socket: &File) -> io::Result<bool> {
    let mut ends = [PollFd::new(socket, PollFlags::empty())];
    poll(&mut ends, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }))?;
    Ok(ends[0].revents().contains(PollFlags::HUP))
}

/// Starts the command and follows it. None where the program is gone, or where it cannot be followed.
fn start(
    order: Order,
    folders: Folders,
    socket: &mut File,
    requests: &OwnedFd,
) -> io::Result<Option<Report>> {
    let Order { program, args, env, timeout_ms, plan } = order;
    let deadline = Instant::now().checked_add(Duration::from_millis(timeout_ms));
    let mut command = Command::new(OsString::from_vec(program));
    command
        .args(args.into_iter().map(OsString::from_vec))
        .env_clear()
        .envs(
            env.into_iter()
                .map(|(name, value)| (OsString::from_vec(name), OsString::from_vec(value))),
        )
        .stdin(Stdio::null())
        .stdout(rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdout(), 3)?)
        .stderr(rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stderr(), 3)?);
    let supervisor = rustix::process::getpid();
    let (trouble, told) = Trouble::new()?;
    // SAFETY: this process has one thread, so that no lock is held and allocating is sound.
    unsafe {
        command.pre_exec(move || {
            rustix::process::setsid()?;
            signals::in_command(supervisor)?;
            put_on(&plan, &folders.cwd, &folders.workspace, &trouble)
        });
    }
    // A program that was killed after it gave the order is not to have a command begun in its name: it
    // may be taken up again already.
    if is_gone(socket)? {
        return Ok(None);
    }
    let spawned = command.spawn();
    drop(command);
    let child = spawned.map_err(|error| explained(error, told))?;
    let main = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let main = main.ok_or_else(|| io::Error::other("the system gave no process number"))?;
    Ok(follow(main, deadline, socket, requests).unwrap_or_else(|_| {
        // Better no word than a wrong one: the program sees that this process ended without a report.
        tree::end_all(main);
        None
    }))
}

/// Why the command did not start: a limit that could not be put on, or the system's own word.
fn explained(error: io::Error, told: OwnedFd) -> io::Error {
    let mut text = String::new();
    match File::from(told).read_to_string(&mut text) {
        Ok(length) if length > 0 => io::Error::other(format!(
            "it could not be confined ({text}). Nothing was run. It can be approved unconfined"
        )),
        _ => error,
    }
}

/// Waits for the command's end, a stop, the timeout, or the program's end, whichever is first; then
/// ends whatever is left.
fn follow(
    main: Pid,
    deadline: Option<Instant>,
    socket: &mut File,
    requests: &OwnedFd,
) -> io::Result<Option<Report>> {
    // The program reads the command's streams to their ends: this process must not keep them open.
    let null = rustix::fs::open(c"/dev/null", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())?;
    rustix::stdio::dup2_stdout(&null)?;
    rustix::stdio::dup2_stderr(&null)?;
    let handle = pidfd_open(main, PidfdFlags::empty())?;
    loop {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        if left == Some(Duration::ZERO) {
            tree::ask_to_end(main);
            tree::end_all(main);
            return Ok(Some(Report { end: Ended::TimedOut, stragglers: 0 }));
        }
        let wait = left.map_or(REAP, |left| left.min(REAP));
        let wait = Timespec {
            tv_sec: i64::try_from(wait.as_secs()).unwrap_or(1),
            tv_nsec: wait.subsec_nanos().into(),
        };
        let (mut asked, mut signalled) = (false, false);
        {
            // The command's handle is there to be woken by its end; its status comes from `reap`.
            let mut handles = [
                PollFd::new(socket, PollFlags::IN),
                PollFd::new(requests, PollFlags::IN),
                PollFd::new(&handle, PollFlags::IN),
            ];
            match poll(&mut handles, Some(&wait)) {
                Ok(_) => {
                    asked = !handles[0].revents().is_empty();
                    signalled = !handles[1].revents().is_empty();
                }
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        if let (Some(status), _) = tree::reap(main) {
            let stragglers = tree::end_all(main);
            return Ok(Some(Report { end: end_of(status), stragglers }));
        }
        if asked || signalled {
            // The program asks too where it hears nothing long after the timeout: see `LATE`.
            let late = deadline.is_some_and(|deadline| Instant::now() >= deadline);
            let end = if late { Ended::TimedOut } else { Ended::Stopped };
            let mut byte = [0];
            let stop = !asked || (matches!(socket.read(&mut byte), Ok(1)) && byte[0] == wire::STOP);
            tree::ask_to_end(main);
            tree::end_all(main);
            return Ok(stop.then_some(Report { end, stragglers: 0 }));
        }
    }
}

fn end_of(status: WaitStatus) -> Ended {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => Ended::Exited(code),
        (None, Some(signal)) => Ended::Signalled(signal),
        (None, None) => Ended::Exited(-1),
    }
}

/// The name as an argument.
pub(crate) fn name() -> &'static OsStr {
    OsStr::new("countersign-supervisor")
}

#[cfg(test)]
mod tests {
    #[test]
    fn both_forms_of_the_name_agree() {
        assert_eq!(super::name().as_encoded_bytes(), super::NAME.to_bytes());
    }
}
