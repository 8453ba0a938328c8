//! A session in a temporary workspace with a scripted model, driven as a person would.
#![allow(dead_code)]

use countersign_agent::{
    Folders, ModelChoice, Overrides, Reader, Session, SessionOptions, Sessions, Settings, connect,
    open_store,
};
use countersign_protocol::{
    ApprovalId, Card, Decision, DecisionInput, Envelope, Event, Feed, ProviderKind, RunEnd,
};
use countersign_provider::Secret;
use countersign_testkit::{ModelServer, Script, TempWorkspace};
use serde_json::Value;
use std::time::Duration;

pub const KEY: &str = "test-key-that-nobody-may-see";
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Rig {
    pub workspace: TempWorkspace,
    pub server: ModelServer,
    pub session: Session,
    pub folders: Folders,
    pub events: Vec<Event>,
    reader: Reader,
}

impl Rig {
    pub async fn new(workspace: TempWorkspace, script: impl Into<Script>) -> Self {
        Self::with(workspace, script, Overrides::default()).await
    }

    pub async fn with(
        workspace: TempWorkspace,
        script: impl Into<Script>,
        over: Overrides,
    ) -> Self {
        let server = ModelServer::start(script).await;
        let choice = ModelChoice {
            provider: Some(ProviderKind::Anthropic),
            base_url: Some(server.url()),
            key: Some(Secret::new(KEY)),
            ..ModelChoice::default()
        };
        Self::choosing(workspace, server, &choice, over)
    }

    /// With the model of a choice; the server is not asked unless the choice names it.
    pub fn choosing(
        workspace: TempWorkspace,
        server: ModelServer,
        choice: &ModelChoice,
        over: Overrides,
    ) -> Self {
        let own = workspace.root().join("own");
        let folders =
            Folders::find(Some(own.join("data")), Some(own.join("settings/config.toml"))).unwrap();
        folders.make().unwrap();
        let settings = Settings::load(folders.settings_file(), over).unwrap();
        let session = Session::open(SessionOptions {
            workspace: &workspace.path(),
            folders: &folders,
            settings: &settings,
            provider: connect(&folders, &settings, choice).unwrap(),
            store: open_store(&folders).unwrap(),
        })
        .unwrap();
        let reader = session.subscribe();
        Self { workspace, server, session, folders, events: Vec::new(), reader }
    }

    /// A session of which the journal holds just `events`, taken up again in a workspace of its own.
    pub async fn resumed(
        workspace: TempWorkspace,
        events: &[Envelope],
        script: impl Into<Script>,
    ) -> Self {
        let server = ModelServer::start(script).await;
        let choice = ModelChoice {
            provider: Some(ProviderKind::Anthropic),
            base_url: Some(server.url()),
            key: Some(Secret::new(KEY)),
            ..ModelChoice::default()
        };
        let own = workspace.root().join("own");
        let folders =
            Folders::find(Some(own.join("data")), Some(own.join("settings/config.toml"))).unwrap();
        folders.make().unwrap();
        let store = open_store(&folders).unwrap();
        let id = events[0].session.clone();
        // As they would be in the workspace at hand.
        let place = workspace.path().display().to_string();
        let Event::SessionStarted { workspace: before, .. } = &events[0].event else {
            panic!("a journal begins with session_started")
        };
        let text = serde_json::to_string(events).unwrap().replace(before.as_str(), &place);
        let events: Vec<Envelope> = serde_json::from_str(&text).unwrap();
        store.import(&id, &place, &events).unwrap();
        let settings = Settings::load(folders.settings_file(), Overrides::default()).unwrap();
        let options = SessionOptions {
            workspace: &workspace.path(),
            folders: &folders,
            settings: &settings,
            provider: connect(&folders, &settings, &choice).unwrap(),
            store,
        };
        let session = Session::resume(options, &id).unwrap();
        let reader = session.subscribe_new();
        Self { workspace, server, session, folders, events: Vec::new(), reader }
    }

    /// All that the journal holds of the session.
    pub fn journal(&self) -> Vec<Envelope> {
        Sessions::open(&self.folders).unwrap().events(self.session.id()).unwrap()
    }

