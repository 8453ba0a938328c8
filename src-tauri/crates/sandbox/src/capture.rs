//! A stream's text, bounded: its head and its tail are kept.

use std::collections::VecDeque;

/// What was kept of a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Captured {
    /// The text; bytes that are no UTF-8 as replacement characters. Where the middle was left out, a
    /// line of its own says how much.
    pub text: String,
    /// Whether something was left out.
    pub truncated: bool,
    /// How many bytes came in all.
    pub total_bytes: u64,
}

/// Pieces of the tail are joined up to this many characters: many tiny ones would take more room than
/// their text.
const JOINED: usize = 4_096;

/// Takes pieces in and keeps at most `limit` characters, and twice that while it runs.
#[derive(Debug)]
pub(crate) struct Capture {
    limit: usize,
    head: String,
    head_chars: usize,
    tail: VecDeque<(String, usize)>,
    tail_chars: usize,
    total_chars: u64,
    total_bytes: u64,
}

impl Capture {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            head: String::new(),
            head_chars: 0,
            tail: VecDeque::new(),
            tail_chars: 0,
            total_chars: 0,
            total_bytes: 0,
        }
    }

    pub(crate) fn count_bytes(&mut self, bytes: usize) {
        self.total_bytes += bytes as u64;
    }

    pub(crate) fn push(&mut self, text: &str) {
        let chars = text.chars().count();
        self.total_chars += chars as u64;
        let room = self.limit - self.head_chars;
        let (first, rest) = split(text, room);
        self.head.push_str(first);
        let taken = chars.min(room);
        self.head_chars += taken;
        if !rest.is_empty() {
            let more = chars - taken;
            self.tail_chars += more;
            match self.tail.back_mut() {
                Some((last, size)) if *size + more <= JOINED => {
                    last.push_str(rest);
                    *size += more;
                }
                _ => self.tail.push_back((rest.to_owned(), more)),
            }
        }
        while let Some((_, oldest)) = self.tail.front()
            && self.tail_chars - oldest >= self.limit.div_ceil(2)
        {
            self.tail_chars -= oldest;
            self.tail.pop_front();
        }
    }

    pub(crate) fn finish(self) -> Captured {
        let Self { limit, head, tail, total_chars, total_bytes, .. } = self;
        if total_chars <= limit as u64 {
            return Captured { text: head, truncated: false, total_bytes };
        }
        let half = limit / 2;
        let (start, rest) = split(&head, half);
        let mut end: String = rest.to_owned();
        end.extend(tail.iter().map(|(text, _)| text.as_str()));
        let surplus = end.chars().count().saturating_sub(limit - half);
        let (_, end) = split(&end, surplus);
        let left_out = total_chars - start.chars().count() as u64 - end.chars().count() as u64;
        let text = format!("{start}\n… {} characters left out …\n{end}", grouped(left_out));
        Captured { text, truncated: true, total_bytes }
    }
}

/// Splits after so many characters.
fn split(text: &str, chars: usize) -> (&str, &str) {
    let at = text.char_indices().nth(chars).map_or(text.len(), |(at, _)| at);
    text.split_at(at)
}

/// A number with commas between its thousands.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Decodes a stream of bytes piece by piece: a character that is cut between two pieces is kept for
/// the next one.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    cut: Vec<u8>,
}

impl Decoder {
    pub(crate) fn decode(&mut self, bytes: &[u8]) -> String {
        let mut all = std::mem::take(&mut self.cut);
        all.extend_from_slice(bytes);
        let keep = cut_at_end(&all);
        self.cut = all.split_off(all.len() - keep);
        String::from_utf8_lossy(&all).into_owned()
    }

    pub(crate) fn finish(self) -> String {
        String::from_utf8_lossy(&self.cut).into_owned()
    }
}

