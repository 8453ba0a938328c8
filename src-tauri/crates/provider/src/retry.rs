//! When a failed request is made again, and after how long.

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::Duration;

/// How often one request is made in all.
pub(crate) const MAX_ATTEMPTS: u32 = 5;
/// The delay before the second attempt, unless told otherwise.
pub(crate) const BASE_DELAY: Duration = Duration::from_secs(1);
/// The longest wait that a server may ask for. A person who waits longer wants to know and decide.
pub(crate) const MAX_ASKED_WAIT: Duration = Duration::from_secs(120);
/// The longest wait of our own choosing, before jitter.
const MAX_DELAY: Duration = Duration::from_secs(60);

/// Whether a failure may pass by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Retry {
    /// It stays until somebody changes something.
    Never,
    /// It may pass; the server may have said when.
    After(Option<Duration>),
}

/// Whether an HTTP status may be gone at the next attempt. 529 is Anthropic's for overload.
pub(crate) fn is_passing(status: u16) -> bool {
    matches!(status, 429 | 500 | 502 | 503 | 504 | 529)
}

/// The delay after a failed attempt (from 1): doubled each time, and up to a quarter longer, so that
/// many clients do not come back at the same moment.
pub(crate) fn delay(base: Duration, failed_attempt: u32) -> Duration {
    with_jitter(doubled(base, failed_attempt), RandomState::new().build_hasher().finish())
}

/// The wait that a `retry-after` header asks for: seconds, or a date. Nothing where it is neither.
pub(crate) fn asked_wait(header: &str, now: Timestamp) -> Option<Duration> {
    let header = header.trim();
    if let Ok(seconds) = header.parse::<f64>() {
        // Out of range, below zero and NaN are refused by the conversion.
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let date = DateTimeParser::new().parse_timestamp(header).ok()?;
    Some(Duration::try_from(date.duration_since(now)).unwrap_or_default())
}

fn doubled(base: Duration, failed_attempt: u32) -> Duration {
    let factor = 1u32.checked_shl(failed_attempt.saturating_sub(1)).unwrap_or(u32::MAX);
    base.saturating_mul(factor).min(MAX_DELAY)
}

fn with_jitter(delay: Duration, random: u64) -> Duration {
    let thousandths = u32::try_from(random % 251).unwrap_or_default();
    delay + delay * thousandths / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_a_limit() {
        let second = Duration::from_secs(1);
        let delays: Vec<u64> = (1..=8).map(|n| doubled(second, n).as_secs()).collect();
        assert_eq!(delays, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(doubled(second, 99), MAX_DELAY);
        assert_eq!(with_jitter(second, 0), second);
        assert_eq!(with_jitter(second, 250), Duration::from_millis(1250));
        assert!((1..99).all(|n| delay(second, n) >= doubled(second, n)));
    }

    #[test]
    fn retry_after_in_seconds_or_as_a_date() {
        let now: Timestamp = "2026-01-05T10:00:00Z".parse().unwrap();
        let wait = |header| asked_wait(header, now);
        assert_eq!(wait("7"), Some(Duration::from_secs(7)));
        assert_eq!(wait(" 0.5 "), Some(Duration::from_millis(500)));
        assert_eq!(wait("Mon, 05 Jan 2026 10:01:30 GMT"), Some(Duration::from_secs(90)));
        assert_eq!(wait("Mon, 05 Jan 2026 09:00:00 GMT"), Some(Duration::ZERO));
        for nonsense in ["", "soon", "-3", "NaN", "inf", "1e300"] {
            assert_eq!(wait(nonsense), None, "{nonsense}");
        }
    }
}
