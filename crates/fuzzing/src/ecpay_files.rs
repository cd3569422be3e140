//! What claims to be one of ECPay's reconciliation files.

use ecpay::{CharSet, FileError, FundingRow, TradeRow};

use crate::text;

/// A file is read as a whole or not at all, in either character set. What is read keeps its cells,
/// its rows are in order, and no row is lost without an error.
pub fn ecpay_files(data: &[u8]) {
    let lines = u64::try_from(text(data).lines().count()).unwrap_or(u64::MAX);
    for charset in [CharSet::Big5, CharSet::Utf8] {
        match TradeRow::read_file(data, charset) {
            Ok(rows) => {
                let places: Vec<u64> = rows.iter().map(|row| row.line).collect();
                in_order(&places, lines);
                for row in rows {
                    assert!(!row.merchant_trade_no.is_empty());
                    assert!(row.cells().any(|(_, cell)| cell == row.merchant_trade_no));
                }
            }
            Err(error) => has_a_place(&error),
        }
        match FundingRow::read_file(data, charset) {
            Ok(rows) => {
                let places: Vec<u64> = rows.iter().map(|row| row.line).collect();
                in_order(&places, lines);
                for row in rows {
                    assert!(!row.authorisation.is_empty() && !row.order_no.is_empty());
                    assert_eq!(row.is_refund(), row.amount < 0);
                }
            }
            Err(error) => has_a_place(&error),
        }
    }
}

/// Behind the header, one after the other, within the file.
fn in_order(places: &[u64], lines: u64) {
    assert!(places.windows(2).all(|pair| pair[0] <= pair[1]), "{places:?}");
    assert!(places.iter().all(|line| (1..=lines.max(1)).contains(line)), "{places:?} of {lines}");
}

fn has_a_place(error: &FileError) {
    match error {
        FileError::Cells { line, .. } | FileError::OpenQuote { line } => assert!(*line > 0),
        FileError::Cell { line, number, value, .. } => {
            assert!(*line > 0 && *number > 0 && value.chars().count() <= 40, "{error}");
        }
        FileError::NotAFile { says } => assert!(says.chars().count() <= 100, "{error}"),
        FileError::TooLarge { .. } | FileError::TooSoon | FileError::NoColumn { .. } => {}
    }
}
