//! The program over `--json`, with each card answered as it comes, until it ends or is killed.

use super::script;
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long nothing may happen before the program counts as stuck.
const PATIENCE: Duration = Duration::from_secs(60);

/// When the program is killed.
#[derive(Clone, Debug)]
pub enum Trigger {
    Never,
    /// So long after its start.
    After(Duration),
    /// After the n-th event of a type was printed, from 1, and a moment more.
    Event(&'static str, u32, Duration),
    /// After the n-th card was answered, from 1, and a moment more.
    Answer(u32, Duration),
}

pub struct Process {
    pub child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<Value>,
    errors: JoinHandle<String>,
    started: Instant,
    /// What it printed.
    pub seen: Vec<Value>,
    pub answered: u32,
    /// Its children when it was killed: the supervisors of its commands.
    pub children: Vec<u32>,
}

/// The children of all threads of a process.
fn children(of: u32) -> Vec<u32> {
    let threads = std::fs::read_dir(format!("/proc/{of}/task")).into_iter().flatten().flatten();
    let lists = threads.map(|thread| std::fs::read_to_string(thread.path().join("children")));
    let lists: Vec<String> = lists.map(Result::unwrap_or_default).collect();
    lists.iter().flat_map(|list| list.split_whitespace()).map(|pid| pid.parse().unwrap()).collect()
}

impl Process {
    pub fn start(mut command: Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let started = Instant::now();
        let mut child = command.spawn().unwrap();
        let input = child.stdin.take();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut errors = child.stderr.take().unwrap();
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            // A last line without an end was cut by the kill: it was not printed.
            while output.read_line(&mut line).is_ok_and(|read| read > 0) && line.ends_with('\n') {
                let value = serde_json::from_str(&line).expect("a line is a JSON object");
                if sender.send(value).is_err() {
                    return;
                }
                line.clear();
            }
        });
        let errors = std::thread::spawn(move || {
            let mut text = Vec::new();
            errors.read_to_end(&mut text).unwrap();
            String::from_utf8_lossy(&text).into_owned()
        });
        Self {
            child,
            input,
            lines,
            errors,
            started,
            seen: Vec::new(),
            answered: 0,
            children: Vec::new(),
        }
    }

    /// The session that it named.
    pub fn session(&self) -> Option<String> {
        Some(self.seen.first()?["session"].as_str()?.to_owned())
    }

    /// What it printed that is journaled.
    pub fn stored(&self) -> impl Iterator<Item = &Value> {
        self.seen.iter().filter(|event| !event["seq"].is_null())
    }

    /// Answers cards until the program ends by itself, which gives its exit code and what it complained of,
    /// or is killed. An exit code below zero is a signal.
    pub fn drive(&mut self, trigger: &Trigger) -> Option<(i32, String)> {
        let mut kill_at = match trigger {
            Trigger::After(time) => Some(self.started + *time),
            Trigger::Never | Trigger::Event(..) | Trigger::Answer(..) => None,
        };
        let mut met = 0;
        loop {
            let wait = kill_at.map_or(PATIENCE, |at| at.saturating_duration_since(Instant::now()));
            match self.lines.recv_timeout(wait) {
                Ok(event) => {
                    if let Trigger::Event(kind, number, more) = trigger
                        && event["type"] == *kind
                    {
                        met += 1;
                        if met == *number {
                            kill_at = Some(Instant::now() + *more);
                        }
                    }
                    let card = event["type"] == "approval_requested";
                    if card {
                        let call = event["call"].as_str().unwrap();
                        self.say(&script::answer(call, &event["approval"]));
                        self.answered += 1;
                    }
                    if let Trigger::Answer(number, more) = trigger
                        && card
                        && self.answered == *number
                    {
                        kill_at = Some(Instant::now() + *more);
                    }
                    self.seen.push(event);
                }
                Err(RecvTimeoutError::Timeout) => {
                    assert!(kill_at.is_some(), "nothing happens any more: {:#?}", self.seen);
                    self.kill();
                    return None;
                }
                Err(RecvTimeoutError::Disconnected) => return Some(self.end()),
            }
        }
    }

    /// The next event of a type; cards before it stay open.
    pub fn next(&mut self, kind: &str) -> Value {
        loop {
            let event = self.lines.recv_timeout(PATIENCE);
            let event = event.unwrap_or_else(|_| panic!("no {kind} came: {:#?}", self.seen));
            self.seen.push(event.clone());
            if event["type"] == kind {
                return event;
            }
        }
    }

    /// A line on its standard input. One that is gone hears nothing.
    pub fn say(&mut self, line: &Value) {
        let _ = writeln!(self.input.as_mut().unwrap(), "{line}");
    }

    /// SIGKILL; what it had printed before is taken in.
    pub fn kill(&mut self) {
        self.children = children(self.child.id());
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.seen.extend(self.lines.iter());
    }

    fn end(&mut self) -> (i32, String) {
        let status = self.child.wait().unwrap();
        let errors = std::mem::replace(&mut self.errors, std::thread::spawn(String::new));
        let code = status.code().unwrap_or_else(|| -status.signal().unwrap_or(0));
        (code, errors.join().unwrap())
    }
}
