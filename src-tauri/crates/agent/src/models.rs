//! Which model is used, and with what key.

use crate::{AgentError, Folders, Settings, Slot, keys};
use countersign_protocol::{KeySource, ModelInfo, ProviderKind};
use countersign_provider::{
    Anthropic, AnthropicConfig, DEFAULT_ANTHROPIC_MODEL, EventStream, OpenAi, OpenAiConfig,
    Provider, ProviderError, Request, Secret, Tour,
};
use std::sync::Arc;

/// A choice of model that is not in the settings: made in the window, for this start of the program.
#[derive(Clone, Default)]
pub struct ModelChoice {
    /// Which kind of client.
    pub provider: Option<ProviderKind>,
    /// The model's name.
    pub model: Option<String>,
    /// The server's address.
    pub base_url: Option<String>,
    /// The key.
    pub key: Option<Secret>,
    /// A key of the keychain's. It is used where there is no other, and for its own server only.
    pub kept: Option<Kept>,
}

/// A key that the keychain keeps.
#[derive(Clone, Debug)]
pub struct Kept {
    /// What it is for.
    pub slot: Slot,
    /// The key.
    pub key: Secret,
}

impl std::fmt::Debug for ModelChoice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ModelChoice").field("provider", &self.provider).finish_non_exhaustive()
    }
}

/// What is said of the two providers that need something: the variables that they are found by.
struct Names {
    key: &'static str,
    base_url: &'static str,
}

const ANTHROPIC: Names = Names { key: "ANTHROPIC_API_KEY", base_url: "ANTHROPIC_BASE_URL" };
const OPENAI: Names = Names { key: "OPENAI_API_KEY", base_url: "OPENAI_BASE_URL" };

/// What the choice, the settings, the environment and the keys come to, in this order.
struct Plan {
    provider: ProviderKind,
    model: Option<String>,
    base_url: Option<String>,
    key: Option<(Secret, KeySource)>,
}

impl Plan {
    fn new(folders: &Folders, settings: &Settings, choice: &ModelChoice) -> Self {
        let has = |names: &Names| {
            keys::find(folders, names.key).is_some()
                || choice.kept.as_ref().is_some_and(|kept| kept.slot.variable == names.key)
        };
        let provider = choice.provider.or(settings.provider).unwrap_or_else(|| {
            // By the key that is set.
            if !has(&ANTHROPIC) && has(&OPENAI) {
                ProviderKind::Openai
            } else {
                ProviderKind::Anthropic
            }
        });
        let names = match provider {
            ProviderKind::Anthropic => &ANTHROPIC,
            ProviderKind::Openai => &OPENAI,
            ProviderKind::Tour => {
                return Self { provider, model: None, base_url: None, key: None };
            }
        };
        // Settings that name a provider mean their model and their address for that one: its key
        // must not reach another's server.
        let meant = settings.provider.is_none_or(|meant| meant == provider);
        let set = |value: &Option<String>| value.clone().filter(|_| meant);
        let environment = std::env::var(names.base_url).ok().filter(|url| !url.is_empty());
        let base_url = choice.base_url.clone().or_else(|| set(&settings.base_url)).or(environment);
        let slot = slot_of(names, base_url.as_deref());
        let kept = choice.kept.as_ref().filter(|kept| kept.slot == slot);
        let key = choice.key.clone().map(|key| (key, KeySource::Window));
        Self {
            provider,
            model: choice.model.clone().or_else(|| set(&settings.model)),
            base_url,
            key: key
                .or_else(|| keys::find(folders, names.key))
                .or_else(|| kept.map(|kept| (kept.key.clone(), KeySource::Keychain))),
        }
    }

    /// Whether it does without a key.
    fn is_local(&self) -> bool {
        self.provider == ProviderKind::Openai
            && self.base_url.as_deref().is_some_and(OpenAi::is_local)
    }
}

/// Where the key of a server is kept.
fn slot_of(names: &Names, base_url: Option<&str>) -> Slot {
    let address = base_url.map(without_login).unwrap_or_default();
    Slot { variable: names.key, address: address.trim_end_matches('/').to_owned() }
}

/// Where the key of the model that will be used is kept; none where it needs none.
pub(crate) fn slot(folders: &Folders, settings: &Settings, choice: &ModelChoice) -> Option<Slot> {
    let plan = Plan::new(folders, settings, choice);
    let names = match plan.provider {
        ProviderKind::Anthropic => &ANTHROPIC,
        ProviderKind::Openai => &OPENAI,
        ProviderKind::Tour => return None,
    };
    Some(slot_of(names, plan.base_url.as_deref()))
}

