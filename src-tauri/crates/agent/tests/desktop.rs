//! What a window's manners on the desktop rest on: where a file lies, keys that are kept, and a run that
//! fails by a fault of the program.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::wildcard_enum_match_arm, missing_docs)]

use countersign_agent::{
    Engine, EngineOptions, Folders, Keychain, Later, Overrides, Session, SessionOptions, Settings,
    Slot, open_store,
};
use countersign_protocol::{
    AppState, ContentBlock, ErrorCode, Feed, KeySource, Message, Op, ProviderKind, Query,
    QueryAnswer, Role, StepUsage,
};
use countersign_provider::{
    Completion, EventStream, Provider, ProviderEvent, Request, Secret, StopReason,
};
use countersign_testkit::TempWorkspace;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);
const KEY: &str = "a-key-that-is-kept";

async fn engine(workspace: &TempWorkspace, keychain: Option<Arc<dyn Keychain>>) -> Engine {
    let own = workspace.root().join("own");
    let options = EngineOptions {
        data_dir: Some(own.join("data")),
        config: Some(own.join("settings/config.toml")),
        workspace: Some(workspace.path()),
        keychain,
        trash: Some(own.join("Trash")),
    };
    let (engine, trouble) = Engine::start(options).await.unwrap();
    assert_eq!(trouble, None);
    engine
}

async fn state(engine: &Engine) -> AppState {
    match engine.query(Query::App).await.unwrap() {
        QueryAnswer::App(state) => *state,
        other => panic!("{other:?}"),
    }
}

