//! Running a command under its supervisor, as the program does.

use crate::SandboxError;
use crate::capture::{Capture, Captured, Decoder, grouped};
use crate::confine::{Confinement, Held, Launch, Limits, Plan, system};
use crate::refusal::{Refused, Seen};
use crate::wire::{self, Ended, Order, Report};
use countersign_protocol::Stream;
use rustix::net::{
    AddressFamily, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketFlags, SocketType,
};
use rustix::pipe::PipeFlags;
use rustix::process::{Pid, Signal};
use std::ffi::OsString;
use std::io::IoSlice;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::net::unix::{ReadHalf, pipe};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Bytes that are told live in a second, both streams together.
const LIVE_RATE: usize = 1_000_000;
/// How long the streams are read on after all processes have ended.
const DRAIN: Duration = Duration::from_secs(2);
/// How long after a command's timeout its supervisor is reminded: the command may have halted it.
const LATE: Duration = Duration::from_secs(1);
/// How long a supervisor may take to report once it was told to stop; it needs some five seconds where
/// processes are stuck in the kernel. Then it is killed, and the command with it.
const LAST_WORD: Duration = Duration::from_secs(10);

/// A command to run.
#[derive(Debug)]
pub struct CommandSpec {
    /// The program, absolute.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// The folder that it runs in, by handle.
    pub cwd: OwnedFd,
    /// Its whole environment.
    pub env: Vec<(OsString, OsString)>,
    /// After how long it is ended.
    pub timeout: Duration,
    /// Characters that are kept of each stream.
    pub capture_limit: usize,
    /// What it is held to.
    pub limits: Limits,
}

/// A piece of output as it comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Which stream.
    pub stream: Stream,
    /// The piece.
    pub text: String,
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// By itself, with this code.
    Exited(i32),
    /// By this signal.
    Signalled(i32),
    /// It took too long and was ended.
    TimedOut,
    /// It was stopped.
    Stopped,
    /// It could not be started, and why.
    NotStarted(String),
}

/// A command that is over, with all that it started.
#[derive(Clone, Debug)]
pub struct Finished {
    /// How.
    pub end: End,
    /// What was kept of its standard output.
    pub stdout: Captured,
    /// What was kept of its standard error.
    pub stderr: Captured,
    /// How long it took.
    pub duration: Duration,
    /// How many processes it left behind; they were ended.
    pub stragglers: u32,
    /// What its limits refused it, as far as its output tells.
    pub refused: Refused,
}

impl Finished {
    /// A command that never ran.
    fn at_once(end: End) -> Self {
        Self {
            end,
            stdout: Captured::default(),
            stderr: Captured::default(),
            duration: Duration::ZERO,
            stragglers: 0,
            refused: Refused::default(),
        }
    }
}

/// Starts supervisors.
#[derive(Clone, Debug)]
pub struct Supervisor {
    program: PathBuf,
    confinement: Arc<dyn Confinement>,
}

impl Supervisor {
    /// A supervisor that is this very program, started anew. Its `main` must begin with
    /// [`become_supervisor_if_asked`](crate::become_supervisor_if_asked).
    ///
    /// Refused where that was not called, and where `/proc` does not show this program.
    pub fn this_program() -> std::io::Result<Self> {
        if !crate::child::can_supervise() {
            return Err(std::io::Error::other(
                "this program cannot supervise commands: its `main` must begin with `become_supervisor_if_asked`",
            ));
        }
        // Not by its name: the file may be replaced while the program runs.
        let program = PathBuf::from("/proc/self/exe");
        program.symlink_metadata()?;
        Ok(Self { program, confinement: system() })
    }

    /// The same with another confinement than the system's own, for tests and measurements.
    #[must_use]
    pub fn confining_by(mut self, confinement: Arc<dyn Confinement>) -> Self {
        self.confinement = confinement;
        self
    }

    /// What confines commands here.
    #[must_use]
    pub fn confinement(&self) -> &dyn Confinement {
        self.confinement.as_ref()
    }