/// How many bytes at the end begin a character that is not complete.
fn cut_at_end(bytes: &[u8]) -> usize {
    for back in 1..=bytes.len().min(3) {
        let byte = bytes[bytes.len() - back];
        let needed = match byte {
            0xC2..=0xDF => 2,
            0xE0..=0xEF => 3,
            0xF0..=0xF4 => 4,
            0x80..=0xBF => continue,
            _ => return 0,
        };
        return if needed > back { back } else { 0 };
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn captured(limit: usize, pieces: &[&str]) -> Captured {
        let mut capture = Capture::new(limit);
        for piece in pieces {
            capture.count_bytes(piece.len());
            capture.push(piece);
        }
        capture.finish()
    }

    #[test]
    fn short_text_is_whole() {
        assert_eq!(captured(10, &["ab", "cd"]).text, "abcd");
        assert!(!captured(4, &["ab", "cd"]).truncated);
    }

    #[test]
    fn long_text_keeps_head_and_tail() {
        let text: String = ('a'..='z').collect();
        for size in 1..=26 {
            let pieces: Vec<String> = text
                .as_bytes()
                .chunks(size)
                .map(|c| String::from_utf8(c.to_vec()).unwrap())
                .collect();
            let pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
            let kept = captured(10, &pieces);
            assert_eq!(kept.text, "abcde\n… 16 characters left out …\nvwxyz", "pieces of {size}");
            assert!(kept.truncated);
            assert_eq!(kept.total_bytes, 26);
        }
    }

    #[test]
    fn memory_is_bounded() {
        let mut capture = Capture::new(1_000);
        for _ in 0..10_000 {
            capture.push(&"y\n".repeat(100));
        }
        assert!(capture.head_chars + capture.tail_chars <= 2_000 + JOINED);

        let mut capture = Capture::new(100_000);
        for _ in 0..1_000_000 {
            capture.push("y");
        }
        assert!(capture.tail.len() <= 100_000 / JOINED, "{} pieces", capture.tail.len());
        assert!(capture.head_chars + capture.tail_chars <= 200_000);
    }

    #[test]
    fn no_limit_joins_what_was_apart() {
        let text: String = ('a'..='z').cycle().take(40_000).collect();
        for limit in [0, 1, 2, 3, 7, 10, 101, 5_001] {
            for size in [1, 3, 1_000, 4_097, 40_000] {
                let pieces: Vec<&str> = (0..text.len())
                    .step_by(size)
                    .map(|at| &text[at..text.len().min(at + size)])
                    .collect();
                let (head, tail) = (limit / 2, limit - limit / 2);
                let left_out = grouped((text.len() - limit) as u64);
                let wanted = format!(
                    "{}\n… {left_out} characters left out …\n{}",
                    &text[..head],
                    &text[text.len() - tail..]
                );
                assert!(captured(limit, &pieces).text == wanted, "limit {limit}, pieces of {size}");
            }
        }
    }

    #[test]
    fn bytes_that_are_no_text_come_out_alike_however_they_are_cut() {
        let bytes: Vec<u8> = [
            &b"a\xff\xfeb\xc3"[..],
            b"(\xe2\x82 \xe2\x82",
            b"\xf0\x9f\x98\xf0\x9f\x98\x80\x80\x80\xed\xa0\x80\xf5\x80",
            b"\xe0\x80\xc0\xafz\xf0\x9f",
        ]
        .concat();
        let whole = String::from_utf8_lossy(&bytes);
        for size in 1..=bytes.len() {
            let mut decoder = Decoder::default();
            let mut got: String = bytes.chunks(size).map(|chunk| decoder.decode(chunk)).collect();
            got += &decoder.finish();
            assert_eq!(got, whole, "pieces of {size}");
        }
    }

    #[test]
    fn cut_characters_are_joined() {
        let text = "aé€😀z\u{fffd}";
        for size in 1..=text.len() {
            let mut decoder = Decoder::default();
            let mut got: String =
                text.as_bytes().chunks(size).map(|chunk| decoder.decode(chunk)).collect();
            got += &decoder.finish();
            assert_eq!(got, text, "pieces of {size}");
        }
        let mut decoder = Decoder::default();
        assert_eq!(decoder.decode(b"a\xff\xe2\x82"), "a\u{fffd}");
        assert_eq!(decoder.finish(), "\u{fffd}");
    }

    #[test]
    fn numbers_are_grouped() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
    }
}
