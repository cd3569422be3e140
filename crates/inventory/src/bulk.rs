//! Many corrections at once: a file of stock.

use pg::Connection;

use crate::{
    InventoryError, SaveContext,
    ledger::{Cause, Ledger},
    model::{StockError, StockKey},
    sql::{self, bulk},
};

/// How many units there are to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Units {
    /// So many in all: what lies in the warehouse, promised or not. The difference is adjusted.
    Total(i32),
    /// So many more available than there are; negative: fewer.
    By(i32),
}

/// What is to become of a stock row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// Which row.
    pub key: StockKey,
    /// How many units; nothing: as many as there are.
    pub units: Option<Units>,
    /// Which safety stock; nothing: as it is.
    pub safety_stock: Option<i32>,
    /// Why.
    pub reason: Option<String>,
}

/// Why a wish was not fulfilled. Nothing of it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Which rule.
    pub error: StockError,
    /// What is available.
    pub available: i32,
}

/// Makes the rows that are not there, and locks all that are concerned, for whoever goes on in several
/// batches: what a batch locks besides comes after every stock row.
pub async fn lock(conn: &mut Connection, wishes: &[Wish]) -> Result<(), InventoryError> {
    let keys: Vec<_> = wishes.iter().map(|wish| wish.key).collect();
    bulk::ensure_rows(conn, &keys).await?;
    let variants: Vec<_> = keys.iter().map(|key| key.variant).collect();
    crate::lock(conn, &variants).await?;
    Ok(())
}

/// Fulfils wishes, each whole or not at all, and says for each whether anything had to be changed.
/// Rows that are not there are made. The wishes are of different rows, and in their order. Whoever
/// asks for several batches in a transaction has locked the rows of all of them ([`lock`]).
pub async fn fulfil(
    conn: &mut Connection,
    wishes: &[Wish],
    cause: &Cause<'_>,
    context: &SaveContext<'_>,
) -> Result<Vec<Result<bool, Refusal>>, InventoryError> {
    let keys: Vec<_> = wishes.iter().map(|wish| wish.key).collect();
    bulk::ensure_rows(conn, &keys).await?;
    let variants: Vec<_> = keys.iter().map(|key| key.variant).collect();
    let mut ledger = crate::lock(conn, &variants).await?;
    let answers = wishes
        .iter()
        .map(|wish| {
            let cause = Cause { reason: wish.reason.as_deref(), ..*cause };
            perform(&mut ledger, wish, &cause).map_err(|error| {
                let available = ledger.row(wish.key).map_or(0, |row| row.balance.available);
                Refusal { error, available }
            })
        })
        .collect();
    sql::save(conn, ledger, context).await?;
    Ok(answers)
}

/// The units first: the safety stock cannot be refused.
fn perform(ledger: &mut Ledger, wish: &Wish, cause: &Cause<'_>) -> Result<bool, StockError> {
    let row = ledger.row(wish.key).ok_or(StockError::NoSuchRow)?;
    let by = match wish.units {
        // Both are not negative.
        Some(Units::Total(total)) => total - row.balance.total,
        Some(Units::By(by)) => by,
        None => 0,
    };
    if by != 0 {
        ledger.adjust(wish.key, by, cause)?;
    }
    let marked = match wish.safety_stock {
        Some(level) => ledger.set_safety_stock(wish.key, level, cause)?,
        None => false,
    };
    Ok(by != 0 || marked)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use kernel::Actor;
    use uuid::Uuid;

    use super::*;
    use crate::model::{Balance, StockRow};

    const CAUSE: Cause<'static> =
        Cause { actor: Actor::System, reference: None, reason: None, at: Timestamp::UNIX_EPOCH };

    fn ledger(frozen_by: Option<Uuid>) -> (Ledger, StockKey) {
        let key = StockKey { variant: Uuid::nil().into(), warehouse: Uuid::nil().into() };
        let balance = Balance { total: 10, available: 4, reserved: 5, sold: 1 };
        (Ledger::new([StockRow { key, balance, safety_stock: 2, frozen_by, version: 7 }]), key)
    }

    #[test]
    fn a_wish_is_fulfilled_whole_or_not_at_all() {
        use Units::{By, Total};
        let refused = Err(StockError::NotEnough);
        for (units, level, expected, total, safety) in [
            (None, None, Ok(false), 10, 2),
            (Some(Total(10)), Some(2), Ok(false), 10, 2),
            (Some(By(0)), None, Ok(false), 10, 2),
            (Some(Total(11)), None, Ok(true), 11, 2),
            (Some(Total(10)), Some(3), Ok(true), 10, 3),
            (Some(Total(6)), None, Ok(true), 6, 2),
            (Some(Total(5)), Some(3), refused, 10, 2),
            (Some(Total(0)), None, refused, 10, 2),
            (Some(By(-4)), None, Ok(true), 6, 2),
            (Some(By(-5)), Some(3), refused, 10, 2),
            (Some(By(i32::MAX)), None, Err(StockError::TooLarge), 10, 2),
            (Some(Total(i32::MAX)), None, Ok(true), i32::MAX, 2),
        ] {
            let (mut ledger, key) = ledger(None);
            let wish = Wish { key, units, safety_stock: level, reason: None };
            assert_eq!(perform(&mut ledger, &wish, &CAUSE), expected, "{wish:?}");
            let row = ledger.row(key).unwrap();
            assert_eq!((row.balance.total, row.safety_stock), (total, safety), "{wish:?}");
        }
    }

    #[test]
    fn what_is_being_counted_is_left_alone_but_its_level() {
        let (mut ledger, key) = ledger(Some(Uuid::max()));
        let wish = |units, safety_stock| Wish { key, units, safety_stock, reason: None };
        let units = Some(Units::By(1));
        let refused = perform(&mut ledger, &wish(units, Some(9)), &CAUSE);
        assert_eq!(refused, Err(StockError::Frozen));
        assert_eq!(perform(&mut ledger, &wish(None, Some(9)), &CAUSE), Ok(true));
        assert_eq!(ledger.row(key).unwrap().safety_stock, 9);
    }
}