    /// Runs a command to its end. Output is sent to `live` as it comes, as far as there is room and
    /// at most a megabyte a second; the result holds the head and the tail of each stream. `stop`
    /// ends the command and all that it started, and so does dropping the future.
    pub async fn run(
        &self,
        spec: CommandSpec,
        live: mpsc::Sender<Output>,
        stop: CancellationToken,
    ) -> Result<Finished, SandboxError> {
        let started = Instant::now();
        let limit = spec.capture_limit;
        if stop.is_cancelled() {
            return Ok(Finished::at_once(End::Stopped));
        }
        let timeout = spec.timeout;
        let launch = Launch { program: spec.program.clone(), args: spec.args.clone() };
        let held = match self.confinement.hold(launch, &spec.limits) {
            Ok(held) => held,
            Err(error) => return Ok(Finished::at_once(End::NotStarted(error.to_string()))),
        };
        let seen = Seen::of(&held, &spec);
        let (mut running, mut socket, stdout, stderr) = self.start(spec, held).await?;
        let budget = Budget::default();
        let ended = CancellationToken::new();
        let report = async {
            let report = hear(&mut socket, &mut running, timeout, &stop).await;
            ended.cancel();
            report
        };
        let (report, stdout, stderr) = tokio::join!(
            report,
            follow(stdout, Stream::Stdout, limit, &live, &budget, &ended),
            follow(stderr, Stream::Stderr, limit, &live, &budget, &ended),
        );
        drop(socket);
        // It is gone at once. If not, the runtime takes it in later.
        let _ = tokio::time::timeout(DRAIN, running.0.wait()).await;
        let Report { end, stragglers } = report.map_err(|_| SandboxError::Lost)?;
        let end = match end {
            Ended::Exited(code) => End::Exited(code),
            Ended::Signalled(signal) => End::Signalled(signal),
            Ended::TimedOut => End::TimedOut,
            Ended::Stopped => End::Stopped,
            Ended::NotStarted(why) => End::NotStarted(why),
        };
        let refused = seen.refused(&[&stderr.text, &stdout.text]);
        Ok(Finished { end, stdout, stderr, duration: started.elapsed(), stragglers, refused })
    }

    /// Starts the supervisor and tells it what to run.
    async fn start(
        &self,
        spec: CommandSpec,
        held: Held,
    ) -> Result<(Running, UnixStream, pipe::Receiver, pipe::Receiver), SandboxError> {
        let failed = |error: rustix::io::Errno| SandboxError::Start(error.into());
        let (ours, theirs) = rustix::net::socketpair(
            AddressFamily::UNIX,
            SocketType::STREAM,
            SocketFlags::CLOEXEC,
            None,
        )
        .map_err(failed)?;
        let (stdout, stdout_of_command) =
            rustix::pipe::pipe_with(PipeFlags::CLOEXEC).map_err(failed)?;
        let (stderr, stderr_of_command) =
            rustix::pipe::pipe_with(PipeFlags::CLOEXEC).map_err(failed)?;
        let running = tokio::process::Command::new(&self.program)
            .arg0(crate::child::name())
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::from(theirs))
            .stdout(Stdio::from(stdout_of_command))
            .stderr(Stdio::from(stderr_of_command))
            .spawn()
            .map(Running)
            .map_err(SandboxError::Start)?;
        let workspace = spec.limits.confine.as_ref().map(|bounds| &bounds.workspace);
        send_folders(&ours, &spec.cwd, workspace.unwrap_or(&spec.cwd))
            .map_err(|error| SandboxError::Tell(error.into()))?;
        let bytes = |text: OsString| text.into_vec();
        let (Launch { program, args }, plan) = match held {
            Held::ByPlan(launch, plan) => (launch, plan),
            Held::ByLaunch(launch) => (launch, Plan::default()),
        };
        let order = Order {
            program: bytes(program.into_os_string()),
            args: args.into_iter().map(bytes).collect(),
            env: spec.env.into_iter().map(|(name, value)| (bytes(name), bytes(value))).collect(),
            timeout_ms: u64::try_from(spec.timeout.as_millis()).unwrap_or(u64::MAX),
            plan,
        };
        let order = wire::framed(&order).map_err(SandboxError::Tell)?;
        let ours = std::os::unix::net::UnixStream::from(ours);
        let tell = async {
            ours.set_nonblocking(true)?;
            let mut socket = UnixStream::from_std(ours)?;
            socket.write_all(&order).await?;
            Ok(socket)
        };
        let socket = tell.await.map_err(SandboxError::Tell)?;
        let stdout = pipe::Receiver::from_owned_fd(stdout).map_err(SandboxError::Start)?;
        let stderr = pipe::Receiver::from_owned_fd(stderr).map_err(SandboxError::Start)?;
        Ok((running, socket, stdout, stderr))
    }
}

/// A supervisor's process. A command may halt it, so it is woken when it should see its socket close.
#[derive(Debug)]
struct Running(tokio::process::Child);

