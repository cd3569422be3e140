//! CSV as it is written for spreadsheets.

use api::kit::csv;
use ::csv::ReaderBuilder;

use crate::text;

/// Between two fields in the input.
const SEPARATOR: char = '\u{1f}';

/// A line is read back as one record, each field as it was, or behind the apostrophe that keeps it
/// from being a formula; and none is one.
pub fn csv_row(data: &[u8]) {
    let given = text(data);
    let fields: Vec<&str> = given.split(SEPARATOR).collect();
    // A line of nothing at all reads as no line. No export has a single column.
    if fields.len() < 2 {
        return;
    }
    // The mark by which spreadsheets know UTF-8 comes first, as in an export.
    let file = [csv::head(["a", "b"]), csv::row(&fields)].concat();
    let mut reader = ReaderBuilder::new().flexible(true).from_reader(&file[..]);
    let read: Vec<_> = reader.records().map(|record| record.expect("is CSV")).collect();
    assert_eq!(read.len(), 1, "{read:?}");
    assert_eq!(read[0].len(), fields.len(), "{read:?}");
    for (field, was) in read[0].iter().zip(fields) {
        assert!(field == was || field.strip_prefix('\'') == Some(was), "{field:?} of {was:?}");
        assert!(!field.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']), "{field:?}");
    }
}
