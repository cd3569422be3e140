//! One batch, one transaction.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use catalog::Offer;
use inventory::{Ledger, Reservation, SaveContext, reservations};
use jiff::SignedDuration;
use kernel::{
    Clock, Ids,
    id::{OrderId, VariantId},
};
use orders::{KnownKey, Order, OrderStatus, purchases};
use pg::{Connection, Db, DbError};
use thiserror::Error;
use uuid::Uuid;

use crate::{
    allowances::Allowances,
    decide::{Accepted, Facts, decide},
    placed::{Deduction, LineFace, Placed},
    request::{PlaceOrder, Refusal},
};

/// The outcome of one request.
pub(crate) type Outcome = Result<Arc<Placed>, Refusal>;

/// What became of a batch.
pub(crate) struct Batch {
    /// For each request, in their order.
    pub outcomes: Vec<Outcome>,
    /// Variants of which nothing is left, with their SKUs.
    pub sold_out: Vec<(VariantId, Arc<str>)>,
    /// How long it took to get the stock rows.
    pub lock_wait: Duration,
}

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
    /// A new order: the next one of the accepted.
    New,
    /// The key has placed this order before.
    Replay(OrderId),
    Refused(Refusal),
}

/// Places a batch in one transaction and answers for each request, in their order. No two of them
/// have the same key.
pub(crate) async fn place(
    db: &Db,
    clock: &dyn Clock,
    ids: &Ids,
    reservation: SignedDuration,
    requests: &[&PlaceOrder],
) -> Result<Batch, BatchError> {
    let mut tx = db.begin().await?;
    let now = clock.now();
    let mut wanted: Vec<VariantId> =
        requests.iter().flat_map(|r| r.lines.iter().map(|line| line.variant)).collect();
    wanted.sort_unstable();
    wanted.dedup();
    // What needs no lock is read first: a hot variant's row is held as short as possible.
    let offers = catalog::offers(&mut tx, &wanted, now).await?;
    let methods = shipping::methods(&mut tx).await?;
    let warehouses = inventory::warehouses(&mut tx).await?;
    // Of what follows, the stock rows come first: who waits for them sees, once it has them, every
    // key that was stored before they came free.
    let waiting = Instant::now();
    let mut ledger = inventory::lock(&mut tx, &wanted).await?;
    let lock_wait = waiting.elapsed();
    let keys: Vec<Uuid> = requests.iter().map(|request| request.key).collect();
    let known = orders::idempotency::find(&mut tx, &keys).await?;
    let mut allowances = Allowances::load(&mut tx, requests, &offers).await?;
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
    for request in requests {
        let decision = match seen_before(request, &known) {
            Some(decision) => decision,
            None => match decide(request, &facts, &mut ledger, &mut allowances) {
                Ok(new) => {
                    accepted.push((request.key, new));
                    Decision::New
                }
                Err(refusal) => Decision::Refused(refusal),
            },
        };
        decisions.push(decision);
    }

    let sold_out = sold_out(&wanted, &ledger, &offers);
    if !accepted.is_empty() {
        let entries = requests.iter().map(|r| (r.key, r.fingerprint)).collect();
        write(&mut tx, &accepted, &entries, &facts).await?;
        inventory::save(&mut tx, ledger, &SaveContext { clock, ids }).await?;
    }
    let replays = replayed(&mut tx, &decisions, &offers).await?;
    #[cfg(feature = "mutants")]
    let tx = crate::mutants::undo(tx, db, ids).await?;
    tx.commit().await.map_err(DbError::from)?;
    let outcomes = outcomes(decisions, accepted, &replays, &offers);
    Ok(Batch { outcomes, sold_out, lock_wait })
}

/// The variants for sale of which no warehouse has anything available, frozen or not.
fn sold_out(
    wanted: &[VariantId],
    ledger: &Ledger,
    offers: &HashMap<VariantId, Offer>,
) -> Vec<(VariantId, Arc<str>)> {
    let is_gone =
        |variant: VariantId| ledger.rows_of(variant).all(|row| row.balance.available == 0);
    wanted
        .iter()
        .filter(|variant| is_gone(**variant))
        .filter_map(|variant| {
            let offer = offers.get(variant).filter(|offer| offer.sellable)?;
            Some((*variant, Arc::from(offer.sku.as_str())))
        })
        .collect()
}

/// What becomes of a request whose key has made an order.
fn seen_before(request: &PlaceOrder, known: &[KnownKey]) -> Option<Decision> {
    let mut stored = known.iter().filter(|k| k.key == request.key).peekable();
    stored.peek()?;
    let same = stored.find(|k| k.fingerprint == request.fingerprint);
    Some(same.map_or(Decision::Refused(Refusal::KeyReused), |k| Decision::Replay(k.order)))
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
    let new_orders: Vec<&Order> = accepted.iter().map(|(_, new)| &new.order).collect();
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
    let counted: Vec<_> = accepted.iter().flat_map(|(_, new)| new.purchases.clone()).collect();
    purchases::insert(conn, &counted).await?;
    let redeemed: Vec<_> = accepted.iter().filter_map(|(_, new)| new.redemption.clone()).collect();
    pricing::redeem(conn, &redeemed, facts.now).await?;
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
    let replay = |order: Order| (order.id, Arc::new(first_answer(order, &held, offers)));
    Ok(stored.into_iter().map(replay).collect())
}

/// What was answered when an order was placed, whatever happened since.
pub(crate) fn first_answer(
    mut order: Order,
    held: &[Reservation],
    offers: &HashMap<VariantId, Offer>,
) -> Placed {
    order.status = OrderStatus::PendingPayment;
    order.paid_at = None;
    let id = order.id;
    let taken = held
        .iter()
        .filter(|r| r.order == id)
        .map(|r| (r.line_no, r.key, r.quantity, r.available_before));
    placed(order, taken, offers, true)
}

fn outcomes(
    decisions: Vec<Decision>,
    accepted: Vec<(Uuid, Accepted)>,
    replays: &HashMap<OrderId, Arc<Placed>>,
    offers: &HashMap<VariantId, Offer>,
) -> Vec<Outcome> {
    // Accepted in the order of the decisions.
    let mut accepted = accepted.into_iter().map(|(_, new)| {
        let taken =
            new.allocations.iter().map(|a| (a.line_no, a.key, a.quantity, a.available_before));
        Arc::new(placed(new.order, taken, offers, false))
    });
    let mut next = || accepted.next().unwrap_or_else(|| unreachable!("one for each that is new"));
    let outcome = |decision| match decision {
        Decision::New => Ok(next()),
        Decision::Replay(order) => Ok(Arc::clone(&replays[&order])),
        Decision::Refused(refusal) => Err(refusal),
    };
    decisions.into_iter().map(outcome).collect()
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
