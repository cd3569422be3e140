//! CSV as spreadsheets make and open it: rows that are only text when they go out, and rows with
//! their lines when they come in, piece by piece.
//!
//! *Invariant:* nothing that goes out begins like a formula, and [`meant`] gives back exactly what
//! [`row`] was given.

mod lines;
mod records;

use bytes::Bytes;
use csv::WriterBuilder;

pub use csv::{ByteRecord, Position};
pub use lines::Lines;
pub use records::Records;

/// The mark by which spreadsheets know UTF-8.
pub const MARK: &[u8] = b"\xef\xbb\xbf";

/// The first line: the names of the columns, behind the [`MARK`].
pub fn head<F: AsRef<str>>(columns: impl IntoIterator<Item = F>) -> Bytes {
    [MARK, &row(columns)].concat().into()
}

/// A line (RFC 4180). What a spreadsheet would take for a formula is preceded by an apostrophe, as
/// OWASP advises: somebody's name must not become a program in an accountant's hands.
pub fn row<F: AsRef<str>>(fields: impl IntoIterator<Item = F>) -> Bytes {
    let mut writer = WriterBuilder::new().from_writer(Vec::new());
    let safe = fields.into_iter().map(|field| harmless(field.as_ref()));
    // Writing to memory cannot fail, and a line of any length is one.
    writer.write_record(safe).ok();
    writer.into_inner().map(Bytes::from).unwrap_or_default()
}

/// What spreadsheets take for the beginning of a formula.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// Whether it is a formula, or one behind apostrophes: who takes one off must not find another.
fn is_formula(field: &str) -> bool {
    field.trim_start_matches('\'').starts_with(FORMULA)
}

fn harmless(field: &str) -> String {
    if is_formula(field) { format!("'{field}") } else { field.to_owned() }
}

/// What is meant by a field that comes in: without the apostrophe that [`row`] has put before what
/// looks like a formula.
pub fn meant(field: &str) -> &str {
    field.strip_prefix('\'').filter(|rest| is_formula(rest)).unwrap_or(field)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn formulas_are_only_text() {
        let line = row(["=HYPERLINK(\"https://x.example\")", "a,b", "王\n小明", "-1", "plain"]);
        let line = String::from_utf8(line.to_vec()).unwrap();
        let expected =
            "\"'=HYPERLINK(\"\"https://x.example\"\")\",\"a,b\",\"王\n小明\",'-1,plain\n";
        assert_eq!(line, expected);
        for (field, plain) in [
            ("'-ODD", "-ODD"),
            ("'=1", "=1"),
            ("''=1", "'=1"),
            ("'ODD", "'ODD"),
            ("''ODD", "''ODD"),
            ("-1", "-1"),
        ] {
            assert_eq!(meant(field), plain);
        }
        assert_eq!(harmless("'=1"), "''=1");
    }

    proptest! {
        /// Only the mark of UTF-8 at the very beginning is taken for what it is.
        #[test]
        fn a_line_is_read_back_as_it_was(
            fields in prop::collection::vec("[^\u{feff}]['=+\\-@\t\r\n,\"＝a]{0,12}", 1..5)
        ) {
            let line = row(&fields);
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&line[..]);
            let read: Vec<_> = reader.records().map(Result::unwrap).collect();
            prop_assert_eq!(read.len(), 1);
            let told: Vec<&str> = read[0].iter().map(meant).collect();
            prop_assert_eq!(told, fields.iter().map(String::as_str).collect::<Vec<_>>());
            prop_assert!(read[0].iter().all(|field| !field.starts_with(FORMULA)));
        }
    }
}
