//! The transactions of a file that is taken in the background. Each ends by writing down how far the file
//! has come, and none of it stands when the file is somebody else's by now.

use audit::NewEntry;
use catalog::{
    CatalogError, ImportClaim, ImportFailure, ImportProgress, ImportRelation, ImportRow,
    ImportStatus, ImportSums, Sender,
};
use kernel::{Actor, later};
use pg::{Connection, DbError, DbResult};
use serde_json::json;

use super::{
    KEPT_ROWS, corrupt,
    job::{End, Step},
    runner::{LEASE, Runner},
};
use crate::{
    BATCH,
    fault::{BadRow, Note, add_note},
    reader::{Item, Read},
    report::Tally,
    work::{Later, Outcome, Work},
};

/// The most letters that are kept of what is said of a bad row.
const KEPT_TEXT: usize = 500;

/// What every transaction of a file needs.
pub struct Hand<'a> {
    pub runner: &'a Runner,
    pub claim: ImportClaim,
    pub sender: Sender,
    pub work: Work<'a>,
}

/// How far a file has come.
#[derive(Clone, Debug, Default)]
pub struct State {
    pub sums: ImportSums,
    pub read_notes: Vec<Note>,
    pub taken_notes: Vec<Note>,
}

/// Products that are taken in one transaction.
#[derive(Debug, Default)]
pub struct Batch {
    items: Vec<Item>,
    refused: u64,
    bad: Vec<BadRow>,
    line: u64,
}

/// What a transaction came to.
#[derive(Debug)]
pub enum Done {
    /// There was nothing to do.
    Nothing,
    /// The file is somebody else's by now, or nobody wants the rest of it; nothing was written.
    Lost,
    /// It has come so far.
    Advanced(State),
}

impl FromIterator<Read> for Batch {
    fn from_iter<I: IntoIterator<Item = Read>>(reads: I) -> Self {
        let mut batch = Self::default();
        for read in reads {
            match read {
                Read::Item(item) => {
                    batch.line = item.line;
                    batch.items.push(item);
                }
                Read::Refused { mut faults, .. } => {
                    batch.line = faults.first().map_or(batch.line, |bad| bad.line);
                    batch.refused += 1;
                    batch.bad.append(&mut faults);
                }
            }
        }
        batch
    }
}

impl State {
    /// After a batch; with its bad rows as they are kept.
    pub fn after(&self, batch: &Batch, outcome: &Outcome) -> (Self, Vec<ImportRow>) {
        let bad = || batch.bad.iter().chain(&outcome.bad);
        let (before, tally) = (self.sums, outcome.tally);
        let sums = ImportSums {
            lines_read: batch.line.max(before.lines_read),
            added: before.added + tally.added,
            changed: before.changed + tally.changed,
            unchanged: before.unchanged + tally.unchanged,
            refused: before.refused + tally.refused + batch.refused,
            categories_added: before.categories_added + tally.categories_added,
            bad_rows: before.bad_rows + u64::try_from(bad().count()).unwrap_or(u64::MAX),
        };
        let rows = kept(before.bad_rows, bad());
        (Self { sums, ..self.noting(&outcome.notes) }, rows)
    }

    /// With what is worth knowing besides.
    pub fn noting(&self, notes: &[Note]) -> Self {
        let mut state = self.clone();
        for note in notes {
            add_note(&mut state.taken_notes, note.clone());
        }
        state
    }
}

/// Bad rows as they are kept, the first of them with this number; those beyond the bound are not.
pub fn kept<'a>(first: u64, bad: impl IntoIterator<Item = &'a BadRow>) -> Vec<ImportRow> {
    let text = |text: &str| text.chars().filter(|it| *it != '\0').take(KEPT_TEXT).collect();
    let row = |(number, bad): (u64, &BadRow)| ImportRow {
        number,
        line: bad.line,
        column: text(&bad.column),
        code: bad.code.as_str().to_owned(),
        message: text(&bad.message),
        product: text(&bad.product),
    };
    (first..KEPT_ROWS).zip(bad).map(row).collect()
}