impl Running {
    fn wake(&self) {
        // There is a number as long as the process was not taken in: it cannot be another's.
        if let Some(pid) = self.0.id().and_then(|id| Pid::from_raw(id.try_into().ok()?)) {
            let _ = rustix::process::kill_process(pid, Signal::CONT);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.wake();
    }
}

/// Waits for the supervisor's report, and tells it to stop when asked to, or when it is late.
async fn hear(
    socket: &mut UnixStream,
    running: &mut Running,
    timeout: Duration,
    stop: &CancellationToken,
) -> std::io::Result<Report> {
    let (mut from, mut to) = socket.split();
    // One reading for all of it: one that is given up may take half a report with it.
    let reading = read_report(&mut from);
    tokio::pin!(reading);
    tokio::select! {
        report = &mut reading => return report,
        () = stop.cancelled() => {}
        () = tokio::time::sleep(timeout.saturating_add(LATE)) => {}
    }
    let _ = to.write_all(&[wire::STOP]).await;
    running.wake();
    if let Ok(report) = tokio::time::timeout(LAST_WORD, reading).await {
        return report;
    }
    let _ = running.0.start_kill();
    Err(std::io::ErrorKind::TimedOut.into())
}

/// The command's folder and its workspace, by handle.
fn send_folders(socket: &OwnedFd, folder: &OwnedFd, workspace: &OwnedFd) -> rustix::io::Result<()> {
    let handles = [folder.as_fd(), workspace.as_fd()];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    control.push(SendAncillaryMessage::ScmRights(&handles));
    rustix::net::sendmsg(socket, &[IoSlice::new(b"f")], &mut control, SendFlags::NOSIGNAL)?;
    Ok(())
}

async fn read_report(socket: &mut ReadHalf<'_>) -> std::io::Result<Report> {
    let mut length = [0; 4];
    socket.read_exact(&mut length).await?;
    let mut body = vec![0; wire::length_of(length)?];
    socket.read_exact(&mut body).await?;
    Ok(serde_json::from_slice(&body)?)
}

/// Reads a stream to its end.
async fn follow(
    mut from: pipe::Receiver,
    stream: Stream,
    limit: usize,
    live: &mpsc::Sender<Output>,
    budget: &Budget,
    ended: &CancellationToken,
) -> Captured {
    let mut capture = Capture::new(limit);
    let mut decoder = Decoder::default();
    let mut buffer = vec![0; 64 * 1024];
    let mut unseen = 0;
    let over = async {
        ended.cancelled().await;
        tokio::time::sleep(DRAIN).await;
    };
    tokio::pin!(over);
    loop {
        let read = tokio::select! {
            read = from.read(&mut buffer) => read.unwrap_or(0),
            () = &mut over => 0,
        };
        let text = match read {
            0 => std::mem::take(&mut decoder).finish(),
            _ => decoder.decode(buffer.get(..read).unwrap_or_default()),
        };
        capture.count_bytes(read);
        capture.push(&text);
        tell(live, stream, text, budget, &mut unseen);
        if read == 0 {
            if unseen > 0 {
                let _ = live.try_send(Output { stream, text: not_shown(unseen) });
            }
            return capture.finish();
        }
    }
}

/// Sends a piece, or counts it where there is no room or it is too much.
fn tell(
    live: &mpsc::Sender<Output>,
    stream: Stream,
    text: String,
    budget: &Budget,
    unseen: &mut u64,
) {
    if text.is_empty() {
        return;
    }
    let size = text.len();
    if !budget.take(size) {
        *unseen += size as u64;
        return;
    }
    let text = match *unseen {
        0 => text,
        unseen => not_shown(unseen) + &text,
    };
    match live.try_send(Output { stream, text }) {
        Ok(()) => *unseen = 0,
        Err(_) => *unseen += size as u64,
    }
}

fn not_shown(bytes: u64) -> String {
    format!("\n… {} bytes not shown live …\n", grouped(bytes))
}

/// What may still be told live in this second.
#[derive(Debug)]
struct Budget(Mutex<(Instant, usize)>);

impl Default for Budget {
    fn default() -> Self {
        Self(Mutex::new((Instant::now(), LIVE_RATE)))
    }
}

impl Budget {
    fn take(&self, bytes: usize) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.0.elapsed() >= Duration::from_secs(1) {
            *state = (Instant::now(), LIVE_RATE);
        }
        match state.1.checked_sub(bytes) {
            Some(left) => {
                state.1 = left;
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests;
