//! Which model is used, and with what key.

use crate::{AgentError, Folders, Settings, keys};
use countersign_protocol::{KeySource, ModelInfo, ProviderKind};
use countersign_provider::{
    Anthropic, AnthropicConfig, DEFAULT_ANTHROPIC_MODEL, EventStream, Provider, ProviderError,
    Request, Secret, Tour,
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
}

impl std::fmt::Debug for ModelChoice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ModelChoice").field("provider", &self.provider).finish_non_exhaustive()
    }
}

/// What will be used, and where its key comes from.
pub(crate) fn describe(folders: &Folders, settings: &Settings, choice: &ModelChoice) -> ModelInfo {
    let found = keys::find(folders, "ANTHROPIC_API_KEY");
    let provider = choice.provider.or(settings.provider).unwrap_or(ProviderKind::Anthropic);
    let model = choice.model.clone().or_else(|| settings.model.clone());
    match provider {
        ProviderKind::Anthropic | ProviderKind::Openai => ModelInfo {
            provider,
            model: model.unwrap_or_else(|| DEFAULT_ANTHROPIC_MODEL.to_owned()),
            base_url: base_url(settings, choice).map(|url| without_login(&url)),
            key: match (&choice.key, found) {
                _ if provider == ProviderKind::Openai => KeySource::Missing,
                (Some(_), _) => KeySource::Window,
                (None, Some((_, source))) => source,
                (None, None) => KeySource::Missing,
            },
        },
        ProviderKind::Tour => ModelInfo {
            provider,
            model: Tour::new().model().to_owned(),
            base_url: None,
            key: KeySource::NotNeeded,
        },
    }
}

/// Makes the client of the model that the choice, the settings and the keys name, in this order.
pub fn connect(
    folders: &Folders,
    settings: &Settings,
    choice: &ModelChoice,
) -> Result<Arc<dyn Provider>, AgentError> {
    match choice.provider.or(settings.provider).unwrap_or(ProviderKind::Anthropic) {
        ProviderKind::Tour => Ok(Arc::new(Tour::new())),
        ProviderKind::Openai => Err(AgentError::state(
            "OpenAI-compatible servers are not supported by this version",
            "Use --provider anthropic, or --provider tour.",
        )),
        ProviderKind::Anthropic => {
            let api_key = choice
                .key
                .clone()
                .or_else(|| keys::find(folders, "ANTHROPIC_API_KEY").map(|(key, _)| key))
                .ok_or_else(|| AgentError::NoModel { env_file: folders.env_file() })?;
            let model = choice.model.clone().or_else(|| settings.model.clone());
            let config = AnthropicConfig { api_key, model, base_url: base_url(settings, choice) };
            Ok(Arc::new(Anthropic::new(config)?))
        }
    }
}

/// Stands in where no model is connected, so that a folder can be opened all the same.
pub(crate) struct Unconnected;

impl Provider for Unconnected {
    fn name(&self) -> &'static str {
        "none"
    }

    fn model(&self) -> &'static str {
        "none"
    }

    fn complete(&self, _: Request) -> EventStream {
        let error = ProviderError::Other(
            "No model is connected. Connect one, or take the tour.".to_owned(),
        );
        Box::pin(futures_util::stream::once(async { Err(error) }))
    }
}

fn base_url(settings: &Settings, choice: &ModelChoice) -> Option<String> {
    let environment = std::env::var("ANTHROPIC_BASE_URL").ok().filter(|url| !url.is_empty());
    choice.base_url.clone().or_else(|| settings.base_url.clone()).or(environment)
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
    #[test]
    fn an_address_is_shown_without_its_login() {
        for (url, shown) in [
            ("http://me:secret@host:1/a@b", "http://host:1/a@b"),
            ("http://host", "http://host"),
            ("host", "host"),
        ] {
            assert_eq!(super::without_login(url), shown);
        }
    }
}
