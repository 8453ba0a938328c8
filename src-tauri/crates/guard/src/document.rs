//! Text files in the encodings that source trees hold, decoded for the model and encoded back alike.
//!
//! UTF-8 with and without a byte order mark, UTF-16 with one, and Latin-1 (read as windows-1252,
//! as the WHATWG Encoding Standard has it). Anything with a NUL is binary.

use crate::GuardError;
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use std::io::{BufRead, BufReader, Read};

/// Bytes of a file that is changed; larger ones are read piecewise but not edited.
pub const MAX_DOCUMENT: u64 = 64 * 1024 * 1024;
/// Characters of a line that are shown; the rest is cut with a mark.
const MAX_LINE: usize = 2_000;
/// Bytes that are looked at to tell text from binary before anything is read.
const SNIFF: usize = 8 * 1024;

/// How a file's text is written in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextEncoding {
    encoding: &'static Encoding,
    mark: bool,
}

impl Default for TextEncoding {
    fn default() -> Self {
        Self { encoding: UTF_8, mark: false }
    }
}

impl TextEncoding {
    /// The name of the encoding, for a message.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.encoding.name()
    }

    /// Encodes text, with a byte order mark where the file had one. Refuses characters that the
    /// encoding has not.
    pub fn encode(self, text: &str) -> Result<Vec<u8>, GuardError> {
        if self.encoding == UTF_16LE || self.encoding == UTF_16BE {
            let units = std::iter::once(0xFEFF).filter(|_| self.mark).chain(text.encode_utf16());
            return Ok(if self.encoding == UTF_16LE {
                units.flat_map(u16::to_le_bytes).collect()
            } else {
                units.flat_map(u16::to_be_bytes).collect()
            });
        }
        let mut bytes = if self.mark { b"\xEF\xBB\xBF".to_vec() } else { Vec::new() };
        let (encoded, _, lossy) = self.encoding.encode(text);
        if lossy {
            return Err(GuardError::Unreadable(format!(
                "the file is written in {}, which has no way to write a character of the new text",
                self.name()
            )));
        }
        bytes.extend_from_slice(&encoded);
        Ok(bytes)
    }
}

/// A whole text file.
#[derive(Clone, Debug)]
pub struct Document {
    /// Its text, without a byte order mark.
    pub text: String,
    /// How it is written.
    pub encoding: TextEncoding,
}

/// A stretch of a text file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lines {
    /// The lines, each with its line break; over-long ones are cut with a mark.
    pub content: String,
    /// How many lines the file has.
    pub total_lines: u64,
    /// Whether lines before or after are left out, or a line is cut.
    pub truncated: bool,
}

fn binary(name: &str) -> GuardError {
    GuardError::Unreadable(format!(
        "{name} is a binary file; only text can be read. Use a command that understands its format."
    ))
}

/// Decodes a whole file. Refuses binary files and what is larger than [`MAX_DOCUMENT`].
pub(crate) fn decode(name: &str, bytes: &[u8]) -> Result<Document, GuardError> {
    let (encoding, mark) = sniff(bytes);
    let body = if mark { &bytes[mark_length(encoding)..] } else { bytes };
    let (text, encoding) = match encoding.decode_without_bom_handling_and_without_replacement(body)
    {
        Some(text) => (text.into_owned(), encoding),
        None if encoding == UTF_8 && !mark => {
            (WINDOWS_1252.decode_without_bom_handling(body).0.into_owned(), WINDOWS_1252)
        }
        None => return Err(binary(name)),
    };
    // The character, not the byte, which is ordinary in UTF-16.
    if text.contains('\0') {
        return Err(binary(name));
    }
    Ok(Document { text, encoding: TextEncoding { encoding, mark } })
}

fn sniff(bytes: &[u8]) -> (&'static Encoding, bool) {
    Encoding::for_bom(bytes).map_or((UTF_8, false), |(encoding, _)| (encoding, true))
}

fn mark_length(encoding: &'static Encoding) -> usize {
    if encoding == UTF_8 { 3 } else { 2 }
}

