//! The common ground of both files: characters, lines, columns by header, cells.

use encoding_rs::{BIG5, UTF_8};

use super::FileError;
use crate::text;

/// The largest file that is read: some hundred thousand trades.
pub const MAX_FILE_BYTES: usize = 32 * 1024 * 1024;

/// Which characters a file is written in (`CharSet`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CharSet {
    /// `1`, what ECPay writes unless asked.
    #[default]
    Big5,
    /// `2`
    Utf8,
}

impl CharSet {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Big5 => "1",
            Self::Utf8 => "2",
        }
    }

    /// The text of a file. Bytes that are no characters become `�`: they stand in remarks.
    fn decode(self, file: &[u8]) -> String {
        match self {
            Self::Big5 => BIG5.decode_without_bom_handling(file).0.into_owned(),
            Self::Utf8 => UTF_8.decode_with_bom_removal(file).0.into_owned(),
        }
    }
}

/// A file in rows and columns.
pub(super) struct Sheet {
    columns: Vec<String>,
    rows: Vec<Row>,
}

struct Row {
    line: u64,
    cells: Vec<String>,
}

/// Where a column is, if it is there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column(Option<usize>);

/// One row of a sheet.
#[derive(Clone, Copy)]
pub(super) struct Cells<'a> {
    columns: &'a [String],
    row: &'a Row,
}

impl Sheet {
    /// Reads a file. `known` are headers of which it must have at least one. Nothing at all is
    /// `None`: ECPay's way to say that nothing happened.
    pub(super) fn read(
        file: &[u8],
        charset: CharSet,
        known: &[&str],
    ) -> Result<Option<Self>, FileError> {
        if file.len() > MAX_FILE_BYTES {
            return Err(FileError::TooLarge { bytes: file.len() });
        }
        let text = charset.decode(file);
        if text.trim().is_empty() {
            return Ok(None);
        }
        let plain = without_formula_marks(&text)?;
        let mut rows = split(&plain).into_iter();
        let columns = rows.next().map(|row| row.cells).unwrap_or_default();
        if !columns.iter().any(|column| known.contains(&column.as_str())) {
            return Err(not_a_file(&text));
        }
        let width = columns.len();
        let rows = rows.filter(|row| !row.is_summary()).map(|row| row.fitted(width));
        Ok(Some(Self { columns, rows: rows.collect::<Result<_, _>>()? }))
    }

    /// The column with one of these headers, the first that is there.
    pub(super) fn find(&self, headers: &[&str]) -> Column {
        let place = |header: &&str| self.columns.iter().position(|column| column == header);
        Column(headers.iter().find_map(place))
    }

    /// The same, for a column that must be there.
    pub(super) fn need(&self, headers: &'static [&'static str]) -> Result<Column, FileError> {
        match self.find(headers) {
            Column(None) => {
                Err(FileError::NoColumn { column: headers.first().copied().unwrap_or_default() })
            }
            found => Ok(found),
        }
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = Cells<'_>> {
        self.rows.iter().map(|row| Cells { columns: &self.columns, row })
    }
}

impl Row {
    /// Sums of a day or of all: they say nothing about a trade.
    fn is_summary(&self) -> bool {
        let blank = self.cells.iter().all(String::is_empty);
        let sum =
            |cell: &String| ["小計", "合計", "總計"].iter().any(|word| cell.starts_with(word));
        let labelled = self.cells.iter().any(|cell| sum(cell) || cell.starts_with("每日小計"));
        // A trade begins with its date or its number; what is summed up leaves that out.
        let headless = self.cells.first().is_none_or(|cell| cell.is_empty() || sum(cell));
        blank || (labelled && headless)
    }

    /// The row with as many cells as there are columns: more of them may only be empty.
    fn fitted(mut self, width: usize) -> Result<Self, FileError> {
        let cells = self.cells.len();
        let rest_is_empty = self.cells.iter().skip(width).all(String::is_empty);
        if cells < width || !rest_is_empty {
            return Err(FileError::Cells { line: self.line, cells, columns: width });
        }
        self.cells.truncate(width);
        Ok(self)
    }
}

impl Cells<'_> {
    /// Where the row begins, counted from 1.
    pub(super) fn line(&self) -> u64 {
        self.row.line
    }

    /// The text of a cell; empty when there is no such column.
    pub(super) fn text(&self, column: Column) -> &str {
        let cell = column.0.and_then(|index| self.row.cells.get(index));
        cell.map_or("", String::as_str)
    }

    /// The text of a cell that says something.
    pub(super) fn filled(&self, column: Column) -> Option<&str> {
        Some(self.text(column)).filter(|text| !matches!(*text, "" | "-" | "--"))
    }

    /// The text of a cell that must say something.
    pub(super) fn need(&self, column: Column) -> Result<&str, FileError> {
        self.filled(column).ok_or_else(|| self.wrong(column, "nothing"))
    }

    /// What a cell says, if it says something.
    pub(super) fn read<T, E>(
        &self,
        column: Column,
        parse: impl Fn(&str) -> Result<T, E>,
        problem: &'static str,
    ) -> Result<Option<T>, FileError> {
        let Some(text) = self.filled(column) else { return Ok(None) };
        parse(text).map(Some).map_err(|_| self.wrong(column, problem))
    }

    /// The error of a cell.
    pub(super) fn wrong(&self, column: Column, problem: &'static str) -> FileError {
        let index = column.0.unwrap_or_default();
        FileError::Cell {
            line: self.row.line,
            number: index + 1,
            column: self.columns.get(index).cloned().unwrap_or_default(),
            value: text::cut(self.text(column), 40),
            problem,
        }
    }

    /// All headers with their cells.
    pub(super) fn all(&self) -> Vec<(String, String)> {
        self.columns.iter().cloned().zip(self.row.cells.iter().cloned()).collect()
    }
}

