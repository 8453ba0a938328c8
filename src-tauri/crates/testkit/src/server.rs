//! The scripted model: a server on this machine that speaks the Messages API's stream.

use crate::check::check_request;
use crate::placeholders::Context;
use crate::script::{Body, Reply, Script};
use crate::{events, http};
use serde_json::{Value, json};
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, BufStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;

/// Where the server listens and what it writes down.
#[derive(Debug, Default)]
pub struct Options {
    /// The port on the loopback address; 0 takes a free one.
    pub port: u16,
    /// A file to which each request body is appended as a line of JSON, `problems` added.
    pub record: Option<PathBuf>,
}

/// A running scripted model. It listens on the loopback address until it is dropped.
#[derive(Debug)]
pub struct ModelServer {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    accepting: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct State {
    script: Script,
    used: Vec<bool>,
    bodies: Vec<Value>,
    headers: Vec<Vec<(String, String)>>,
    problems: Vec<String>,
    abandoned: usize,
    record: Option<File>,
}

impl ModelServer {
    /// Starts on a free port. Needs a Tokio runtime.
    ///
    /// # Panics
    /// Where no port can be had.
    pub async fn start(script: impl Into<Script>) -> Self {
        Self::start_with(script, Options::default()).await.expect("a port on the loopback address")
    }

    /// Starts as the options say.
    ///
    /// # Errors
    /// The port is taken, or the record file cannot be written.
    pub async fn start_with(script: impl Into<Script>, options: Options) -> io::Result<Self> {
        let script = script.into();
        let record = match options.record {
            Some(path) => Some(OpenOptions::new().create(true).append(true).open(path)?),
            None => None,
        };
        let used = vec![false; script.replies.len()];
        let state = Arc::new(Mutex::new(State { script, used, record, ..State::default() }));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await?;
        let address = listener.local_addr()?;
        let accepting = tokio::spawn(accept(listener, Arc::clone(&state)));
        Ok(Self { address, state, accepting })
    }

    /// The address to give as the API's base, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The port it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The bodies of all requests for a message so far, in order, refused ones too.
    #[must_use]
    pub fn requests(&self) -> Vec<Value> {
        lock(&self.state).bodies.clone()
    }

    /// The headers of the same requests, names in lower case.
    #[must_use]
    pub fn headers(&self) -> Vec<Vec<(String, String)>> {
        lock(&self.state).headers.clone()
    }

    /// All that the requests had wrong so far, and whether the script was used up too early.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        lock(&self.state).problems.clone()
    }

    /// How many replies the client left before their end.
    #[must_use]
    pub fn abandoned(&self) -> usize {
        lock(&self.state).abandoned
    }

    /// How many replies of the script no request has taken yet.
    #[must_use]
    pub fn unused(&self) -> usize {
        lock(&self.state).used.iter().filter(|used| !**used).count()
    }

    /// Asserts that no request had anything wrong.
    ///
    /// # Panics
    /// Where one had; the message lists all.
    pub fn assert_well_formed(&self) {
        let problems = self.problems();
        assert!(problems.is_empty(), "the requests were not well formed:\n{}", problems.join("\n"));
    }
}

impl Drop for ModelServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Serves until it is aborted; the connections end with it.
async fn accept(listener: TcpListener, state: Arc<Mutex<State>>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        while connections.try_join_next().is_some() {}
        connections.spawn(serve(stream, Arc::clone(&state)));
    }
}

async fn serve(stream: TcpStream, state: Arc<Mutex<State>>) {
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let mut stream = BufStream::new(stream);
    let request = match http::read_request(&mut stream).await {
        Ok(Some(request)) => request,
        Ok(None) => return,
        Err(error) => {
            lock(&state).problems.push(format!("not an HTTP request: {error}"));
            return;
        }
    };
    if answer(&mut stream, &request, &state).await.is_err() {
        lock(&state).abandoned += 1;
    }
}

