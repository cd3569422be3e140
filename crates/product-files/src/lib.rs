//! Products in and out of the shop: Shopify's product CSV as it is exported, and Oxcart's own JSON
//! lines. For the API and the command line alike.
//!
//! A [`Reader`] makes products of pieces of a file, purely: each with the lines it stands on, and with
//! what is wrong in its rows. An [`Import`] holds them against the catalogue, some hundred in a
//! transaction, and writes what is different through the catalogue's one way of writing. So a file may
//! be taken again at any time: what is so already writes no row and tells nobody, which is also how an
//! interrupted import goes on. An [`Upload`] keeps a file, and a [`Runner`] takes it in the background
//! ([`Job`]), batch by batch. [`export()`] writes what an import takes back.
//!
//! *Invariant:* a bad row refuses its product and no other, unless the whole file is to stand or fall.
//! *Invariant:* nothing is fetched from an address in a file. *Invariant:* stock is not touched: it has
//! files of its own.

mod alone;
mod background;
mod cells;
mod columns;
mod export;
mod fault;
mod import;
mod json;
mod json_merge;
mod merged;
mod reader;
mod report;
mod sheet;
mod sheet_export;
mod sheet_merge;
mod shelves;
mod work;

pub use background::{End, Job, KEPT_ROWS, Runner, Step, Upload, notes_of, shown};
pub use export::export;
pub use fault::{BadRow, Fault, Note};
pub use import::{Import, Recorder, Rules};
pub use json::{JsonImage, JsonOption, JsonProduct, JsonState, JsonVariant};
pub use reader::{Format, Item, Read, Reader};
pub use report::{Report, Tally};

/// The most bytes of one row or line: more than any product has to say.
pub const MAX_RECORD: usize = 4 * 1024 * 1024;
/// The most rows of one product.
pub const MAX_ROWS: usize = 2_000;
/// The most bad rows that a report names one by one; the others are counted.
pub const MAX_ERRORS: usize = 1_000;
/// The most different notes; more of them would not be read.
pub const MAX_NOTES: usize = 200;
/// Products in a transaction.
pub const BATCH: usize = 200;