/// Reads the lines after the first `offset`, at most `limit`, and counts all of them. Memory stays
/// bounded whatever the size of the file.
pub(crate) fn read_lines(
    name: &str,
    mut file: impl Read + std::io::Seek,
    offset: u64,
    limit: u64,
) -> Result<Lines, GuardError> {
    let failed = |error| GuardError::system(&format!("cannot read {name}"), error);
    let mut head = vec![0; SNIFF];
    let length = read_full(&mut file, &mut head).map_err(failed)?;
    head.truncate(length);
    let (encoding, mark) = sniff(&head);
    if encoding == UTF_8 && head.contains(&0) {
        return Err(binary(name));
    }
    file.rewind().map_err(failed)?;
    if encoding != UTF_8 {
        let mut bytes = Vec::new();
        file.take(MAX_DOCUMENT + 1).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() as u64 > MAX_DOCUMENT {
            return Err(GuardError::Unreadable(format!("{name} is too large to decode")));
        }
        let document = decode(name, &bytes)?;
        return scan(name, document.text.as_bytes(), offset, limit, UTF_8)?
            .ok_or_else(|| binary(name));
    }
    let skip = if mark { 3 } else { 0 };
    file.seek(std::io::SeekFrom::Start(skip)).map_err(failed)?;
    let once = BufReader::with_capacity(256 * 1024, &mut file);
    if let Some(lines) = scan(name, once, offset, limit, UTF_8)? {
        return Ok(lines);
    }
    if mark {
        return Err(binary(name));
    }
    // Not UTF-8 after all: every byte is a character of Latin-1.
    file.rewind().map_err(failed)?;
    let again = BufReader::with_capacity(256 * 1024, &mut file);
    scan(name, again, offset, limit, WINDOWS_1252)?.ok_or_else(|| binary(name))
}

fn read_full(file: &mut impl Read, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut length = 0;
    while length < buffer.len() {
        match file.read(&mut buffer[length..])? {
            0 => break,
            read => length += read,
        }
    }
    Ok(length)
}

/// One pass over the lines, which are UTF-8 or Latin-1. Any line that is not UTF-8 where it should be
/// ends it with nothing, a line that is not wanted as well: the whole file has one encoding, so that
/// what is read here is what an edit is given.
fn scan(
    name: &str,
    mut reader: impl BufRead,
    offset: u64,
    limit: u64,
    encoding: &'static Encoding,
) -> Result<Option<Lines>, GuardError> {
    let mut content = String::new();
    let mut line = Vec::new();
    let mut number: u64 = 0;
    let mut cut = false;
    let mut check = Utf8Check::default();
    loop {
        line.clear();
        let wanted = number >= offset && number - offset < limit;
        // A line is kept up to four bytes a character, and one more to know that it is cut.
        let keep = if wanted { MAX_LINE * 4 + 1 } else { 0 };
        let (read, seen) = next_line(&mut reader, &mut line, keep, &mut check)
            .map_err(|error| GuardError::system(&format!("cannot read {name}"), error))?;
        if !seen.text {
            return Err(binary(name));
        }
        if encoding == UTF_8 && (check.invalid || read == 0 && !check.pending.is_empty()) {
            return Ok(None);
        }
        if read == 0 {
            break;
        }
        number += 1;
        if wanted {
            // Replaces nothing but a character that `keep` cut in two; the cut is marked.
            let decoded = encoding.decode_without_bom_handling(&line).0;
            cut |= push_line(&mut content, &decoded, read > keep as u64);
        }
    }
    let truncated = cut || offset > 0 && number > 0 || number > offset.saturating_add(limit);
    Ok(Some(Lines { content, total_lines: number, truncated }))
}

struct Seen {
    text: bool,
}

/// Whether bytes that come piece by piece are UTF-8.
#[derive(Default)]
struct Utf8Check {
    invalid: bool,
    /// The beginning of a character that the next piece may end.
    pending: Vec<u8>,
}

impl Utf8Check {
    fn feed(&mut self, part: &[u8]) {
        if self.invalid {
            return;
        }
        let begun = std::mem::take(&mut self.pending);
        let joined;
        let bytes = if begun.is_empty() {
            part
        } else {
            joined = [begun.as_slice(), part].concat();
            &joined
        };
        match std::str::from_utf8(bytes) {
            Ok(_) => {}
            Err(error) if error.error_len().is_none() => {
                self.pending = bytes[error.valid_up_to()..].to_vec();
            }
            Err(_) => self.invalid = true,
        }
    }
}

