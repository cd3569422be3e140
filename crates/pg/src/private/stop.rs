//! Ending the server.

use std::{sync::atomic::Ordering, time::Duration};

use nix::sys::signal::Signal;
use tokio::time::{Instant, sleep};

use super::{PrivateError, PrivateServer, process::Running};

/// How long a fast stop may take: it writes a checkpoint.
pub(super) const PATIENCE: Duration = Duration::from_mins(1);

impl PrivateServer {
    /// Stops the server: sessions are ended, everything is written, the process is gone.
    pub async fn stop(&self) -> Result<(), PrivateError> {
        self.stop_within(PATIENCE).await
    }

    /// The same with another patience; afterwards it is stopped the hard way, which costs the next
    /// start a recovery and loses nothing.
    pub async fn stop_within(&self, patience: Duration) -> Result<(), PrivateError> {
        self.wanted.store(false, Ordering::Release);
        let mut running = self.running.lock().await;
        if let Some(server) = running.as_mut() {
            self.end(server, patience).await?;
        }
        *running = None;
        // Only a directory under /tmp is worth removing; the server removed its socket from it.
        if self.layout.socket_dir.starts_with("/tmp") {
            std::fs::remove_dir(&self.layout.socket_dir).ok();
        }
        Ok(())
    }

    pub(super) async fn end(
        &self,
        server: &mut Running,
        patience: Duration,
    ) -> Result<(), PrivateError> {
        let steps = [
            // Fast: sessions are ended, a checkpoint is written.
            (Signal::SIGINT, patience),
            // Immediate: the next start recovers.
            (Signal::SIGQUIT, Duration::from_secs(5)),
            (Signal::SIGKILL, Duration::from_secs(5)),
        ];
        for (signal, patience) in steps {
            if signal != Signal::SIGINT {
                tracing::warn!(pid = server.pid(), %signal, "PostgreSQL is slow to stop");
            }
            server.signal(signal);
            let deadline = Instant::now() + patience;
            while Instant::now() < deadline {
                if !server.is_alive() {
                    return Ok(());
                }
                sleep(Duration::from_millis(20)).await;
            }
        }
        Err(PrivateError::Unstoppable { pid: server.pid() })
    }
}
