//! Uploads that no product ever showed: somebody closed the window. After a day they are removed, on one
//! node, a bounded number at a time.

use std::time::Duration;

use jiff::SignedDuration;
use kernel::SharedClock;
use outbox::{
    BoxFuture, HandleError,
    schedule::{Recurring, Turn},
};
use pg::{Db, DbError, DbResult};
use ports::{ObjectKey, ObjectStore};

const PERIOD: Duration = Duration::from_hours(1);
const BATCH: u32 = 200;
/// How long somebody may take to finish a product.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

/// Removes them, as a recurring job. Two at once would do no harm.
#[derive(Clone, Debug)]
pub struct AbandonedPictures {
    /// The database.
    pub db: Db,
    /// Time.
    pub clock: SharedClock,
    /// Where they lie.
    pub objects: ObjectStore,
}

impl Recurring for AbandonedPictures {
    fn name(&self) -> &'static str {
        "abandoned-pictures"
    }

    fn every(&self) -> Duration {
        PERIOD
    }

    fn run<'a>(&'a self, turn: &'a Turn) -> BoxFuture<'a, Result<String, HandleError>> {
        Box::pin(async move {
            let mut removed = 0;
            loop {
                let batch = self.batch().await?;
                removed += batch;
                if batch < u64::from(BATCH) || turn.is_over() {
                    break;
                }
            }
            Ok(format!("removed {removed} uploads that no product showed"))
        })
    }
}

impl AbandonedPictures {
    /// Gives up a batch, deletes its objects, forgets it. Dying in between leaves what the next turn
    /// begins with.
    async fn batch(&self) -> Result<u64, HandleError> {
        self.give_up().await?;
        let given_up = catalog::abandoned_uploads(&mut *self.db.acquire().await?, BATCH).await?;
        for object in given_up.iter().flat_map(|picture| &picture.objects) {
            // What cannot be an object's key has no object.
            if let Ok(key) = object.parse::<ObjectKey>() {
                self.objects.delete(&key).await?;
            }
        }
        let keys: Vec<String> = given_up.into_iter().map(|picture| picture.key).collect();
        Ok(catalog::remove_uploads(&mut *self.db.acquire().await?, &keys).await?)
    }

    async fn give_up(&self) -> DbResult<()> {
        let mut tx = self.db.begin().await?;
        catalog::abandon_uploads(&mut tx, self.clock.now() - KEPT, BATCH).await?;
        tx.commit().await.map_err(DbError::from)
    }
}
