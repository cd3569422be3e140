//! The sizes of pictures, made in the background: on every node one at a time, so that customers do not
//! feel it, each picture by one node. What is on its way when a node dies is made again by another; the
//! objects then have the same names and the same content.
//!
//! What is made is shown some seconds later, everything at once: showing it moves the catalogue's
//! revision, and makes pages and the search index anew.

mod abandoned;
#[cfg(test)]
mod tests;

use std::{error::Error, sync::Arc, time::Duration};

use anyhow::Result;
use catalog::{Claimed, Rendition};
use imaging::{Picture, PictureError};
use kernel::{SharedClock, later};
use pg::{Db, DbResult};
use ports::{ObjectKey, ObjectStore};
use sha2::{Digest as _, Sha256};
use telemetry::{Metrics, prometheus::IntCounterVec};
use tokio::time::{Instant, sleep};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use self::abandoned::AbandonedPictures;
use crate::{compose::Base, config::Config, supervise::worker};

/// Between two looks when there is nothing to do.
const PERIOD: Duration = Duration::from_secs(2);
/// The same while the database cannot be reached.
const OUTAGE_PERIOD: Duration = Duration::from_secs(10);
/// How long a claim holds: many times what the largest picture takes on a small machine.
const LEASE: Duration = Duration::from_mins(10);
/// While there is more to make, what is made is shown this often.
const SHOWN_EVERY: Duration = Duration::from_secs(15);

/// Starts the worker, where it is wanted.
pub fn spawn(
    tasks: &TaskTracker,
    stop: &CancellationToken,
    metrics: &Metrics,
    config: &Config,
    base: &Base,
) -> Result<()> {
    if !config.renditions {
        return Ok(());
    }
    let counter = metrics.counters(
        "oxcart_pictures_total",
        "Pictures whose sizes were to be made, by what came of it",
        &["outcome"],
    )?;
    let Base { db, clock, objects, .. } = base.clone();
    worker::spawn(tasks, stop, "pictures", move |stop| {
        Renderer::new(db.clone(), clock.clone(), objects.clone(), counter.clone()).run(stop)
    });
    Ok(())
}

/// Makes the sizes of pictures.
#[derive(Debug)]
struct Renderer {
    db: Db,
    clock: SharedClock,
    objects: ObjectStore,
    counter: IntCounterVec,
    /// The revision at which every picture of a product was known.
    seen: Option<i64>,
    shown_at: Instant,
}

/// What a round came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Round {
    /// Nothing was to be made.
    Idle,
    /// One picture was worked on.
    Worked,
}

/// Why a picture has no sizes.
#[derive(Debug)]
enum Failure {
    /// It will never have any.
    Hopeless(String),
    /// It may have some later.
    ForNow(String),
    /// The shop is closing.
    Stopped,
}

/// What was made of a picture.
#[derive(Debug)]
struct Made {
    size: (u32, u32),
    renditions: Vec<Rendition>,
}

impl Renderer {
    fn new(db: Db, clock: SharedClock, objects: ObjectStore, counter: IntCounterVec) -> Self {
        Self { db, clock, objects, counter, seen: None, shown_at: Instant::now() }
    }

