//! Repairing the books where ledger and balance differ: somebody went behind the program's back.
//!
//! What is to hold afterwards: `total` is what the row says, for it is what the shop has been selling
//! by; `reserved` is what waiting orders hold; `sold` is what the row says; what is left of the total
//! is available. One movement takes the ledger there, so that the balance is the sum of its movements
//! again, and says that it is a repair. Whether so many units really lie there, only a stocktake can
//! tell.

use std::fmt;

use pg::{Connection, DbResult};
use thiserror::Error;

use crate::{
    InventoryError, SaveContext,
    ledger::Cause,
    model::{Balance, Delta, StockKey, StockRow},
    movements::Sums,
    sql::{self, repair as statements},
};

/// A stock row, and what others say about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Books {
    /// Which row.
    pub key: StockKey,
    /// The row; nothing when there are only movements.
    pub row: Option<StockRow>,
    /// The sum of its movements.
    pub ledger: Sums,
    /// How many movements there are.
    pub movements: i64,
    /// The number of the last one.
    pub last_seq: i64,
    /// What waiting orders hold of it.
    pub held: i64,
}

/// What sets the books right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repair {
    /// What the balance will be.
    pub target: Balance,
    /// What the movement adds to the ledger; nothing where only the row was wrong.
    pub delta: Delta,
}

/// Why no adjustment sets the books right: a person has to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Irreparable {
    /// The row itself is gone.
    #[error("there are movements, but no stock row")]
    NoRow,
    /// Movements are missing in between.
    #[error("the ledger has gaps: movements were taken out")]
    Gaps,
    /// Orders were promised more than there is.
    #[error("orders hold or bought more than the row's total")]
    Overdrawn,
    /// No number of units that can be.
    #[error("the ledger's sums are no numbers of units")]
    OutOfRange,
}

impl Books {
    /// Whether the ledger explains the row.
    pub fn agree(&self) -> bool {
        self.row
            .is_some_and(|row| self.ledger == row.balance.into() && self.movements == row.version)
    }

    /// What sets them right.
    pub fn repair(&self) -> Result<Repair, Irreparable> {
        let row = self.row.ok_or(Irreparable::NoRow)?;
        if self.last_seq != self.movements {
            return Err(Irreparable::Gaps);
        }
        let Balance { total, sold, .. } = row.balance;
        let available = i64::from(total) - i64::from(sold) - self.held;
        if available < 0 {
            return Err(Irreparable::Overdrawn);
        }
        let small = |units: i64| i32::try_from(units).map_err(|_| Irreparable::OutOfRange);
        let target =
            Balance { total, available: small(available)?, reserved: small(self.held)?, sold };
        let to = Sums::from(target);
        let delta = Delta {
            total: small(to.total - self.ledger.total)?,
            available: small(to.available - self.ledger.available)?,
            reserved: small(to.reserved - self.ledger.reserved)?,
            sold: small(to.sold - self.ledger.sold)?,
        };
        Ok(Repair { target, delta })
    }
}

/// For people: each bucket in which ledger and balance differ, and what is proposed.
impl fmt::Display for Books {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let StockKey { variant, warehouse } = self.key;
        write!(f, "variant {variant} in warehouse {warehouse}:")?;
        let repair = match self.repair() {
            Ok(repair) => repair,
            Err(error) => return write!(f, " cannot be repaired by an adjustment: {error}"),
        };
        let (balance, ledger, to) =
            (self.row.map(|row| row.balance).unwrap_or_default(), self.ledger, repair.target);
        for (bucket, ledger, balance, to, by) in [
            ("total", ledger.total, balance.total, to.total, repair.delta.total),
            (
                "available",
                ledger.available,
                balance.available,
                to.available,
                repair.delta.available,
            ),
            ("reserved", ledger.reserved, balance.reserved, to.reserved, repair.delta.reserved),
            ("sold", ledger.sold, balance.sold, to.sold, repair.delta.sold),
        ] {
            if ledger != i64::from(balance) || to != balance {
                write!(
                    f,
                    "\n  {bucket}: ledger {ledger}, balance {balance}; becomes {to}, by a movement \
                     of {by:+}"
                )?;
            }
        }
        let version = self.row.map_or(0, |row| row.version);
        if version != self.movements {
            let next = self.movements + 1;
            write!(f, "\n  version: {version}, movements {}; becomes {next}", self.movements)?;
        }
        Ok(())
    }
}

