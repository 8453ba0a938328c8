//! What the operating system does to hold a command back: one trait, and an implementation for each
//! system that has something.
//!
//! The program prepares a plan, which goes to the supervisor with the command; the command puts it
//! on between `fork` and `exec`. A plan that cannot be put on ends the command before it starts: it
//! is never weakened in silence.

mod filter;
mod grants;
mod linux;
mod mounts;
mod namespaces;
mod places;
mod plan;
mod put_on;
mod seatbelt;

pub use linux::{Landlock, Level, Namespaces};
pub use places::{Home, Places};
pub use seatbelt::{Seatbelt, profile};

pub(crate) use grants::settled;
pub(crate) use plan::{FilePlan, Plan};
pub(crate) use put_on::{Report, put_on};

use std::ffi::OsString;
use std::fmt::Debug;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

/// What a command is held to. The default is what every program of the person's may do.
#[derive(Debug)]
pub struct Limits {
    /// The folders that it is confined to; none where it is not confined.
    pub confine: Option<Bounds>,
    /// Whether it reaches the network.
    pub network: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self { confine: None, network: true }
    }
}

/// The bounds of a confined command.
#[derive(Debug)]
pub struct Bounds {
    /// The workspace, by handle: what was swapped in its place is not written to.
    pub workspace: OwnedFd,
    /// Folders that it must not read: the program's own settings and data.
    pub private: Vec<PathBuf>,
}

/// A program to start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Launch {
    pub(crate) program: PathBuf,
    pub(crate) args: Vec<OsString>,
}

/// How the system holds a command back.
pub(crate) enum Held {
    /// The command does it to itself, by this plan, before it starts.
    ByPlan(Launch, Plan),
    /// Another program starts it so.
    ByLaunch(Launch),
}

/// What a system has to confine commands.
pub trait Confinement: Debug + Send + Sync + sealed::Hold {
    /// Whether it confines commands at all.
    fn active(&self) -> bool;
    /// Whether it can keep a command from the network.
    fn cuts_network(&self) -> bool;
    /// Its level, in words for a status bar: "confined (Landlock ABI 7, seccomp, namespaces)".
    fn describe(&self) -> String;
}

pub(crate) mod sealed {
    use super::{Held, Launch, Limits};
    use std::io;

    /// How a launch is held to its limits. Only this crate can say so.
    pub trait Hold {
        /// Fits a launch with its limits; an error where the system cannot.
        #[expect(private_interfaces, reason = "the trait is sealed: nobody outside can call it")]
        fn hold(&self, launch: Launch, limits: &Limits) -> io::Result<Held>;
    }
}

/// A system that confines nothing.
#[derive(Clone, Copy, Debug)]
pub struct Unconfined {
    /// Why, for the person.
    pub why: &'static str,
}

impl Confinement for Unconfined {
    fn active(&self) -> bool {
        false
    }

    fn cuts_network(&self) -> bool {
        false
    }

    fn describe(&self) -> String {
        format!("NOT CONFINED: {}. A command that you approve can do whatever you can.", self.why)
    }
}

impl sealed::Hold for Unconfined {
    #[expect(private_interfaces, reason = "the trait is sealed: nobody outside can call it")]
    fn hold(&self, launch: Launch, limits: &Limits) -> std::io::Result<Held> {
        if limits.confine.is_some() {
            return Err(std::io::Error::other("this system cannot confine commands"));
        }
        if !limits.network {
            return Err(std::io::Error::other(
                "this system cannot keep a command from the network",
            ));
        }
        Ok(Held::ByLaunch(launch))
    }
}

/// What this system has. It is found out once.
pub fn system() -> Arc<dyn Confinement> {
    static FOUND: OnceLock<Arc<dyn Confinement>> = OnceLock::new();
    Arc::clone(FOUND.get_or_init(find))
}

fn find() -> Arc<dyn Confinement> {
    if cfg!(target_os = "macos") {
        return match Seatbelt::find() {
            Some(seatbelt) => Arc::new(seatbelt),
            None => Arc::new(Unconfined { why: "this system has no sandbox-exec" }),
        };
    }
    match Landlock::find() {
        Ok(landlock) => Arc::new(landlock),
        Err(unconfined) => Arc::new(unconfined),
    }
}

#[cfg(test)]
mod tests {
    use super::sealed::Hold as _;
    use super::*;

    #[test]
    fn a_system_without_anything_says_so_and_refuses_to_pretend() {
        let none = Unconfined { why: "the kernel has no Landlock" };
        assert!(!none.active() && !none.cuts_network());
        assert!(none.describe().starts_with("NOT CONFINED: the kernel has no Landlock."));
        let launch = || Launch { program: "/bin/true".into(), args: Vec::new() };
        let workspace = || std::fs::File::open("/").unwrap().into();
        let confine = Some(Bounds { workspace: workspace(), private: Vec::new() });
        assert!(none.hold(launch(), &Limits { confine, network: true }).is_err());
        assert!(none.hold(launch(), &Limits { confine: None, network: false }).is_err());
        assert!(matches!(none.hold(launch(), &Limits::default()), Ok(Held::ByLaunch(_))));
    }
}
