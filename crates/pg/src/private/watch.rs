//! Starting the server again when it dies.

use std::{sync::atomic::Ordering, time::Duration};

use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::{PrivateServer, process::Running};

const LOOK_EVERY: Duration = Duration::from_millis(200);
const PAUSE_FIRST: Duration = Duration::from_millis(200);
const PAUSE_LONGEST: Duration = Duration::from_secs(15);
/// A server that lived this long was well; the next death is a new story.
const WELL_AFTER: Duration = Duration::from_mins(1);

impl PrivateServer {
    /// Looks after the server until `cancel`, or until it is stopped: when its process ends,
    /// another one is started, with growing pauses as long as that does not help.
    pub async fn watch(&self, cancel: &CancellationToken) {
        let mut pause = PAUSE_FIRST;
        let mut up_since = Instant::now();
        while cancel.run_until_cancelled(sleep(LOOK_EVERY)).await.is_some() {
            let mut running = self.running.lock().await;
            if !self.wanted.load(Ordering::Acquire) {
                return;
            }
            if running.as_mut().is_some_and(Running::is_alive) {
                if up_since.elapsed() > WELL_AFTER {
                    pause = PAUSE_FIRST;
                }
                continue;
            }
            tracing::warn!("PostgreSQL is gone: starting it again");
            match cancel.run_until_cancelled(self.bring_up(&mut running)).await {
                None => return,
                Some(Ok(_)) => {
                    up_since = Instant::now();
                    self.restarts.fetch_add(1, Ordering::Relaxed);
                    tracing::info!("PostgreSQL runs again");
                }
                Some(Err(error)) => tracing::error!(%error, "PostgreSQL does not start"),
            }
            drop(running);
            if cancel.run_until_cancelled(sleep(pause)).await.is_none() {
                return;
            }
            pause = (pause * 2).min(PAUSE_LONGEST);
        }
    }
}
