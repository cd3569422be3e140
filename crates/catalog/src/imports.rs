//! Files of products that are taken in the background: the file, how far it has come, and whose it is to
//! go on with. What is in a file is nobody's business here.
//!
//! *Invariant:* a file is worked on by one at a time: a claim counts an attempt and holds for a while,
//! and nothing is written but by whoever made the last claim. *Invariant:* files are taken one after the
//! other, in the order in which they came. *Invariant:* what was done and how far the file has come are
//! one transaction, so that whoever goes on does nothing twice.

use std::net::IpAddr;

use jiff::Timestamp;
use kernel::id::{ProductId, ProductImportId, UserId};
use pg::{Connection, DbResult};
use serde_json::Value;

use crate::{sql_import_work as work, sql_imports as sql};

/// How far a file has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportStatus {
    /// It is on its way.
    Receiving,
    /// Nobody has begun.
    Queued,
    /// Somebody is at it, or was until a moment ago.
    Running,
    /// It was taken.
    Done,
    /// It was not taken.
    Failed,
    /// Somebody did not want the rest of it.
    Cancelled,
}

impl ImportStatus {
    /// Every one.
    pub const ALL: [Self; 6] =
        [Self::Receiving, Self::Queued, Self::Running, Self::Done, Self::Failed, Self::Cancelled];

    /// The word kept in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Receiving => "receiving",
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The status a word stands for.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }
}

/// Why a file was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportFailure {
    /// It is none.
    Unreadable,
    /// All of it or nothing was asked for, and rows are bad.
    BadRows,
    /// It was tried again and again.
    Internal,
}

impl ImportFailure {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Unreadable, Self::BadRows, Self::Internal];

    /// The word kept in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::BadRows => "bad_rows",
            Self::Internal => "internal",
        }
    }

    /// The failure a word stands for.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|failure| failure.as_str() == word)
    }
}

/// Who sent a file, and how: what the audit log says of what comes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// The person.
    pub user: UserId,
    /// `session` or `api_key`.
    pub source: String,
    /// Where from.
    pub ip: Option<IpAddr>,
    /// The trace id of the request.
    pub trace_id: String,
}

/// What has become of a file so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImportSums {
    /// The line on which the last product begins that was taken or refused.
    pub lines_read: u64,
    /// Products that are new.
    pub added: u64,
    /// Those that were others.
    pub changed: u64,
    /// Those that were so already.
    pub unchanged: u64,
    /// Those that were left as they are.
    pub refused: u64,
    /// Categories that were made.
    pub categories_added: u64,
    /// Bad rows.
    pub bad_rows: u64,
}

impl ImportSums {
    /// Products in all.
    pub const fn products(&self) -> u64 {
        self.added + self.changed + self.unchanged + self.refused
    }
}

/// Where a file is with all that is known of it.
#[derive(Clone, Debug, PartialEq)]
pub struct ProductImport {
    /// Its id.
    pub id: ProductImportId,
    /// How far it has come.
    pub status: ImportStatus,
    /// Why it was not taken.
    pub failure: Option<ImportFailure>,
    /// How it is taken, in the words of whoever takes it.
    pub rules: Value,
    /// Who sent it.
    pub sender: Sender,
    /// Its size.
    pub bytes: u64,
    /// Its lines.
    pub lines: u64,
    /// What has become of it.
    pub sums: ImportSums,
    /// What is worth knowing of its rows.
    pub read_notes: Value,
    /// What is worth knowing of its products.
    pub taken_notes: Value,
    /// Whether what is counted has been written.
    pub is_written: bool,
    /// Whether it could be read to its end.
    pub is_complete: bool,
    /// When it came.
    pub created_at: Timestamp,
    /// When somebody began.
    pub started_at: Option<Timestamp>,
    /// When it was over.
    pub finished_at: Option<Timestamp>,
}

/// A file that is on its way.
#[derive(Clone, Copy, Debug)]
pub struct NewImport<'a> {
    /// Its id.
    pub id: ProductImportId,
    /// How it is to be taken.
    pub rules: &'a Value,
    /// Who sends it.
    pub sender: &'a Sender,
    /// When.
    pub at: Timestamp,
}

/// What tells a claim from later ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImportClaim {
    /// The file.
    pub id: ProductImportId,
    /// Which attempt this is.
    pub attempt: i32,
    /// How many in a row, this one included, have written nothing.
    pub tries: i32,
}

/// How far whoever is at it has come.
#[derive(Clone, Copy, Debug)]
pub struct ImportProgress<'a> {
    /// What has become of it.
    pub sums: &'a ImportSums,
    /// What is worth knowing of its rows.
    pub read_notes: &'a Value,
    /// What is worth knowing of its products.
    pub taken_notes: &'a Value,
    /// Whether what is counted has been written.
    pub is_written: bool,
}

/// A bad row of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportRow {
    /// Counts them, from 0.
    pub number: u64,
    /// The line on which it begins.
    pub line: u64,
    /// The column, or the pointer of the member.
    pub column: String,
    /// What kind of mistake.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// The product that is refused for it.
    pub product: String,
}

/// A product that goes with others which may be further down in its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportRelation {
    /// Its line.
    pub line: u64,
    /// The product.
    pub product: ProductId,
    /// What goes with it.
    pub related: Vec<ProductId>,
}

/// Writes down that a file is on its way; [`queue_import`] follows when it is there.
pub async fn begin_import(conn: &mut Connection, import: &NewImport<'_>) -> DbResult<()> {
    sql::begin(conn, import).await
}

/// How many files are not over.
pub async fn open_imports(conn: &mut Connection) -> DbResult<u64> {
    sql::open(conn).await
}