/// Where a key may be kept that is missing, the likeliest first.
pub(crate) fn slots(folders: &Folders, settings: &Settings, choice: &ModelChoice) -> Vec<Slot> {
    let plan = Plan::new(folders, settings, choice);
    if plan.key.is_some() || plan.is_local() {
        return Vec::new();
    }
    let meant = choice.provider.or(settings.provider);
    let kinds = meant.map_or(vec![ProviderKind::Anthropic, ProviderKind::Openai], |one| vec![one]);
    kinds
        .into_iter()
        .filter_map(|kind| {
            let choice = ModelChoice { provider: Some(kind), ..choice.clone() };
            slot(folders, settings, &choice)
        })
        .collect()
}

/// What will be used, and where its key comes from.
pub(crate) fn describe(folders: &Folders, settings: &Settings, choice: &ModelChoice) -> ModelInfo {
    let plan = Plan::new(folders, settings, choice);
    let without_key = if plan.is_local() { KeySource::NotNeeded } else { KeySource::Missing };
    let default = match plan.provider {
        ProviderKind::Tour => {
            return ModelInfo {
                provider: plan.provider,
                model: Tour::new().model().to_owned(),
                base_url: None,
                key: KeySource::NotNeeded,
                prices: None,
            };
        }
        ProviderKind::Anthropic => DEFAULT_ANTHROPIC_MODEL,
        ProviderKind::Openai => OpenAi::default_model(plan.base_url.as_deref()),
    };
    ModelInfo {
        provider: plan.provider,
        model: plan.model.unwrap_or_else(|| default.to_owned()),
        base_url: plan.base_url.map(|url| without_login(&url)),
        key: plan.key.map_or(without_key, |(_, source)| source),
        prices: settings.prices,
    }
}

/// Makes the client of the model that the choice, the settings and the keys name, in this order.
pub fn connect(
    folders: &Folders,
    settings: &Settings,
    choice: &ModelChoice,
) -> Result<Arc<dyn Provider>, AgentError> {
    let plan = Plan::new(folders, settings, choice);
    let is_local = plan.is_local();
    let Plan { provider, model, base_url, key } = plan;
    let key = key.map(|(key, _)| key);
    let no_model = || no_model(folders, settings, choice);
    Ok(match provider {
        ProviderKind::Tour => Arc::new(Tour::new()),
        ProviderKind::Openai => {
            let api_key = if is_local { key } else { Some(key.ok_or_else(no_model)?) };
            Arc::new(OpenAi::new(OpenAiConfig { api_key, model, base_url })?)
        }
        ProviderKind::Anthropic => {
            let api_key = key.ok_or_else(no_model)?;
            Arc::new(Anthropic::new(AnthropicConfig { api_key, model, base_url })?)
        }
    })
}

/// The error where a key is missing: it names those that would do.
pub(crate) fn no_model(folders: &Folders, settings: &Settings, choice: &ModelChoice) -> AgentError {
    let keys = match choice.provider.or(settings.provider) {
        Some(ProviderKind::Anthropic) => ANTHROPIC.key,
        Some(ProviderKind::Openai) => OPENAI.key,
        Some(ProviderKind::Tour) | None => "ANTHROPIC_API_KEY or OPENAI_API_KEY",
    };
    AgentError::NoModel { keys, env_file: folders.env_file() }
}

/// Stands in where no model is connected, so that a folder can be opened all the same.
pub(crate) struct Unconnected(String);

impl Unconnected {
    /// For this reason.
    pub(crate) fn because(error: &AgentError) -> Self {
        Self(error.to_string())
    }
}

impl Provider for Unconnected {
    fn name(&self) -> &'static str {
        "none"
    }

    fn model(&self) -> &'static str {
        "none"
    }

    fn complete(&self, _: Request) -> EventStream {
        let error = ProviderError::Other(format!("No model can be used: {}", self.0));
        Box::pin(futures_util::stream::once(async { Err(error) }))
    }
}

