//! What subscribers are told, in order. Publishing never waits: pieces of text that wait are joined,
//! and a command's live output is dropped where a reader falls far behind (its result still holds it).

use countersign_protocol::{AppState, Envelope, Event, Feed};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use tokio::sync::{Notify, watch};

/// Bytes of live text that may wait for one reader.
const MAX_LIVE: usize = 4 * 1024 * 1024;
/// Bytes to which pieces are joined.
const MAX_JOINED: usize = 64 * 1024;

/// Everyone who listens.
#[derive(Debug, Default)]
pub(crate) struct Hub {
    readers: Mutex<Vec<Weak<Shared>>>,
    /// Changes whenever files of the workspace may have.
    touched: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    ready: Notify,
}

#[derive(Debug, Default)]
struct State {
    items: VecDeque<Feed>,
    live: usize,
    /// The last stored event that was queued: what a snapshot held is not told twice.
    seq: u64,
    closed: bool,
}

/// One listener. Dropping it ends the subscription.
#[derive(Debug)]
pub struct Reader {
    shared: Arc<Shared>,
}

impl Hub {
    /// A reader that is first told `first`.
    pub(crate) fn subscribe(&self, first: impl FnOnce() -> Vec<Feed>) -> Reader {
        // Under the lock nothing is published, so that nothing falls between the two.
        let mut readers = lock(&self.readers);
        let shared = Arc::new(Shared::default());
        {
            let mut state = lock(&shared.state);
            for feed in first() {
                state.push(feed);
            }
        }
        readers.push(Arc::downgrade(&shared));
        Reader { shared }
    }

    pub(crate) fn envelope(&self, envelope: &Envelope) {
        self.publish(&Feed::Envelopes { envelopes: vec![envelope.clone()] });
    }

    pub(crate) fn app(&self, state: AppState) {
        self.publish(&Feed::App { state });
    }

    pub(crate) fn publish(&self, feed: &Feed) {
        let mut readers = lock(&self.readers);
        readers.retain(|reader| {
            let Some(shared) = reader.upgrade() else { return false };
            lock(&shared.state).push(feed.clone());
            shared.ready.notify_one();
            true
        });
    }

    /// Says that files of the workspace may have changed.
    pub(crate) fn touch(&self) {
        self.touched.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Changes whenever files of the workspace may have.
    pub(crate) fn touched(&self) -> watch::Receiver<u64> {
        self.touched.subscribe()
    }

    /// Ends all subscriptions, once they are read to the end.
    pub(crate) fn close(&self) {
        for shared in lock(&self.readers).drain(..).filter_map(|reader| reader.upgrade()) {
            lock(&shared.state).closed = true;
            shared.ready.notify_one();
        }
    }
}

impl Reader {
    /// All that has happened since the last call, waiting for the first; none once it is over.
    pub async fn next(&mut self) -> Option<Vec<Feed>> {
        loop {
            {
                let mut state = lock(&self.shared.state);
                if !state.items.is_empty() {
                    state.live = 0;
                    return Some(std::mem::take(&mut state.items).into());
                }
                if state.closed {
                    return None;
                }
            }
            self.shared.ready.notified().await;
        }
    }
}

impl State {
    fn push(&mut self, feed: Feed) {
        match feed {
            Feed::Envelopes { envelopes } => {
                for envelope in envelopes {
                    self.push_envelope(envelope);
                }
            }
            Feed::App { state } => {
                if let Some(Feed::App { state: waiting }) = self.items.back_mut() {
                    *waiting = state;
                } else {
                    let other = state.session.as_ref().map(|session| session.id.clone());
                    if self.session() != other {
                        self.seq = 0;
                    }
                    self.items.push_back(Feed::App { state });
                }
            }
            Feed::Tree { folders } => match self.items.back_mut() {
                Some(Feed::Tree { folders: waiting }) => {
                    if folders.is_empty() || waiting.is_empty() {
                        waiting.clear();
                    } else {
                        waiting.extend(folders);
                        waiting.sort();
                        waiting.dedup();
                    }
                }
                _ => self.items.push_back(Feed::Tree { folders }),
            },
            Feed::Touched if matches!(self.items.back(), Some(Feed::Touched)) => {}
            other @ (Feed::Touched | Feed::Dragging { .. }) => self.items.push_back(other),
        }
    }

    fn session(&self) -> Option<countersign_protocol::SessionId> {
        self.items.iter().rev().find_map(|item| match item {
            Feed::App { state } => state.session.as_ref().map(|session| session.id.clone()),
            Feed::Envelopes { envelopes } => envelopes.last().map(|last| last.session.clone()),
            Feed::Tree { .. } | Feed::Touched | Feed::Dragging { .. } => None,
        })
    }

