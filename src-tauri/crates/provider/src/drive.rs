//! A stream that is fed by a future. The future runs only while the stream is polled and is dropped
//! with it, so that dropping the stream ends the request without a task left behind.

use crate::{EventStream, ProviderError, ProviderEvent};
use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, Stream, StreamExt as _};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::mpsc;

/// Events that wait to be taken; a slow taker slows the reading down.
const CAPACITY: usize = 16;

/// Where the future puts its events.
#[derive(Clone)]
pub(crate) struct Emit(mpsc::Sender<Result<ProviderEvent, ProviderError>>);

impl Emit {
    /// Hands an event over.
    pub(crate) async fn event(&self, event: ProviderEvent) {
        // Fails only once the stream is dropped, and then this future is dropped with it.
        let _ = self.0.send(Ok(event)).await;
    }

    /// Hands the error over that ends the stream.
    pub(crate) async fn error(&self, error: ProviderError) {
        let _ = self.0.send(Err(error)).await;
    }
}

/// The stream of what the future made by `work` emits.
pub(crate) fn drive<F, W>(work: W) -> EventStream
where
    W: FnOnce(Emit) -> F,
    F: Future<Output = ()> + Send + 'static,
{
    let (sender, events) = mpsc::channel(CAPACITY);
    Driven { work: Some(work(Emit(sender)).boxed()), events }.boxed()
}

struct Driven {
    work: Option<BoxFuture<'static, ()>>,
    events: mpsc::Receiver<Result<ProviderEvent, ProviderError>>,
}

impl Stream for Driven {
    type Item = Result<ProviderEvent, ProviderError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Poll::Ready(Some(event)) = self.events.poll_recv(context) {
            return Poll::Ready(Some(event));
        }
        if let Some(work) = &mut self.work
            && work.poll_unpin(context).is_ready()
        {
            self.work = None;
        }
        self.events.poll_recv(context)
    }
}