/// Waits until the state of the window is as wanted.
async fn until(engine: &Engine, wanted: impl Fn(&AppState) -> bool) -> AppState {
    let mut reader = engine.subscribe(u64::MAX);
    tokio::time::timeout(PATIENCE, async {
        loop {
            for feed in reader.next().await.expect("the engine runs") {
                if let Feed::App { state } = feed
                    && wanted(&state)
                {
                    return state;
                }
            }
        }
    })
    .await
    .expect("it comes to be so")
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_lies_in_the_workspace_is_given_to_other_programs() {
    let workspace = TempWorkspace::new().file("in/a file.txt", "").beside("outside/secret", "");
    let root = std::fs::canonicalize(workspace.path()).unwrap();
    let link = |to: &Path, name: &str| std::os::unix::fs::symlink(to, root.join(name)).unwrap();
    link(Path::new("in/a file.txt"), "inner");
    link(&workspace.root().join("outside"), "out");
    let engine = engine(&workspace, None).await;
    assert_eq!(engine.folder().as_deref(), Some(root.as_path()));
    assert_eq!(engine.place_of("").await.unwrap(), root.join(""));
    assert_eq!(engine.place_of("in").await.unwrap(), root.join("in"));
    for path in ["in/a file.txt", "inner", "in/../in/a file.txt"] {
        assert_eq!(engine.file_of(path).await.unwrap(), root.join("in/a file.txt"), "{path}");
    }
    for path in ["missing", "out", "out/secret", "../outside/secret", "/etc/passwd"] {
        assert!(engine.place_of(path).await.is_err(), "{path}");
    }
    assert_eq!(engine.file_of("in").await.unwrap_err().code, ErrorCode::Input);
    std::fs::rename(&root, root.with_extension("moved")).unwrap();
    std::fs::create_dir_all(root.join("in")).unwrap();
    assert!(engine.place_of("in").await.is_err(), "another folder stands there now");
    engine.submit(Op::CloseWorkspace).await.unwrap();
    assert_eq!(engine.folder(), None);
    assert!(engine.place_of("in").await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_beside_the_transcript_is_said_once() {
    let workspace = TempWorkspace::new();
    let engine = engine(&workspace, None).await;
    for _ in 0..3 {
        engine.notice("It failed.".to_owned());
    }
    assert_eq!(state(&engine).await.notices, ["It failed."]);
}

/// A keychain in memory; one that is `broken` keeps nothing.
#[derive(Debug, Default)]
struct Memory {
    kept: Mutex<Vec<(Slot, String)>>,
    broken: AtomicBool,
}

impl Keychain for Memory {
    fn read<'a>(&'a self, slot: &'a Slot) -> Later<'a, Option<Secret>> {
        let kept = self.kept.lock().unwrap();
        let found = kept.iter().rev().find(|(known, _)| known == slot);
        let found = found.map(|(_, key)| Secret::new(key.clone()));
        Box::pin(async move { Ok(found) })
    }

    fn keep<'a>(&'a self, slot: &'a Slot, key: &'a Secret) -> Later<'a, ()> {
        Box::pin(async move {
            if self.broken.load(Ordering::SeqCst) {
                return Err("it is broken".to_owned());
            }
            self.kept.lock().unwrap().push((slot.clone(), key.expose().to_owned()));
            Ok(())
        })
    }
}

fn connect(base_url: Option<&str>, key: Option<&str>, keep_key: bool) -> Op {
    Op::ConnectModel {
        provider: ProviderKind::Openai,
        model: Some("a-model".to_owned()),
        base_url: base_url.map(str::to_owned),
        api_key: key.map(str::to_owned),
        keep_key,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_kept_found_at_the_next_start_and_given_to_no_other_server() {
    if ["ANTHROPIC_API_KEY", "OPENAI_API_KEY", "OPENAI_BASE_URL"]
        .iter()
        .any(|name| std::env::var_os(name).is_some())
    {
        return;
    }
    let memory = Arc::new(Memory::default());
    let keychain = || Some(Arc::clone(&memory) as Arc<dyn Keychain>);
    let workspace = TempWorkspace::new();
    let first = engine(&workspace, keychain()).await;
    let address = "https://gate.example/v1";
    let gate = Some(address);
    first.submit(connect(gate, Some(KEY), false)).await.unwrap();
    assert_eq!(state(&first).await.model.key, KeySource::Window);
    assert!(memory.kept.lock().unwrap().is_empty(), "nothing is kept unasked");
    first.submit(connect(gate, Some(KEY), true)).await.unwrap();
    assert_eq!(state(&first).await.model.key, KeySource::Keychain);
    let slot = Slot { variable: "OPENAI_API_KEY", address: address.to_owned() };
    assert_eq!(*memory.kept.lock().unwrap(), [(slot, KEY.to_owned())]);
    first.shutdown().await;
    drop(first);

    // Without an address it would go to another server.
    let next = engine(&workspace, keychain()).await;
    assert_eq!(state(&next).await.model.key, KeySource::Missing);
    assert!(next.submit(connect(None, None, false)).await.is_err());
    // With the one that it is for it is found, without being typed.
    next.submit(connect(gate, None, false)).await.unwrap();
    assert_eq!(state(&next).await.model.key, KeySource::Keychain);
    next.shutdown().await;
    drop(next);

    // At a start, and when the settings come to name its server.
    let set = |key: &str, value: &str| Op::SetSetting {
        key: key.to_owned(),
        value: Some(value.to_owned()),
    };
    let next = engine(&workspace, keychain()).await;
    next.submit(set("base_url", "\"https://gate.example/v1\"")).await.unwrap();
    next.submit(set("provider", "\"openai\"")).await.unwrap();
    until(&next, |state| state.model.key == KeySource::Keychain).await;
    next.shutdown().await;
    drop(next);
    let last = engine(&workspace, keychain()).await;
    until(&last, |state| state.model.key == KeySource::Keychain).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_not_kept_holds_for_this_start_and_that_is_said() {
    let memory = Arc::new(Memory { broken: AtomicBool::new(true), ..Memory::default() });
    let workspace = TempWorkspace::new();
    let here = engine(&workspace, Some(memory)).await;
    let none = TempWorkspace::new();
    let nowhere = engine(&none, None).await;
    for (engine, why) in [(&here, "it is broken"), (&nowhere, "there is no keychain here")] {
        let error = engine.submit(connect(Some("https://gate.example"), Some(KEY), true)).await;
        let error = error.unwrap_err();
        assert!(error.message.contains(why), "{error:?}");
        assert!(error.hint.contains("this start"), "{error:?}");
        assert!(!format!("{error:?}").contains(KEY));
        assert_eq!(state(engine).await.model.key, KeySource::Window);
    }
}

/// A model whose first answer brings the program to fail.
#[derive(Default)]
struct Failing(AtomicBool);

impl Provider for Failing {
    fn name(&self) -> &'static str {
        "failing"
    }

    fn model(&self) -> &'static str {
        "failing"
    }

    fn complete(&self, _: Request) -> EventStream {
        assert!(self.0.swap(true, Ordering::SeqCst), "a fault that the test wants");
        let content = vec![ContentBlock::Text { text: "Well again.".to_owned() }];
        let message = Message { role: Role::Assistant, content };
        let finished =
            Completion { message, usage: StepUsage::default(), stop: StopReason::EndTurn };
        Box::pin(futures_util::stream::iter([Ok(ProviderEvent::Finished(finished))]))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_fails_by_a_fault_of_the_program_stands_still_and_goes_on() {
    let workspace = TempWorkspace::new();
    let own = workspace.root().join("own");
    let folders =
        Folders::find(Some(own.join("data")), Some(own.join("settings/config.toml"))).unwrap();
    folders.make().unwrap();
    let settings = Settings::load(folders.settings_file(), Overrides::default()).unwrap();
    let session = Session::open(SessionOptions {
        workspace: &workspace.path(),
        folders: &folders,
        settings: &settings,
        provider: Arc::new(Failing::default()),
        store: open_store(&folders).unwrap(),
    })
    .unwrap();
    let mut reader = session.subscribe();
    let told = async |reader: &mut countersign_agent::Reader| {
        tokio::time::timeout(PATIENCE, async {
            loop {
                for feed in reader.next().await.expect("the session is open") {
                    let Feed::Envelopes { envelopes } = feed else { continue };
                    for envelope in envelopes {
                        if let countersign_protocol::Event::RunFinished { error, .. } =
                            envelope.event
                        {
                            return (envelope.seq, error);
                        }
                    }
                }
            }
        })
        .await
        .expect("the end of the run is told")
    };
    session.send("Do it.").unwrap();
    let (seq, error) = told(&mut reader).await;
    assert_eq!(seq, None, "it can go on, so its end is not stored");
    assert!(error.unwrap().contains("Countersign failed during this run"));
    // It is told a moment before it is so.
    while session.is_running() {
        tokio::task::yield_now().await;
    }
    assert!(session.paused().unwrap().contains("stands still"));
    assert!(session.go_on().unwrap(), "there is a run to go on with");
    let (seq, error) = told(&mut reader).await;
    assert!(seq.is_some() && error.is_none(), "{error:?}");
    assert_eq!(session.paused(), None);
}
