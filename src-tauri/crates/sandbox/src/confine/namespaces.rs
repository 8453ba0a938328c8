//! Namespaces: a view of the machine of the command's own.

use super::linux::Namespaces;
use rustix::fs::{Mode, OFlags};
use rustix::process::DumpableBehavior;
use std::ffi::CStr;
use std::io;
use std::mem;

/// What is needed to enter namespaces, made before the fork: entering allocates nothing.
#[derive(Debug)]
pub(super) struct Entrance {
    user: bool,
    flags: libc::c_int,
    uid_map: String,
    gid_map: String,
}

impl Entrance {
    /// An entrance of a kind that can be made here.
    pub(super) fn new(kind: Namespaces, mounts: bool, network: bool) -> Self {
        let user = kind == Namespaces::User;
        let mut flags = if user { libc::CLONE_NEWUSER } else { 0 };
        if mounts {
            // Shared memory and queues are reached by number, not by path.
            flags |= libc::CLONE_NEWNS | libc::CLONE_NEWIPC;
        }
        if network {
            flags |= libc::CLONE_NEWNET;
        }
        let uid = rustix::process::geteuid().as_raw();
        let gid = rustix::process::getegid().as_raw();
        Self { user, flags, uid_map: format!("{uid} {uid} 1"), gid_map: format!("{gid} {gid} 1") }
    }

    /// Moves this process, which has one thread, into new namespaces. It stays who it is.
    pub(super) fn enter(&self) -> io::Result<()> {
        // SAFETY: a plain system call without pointers.
        if unsafe { libc::unshare(self.flags) } != 0 {
            return Err(io::Error::last_os_error());
        }
        if self.user {
            // The maps of a process that may not be looked into belong to root.
            rustix::process::set_dumpable_behavior(DumpableBehavior::Dumpable)?;
            let written = self.write_maps();
            rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
            written?;
        }
        if self.flags & libc::CLONE_NEWNET != 0 {
            raise_loopback()?;
        }
        Ok(())
    }

    fn write_maps(&self) -> io::Result<()> {
        write(c"/proc/self/setgroups", "deny")?;
        write(c"/proc/self/uid_map", &self.uid_map)?;
        write(c"/proc/self/gid_map", &self.gid_map)
    }
}

fn write(file: &CStr, text: &str) -> io::Result<()> {
    let file = rustix::fs::open(file, OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty())?;
    rustix::io::write(file, text.as_bytes())?;
    Ok(())
}

/// Flags of an interface, from `linux/if.h`.
const UP_AND_RUNNING: libc::c_short = 0x41;

/// A new network has a loopback that is down: servers that a test starts for itself need it.
fn raise_loopback() -> io::Result<()> {
    use std::os::fd::AsRawFd as _;
    let socket = rustix::net::socket(
        rustix::net::AddressFamily::INET,
        rustix::net::SocketType::DGRAM,
        None,
    )?;
    // SAFETY: the request is initialised, names an interface by a C string, and outlives both calls,
    // which read and write a structure of just this kind.
    unsafe {
        let mut request: libc::ifreq = mem::zeroed();
        request.ifr_name[0] = b'l'.cast_signed();
        request.ifr_name[1] = b'o'.cast_signed();
        if libc::ioctl(socket.as_raw_fd(), libc::SIOCGIFFLAGS, &raw mut request) != 0 {
            return Err(io::Error::last_os_error());
        }
        request.ifr_ifru.ifru_flags |= UP_AND_RUNNING;
        if libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS, &raw const request) != 0 {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}

/// Whether namespaces of this kind can be made and used here: tried in a process of its own.
pub(super) fn can_be_made(kind: Namespaces) -> bool {
    let entrance = Entrance::new(kind, true, true);
    // SAFETY: the child makes system calls only, allocates nothing, and ends by `_exit`; the parent
    // waits for that very child.
    unsafe {
        let child = libc::fork();
        if child == 0 {
            let made = entrance.enter().is_ok() && super::mounts::can_mount().is_ok();
            libc::_exit(i32::from(!made));
        }
        let mut status = -1;
        while child > 0 && libc::waitpid(child, &raw mut status, 0) == -1 {
            if io::Error::last_os_error().kind() != io::ErrorKind::Interrupted {
                return false;
            }
        }
        child > 0 && status == 0
    }
}
