//! Back-orders in a batch: lines of variants of which units may be sold beyond stock.
//!
//! What is available goes first; the rest joins the variant's queue as long as there is room in it. A
//! bundle is never sold beyond the stock of its components, and what bundles of an order take of a
//! variant comes out of stock before its lines. Batches without such variants pay nothing for this.

use std::collections::{BTreeMap, HashMap};

use catalog::Offer;
use inventory::{
    Demand, Ledger, Reservation, Sourcing,
    backorders::{self, Backorder, Queues},
};
use kernel::{
    Quantity,
    id::{OrderId, VariantId},
};
use orders::Order;
use pg::{Connection, DbResult};

/// Whether units of it may be sold beyond stock.
fn may_wait(offer: &Offer) -> bool {
    offer.backorder_limit > 0 && offer.bundle.is_none()
}

/// Whether anything in the batch may be sold beyond stock.
pub(crate) fn concern(offers: &HashMap<VariantId, Offer>) -> bool {
    offers.values().any(may_wait)
}

/// Locks the queues of the batch, after its stock. Nothing when stock came to be elsewhere meanwhile,
/// or a warehouse was opened.
pub(crate) async fn lock(
    conn: &mut Connection,
    offers: &HashMap<VariantId, Offer>,
    ledger: &Ledger,
    sourcing: &Sourcing,
) -> DbResult<Option<Queues>> {
    let open: Vec<VariantId> =
        offers.values().filter(|offer| may_wait(offer)).map(|offer| offer.variant_id).collect();
    backorders::lock(conn, &open, ledger, sourcing).await
}

/// How many more units of what a line sells may wait.
pub(crate) fn room(queues: &Queues, offers: &HashMap<VariantId, Offer>, variant: VariantId) -> i64 {
    let offer = offers.get(&variant).filter(|offer| may_wait(offer));
    offer.map_or(0, |offer| queues.room(variant, offer.backorder_limit))
}

/// What an order takes out of stock, and what waits: units by line.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    pub demands: Vec<Demand>,
    pub waiting: Vec<(i16, VariantId, i32)>,
}

/// Splits what the lines want into what is there and what waits. A variant of which more would have
/// to wait than may is left as it is: there is too little of it. `sold` tells what a line sells,
/// `free` how much of a variant could be had, `room` how many units of it may wait.
pub(crate) fn plan(
    demands: &[Demand],
    sold: impl Fn(i16) -> VariantId,
    free: impl Fn(VariantId) -> i64,
    room: impl Fn(VariantId) -> i64,
) -> Plan {
    let may_wait = |demand: &Demand| sold(demand.line_no) == demand.variant;
    let mut left: BTreeMap<VariantId, i64> = BTreeMap::new();
    for variant in demands.iter().filter(|demand| may_wait(demand)).map(|demand| demand.variant) {
        let own = demands.iter().filter(|demand| demand.variant == variant);
        let units = |demand: &Demand| i64::from(demand.quantity.get());
        let in_bundles: i64 = own.clone().filter(|demand| !may_wait(demand)).map(units).sum();
        let in_lines: i64 = own.filter(|demand| may_wait(demand)).map(units).sum();
        let there = (free(variant) - in_bundles).max(0);
        if in_lines > there && in_lines - there <= room(variant) {
            left.insert(variant, there);
        }
    }
    let mut plan = Plan::default();
    for demand in demands {
        let there = left.get_mut(&demand.variant).filter(|_| may_wait(demand));
        let Some(there) = there else {
            plan.demands.push(*demand);
            continue;
        };
        let wanted = i64::from(demand.quantity.get());
        let taken = wanted.min(*there);
        *there -= taken;
        if let Ok(quantity) = Quantity::new(taken) {
            plan.demands.push(Demand { quantity, ..*demand });
        }
        if let Ok(rest) = Quantity::new(wanted - taken) {
            plan.waiting.push((demand.line_no, demand.variant, rest.to_i32()));
        }
    }
    plan
}

/// What waited of these orders when they were placed; and `held` becomes what they held then.
pub(crate) async fn remembered(
    conn: &mut Connection,
    orders: &[OrderId],
    held: &mut Vec<Reservation>,
) -> DbResult<Vec<Backorder>> {
    let waited = backorders::of_orders(conn, orders).await?;
    if waited.is_empty() {
        return Ok(waited);
    }
    let later = backorders::fills_of(conn, orders).await?;
    for it in held.iter_mut() {
        it.quantity -= later.get(&(it.order, it.line_no, it.key)).copied().unwrap_or(0);
    }
    held.retain(|it| it.quantity > 0);
    Ok(waited)
}

/// What waited of an order when it was placed: units by line.
pub(crate) fn of_order(waited: &[Backorder], order: &Order) -> Vec<(i16, i32)> {
    let own = waited.iter().filter(|it| it.order == order.id);
    own.map(|it| (it.line_no, it.quantity)).collect()
}

#[cfg(test)]
#[path = "backorders_tests.rs"]
mod tests;
