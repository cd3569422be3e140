//! A file of products as people see it.

use catalog::ProductImport;
use jiff::Timestamp;
use kernel::{
    Locale,
    id::{ProductImportId, UserId},
};
use product_files::{Format, Note, Rules, shown};
use serde::Serialize;
use utoipa::ToSchema;

/// A file of products, how it is taken, and how far it has come.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = ProductImport)]
#[expect(clippy::struct_excessive_bools, reason = "they are members of an answer")]
pub struct ImportView {
    /// Its id; also what names it in the audit log.
    pub id: ProductImportId,
    /// `queued`, `running`, `done`, `failed` (nothing was written but by an `internal` failure) or
    /// `cancelled` (what is counted was written, unless `written` says no).
    #[schema(value_type = String, example = "running")]
    pub status: &'static str,
    /// Why it failed: `unreadable` (it is no file of products), `bad_rows` (all of it or nothing was
    /// asked for), `internal` (it was tried again and again).
    #[schema(value_type = Option<String>, example = "bad_rows")]
    pub failure: Option<&'static str>,
    /// How it is written.
    pub format: Format,
    /// Whether this is only a trial: nothing is written.
    pub dry_run: bool,
    /// Whether it is all of it or nothing.
    pub strict: bool,
    /// The language of a CSV.
    pub language: Locale,
    /// Whether categories that are missing are made.
    pub create_categories: bool,
    /// The category of new products that name none.
    pub category: Option<String>,
    /// Its size.
    pub bytes: u64,
    /// Its lines.
    pub lines: u64,
    /// The line on which the last product begins that was taken or refused; in the end all of them.
    pub lines_read: u64,
    /// Products so far.
    pub products: u64,
    /// Those that are new.
    pub added: u64,
    /// Those that were others.
    pub changed: u64,
    /// Those that were so already.
    pub unchanged: u64,
    /// Those that were left as they are because rows are bad.
    pub refused: u64,
    /// Categories that were made.
    pub categories_added: u64,
    /// Bad rows; `rows` has them, the first 10,000.
    pub bad_rows: u64,
    /// What else is to be known.
    pub notes: Vec<Note>,
    /// Whether what is counted has been written.
    pub written: bool,
    /// Whether it could be read to its end, as far as is known.
    pub complete: bool,
    /// Who sent it.
    pub sent_by: UserId,
    /// When.
    pub created_at: Timestamp,
    /// When somebody began with it.
    pub started_at: Option<Timestamp>,
    /// When it was over.
    pub finished_at: Option<Timestamp>,
}

impl From<ProductImport> for ImportView {
    fn from(import: ProductImport) -> Self {
        let (rules, notes) = shown(&import);
        let Rules { format, language, dry_run, strict, create_categories, category } = rules;
        let sums = import.sums;
        Self {
            id: import.id,
            status: import.status.as_str(),
            failure: import.failure.map(catalog::ImportFailure::as_str),
            format,
            dry_run,
            strict,
            language,
            create_categories,
            category,
            bytes: import.bytes,
            lines: import.lines,
            lines_read: sums.lines_read,
            products: sums.products(),
            added: sums.added,
            changed: sums.changed,
            unchanged: sums.unchanged,
            refused: sums.refused,
            categories_added: sums.categories_added,
            bad_rows: sums.bad_rows,
            notes,
            written: import.is_written,
            complete: import.is_complete,
            sent_by: import.sender.user,
            created_at: import.created_at,
            started_at: import.started_at,
            finished_at: import.finished_at,
        }
    }
}
