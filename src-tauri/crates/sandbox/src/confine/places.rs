//! The person's places: what build tools must write, and what no command may read.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Caches that are made where they are missing, so that a first build can fill them. None of them
/// holds what is run later by itself, and none may be on the `PATH`.
const MADE: &[&str] = &[".cache", ".cargo/git", ".cargo/registry", ".npm"];

/// Caches of tools that are there: made only where the folder in front of the `|` exists.
const OF_TOOLS: &[&str] = &[
    ".bun|install/cache",
    ".gradle|caches",
    ".gradle|daemon",
    ".gradle|native",
    ".gradle|wrapper/dists",
    ".ivy2|cache",
    ".m2|repository",
    ".nuget|packages",
    ".yarn|berry/cache",
    "go|pkg",
    ".local/share/pnpm|store",
];

/// Files beside the caches that tools lock or count in.
const FILES: &[&str] =
    &[".cargo/.global-cache", ".cargo/.package-cache", ".cargo/.package-cache-mutate"];

/// Variables that name a cache, for those who keep theirs elsewhere; with what is written below it.
const NAMED: &[(&str, &[&str])] = &[
    (
        "CARGO_HOME",
        &["git", "registry", ".package-cache", ".package-cache-mutate", ".global-cache"],
    ),
    ("GOCACHE", &[""]),
    ("GOMODCACHE", &[""]),
    ("PIP_CACHE_DIR", &[""]),
    ("UV_CACHE_DIR", &[""]),
    ("XDG_CACHE_HOME", &[""]),
    ("npm_config_cache", &[""]),
];

/// Folders for temporary files.
const TEMPORARY: &[&str] = &["/tmp", "/var/tmp", "/dev/shm"];

/// Credentials, keys, mail, browsers, and what was typed.
const SECRET: &[&str] = &[
    ".ICEauthority",
    ".Xauthority",
    ".aliyun",
    ".aws",
    ".azure",
    ".bash_history",
    ".boto",
    ".cargo/credentials",
    ".cargo/credentials.toml",
    ".config/1Password",
    ".config/BraveSoftware",
    ".config/Bitwarden",
    ".config/Signal",
    ".config/Slack",
    ".config/chromium",
    ".config/containers/auth.json",
    ".config/discord",
    ".config/doctl",
    ".config/evolution",
    ".config/gcloud",
    ".config/gh",
    ".config/git/credentials",
    ".config/glab-cli",
    ".config/google-chrome",
    ".config/google-chrome-beta",
    ".config/heroku",
    ".config/hub",
    ".config/keepassxc",
    ".config/microsoft-edge",
    ".config/op",
    ".config/opera",
    ".config/rclone",
    ".config/sops",
    ".config/vivaldi",
    ".docker/config.json",
    ".fly",
    ".git-credentials",
    ".gnupg",
    ".kube",
    ".local/share/evolution",
    ".local/share/fish/fish_history",
    ".local/share/keyrings",
    ".local/share/kwalletd",
    ".mozilla",
    ".my.cnf",
    ".netrc",
    ".oci",
    ".password-store",
    ".pgpass",
    ".psql_history",
    ".pypirc",
    ".python_history",
    ".s3cfg",
    ".ssh",
    ".terraform.d/credentials.tfrc.json",
    ".thunderbird",
    ".var/app",
    ".vault-token",
    ".zsh_history",
    "snap/chromium",
    "snap/firefox",
    "snap/thunderbird",
];

/// Settings that tools need, and that are a secret only where they hold a credential.
const SECRET_IF_IT_HOLDS: &[(&str, &[&str])] = &[
    (".npmrc", &["_auth", "_password"]),
    (".yarnrc.yml", &["npmAuth"]),
    (".config/pip/pip.conf", &["@"]),
    (".pip/pip.conf", &["@"]),
];

/// Where a person's things are, as the environment says.
pub struct Home<'a> {
    /// The home folder.
    pub folder: &'a Path,
    /// The value of a variable.
    pub variable: &'a dyn Fn(&str) -> Option<OsString>,
}

/// Places that limits are made from. The default has none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// What a command may write, beside its workspace.
    pub writable: Vec<PathBuf>,
    /// Those of them that are made where they are missing.
    pub made: Vec<PathBuf>,
    /// What a command may not read.
    pub hidden: Vec<PathBuf>,
}

impl Places {
    /// The places of the person who runs this program.
    #[must_use]
    pub fn of_this_user() -> Self {
        let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        match std::env::home_dir().filter(|home| home.is_absolute() && home != Path::new("/")) {
            Some(folder) => Self::of(&Home { folder: &folder, variable: &variable }),
            None => Self { writable: temporary(&variable), ..Self::default() },
        }
    }

