//! Event streams: a bounded number of them, and an end when the program stops.

use std::{future::Future, sync::Arc};

use kernel::ErrorCode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use super::problem::Problem;

/// Streams open at the same time. Each looks about once a second for news; whoever finds no place
/// asks for the resource itself instead.
pub const STREAMS: usize = 1_024;

/// The streams that may be open.
#[derive(Debug)]
pub struct Streams {
    seats: Arc<Semaphore>,
    end: CancellationToken,
}

/// A stream's place; free again when it is dropped.
#[derive(Debug)]
pub struct Seat {
    _permit: OwnedSemaphorePermit,
    end: CancellationToken,
}

impl Streams {
    pub(crate) fn new() -> Self {
        Self { seats: Arc::new(Semaphore::new(STREAMS)), end: CancellationToken::new() }
    }

    /// A place for one more stream, or 503.
    pub fn open(&self) -> Result<Seat, Problem> {
        match Arc::clone(&self.seats).try_acquire_owned() {
            Ok(permit) if !self.end.is_cancelled() => {
                Ok(Seat { _permit: permit, end: self.end.clone() })
            }
            _ => Err(Problem::new(ErrorCode::ServiceUnavailable)
                .detail("too many event streams are open; ask without following")
                .retry_after(5)),
        }
    }

    pub(crate) fn end(&self) {
        self.end.cancel();
    }
}

impl Seat {
    /// Waits for news; `None` when the streams are to end.
    pub async fn wait<F: Future>(&self, news: F) -> Option<F::Output> {
        self.end.run_until_cancelled(news).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_bounded_and_come_free_again() {
        let streams = Streams::new();
        let seats: Vec<Seat> = (0..STREAMS).map(|_| streams.open().unwrap()).collect();
        assert_eq!(streams.open().unwrap_err().code(), ErrorCode::ServiceUnavailable);
        drop(seats);
        assert!(streams.open().is_ok());
    }

    #[tokio::test]
    async fn at_the_end_nobody_waits_any_longer() {
        let streams = Streams::new();
        let seat = streams.open().unwrap();
        assert_eq!(seat.wait(async { 1 }).await, Some(1));
        streams.end();
        assert_eq!(seat.wait(std::future::pending::<()>()).await, None);
        assert!(streams.open().is_err());
    }
}
