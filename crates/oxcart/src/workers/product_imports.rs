//! Files of products, taken in the background: on one node at a time, one after the other. What was
//! committed of a file when a node dies stays, and another node goes on behind it.

#[cfg(test)]
mod tests;

use std::time::Duration;

use anyhow::Result;
use catalog::CatalogError;
use product_files::{Job, Runner, Step};
use telemetry::{Metrics, prometheus::IntCounterVec};
use tokio::time::sleep;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{compose::Base, config::Config, supervise::worker};

/// Between two looks when there is nothing to do.
const PERIOD: Duration = Duration::from_secs(2);
/// The same while the database cannot be reached.
const OUTAGE_PERIOD: Duration = Duration::from_secs(10);

/// Starts the worker, where it is wanted.
pub fn spawn(
    tasks: &TaskTracker,
    stop: &CancellationToken,
    metrics: &Metrics,
    config: &Config,
    base: &Base,
) -> Result<()> {
    if !config.product_imports {
        return Ok(());
    }
    let counter = metrics.counters(
        "oxcart_product_imports_total",
        "Files of products that were worked on, by what came of it",
        &["outcome"],
    )?;
    let Base { db, clock, ids, .. } = base.clone();
    let importer = Importer { runner: Runner::new(db, clock, ids), counter };
    worker::spawn(tasks, stop, "product-imports", move |stop| importer.clone().run(stop));
    Ok(())
}

/// Takes files of products.
#[derive(Clone, Debug)]
struct Importer {
    runner: Runner,
    counter: IntCounterVec,
}

/// What a round came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Round {
    /// Nothing was to be taken.
    Idle,
    /// A file was worked on.
    Worked,
}

impl Importer {
    async fn run(self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let pause = match self.round(&stop).await {
                Ok(Round::Worked) => continue,
                Ok(Round::Idle) => PERIOD,
                Err(error) => {
                    tracing::warn!(%error, "files of products could not be looked for; trying again");
                    OUTAGE_PERIOD
                }
            };
            if stop.run_until_cancelled(sleep(pause)).await.is_none() {
                return;
            }
        }
    }

    async fn round(&self, stop: &CancellationToken) -> Result<Round, CatalogError> {
        let Some(job) = self.runner.claim().await? else { return Ok(Round::Idle) };
        let outcome = take(job, stop).await?;
        self.counter.with_label_values(&[outcome]).inc();
        Ok(Round::Worked)
    }
}

/// Takes a file to its end, or until the shop closes: then somebody else may go on at once.
#[tracing::instrument(name = "product_imports.take", skip_all, fields(import = %job.id()))]
async fn take(mut job: Job<'_>, stop: &CancellationToken) -> Result<&'static str, CatalogError> {
    loop {
        if stop.is_cancelled() {
            job.let_go().await?;
            return Ok("stopped");
        }
        match job.step().await {
            Ok(Step::More) => {}
            Ok(Step::Over(end)) => {
                let (import, word) = (job.id(), end.as_str());
                tracing::info!(%import, outcome = word, "a file of products is {word}");
                return Ok(word);
            }
            Err(error) => {
                let import = job.id();
                tracing::warn!(%import, %error,
                    "a file of products could not be gone on with; it is tried again");
                job.put_off().await?;
                return Ok("again");
            }
        }
    }
}
