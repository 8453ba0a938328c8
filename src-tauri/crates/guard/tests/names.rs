//! Paths judged by their names: the corpus, the rules, and every spelling of the same name.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use countersign_guard::names::{Sensitivity, classify};
use proptest::prelude::*;

fn is_secret(path: &str) -> bool {
    matches!(classify(path), Sensitivity::Secret(_))
}

#[track_caller]
fn sensitive(paths: &[&str]) {
    for path in paths {
        assert!(
            matches!(classify(path), Sensitivity::Sensitive(_)),
            "{path:?}: {:?}",
            classify(path)
        );
    }
}

#[track_caller]
fn secret(paths: &[&str]) {
    for path in paths {
        assert!(is_secret(path), "{path:?}: {:?}", classify(path));
    }
}

#[track_caller]
fn ordinary(paths: &[&str]) {
    for path in paths {
        assert_eq!(classify(path), Sensitivity::Ordinary, "{path:?}");
    }
}

#[test]
fn the_corpus_is_judged_right() {
    let mut judged = 0;
    for line in include_str!("corpus/paths.jsonl").lines() {
        let case: serde_json::Value = serde_json::from_str(line).unwrap();
        let id = case["id"].as_str().unwrap();
        let Some(path) = case["args"]["path"].as_str() else { continue };
        let verdict = classify(path);
        let family = id.split('-').next().unwrap();
        match family {
            "sens" | "sens2" | "own" => {
                assert_ne!(verdict, Sensitivity::Ordinary, "{id}: {path:?}");
            }
            "secret" => assert!(is_secret(path), "{id}: {path:?} is {verdict:?}"),
            "nosens" | "nosecret" => assert_eq!(verdict, Sensitivity::Ordinary, "{id}: {path:?}"),
            "w" | "ok" | "name" if case["expect"] == "allow" => {
                let free = if case["tool"] == "read" {
                    !matches!(verdict, Sensitivity::Secret(_))
                } else {
                    verdict == Sensitivity::Ordinary
                };
                assert!(free, "{id}: {path:?} is {verdict:?}");
            }
            _ => continue,
        }
        judged += 1;
    }
    assert!(judged > 60, "only {judged} cases were judged");
}

#[test]
fn what_runs_later_or_steers_an_agent_is_sensitive() {
    sensitive(&[
        ".git",
        ".git/HEAD",
        "a/b/.git/hooks/post-checkout",
        ".hg/hgrc",
        ".husky/_/husky.sh",
        ".githooks/x",
        ".vscode/launch.json",
        ".idea/runConfigurations/x.xml",
        ".devcontainer/Dockerfile",
        ".devcontainer.json",
        ".github/workflows/ci.yml",
        ".claude/settings.json",
        ".cursor/rules/x.mdc",
        ".gitmodules",
        ".gitlab-ci.yml",
        ".pre-commit-config.yaml",
        "lefthook.yml",
        ".direnvrc",
        "mise.toml",
        ".mise.toml",
        "mise.local.toml",
        ".config/mise/config.toml",
        ".tmux.conf",
        ".yarnrc",
        ".yarnrc.yml",
        ".pnpmfile.cjs",
        ".pnpmfile.mjs",
        ".cargo/config",
        "sub/.cargo/config.toml",
        ".ripgreprc",
        ".gdbinit",
        ".lldbinit",
        ".lldbinit-Xcode",
        ".bashrc",
        ".bash_profile",
        ".profile",
        ".zshrc",
        ".zshenv",
        ".zprofile",
        ".bash_login",
        ".bash_logout",
        ".inputrc",
        ".vimrc",
        ".exrc",
        ".nvimrc",
        ".nvim.lua",
        ".emacs",
        ".dir-locals.el",
        "/home/u/.config/nvim/init.vim",
        "/home/u/.config/fish/config.fish",
        "AGENTS.md",
        "CLAUDE.md",
        "docs/CLAUDE.md",
        ".cursorrules",
        ".mcp.json",
        ".countersign.toml",
        "x\\.git\\hooks\\pre-push",
        ".github\\workflows\\x.yml",
    ]);
}

#[test]
fn keys_passwords_and_tokens_are_secret() {
    secret(&[
        ".env",
        ".env.local",
        ".env.production",
        "apps/web/.env.test",
        ".env-prod",
        ".envrc",
        ".env.bak",
        ".env.example.local",
        "id_rsa",
        "keys/id_dsa",
        "id_ecdsa",
        "id_ecdsa_sk",
        "id_ed25519",
        "id_ed25519_sk",
        "id_rsa.bak",
        "id_ed25519-work",
        "deploy_rsa",
        "ssh_host_ed25519_key",
        "server.pem",
        "tls/server.key",
        "a.p12",
        "a.pfx",
        "a.jks",
        "release.keystore",
        "db.kdbx",
        "a.ppk",
        "AuthKey_X.p8",
        ".ssh",
        ".ssh/config",
        "/home/u/.ssh/known_hosts",
        ".gnupg/pubring.kbx",
        ".aws/credentials",
        ".aws/config",
        ".netrc",
        "_netrc",
        ".npmrc",
        "packages/a/.npmrc",
        ".pypirc",
        ".git-credentials",
        ".docker/config.json",
        ".kube/config",
        ".config/gh/hosts.yml",
        ".config/gcloud/application_default_credentials.json",
        ".azure/accessTokens.json",
        ".cargo/credentials",
        ".cargo/credentials.toml",
        ".pgpass",
        ".my.cnf",
        ".htpasswd",
        ".vault-token",
        ".terraformrc",
        "service-account-prod.json",
        "client_secret_1.json",
        ".git/config",
        "sub/.git/config",
        ".git/modules/x/config",
        ".git/config.worktree",
    ]);
}

