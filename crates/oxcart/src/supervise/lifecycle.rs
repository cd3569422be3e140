//! The end of the program, as asked for by a signal: the first one stops it gracefully, the second
//! one hurries, the third one ends it on the spot.

use std::{future::Future, process, time::Duration};

use anyhow::{Context as _, Result};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    time::timeout,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// What everything that runs watches. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Lifecycle {
    /// Cancelled when the program is to stop.
    pub stop: CancellationToken,
    /// Cancelled when stopping is to be quick rather than gentle.
    pub hurry: CancellationToken,
}

impl Lifecycle {
    /// Listens for SIGINT, SIGTERM and SIGHUP (the terminal was closed).
    pub fn listen() -> Result<Self> {
        let life = Self::default();
        let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
        let [interrupt, terminate, hangup] =
            kinds.map(|kind| signal(kind).context("could not listen for signals"));
        let signals = [interrupt?, terminate?, hangup?];
        // It listens until the program ends; nobody waits for it.
        TaskTracker::new().spawn(life.clone().obey(signals));
        Ok(life)
    }

    async fn obey(self, mut signals: [Signal; 3]) {
        let [interrupt, terminate, hangup] = &mut signals;
        for count in 1.. {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
                _ = hangup.recv() => {}
            }
            match count {
                1 => {
                    say("\nStopping (again to hurry)");
                    self.stop.cancel();
                }
                2 => {
                    say("Hurrying");
                    self.hurry.cancel();
                }
                _ => process::exit(130),
            }
        }
    }

    /// Waits for `ending`, but no longer than `patience`, and hardly at all in a hurry. Whether it
    /// came to its end.
    pub async fn wait<F: Future>(&self, patience: Duration, ending: F) -> bool {
        tokio::select! {
            done = timeout(patience, ending) => done.is_ok(),
            () = self.hurried() => false,
        }
    }

    async fn hurried(&self) {
        self.hurry.cancelled().await;
        // What is all but done may finish.
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Prints a line for the person at the terminal, who may have gone.
pub fn say(line: &str) {
    use std::io::Write as _;
    writeln!(std::io::stdout(), "{line}").ok();
}
