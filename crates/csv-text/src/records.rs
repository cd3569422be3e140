//! Records of a file that arrives in pieces.

use csv::{ByteRecord, ReaderBuilder};

use crate::{Lines, MARK};

/// What the next byte is within (RFC 4180, as lenient as what reads the rows).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Inside {
    #[default]
    FieldStart,
    Plain,
    Quotes,
    /// The quotes ended, or this is the first of two that stand for one.
    QuotesEnd,
}

impl Inside {
    /// After this byte, and whether it ended a row.
    const fn after(self, byte: u8) -> (Self, bool) {
        match (self, byte) {
            (Self::Quotes, b'"') => (Self::QuotesEnd, false),
            (Self::FieldStart | Self::QuotesEnd, b'"') | (Self::Quotes, _) => (Self::Quotes, false),
            (_, b'\n') => (Self::FieldStart, true),
            (_, b',' | b'\r') => (Self::FieldStart, false),
            _ => (Self::Plain, false),
        }
    }
}

/// Takes a file in pieces of any size and gives its records with the lines they begin on, from 1. Of the
/// text it holds no more than the row that is not complete yet.
#[derive(Debug, Default)]
pub struct Records {
    pending: Vec<u8>,
    /// How much of it has been looked through for the ends of rows.
    scanned: usize,
    inside: Inside,
    /// Lines that were read.
    lines: u64,
}

impl Records {
    /// Takes a piece, and gives the records that are complete with it.
    pub fn push(&mut self, piece: &[u8], each: impl FnMut(u64, &ByteRecord)) {
        self.pending.extend_from_slice(piece);
        let mut whole = None;
        for (place, byte) in self.pending.iter().enumerate().skip(self.scanned) {
            let (inside, ends) = self.inside.after(*byte);
            self.inside = inside;
            if ends {
                whole = Some(place + 1);
            }
        }
        self.scanned = self.pending.len();
        if let Some(end) = whole {
            let rest = self.pending.split_off(end);
            let rows = std::mem::replace(&mut self.pending, rest);
            self.scanned = self.pending.len();
            self.read(&rows, each);
        }
    }

    /// The file is at its end: gives the last record, if no line end came behind it.
    pub fn finish(&mut self, each: impl FnMut(u64, &ByteRecord)) {
        let rest = std::mem::take(&mut self.pending);
        self.scanned = 0;
        self.read(&rest, each);
    }

    /// How many bytes of an incomplete row it holds: whoever reads from strangers bounds this.
    pub fn held(&self) -> usize {
        self.pending.len()
    }

    /// The line on which an incomplete row begins.
    pub const fn line(&self) -> u64 {
        self.lines + 1
    }

    fn read(&mut self, rows: &[u8], mut each: impl FnMut(u64, &ByteRecord)) {
        let bytes = if self.lines == 0 { rows.strip_prefix(MARK).unwrap_or(rows) } else { rows };
        let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
        let mut record = ByteRecord::new();
        let mut place = Lines::new(bytes, self.lines + 1);
        // Reading from memory cannot fail, and bytes are always bytes.
        while reader.read_byte_record(&mut record).is_ok_and(|more| more) {
            each(place.at(record.position()), &record);
        }
        let ends = rows.split(|byte| *byte == b'\n').count() - 1;
        self.lines += u64::try_from(ends).unwrap_or(u64::MAX);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(pieces: &[&[u8]]) -> Vec<(u64, Vec<String>)> {
        let (mut records, mut read) = (Records::default(), Vec::new());
        let mut note = |line: u64, record: &ByteRecord| {
            let fields = record.iter().map(|it| String::from_utf8_lossy(it).into_owned());
            read.push((line, fields.collect()));
        };
        for piece in pieces {
            records.push(piece, &mut note);
        }
        records.finish(&mut note);
        read
    }

    #[test]
    fn records_know_the_line_they_begin_on() {
        let text = "\u{feff}a,b\r\n\"1\r\n2\",x\r\n\r\ny,\"\"\"\"\n\nlast";
        let expected: [(u64, &[&str]); 4] =
            [(1, &["a", "b"]), (2, &["1\r\n2", "x"]), (5, &["y", "\""]), (7, &["last"])];
        let expected =
            expected.map(|(line, it)| (line, it.iter().map(|it| (*it).into()).collect()));
        assert_eq!(read(&[text.as_bytes()]), expected);
        let bytes: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
        assert_eq!(read(&bytes), expected);
    }

    #[test]
    fn what_is_held_is_the_incomplete_row() {
        let mut records = Records::default();
        records.push(b"a,b\n\"open", |_, _| {});
        assert_eq!((records.held(), records.line()), (5, 2));
    }

    proptest! {
        /// However a file is cut in pieces, it is the same file.
        #[test]
        fn pieces_make_no_difference(text in "[A-C\"\n\r,' 1-3]{0,40}", size in 1..9_usize) {
            let pieces: Vec<&[u8]> = text.as_bytes().chunks(size).collect();
            prop_assert_eq!(read(&pieces), read(&[text.as_bytes()]));
        }
    }
}
