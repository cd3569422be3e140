//! What became of a file.

use serde::Serialize;
use uuid::Uuid;

use crate::{
    MAX_ERRORS,
    fault::{BadRow, Note},
};

/// Products and what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Are new.
    pub added: u64,
    /// Were others.
    pub changed: u64,
    /// Were so already.
    pub unchanged: u64,
    /// Were left as they are, for bad rows.
    pub refused: u64,
    /// Categories that were made.
    pub categories_added: u64,
}

impl Tally {
    /// Products in all.
    pub const fn products(&self) -> u64 {
        self.added + self.changed + self.unchanged + self.refused
    }

    /// Whether something was written.
    pub const fn wrote(&self) -> bool {
        self.added + self.changed + self.categories_added > 0
    }

    /// Both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            added: self.added + other.added,
            changed: self.changed + other.changed,
            unchanged: self.unchanged + other.unchanged,
            refused: self.refused + other.refused,
            categories_added: self.categories_added + other.categories_added,
        }
    }
}

/// What became of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Names the import in the audit log.
    pub import_id: Uuid,
    /// Whether what was to be changed is.
    pub written: bool,
    /// Whether this was only a trial: nothing was written.
    pub dry_run: bool,
    /// Whether the file could be read to its end.
    pub complete: bool,
    /// Products in the file.
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
    /// Bad rows.
    pub bad_rows: u64,
    /// What is wrong with them, as they were found; at most a thousand.
    pub errors: Vec<BadRow>,
    /// What else is to be known.
    pub notes: Vec<Note>,
}

impl Report {
    /// Before the first row.
    pub(crate) const fn new(import_id: Uuid, dry_run: bool) -> Self {
        Self {
            import_id,
            written: false,
            dry_run,
            complete: true,
            products: 0,
            added: 0,
            changed: 0,
            unchanged: 0,
            refused: 0,
            categories_added: 0,
            bad_rows: 0,
            errors: Vec::new(),
            notes: Vec::new(),
        }
    }

    pub(crate) fn count(&mut self, tally: &Tally) {
        self.products += tally.products();
        self.added += tally.added;
        self.changed += tally.changed;
        self.unchanged += tally.unchanged;
        self.refused += tally.refused;
        self.categories_added += tally.categories_added;
    }

    /// Notes a bad row.
    pub(crate) fn reject(&mut self, bad: BadRow) {
        self.bad_rows += 1;
        if self.errors.len() < MAX_ERRORS {
            self.errors.push(bad);
        }
    }

    /// The sums, as the audit log keeps them.
    pub fn tally(&self) -> Tally {
        Tally {
            added: self.added,
            changed: self.changed,
            unchanged: self.unchanged,
            refused: self.refused,
            categories_added: self.categories_added,
        }
    }

    /// Whether nothing was wrong.
    pub const fn is_clean(&self) -> bool {
        self.complete && self.refused == 0
    }
}