    async fn run(mut self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let began = Instant::now();
            let pause = match self.round(&stop).await {
                // Half of one processor at most: the rest is the customers'.
                Ok(Round::Worked) => began.elapsed(),
                Ok(Round::Idle) => PERIOD,
                Err(error) => {
                    tracing::warn!(%error, "pictures could not be looked for; trying again");
                    OUTAGE_PERIOD
                }
            };
            if stop.run_until_cancelled(sleep(pause)).await.is_none() {
                return;
            }
        }
    }

    async fn round(&mut self, stop: &CancellationToken) -> DbResult<Round> {
        self.adopt().await?;
        let now = self.clock.now();
        let until = later(now, LEASE);
        let claimed = catalog::claim_picture(&mut *self.db.acquire().await?, now, until).await?;
        let Some(claimed) = claimed else {
            self.show().await?;
            return Ok(Round::Idle);
        };
        let made = self.make(&claimed, stop).await;
        self.record(&claimed, made).await?;
        if self.shown_at.elapsed() >= SHOWN_EVERY {
            self.show().await?;
        }
        Ok(Round::Worked)
    }

    /// Takes in the pictures of products, when the catalogue has changed.
    async fn adopt(&mut self) -> DbResult<()> {
        let mut conn = self.db.acquire().await?;
        let revision = catalog::revision(&mut conn).await?;
        if self.seen == Some(revision) {
            return Ok(());
        }
        while catalog::adopt_pictures(&mut conn, self.clock.now()).await? > 0 {}
        self.seen = Some(revision);
        Ok(())
    }

    async fn show(&mut self) -> DbResult<()> {
        let shown = catalog::show_made(&mut *self.db.acquire().await?).await?;
        if shown > 0 {
            tracing::info!(pictures = shown, "the sizes of {shown} pictures are shown");
        }
        self.shown_at = Instant::now();
        Ok(())
    }

    /// Nothing of it is in a transaction.
    #[tracing::instrument(name = "pictures.make", skip_all,
        fields(picture = claimed.key, attempt = claimed.attempt))]
    async fn make(&self, claimed: &Claimed, stop: &CancellationToken) -> Result<Made, Failure> {
        if claimed.attempt > catalog::ATTEMPTS_MAX {
            return Err(Failure::Hopeless("whoever tried it never came back".to_owned()));
        }
        let key = claimed.key.parse::<ObjectKey>().map_err(|error| hopeless(&error))?;
        // A product can name whatever it wants, and sizes are there for everybody.
        if key.is_private() {
            return Err(Failure::Hopeless("it is private".to_owned()));
        }
        let file = self.objects.get(&key).await.map_err(|error| for_now(&error))?;
        let file = file.ok_or_else(|| Failure::ForNow("its object is not there".to_owned()))?;
        let picture = Arc::new(work(move || imaging::decode(&file)).await?);
        let mut renditions = Vec::new();
        for (width, height) in imaging::renditions(picture.size()) {
            // A closing shop does not wait for a size that takes seconds to make.
            let made = stop.run_until_cancelled(files(&picture, width)).await;
            let (avif, webp) = made.ok_or(Failure::Stopped)??;
            let avif = self.keep(&key, (width, "avif"), avif).await?;
            let webp = self.keep(&key, (width, "webp"), webp).await?;
            renditions.push(Rendition { width, height, avif, webp });
        }
        Ok(Made { size: picture.size(), renditions })
    }

    /// Keeps a file under the name that only it has: what lies there never changes.
    async fn keep(
        &self,
        picture: &ObjectKey,
        (width, ending): (u32, &str),
        file: Vec<u8>,
    ) -> Result<String, Failure> {
        let mut hash = Sha256::new();
        hash.update(picture.as_str());
        hash.update([0]);
        hash.update(&file);
        let name = data_encoding::HEXLOWER.encode(&hash.finalize()[..16]);
        let key = format!("renditions/{name}-{width}.{ending}");
        let object = key.parse::<ObjectKey>().map_err(|error| hopeless(&error))?;
        self.objects.put(&object, file.into()).await.map_err(|error| for_now(&error))?;
        Ok(key)
    }

    async fn record(&self, claimed: &Claimed, made: Result<Made, Failure>) -> DbResult<()> {
        let mut conn = self.db.acquire().await?;
        let now = self.clock.now();
        let (outcome, is_ours) = match made {
            Ok(Made { size, renditions }) => {
                ("made", catalog::picture_made(&mut conn, claimed, size, &renditions).await?)
            }
            Err(Failure::Stopped) => {
                ("stopped", catalog::let_picture_go(&mut conn, claimed, now).await?)
            }
            Err(Failure::Hopeless(why)) => {
                tracing::error!(picture = claimed.key, "no sizes can be made of it: {why}");
                ("failed", catalog::picture_failed(&mut conn, claimed, &why, true, now).await?)
            }
            Err(Failure::ForNow(why)) => {
                tracing::warn!(picture = claimed.key, "its sizes could not be made: {why}");
                ("again", catalog::picture_failed(&mut conn, claimed, &why, false, now).await?)
            }
        };
        let outcome = if is_ours { outcome } else { "lost" };
        self.counter.with_label_values(&[outcome]).inc();
        Ok(())
    }
}

/// One size of a picture in both formats.
async fn files(picture: &Arc<Picture>, width: u32) -> Result<(Vec<u8>, Vec<u8>), Failure> {
    let picture = Arc::clone(picture);
    work(move || {
        let small = picture.at_width(width);
        Ok((small.avif()?, small.webp()?))
    })
    .await
}

/// Works on a thread that may be busy.
async fn work<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, PictureError> + Send + 'static,
) -> Result<T, Failure> {
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(hopeless(&error)),
        Err(panic) => Err(for_now(&panic)),
    }
}

fn hopeless(error: &dyn Error) -> Failure {
    Failure::Hopeless(error.to_string())
}

fn for_now(error: &dyn Error) -> Failure {
    Failure::ForNow(error.to_string())
}
