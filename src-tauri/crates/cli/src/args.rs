//! The command line, as README and `--help` say it.

use clap::{Args, Parser, Subcommand, ValueEnum};
use countersign_agent::{Folders, Overrides, Settings};
use countersign_protocol::{ExecSecurity, FileApproval, ProviderKind};
use std::path::PathBuf;

/// A coding agent that does nothing to your machine until you countersign it.
#[derive(Debug, Parser)]
#[command(name = "countersign-cli", version)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Do one task, to the end.
    Run(RunArguments),
    /// Ask the guard.
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// What is stored of earlier sessions.
    #[command(subcommand)]
    Sessions(SessionsCommand),
}

#[derive(Debug, Subcommand)]
pub(crate) enum SessionsCommand {
    /// All sessions, newest first.
    List {
        #[command(flatten)]
        data: DataArguments,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
        /// Those that were archived, too.
        #[arg(long)]
        all: bool,
    },
    /// What was said and done, to read.
    Show {
        #[command(flatten)]
        data: DataArguments,
        /// The session, or the beginning of its id.
        id: String,
    },
    /// Where these words were said, in all sessions, the last place first.
    Search {
        #[command(flatten)]
        data: DataArguments,
        /// The words; each is found by its beginning.
        text: String,
    },
    /// Remove a session for good.
    Delete {
        #[command(flatten)]
        data: DataArguments,
        /// The session, or the beginning of its id.
        id: String,
    },
    /// Go on where it stopped.
    Resume(ResumeArguments),
    /// What it changed, against its start, as JSON.
    Changes {
        #[command(flatten)]
        data: DataArguments,
        /// The session, or the beginning of its id.
        id: String,
    },
    /// Take back what it changed: all of it, or a turn, a file, a call.
    Revert(RevertArguments),
    /// Give it a name; an empty one takes it away.
    Rename {
        #[command(flatten)]
        data: DataArguments,
        /// The session, or the beginning of its id.
        id: String,
        /// The name.
        title: String,
    },
    /// Take it off the list, or put it back.
    Archive {
        #[command(flatten)]
        data: DataArguments,
        /// The session, or the beginning of its id.
        id: String,
        /// Put it back.
        #[arg(long)]
        undo: bool,
    },
    /// Make a new session of all that came before one of your messages. Files stay as they are.
    Fork {
        #[command(flatten)]
        data: DataArguments,
        /// The session, or the beginning of its id.
        id: String,
        /// The message's seq.
        #[arg(long, value_name = "SEQ")]
        before: u64,
    },
    /// The journal on standard output.
    Export(ExportArguments),
    /// Bring in a session that was exported as JSON lines.
    Import {
        #[command(flatten)]
        data: DataArguments,
        /// The file.
        file: PathBuf,
    },
}

/// What an export is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// One envelope a line.
    Jsonl,
    /// To read.
    Markdown,
}

