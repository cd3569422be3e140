//! Bundles in a batch: lines whose stock is other variants'.
//!
//! A bundle's line wants each of its components, under its own number. What lines and bundles want of
//! the same variant is added up by `inventory::allocate` before anything is decided. Batches without
//! bundles pay nothing for this: no statement, no lock, no memory.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    sync::Arc,
};

use catalog::Offer;
use inventory::{Demand, Reservation, Unfillable};
use kernel::{
    Quantity,
    id::{OrderId, VariantId},
};
use orders::{LineComponent, Order};
use pg::{Connection, DbResult};

use crate::{
    decide::numbered,
    request::{PlaceOrder, Refusal, RequestedLine, ShortLine},
};

/// The variants whose stock is asked for, in order: of a bundle, its components. `wanted` is sorted.
pub(crate) fn stocked<'a>(
    wanted: &'a [VariantId],
    offers: &HashMap<VariantId, Offer>,
) -> Cow<'a, [VariantId]> {
    if offers.values().all(|offer| offer.bundle.is_none()) {
        return Cow::Borrowed(wanted);
    }
    let mut stocked = Vec::with_capacity(wanted.len());
    for variant in wanted {
        match offers.get(variant).map_or(&[][..], Offer::components) {
            [] => stocked.push(*variant),
            parts => stocked.extend(parts.iter().map(|part| part.variant)),
        }
    }
    stocked.sort_unstable();
    stocked.dedup();
    Cow::Owned(stocked)
}

/// What the lines want of which variants. `offers` are those of the lines.
pub(crate) fn demands(request: &PlaceOrder, offers: &[&Offer]) -> Result<Vec<Demand>, Refusal> {
    let mut demands = Vec::with_capacity(request.lines.len());
    for ((line_no, line), offer) in numbered(&request.lines).zip(offers) {
        match offer.components() {
            [] => {
                demands.push(Demand { line_no, variant: line.variant, quantity: line.quantity });
            }
            parts => {
                for part in parts {
                    let units = i64::from(line.quantity.get()) * i64::from(part.quantity);
                    let quantity = Quantity::new(units).map_err(|_| Refusal::TotalOutOfRange)?;
                    demands.push(Demand { line_no, variant: part.variant, quantity });
                }
            }
        }
    }
    Ok(demands)
}

/// What the bundles of an order's lines are made of, to be kept with it.
pub(crate) fn components(
    order: OrderId,
    request: &PlaceOrder,
    offers: &[&Offer],
) -> Vec<LineComponent> {
    let of_line = |((line_no, _), offer): ((i16, &RequestedLine), &&Offer)| {
        let keep = move |part: &catalog::Component| LineComponent {
            order,
            line_no,
            variant: part.variant,
            sku: Arc::clone(&part.sku),
            name: part.name.clone(),
            variant_name: part.variant_name.clone(),
            quantity: part.quantity,
        };
        offer.components().iter().map(keep).collect::<Vec<_>>()
    };
    numbered(&request.lines).zip(offers).flat_map(of_line).collect()
}

/// What the bundles of these orders were made of; both are sorted by order. Only asked for when an
/// order took another variant than its line's.
pub(crate) async fn remembered(
    conn: &mut Connection,
    orders: &[Order],
    held: &[Reservation],
) -> DbResult<Vec<LineComponent>> {
    let is_sold = |taken: &&Reservation| {
        let place = orders.binary_search_by_key(&taken.order, |order| order.id);
        let lines = place.map_or(&[][..], |place| &orders[place].lines);
        lines.iter().any(|it| (it.line_no, it.variant) == (taken.line_no, taken.key.variant))
    };
    let mut with_bundles: Vec<OrderId> =
        held.iter().filter(|taken| !is_sold(taken)).map(|taken| taken.order).collect();
    with_bundles.dedup();
    if with_bundles.is_empty() {
        return Ok(Vec::new());
    }
    orders::components::of_orders(conn, &with_bundles).await
}

/// The SKU of a variant that a bundle's line took; `components` are those of its order.
pub(crate) fn sku_of(
    components: &[LineComponent],
    line_no: i16,
    variant: VariantId,
) -> Option<&Arc<str>> {
    let found = components.iter().find(|it| (it.line_no, it.variant) == (line_no, variant));
    found.map(|component| &component.sku)
}

/// Why an order with bundles cannot be filled, in the words of its lines: each line that wants what
/// there is too little of, with how many of what it sells are possible beside what the order's other
/// variants take. `free` tells how much of a variant could be had, `room` how much of it may wait for stock.
pub(crate) fn refusal(
    unfillable: &Unfillable,
    request: &PlaceOrder,
    demands: &[Demand],
    offers: &HashMap<VariantId, Offer>,
    free: impl Fn(VariantId) -> i64,
    room: impl Fn(VariantId) -> i64,
) -> Refusal {
    let sold = |demand: &Demand| request.lines[line_index(demand.line_no)].variant;
    let names = |wanted: VariantId| match unfillable {
        Unfillable::Shortage(short) => short.iter().any(|it| it.variant == wanted),
        Unfillable::Frozen(frozen) => frozen.contains(&wanted),
    };
    let concerned: HashSet<VariantId> =
        demands.iter().filter(|demand| names(demand.variant)).map(sold).collect();
    if matches!(unfillable, Unfillable::Frozen(_)) {
        let mut variants: Vec<VariantId> = concerned.into_iter().collect();
        variants.sort_unstable();
        return Refusal::Frozen(variants);
    }
    let possible = |(line_no, line): (i16, &RequestedLine)| {
        let of = |demand: &&Demand| demand.line_no == line_no;
        let units = demands.iter().filter(of).map(|own| {
            let rest = demands.iter().filter(|it| it.variant == own.variant);
            let others = rest.filter(|it| sold(it) != line.variant);
            let taken: i64 = others.map(|it| i64::from(it.quantity.get())).sum();
            let each = i64::from(own.quantity.get() / line.quantity.get());
            (free(own.variant) - taken).max(0) / each
        });
        units.min().unwrap_or(0) + room(line.variant)
    };
    let short = numbered(&request.lines).filter(|(_, line)| concerned.contains(&line.variant));
    let name = |(line_no, line): (i16, &RequestedLine)| {
        let same = request.lines.iter().filter(|other| other.variant == line.variant);
        ShortLine {
            index: line_index(line_no),
            variant: line.variant,
            sku: offers.get(&line.variant).map(|offer| offer.sku.clone()).unwrap_or_default(),
            requested: same.map(|other| i64::from(other.quantity.get())).sum(),
            available: possible((line_no, line)),
        }
    };
    Refusal::Shortage(short.map(name).collect())
}

/// Where in the request a line stands.
fn line_index(line_no: i16) -> usize {
    usize::from(line_no.unsigned_abs()) - 1
}

#[cfg(test)]
#[path = "bundles_tests.rs"]
mod tests;
