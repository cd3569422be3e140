//! What each buyer has of variants with a purchase limit.
//!
//! One row for every live order, limited variant and name of the [`Buyer`]. There is no counter that
//! could drift: what a buyer has is the sum of a few rows. Rows come in the transaction that places
//! the order and go in the one that cancels or expires it; a limit set later does not count what
//! was bought before.
//!
//! *Invariant:* whoever reads here in order to decide, or writes, holds the stock rows of the
//! variants in question (`inventory::lock`) until the end of the transaction. So two orders of a
//! limited variant take turns, and the second one sees the rows of the first.

use std::collections::HashMap;

use kernel::id::{OrderId, VariantId};
use pg::{Connection, DbResult};
use uuid::Uuid;

use crate::{buyer::Buyer, placing::Order, sql_purchases as sql};

/// Units of a limited variant that an order counts under one name of its buyer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purchase {
    /// What; its shard is where the row lies.
    pub variant: VariantId,
    /// A name of the buyer.
    pub buyer: Uuid,
    /// By which order.
    pub order: OrderId,
    /// Units, of all lines together.
    pub quantity: i64,
}

/// What buyers have already: units by variant and name. Pairs without a purchase are absent.
pub type Bought = HashMap<(VariantId, Uuid), i64>;

/// What an order counts, for those of its variants that are `limited`.
pub fn of_order(order: &Order, limited: impl Fn(VariantId) -> bool) -> Vec<Purchase> {
    let mut units: Vec<(VariantId, i64)> = Vec::new();
    for line in order.lines.iter().filter(|line| limited(line.variant)) {
        let more = i64::from(line.quantity.get());
        match units.iter_mut().find(|(variant, _)| *variant == line.variant) {
            Some((_, sum)) => *sum += more,
            None => units.push((line.variant, more)),
        }
    }
    if units.is_empty() {
        return Vec::new();
    }
    let buyer = Buyer::of(order);
    let purchase = |(variant, quantity): (VariantId, i64)| {
        buyer.names().map(move |buyer| Purchase { variant, buyer, order: order.id, quantity })
    };
    units.into_iter().flat_map(purchase).collect()
}

/// What these buyers have of these variants.
pub async fn bought(conn: &mut Connection, wanted: &[(VariantId, Uuid)]) -> DbResult<Bought> {
    if wanted.is_empty() {
        return Ok(Bought::new());
    }
    sql::bought(conn, wanted).await
}

/// Counts purchases; set-based.
pub async fn insert(conn: &mut Connection, purchases: &[Purchase]) -> DbResult<()> {
    if purchases.is_empty() {
        return Ok(());
    }
    sql::insert(conn, purchases).await
}

/// Counts these orders no longer. Those that counted nothing are no mistake.
pub async fn forget(conn: &mut Connection, orders: &[Order]) -> DbResult<()> {
    let counted: Vec<Purchase> =
        orders.iter().flat_map(|order| of_order(order, |_| true)).collect();
    if counted.is_empty() {
        return Ok(());
    }
    sql::delete(conn, &counted).await
}

/// Counts so many units of these variants less for an order, under every name of its buyer; what it
/// did not count is no mistake.
pub async fn reduce(
    conn: &mut Connection,
    order: &Order,
    less: &[(VariantId, i64)],
) -> DbResult<()> {
    if less.is_empty() {
        return Ok(());
    }
    let buyer = Buyer::of(order);
    let of_variant = |(variant, quantity): &(VariantId, i64)| {
        let (variant, quantity) = (*variant, *quantity);
        buyer.names().map(move |buyer| Purchase { variant, buyer, order: order.id, quantity })
    };
    let less: Vec<Purchase> = less.iter().flat_map(of_variant).collect();
    sql::reduce(conn, &less).await
}