#[test]
fn ordinary_project_files_are_ordinary() {
    ordinary(&[
        "package.json",
        "build.rs",
        "Makefile",
        "conftest.py",
        "Dockerfile",
        ".gitignore",
        ".gitattributes",
        ".gitkeep",
        ".github/dependabot.yml",
        ".github/ISSUE_TEMPLATE/bug.md",
        "github/workflows/x.yml",
        "workflows/ci.yml",
        ".prettierrc",
        ".editorconfig",
        ".eslintrc.js",
        "tsconfig.json",
        ".nvmrc",
        ".node-version",
        ".tool-versions",
        ".dockerignore",
        "docs/agents.md.txt",
        "agents.mdx",
        "claude.rs",
        ".env.example",
        ".env.sample",
        ".env.template",
        ".env.dist",
        ".env.defaults",
        ".env.local.example",
        ".env-example",
        "env",
        "env.rs",
        "my.env.ts",
        "environment.ts",
        ".env/lib/python/site.py",
        "id_map.rs",
        "id_rsa.pub",
        "id_ed25519.pub",
        "id_rsa.rs",
        "id_rsa_test.go",
        "id_rsakit",
        "credentials.rs",
        "src/credentials/mod.rs",
        "secrets.rs",
        "keys.rs",
        "key",
        "keyboard.ts",
        "pem.txt",
        "a.pem.md",
        "monkey",
        "config",
        "config.toml",
        "cargo/config.toml",
        ".cargo/audit.toml",
        "gitx/config",
        "git/config",
        ".gitx/config",
        "token.rs",
        "a.crt",
        "a.pub",
        "config.json",
        "docker/config.json",
        "hosts.yml",
        "ssh/config",
        "vimrc.md",
        "profile",
        "bashrc",
        "src/profile.rs",
        "lefthook.rs",
        "main.tf",
        "日本語.md",
        "документ.md",
        "emoji-🙂.txt",
        "...",
        ". .",
        "a\u{0}b",
    ]);
}

#[test]
fn other_spellings_are_the_same_name() {
    for spelling in [
        ".GIT/hooks/x",
        ".Git/hooks/x",
        ".git./hooks/x",
        ".git /hooks/x",
        ".git. . /hooks/x",
        ".g\u{200c}it/hooks/x",
        "\u{feff}.git/hooks/x",
        ".git\u{ad}/hooks/x",
        ".ｇｉｔ/hooks/x",
        "．git/hooks/x",
        ".git::$INDEX_ALLOCATION/hooks/x",
        "git~1/hooks/x",
        ".git\\hooks\\x",
        ".g\u{130}t/../.git/hooks/x",
        ".git/hooks//x",
        "./.git/hooks/x",
    ] {
        sensitive(&[spelling]);
    }
    secret(&[
        ".ENV",
        ".Env.Local",
        ".env ",
        ".env.",
        ".env\u{a0}",
        ".e\u{200d}nv",
        "ID_RSA",
        "Server.PEM",
        "a.pem ",
        ".\u{17f}\u{17f}h/x",
        ".\u{df}h/x",
        ".\u{212a}ube/config",
    ]);
}

fn spelled() -> impl Strategy<Value = (&'static str, String)> {
    let names = prop::sample::select(vec![
        ".git/hooks/x",
        ".vscode/tasks.json",
        ".env",
        "id_ed25519",
        ".ssh/x",
        ".countersign.toml",
        "AGENTS.md",
        "server.pem",
        ".github/workflows/x.yml",
        ".cargo/config.toml",
        ".git/config",
    ]);
    (names, prop::collection::vec(0_u8..6, 64)).prop_map(|(name, changes)| {
        let mut spelled = String::new();
        for (found, change) in name.chars().zip(changes.into_iter().cycle()) {
            match (change, found) {
                (1, _) => spelled.extend(found.to_uppercase()),
                (2, '/') => spelled.push('\\'),
                (3, '/') => spelled.push_str(". /./"),
                (4, letter) if letter.is_ascii_alphanumeric() => {
                    spelled.push(char::from_u32(u32::from(letter) + 0xFEE0).unwrap());
                }
                (5, _) => spelled.extend([found, '\u{2060}']),
                _ => spelled.push(found),
            }
        }
        (name, spelled)
    })
}

proptest! {
    #[test]
    fn a_spelling_never_changes_the_verdict((name, spelled) in spelled()) {
        prop_assert_eq!(classify(&spelled), classify(name), "{:?}", spelled);
    }

    #[test]
    fn a_folder_above_never_hides_a_name(above in "[a-z]{1,8}(/[a-z]{1,8}){0,3}") {
        for name in [".git/hooks/x", ".env", ".cargo/config.toml", "AGENTS.md"] {
            let path = format!("{above}/{name}");
            prop_assert_eq!(classify(&path), classify(name));
        }
    }

    #[test]
    fn any_path_is_judged(path in any::<String>()) {
        let _ = classify(&path);
    }
}
