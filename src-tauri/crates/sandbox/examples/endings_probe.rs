//! How a tree of processes can be ended: each way is tried on this system against what commands leave
//! behind, once by a stop and once by killing the program. Prints a table in Markdown.
//! `cargo run -p countersign-sandbox --example endings_probe`
//! As root it tries all as an ordinary user too.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use countersign_sandbox::confine::Limits;
use countersign_sandbox::{CommandSpec, Supervisor, become_supervisor_if_asked};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long what was started may live on before it counts as left.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long nothing must be seen before all has ended.
const QUIET: Duration = Duration::from_millis(100);
/// How long it may take to start.
const START: Duration = Duration::from_secs(10);
/// An ordinary user that every system has: nobody.
const ORDINARY: u32 = 65_534;

/// What commands leave behind; each with a script whose `$0` is the mark to know it by.
const KINDS: [(&str, &str); 4] = [
    ("`nohup … &`", "nohup tail -f \"$0\" > /dev/null 2>&1 &"),
    ("`setsid`", "setsid tail -f \"$0\" &"),
    ("double fork", "(setsid sh -c '(tail -f \"$0\" &)' \"$0\" &)"),
    (
        "fork storm",
        // Each process starts the next and ends.
        "s='[ -e \"$1\" ] && echo x >> \"$1.hops\" && exec sh -c \"$0\" \"$0\" \"$1\" &'
         for chain in 1 2 3; do sh -c \"$s\" \"$s\" \"$0\"; done",
    ),
];
const STORM: usize = 3;

/// The ways, by the name that the copy of this program is told.
const WAYS: [(&str, &str); 6] = [
    ("group", "process group, killed by the program"),
    ("signal", "process group and `PR_SET_PDEATHSIG`"),
    ("cgroup", "cgroup, killed by the program"),
    ("pid", "PID namespace"),
    ("user-pid", "PID namespace within a user namespace"),
    ("subreaper", "subreaper with a socket: what Countersign does"),
];

fn main() {
    become_supervisor_if_asked();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments[..] {
        [way, kind, place] => play(way, kind.parse().unwrap(), Path::new(place)),
        _ => probe(),
    }
}

// The probe.

fn probe() {
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
    println!("Kernel {}. A cell says: on a stop; when the program is killed.\n", kernel.trim());
    print!("| as | way |");
    for (kind, _) in KINDS {
        print!(" {kind} |");
    }
    println!("\n| --- | --- |{}", " --- |".repeat(KINDS.len()));
    // SAFETY: a plain system call.
    let root = unsafe { libc::geteuid() } == 0;
    let users: &[(&str, Option<u32>)] =
        if root { &[("root", None), ("user", Some(ORDINARY))] } else { &[("user", None)] };
    for (name, user) in users {
        for (way, words) in WAYS {
            print!("| {name} | {words} |");
            for kind in 0..KINDS.len() {
                let cells = [false, true].map(|kill| tried(way, kind, *user, kill));
                match &cells {
                    [Err(why), _] | [_, Err(why)] => print!(" {why} |"),
                    [Ok(stop), Ok(kill)] => print!(" {stop}; {kill} |"),
                }
                std::io::stdout().flush().unwrap();
            }
            println!();
        }
    }
}

/// One try: how long it took until nothing was left, or that something was. An error where the way
/// cannot be gone here.
fn tried(way: &str, kind: usize, user: Option<u32>, kill: bool) -> Result<String, String> {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().canonicalize().unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o777)).unwrap();
    // A copy, since an ordinary user may not reach the original.
    let program = path.join("program");
    std::fs::copy("/proc/self/exe", &program).unwrap();
    let mark = path.join("mark");
    std::fs::write(&mark, "").unwrap();
    let mut copy = Command::new(&program);
    copy.arg(way).arg(kind.to_string()).arg(&path).current_dir(&path);
    copy.stdin(Stdio::piped()).stdout(Stdio::piped());
    if let Some(user) = user {
        copy.uid(user).gid(user);
    }
    let mut copy = copy.spawn().unwrap();
    let mut said = String::new();
    BufReader::new(copy.stdout.take().unwrap()).read_line(&mut said).unwrap();
    let result = if let Some(("cannot", why)) = said.trim().split_once(": ") {
        Err(format!("cannot be had: {why}"))
    } else {
        started(&mark, kind);
        Ok(ended(&mut copy, &mark, kill))
    };
    let _ = copy.kill();
    copy.wait().unwrap();
    clean(&mark);
    if let Some(("cgroup", folder)) = said.trim().split_once(": ") {
        let _ = std::fs::remove_dir(folder);
    }
    result
}

