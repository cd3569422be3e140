//! Part of what an order holds: given back while it waits for money; shipped once it is paid, in as
//! many parcels as it takes; and taken back. The order's row is locked by the flow that calls this.
//!
//! A reservation's quantity is what is still held of it: what is given back in part is taken off, and
//! the ledger keeps it under the order's number. What became of sold units is counted apart
//! ([`Fulfilment`]): a reservation that is paid does not change any more.
//!
//! Units that were paid for and never left go back on sale by being shipped and returned in one
//! transaction.

use std::collections::BTreeMap;

use kernel::{Quantity, id::OrderId};
use pg::{Connection, DbError, DbResult};
use thiserror::Error;

use crate::{
    InventoryError, SaveContext, backorders,
    ledger::{Cause, Ledger},
    model::{MovementKind, StockError, StockKey},
    reservations::{self, Reservation, ReservationStatus},
    sql::{self, fulfilments},
};

/// Units of one line in one warehouse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Which line.
    pub line_no: i16,
    /// Of which variant, and where.
    pub key: StockKey,
    /// How many; parts of the same line, variant and warehouse add up.
    pub quantity: Quantity,
}

/// What became of the units an order bought in one line and warehouse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fulfilment {
    /// Whose.
    pub order: OrderId,
    /// Which line.
    pub line_no: i16,
    /// Of which variant, and where.
    pub key: StockKey,
    /// Units bought.
    pub quantity: i32,
    /// Of these, how many left the warehouse.
    pub shipped: i32,
    /// Of those, how many came back.
    pub returned: i32,
}