/// Keeps a piece of a file; pieces are counted from 0.
pub async fn keep_import_piece(
    conn: &mut Connection,
    id: ProductImportId,
    number: i32,
    content: &[u8],
) -> DbResult<()> {
    sql::keep_piece(conn, id, number, content).await
}

/// The file is there, so large and so long, and is taken when it is its turn. Whether it was on its way.
pub async fn queue_import(
    conn: &mut Connection,
    id: ProductImportId,
    (bytes, lines): (u64, u64),
    now: Timestamp,
) -> DbResult<bool> {
    sql::queue(conn, id, (bytes, lines), now).await
}

/// Forgets a file that did not come to its end.
pub async fn drop_import(conn: &mut Connection, id: ProductImportId) -> DbResult<()> {
    sql::drop_unsent(conn, id).await
}

/// Forgets files of which nothing more has come since before then.
pub async fn drop_unsent_imports(conn: &mut Connection, before: Timestamp) -> DbResult<u64> {
    sql::drop_all_unsent(conn, before).await
}

/// Forgets files that were over before then, a batch of them.
pub async fn forget_imports(conn: &mut Connection, before: Timestamp, limit: u32) -> DbResult<u64> {
    sql::forget(conn, before, limit.into()).await
}

/// One file that is there.
pub async fn product_import(
    conn: &mut Connection,
    id: ProductImportId,
) -> DbResult<Option<ProductImport>> {
    sql::get(conn, id).await
}

/// Files that are there, the newest first, from the one after `after` on.
pub async fn product_imports(
    conn: &mut Connection,
    after: Option<ProductImportId>,
    limit: i64,
) -> DbResult<Vec<ProductImport>> {
    sql::list(conn, after, limit).await
}

/// Bad rows of a file as they were found, from the one after `after` on.
pub async fn import_rows(
    conn: &mut Connection,
    id: ProductImportId,
    after: Option<u64>,
    limit: i64,
) -> DbResult<Vec<ImportRow>> {
    sql::rows(conn, id, after, limit).await
}

/// Nobody wants the rest of a file. Whether it was not over.
pub async fn cancel_import(
    conn: &mut Connection,
    id: ProductImportId,
    now: Timestamp,
) -> DbResult<bool> {
    let is_over = !work::cancel(conn, id, now).await?;
    if !is_over {
        work::clear(conn, id).await?;
    }
    Ok(!is_over)
}

/// The file whose turn it is, the caller's until then; none while somebody is at it.
pub async fn claim_import(
    conn: &mut Connection,
    now: Timestamp,
    until: Timestamp,
) -> DbResult<Option<ImportClaim>> {
    work::claim(conn, now, until).await
}

/// A piece of a file; none: that was all.
pub async fn import_piece(
    conn: &mut Connection,
    id: ProductImportId,
    number: i32,
) -> DbResult<Option<Vec<u8>>> {
    work::piece(conn, id, number).await
}

/// Writes down how far the file has come, and that the caller goes on until then. Whether it is still the
/// caller's: if not, nothing of the transaction may stand.
pub async fn advance_import(
    conn: &mut Connection,
    claim: &ImportClaim,
    progress: &ImportProgress<'_>,
    until: Timestamp,
) -> DbResult<bool> {
    work::advance(conn, claim, progress, until).await
}

/// Adds bad rows. Call it after [`advance_import`] or [`finish_import`], in their transaction.
pub async fn add_import_rows(
    conn: &mut Connection,
    id: ProductImportId,
    rows: &[ImportRow],
) -> DbResult<()> {
    if rows.is_empty() { Ok(()) } else { work::add_rows(conn, id, rows).await }
}

/// Adds what is to be set at the file's end. Call it after [`advance_import`], in its transaction.
pub async fn add_import_relations(
    conn: &mut Connection,
    id: ProductImportId,
    relations: &[ImportRelation],
) -> DbResult<()> {
    if relations.is_empty() { Ok(()) } else { work::add_relations(conn, id, relations).await }
}

/// What is to be set at the file's end, in the order of its lines.
pub async fn import_relations(
    conn: &mut Connection,
    id: ProductImportId,
    limit: i64,
) -> DbResult<Vec<ImportRelation>> {
    work::relations(conn, id, limit).await
}

/// Takes off what is set by now, up to this line. Call it after [`advance_import`], in its transaction.
pub async fn drop_import_relations(
    conn: &mut Connection,
    id: ProductImportId,
    line: u64,
) -> DbResult<()> {
    work::drop_relations(conn, id, line).await
}

/// The file is over: taken, or not and why. Whether it was still the caller's.
pub async fn finish_import(
    conn: &mut Connection,
    claim: &ImportClaim,
    progress: &ImportProgress<'_>,
    (failure, is_complete): (Option<ImportFailure>, bool),
    now: Timestamp,
) -> DbResult<bool> {
    let is_ours = work::finish(conn, claim, progress, (failure, is_complete), now).await?;
    if is_ours {
        work::clear(conn, claim.id).await?;
    }
    Ok(is_ours)
}

/// Gives a file back: somebody goes on from then on. `is_counted`: it had failed. Whether it was still
/// the caller's.
pub async fn let_import_go(
    conn: &mut Connection,
    claim: &ImportClaim,
    at: Timestamp,
    is_counted: bool,
) -> DbResult<bool> {
    work::let_go(conn, claim, at, is_counted).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_back() {
        for status in ImportStatus::ALL {
            assert_eq!(ImportStatus::parse(status.as_str()), Some(status));
        }
        for failure in ImportFailure::ALL {
            assert_eq!(ImportFailure::parse(failure.as_str()), Some(failure));
        }
        assert_eq!((ImportStatus::parse("gone"), ImportFailure::parse("")), (None, None));
    }
}
