//! What the page of a window is told: one subscription at a time, read as fast as the page draws.

use countersign_agent::FeedReader;
use countersign_protocol::Feed;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Mutex as Turn, watch};

/// The subscription of a window's page.
#[derive(Default)]
pub(crate) struct PageFeed {
    /// Rises with each subscription: a page that was loaded anew has one of its own.
    latest: watch::Sender<u64>,
    reader: Mutex<Option<Arc<Turn<FeedReader>>>>,
}

impl PageFeed {
    /// Begins a subscription, and ends the one before; gives its number.
    pub(crate) fn begin(&self, reader: FeedReader) -> u64 {
        let mut held = self.lock();
        *held = Some(Arc::new(Turn::new(reader)));
        self.latest.send_modify(|number| *number += 1);
        *self.latest.borrow()
    }

    /// All that happened since the last call, once there is something; none where nothing more comes, or the
    /// subscription is not the latest any more.
    pub(crate) async fn next(&self, number: u64) -> Option<Vec<Feed>> {
        let reader = {
            let held = self.lock();
            if *self.latest.borrow() != number {
                return None;
            }
            held.clone()?
        };
        let mut latest = self.latest.subscribe();
        let mut reader = reader.lock().await;
        tokio::select! {
            batch = reader.next() => batch,
            _ = latest.wait_for(|latest| *latest != number) => None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<Turn<FeedReader>>>> {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use countersign_agent::{Engine, EngineOptions};

    #[tokio::test]
    async fn a_page_that_was_loaded_anew_ends_the_subscription_of_the_one_before() {
        let home = tempfile::tempdir().unwrap();
        let options = EngineOptions {
            data_dir: Some(home.path().join("data")),
            config: Some(home.path().join("config.toml")),
            ..EngineOptions::default()
        };
        let (engine, _) = Engine::start(options).await.unwrap();
        let feed = Arc::new(PageFeed::default());
        let first = feed.begin(engine.subscribe(0));
        assert!(feed.next(first).await.is_some(), "the state comes first");
        let waits = {
            let feed = Arc::clone(&feed);
            tokio::spawn(async move { feed.next(first).await })
        };
        tokio::task::yield_now().await;
        let second = feed.begin(engine.subscribe(0));
        assert_eq!(waits.await.unwrap(), None, "what waited is let go");
        assert_eq!(feed.next(first).await, None);
        assert!(feed.next(second).await.is_some());
        engine.shutdown().await;
        assert_eq!(feed.next(second).await, None, "nothing more comes");
    }
}
