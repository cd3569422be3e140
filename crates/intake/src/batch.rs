//! One batch, one transaction.

use std::{collections::HashMap, sync::Arc};

use catalog::Offer;
use inventory::{Reservation, SaveContext, reservations};
use jiff::SignedDuration;
use kernel::{
    Clock, Ids,
    id::{OrderId, VariantId},
};
use orders::{KnownKey, Order, OrderStatus};
use pg::{Connection, Db, DbError};
use thiserror::Error;
use uuid::Uuid;

use crate::{
    decide::{Accepted, Facts, decide},
    engine::Outcome,
    placed::{Deduction, LineFace, Placed},
    request::{PlaceOrder, Refusal},
};

/// Why a batch was not written. Nothing of it was, unless the acknowledgement of its commit was
/// lost; doing it again finds out.
#[derive(Debug, Error)]
pub(crate) enum BatchError {
    /// Another transaction stored one of the keys after we looked.
    #[error("a key was stored by another transaction meanwhile")]
    KeyRace,
    /// The database.
    #[error(transparent)]
    Db(DbError),
    /// Stock.
    #[error(transparent)]
    Inventory(#[from] inventory::InventoryError),
}

/// What is decided about a request before anything is written.
enum Decision {
    /// A new order: its place among the accepted ones.
    New(usize),
    /// The key has placed this order before.
    Replay(OrderId),
    /// The same request stands earlier in this batch.
    SameAs(usize),
    Refused(Refusal),
}

/// Places a batch in one transaction and answers for each request, in their order.
pub(crate) async fn place(
    db: &Db,
    clock: &dyn Clock,
    ids: &Ids,
    reservation: SignedDuration,
    requests: &[&PlaceOrder],
) -> Result<Vec<Outcome>, BatchError> {
    let mut tx = db.begin().await?;
    let now = clock.now();
    let wanted: Vec<VariantId> =
        requests.iter().flat_map(|r| r.lines.iter().map(|line| line.variant)).collect();
    // The stock rows come first: who waits for them sees, once it has them, every key that was
    // stored before they came free.
    let mut ledger = inventory::lock(&mut tx, &wanted).await?;
    let keys: Vec<Uuid> = requests.iter().map(|request| request.key).collect();
    let known = orders::idempotency::find(&mut tx, &keys).await?;
    let offers = catalog::offers(&mut tx, &wanted, now).await?;
    let methods = shipping::methods(&mut tx).await?;
    let warehouses = inventory::warehouses(&mut tx).await?;
    let facts = Facts {
        offers: &offers,
        methods: &methods,
        warehouses: &warehouses,
        reservation,
        now,
        clock,
        ids,
    };

    let mut accepted: Vec<(Uuid, Accepted)> = Vec::new();
    let mut decisions = Vec::with_capacity(requests.len());
    let mut first_with_key: HashMap<Uuid, usize> = HashMap::new();
    for (place, request) in requests.iter().enumerate() {
        let decision = match seen_before(request, &known, &first_with_key, requests) {
            Some(decision) => decision,
            None => match decide(request, &facts, &mut ledger) {
                Ok(new) => {
                    accepted.push((request.key, new));
                    Decision::New(accepted.len() - 1)
                }
                Err(refusal) => Decision::Refused(refusal),
            },
        };
        first_with_key.entry(request.key).or_insert(place);
        decisions.push(decision);
    }

    if !accepted.is_empty() {
        let entries = requests.iter().map(|r| (r.key, r.fingerprint)).collect();
        write(&mut tx, &accepted, &entries, &facts).await?;
        inventory::save(&mut tx, ledger, &SaveContext { clock, ids }).await?;
    }
    let replays = replayed(&mut tx, &decisions, &offers).await?;
    tx.commit().await.map_err(DbError::from)?;
    Ok(outcomes(decisions, &accepted, &replays, &offers))
}

/// Whether the request's key was seen: stored earlier, or earlier in this batch.
fn seen_before(
    request: &PlaceOrder,
    known: &[KnownKey],
    first_with_key: &HashMap<Uuid, usize>,
    requests: &[&PlaceOrder],
) -> Option<Decision> {
    let mut stored = known.iter().filter(|k| k.key == request.key).peekable();
    if stored.peek().is_some() {
        let same = stored.find(|k| k.fingerprint == request.fingerprint);
        return Some(
            same.map_or(Decision::Refused(Refusal::KeyReused), |k| Decision::Replay(k.order)),
        );
    }
    let earlier = *first_with_key.get(&request.key)?;
    let same = requests[earlier].fingerprint == request.fingerprint;
    Some(if same { Decision::SameAs(earlier) } else { Decision::Refused(Refusal::KeyReused) })
}

async fn write(
    conn: &mut Connection,
    accepted: &[(Uuid, Accepted)],
    fingerprints: &HashMap<Uuid, orders::Fingerprint>,
    facts: &Facts<'_>,
) -> Result<(), BatchError> {
    let keys: Vec<KnownKey> = accepted
        .iter()
        .map(|(key, new)| KnownKey {
            key: *key,
            fingerprint: fingerprints[key],
            order: new.order.id,
        })
        .collect();
    if !orders::idempotency::insert(conn, &keys, facts.now).await? {
        return Err(BatchError::KeyRace);
    }
    let new_orders: Vec<Order> = accepted.iter().map(|(_, new)| new.order.clone()).collect();
    orders::insert(conn, &new_orders).await?;
    let held: Vec<Reservation> = accepted
        .iter()
        .flat_map(|(_, new)| {
            let order = &new.order;
            new.allocations.iter().map(|allocation| {
                Reservation::of(allocation, order.id, facts.now, order.reserved_until)
            })
        })
        .collect();
    reservations::insert(conn, &held).await?;
    let events: Vec<_> = new_orders
        .iter()
        .map(|order| orders::events::created(order, facts.clock, facts.ids))
        .collect();
    outbox::append(conn, &events).await?;
    Ok(())
}

/// The orders that keys had placed before, as they were then.
async fn replayed(
    conn: &mut Connection,
    decisions: &[Decision],
    offers: &HashMap<VariantId, Offer>,
) -> Result<HashMap<OrderId, Arc<Placed>>, BatchError> {
    let mut ids: Vec<OrderId> = decisions
        .iter()
        .filter_map(|decision| match decision {
            Decision::Replay(order) => Some(*order),
            _ => None,
        })
        .collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    ids.sort_unstable();
    ids.dedup();
    let stored = orders::load(conn, &ids).await?;
    let held = reservations::of_orders(conn, &ids).await?;
    let replay = |mut order: Order| {
        // The first result, whatever happened since.
        order.status = OrderStatus::PendingPayment;
        order.paid_at = None;
        let taken = held
            .iter()
            .filter(|r| r.order == order.id)
            .map(|r| (r.line_no, r.key, r.quantity, r.available_before));
        let placed = placed(order.clone(), taken, offers, true);
        (order.id, Arc::new(placed))
    };
    Ok(stored.into_iter().map(replay).collect())
}

fn outcomes(
    decisions: Vec<Decision>,
    accepted: &[(Uuid, Accepted)],
    replays: &HashMap<OrderId, Arc<Placed>>,
    offers: &HashMap<VariantId, Offer>,
) -> Vec<Outcome> {
    let mut outcomes: Vec<Outcome> = Vec::with_capacity(decisions.len());
    for decision in decisions {
        let outcome = match decision {
            Decision::New(place) => {
                let new = &accepted[place].1;
                let taken = new
                    .allocations
                    .iter()
                    .map(|a| (a.line_no, a.key, a.quantity, a.available_before));
                Ok(Arc::new(placed(new.order.clone(), taken, offers, false)))
            }
            Decision::Replay(order) => Ok(Arc::clone(&replays[&order])),
            Decision::SameAs(earlier) => outcomes[earlier].clone(),
            Decision::Refused(refusal) => Err(refusal),
        };
        outcomes.push(outcome);
    }
    outcomes
}

fn placed(
    order: Order,
    taken: impl Iterator<Item = (i16, inventory::StockKey, i32, i32)>,
    offers: &HashMap<VariantId, Offer>,
    replayed: bool,
) -> Placed {
    let sku_of = |line_no: i16| {
        let line = order.lines.iter().find(|line| line.line_no == line_no);
        line.map(|line| line.sku.clone()).unwrap_or_default()
    };
    let deductions = taken
        .map(|(line_no, key, quantity, available_before)| Deduction {
            line_no,
            variant: key.variant,
            sku: sku_of(line_no),
            warehouse: key.warehouse,
            quantity,
            available_before,
            available_after: available_before - quantity,
        })
        .collect();
    let face = |line: &orders::Line| {
        offers.get(&line.variant).map_or_else(LineFace::default, |offer| LineFace {
            product_slug: offer.product_slug.clone(),
            image: offer.image.clone(),
        })
    };
    let faces = order.lines.iter().map(face).collect();
    Placed { order, deductions, faces, replayed }
}
