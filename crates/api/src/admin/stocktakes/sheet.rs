//! Counting sheets: CSV with the columns `sku` and `counted`.

use std::collections::HashMap;

use csv::{ReaderBuilder, StringRecord};

use crate::kit::csv::{Lines, RowError, meant};

/// The most units that can be counted of one thing.
pub const COUNTED_MAX: i32 = 1_000_000_000;
/// The most mistakes that are named.
pub const MISTAKES: usize = 100;

/// A line of the sheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SheetLine {
    /// Its number in the file, from 1.
    pub line: u64,
    /// Stock keeping unit.
    pub sku: String,
    /// What is there.
    pub counted: i32,
}

/// Reads a sheet: a first line with the names of the columns, then a line for each SKU. Every
/// mistake is named, up to a hundred.
pub fn read(bytes: &[u8]) -> Result<Vec<SheetLine>, Vec<RowError>> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    let (mut lines, mut errors) = (Vec::new(), Vec::new());
    let mut seen: HashMap<String, u64> = HashMap::new();
    let (mut head_seen, mut place) = (false, Lines::new(bytes, 1));
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let at = place.at(error.position());
                errors.push(RowError::new(at, 1, "is not UTF-8 text"));
                break;
            }
        };
        let at = place.at(record.position());
        if !head_seen {
            head_seen = true;
            if fields(&record) != ["sku", "counted"] {
                return Err(vec![RowError::new(at, 1, "the columns are `sku` and `counted`")]);
            }
            continue;
        }
        match line(at, &record, &mut seen) {
            Ok(line) => lines.push(line),
            Err(error) => errors.push(error),
        }
        if errors.len() >= MISTAKES {
            break;
        }
    }
    if lines.is_empty() && errors.is_empty() {
        errors.push(RowError::new(1, 1, "has no lines; the columns are `sku` and `counted`"));
    }
    if errors.is_empty() { Ok(lines) } else { Err(errors) }
}

fn fields(record: &StringRecord) -> Vec<&str> {
    record.iter().map(str::trim).collect()
}

fn line(
    at: u64,
    record: &StringRecord,
    seen: &mut HashMap<String, u64>,
) -> Result<SheetLine, RowError> {
    let [sku, counted] = fields(record)[..] else {
        let detail = format!("has {} columns instead of 2", record.len());
        return Err(RowError::new(at, record.len().clamp(1, 3), detail));
    };
    let sku = meant(sku);
    if sku.is_empty() || sku.contains('\0') {
        return Err(RowError::new(at, 1, "is not a SKU"));
    }
    if let Some(first) = seen.insert(sku.to_owned(), at) {
        return Err(RowError::new(at, 1, format!("{sku} is in line {first} already")));
    }
    // `parse` takes a sign, which no count has.
    let digits = !counted.is_empty() && counted.bytes().all(|byte| byte.is_ascii_digit());
    let counted = counted.parse::<i32>().ok().filter(|units| digits && *units <= COUNTED_MAX);
    let wrong = || RowError::new(at, 2, format!("is not a whole number from 0 to {COUNTED_MAX}"));
    Ok(SheetLine { line: at, sku: sku.to_owned(), counted: counted.ok_or_else(wrong)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(text: &str) -> Vec<(u64, usize)> {
        read(text.as_bytes()).unwrap_err().iter().map(|it| (it.line, it.column)).collect()
    }

    #[test]
    fn a_sheet_is_read_as_spreadsheets_write_it() {
        let text = "\u{feff}sku,counted\r\nMUG-WHITE, 10 \r\n\"A,B\",0\r\n\r\n'-ODD,1000000000\r\n";
        let lines = read(text.as_bytes()).unwrap();
        let short: Vec<_> = lines.iter().map(|it| (it.line, it.sku.as_str(), it.counted)).collect();
        assert_eq!(short, [(2, "MUG-WHITE", 10), (3, "A,B", 0), (5, "-ODD", COUNTED_MAX)]);
    }

    #[test]
    fn every_bad_row_is_named_with_line_and_column() {
        let text = "sku,counted\nA,-1\nB,1.5\n,3\nC,1\nC,2\nD\nE,1,2\nF,1000000001\nG,+1\nH,\n";
        let expected = [(2, 2), (3, 2), (4, 1), (6, 1), (7, 1), (8, 3), (9, 2), (10, 2), (11, 2)];
        assert_eq!(places(text), expected);
    }

    #[test]
    fn what_is_no_sheet_is_refused() {
        for text in ["", "sku,counted\n", "counted,sku\n1,A\n", "sku;counted\nA;1\n", "A,1\n"] {
            assert_eq!(places(text), [(1, 1)], "{text:?}");
        }
        assert_eq!(read(b"sku,counted\nA,\xff\n").unwrap_err()[0].line, 2);
        let many = format!("sku,counted\n{}", "x\n".repeat(1_000));
        assert_eq!(places(&many).len(), MISTAKES);
    }
}
