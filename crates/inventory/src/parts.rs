//! Part of what an order holds: given back while it waits for money; shipped once it is paid, in as
//! many parcels as it takes; and taken back. The order's row is locked by the flow that calls this.
//!
//! A reservation's quantity is what is still held of it: what is given back in part is taken off, and
//! the ledger keeps it under the order's number. What became of sold units is counted apart
//! ([`Fulfilment`]): a reservation that is paid does not change any more.
//!
//! Units that were paid for and never left go back on sale ([`withdraw`]): the ledger tells them as
//! shipped and returned at once, and the order's count knows that nobody ever had them.

use std::{
    collections::{BTreeMap, HashSet},
    hash::BuildHasher,
};

use kernel::{
    Quantity,
    id::{OrderId, VariantId},
};
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
    /// Of those, how many never really left: they were given back before.
    pub withdrawn: i32,
}

impl Fulfilment {
    /// Units that are still to be shipped.
    pub const fn to_ship(&self) -> i32 {
        self.quantity - self.shipped
    }

    /// Units that really left.
    pub const fn left(&self) -> i32 {
        self.shipped - self.withdrawn
    }

    /// Units that left and did not come back.
    pub const fn out(&self) -> i32 {
        self.shipped - self.returned
    }
}

/// What becomes of units that are back in the warehouse's hands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// They may be sold again.
    OnSale,
    /// They may not: the books are adjusted by them, for the reason given.
    WrittenOff,
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
    /// The variant has become a bundle since it was bought, and has no stock of its own any more.
    #[error("what line {line_no} bought has no stock of its own any more")]
    HasNoStock {
        /// Which line.
        line_no: i16,
        /// Which variant.
        variant: VariantId,
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
///
/// The order's lines and amounts stay as they are: this module knows nothing of them. The flow that
/// calls this takes the same units off the lines, and prices the order anew, in the same transaction;
/// `oxcart audit` finds an order that holds something else than its lines say.
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
    fulfilments::note_cuts(conn, &cuts).await?;
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
    let left = Fulfilment::to_ship;
    let shipped = |it: Fulfilment, units| Fulfilment { shipped: it.shipped + units, ..it };
    fulfil(conn, order, parts, (MovementKind::Ship, left, shipped), (cause, context)).await
}

/// Shipped units are back in good order and may be sold again (退貨入庫), in the warehouse they left.
/// What came back broken is adjusted away afterwards, or not returned to stock at all.
///
/// `bundles` is those of the variants that have become bundles since, which take in no stock: the flow
/// asks the catalogue, and keeps the others as they are (`catalog::hold_stockable`), before it locks
/// the order. Their units are written off, or returned after the bundle is an ordinary variant again.
pub async fn return_<S: BuildHasher>(
    conn: &mut Connection,
    order: OrderId,
    parts: &[Part],
    bundles: &HashSet<VariantId, S>,
    cause: &Cause<'_>,
    context: &SaveContext<'_>,
) -> Result<(), PartError> {
    check_stockable(parts, bundles)?;
    let left = Fulfilment::out;
    let returned = |it: Fulfilment, units| Fulfilment { returned: it.returned + units, ..it };
    fulfil(conn, order, parts, (MovementKind::Return, left, returned), (cause, context)).await
}

/// Units have to have a stock row that they can go to.
fn check_stockable<S: BuildHasher>(
    parts: &[Part],
    bundles: &HashSet<VariantId, S>,
) -> Result<(), PartError> {
    match parts.iter().find(|part| bundles.contains(&part.key.variant)) {
        Some(Part { line_no, key, .. }) => {
            Err(PartError::HasNoStock { line_no: *line_no, variant: key.variant })
        }
        None => Ok(()),
    }
}

/// Shipped units are back: `good` ones may be sold again, `broken` ones are written off, for the
/// cause's reason. All of them in the warehouses they left. `bundles` as of [`return_`]: of these,
/// units can only be written off.
pub async fn take_back<S: BuildHasher>(
    conn: &mut Connection,
    order: OrderId,
    (good, broken): (&[Part], &[Part]),
    bundles: &HashSet<VariantId, S>,
    cause: &Cause<'_>,
    context: &SaveContext<'_>,
) -> Result<(), PartError> {
    check_stockable(good, bundles)?;
    let parts: Vec<Part> = good.iter().chain(broken).copied().collect();
    let mut ledger = lock(conn, &parts).await?;
    let returned = |it: Fulfilment, units| Fulfilment { returned: it.returned + units, ..it };
    let (moves, counts) = reckon(conn, order, &parts, Fulfilment::out, returned).await?;
    perform(&mut ledger, order, MovementKind::Return, moves, cause)?;
    let lost: Vec<_> =
        merge(broken).into_iter().map(|((_, key), units)| (key, small(units))).collect();
    write_off(&mut ledger, order, &lost, cause)?;
    fulfilments::put(conn, &counts).await?;
    Ok(sql::save(conn, ledger, context).await?)
}

