//! CSV that spreadsheets open without doing anything, and what is wrong with CSV that comes in.

use axum::{
    body::Bytes,
    http::{HeaderMap, header},
};
use csv::WriterBuilder;
use kernel::ErrorCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::problem::Problem;

/// Refuses a body that does not say that it is CSV.
pub fn check_type(headers: &HeaderMap) -> Result<(), Problem> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|it| it.to_str().ok());
    let essence = content_type.and_then(|it| it.split(';').next()).unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("text/csv") {
        return Ok(());
    }
    Err(Problem::new(ErrorCode::UnsupportedMediaType)
        .detail("send the body as Content-Type: text/csv"))
}

/// What is wrong with a row of a file that came in, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RowError {
    /// The line of the file, from 1.
    pub line: u64,
    /// The column, from 1.
    pub column: usize,
    /// What is wrong.
    pub detail: String,
}

impl RowError {
    /// A mistake.
    pub fn new(line: u64, column: usize, detail: impl Into<String>) -> Self {
        Self { line, column, detail: detail.into() }
    }
}

/// The first line: the names of the columns, behind the mark by which spreadsheets know UTF-8.
pub fn head<F: AsRef<str>>(columns: impl IntoIterator<Item = F>) -> Bytes {
    [b"\xef\xbb\xbf".as_slice(), &row(columns)].concat().into()
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

fn harmless(field: &str) -> String {
    if field.starts_with(FORMULA) { format!("'{field}") } else { field.to_owned() }
}

/// What is meant by a field that comes in: without the apostrophe that [`row`] has put before what
/// looks like a formula.
pub fn meant(field: &str) -> &str {
    field.strip_prefix('\'').filter(|rest| rest.starts_with(FORMULA)).unwrap_or(field)
}

/// How far a CSV text is read. The reader's own line numbers are behind where lines end in `\r\n` or are
/// empty: it says where a record begins before it has passed the ends of the lines before.
#[derive(Debug)]
pub struct Lines<'a> {
    bytes: &'a [u8],
    offset: usize,
    line: u64,
}

impl<'a> Lines<'a> {
    /// At the beginning of a text whose first line has this number.
    pub const fn new(bytes: &'a [u8], first: u64) -> Self {
        Self { bytes, offset: 0, line: first }
    }

    /// The line of a record that begins here, or behind line ends that come first. Records come in
    /// their order.
    pub fn at(&mut self, position: Option<&csv::Position>) -> u64 {
        let begin = position.and_then(|it| usize::try_from(it.byte()).ok()).unwrap_or(self.offset);
        let ends = |byte: &u8| matches!(byte, b'\r' | b'\n');
        while self.offset < self.bytes.len()
            && (self.offset < begin || ends(&self.bytes[self.offset]))
        {
            self.line += u64::from(self.bytes[self.offset] == b'\n');
            self.offset += 1;
        }
        self.line
    }
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
        for (field, plain) in [("'-ODD", "-ODD"), ("'=1", "=1"), ("'ODD", "'ODD"), ("-1", "-1")] {
            assert_eq!(meant(field), plain);
        }
    }

    proptest! {
        #[test]
        fn a_line_is_read_back_as_it_was(fields in prop::collection::vec("[^=+\\-@\t\r\n＝＋－＠\u{feff}].{0,12}", 1..5)) {
            let line = row(&fields);
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&line[..]);
            let read: Vec<_> = reader.records().map(Result::unwrap).collect();
            prop_assert_eq!(read.len(), 1);
            prop_assert_eq!(read[0].iter().collect::<Vec<_>>(), fields.iter().map(String::as_str).collect::<Vec<_>>());
        }
    }
}