    /// The places of a person.
    #[must_use]
    pub fn of(home: &Home<'_>) -> Self {
        let Home { folder, variable } = home;
        let path = variable("PATH").unwrap_or_default();
        let run_from: Vec<PathBuf> = std::env::split_paths(&path)
            .filter(|folder| folder.is_absolute())
            .map(|folder| std::fs::canonicalize(&folder).unwrap_or(folder))
            .collect();
        // Whoever writes there writes the programs of tomorrow.
        let harmless = |place: &PathBuf| {
            let real = std::fs::canonicalize(place).unwrap_or_else(|_| place.clone());
            !run_from.iter().any(|run| run.starts_with(&real) || real.starts_with(run))
        };
        let mut made: Vec<PathBuf> = MADE.iter().map(|name| folder.join(name)).collect();
        made.extend(OF_TOOLS.iter().filter_map(|name| {
            let (tool, cache) = name.split_once('|')?;
            let tool = folder.join(tool);
            tool.is_dir().then(|| tool.join(cache))
        }));
        made.retain(harmless);
        let mut writable: Vec<PathBuf> = FILES.iter().map(|name| folder.join(name)).collect();
        for (name, below) in NAMED {
            let Some(named) = variable(name).map(PathBuf::from).filter(|named| named.is_absolute())
            else {
                continue;
            };
            // A variable may name anything: what holds the home folder is no cache.
            if !folder.starts_with(&named) {
                writable.extend(below.iter().map(|below| named.join(below)));
            }
        }
        writable.extend(made.iter().cloned());
        writable.retain(harmless);
        writable.extend(temporary(variable));
        let mut hidden: Vec<PathBuf> = SECRET.iter().map(|name| folder.join(name)).collect();
        hidden.extend(SECRET_IF_IT_HOLDS.iter().filter_map(|(name, marks)| {
            let file = folder.join(name);
            let text = std::fs::read_to_string(&file).ok()?;
            marks.iter().any(|mark| text.contains(mark)).then_some(file)
        }));
        // Sockets of the desktop, and the keys to them; where the variable is missing, as under cron or
        // ssh, the folder may be there all the same.
        let own = || format!("/run/user/{}", rustix::process::getuid().as_raw()).into();
        hidden.push(variable("XDG_RUNTIME_DIR").map_or_else(own, PathBuf::from));
        hidden.extend(variable("XAUTHORITY").map(PathBuf::from));
        hidden.retain(|place| place.is_absolute());
        Self { writable, made, hidden }
    }
}

fn temporary(variable: &dyn Fn(&str) -> Option<OsString>) -> Vec<PathBuf> {
    let named = variable("TMPDIR").map(PathBuf::from).filter(|named| named.is_absolute());
    TEMPORARY.iter().map(PathBuf::from).chain(named).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(folder: &Path, variables: &[(&str, &Path)]) -> Places {
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| value.as_os_str().to_owned())
        };
        Places::of(&Home { folder, variable: &variable })
    }

    #[test]
    fn a_cache_on_the_path_is_no_cache() {
        let place = tempfile::tempdir().unwrap();
        let home = place.path().canonicalize().unwrap();
        let cache = home.join(".cache");
        assert!(of(&home, &[]).writable.contains(&cache));
        for on_path in [cache.clone(), cache.join("tool/bin"), home.clone()] {
            std::fs::create_dir_all(&on_path).unwrap();
            let places = of(&home, &[("PATH", &on_path)]);
            assert!(!places.writable.contains(&cache), "{}", on_path.display());
            assert!(!places.made.contains(&cache), "{}", on_path.display());
        }
    }

    #[test]
    fn no_place_of_programs_or_settings_is_writable() {
        let home = Path::new("/home/someone");
        let places = of(home, &[("CARGO_HOME", &home.join(".cargo")), ("GOCACHE", Path::new("/"))]);
        for kept in [".cargo", ".cargo/bin", ".cargo/config.toml", ".bashrc", ".config", ".local"] {
            let kept = home.join(kept);
            assert!(
                !places.writable.iter().any(|place| kept.starts_with(place)),
                "{}",
                kept.display()
            );
        }
        assert!(places.hidden.contains(&home.join(".ssh")));
    }

    #[test]
    fn the_folder_of_the_desktops_sockets_is_hidden_also_where_no_variable_names_it() {
        let home = Path::new("/home/someone");
        let named = of(home, &[("XDG_RUNTIME_DIR", Path::new("/somewhere/run"))]);
        assert!(named.hidden.contains(&"/somewhere/run".into()));
        let own = format!("/run/user/{}", rustix::process::getuid().as_raw());
        assert!(of(home, &[]).hidden.contains(&own.into()));
    }

    #[test]
    fn settings_are_hidden_only_where_they_hold_a_credential() {
        let place = tempfile::tempdir().unwrap();
        let npmrc = place.path().join(".npmrc");
        std::fs::write(&npmrc, "registry=https://npm.example/\n").unwrap();
        assert!(!of(place.path(), &[]).hidden.contains(&npmrc));
        std::fs::write(&npmrc, "//npm.example/:_authToken=x\n").unwrap();
        assert!(of(place.path(), &[]).hidden.contains(&npmrc));
    }
}
