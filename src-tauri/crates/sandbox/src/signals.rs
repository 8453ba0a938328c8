//! The signals of the supervisor and of the command. A process inherits which signals are ignored and
//! which are blocked: what the program, or who started it, set for itself must not reach a command.

use rustix::process::{Pid, Signal};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{FromRawFd as _, OwnedFd};

/// The last signal number of Linux.
const LAST: libc::c_int = 64;

/// What asks the supervisor to end: it then ends the command first.
const REQUESTS: [libc::c_int; 3] = [libc::SIGTERM, libc::SIGINT, libc::SIGHUP];

/// Gives all signals their default meaning. Above all `SIGCHLD`: where it is ignored, the kernel tells
/// nobody how a child ended. The C library keeps two numbers, 32 and 33, to itself:
/// its `posix_spawn` leaves them ignored in every process, which harms none.
pub(crate) fn reset() {
    for signal in 1..=LAST {
        // SAFETY: no handler of this process is replaced by code; the kernel refuses, without effect,
        // the numbers that may not be set.
        unsafe {
            libc::signal(signal, libc::SIG_DFL);
        }
    }
}

/// Holds back the signals that ask this process to end, and gives a descriptor that is readable once
/// one came. Whatever else was held back is let through.
pub(crate) fn requests() -> io::Result<OwnedFd> {
    let set = set_of(&REQUESTS);
    hold_back(&set)?;
    // SAFETY: the set is initialised; the new descriptor belongs to nobody else.
    unsafe {
        match libc::signalfd(-1, &raw const set, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK) {
            -1 => Err(io::Error::last_os_error()),
            descriptor => Ok(OwnedFd::from_raw_fd(descriptor)),
        }
    }
}

/// Readies the command between `fork` and `exec`: no signal is held back, and it is killed when its
/// supervisor is. The supervisor has one thread only, so that this means the process.
pub(crate) fn in_command(supervisor: Pid) -> io::Result<()> {
    hold_back(&set_of(&[]))?;
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    // It may have died before the line above.
    if rustix::process::getppid() == Some(supervisor) {
        Ok(())
    } else {
        Err(io::Error::from_raw_os_error(libc::ESRCH))
    }
}

fn set_of(signals: &[libc::c_int]) -> libc::sigset_t {
    let mut set = MaybeUninit::uninit();
    // SAFETY: `sigemptyset` initialises the set and cannot fail; the numbers are valid.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        for signal in signals {
            libc::sigaddset(set.as_mut_ptr(), *signal);
        }
        set.assume_init()
    }
}

fn hold_back(set: &libc::sigset_t) -> io::Result<()> {
    // SAFETY: the set is initialised; the former one is not asked for.
    match unsafe { libc::sigprocmask(libc::SIG_SETMASK, set, std::ptr::null_mut()) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