/// Why parts did not move. Nothing was changed.
#[derive(Debug, Error)]
pub enum PartError {
    /// Fewer units of the line can be moved so.
    #[error("line {line_no} has only {left} units of which this can be done")]
    TooMany {
        /// Which line.
        line_no: i16,
        /// How many there are: held, not shipped yet, or shipped and not returned.
        left: i32,
    },
    /// The line waits for units that were sold beyond stock: it is given up whole, or not at all.
    #[error("line {line_no} still waits for units")]
    Waits {
        /// Which line.
        line_no: i16,
    },
    /// The stock refused.
    #[error(transparent)]
    Inventory(#[from] InventoryError),
}

impl From<DbError> for PartError {
    fn from(error: DbError) -> Self {
        Self::Inventory(error.into())
    }
}

impl From<StockError> for PartError {
    fn from(error: StockError) -> Self {
        Self::Inventory(error.into())
    }
}

/// Gives back part of what an order that waits for its money holds. A reservation of which nothing
/// is left is released. `cause` says who and why; the movements name the order.
pub async fn release_part(
    conn: &mut Connection,
    order: OrderId,
    parts: &[Part],
    cause: &Cause<'_>,
    context: &SaveContext<'_>,
) -> Result<(), PartError> {
    let mut ledger = lock(conn, parts).await?;
    let waiting = backorders::waiting_of(conn, &[order]).await?;
    let mut held = sql::reservations_of(conn, &[order]).await?;
    held.retain(|reservation| reservation.status == ReservationStatus::Active);
    let mut cuts = Vec::new();
    for (place, quantity) in merge(parts) {
        if waiting.iter().any(|it| it.line_no == place.0) {
            return Err(PartError::Waits { line_no: place.0 });
        }
        let reservation = held.iter().find(|it| place_of(it) == place).copied();
        let left = reservation.map_or(0, |it| it.quantity);
        let reservation = reservation.filter(|_| quantity <= i64::from(left));
        let Some(reservation) = reservation else { return Err(too_many(place, left)) };
        cuts.push((reservation, small(quantity)));
    }
    let moves = cuts.iter().map(|(reservation, units)| (reservation.key, *units));
    perform(&mut ledger, order, MovementKind::Release, moves, cause)?;
    fulfilments::cut_reservations(conn, &cuts, cause.at).await?;
    Ok(sql::save(conn, ledger, context).await?)
}

/// Units an order paid for leave the warehouse (出庫).
pub async fn ship(
    conn: &mut Connection,
    order: OrderId,
    parts: &[Part],
    cause: &Cause<'_>,
    context: &SaveContext<'_>,
) -> Result<(), PartError> {
    let left = |it: &Fulfilment| it.quantity - it.shipped;
    let shipped = |it: Fulfilment, units| Fulfilment { shipped: it.shipped + units, ..it };
    fulfil(conn, order, parts, (MovementKind::Ship, left, shipped), (cause, context)).await
}

/// Shipped units are back in good order and may be sold again (退貨入庫), in the warehouse they left.
/// What came back broken is adjusted away afterwards, or not returned to stock at all.
pub async fn return_(
    conn: &mut Connection,
    order: OrderId,
    parts: &[Part],
    cause: &Cause<'_>,
    context: &SaveContext<'_>,
) -> Result<(), PartError> {
    let left = |it: &Fulfilment| it.shipped - it.returned;
    let returned = |it: Fulfilment, units| Fulfilment { returned: it.returned + units, ..it };
    fulfil(conn, order, parts, (MovementKind::Return, left, returned), (cause, context)).await
}

/// What these orders bought, and how far it has come; nothing of what waits for its money.
pub async fn fulfilments(conn: &mut Connection, orders: &[OrderId]) -> DbResult<Vec<Fulfilment>> {
    let bought = reservations::of_orders(conn, orders).await?;
    let counted = fulfilments::of_orders(conn, orders).await?;
    let bought = bought.iter().filter(|it| it.status == ReservationStatus::Confirmed);
    Ok(bought
        .map(|it| {
            let count = counted.get(&(it.order, place_of(it))).copied().unwrap_or_default();
            Fulfilment {
                order: it.order,
                line_no: it.line_no,
                key: it.key,
                quantity: it.quantity,
                shipped: count.shipped,
                returned: count.returned,
            }
        })
        .collect())
}

/// What is done, of how many units it can be done, and what is counted then.
type Step = (MovementKind, fn(&Fulfilment) -> i32, fn(Fulfilment, i32) -> Fulfilment);

async fn fulfil(
    conn: &mut Connection,
    order: OrderId,
    parts: &[Part],
    (kind, left, count): Step,
    (cause, context): (&Cause<'_>, &SaveContext<'_>),
) -> Result<(), PartError> {
    let mut ledger = lock(conn, parts).await?;
    let bought = fulfilments(conn, &[order]).await?;
    let mut counts = Vec::new();
    let mut moves = Vec::new();
    for (place, quantity) in merge(parts) {
        let known = bought.iter().find(|it| (it.line_no, it.key) == place).copied();
        let rest = known.as_ref().map_or(0, left);
        let known = known.filter(|_| quantity <= i64::from(rest));
        let Some(known) = known else { return Err(too_many(place, rest)) };
        moves.push((place.1, small(quantity)));
        counts.push(count(known, small(quantity)));
    }
    perform(&mut ledger, order, kind, moves, cause)?;
    fulfilments::put(conn, &counts).await?;
    Ok(sql::save(conn, ledger, context).await?)
}

/// Before anything is read: what was sold beyond stock is filled under the stock rows' locks.
async fn lock(conn: &mut Connection, parts: &[Part]) -> DbResult<Ledger> {
    let variants: Vec<_> = parts.iter().map(|part| part.key.variant).collect();
    crate::lock(conn, &variants).await
}

fn perform(
    ledger: &mut Ledger,
    order: OrderId,
    kind: MovementKind,
    moves: impl IntoIterator<Item = (StockKey, i32)>,
    cause: &Cause<'_>,
) -> Result<(), StockError> {
    let cause = Cause { reference: Some(order.as_uuid()), ..*cause };
    for (key, units) in moves {
        ledger.apply(key, kind, units, &cause)?;
    }
    Ok(())
}

/// A line, and where.
pub(crate) type Place = (i16, StockKey);

const fn place_of(reservation: &Reservation) -> Place {
    (reservation.line_no, reservation.key)
}

fn merge(parts: &[Part]) -> BTreeMap<Place, i64> {
    let mut sums = BTreeMap::new();
    for part in parts {
        *sums.entry((part.line_no, part.key)).or_default() += i64::from(part.quantity.get());
    }
    sums
}

/// Not more than a reservation has.
fn small(quantity: i64) -> i32 {
    i32::try_from(quantity).unwrap_or(i32::MAX)
}

const fn too_many((line_no, _): Place, left: i32) -> PartError {
    PartError::TooMany { line_no, left }
}
