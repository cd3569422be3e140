//! Files of stock: CSV that goes out, is edited in a spreadsheet, and comes back. For the API and the
//! command line alike.

mod export;
mod import;
mod read;
#[cfg(test)]
mod tests;

pub use export::export;
pub use import::{ImportReport, Rules, import};
pub use read::{Reader, Sheet, SheetLine};

/// The most bytes of a file that is taken.
pub const MAX_BYTES: usize = 16 * 1024 * 1024;
/// The most rows.
pub const MAX_ROWS: usize = 100_000;
/// The most mistakes that are named one by one; the others are counted.
pub const MAX_ERRORS: usize = 1_000;
