//! Batches in transactions of their own, each with its entry in the audit log.

use catalog::CatalogError;
use pg::{Backoff, Db, DbError, retry_when};
use uuid::Uuid;

use crate::{
    import::Recorder,
    reader::Item,
    report::Tally,
    work::{Later, Outcome, Work},
};

/// Does the work and commits it.
pub struct Alone<'a> {
    pub db: &'a Db,
    pub work: Work<'a>,
    pub recorder: &'a dyn Recorder,
    pub import_id: Uuid,
}

/// Whether PostgreSQL asks for another attempt.
pub const fn again(error: &CatalogError) -> bool {
    matches!(error, CatalogError::Db(DbError::Retry(_)))
}

impl Alone<'_> {
    /// Saves products, again where PostgreSQL asks for it.
    pub async fn save(&self, items: &[Item]) -> Result<Outcome, CatalogError> {
        retry_when(Backoff::EDIT, self.work.context.ids, again, || self.save_once(items)).await
    }

    async fn save_once(&self, items: &[Item]) -> Result<Outcome, CatalogError> {
        let mut tx = self.db.begin().await?;
        let outcome = self.work.attempt(&mut tx, items).await?;
        if outcome.tally.wrote() {
            self.recorder.record(&mut tx, self.import_id, &outcome.tally).await?;
        }
        tx.commit().await.map_err(DbError::from)?;
        Ok(outcome)
    }

    /// Sets what goes with products whose others were not there before.
    pub async fn relate(&self, later: &[Later]) -> Result<Outcome, CatalogError> {
        retry_when(Backoff::EDIT, self.work.context.ids, again, || self.relate_once(later)).await
    }

    async fn relate_once(&self, later: &[Later]) -> Result<Outcome, CatalogError> {
        let mut tx = self.db.begin().await?;
        let outcome = self.work.relate(&mut tx, later).await?;
        if outcome.related > 0 {
            let done = Tally { changed: outcome.related, ..Tally::default() };
            self.recorder.record(&mut tx, self.import_id, &done).await?;
        }
        tx.commit().await.map_err(DbError::from)?;
        Ok(outcome)
    }
}
