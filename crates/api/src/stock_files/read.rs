//! Reading a file of stock, piece by piece as it arrives.

use ::inventory::bulk::Units;
use csv_text::{ByteRecord, Records};

use super::{MAX_ERRORS, MAX_ROWS};
use crate::kit::csv::{RowError, meant};

/// The most units of a row.
const MAX_UNITS: i32 = 1_000_000_000;

/// A row of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SheetLine {
    /// Its line in the file, from 1.
    pub line: u64,
    /// Stock keeping unit.
    pub sku: String,
    /// The warehouse's code.
    pub warehouse: String,
    /// How many units; nothing: as many as there are.
    pub units: Option<Units>,
    /// Which safety stock; nothing: as it is.
    pub safety_stock: Option<i32>,
    /// Why.
    pub reason: Option<String>,
}

/// A file that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sheet {
    /// The rows that can be read.
    pub lines: Vec<SheetLine>,
    /// What is wrong with the others, at most so many as are named.
    pub errors: Vec<RowError>,
    /// How many rows are wrong.
    pub rejected: usize,
    /// Whether the file as a whole cannot be taken, not even its good rows.
    pub unusable: bool,
    /// In which columns the SKU, the warehouse and the units are, from 1.
    pub places: [usize; 3],
}

impl Sheet {
    /// Notes a mistake.
    pub fn reject(&mut self, line: u64, column: usize, detail: impl Into<String>) {
        self.rejected += 1;
        if self.errors.len() < MAX_ERRORS {
            self.errors.push(RowError::new(line, column, detail));
        }
    }
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Sku,
    Warehouse,
    Total,
    By,
    SafetyStock,
    Reason,
    /// Part of an export, and not for editing.
    Told,
}

impl Column {
    fn named(name: &str) -> Option<Self> {
        Some(match name.trim().to_ascii_lowercase().as_str() {
            "sku" => Self::Sku,
            "warehouse" => Self::Warehouse,
            "total" => Self::Total,
            "by" => Self::By,
            "safety_stock" => Self::SafetyStock,
            "reason" => Self::Reason,
            "available" | "reserved" | "sold" => Self::Told,
            _ => return None,
        })
    }
}

/// Takes a file in pieces of any size. Holds what it has read of the rows, and of the text no more
/// than the row that is not complete yet.
#[derive(Debug, Default)]
pub struct Reader {
    records: Records,
    columns: Option<Vec<Column>>,
    sheet: Sheet,
}

impl Reader {
    /// Takes a piece.
    pub fn push(&mut self, piece: &[u8]) {
        if self.sheet.unusable {
            return;
        }
        let mut records = std::mem::take(&mut self.records);
        records.push(piece, |line, record| self.take(line, record));
        self.records = records;
    }

    /// The file is at its end.
    pub fn finish(mut self) -> Sheet {
        if !self.sheet.unusable {
            let mut records = std::mem::take(&mut self.records);
            records.finish(|line, record| self.take(line, record));
        }
        if self.columns.is_none() && !self.sheet.unusable {
            self.give_up(1, 1, "has no lines; the first names the columns");
        }
        self.sheet
    }

    fn give_up(&mut self, line: u64, column: usize, detail: impl Into<String>) {
        self.sheet.reject(line, column, detail);
        self.sheet.unusable = true;
    }

    fn take(&mut self, line: u64, record: &ByteRecord) {
        if self.sheet.unusable {
            return;
        }
        let Some(columns) = self.columns.take() else {
            return self.head(line, record);
        };
        self.row(line, &columns, record);
        self.columns = Some(columns);
    }

    fn head(&mut self, line: u64, record: &ByteRecord) {
        let mut columns = Vec::new();
        for (place, name) in record.iter().enumerate() {
            let name = String::from_utf8_lossy(name);
            match Column::named(&name) {
                Some(column) if column == Column::Told || !columns.contains(&column) => {
                    columns.push(column);
                }
                Some(_) => {
                    return self.give_up(line, place + 1, format!("`{name}` is there twice"));
                }
                None => {
                    return self.give_up(line, place + 1, format!("there is no column `{name}`"));
                }
            }
        }
        let place = |column| columns.iter().position(|it| *it == column).map(|it| it + 1);
        let (Some(sku), Some(warehouse)) = (place(Column::Sku), place(Column::Warehouse)) else {
            return self.give_up(line, 1, "the columns `sku` and `warehouse` have to be there");
        };
        let units = match (place(Column::Total), place(Column::By), place(Column::SafetyStock)) {
            (Some(_), Some(by), _) => {
                return self.give_up(line, by, "`total` and `by` cannot both be there");
            }
            (None, None, None) => {
                return self.give_up(line, 1, "there is no `total`, `by` or `safety_stock`");
            }
            (total, by, safety_stock) => total.or(by).or(safety_stock).unwrap_or(1),
        };
        self.sheet.places = [sku, warehouse, units];
        self.columns = Some(columns);
    }

    fn row(&mut self, line: u64, columns: &[Column], record: &ByteRecord) {
        if self.sheet.lines.len() + self.sheet.rejected >= MAX_ROWS {
            return self.give_up(line, 1, format!("a file has at most {MAX_ROWS} rows"));
        }
        if record.len() != columns.len() {
            let (is, wanted) = (record.len(), columns.len());
            let detail = format!("has {is} fields, and the first line has {wanted}");
            return self.sheet.reject(line, is.min(wanted), detail);
        }
        match fields(line, columns, record) {
            Ok(row) => self.sheet.lines.push(row),
            Err((column, detail)) => self.sheet.reject(line, column, detail),
        }
    }
}

fn fields(
    line: u64,
    columns: &[Column],
    record: &ByteRecord,
) -> Result<SheetLine, (usize, String)> {
    let (sku, warehouse) = (String::new(), String::new());
    let mut row = SheetLine { line, sku, warehouse, units: None, safety_stock: None, reason: None };
    for (place, (column, field)) in columns.iter().zip(record).enumerate() {
        let wrong = |detail: String| (place + 1, detail);
        let text = std::str::from_utf8(field).ok().filter(|text| !text.contains('\0'));
        let text = text.ok_or_else(|| wrong("is not UTF-8 text".into()))?.trim();
        match column {
            Column::Sku => row.sku = name(text).map_err(wrong)?,
            Column::Warehouse => row.warehouse = name(text).map_err(wrong)?,
            Column::Total => row.units = number(text, 0).map_err(wrong)?.map(Units::Total),
            Column::By => row.units = number(text, -MAX_UNITS).map_err(wrong)?.map(Units::By),
            Column::SafetyStock => row.safety_stock = number(text, 0).map_err(wrong)?,
            Column::Reason if text.chars().count() > 200 => {
                return Err(wrong("has at most 200 characters".into()));
            }
            Column::Reason => row.reason = (!text.is_empty()).then(|| text.to_owned()),
            Column::Told => {}
        }
    }
    Ok(row)
}

/// A name, as it was before an export made it harmless.
fn name(text: &str) -> Result<String, String> {
    let text = meant(text);
    if text.is_empty() { Err("must not be empty".into()) } else { Ok(text.to_owned()) }
}

fn number(text: &str, least: i32) -> Result<Option<i32>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let number = text.parse().ok().filter(|number| (least..=MAX_UNITS).contains(number));
    number.map(Some).ok_or_else(|| {
        format!("must be a whole number from {least} to {MAX_UNITS}, without commas")
    })
}
