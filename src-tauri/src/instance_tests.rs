#![allow(clippy::unwrap_used)]

use super::*;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

struct Windows {
    ready: AtomicBool,
    opened: UnboundedSender<Option<PathBuf>>,
}

impl Desk for Windows {
    async fn is_ready(&self) -> bool {
        self.ready.load(Ordering::SeqCst)
    }

    fn open(&self, folder: Option<PathBuf>) {
        let _ = self.opened.send(folder);
    }
}

struct World {
    root: tempfile::TempDir,
    windows: Arc<Windows>,
    opened: UnboundedReceiver<Option<PathBuf>>,
}

impl World {
    fn new() -> Self {
        let (sender, opened) = unbounded_channel();
        let windows = Arc::new(Windows { ready: AtomicBool::new(true), opened: sender });
        Self { root: tempfile::tempdir().unwrap(), windows, opened }
    }

    fn settings(&self) -> PathBuf {
        self.root.path().join("config.toml")
    }

    fn socket(&self) -> PathBuf {
        self.root.path().join(format!("{}.sock", name(&self.settings())))
    }

    async fn start(&self, folder: Option<&str>) -> Start {
        let settings = self.settings();
        let patience = Duration::from_millis(300);
        try_start(self.root.path(), &settings, folder.map(Path::new), patience).await.unwrap()
    }

    /// Starts the first program, and lets it serve until the task is aborted.
    async fn first(&self) -> tokio::task::JoinHandle<()> {
        let Start::First(first) = self.start(None).await else { panic!("there is another") };
        tokio::spawn(first.serve(Arc::clone(&self.windows)))
    }
}

#[tokio::test]
async fn a_second_start_hands_its_folder_to_the_first() {
    let mut world = World::new();
    let _first = world.first().await;
    for folder in [Some("/a/folder"), None] {
        assert!(matches!(world.start(folder).await, Start::Handed));
        assert_eq!(world.opened.recv().await.unwrap().as_deref(), folder.map(Path::new));
    }
    // A relative one is taken from where the second was started, whatever bytes it is of.
    let odd = OsString::from_vec(b"odd-\xff".to_vec());
    let (data, settings) = (world.root.path(), world.settings());
    let start = try_start(data, &settings, Some(Path::new(&odd)), PATIENCE).await.unwrap();
    assert!(matches!(start, Start::Handed));
    let wanted = std::env::current_dir().unwrap().join(&odd);
    assert_eq!(world.opened.recv().await.unwrap(), Some(wanted));
}

#[tokio::test]
async fn other_settings_are_another_program() {
    let world = World::new();
    let _first = world.first().await;
    let other = world.root.path().join("other.toml");
    let start = try_start(world.root.path(), &other, None, PATIENCE).await.unwrap();
    assert!(matches!(start, Start::First(_)));
}

#[tokio::test]
async fn what_a_killed_program_leaves_hinders_nobody() {
    let mut world = World::new();
    // A socket that nobody listens at, as after SIGKILL: the kernel has let the lock go.
    drop(std::os::unix::net::UnixListener::bind(world.socket()).unwrap());
    assert!(world.socket().exists());
    let first = world.first().await;
    assert!(matches!(world.start(Some("/x")).await, Start::Handed));
    assert!(world.opened.recv().await.is_some());
    // The next one is first as soon as the one before has ended.
    first.abort();
    let _ = first.await;
    assert!(matches!(world.start(None).await, Start::First(_)));
}

#[tokio::test]
async fn a_start_goes_on_by_itself_where_the_first_does_not_answer() {
    let mut world = World::new();
    let Start::First(silent) = world.start(None).await else { panic!("there is another") };
    assert!(matches!(world.start(None).await, Start::Alone));
    // Once it does, it opens no window for those that went away.
    let serving = tokio::spawn(silent.serve(Arc::clone(&world.windows)));
    assert!(matches!(world.start(Some("/later")).await, Start::Handed));
    assert_eq!(world.opened.recv().await.unwrap(), Some(PathBuf::from("/later")));
    world.windows.ready.store(false, Ordering::SeqCst);
    assert!(matches!(world.start(Some("/ending")).await, Start::Alone));
    assert!(world.opened.try_recv().is_err());
    serving.abort();
}

#[tokio::test]
async fn hostile_words_open_nothing_and_hinder_nobody() {
    let mut world = World::new();
    let _first = world.first().await;
    let mut silent = Vec::new();
    for _ in 0..TALKERS - 1 {
        silent.push(UnixStream::connect(world.socket()).await.unwrap());
    }
    for words in [
        b"\n".to_vec(),
        b"{\"folder\":7}\n".to_vec(),
        b"{\"folder\":[700]}\n".to_vec(),
        b"\xff\xfe\n".to_vec(),
        vec![b'['; usize::try_from(LONGEST).unwrap() * 2],
        [vec![b'['; 30_000], b"\n".to_vec()].concat(),
    ] {
        let mut stream = UnixStream::connect(world.socket()).await.unwrap();
        // It may have hung up already.
        let _ = stream.write_all(&words).await;
        let mut said = Vec::new();
        let _ = stream.read_to_end(&mut said).await;
        assert_eq!(said, b"", "{:?}", &words[..words.len().min(20)]);
    }
    assert!(matches!(world.start(Some("/x")).await, Start::Handed));
    assert_eq!(world.opened.recv().await.unwrap(), Some(PathBuf::from("/x")));
    assert!(world.opened.try_recv().is_err());
}

#[tokio::test]
async fn a_long_data_folder_has_a_socket_too() {
    let mut world = World::new();
    let long = world.root.path().join("d".repeat(200));
    std::fs::create_dir(&long).unwrap();
    let settings = world.settings();
    let Start::First(first) = try_start(&long, &settings, None, PATIENCE).await.unwrap() else {
        panic!("there is another")
    };
    let _serving = tokio::spawn(first.serve(Arc::clone(&world.windows)));
    let start = try_start(&long, &settings, Some(Path::new("/x")), PATIENCE).await.unwrap();
    assert!(matches!(start, Start::Handed));
    assert!(world.opened.recv().await.is_some());
}