/// An address as it may be shown: a name and password in it are left out.
fn without_login(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            let host = host.rsplit('@').next().unwrap_or(host);
            format!("{scheme}://{host}{path}")
        }
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Overrides;
    use countersign_provider::DEFAULT_OPENAI_MODEL;

    /// Settings with a `.env` of these lines. The environment has no keys where this is called.
    fn world(lines: &str, over: Overrides) -> (tempfile::TempDir, Folders, Settings) {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("settings/config.toml");
        let folders = Folders::find(Some(root.path().join("data")), Some(file)).unwrap();
        folders.make().unwrap();
        std::fs::write(folders.env_file(), lines).unwrap();
        let settings = Settings::load(folders.settings_file(), over).unwrap();
        (root, folders, settings)
    }

    fn with(provider: Option<ProviderKind>, base_url: Option<&str>) -> Overrides {
        Overrides { provider, base_url: base_url.map(str::to_owned), ..Overrides::default() }
    }

    fn has_keys() -> bool {
        [ANTHROPIC, OPENAI].iter().any(|names| {
            std::env::var_os(names.key).is_some() || std::env::var_os(names.base_url).is_some()
        })
    }

    #[test]
    fn the_key_that_is_set_decides() {
        if has_keys() {
            return;
        }
        for (lines, provider, key) in [
            ("", ProviderKind::Anthropic, KeySource::Missing),
            ("ANTHROPIC_API_KEY=a", ProviderKind::Anthropic, KeySource::EnvFile),
            ("OPENAI_API_KEY=b", ProviderKind::Openai, KeySource::EnvFile),
            ("OPENAI_API_KEY=b\nANTHROPIC_API_KEY=a", ProviderKind::Anthropic, KeySource::EnvFile),
            // An address is never taken from there.
            (
                "OPENAI_API_KEY=b\nOPENAI_BASE_URL=http://localhost:1",
                ProviderKind::Openai,
                KeySource::EnvFile,
            ),
        ] {
            let (_root, folders, settings) = world(lines, Overrides::default());
            let choice = ModelChoice::default();
            let info = describe(&folders, &settings, &choice);
            assert_eq!((info.provider, info.key, info.base_url), (provider, key, None), "{lines}");
            match connect(&folders, &settings, &choice) {
                Ok(client) => assert_eq!(client.name(), provider.as_str()),
                Err(error) => {
                    assert_eq!(key, KeySource::Missing, "{error}");
                    assert!(error.to_string().contains("ANTHROPIC_API_KEY or OPENAI_API_KEY"));
                }
            }
        }
    }

    #[test]
    fn a_local_server_needs_no_key_and_a_distant_one_does() {
        if has_keys() {
            return;
        }
        let openai = Some(ProviderKind::Openai);
        for (url, key) in [
            (Some("http://localhost:11434/v1"), KeySource::NotNeeded),
            (Some("https://gate.example/v1"), KeySource::Missing),
            (None, KeySource::Missing),
        ] {
            let (_root, folders, settings) = world("", with(openai, url));
            let choice = ModelChoice::default();
            let info = describe(&folders, &settings, &choice);
            assert_eq!((info.provider, info.key), (ProviderKind::Openai, key));
            let connected = connect(&folders, &settings, &choice);
            assert_eq!(connected.is_ok(), key == KeySource::NotNeeded);
            if let Err(error) = connected {
                assert!(error.to_string().contains("set OPENAI_API_KEY,"), "{error}");
            }
        }
    }

    #[test]
    fn what_is_set_for_one_provider_is_not_used_for_another() {
        if has_keys() {
            return;
        }
        let anthropic = Some(ProviderKind::Anthropic);
        let over = Overrides {
            model: Some("claude-x".to_owned()),
            ..with(anthropic, Some("https://gate.example"))
        };
        let (_root, folders, settings) = world("", over);
        let choice = ModelChoice {
            provider: Some(ProviderKind::Openai),
            key: Some(Secret::new("k")),
            ..ModelChoice::default()
        };
        let info = describe(&folders, &settings, &choice);
        assert_eq!((info.model.as_str(), info.base_url), (DEFAULT_OPENAI_MODEL, None));
        assert_eq!(info.key, KeySource::Window);
        assert_eq!(connect(&folders, &settings, &choice).unwrap().model(), DEFAULT_OPENAI_MODEL);
        // Where the settings name no provider, they mean whichever it is.
        let (_root, folders, settings) = world("", with(None, Some("http://localhost:8080")));
        let info = describe(&folders, &settings, &choice);
        assert_eq!(info.base_url.as_deref(), Some("http://localhost:8080"));
        assert_eq!(info.model, "");
    }

    #[test]
    fn an_address_is_shown_without_its_login() {
        for (url, shown) in [
            ("http://me:secret@host:1/a@b", "http://host:1/a@b"),
            ("http://host", "http://host"),
            ("host", "host"),
        ] {
            assert_eq!(without_login(url), shown);
        }
    }
}
