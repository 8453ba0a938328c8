//! The table of names: which paths run later or steer an agent, and which hold secrets.
//!
//! Every name here is written in small letters; a path is folded before it is compared. The parts of
//! a rule follow each other anywhere in a path. A part may begin or end with `*`, which stands for
//! any characters, none too.

use super::Sensitivity::{self, Secret, Sensitive};

/// How far a rule reaches.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// The path ends with the rule's parts.
    Exact,
    /// The path ends with them or goes on below them.
    Below,
}

/// Paths that are judged alike for one reason.
pub(super) struct Rules {
    pub(super) verdict: Sensitivity,
    pub(super) reach: Reach,
    pub(super) paths: &'static [&'static [&'static str]],
}

pub(super) const ENVIRONMENT: Sensitivity =
    Secret("It holds settings of an environment, often passwords and keys.");
pub(super) const PRIVATE_KEY: Sensitivity = Secret("It looks like a private key.");
const KEY_STORE: Sensitivity = Secret("It is a store of keys or passwords.");
const CREDENTIALS: Sensitivity = Secret("It holds passwords or access tokens.");
const CLOUD: Sensitivity = Secret("It holds access to a cloud account.");
pub(super) const REPOSITORY_CONFIG: Sensitivity =
    Secret("It is the repository's own configuration, which may hold tokens and start programs.");
const REPOSITORY: Sensitivity =
    Sensitive("It is part of the repository's own data, which starts programs.");
const HOOKS: Sensitivity = Sensitive("It configures hooks, which run without anyone asking.");
const EDITOR: Sensitivity = Sensitive("It configures an editor, which runs programs from it.");
const PIPELINE: Sensitivity = Sensitive("It says what runs on the build server.");
const AGENT: Sensitivity = Sensitive("It steers coding agents.");
const FOLDER: Sensitivity = Sensitive("It runs when someone enters the folder.");
const TOOL: Sensitivity = Sensitive("It configures a tool, which runs programs from it.");
const START: Sensitivity = Sensitive("It runs whenever a shell or a program starts.");
const OWN: Sensitivity = Sensitive("It holds this program's own rules for the workspace.");

/// Every rule, secrets first: a path that is both is a secret.
pub(super) const TABLE: &[Rules] = &[
    Rules {
        verdict: KEY_STORE,
        reach: Reach::Below,
        paths: &[
            &[".ssh"],
            &[".gnupg"],
            &[".password-store"],
            &[".local", "share", "keyrings"],
            &["library", "keychains"],
            &[".config", "op"],
        ],
    },
    Rules {
        verdict: CLOUD,
        reach: Reach::Below,
        paths: &[&[".aws"], &[".azure"], &[".kube"], &[".config", "gcloud"], &[".oci"]],
    },
    Rules { verdict: ENVIRONMENT, reach: Reach::Below, paths: &[&[".envs"]] },
    Rules {
        verdict: PRIVATE_KEY,
        reach: Reach::Exact,
        paths: &[
            &["*.pem"],
            &["*.key"],
            &["*.ppk"],
            &["*.p8"],
            &["*.pk8"],
            &["*.pvk"],
            &["ssh_host_*_key"],
        ],
    },
    Rules {
        verdict: KEY_STORE,
        reach: Reach::Exact,
        paths: &[
            &["*.p12"],
            &["*.pfx"],
            &["*.pkcs12"],
            &["*.jks"],
            &["*.jceks"],
            &["*.bks"],
            &["*.keystore"],
            &["*.keychain"],
            &["*.keychain-db"],
            &["*.kdb"],
            &["*.kdbx"],
            &["*.keytab"],
            &["*.agilekeychain"],
            &["*.ovpn"],
        ],
    },
    Rules {
        verdict: CREDENTIALS,
        reach: Reach::Exact,
        paths: &[
            &[".netrc"],
            &["_netrc"],
            &[".npmrc"],
            &[".pypirc"],
            &[".git-credentials"],
            &[".config", "git", "credentials"],
            &[".pgpass"],
            &["pgpass.conf"],
            &[".my.cnf"],
            &[".mylogin.cnf"],
            &[".htpasswd"],
            &[".vault-token"],
            &[".terraformrc"],
            &["terraform.rc"],
            &[".terraform.d", "credentials*"],
            &[".docker", "config.json"],
            &[".dockercfg"],
            &[".dockerconfigjson"],
            &["kubeconfig"],
            &["*.kubeconfig"],
            &[".config", "gh", "hosts.yml"],
            &[".config", "glab-cli", "config.yml"],
            &[".config", "hub"],
            &[".config", "containers", "auth.json"],
            &[".config", "rclone", "rclone.conf"],
            &["rclone.conf"],
            &[".cargo", "credentials*"],
            &[".gem", "credentials"],
            &[".bundle", "config"],
            &[".composer", "auth.json"],
            &[".config", "composer", "auth.json"],
            &[".m2", "settings*.xml"],
            &[".gradle", "gradle.properties"],
            &[".nuget", "nuget.config"],
            &[".s3cfg"],
            &[".boto"],
            &[".smbcredentials"],
            &[".fetchmailrc"],
            &[".msmtprc"],
            &[".openai"],
            &[".anthropic"],
            &["service-account*.json"],
            &["service_account*.json"],
            &["serviceaccount*.json"],
            &["application_default_credentials.json"],
            &["client_secret*.json"],
            &["credentials.json"],
        ],
    },
    Rules { verdict: REPOSITORY, reach: Reach::Below, paths: &[&[".git"], &[".hg"]] },
    Rules {
        verdict: Sensitive("It configures git, which runs programs from it."),
        reach: Reach::Exact,
        paths: &[&[".gitmodules"], &[".gitconfig"], &[".config", "git", "*"]],
    },
    Rules {
        verdict: Sensitive("It configures Mercurial, which runs programs from it."),
        reach: Reach::Exact,
        paths: &[&[".hgrc"]],
    },
    Rules { verdict: HOOKS, reach: Reach::Below, paths: &[&[".husky"], &[".githooks"]] },
    Rules {
        verdict: HOOKS,
        reach: Reach::Exact,
        paths: &[
            &[".pre-commit-config.yaml"],
            &[".pre-commit-config.yml"],
            &["lefthook.yml"],
            &["lefthook.yaml"],
            &["lefthook.toml"],
            &["lefthook.json"],
            &["lefthook-local.*"],
            &[".lefthook.*"],
            &[".lefthook-local.*"],
            &[".huskyrc*"],
        ],
    },
    Rules {
        verdict: EDITOR,
        reach: Reach::Below,
        paths: &[
            &[".vscode"],
            &[".idea"],
            &[".devcontainer"],
            &[".vim"],
            &[".emacs.d"],
            &[".config", "nvim"],
            &[".config", "emacs"],
            &[".config", "doom"],
        ],
    },
    Rules {
        verdict: EDITOR,
        reach: Reach::Exact,
        paths: &[
            &[".devcontainer.json"],
            &[".vimrc"],
            &["_vimrc"],
            &[".gvimrc"],
            &["_gvimrc"],
            &[".lvimrc"],
            &[".nvimrc"],
            &[".nvim.lua"],
            &[".exrc"],
            &["_exrc"],
            &["nvim", "init.vim"],
            &["nvim", "init.lua"],
            &[".emacs"],
            &[".emacs.el"],
            &["_emacs"],
            &[".dir-locals.el"],
            &[".dir-locals-2.el"],
            &[".nanorc"],
            &[".kakrc"],
        ],
    },
    Rules { verdict: PIPELINE, reach: Reach::Below, paths: &[&[".github", "workflows"]] },
    Rules { verdict: PIPELINE, reach: Reach::Exact, paths: &[&[".gitlab-ci.yml"]] },
    Rules { verdict: AGENT, reach: Reach::Below, paths: &[&[".claude"], &[".cursor"]] },
    Rules {
        verdict: AGENT,
        reach: Reach::Exact,
        paths: &[
            &["agents.md"],
            &["agents.override.md"],
            &["claude.md"],
            &["claude.local.md"],
            &["gemini.md"],
            &[".claude.json"],
            &[".cursorrules"],
            &[".windsurfrules"],
            &[".clinerules"],
            &[".mcp.json"],
            &[".github", "copilot-instructions.md"],
        ],
    },
    Rules {
        verdict: FOLDER,
        reach: Reach::Exact,
        paths: &[
            &[".direnvrc"],
            &["direnvrc"],
            &["mise.toml"],
            &["mise.*.toml"],
            &[".mise.toml"],
            &[".mise.*.toml"],
            &[".mise", "config*.toml"],
            &["mise", "config*.toml"],
            &[".rtx.toml"],
        ],
    },
    Rules {
        verdict: TOOL,
        reach: Reach::Exact,
        paths: &[
            &[".tmux.conf"],
            &["tmux.conf"],
            &[".yarnrc*"],
            &[".pnpmfile*"],
            &[".cargo", "config*"],
            &[".ripgreprc"],
            &[".curlrc"],
            &["_curlrc"],
            &[".wgetrc"],
            &[".gdbinit"],
            &[".gdbearlyinit"],
            &[".lldbinit*"],
        ],
    },
    Rules {
        verdict: START,
        reach: Reach::Exact,
        paths: &[
            &[".bashrc"],
            &[".bash_profile"],
            &[".bash_login"],
            &[".bash_logout"],
            &[".bash_aliases"],
            &[".bashenv"],
            &[".bash_env"],
            &[".profile"],
            &[".login"],
            &[".logout"],
            &[".zshrc*"],
            &[".zshenv"],
            &[".zprofile"],
            &[".zlogin"],
            &[".zlogout"],
            &[".kshrc"],
            &[".mkshrc"],
            &[".shrc"],
            &[".cshrc"],
            &[".tcshrc"],
            &[".config", "fish", "*"],
            &[".config", "fish", "conf.d", "*"],
            &[".config", "fish", "functions", "*"],
            &["config.fish"],
            &[".config", "nushell", "*"],
            &[".xonshrc"],
            &["profile.ps1"],
            &["*_profile.ps1"],
            &[".inputrc"],
            &[".screenrc"],
            &[".xinitrc"],
            &[".xprofile"],
            &[".xsession"],
            &[".xsessionrc"],
            &[".pam_environment"],
            &[".config", "autostart", "*"],
            &[".config", "environment.d", "*"],
            &[".config", "systemd", "user", "*"],
            &["library", "launchagents", "*"],
            &[".pdbrc*"],
            &[".pythonrc*"],
            &[".pythonstartup"],
            &[".irbrc"],
            &[".pryrc"],
            &[".rprofile"],
            &[".ghci"],
            &[".iex.exs"],
            &[".psqlrc"],
            &[".sqliterc"],
        ],
    },
    Rules { verdict: OWN, reach: Reach::Exact, paths: &[&[".countersign.toml"]] },
];