/// Reads one line, keeps at most `keep` bytes of it, and says how long it was.
fn next_line(
    reader: &mut impl BufRead,
    line: &mut Vec<u8>,
    keep: usize,
    check: &mut Utf8Check,
) -> std::io::Result<(u64, Seen)> {
    let mut total = 0;
    let mut seen = Seen { text: true };
    loop {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            return Ok((total, seen));
        }
        let end = buffer.iter().position(|&byte| byte == b'\n').map(|place| place + 1);
        let part = &buffer[..end.unwrap_or(buffer.len())];
        if part.contains(&0) {
            seen.text = false;
        }
        check.feed(part);
        let room = keep.saturating_sub(line.len()).min(part.len());
        line.extend_from_slice(&part[..room]);
        let length = part.len();
        total += length as u64;
        reader.consume(length);
        if end.is_some() || !seen.text {
            return Ok((total, seen));
        }
    }
}

/// Appends a line, cut where it is too long; says whether it was cut.
fn push_line(content: &mut String, line: &str, incomplete: bool) -> bool {
    let body = line.trim_end_matches(['\n', '\r']);
    match body.char_indices().nth(MAX_LINE) {
        None if !incomplete => {
            content.push_str(line);
            false
        }
        place => {
            let end = place.map_or(body.len(), |(at, _)| at);
            content.push_str(&body[..end]);
            content.push_str(" [… line cut at 2,000 characters]\n");
            true
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn lines(bytes: &[u8], offset: u64, limit: u64) -> Lines {
        read_lines("f", Cursor::new(bytes.to_vec()), offset, limit).unwrap()
    }

    #[test]
    fn offset_and_limit_choose_lines() {
        let all = lines(b"a\nb\nc", 0, 2000);
        assert_eq!((all.content.as_str(), all.total_lines, all.truncated), ("a\nb\nc", 3, false));
        let some = lines(b"a\nb\nc\n", 1, 1);
        assert_eq!((some.content.as_str(), some.total_lines, some.truncated), ("b\n", 3, true));
        assert_eq!(lines(b"", 0, 10).total_lines, 0);
    }

    #[test]
    fn encodings_round_trip() {
        for bytes in [
            b"\xEF\xBB\xBFa\r\nb".to_vec(),
            b"\xFF\xFEa\0\n\0".to_vec(),
            b"\xFE\xFF\0a\0\n".to_vec(),
            b"caf\xE9\n".to_vec(),
            "caf\u{e9}\n".into(),
        ] {
            let document = decode("f", &bytes).unwrap();
            assert_eq!(document.encoding.encode(&document.text).unwrap(), bytes);
        }
        assert_eq!(lines(b"caf\xE9\n", 0, 9).content, "caf\u{e9}\n");
        // One encoding for the whole file, whichever lines are wanted.
        assert_eq!(lines(b"\xC3\xA9\n\xE9\n", 0, 1).content, "\u{c3}\u{a9}\n");
        assert_eq!(lines(b"\xC3\xA9\n\xC3", 0, 1).content, "\u{c3}\u{a9}\n");
        assert_eq!(lines(b"\xC3\xA9\n\xE9\n", 1, 1).content, "\u{e9}\n");
        assert!(decode("f", b"\xEF\xBB\xBF\xE9").is_err());
        assert!(read_lines("f", Cursor::new(b"\xEF\xBB\xBF\xE9"), 0, 9).is_err());
        assert_eq!(lines(b"\xFF\xFEa\0\n\0b\0", 0, 9).content, "a\nb");
    }

    #[test]
    fn long_lines_are_cut_and_binaries_refused() {
        let long = "x".repeat(5_000_000);
        let read = lines(long.as_bytes(), 0, 10);
        assert!(read.truncated && read.content.len() < 2_100 && read.content.contains("line cut"));
        assert!(read_lines("f", Cursor::new(b"a\0b".to_vec()), 0, 1).is_err());
        let late = [vec![b'a'; 100_000], vec![0]].concat();
        assert!(read_lines("f", Cursor::new(late), 0, 1).is_err());
        assert!(decode("f", b"a\0b").is_err());
        assert!(decode("f", b"\xFF\xFEa\0\0\0").is_err());
    }

    #[test]
    fn a_character_that_the_encoding_lacks_is_refused() {
        let document = decode("f", b"caf\xE9").unwrap();
        assert!(document.encoding.encode("\u{65e5}").is_err());
    }
}
