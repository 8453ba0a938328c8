//! As much of HTTP/1.1 as one request a connection needs.

use serde_json::{Value, json};
use std::io;
use tokio::io::{
    AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt,
};

const HEAD_LIMIT: u64 = 64 * 1024;
const BODY_LIMIT: u64 = 64 * 1024 * 1024;

/// A request as it came in. Header names are in lower case.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// Reads one request; none where the client left without one.
pub(crate) async fn read_request<S>(stream: &mut S) -> io::Result<Option<Request>>
where
    S: AsyncBufRead + AsyncWrite + Unpin,
{
    let mut lines = Vec::new();
    let mut head = (&mut *stream).take(HEAD_LIMIT);
    loop {
        let mut line = String::new();
        if head.read_line(&mut line).await? == 0 {
            return if lines.is_empty() {
                Ok(None)
            } else {
                Err(bad("the head is cut off or too long"))
            };
        }
        match line.trim_end_matches(['\r', '\n']) {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let mut lines = lines.into_iter();
    let first = lines.next().ok_or_else(|| bad("no request line"))?;
    let mut words = first.split(' ');
    let (Some(method), Some(path)) = (words.next(), words.next()) else {
        return Err(bad("no request line"));
    };
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            Some((name.trim().to_ascii_lowercase(), value.trim().to_owned()))
        })
        .collect();
    let header =
        |name: &str| headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    if header("expect").is_some_and(|value| value.eq_ignore_ascii_case("100-continue")) {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
        stream.flush().await?;
    }
    let body = if header("transfer-encoding")
        .is_some_and(|value| value.eq_ignore_ascii_case("chunked"))
    {
        read_chunks(stream).await?
    } else {
        let length =
            header("content-length").unwrap_or("0").parse().map_err(|_| bad("content-length"))?;
        read_exactly(stream, length).await?
    };
    Ok(Some(Request { method: method.to_owned(), path: path.to_owned(), headers, body }))
}

async fn read_chunks<S: AsyncBufRead + Unpin>(stream: &mut S) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        (&mut *stream).take(HEAD_LIMIT).read_line(&mut line).await?;
        let size = line.split(';').next().unwrap_or_default().trim();
        let size = u64::from_str_radix(size, 16).map_err(|_| bad("the size of a chunk"))?;
        if size == 0 {
            // Trailers, if any, up to the empty line.
            loop {
                let mut trailer = String::new();
                let read = (&mut *stream).take(HEAD_LIMIT).read_line(&mut trailer).await?;
                if read == 0 || trailer.trim().is_empty() {
                    return Ok(body);
                }
            }
        }
        if body.len() as u64 + size > BODY_LIMIT {
            return Err(bad("the body is too long"));
        }
        body.extend(read_exactly(stream, size).await?);
        read_exactly(stream, 2).await?;
    }
}

async fn read_exactly<S: AsyncRead + Unpin>(stream: &mut S, length: u64) -> io::Result<Vec<u8>> {
    if length > BODY_LIMIT {
        return Err(bad("the body is too long"));
    }
    let mut bytes = Vec::new();
    (&mut *stream).take(length).read_to_end(&mut bytes).await?;
    if bytes.len() as u64 == length { Ok(bytes) } else { Err(bad("the body is cut off")) }
}

/// Answers with JSON and ends the exchange.
pub(crate) async fn write_json<S: AsyncWrite + Unpin>(
    stream: &mut S,
    status: u16,
    headers: &[(&str, String)],
    body: &Value,
) -> io::Result<()> {
    let body = body.to_string();
    let mut head = head(status, "application/json", headers);
    head.extend(["content-length: ", &body.len().to_string(), "\r\n\r\n"]);
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    stream.flush().await?;
    stream.shutdown().await
}

/// Answers with an error in the API's shape.
pub(crate) async fn write_error<S: AsyncWrite + Unpin>(
    stream: &mut S,
    status: u16,
    headers: &[(&str, String)],
    kind: &str,
    message: &str,
) -> io::Result<()> {
    let body = json!({"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_scripted"});
    write_json(stream, status, headers, &body).await
}

/// Begins an event stream.
pub(crate) async fn begin_stream<S: AsyncWrite + Unpin>(
    stream: &mut S,
    headers: &[(&str, String)],
) -> io::Result<()> {
    let mut head = head(200, "text/event-stream; charset=utf-8", headers);
    head.push_str("cache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n");
    stream.write_all(head.as_bytes()).await?;
    stream.flush().await
}

/// Sends one chunk of a stream at once.
pub(crate) async fn write_chunk<S: AsyncWrite + Unpin>(
    stream: &mut S,
    bytes: &[u8],
) -> io::Result<()> {
    let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
    chunk.extend_from_slice(bytes);
    chunk.extend_from_slice(b"\r\n");
    stream.write_all(&chunk).await?;
    stream.flush().await
}

/// Ends a stream as complete.
pub(crate) async fn end_stream<S: AsyncWrite + Unpin>(stream: &mut S) -> io::Result<()> {
    stream.write_all(b"0\r\n\r\n").await?;
    stream.flush().await?;
    stream.shutdown().await
}

fn head(status: u16, kind: &str, headers: &[(&str, String)]) -> String {
    let mut head = format!(
        "HTTP/1.1 {status} {}\r\ncontent-type: {kind}\r\nconnection: close\r\n",
        reason(status)
    );
    for (name, value) in headers {
        head.extend([*name, ": ", value.as_str(), "\r\n"]);
    }
    head
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        401 => "Unauthorized",
        404 => "Not Found",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        529 => "Overloaded",
        _ => "Status",
    }
}

fn bad(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