/// Answers a request. An error means that the client left before the end.
async fn answer(
    stream: &mut BufStream<TcpStream>,
    request: &http::Request,
    state: &Mutex<State>,
) -> io::Result<()> {
    let path = request.path.split('?').next().unwrap_or_default();
    if request.method != "POST" || path != "/v1/messages" {
        let message = format!("{} {path}: there is only POST /v1/messages", request.method);
        lock(state).problems.push(message.clone());
        return http::write_error(stream, 404, &[], "not_found_error", &message).await;
    }
    let (body, problems) = match serde_json::from_slice(&request.body) {
        Ok(body) => {
            let problems = check_request(&request.headers, &body);
            (body, problems)
        }
        Err(error) => (Value::Null, vec![format!("the body is not JSON: {error}")]),
    };
    lock(state).note(request, &body, &problems);
    if !problems.is_empty() {
        let message = problems.join("; ");
        return http::write_error(stream, 400, &[], "invalid_request_error", &message).await;
    }
    let context = Context::of_request(&body);
    let reply = lock(state).take_reply(&context);
    send(stream, &reply, body["model"].as_str().unwrap_or_default(), &context).await
}

async fn send(
    stream: &mut BufStream<TcpStream>,
    reply: &Reply,
    model: &str,
    context: &Context,
) -> io::Result<()> {
    let mut headers = vec![("request-id", "req_scripted".to_owned())];
    if let Some(seconds) = reply.retry_after {
        headers.push(("retry-after", seconds.to_string()));
    }
    if let Body::Failure { status, kind, message } = &reply.body {
        return http::write_error(stream, *status, &headers, kind, message).await;
    }
    http::begin_stream(stream, &headers).await?;
    let events = events::of_reply(reply, model, context);
    let whole = events.len();
    let began = Instant::now();
    for (number, event) in (0..).zip(events.iter().take(reply.cut_after.unwrap_or(whole))) {
        if let Some(rate) = reply.rate {
            // By the clock, so that a late event does not hold up all that follow.
            tokio::time::sleep_until(began + Duration::from_secs(1) * number / rate).await;
        }
        if !reply.delay.is_zero() {
            // A client that leaves meanwhile is noticed at once, not at the next write.
            tokio::select! {
                () = tokio::time::sleep(reply.delay) => {}
                gone = until_gone(stream) => return Err(gone),
            }
        }
        let bytes = events::frame(event);
        for part in bytes.chunks(reply.chunk.unwrap_or(bytes.len())) {
            http::write_chunk(stream, part).await?;
        }
    }
    if reply.hangs {
        return Err(until_gone(stream).await);
    }
    if reply.cut_after.is_some() {
        // Closed without the last chunk: the client sees a body that is cut off.
        return Ok(());
    }
    // A client may leave as soon as it has the last event: that is no reply given up.
    drop(http::end_stream(stream).await);
    Ok(())
}

/// Waits until the client closes the connection.
async fn until_gone(stream: &mut BufStream<TcpStream>) -> io::Error {
    let mut more = [0; 256];
    loop {
        match stream.read(&mut more).await {
            Ok(0) => return io::ErrorKind::ConnectionAborted.into(),
            Ok(_) => {}
            Err(error) => return error,
        }
    }
}

impl State {
    fn note(&mut self, request: &http::Request, body: &Value, problems: &[String]) {
        let number = self.bodies.len() + 1;
        self.problems.extend(problems.iter().map(|problem| format!("request {number}: {problem}")));
        self.bodies.push(body.clone());
        self.headers.push(request.headers.clone());
        if let Some(file) = &mut self.record {
            let mut line = if body.is_object() { body.clone() } else { json!({"body": body}) };
            line["problems"] = json!(problems);
            if let Err(error) = writeln!(file, "{line}") {
                self.problems.push(format!("the record cannot be written: {error}"));
            }
        }
    }

    fn take_reply(&mut self, context: &Context) -> Reply {
        let fits =
            |reply: &Reply| reply.when.as_deref().is_none_or(|part| context.last_contains(part));
        for _ in 0..2 {
            let replies = self.script.replies.iter().zip(&mut self.used);
            let next = replies.filter(|(_, used)| !**used).find(|(reply, _)| fits(reply));
            if let Some((reply, used)) = next {
                *used = true;
                return reply.clone();
            }
            if !self.script.repeats {
                break;
            }
            self.used.fill(false);
        }
        let number = self.bodies.len();
        self.problems.push(format!("request {number}: the script has no reply for it"));
        Reply::text("The script is over.")
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
