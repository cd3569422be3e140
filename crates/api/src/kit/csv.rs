//! CSV that spreadsheets open without doing anything.

use axum::body::Bytes;
use csv::WriterBuilder;

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

fn harmless(field: &str) -> String {
    let formula = field.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    if formula { format!("'{field}") } else { field.to_owned() }
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
