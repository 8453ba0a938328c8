//! The command line of the window.

use clap::Parser;
use std::path::PathBuf;

/// A coding agent that does nothing to your machine until you countersign it.
#[derive(Debug, Parser)]
#[command(name = "countersign", version)]
pub(crate) struct Arguments {
    /// The folder to open.
    #[arg(value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
    /// Where sessions live.
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// The settings file.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// What is said where there is no display.
pub(crate) const NO_DISPLAY: &str =
    "countersign: there is no display here. In a terminal, use: countersign-cli run \"TASK\"";

/// Whether a window can be opened at all.
pub(crate) fn has_display() -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !cfg!(target_os = "linux") || set("DISPLAY") || set("WAYLAND_DISPLAY")
}
