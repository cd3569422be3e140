//! ECPay's reconciliation files: every trade of a period (特店對帳媒體檔, `TradeNoAio`), and what of
//! card payments was paid out (信用卡撥款對帳資料檔, `FundingReconDetail`).
//!
//! Both are CSV, in Big5 unless asked otherwise, unsigned, and given to addresses only that are
//! registered in ECPay's back office, one file a minute. ECPay publishes no fixed layout: columns
//! come, go and are renamed. So they are found by their headers, and every cell is kept as it came
//! ([`TradeRow::cell`], [`FundingRow::cell`]). What is read must be right: a cell that cannot be
//! read fails the whole file, with its line and column.

mod funding;
mod sheet;
mod trades;

pub use funding::{FundingDate, FundingFileQuery, FundingRow};
pub use sheet::{CharSet, MAX_FILE_BYTES};
pub use trades::{
    FileMethod, Layout, PaidStatus, PayoutStatus, TradeDate, TradeOrigin, TradeRow, TradeState,
    TradesFileQuery,
};

use jiff::civil::Date;

/// Why a file cannot be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FileQueryError {
    /// The period ends before it begins.
    #[error("the period ends on {to}, before it begins on {from}")]
    Backwards {
        /// Its first day.
        from: Date,
        /// Its last day.
        to: Date,
    },
    /// The period is longer than ECPay gives at once.
    #[error("the period from {from} to {to} is longer than a month")]
    TooLong {
        /// Its first day.
        from: Date,
        /// Its last day.
        to: Date,
    },
}

/// Why a file cannot be read. Nothing of it is believed then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// More than [`MAX_FILE_BYTES`].
    #[error("the file has {bytes} bytes, more than {MAX_FILE_BYTES}")]
    TooLarge {
        /// The size of the file.
        bytes: usize,
    },
    /// ECPay gives one file a minute, and each refusal begins the minute anew.
    #[error("another file was downloaded less than a minute ago")]
    TooSoon,
    /// The first line has none of the headers: an error message, most likely.
    #[error("not a file of this kind: {says}")]
    NotAFile {
        /// How it begins.
        says: String,
    },
    /// A column that is needed is missing.
    #[error("the file has no column {column}")]
    NoColumn {
        /// The name that was looked for first.
        column: &'static str,
    },
    /// A row has more or fewer cells than there are columns.
    #[error("line {line} has {cells} cells in {columns} columns")]
    Cells {
        /// Where the row begins, counted from 1.
        line: u64,
        /// How many cells it has.
        cells: usize,
        /// How many it should have.
        columns: usize,
    },
    /// A cell cannot be read.
    #[error("line {line}, column {number} ({column}): {value:?} is {problem}")]
    Cell {
        /// Where its row begins, counted from 1.
        line: u64,
        /// Which column it is in, counted from 1.
        number: usize,
        /// The column's header.
        column: String,
        /// The first characters of what it says.
        value: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A quotation mark is opened, and never closed.
    #[error("the quotation mark of line {line} is not closed")]
    OpenQuote {
        /// Where it stands, counted from 1.
        line: u64,
    },
}