/// Every row whose ledger does not explain it. Reads the whole ledger.
pub async fn discrepancies(conn: &mut Connection) -> DbResult<Vec<Books>> {
    statements::discrepancies(conn, None).await
}

/// Sets one row right, as it is now, under its lock; answers with what was found, and nothing when
/// there was nothing to repair. What is irreparable is left as it is.
pub async fn repair(
    conn: &mut Connection,
    key: StockKey,
    cause: &Cause<'_>,
    context: &SaveContext<'_>,
) -> Result<Option<Books>, InventoryError> {
    let mut ledger = crate::lock(conn, &[key.variant]).await?;
    let found = statements::discrepancies(conn, Some(key)).await?.pop();
    let Some(books) = found else { return Ok(None) };
    if let Ok(repair) = books.repair() {
        ledger.repair(key, repair, books.movements, cause)?;
        sql::save(conn, ledger, context).await?;
    }
    Ok(Some(books))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn books(row: [i32; 4], ledger: [i64; 4], held: i64) -> Books {
        let key = StockKey { variant: Uuid::nil().into(), warehouse: Uuid::nil().into() };
        let [total, available, reserved, sold] = row;
        let balance = Balance { total, available, reserved, sold };
        let row = StockRow { key, balance, safety_stock: 0, frozen_by: None, version: 3 };
        let [total, available, reserved, sold] = ledger;
        let ledger = Sums { total, available, reserved, sold };
        Books { key, row: Some(row), ledger, movements: 3, last_seq: 3, held }
    }

    fn deltas(books: &Books) -> Result<([i32; 4], [i32; 4]), Irreparable> {
        books.repair().map(|Repair { target: t, delta: d }| {
            ([t.total, t.available, t.reserved, t.sold], [d.total, d.available, d.reserved, d.sold])
        })
    }

    #[test]
    fn the_row_says_how_many_there_are_and_the_orders_what_is_reserved() {
        for (row, ledger, held, expected) in [
            // Units were added to the row alone.
            ([15, 12, 2, 1], [10, 7, 2, 1], 2, Ok(([15, 12, 2, 1], [5, 5, 0, 0]))),
            // Units of the row were moved to another bucket: the orders know better.
            ([10, 6, 3, 1], [10, 7, 2, 1], 2, Ok(([10, 7, 2, 1], [0, 0, 0, 0]))),
            // The last movement, a reservation, was deleted.
            ([10, 7, 2, 1], [10, 9, 0, 1], 2, Ok(([10, 7, 2, 1], [0, -2, 2, 0]))),
            // Exactly all of it is held, and one too many.
            ([10, 5, 4, 1], [11, 1, 9, 1], 9, Ok(([10, 0, 9, 1], [-1, -1, 0, 0]))),
            ([10, 5, 4, 1], [11, 0, 10, 1], 10, Err(Irreparable::Overdrawn)),
            ([1, 1, 0, 0], [-3_000_000_000, 0, 0, 0], 0, Err(Irreparable::OutOfRange)),
        ] {
            assert_eq!(deltas(&books(row, ledger, held)), expected, "{row:?} {ledger:?} {held}");
        }
        let gone = Books { row: None, ..books([0; 4], [1, 1, 0, 0], 0) };
        assert_eq!(deltas(&gone), Err(Irreparable::NoRow));
        let gaps = Books { last_seq: 4, ..books([2, 2, 0, 0], [1, 1, 0, 0], 0) };
        assert_eq!(deltas(&gaps), Err(Irreparable::Gaps));
        assert!(!gaps.agree() && books([1, 1, 0, 0], [1, 1, 0, 0], 0).agree());
    }

    #[test]
    fn what_is_proposed_is_told_bucket_by_bucket() {
        let told = books([15, 13, 2, 0], [10, 8, 2, 0], 2).to_string();
        let expected = "variant 00000000-0000-0000-0000-000000000000 in warehouse \
                        00000000-0000-0000-0000-000000000000:\n  total: ledger 10, balance 15; \
                        becomes 15, by a movement of +5\n  available: ledger 8, balance 13; \
                        becomes 13, by a movement of +5";
        assert_eq!(told, expected);
        let late = Books { movements: 2, last_seq: 2, ..books([1, 1, 0, 0], [1, 1, 0, 0], 0) };
        assert!(late.to_string().ends_with("\n  version: 3, movements 2; becomes 3"));
        let gaps = Books { last_seq: 9, ..late };
        assert!(gaps.to_string().contains("cannot be repaired by an adjustment: the ledger has"));
    }
}
