//! Linux: Landlock and a filter of system calls, with namespaces where they can be made.

use super::sealed::Hold;
use super::{Confinement, FilePlan, Held, Launch, Limits, Places, Plan, Unconfined, namespaces};
use serde::{Deserialize, Serialize};
use std::io;
use std::path::PathBuf;

/// Which namespaces can be made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Namespaces {
    /// None: not by this user, or not on this system.
    #[default]
    None,
    /// All, by the privilege of root.
    Own,
    /// All, within a user namespace.
    User,
}

/// What this kernel has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// The version of Landlock's interface, from 1. Versions past 6 bring nothing that is used here.
    pub abi: u8,
    /// Namespaces.
    pub namespaces: Namespaces,
}

/// Confinement by Landlock and seccomp.
#[derive(Clone, Debug)]
pub struct Landlock {
    level: Level,
    places: Places,
}

/// The last version of Landlock's interface that is used: from it on nothing of this crate's changes.
const LAST_USED: u8 = 6;

impl Landlock {
    /// What this system has, with the places of the person who runs the program.
    pub fn find() -> Result<Self, Unconfined> {
        let abi = abi();
        if abi == 0 {
            return Err(Unconfined { why: "this kernel has no Landlock, or it is switched off" });
        }
        if !has_seccomp() {
            return Err(Unconfined { why: "this kernel has no seccomp filters" });
        }
        let root = rustix::process::geteuid().is_root();
        let namespaces = if root && namespaces::can_be_made(Namespaces::Own) {
            Namespaces::Own
        } else if namespaces::can_be_made(Namespaces::User) {
            Namespaces::User
        } else {
            Namespaces::None
        };
        Ok(Self { level: Level { abi, namespaces }, places: Places::of_this_user() })
    }

    /// The level that it works at.
    #[must_use]
    pub fn level(&self) -> Level {
        self.level
    }

    /// The same at a lower level, as on an older system, and with other places. For tests.
    #[must_use]
    pub fn lowered(&self, abi: u8, namespaces: Namespaces, places: Places) -> Self {
        let abi = abi.clamp(1, self.level.abi);
        let namespaces = match namespaces {
            Namespaces::None => Namespaces::None,
            Namespaces::Own | Namespaces::User => self.level.namespaces,
        };
        Self { level: Level { abi, namespaces }, places }
    }

    /// What the command may do beyond reading, and what it may not read.
    fn files(&self, private: &[PathBuf]) -> FilePlan {
        let Places { writable, made, hidden } = self.places.clone();
        let hidden = hidden.into_iter().chain(private.iter().cloned()).collect();
        FilePlan { abi: self.level.abi.min(LAST_USED), writable, made, hidden }
    }
}

impl Confinement for Landlock {
    fn active(&self) -> bool {
        true
    }

    fn cuts_network(&self) -> bool {
        true
    }

    fn describe(&self) -> String {
        let namespaces = match self.level.namespaces {
            Namespaces::None => "no namespaces",
            Namespaces::Own | Namespaces::User => "namespaces",
        };
        format!("confined (Landlock ABI {}, seccomp, {namespaces})", self.level.abi)
    }
}

impl Hold for Landlock {
    #[expect(private_interfaces, reason = "the trait is sealed: nobody outside can call it")]
    fn hold(&self, launch: Launch, limits: &Limits) -> io::Result<Held> {
        let plan = Plan {
            files: limits.confine.as_ref().map(|bounds| self.files(&bounds.private)),
            cut_network: !limits.network,
            namespaces: self.level.namespaces,
        };
        Ok(Held::ByPlan(launch, plan))
    }
}

/// The version of Landlock's interface; 0 where there is none.
fn abi() -> u8 {
    const VERSION: libc::c_ulong = 1;
    // SAFETY: with this flag the call takes no structure and gives a number.
    let version = unsafe {
        libc::syscall(libc::SYS_landlock_create_ruleset, std::ptr::null::<u8>(), 0_usize, VERSION)
    };
    u8::try_from(version).unwrap_or(0)
}

/// Whether a filter could be put on: asked for with a null pointer, the kernel complains of that.
fn has_seccomp() -> bool {
    const SET_MODE_FILTER: libc::c_ulong = 1;
    // SAFETY: the kernel refuses the null pointer and changes nothing.
    let result = unsafe {
        libc::syscall(
            libc::SYS_seccomp,
            SET_MODE_FILTER,
            0 as libc::c_ulong,
            std::ptr::null::<u8>(),
        )
    };
    result == -1 && io::Error::last_os_error().raw_os_error() == Some(libc::EFAULT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_level_is_named() {
        let at = |abi, namespaces| {
            Landlock { level: Level { abi, namespaces }, places: Places::default() }.describe()
        };
        assert_eq!(at(7, Namespaces::User), "confined (Landlock ABI 7, seccomp, namespaces)");
        assert_eq!(at(2, Namespaces::None), "confined (Landlock ABI 2, seccomp, no namespaces)");
    }
}
