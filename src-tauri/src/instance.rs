//! One program for one data folder and one settings file: a second start hands its folder to the first,
//! which opens a window for it, and ends.
//!
//! Who is first is said by the kernel (`flock`), so that a program that was killed leaves nothing that
//! counts. The first listens at a socket beside the lock. Both lie in the data folder, which nobody else
//! may enter, and both sides look at who the other is all the same.

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

/// Bytes of one message: the longest path there is, as a list of numbers, and some.
const LONGEST: u64 = 32 * 1024;
/// How long one conversation may take.
const TALK: Duration = Duration::from_secs(3);
/// How long a start tries to reach a first one that does not answer, or is about to end.
const PATIENCE: Duration = Duration::from_secs(10);
const AGAIN: Duration = Duration::from_millis(50);
/// Who talks at once; others wait.
const TALKERS: usize = 8;

/// What a second start wants.
#[derive(Debug, Deserialize, Serialize)]
struct Request {
    /// The bytes of the folder's path; none for a window without one.
    folder: Option<Vec<u8>>,
}

/// What it is answered.
#[derive(Debug, Deserialize, Serialize)]
struct Reply {
    /// Whether a window will be opened.
    taken: bool,
}

/// What a start has come to.
pub(crate) enum Start {
    /// This is the first program.
    First(First),
    /// The first program opens a window.
    Handed,
    /// Another one is first and does not answer, or nothing can be locked here: this one goes on by itself.
    Alone,
}

/// What the first program does for the others.
pub(crate) trait Desk: Send + Sync + 'static {
    /// Whether a window could be opened now.
    fn is_ready(&self) -> impl Future<Output = bool> + Send;
    /// Opens a window.
    fn open(&self, folder: Option<PathBuf>);
}

/// The first program's right to be it, while it lives.
pub(crate) struct First {
    listener: UnixListener,
    _lock: File,
}

/// Finds out whether this is the first program of these two, and hands it the folder where it is not.
/// A relative folder is taken from the current one. Must be called within a Tokio runtime.
pub(crate) async fn start(data: &Path, settings: &Path, folder: Option<&Path>) -> Start {
    match try_start(data, settings, folder, PATIENCE).await {
        Ok(start) => start,
        Err(error) => {
            tracing::warn!("windows of other starts are not opened here: {error}");
            Start::Alone
        }
    }
}

async fn try_start(
    data: &Path,
    settings: &Path,
    folder: Option<&Path>,
    patience: Duration,
) -> io::Result<Start> {
    let folder = folder.map(std::path::absolute).transpose()?;
    let name = name(settings);
    let data = File::open(data)?;
    let deadline = Instant::now() + patience;
    loop {
        if let Some(lock) = take(&at(&data, &format!("{name}.lock")))? {
            let socket = at(&data, &format!("{name}.sock"));
            // Whoever listened there is gone: it had the lock.
            match std::fs::remove_file(&socket) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
            let listener = UnixListener::bind(&socket)?;
            return Ok(Start::First(First { listener, _lock: lock }));
        }
        let socket = at(&data, &format!("{name}.sock"));
        let asked = timeout(TALK, hand_over(&socket, folder.as_deref()));
        if matches!(asked.await, Ok(Ok(true))) {
            return Ok(Start::Handed);
        }
        if Instant::now() > deadline {
            tracing::warn!("the program that is open does not answer");
            return Ok(Start::Alone);
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// The name of the lock and the socket for a settings file.
fn name(settings: &Path) -> String {
    let real = std::fs::canonicalize(settings).unwrap_or_else(|_| settings.to_owned());
    let digest = Sha256::digest(real.as_os_str().as_bytes());
    let hex: Vec<String> = digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    format!("window-{}", hex.concat())
}

/// A name in an open folder. The path of a socket has room for 107 bytes only; this one is always short.
fn at(folder: &File, name: &str) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}/{name}", folder.as_raw_fd()))
}

fn take(lock: &Path) -> io::Result<Option<File>> {
    let file =
        OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(lock)?;
    loop {
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(Some(file)),
            Err(Errno::WOULDBLOCK) => return Ok(None),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Asks the first program for a window. Whether it will open one.
async fn hand_over(socket: &Path, folder: Option<&Path>) -> io::Result<bool> {
    let mut stream = UnixStream::connect(socket).await?;
    if !is_ours(&stream) {
        return Ok(false);
    }
    let folder = folder.map(|folder| folder.as_os_str().as_bytes().to_vec());
    stream.write_all(&line(&Request { folder })?).await?;
    let reply: Reply = read(&mut stream).await?;
    Ok(reply.taken)
}

impl First {
    /// Opens windows for other starts, for as long as the program lives.
    pub(crate) async fn serve(self, desk: Arc<impl Desk>) {
        let room = Arc::new(Semaphore::new(TALKERS));
        loop {
            let Ok(permit) = Arc::clone(&room).acquire_owned().await else { return };
            match self.listener.accept().await {
                Ok((stream, _)) => {
                    let desk = Arc::clone(&desk);
                    tokio::spawn(async move {
                        if let Ok(Err(error)) = timeout(TALK, answer(stream, desk.as_ref())).await {
                            tracing::debug!("another start said nothing of use: {error}");
                        }
                        drop(permit);
                    });
                }
                Err(error) => {
                    tracing::warn!("another start cannot be heard: {error}");
                    tokio::time::sleep(AGAIN).await;
                }
            }
        }
    }
}

async fn answer(mut stream: UnixStream, desk: &impl Desk) -> io::Result<()> {
    if !is_ours(&stream) {
        return Ok(());
    }
    let request: Request = read(&mut stream).await?;
    let taken = desk.is_ready().await;
    // Before the window is opened: who did not wait for the answer has opened one of its own.
    stream.write_all(&line(&Reply { taken })?).await?;
    if taken {
        desk.open(request.folder.map(|bytes| PathBuf::from(OsString::from_vec(bytes))));
    }
    Ok(())
}

/// Whether who is at the other end is this user.
fn is_ours(stream: &UnixStream) -> bool {
    stream.peer_cred().is_ok_and(|peer| peer.uid() == rustix::process::geteuid().as_raw())
}

fn line<T: Serialize>(message: &T) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    Ok(line)
}

/// One line of bounded length.
async fn read<T: for<'de> Deserialize<'de>>(stream: &mut UnixStream) -> io::Result<T> {
    let mut line = Vec::new();
    BufReader::new(stream.take(LONGEST)).read_until(b'\n', &mut line).await?;
    if line.last() != Some(&b'\n') {
        return Err(io::Error::other("the message has no end"));
    }
    Ok(serde_json::from_slice(&line)?)
}

#[cfg(test)]
#[path = "instance_tests.rs"]
mod tests;
