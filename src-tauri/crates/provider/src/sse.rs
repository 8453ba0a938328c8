//! Server-sent events, read byte by byte as they come in
//! (<https://html.spec.whatwg.org/multipage/server-sent-events.html>).

use std::mem;
use thiserror::Error;

/// Bytes of one line, and of the data of one event.
const MAX_BYTES: usize = 8 * 1024 * 1024;

/// A line or an event is longer than any that makes sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("an event of the stream is longer than {} MiB", MAX_BYTES / 1024 / 1024)]
pub(crate) struct TooLong;

/// Puts chunks together, wherever they were cut, and takes the events out.
#[derive(Debug, Default)]
pub(crate) struct Parser {
    line: Vec<u8>,
    /// A carriage return ended the last line: a line feed right after it belongs to it.
    after_return: bool,
    /// The first line is done, so that no byte order mark can come any more.
    begun: bool,
    data: String,
    has_data: bool,
}

impl Parser {
    /// Takes a chunk and gives the data of the events that it completes. Lines of data are joined by
    /// line feeds; comments and fields other than `data` are passed over, since the events read here
    /// name their type in their data.
    pub(crate) fn push(&mut self, chunk: &[u8]) -> Result<Vec<String>, TooLong> {
        let mut events = Vec::new();
        for &byte in chunk {
            let after_return = mem::replace(&mut self.after_return, byte == b'\r');
            match byte {
                b'\n' if after_return => {}
                b'\n' | b'\r' => self.end_line(&mut events)?,
                _ if self.line.len() >= MAX_BYTES => return Err(TooLong),
                _ => self.line.push(byte),
            }
        }
        Ok(events)
    }

    fn end_line(&mut self, events: &mut Vec<String>) -> Result<(), TooLong> {
        // Decoded by the line, so that a character cut in two by chunks is whole again.
        let bytes = mem::take(&mut self.line);
        let mut line = String::from_utf8_lossy(&bytes);
        if !mem::replace(&mut self.begun, true)
            && let Some(rest) = line.strip_prefix('\u{feff}')
        {
            line = rest.to_owned().into();
        }
        if line.is_empty() {
            let data = mem::take(&mut self.data);
            if mem::take(&mut self.has_data) {
                events.push(data);
            }
            return Ok(());
        }
        let (field, value) = line.split_once(':').unwrap_or((&line, ""));
        if field == "data" {
            let value = value.strip_prefix(' ').unwrap_or(value);
            if self.data.len() + value.len() >= MAX_BYTES {
                return Err(TooLong);
            }
            if mem::replace(&mut self.has_data, true) {
                self.data.push('\n');
            }
            self.data.push_str(value);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = "\u{feff}event: a\ndata: {\"x\":\"é🦀\"}\n\n: comment\r\ndata:one\r\ndata: two\r\n\r\nid: 7\n\ndata\n\nretry: 3\rdata:  three\r\rdata: cut off";

    fn all() -> Vec<String> {
        ["{\"x\":\"é🦀\"}", "one\ntwo", "", " three"].map(str::to_owned).to_vec()
    }

    #[test]
    fn whole() {
        assert_eq!(Parser::default().push(SAMPLE.as_bytes()), Ok(all()));
    }

    #[test]
    fn cut_at_every_place_and_into_single_bytes() {
        let bytes = SAMPLE.as_bytes();
        for at in 0..=bytes.len() {
            let mut parser = Parser::default();
            let mut events = parser.push(&bytes[..at]).unwrap();
            events.extend(parser.push(&bytes[at..]).unwrap());
            assert_eq!(events, all(), "cut at {at}");
        }
        let mut parser = Parser::default();
        let single: Vec<String> =
            bytes.iter().flat_map(|byte| parser.push(&[*byte]).unwrap()).collect();
        assert_eq!(single, all());
    }

    #[test]
    fn a_byte_order_mark_counts_at_the_start_only() {
        let mut parser = Parser::default();
        assert_eq!(parser.push("data: 1\n\n\u{feff}data: 2\n\n".as_bytes()), Ok(vec!["1".into()]));
    }

    #[test]
    fn endless_lines_and_events_are_refused() {
        let mut parser = Parser::default();
        let chunk = vec![b'x'; MAX_BYTES];
        assert_eq!(parser.push(&chunk), Ok(vec![]));
        assert_eq!(parser.push(b"x"), Err(TooLong));

        let mut parser = Parser::default();
        let line = format!("data: {}\n", "x".repeat(MAX_BYTES / 2));
        assert_eq!(parser.push(line.as_bytes()), Ok(vec![]));
        assert_eq!(parser.push(line.as_bytes()), Err(TooLong));
    }
}