/// Waits until the command and what it leaves behind are there.
fn started(mark: &Path, kind: usize) {
    let deadline = Instant::now() + START;
    loop {
        let tails = marked(mark).iter().filter(|(_, line)| line.starts_with("tail")).count();
        if if kind == STORM { tails >= 1 && hops(mark) > 100 } else { tails >= 2 } {
            return;
        }
        assert!(Instant::now() < deadline, "{} did not start", KINDS[kind].0);
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Stops or kills the program, and waits for the end of what it started.
fn ended(program: &mut Child, mark: &Path, kill: bool) -> String {
    let begin = Instant::now();
    if kill {
        program.kill().unwrap();
    } else {
        program.stdin.as_mut().unwrap().write_all(b"s").unwrap();
    }
    // A storm is between two processes for a moment and may be overlooked, but its trace grows.
    let (mut last_seen, mut trace) = (begin, 0);
    loop {
        // The trace after the look: a look may take long on a busy machine.
        let seen = !marked(mark).is_empty();
        let now = hops(mark);
        if seen || now != trace {
            (last_seen, trace) = (Instant::now(), now);
        } else if last_seen.elapsed() > QUIET {
            return format!("{} ms", (last_seen - begin).as_millis());
        }
        if last_seen - begin > PATIENCE {
            return "**left**".to_owned();
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// How far the storm got.
fn hops(mark: &Path) -> u64 {
    std::fs::metadata(mark.with_extension("hops")).map_or(0, |about| about.len())
}

/// The processes that run and have the mark on their command line, with that line.
fn marked(mark: &Path) -> Vec<(libc::pid_t, String)> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let with_lines = pids.filter_map(|pid: libc::pid_t| {
        // One that is dead has no command line.
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        Some((pid, String::from_utf8_lossy(&line).into_owned()))
    });
    let mark = mark.to_str().unwrap();
    with_lines.filter(|(_, line)| line.contains(mark)).collect()
}

/// Ends what is left: the storm goes with its mark.
fn clean(mark: &Path) {
    let _ = std::fs::remove_file(mark);
    let deadline = Instant::now() + START;
    loop {
        let left = marked(mark);
        if left.is_empty() {
            return;
        }
        assert!(Instant::now() < deadline, "{left:?} do not end");
        for (pid, _) in left {
            // SAFETY: a plain system call; the process was started by this probe.
            unsafe { libc::kill(pid, libc::SIGKILL) };
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

// The copy, which plays the program.

fn play(way: &str, kind: usize, place: &Path) {
    let script = format!("{}\nexec tail -f \"$0\"", KINDS[kind].1);
    let mark = place.join("mark");
    match way {
        "group" => in_a_group(shell(&script, &mark)),
        "signal" => in_a_group(dying_with_parent(shell(&script, &mark))),
        "cgroup" => in_a_cgroup(shell(&script, &mark)),
        "pid" => as_first_process(shell(&script, &mark), 0),
        "user-pid" => as_first_process(shell(&script, &mark), libc::CLONE_NEWUSER),
        _ => under_a_subreaper(&script, &mark),
    }
}

fn shell(script: &str, mark: &Path) -> Command {
    let mut command = Command::new("/bin/sh");
    command.arg("-c").arg(script).arg(mark).stdin(Stdio::null()).stdout(Stdio::null());
    command
}

/// Says that the command runs, and waits for the word to stop.
fn run_until_told(word: &str) {
    println!("{word}");
    let _ = std::io::stdin().read(&mut [0]);
}

fn cannot(why: &std::io::Error) {
    println!("cannot: {}", why.to_string().split(" (os").next().unwrap_or_default());
}

fn in_a_group(mut command: Command) {
    let mut child = command.process_group(0).spawn().unwrap();
    run_until_told("runs");
    // SAFETY: a plain system call; the child is not taken in yet, so that the group is its own.
    unsafe { libc::kill(-child.id().cast_signed(), libc::SIGKILL) };
    child.wait().unwrap();
}

fn dying_with_parent(mut command: Command) -> Command {
    // SAFETY: a plain system call between `fork` and `exec`.
    unsafe {
        command.pre_exec(|| {
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
            Ok(())
        });
    }
    command
}

/// A new folder in this process's own place in the second version's tree.
fn cgroup() -> std::io::Result<PathBuf> {
    let missing = |what: &str| std::io::Error::new(std::io::ErrorKind::NotFound, what.to_owned());
    let own = std::fs::read_to_string("/proc/self/cgroup")?;
    let own = own.lines().find_map(|line| line.strip_prefix("0::"));
    let own = own.ok_or_else(|| missing("no cgroup of version 2"))?.to_owned();
    let mounts = std::fs::read_to_string("/proc/self/mountinfo")?;
    let mount = mounts.lines().find(|line| line.contains(" - cgroup2 "));
    let mount = mount.and_then(|line| line.split(' ').nth(4));
    let mount = mount.ok_or_else(|| missing("no cgroup2 is mounted"))?;
    let name = format!("endings-probe-{}", std::process::id());
    let folder = Path::new(mount).join(own.trim_start_matches('/')).join(name);
    std::fs::create_dir(&folder)?;
    Ok(folder)
}

fn in_a_cgroup(mut command: Command) {
    let folder = match cgroup() {
        Ok(folder) => folder,
        Err(error) => return cannot(&error),
    };
    let entrance = std::fs::OpenOptions::new().write(true).open(folder.join("cgroup.procs"));
    let entrance = entrance.unwrap();
    // SAFETY: one system call, on a descriptor that outlives it.
    unsafe {
        command.pre_exec(move || {
            match libc::write(entrance.as_raw_fd(), c"0".as_ptr().cast(), 1) {
                1 => Ok(()),
                _ => Err(std::io::Error::last_os_error()),
            }
        });
    }
    let mut child = command.spawn().unwrap();
    run_until_told(&format!("cgroup: {}", folder.display()));
    std::fs::write(folder.join("cgroup.kill"), "1").unwrap();
    child.wait().unwrap();
}

/// Runs the command below the first process of a new PID namespace, with which the kernel ends all in
/// it, and which dies with this one.
fn as_first_process(command: Command, more: libc::c_int) {
    let flags = libc::CLONE_NEWPID | more | libc::SIGCHLD;
    // SAFETY: like `fork`: this process has one thread, and the child goes on with a copy of its memory.
    let first = unsafe { libc::syscall(libc::SYS_clone, flags, 0, 0, 0, 0) };
    if first < 0 {
        return cannot(&std::io::Error::last_os_error());
    }
    if first == 0 {
        // SAFETY: plain system calls.
        unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
        let mut command = command;
        let mut child = command.spawn().unwrap();
        child.wait().unwrap();
        std::process::exit(0);
    }
    run_until_told("runs");
    let first = libc::pid_t::try_from(first).unwrap();
    // SAFETY: plain system calls; the child is not taken in yet, so that the number is its own.
    unsafe {
        libc::kill(first, libc::SIGKILL);
        libc::waitpid(first, std::ptr::null_mut(), 0);
    }
}

fn under_a_subreaper(script: &str, mark: &Path) {
    let supervisor = match Supervisor::this_program() {
        Ok(supervisor) => supervisor,
        Err(error) => return cannot(&error),
    };
    let spec = CommandSpec {
        program: "/bin/sh".into(),
        args: vec!["-c".into(), script.into(), mark.into()],
        cwd: std::fs::File::open(mark.parent().unwrap()).unwrap().into(),
        env: vec![("PATH".into(), "/usr/bin:/bin".into())],
        timeout: Duration::from_secs(600),
        capture_limit: 100,
        limits: Limits::default(),
    };
    let stop = tokio_util::sync::CancellationToken::new();
    let told = stop.clone();
    std::thread::spawn(move || {
        run_until_told("runs");
        told.cancel();
    });
    let (live, _unread) = tokio::sync::mpsc::channel(1);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(supervisor.run(spec, live, stop)).unwrap();
}