    /// The events that come next, up to and with the first one that is wanted.
    pub async fn until(&mut self, wanted: impl Fn(&Event) -> bool) -> Event {
        let from = self.events.len();
        self.until_after(from, wanted).await
    }

    async fn until_after(&mut self, mut from: usize, wanted: impl Fn(&Event) -> bool) -> Event {
        loop {
            if let Some(found) = self.events[from..].iter().find(|event| wanted(event)) {
                return found.clone();
            }
            from = self.events.len();
            let batch = tokio::time::timeout(PATIENCE, self.reader.next())
                .await
                .unwrap_or_else(|_| panic!("nothing happens any more; so far: {:#?}", self.events))
                .expect("the session is open");
            for feed in batch {
                if let Feed::Envelopes { envelopes } = feed {
                    self.events.extend(envelopes.into_iter().map(|envelope| envelope.event));
                }
            }
        }
    }

    /// The next card.
    pub async fn card(&mut self) -> (ApprovalId, Card, Option<ApprovalId>) {
        match self.until(is_card).await {
            Event::ApprovalRequested { approval, card, replaces, .. } => (approval, card, replaces),
            _ => unreachable!(),
        }
    }

    /// The end of the run.
    pub async fn end(&mut self) -> (RunEnd, Option<String>) {
        match self.until(|event| matches!(event, Event::RunFinished { .. })).await {
            Event::RunFinished { reason, error } => (reason, error),
            _ => unreachable!(),
        }
    }

    /// Runs a task to its end; `answer` decides over each card.
    pub async fn run(
        &mut self,
        task: &str,
        mut answer: impl FnMut(&Card, ApprovalId) -> DecisionInput,
    ) -> (RunEnd, Option<String>) {
        self.session.send(task).unwrap();
        let mut at = self.events.len();
        loop {
            let event = self
                .until_after(at, |event| {
                    is_card(event) || matches!(event, Event::RunFinished { .. })
                })
                .await;
            at += self.events[at..].iter().position(|known| *known == event).unwrap() + 1;
            match event {
                Event::ApprovalRequested { approval, card, .. } => {
                    self.session.decide(&answer(&card, approval)).unwrap();
                }
                Event::RunFinished { reason, error } => {
                    self.server.assert_well_formed();
                    return (reason, error);
                }
                _ => unreachable!(),
            }
        }
    }

    /// The results of the finished calls, in the order of their ends.
    pub fn results(&self) -> Vec<(String, bool, Value)> {
        self.events
            .iter()
            .filter_map(|event| match event {
                Event::ToolFinished { call, ok, result, .. } => {
                    Some((call.to_string(), *ok, result.clone()))
                }
                _ => None,
            })
            .collect()
    }

    /// The result of one call.
    pub fn result(&self, call: &str) -> (bool, Value) {
        let found = self.results().into_iter().rfind(|(id, ..)| id == call);
        let (_, ok, result) = found.unwrap_or_else(|| panic!("{call} has no result"));
        (ok, result)
    }

    /// The text of the last message of the model.
    pub fn last_text(&self) -> String {
        let messages = self.events.iter().rev().filter_map(|event| match event {
            Event::Message { content, .. } => Some(content),
            _ => None,
        });
        let blocks = messages.take(1).flatten().filter_map(|block| match block {
            countersign_protocol::ContentBlock::Text { text } => Some(text.as_str()),
            _ => None,
        });
        blocks.collect()
    }

    pub fn cards(&self) -> usize {
        self.events.iter().filter(|event| is_card(event)).count()
    }
}

pub fn is_card(event: &Event) -> bool {
    matches!(event, Event::ApprovalRequested { .. })
}

pub fn answer(approval: ApprovalId, decision: Decision) -> DecisionInput {
    DecisionInput::new(approval, decision)
}

pub fn approve(_: &Card, approval: ApprovalId) -> DecisionInput {
    answer(approval, Decision::Approve)
}

pub fn never(card: &Card, _: ApprovalId) -> DecisionInput {
    panic!("no card was expected: {card:?}")
}

pub fn deny(words: &str) -> impl FnMut(&Card, ApprovalId) -> DecisionInput + use<> {
    let words = words.to_owned();
    move |_, approval| DecisionInput {
        feedback: Some(words.clone()),
        ..answer(approval, Decision::Deny)
    }
}