    fn push_envelope(&mut self, envelope: Envelope) {
        if let Some(seq) = envelope.seq {
            if seq == 1 {
                self.seq = 0;
            }
            if seq <= self.seq {
                return;
            }
            self.seq = seq;
        }
        let size = live_size(&envelope.event);
        if size > 0 && self.live > MAX_LIVE && matches!(envelope.event, Event::ToolOutput { .. }) {
            return;
        }
        self.live += size;
        let Some(Feed::Envelopes { envelopes }) = self.items.back_mut() else {
            self.items.push_back(Feed::Envelopes { envelopes: vec![envelope] });
            return;
        };
        match envelopes.last_mut() {
            Some(last) if last.session == envelope.session => {
                if !join(&mut last.event, &envelope.event) {
                    envelopes.push(envelope);
                }
            }
            _ => envelopes.push(envelope),
        }
    }
}

/// Bytes of an event that is live only.
fn live_size(event: &Event) -> usize {
    if event.is_stored() {
        return 0;
    }
    if let Event::TextDelta { text }
    | Event::ThinkingDelta { text }
    | Event::ToolOutput { text, .. } = event
    {
        text.len()
    } else {
        0
    }
}

/// Joins a piece to the one before it, where both belong together.
fn join(last: &mut Event, next: &Event) -> bool {
    let (text, more) = match (last, next) {
        (Event::TextDelta { text }, Event::TextDelta { text: more })
        | (Event::ThinkingDelta { text }, Event::ThinkingDelta { text: more }) => (text, more),
        (
            Event::ToolOutput { call, stream, text },
            Event::ToolOutput { call: next_call, stream: next_stream, text: more },
        ) if call == next_call && stream == next_stream => (text, more),
        _ => return false,
    };
    if text.len() + more.len() > MAX_JOINED {
        return false;
    }
    text.push_str(more);
    true
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_protocol::{CallId, SessionId, Stream};

    fn envelope(seq: Option<u64>, event: Event) -> Envelope {
        Envelope { seq, session: SessionId::new("s"), time: String::new(), event }
    }

    fn delta(text: &str) -> Envelope {
        envelope(None, Event::TextDelta { text: text.to_owned() })
    }

    async fn envelopes(reader: &mut Reader) -> Vec<Envelope> {
        let feeds = reader.next().await.unwrap();
        feeds
            .into_iter()
            .flat_map(|feed| match feed {
                Feed::Envelopes { envelopes } => envelopes,
                Feed::App { .. } | Feed::Tree { .. } | Feed::Touched | Feed::Dragging { .. } => {
                    Vec::new()
                }
            })
            .collect()
    }

    #[tokio::test]
    async fn pieces_are_joined_and_order_is_kept() {
        let hub = Hub::default();
        let mut reader = hub.subscribe(Vec::new);
        hub.envelope(&delta("a"));
        hub.envelope(&delta("b"));
        hub.envelope(&envelope(Some(1), Event::StepStarted { step: 1 }));
        hub.envelope(&delta("c"));
        let events: Vec<Event> =
            envelopes(&mut reader).await.into_iter().map(|e| e.event).collect();
        assert_eq!(
            events,
            [
                Event::TextDelta { text: "ab".to_owned() },
                Event::StepStarted { step: 1 },
                Event::TextDelta { text: "c".to_owned() }
            ]
        );
    }

    #[tokio::test]
    async fn what_the_snapshot_held_is_not_told_twice() {
        let hub = Hub::default();
        let first = |seq| envelope(Some(seq), Event::StepStarted { step: 1 });
        let mut reader =
            hub.subscribe(|| vec![Feed::Envelopes { envelopes: vec![first(1), first(2)] }]);
        hub.envelope(&first(2));
        hub.envelope(&first(3));
        let seqs: Vec<_> = envelopes(&mut reader).await.into_iter().filter_map(|e| e.seq).collect();
        assert_eq!(seqs, [1, 2, 3]);
    }

    #[tokio::test]
    async fn a_reader_that_sleeps_fills_no_memory() {
        let hub = Hub::default();
        let mut reader = hub.subscribe(Vec::new);
        let text = "y\n".repeat(8 * 1024);
        for _ in 0..10_000 {
            hub.envelope(&envelope(
                None,
                Event::ToolOutput {
                    call: CallId::new("c"),
                    stream: Stream::Stdout,
                    text: text.clone(),
                },
            ));
        }
        hub.envelope(&envelope(Some(1), Event::StepStarted { step: 1 }));
        let all = envelopes(&mut reader).await;
        let live: usize = all.iter().map(|envelope| live_size(&envelope.event)).sum();
        assert!(live < MAX_LIVE + 2 * MAX_JOINED, "{live}");
        assert_eq!(
            all.last().and_then(|last| last.seq),
            Some(1),
            "stored events are never dropped"
        );
    }

    #[tokio::test]
    async fn a_closed_hub_ends_its_readers_after_the_rest() {
        let hub = Hub::default();
        let mut reader = hub.subscribe(Vec::new);
        hub.envelope(&delta("a"));
        hub.close();
        assert_eq!(envelopes(&mut reader).await.len(), 1);
        assert!(reader.next().await.is_none());
    }
}
