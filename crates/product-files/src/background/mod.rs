//! Files that are kept, and taken in the background: on one node at a time, a transaction for each
//! batch, so that whoever goes on after a node has died does nothing twice.

mod hand;
mod job;
mod runner;
mod upload;

use catalog::{ImportSums, ProductImport};
use pg::{DbError, DbResult};
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use job::{End, Job, Step};
pub use runner::Runner;
pub use upload::Upload;

use crate::{
    fault::{BadRow, Fault, Note, add_note},
    import::Rules,
    report::Tally,
};

/// Bad rows that are kept of a file; the others are counted.
pub const KEPT_ROWS: u64 = 10_000;

fn corrupt(column: &'static str, value: &Value) -> DbError {
    DbError::Corrupt { table: "catalog.product_imports", column, value: value.to_string() }
}

/// What is told of a file in place of what this program cannot read.
const NEWER: &str = "a newer version of the program says more of this file than this one can read";

/// How a file is taken, and what is worth knowing of it, for people to see. What only a newer program can
/// read is as if nobody had said it, but for a note.
pub fn shown(import: &ProductImport) -> (Rules, Vec<Note>) {
    let (rules, notes) = (rules_of(import), notes_of(import));
    let is_newer = rules.is_err() || notes.is_err();
    let mut notes = notes.unwrap_or_default();
    if is_newer {
        notes.insert(0, Note::new(1, "", NEWER));
    }
    (rules.unwrap_or_else(|_| readable(&import.rules)), notes)
}

fn readable(rules: &Value) -> Rules {
    fn member<T: Default + DeserializeOwned>(rules: &Value, name: &str) -> T {
        let said = rules.get(name).cloned().map(serde_json::from_value);
        said.and_then(Result::ok).unwrap_or_default()
    }
    Rules {
        format: member(rules, "format"),
        language: member(rules, "language"),
        dry_run: member(rules, "dry_run"),
        strict: member(rules, "strict"),
        create_categories: member(rules, "create_categories"),
        category: member(rules, "category"),
    }
}

/// How a file is taken.
fn rules_of(import: &ProductImport) -> DbResult<Rules> {
    let rules = serde_json::from_value(import.rules.clone());
    rules.map_err(|_| corrupt("rules", &import.rules))
}

/// What is worth knowing of a file so far.
pub fn notes_of(import: &ProductImport) -> DbResult<Vec<Note>> {
    let mut notes = taken_notes(import)?;
    let read: Vec<Note> = serde_json::from_value(import.read_notes.clone())
        .map_err(|_| corrupt("read_notes", &import.read_notes))?;
    for note in read {
        add_note(&mut notes, note);
    }
    notes.sort_by_key(|note| note.line);
    Ok(notes)
}

fn taken_notes(import: &ProductImport) -> DbResult<Vec<Note>> {
    let notes = serde_json::from_value(import.taken_notes.clone());
    notes.map_err(|_| corrupt("taken_notes", &import.taken_notes))
}

/// The sums, as the audit log keeps them.
const fn tally_of(sums: &ImportSums) -> Tally {
    Tally {
        added: sums.added,
        changed: sums.changed,
        unchanged: sums.unchanged,
        refused: sums.refused,
        categories_added: sums.categories_added,
    }
}

impl TryFrom<catalog::ImportRow> for BadRow {
    type Error = DbError;

    fn try_from(row: catalog::ImportRow) -> DbResult<Self> {
        let code = Fault::parse(&row.code).ok_or_else(|| DbError::Corrupt {
            table: "catalog.product_import_rows",
            column: "code",
            value: row.code.clone(),
        })?;
        let catalog::ImportRow { line, column, message, product, .. } = row;
        Ok(Self { line, column, code, message, product })
    }
}
