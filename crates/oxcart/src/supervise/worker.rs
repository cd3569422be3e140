//! Background workers: tracked, cancelled at the end, started again when they panic.

use std::{panic::AssertUnwindSafe, time::Duration};

use futures::FutureExt as _;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

const PAUSE_FIRST: Duration = Duration::from_secs(1);
const PAUSE_LONGEST: Duration = Duration::from_secs(30);

/// Runs `work` on `tracker` until it returns, which it does when `stop` is cancelled.
pub fn spawn<F>(
    tracker: &TaskTracker,
    stop: &CancellationToken,
    name: &'static str,
    mut work: impl FnMut(CancellationToken) -> F + Send + 'static,
) where
    F: Future<Output = ()> + Send + 'static,
{
    let stop = stop.clone();
    tracker.spawn(async move {
        let mut pause = PAUSE_FIRST;
        while AssertUnwindSafe(work(stop.clone())).catch_unwind().await.is_err() {
            tracing::error!(worker = name, "the worker {name} broke an assertion; it starts again");
            if stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
                return;
            }
            pause = (pause * 2).min(PAUSE_LONGEST);
        }
    });
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    };

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_worker_that_panics_starts_again_and_stops_when_told() {
        let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
        let starts = Arc::new(AtomicU32::new(0));
        let counter = Arc::clone(&starts);
        spawn(&tracker, &stop, "test", move |stop| {
            let count = counter.fetch_add(1, Ordering::SeqCst);
            async move {
                assert!(count > 1, "the first two break");
                stop.cancelled().await;
            }
        });
        tracker.close();
        tokio::time::sleep(Duration::from_secs(10)).await;
        assert_eq!(starts.load(Ordering::SeqCst), 3);
        stop.cancel();
        tracker.wait().await;
    }
}