impl Hand<'_> {
    /// Saves a batch and writes down that the file has come so far.
    pub async fn save_once(&self, batch: &Batch, before: &State) -> Result<Done, CatalogError> {
        let mut tx = self.runner.db.begin().await?;
        let outcome = self.attempt(&mut tx, batch).await?;
        let (state, rows) = before.after(batch, &outcome);
        if !self.advance(&mut tx, &state, true).await? {
            return Ok(Done::Lost);
        }
        let id = self.claim.id;
        catalog::add_import_rows(&mut tx, id, &rows).await?;
        let relations: Vec<ImportRelation> = outcome.later.into_iter().map(kept_relation).collect();
        catalog::add_import_relations(&mut tx, id, &relations).await?;
        if outcome.tally.wrote() {
            self.record(&mut tx, &outcome.tally).await?;
        }
        tx.commit().await.map_err(DbError::from)?;
        Ok(Done::Advanced(state))
    }

    /// Holds a batch against the catalogue, in the caller's transaction.
    pub async fn attempt(
        &self,
        conn: &mut Connection,
        batch: &Batch,
    ) -> Result<Outcome, CatalogError> {
        if batch.items.is_empty() {
            return Ok(Outcome::default());
        }
        self.work.attempt(conn, &batch.items).await
    }

    /// Sets what goes with some of the products, at the file's end.
    pub async fn relate_once(&self, before: &State) -> Result<Done, CatalogError> {
        let (mut tx, id) = (self.runner.db.begin().await?, self.claim.id);
        let limit = i64::try_from(BATCH).unwrap_or(i64::MAX);
        let relations = catalog::import_relations(&mut tx, id, limit).await?;
        let Some(last) = relations.last().map(|it| it.line) else { return Ok(Done::Nothing) };
        let later: Vec<Later> = relations.into_iter().map(again_later).collect();
        let outcome = self.work.relate(&mut tx, &later).await?;
        let state = before.noting(&outcome.notes);
        if !self.advance(&mut tx, &state, true).await? {
            return Ok(Done::Lost);
        }
        catalog::drop_import_relations(&mut tx, id, last).await?;
        if outcome.related > 0 {
            let done = Tally { changed: outcome.related, ..Tally::default() };
            self.record(&mut tx, &done).await?;
        }
        tx.commit().await.map_err(DbError::from)?;
        Ok(Done::Advanced(state))
    }

    /// Writes down how far the file has come. Whether it is still ours.
    pub async fn advance(
        &self,
        conn: &mut Connection,
        state: &State,
        is_written: bool,
    ) -> DbResult<bool> {
        let (read_notes, taken_notes) = (json!(state.read_notes), json!(state.taken_notes));
        let progress = ImportProgress {
            sums: &state.sums,
            read_notes: &read_notes,
            taken_notes: &taken_notes,
            is_written,
        };
        let until = later(self.runner.clock.now(), LEASE);
        catalog::advance_import(conn, &self.claim, &progress, until).await
    }

    /// Pieces are gone before they were read. They go with the end of the file, which somebody else may
    /// have brought about; else part of it is lost, and what is left is no file that anybody has sent.
    pub async fn without_pieces(&self, unread: u64) -> Result<Step, CatalogError> {
        let mut conn = self.runner.db.acquire().await?;
        let import = catalog::product_import(&mut conn, self.claim.id).await?;
        if import.is_some_and(|it| it.status == ImportStatus::Running) {
            let value = json!(format!("{unread} more than its pieces have"));
            return Err(corrupt("bytes", &value).into());
        }
        Ok(Step::Over(End::Lost))
    }

    /// Writes down that the file is over. Whether it was still ours.
    pub async fn finish(
        &self,
        conn: &mut Connection,
        state: &State,
        is_written: bool,
        end: (Option<ImportFailure>, bool),
    ) -> DbResult<bool> {
        let (read_notes, taken_notes) = (json!(state.read_notes), json!(state.taken_notes));
        let progress = ImportProgress {
            sums: &state.sums,
            read_notes: &read_notes,
            taken_notes: &taken_notes,
            is_written,
        };
        let now = self.runner.clock.now();
        catalog::finish_import(conn, &self.claim, &progress, end, now).await
    }

    /// Writes into the audit log what a transaction did, in the name of whoever sent the file.
    pub async fn record(&self, conn: &mut Connection, done: &Tally) -> DbResult<()> {
        let Runner { clock, ids, .. } = self.runner;
        let entry = NewEntry {
            id: ids.next(&**clock),
            at: clock.now(),
            actor: Actor::Staff(self.sender.user),
            source: &self.sender.source,
            action: access::Action::CatalogWrite.as_str(),
            target_kind: access::Kind::Product.as_str(),
            target_id: "*".to_owned(),
            before: None,
            after: Some(json!({"import_id": self.claim.id, "products": done})),
            reason: None,
            ip: self.sender.ip,
            trace_id: self.sender.trace_id.clone(),
        };
        audit::append(conn, &entry).await
    }
}

fn kept_relation(it: Later) -> ImportRelation {
    ImportRelation { line: it.line, product: it.product, related: it.related }
}

fn again_later(it: ImportRelation) -> Later {
    Later { line: it.line, product: it.product, related: it.related }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Fault;

    fn bad(line: u64, message: &str) -> BadRow {
        BadRow {
            line,
            column: "Title".into(),
            code: Fault::Rule,
            message: message.into(),
            product: "mug".into(),
        }
    }

    #[test]
    fn a_batch_knows_its_last_line_and_what_is_refused() {
        let refused =
            |line| Read::Refused { slug: "mug".into(), faults: vec![bad(line, "is bad")] };
        let batch: Batch = [refused(3), refused(9)].into_iter().collect();
        assert_eq!((batch.line, batch.refused, batch.bad.len()), (9, 2, 2));
        let before =
            State { sums: ImportSums { bad_rows: 5, ..ImportSums::default() }, ..State::default() };
        let (state, rows) = before.after(&batch, &Outcome::default());
        let expected =
            ImportSums { lines_read: 9, refused: 2, bad_rows: 7, ..ImportSums::default() };
        assert_eq!(state.sums, expected);
        let told: Vec<(u64, u64)> = rows.iter().map(|row| (row.number, row.line)).collect();
        assert_eq!(told, [(5, 3), (6, 9)]);
    }

    #[test]
    fn what_is_kept_of_bad_rows_has_an_end() {
        let rows = [bad(1, &"杯".repeat(KEPT_TEXT + 1)), bad(2, "a\0b"), bad(3, "")];
        let kept = kept(KEPT_ROWS - 2, &rows);
        assert_eq!(kept.len(), 2);
        assert_eq!(kept[0].message, "杯".repeat(KEPT_TEXT));
        assert_eq!((kept[1].number, kept[1].message.as_str()), (KEPT_ROWS - 1, "ab"));
    }
}