/// Units an order paid for, and that have not left, are given back. Not of lines that wait for units
/// sold beyond stock.
pub async fn withdraw(
    conn: &mut Connection,
    order: OrderId,
    parts: &[Part],
    fate: Fate,
    cause: &Cause<'_>,
    context: &SaveContext<'_>,
) -> Result<(), PartError> {
    let mut ledger = lock(conn, parts).await?;
    let waiting = backorders::waiting_of(conn, &[order]).await?;
    let waits = |part: &&Part| waiting.iter().any(|it| it.line_no == part.line_no);
    if let Some(part) = parts.iter().find(waits) {
        return Err(PartError::Waits { line_no: part.line_no });
    }
    let (moves, counts) = reckon(conn, order, parts, Fulfilment::to_ship, withdrawn).await?;
    give_back(&mut ledger, order, &moves, fate, cause)?;
    fulfilments::put(conn, &counts).await?;
    Ok(sql::save(conn, ledger, context).await?)
}

/// The same for everything an order paid for that has not left; what waits for units sold beyond stock
/// waits no longer.
pub async fn withdraw_all(
    conn: &mut Connection,
    order: OrderId,
    fate: Fate,
    cause: &Cause<'_>,
    context: &SaveContext<'_>,
) -> Result<(), PartError> {
    let bought = fulfilments(conn, &[order]).await?;
    let waiting = backorders::waiting_of(conn, &[order]).await?;
    let variants: Vec<_> =
        bought.iter().map(|it| it.key.variant).chain(waiting.iter().map(|it| it.variant)).collect();
    let mut ledger = crate::lock(conn, &variants).await?;
    if !waiting.is_empty() {
        // As when an order that waits is settled: whoever had these locks before may have filled it.
        backorders::lock_those_of(conn, &waiting).await?;
        ledger = crate::lock(conn, &variants).await?;
        let waiting = backorders::waiting_of(conn, &[order]).await?;
        backorders::settle(conn, &waiting, ReservationStatus::Released, cause.at).await?;
    }
    let bought = fulfilments(conn, &[order]).await?;
    let rest: Vec<Fulfilment> = bought.into_iter().filter(|it| it.to_ship() > 0).collect();
    let moves: Vec<_> = rest.iter().map(|it| (it.key, it.to_ship())).collect();
    let counts: Vec<_> = rest.iter().map(|it| withdrawn(*it, it.to_ship())).collect();
    give_back(&mut ledger, order, &moves, fate, cause)?;
    fulfilments::put(conn, &counts).await?;
    Ok(sql::save(conn, ledger, context).await?)
}

/// Makes what orders hold what they held when they were placed: as if nothing of it had been given
/// back in part.
pub async fn as_first_held(
    conn: &mut Connection,
    orders: &[OrderId],
    held: &mut [Reservation],
) -> DbResult<()> {
    let originals = fulfilments::originals_of(conn, orders).await?;
    for it in held {
        if let Some(original) = originals.get(&(it.order, place_of(it))) {
            it.quantity = *original;
        }
    }
    Ok(())
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
                withdrawn: count.withdrawn,
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
    let (moves, counts) = reckon(conn, order, parts, left, count).await?;
    perform(&mut ledger, order, kind, moves, cause)?;
    fulfilments::put(conn, &counts).await?;
    Ok(sql::save(conn, ledger, context).await?)
}

/// What parts move in which stock rows, and what is counted of the order then.
async fn reckon(
    conn: &mut Connection,
    order: OrderId,
    parts: &[Part],
    left: fn(&Fulfilment) -> i32,
    count: fn(Fulfilment, i32) -> Fulfilment,
) -> Result<(Vec<(StockKey, i32)>, Vec<Fulfilment>), PartError> {
    let bought = fulfilments(conn, &[order]).await?;
    let (mut moves, mut counts) = (Vec::new(), Vec::new());
    for (place, quantity) in merge(parts) {
        let known = bought.iter().find(|it| (it.line_no, it.key) == place).copied();
        let rest = known.as_ref().map_or(0, left);
        let known = known.filter(|_| quantity <= i64::from(rest));
        let Some(known) = known else { return Err(too_many(place, rest)) };
        moves.push((place.1, small(quantity)));
        counts.push(count(known, small(quantity)));
    }
    Ok((moves, counts))
}

const fn withdrawn(it: Fulfilment, units: i32) -> Fulfilment {
    Fulfilment {
        shipped: it.shipped + units,
        returned: it.returned + units,
        withdrawn: it.withdrawn + units,
        ..it
    }
}

fn give_back(
    ledger: &mut Ledger,
    order: OrderId,
    moves: &[(StockKey, i32)],
    fate: Fate,
    cause: &Cause<'_>,
) -> Result<(), StockError> {
    let named = Cause { reference: Some(order.as_uuid()), ..*cause };
    for (key, units) in moves {
        ledger.withdraw(*key, *units, &named)?;
    }
    match fate {
        Fate::OnSale => Ok(()),
        Fate::WrittenOff => write_off(ledger, order, moves, cause),
    }
}

/// Units that were just taken in are not fit to be sold.
fn write_off(
    ledger: &mut Ledger,
    order: OrderId,
    lost: &[(StockKey, i32)],
    cause: &Cause<'_>,
) -> Result<(), StockError> {
    let cause = Cause { reference: Some(order.as_uuid()), ..*cause };
    for (key, units) in lost {
        ledger.adjust(*key, -units, &cause)?;
    }
    Ok(())
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
