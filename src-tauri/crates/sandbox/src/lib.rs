//! Child processes: started under a supervisor, bounded, and ended whole.
//!
//! Between the program and a command stands the program started anew with an emptied environment. It
//! is the subreaper of the command, watches a socket to the program, and ends all that the command
//! started, other sessions and daemons included: on timeout, on stop, and when the program is gone.
//!
//! A command can be confined by the operating system: see [`confine`].
//!
//! This is the only crate with `unsafe`. It must never decide whether a command may run.

mod capture;
mod child;
pub mod confine;
pub mod environment;
mod error;
#[cfg(feature = "supervise_at_load")]
mod load;
mod refusal;
mod signals;
mod supervisor;
mod tree;
mod wire;

pub use capture::Captured;
pub use child::become_supervisor_if_asked;
pub use error::SandboxError;
pub use refusal::Refused;
pub use supervisor::{CommandSpec, End, Finished, Output, Supervisor};
