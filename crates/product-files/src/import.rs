//! Taking a file of products.

use catalog::{CatalogError, EditContext};
use futures::future::BoxFuture;
use kernel::Locale;
use pg::{Connection, Db, DbError, DbResult, Transaction};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    BATCH,
    alone::Alone,
    fault::{BadRow, add_note},
    reader::{Format, Item, Read, Reader},
    report::{Report, Tally},
    work::{Later, Outcome, Work},
};

/// How a file is taken. It is kept with a file that is taken in the background: a program that does not
/// know all that is said there takes it in no other way, and a member that is added needs a default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// How it is written.
    pub format: Format,
    /// The language of a file with one.
    pub language: Locale,
    /// Nothing is written: only said what would be.
    pub dry_run: bool,
    /// All of it or nothing.
    pub strict: bool,
    /// Categories that are missing are made.
    pub create_categories: bool,
    /// The slug or the name of the category of new products that name none.
    pub category: Option<String>,
}

impl Rules {
    /// Whether all of it is one transaction.
    pub(crate) const fn is_whole(&self) -> bool {
        self.dry_run || self.strict
    }
}

/// Writes into the audit log what a transaction of an import did, in that transaction.
pub trait Recorder: Send + Sync {
    /// Called before the commit, where something was written.
    fn record<'a>(
        &'a self,
        conn: &'a mut Connection,
        import_id: Uuid,
        done: &'a Tally,
    ) -> BoxFuture<'a, DbResult<()>>;
}

/// What is told of each bad row as it is found.
type Follow<'a> = Box<dyn FnMut(&BadRow) + Send + 'a>;

/// An import in progress. Dropped, it leaves what its transactions have committed; the same file, taken
/// again, goes on there.
pub struct Import<'a> {
    alone: Alone<'a>,
    /// The transaction of a file that stands or falls.
    whole: Option<Transaction>,
    reader: Reader,
    waiting: Vec<Item>,
    later: Vec<Later>,
    /// Products that go with others since, and were otherwise as they should be.
    related: u64,
    report: Report,
    follow: Option<Follow<'a>>,
}

impl<'a> Import<'a> {
    /// At the beginning of a file.
    pub fn new(
        db: &'a Db,
        rules: Rules,
        context: EditContext<'a>,
        recorder: &'a dyn Recorder,
    ) -> Self {
        let import_id = context.ids.next(context.clock);
        Self {
            whole: None,
            reader: Reader::new(rules.format),
            waiting: Vec::new(),
            later: Vec::new(),
            related: 0,
            report: Report::new(import_id, rules.dry_run),
            follow: None,
            alone: Alone { db, work: Work { rules, context }, recorder, import_id },
        }
    }

    /// Calls this for every bad row as it is found, also for those a report has no room for.
    #[must_use]
    pub fn follow(mut self, each: impl FnMut(&BadRow) + Send + 'a) -> Self {
        self.follow = Some(Box::new(each));
        self
    }

    /// What has become of the file so far.
    pub const fn so_far(&self) -> &Report {
        &self.report
    }

    /// Takes a piece of the file, of any size.
    pub async fn push(&mut self, piece: &[u8]) -> Result<(), CatalogError> {
        self.reader.push(piece);
        self.collect();
        while self.waiting.len() >= BATCH {
            let batch: Vec<Item> = self.waiting.drain(..BATCH).collect();
            self.save(&batch).await?;
        }
        Ok(())
    }

    /// The file is at its end: what is left of it is done, and what stands or falls is decided.
    pub async fn finish(mut self) -> Result<Report, CatalogError> {
        self.reader.finish();
        self.collect();
        let rest = std::mem::take(&mut self.waiting);
        for batch in rest.chunks(BATCH) {
            self.save(batch).await?;
        }
        if let Some(broken) = self.reader.broken().cloned() {
            self.report.complete = false;
            self.reject(broken);
        }
        self.relate().await?;
        let rules = &self.alone.work.rules;
        let stands = !rules.dry_run && (!rules.strict || self.report.is_clean());
        if let Some(mut tx) = self.whole.take() {
            if stands {
                let (alone, done) = (&self.alone, self.report.tally());
                if done.wrote() || self.related > 0 {
                    alone.recorder.record(&mut tx, alone.import_id, &done).await?;
                }
                tx.commit().await.map_err(DbError::from)?;
            } else {
                tx.rollback().await.map_err(DbError::from)?;
            }
        }
        self.report.written = stands;
        Ok(self.report)
    }

    /// Takes over what the reader has read.
    fn collect(&mut self) {
        for read in self.reader.take() {
            match read {
                Read::Item(item) => self.waiting.push(item),
                Read::Refused { faults, .. } => {
                    self.report.count(&Tally { refused: 1, ..Tally::default() });
                    for bad in faults {
                        self.reject(bad);
                    }
                }
            }
        }
        for note in self.reader.take_notes() {
            add_note(&mut self.report.notes, note);
        }
    }

    fn reject(&mut self, bad: BadRow) {
        if let Some(follow) = &mut self.follow {
            follow(&bad);
        }
        self.report.reject(bad);
    }

    async fn save(&mut self, batch: &[Item]) -> Result<(), CatalogError> {
        self.open().await?;
        let outcome = match &mut self.whole {
            Some(tx) => self.alone.work.attempt(tx, batch).await?,
            None => self.alone.save(batch).await?,
        };
        self.take(outcome);
        Ok(())
    }

    /// What goes with products that were further down in the file.
    async fn relate(&mut self) -> Result<(), CatalogError> {
        let later = std::mem::take(&mut self.later);
        for batch in later.chunks(BATCH) {
            let outcome = match &mut self.whole {
                Some(tx) => self.alone.work.relate(tx, batch).await?,
                None => self.alone.relate(batch).await?,
            };
            self.take(outcome);
        }
        Ok(())
    }

    async fn open(&mut self) -> DbResult<()> {
        if self.whole.is_none() && self.alone.work.rules.is_whole() {
            self.whole = Some(self.alone.db.begin().await?);
        }
        Ok(())
    }

    fn take(&mut self, outcome: Outcome) {
        self.report.count(&outcome.tally);
        self.related += outcome.related;
        self.later.extend(outcome.later);
        for bad in outcome.bad {
            self.reject(bad);
        }
        for note in outcome.notes {
            add_note(&mut self.report.notes, note);
        }
    }
}