#[derive(Debug, Args)]
pub(crate) struct ExportArguments {
    #[command(flatten)]
    pub(crate) data: DataArguments,
    /// The session, or the beginning of its id.
    pub(crate) id: String,
    /// What it is written as.
    #[arg(long, value_enum, default_value = "jsonl")]
    pub(crate) format: ExportFormat,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// What would be decided, and why. Runs nothing.
    Check(CheckArguments),
    /// The rules that you made on cards, newest first.
    Rules(RulesArguments),
    /// End a rule: what it let through asks again.
    Revoke(RevokeArguments),
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ExecSecurityArgument {
    ApprovalAlways,
    Allowlist,
    AllowAlways,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FileApprovalArgument {
    Always,
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum OnOff {
    On,
    Off,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ProviderArgument {
    Anthropic,
    Openai,
    Tour,
}

/// How cards are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Approve {
    /// Ask: on the terminal, or over --json.
    Ask,
    /// Deny all.
    Deny,
}

/// What `run` and `policy check` share.
#[derive(Debug, Args)]
pub(crate) struct SharedArguments {
    /// The folder that the agent is confined to; the current folder unless told.
    #[arg(long, value_name = "DIR")]
    workspace: Option<PathBuf>,
    /// What decides over commands.
    #[arg(long, value_enum)]
    exec_security: Option<ExecSecurityArgument>,
    /// A pattern of commands that run under allowlist, such as "node *"; may be repeated.
    #[arg(long, value_name = "PATTERN")]
    allow: Vec<String>,
    /// What decides over writes and edits inside the workspace.
    #[arg(long, value_enum)]
    file_approval: Option<FileApprovalArgument>,
    /// Confinement of commands by the operating system.
    #[arg(long, value_enum)]
    confine: Option<OnOff>,
    /// The settings file.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where sessions live.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct RevertArguments {
    #[command(flatten)]
    pub(crate) data: DataArguments,
    /// The session, or the beginning of its id.
    pub(crate) id: String,
    /// Only what this turn changed, from 1.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) turn: Option<u32>,
    /// Only this file.
    #[arg(long, value_name = "PATH")]
    pub(crate) file: Option<String>,
    /// Only what this call changed, or what an earlier revert put back.
    #[arg(long, value_name = "CALL", conflicts_with_all = ["turn", "file"])]
    pub(crate) call: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    #[command(flatten)]
    pub(crate) how: RunOptions,
    /// What is to be done.
    #[arg(value_name = "TASK")]
    pub(crate) task: String,
}

#[derive(Debug, Args)]
pub(crate) struct ResumeArguments {
    /// The session, or the beginning of its id.
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) how: RunOptions,
}

/// How a run goes.
#[derive(Debug, Args)]
pub(crate) struct RunOptions {
    #[command(flatten)]
    pub(crate) shared: SharedArguments,
    /// Which model client.
    #[arg(long, value_enum)]
    provider: Option<ProviderArgument>,
    /// The model's name.
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// The server's address.
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// Model calls before the run stops; 30 unless told.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    max_steps: Option<u32>,
    /// Events on stdout and decisions on stdin, one JSON object a line.
    #[arg(long)]
    pub(crate) json: bool,
    /// How cards are answered; deny where there is neither a terminal nor --json.
    #[arg(long, value_enum)]
    pub(crate) approve: Option<Approve>,
}

#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("question").required(true).args(["exec", "tool", "batch"])))]
pub(crate) struct CheckArguments {
    #[command(flatten)]
    pub(crate) shared: SharedArguments,
    /// A command.
    #[arg(long, value_name = "COMMAND")]
    pub(crate) exec: Option<String>,
    /// A tool by name.
    #[arg(long, value_name = "NAME", requires = "args")]
    pub(crate) tool: Option<String>,
    /// The tool's arguments, as JSON.
    #[arg(long, value_name = "JSON", requires = "tool")]
    pub(crate) args: Option<String>,
    /// Questions on stdin and answers on stdout, one JSON object a line.
    #[arg(long)]
    pub(crate) batch: bool,
}

/// Where the rules are kept.
#[derive(Debug, Args)]
pub(crate) struct DataArguments {
    /// The settings file.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where sessions and rules live.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

impl DataArguments {
    pub(crate) fn folders(&self) -> anyhow::Result<Folders> {
        Ok(Folders::find(self.data_dir.clone(), self.config.clone())?)
    }
}

#[derive(Debug, Args)]
pub(crate) struct RulesArguments {
    #[command(flatten)]
    pub(crate) data: DataArguments,
    /// Only those of this workspace.
    #[arg(long, value_name = "DIR")]
    pub(crate) workspace: Option<PathBuf>,
    /// Those that were revoked or have expired, too.
    #[arg(long)]
    pub(crate) all: bool,
    /// One JSON object a line.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RevokeArguments {
    #[command(flatten)]
    pub(crate) data: DataArguments,
    /// The rule, as `policy rules` lists it.
    #[arg(value_name = "ID")]
    pub(crate) rule: String,
}

impl SharedArguments {
    /// The workspace folder.
    pub(crate) fn workspace(&self) -> PathBuf {
        self.workspace.clone().unwrap_or_else(|| PathBuf::from("."))
    }

    /// The workspace folder that was named.
    pub(crate) fn named_workspace(&self) -> Option<&PathBuf> {
        self.workspace.as_ref()
    }

    /// The program's own folders.
    pub(crate) fn folders(&self) -> anyhow::Result<Folders> {
        Ok(Folders::find(self.data_dir.clone(), self.config.clone())?)
    }

    fn overrides(&self) -> Overrides {
        Overrides {
            exec_security: self.exec_security.map(|value| match value {
                ExecSecurityArgument::ApprovalAlways => ExecSecurity::ApprovalAlways,
                ExecSecurityArgument::Allowlist => ExecSecurity::Allowlist,
                ExecSecurityArgument::AllowAlways => ExecSecurity::AllowAlways,
            }),
            allow: self.allow.clone(),
            confine: self.confine.map(|word| word == OnOff::On),
            file_approval: self.file_approval.map(|value| match value {
                FileApprovalArgument::Always => FileApproval::Always,
                FileApprovalArgument::None => FileApproval::None,
            }),
            ..Overrides::default()
        }
    }

    /// The settings in force. What is left out is said on standard error.
    pub(crate) fn settings(&self, folders: &Folders) -> anyhow::Result<Settings> {
        load(folders, self.overrides())
    }
}

fn load(folders: &Folders, over: Overrides) -> anyhow::Result<Settings> {
    let settings = Settings::load(folders.settings_file(), over)
        .map_err(|error| crate::BadUsage(error.to_string()))?;
    for warning in &settings.warnings {
        crate::say(&format!("warning: {warning}"));
    }
    Ok(settings)
}

impl RunOptions {
    /// The settings in force.
    pub(crate) fn settings(&self, folders: &Folders) -> anyhow::Result<Settings> {
        let over = Overrides {
            provider: self.provider.map(|value| match value {
                ProviderArgument::Anthropic => ProviderKind::Anthropic,
                ProviderArgument::Openai => ProviderKind::Openai,
                ProviderArgument::Tour => ProviderKind::Tour,
            }),
            model: self.model.clone(),
            base_url: self.base_url.clone(),
            max_steps: self.max_steps,
            ..self.shared.overrides()
        };
        load(folders, over)
    }
}
