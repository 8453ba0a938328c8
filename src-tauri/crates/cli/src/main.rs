//! `countersign-cli`: the same agent as the window's, in a terminal, for scripts, servers and editors.

mod args;
mod json;
mod policy;
mod rules;
mod run;
mod sessions;
mod terminal;
mod undo;

use args::{Arguments, Command};
use clap::Parser as _;
use std::io::Write as _;
use std::process::ExitCode;

/// Exit code of bad usage.
pub(crate) const BAD_USAGE: u8 = 2;

fn main() -> ExitCode {
    countersign_agent::become_supervisor_if_asked();
    let filter = tracing_subscriber::EnvFilter::try_from_env("COUNTERSIGN_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let done = match Arguments::parse().command {
        Command::Run(run) => run::run(run),
        Command::Policy(args::PolicyCommand::Check(check)) => policy::check(&check),
        Command::Sessions(command) => sessions::sessions(command),
        Command::Policy(args::PolicyCommand::Rules(arguments)) => rules::list(&arguments),
        Command::Policy(args::PolicyCommand::Revoke(arguments)) => rules::revoke(&arguments),
    };
    match done {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            say(&format!("countersign-cli: {error}"));
            ExitCode::from(if error.is::<BadUsage>() { BAD_USAGE } else { 1 })
        }
    }
}

/// The command line or the settings make no sense.
#[derive(Debug)]
pub(crate) struct BadUsage(pub(crate) String);

impl std::fmt::Display for BadUsage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadUsage {}

/// A line on standard error.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}
