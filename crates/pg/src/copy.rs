//! Many rows into one table: PostgreSQL's binary `COPY`.
//!
//! On the hot path a batch of orders writes thousands of rows. `COPY` costs the server about half of
//! `INSERT … SELECT FROM unnest(…)`: no array is built, parsed and spooled a column, and rows go into
//! a page many at a time, with one record of the log for them. What it costs in return: its columns
//! are not checked when we compile but when the statement runs, so every table written this way
//! has a test against the real one; and it has no `ON CONFLICT`.
//!
//! The format: <https://www.postgresql.org/docs/current/sql-copy.html>, "Binary Format".

use jiff::Timestamp;
use uuid::Uuid;

use crate::{Connection, DbError, DbResult};

/// A table, and the columns of it that rows give, in their order. The others get their defaults.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// Schema and name.
    pub name: &'static str,
    /// Column names.
    pub columns: &'static [&'static str],
}

const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";
/// Microseconds from the Unix epoch to PostgreSQL's (2000-01-01).
const EPOCH_MICROS: i64 = 946_684_800_000_000;
/// A row of ours is rarely longer; only a guess, to grow the buffer once.
const ROW_BYTES: usize = 256;

/// Writes `rows` into `table`, in their order; `write` gives a row's columns. All of them, or an
/// error. The caller's transaction is spent after an error, as after any failed statement.
///
/// # Panics
/// When `write` gives another number of columns than the table names.
pub async fn rows<T>(
    conn: &mut Connection,
    table: &Table,
    rows: &[T],
    mut write: impl FnMut(&T, &mut Row<'_>),
) -> DbResult<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let bytes = encode(table, rows, &mut write);
    let statement =
        format!("COPY {} ({}) FROM STDIN (FORMAT binary)", table.name, table.columns.join(", "));
    let mut copy = conn.copy_in_raw(&statement).await?;
    copy.send(bytes).await?;
    let written = copy.finish().await?;
    let expected = u64::try_from(rows.len()).unwrap_or(u64::MAX);
    if written == expected {
        return Ok(());
    }
    Err(DbError::Affected { what: table.name, expected, actual: written })
}

fn encode<T>(table: &Table, rows: &[T], write: &mut impl FnMut(&T, &mut Row<'_>)) -> Vec<u8> {
    let columns = i16::try_from(table.columns.len()).unwrap_or(i16::MAX);
    let mut bytes = Vec::with_capacity(32 + rows.len() * ROW_BYTES);
    bytes.extend_from_slice(SIGNATURE);
    // No flags, no header extension.
    bytes.extend_from_slice(&[0; 8]);
    for given in rows {
        bytes.extend_from_slice(&columns.to_be_bytes());
        let mut row = Row { bytes: &mut bytes, columns: 0 };
        write(given, &mut row);
        let written = row.columns;
        assert_eq!(written, table.columns.len(), "columns of a row for {}", table.name);
    }
    bytes.extend_from_slice(&(-1_i16).to_be_bytes());
    bytes
}

/// A row that is being written.
#[derive(Debug)]
pub struct Row<'a> {
    bytes: &'a mut Vec<u8>,
    columns: usize,
}

impl Row<'_> {
    /// The next column's value.
    pub fn put(&mut self, value: impl Value) -> &mut Self {
        self.columns += 1;
        let length_at = self.bytes.len();
        self.bytes.extend_from_slice(&[0; 4]);
        let length = if value.write(self.bytes) {
            i32::try_from(self.bytes.len() - length_at - 4).unwrap_or(i32::MAX)
        } else {
            -1
        };
        self.bytes[length_at..length_at + 4].copy_from_slice(&length.to_be_bytes());
        self
    }
}

/// What a column can hold.
pub trait Value {
    /// Appends the value as PostgreSQL's binary format has it; `false`: null, nothing appended.
    fn write(self, bytes: &mut Vec<u8>) -> bool;
}

impl<V: Value> Value for Option<V> {
    fn write(self, bytes: &mut Vec<u8>) -> bool {
        self.is_some_and(|value| value.write(bytes))
    }
}

macro_rules! value {
    ($($(#[$meta:meta])* $kind:ty: |$value:ident, $bytes:ident| $append:expr;)+) => {$(
        impl Value for $kind {
            fn write(self, $bytes: &mut Vec<u8>) -> bool {
                let $value = self;
                $append;
                true
            }
        }
    )+};
}

value! {
    bool: |value, bytes| bytes.push(u8::from(value));
    i16: |value, bytes| bytes.extend_from_slice(&value.to_be_bytes());
    i32: |value, bytes| bytes.extend_from_slice(&value.to_be_bytes());
    i64: |value, bytes| bytes.extend_from_slice(&value.to_be_bytes());
    Uuid: |value, bytes| bytes.extend_from_slice(value.as_bytes());
    &str: |value, bytes| bytes.extend_from_slice(value.as_bytes());
    &[u8]: |value, bytes| bytes.extend_from_slice(value);
    Timestamp: |value, bytes| {
        bytes.extend_from_slice(&(value.as_microsecond() - EPOCH_MICROS).to_be_bytes());
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: Table = Table { name: "t", columns: &["a", "b", "c"] };

    #[test]
    fn the_bytes_are_the_manuals() {
        let rows = [(1_i16, "é", None), (-2, "", Some(3_i64))];
        let bytes = encode(&TABLE, &rows, &mut |row, out| {
            out.put(row.0).put(row.1).put(row.2);
        });
        let mut expected = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0".to_vec();
        expected.extend([0, 3, 0, 0, 0, 2, 0, 1, 0, 0, 0, 2, 0xc3, 0xa9, 255, 255, 255, 255]);
        expected.extend([0, 3, 0, 0, 0, 2, 255, 254, 0, 0, 0, 0, 0, 0, 0, 8]);
        expected.extend([0, 0, 0, 0, 0, 0, 0, 3, 255, 255]);
        assert_eq!(bytes, expected);
    }

    #[test]
    fn times_are_counted_from_2000() {
        let mut bytes = Vec::new();
        let time: Timestamp = "2000-01-01T00:00:01.000002Z".parse().unwrap();
        assert!(time.write(&mut bytes));
        assert_eq!(bytes, 1_000_002_i64.to_be_bytes());
        bytes.clear();
        assert!(Timestamp::UNIX_EPOCH.write(&mut bytes));
        assert_eq!(bytes, (-EPOCH_MICROS).to_be_bytes());
    }

    #[test]
    #[should_panic(expected = "columns of a row for t")]
    fn a_forgotten_column_is_noticed() {
        encode(&TABLE, &[()], &mut |(), out| {
            out.put(1_i16);
        });
    }
}
