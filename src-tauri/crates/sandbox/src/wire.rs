//! What the program and the supervisor say to each other over their socket. It goes there and not
//! into arguments or environment, where other processes could read it.

use crate::confine::Plan;
use serde::{Deserialize, Serialize};
use std::io::{self, Read};

/// Bytes of an order at most: the kernel takes no larger arguments and environment.
const MAX_ORDER: u32 = 16 * 1024 * 1024;

/// What to run. Strings are bytes: neither names nor values need be UTF-8.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) program: Vec<u8>,
    pub(crate) args: Vec<Vec<u8>>,
    pub(crate) env: Vec<(Vec<u8>, Vec<u8>)>,
    pub(crate) timeout_ms: u64,
    pub(crate) plan: Plan,
}

/// What came of it.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Report {
    pub(crate) end: Ended,
    pub(crate) stragglers: u32,
}

/// How the command ended.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Ended {
    Exited(i32),
    Signalled(i32),
    TimedOut,
    Stopped,
    NotStarted(String),
}

/// What the program sends to have the command ended.
pub(crate) const STOP: u8 = b's';

/// The message with its length in front.
pub(crate) fn framed<T: Serialize>(message: &T) -> io::Result<Vec<u8>> {
    let body = serde_json::to_vec(message)?;
    let length = u32::try_from(body.len()).ok().filter(|length| *length <= MAX_ORDER);
    let length =
        length.ok_or_else(|| io::Error::other("the command with its environment is too long"))?;
    let mut frame = length.to_le_bytes().to_vec();
    frame.extend(body);
    Ok(frame)
}

/// Reads one message.
pub(crate) fn read<T: for<'de> Deserialize<'de>>(from: &mut impl Read) -> io::Result<T> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let mut body = vec![0; length_of(length)?];
    from.read_exact(&mut body)?;
    Ok(serde_json::from_slice(&body)?)
}

/// The length of the body that follows.
pub(crate) fn length_of(bytes: [u8; 4]) -> io::Result<usize> {
    let length = u32::from_le_bytes(bytes);
    if length > MAX_ORDER {
        return Err(io::Error::other("a message is too long"));
    }
    Ok(length as usize)
}
