//! Putting the limits on: in the command's own process, between `fork` and `exec`. The supervisor has
//! one thread, so that what is allocated here is sound.

use super::linux::Namespaces;
use super::namespaces::Entrance;
use super::{FilePlan, Plan, filter, grants, mounts};
use landlock::RulesetCreated;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};

/// How the supervisor hears which limit could not be put on: an error of `fork` is but a number.
#[derive(Debug)]
pub(crate) struct Report(OwnedFd);

impl Report {
    /// A report, and where it is read.
    pub(crate) fn new() -> io::Result<(Self, OwnedFd)> {
        let (read, write) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?;
        Ok((Self(write), read))
    }

    fn of<T>(&self, stage: &str, result: io::Result<T>) -> io::Result<T> {
        result.map_err(|error| {
            let _ = rustix::io::write(&self.0, format!("{stage}: {error}").as_bytes());
            // The number alone gets through; another kind of error has none.
            error.raw_os_error().map_or_else(
                || io::Error::from_raw_os_error(libc::EPERM),
                io::Error::from_raw_os_error,
            )
        })
    }
}

/// Capabilities that root keeps within a confined command: those over files, which Landlock still
/// judges, and over its own processes.
const KEPT: &[u32] = &[
    0,  // CAP_CHOWN
    1,  // CAP_DAC_OVERRIDE
    3,  // CAP_FOWNER
    4,  // CAP_FSETID
    5,  // CAP_KILL
    6,  // CAP_SETGID
    7,  // CAP_SETUID
    10, // CAP_NET_BIND_SERVICE
];

/// Puts the limits on this process for good, and moves it into its folder.
pub(crate) fn put_on(
    plan: &Plan,
    folder: &OwnedFd,
    workspace: &OwnedFd,
    report: &Report,
) -> io::Result<()> {
    for place in plan.files.iter().flat_map(|files| &files.made) {
        // What cannot be made cannot be written to either: the tool will say so.
        let _ = std::fs::create_dir_all(place);
    }
    let own_view = plan.files.is_some() && plan.namespaces != Namespaces::None;
    let own_network = plan.cut_network && plan.namespaces != Namespaces::None;
    if own_view || own_network {
        let entrance = Entrance::new(plan.namespaces, own_view, own_network);
        report.of("namespaces", entrance.enter())?;
    }
    let rules = match &plan.files {
        None => {
            rustix::process::fchdir(folder)?;
            None
        }
        Some(files) => Some(view(files, own_view, folder, workspace, report)?),
    };
    if plan.files.is_some() && rustix::process::geteuid().is_root() {
        report.of("capabilities", drop_capabilities())?;
    }
    if let Some(rules) = rules {
        report.of("Landlock", rules.restrict_self().map(drop).map_err(io::Error::other))?;
    }
    let internet = !plan.cut_network || own_network;
    if plan.files.is_some() || !internet {
        let programs = report.of("seccomp", filter::programs(plan.files.is_some(), internet))?;
        report.of("seccomp", filter::apply(&programs))?;
    }
    Ok(())
}

/// Arranges what the command sees of the files, enters its folder, and gives the rules for Landlock.
fn view(
    files: &FilePlan,
    own_view: bool,
    folder: &OwnedFd,
    workspace: &OwnedFd,
    report: &Report,
) -> io::Result<RulesetCreated> {
    let of_handle = |handle: &OwnedFd| report.of("the folder", mounts::reopen(handle.as_fd()));
    let (workspace, path) = of_handle(workspace)?;
    let hidden = grants::settled(&files.hidden);
    if !own_view {
        rustix::process::fchdir(folder)?;
        let writable = grants::settled(&files.writable);
        return report.of("Landlock", grants::rules(files.abi, &workspace, &writable, &hidden));
    }
    let writable: Vec<_> = files.writable.iter().cloned().chain([path]).collect();
    let writable = grants::settled(&writable);
    report.of("mounts", mounts::arrange(&writable, &hidden))?;
    // Both anew: what was opened before the view was arranged is not part of it.
    let (workspace, _) = of_handle(&workspace)?;
    let (folder, _) = of_handle(folder)?;
    report.of("the folder", Ok(rustix::process::fchdir(folder)?))?;
    report.of("Landlock", grants::rules(files.abi, &workspace, &writable, &hidden))
}

/// Root would get all capabilities back by `exec`, but for those that it is bound not to have.
fn drop_capabilities() -> io::Result<()> {
    for capability in (0..64).filter(|capability| !KEPT.contains(capability)) {
        let (read, drop) = (libc::PR_CAPBSET_READ, libc::PR_CAPBSET_DROP);
        // SAFETY: both calls take a number and no pointer.
        unsafe {
            if libc::prctl(read, libc::c_ulong::from(capability), 0, 0, 0) == 1
                && libc::prctl(drop, libc::c_ulong::from(capability), 0, 0, 0) != 0
            {
                return Err(io::Error::last_os_error());
            }
        }
    }
    let mut sets = rustix::thread::capabilities(None)?;
    sets.inheritable = rustix::thread::CapabilitySet::empty();
    rustix::thread::set_capabilities(None, sets)?;
    Ok(())
}