/// What came instead of a file.
fn not_a_file(text: &str) -> FileError {
    // 一分鐘之內僅限下載一個媒體檔, in either language.
    let in_english = text.to_ascii_lowercase().contains("one file per minute");
    if in_english || (text.contains("一分鐘") && text.contains("僅限下載")) {
        return FileError::TooSoon;
    }
    let first_line = text.lines().map(str::trim).find(|line| !line.is_empty());
    FileError::NotAFile { says: text::cut(first_line.unwrap_or_default(), 100) }
}

/// The rows of a CSV text, each cell without the marks that keep a spreadsheet from reformatting it.
fn split(text: &str) -> Vec<Row> {
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    // A text in memory that is UTF-8, with rows of any width, has nothing that could fail.
    let records = reader.records().filter_map(Result::ok);
    records
        .map(|record| Row {
            line: record.position().map_or(0, |before| line_of(before, text)),
            cells: record.iter().map(clean).collect(),
        })
        .collect()
}

/// The line on which a record begins. Its position is where the one before it ended: empty lines
/// may lie between.
fn line_of(before: &csv::Position, text: &str) -> u64 {
    let from = usize::try_from(before.byte()).unwrap_or(usize::MAX);
    let rest = text.as_bytes().get(from..).unwrap_or_default();
    let empty = rest.iter().take_while(|byte| **byte == b'\n').count();
    before.line() + u64::try_from(empty).unwrap_or_default()
}

/// A cell as it was meant: `="0012"`, `=0012` and `"0012"` all say `0012`.
fn clean(cell: &str) -> String {
    let cell = cell.trim();
    let cell = cell.strip_prefix('=').unwrap_or(cell);
    let inner = cell.strip_prefix('"').and_then(|cell| cell.strip_suffix('"'));
    inner.unwrap_or(cell).trim().to_owned()
}

/// Where in a field a reader of CSV is.
enum Place {
    Start,
    Plain,
    Quoted,
    /// Behind a quotation mark that closes the field, or is the first half of a doubled one.
    Closing,
}

/// The text without the `=` of cells like `="a, b"`: behind it, the quotation mark would not begin a
/// quoted cell, and the comma would end it. Lines end in `\n` alone, so that they can be counted.
fn without_formula_marks(text: &str) -> Result<String, FileError> {
    let mut plain = String::with_capacity(text.len());
    let (mut place, mut line, mut opened) = (Place::Start, 1_u64, 1_u64);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        // Blanks before a cell count for nothing, and would keep its quotation mark from counting.
        let mark = c == '=' && chars.peek() == Some(&'"');
        if matches!(place, Place::Start) && (mark || c == ' ') {
            continue;
        }
        if c == '\r' && chars.peek() == Some(&'\n') {
            continue;
        }
        line += u64::from(c == '\n');
        place = match (place, c) {
            (Place::Start | Place::Plain | Place::Closing, ',' | '\n' | '\r') => Place::Start,
            (Place::Start, '"') => {
                opened = line;
                Place::Quoted
            }
            (Place::Quoted, '"') => Place::Closing,
            (Place::Closing, '"') | (Place::Quoted, _) => Place::Quoted,
            (Place::Start | Place::Plain | Place::Closing, _) => Place::Plain,
        };
        plain.push(c);
    }
    if matches!(place, Place::Quoted) {
        return Err(FileError::OpenQuote { line: opened });
    }
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(text: &str) -> Vec<Vec<String>> {
        let plain = without_formula_marks(text).unwrap();
        split(&plain).into_iter().map(|row| row.cells).collect()
    }

    #[test]
    fn cells_are_freed_from_spreadsheets() {
        let text = "=\"0012\",=0013,\"0014\",0015 , =\"a, b\" ,=\"\"\r\n=\"c, \"\"d\"\"\",e=\"f\",,=,\"\",1\n";
        assert_eq!(
            cells(text),
            [
                vec!["0012", "0013", "0014", "0015", "a, b", ""],
                vec!["c, \"d\"", "e=\"f\"", "", "", "", "1"],
            ]
        );
    }

    #[test]
    fn a_cell_may_go_over_lines_and_its_row_keeps_its_place() {
        for text in ["h\n=\"a\nb\"\n\n\nc\nd", "h\r\n=\"a\r\nb\"\r\n\r\n\r\nc\r\nd\r\n"] {
            let plain = without_formula_marks(text).unwrap();
            let rows = split(&plain);
            let lines: Vec<u64> = rows.iter().map(|row| row.line).collect();
            assert_eq!(lines, [1, 2, 6, 7], "{text:?}");
            assert_eq!(rows[1].cells, ["a\nb"]);
        }
    }

    #[test]
    fn an_open_quotation_mark_would_swallow_the_rest() {
        assert_eq!(
            without_formula_marks("h,i\n1,2\n3,\"4\n5,6\n"),
            Err(FileError::OpenQuote { line: 3 })
        );
    }

    #[test]
    fn sums_are_not_trades() {
        let summary = |cells: &[&str]| {
            Row { line: 1, cells: cells.iter().map(|&cell| cell.to_owned()).collect() }.is_summary()
        };
        assert!(summary(&["", "", "每日小計:", "-970"]));
        assert!(summary(&["總計", "3"]));
        assert!(summary(&["", " ".trim()]));
        assert!(!summary(&["20260820", "A1", "總計不含運費"]));
        assert!(!summary(&["", "A1", "5"]));
    }
}
