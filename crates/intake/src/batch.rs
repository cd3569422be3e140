//! One batch, one transaction.

use std::{
    cmp::Reverse,
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use catalog::{Offer, OfferBook, Reading};
use inventory::{
    Ledger, Preference, Reservation, SaveContext, Sourcing, Strategy,
    backorders::{Backorder, Queues},
    reservations,
};
use jiff::SignedDuration;
use kernel::{
    Clock, Ids,
    id::{OrderId, VariantId},
};
use orders::{
    Adjustment, Holder, KnownKey, LineComponent, NewOrder, Order, OrderStatus, adjustments,
    purchases,
};
use pg::{Connection, Db, DbError, DbResult};
use pricing::{PriceBook, Promotion, PromotionBook};
use thiserror::Error;
use uuid::Uuid;

use crate::{
    allowances::Allowances,
    backorders, bundles,
    decide::{Accepted, Draft, Facts, decide, draft},
    holds,
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
    /// The catalogue's revision by which that was decided.
    pub revision: i64,
    /// How long it took to get the stock rows.
    pub lock_wait: Duration,
    /// Whether its orders were written before its stock was locked.
    pub drafted: bool,
}

/// Why a batch was not written. Nothing of it was, unless the acknowledgement of its commit was
/// lost; doing it again finds out.
#[derive(Debug, Error)]
pub(crate) enum BatchError {
    /// Another transaction stored one of the keys after we looked.
    #[error("a key was stored by another transaction meanwhile")]
    KeyRace,
    /// Orders were written in the hope that there is stock for each, and that nobody else orders
    /// under the same names, and it is not so.
    #[error("not all of the orders that were drafted can be")]
    DraftsFailed,
    /// Stock came to be in another place, or a warehouse was opened, while a queue was locked.
    #[error("stock came in elsewhere, or a warehouse was opened or closed meanwhile")]
    StockMoved,
    /// The database.
    #[error(transparent)]
    Db(DbError),
    /// Stock.
    #[error(transparent)]
    Inventory(#[from] inventory::InventoryError),
}

/// What a batch needs besides its requests.
#[derive(Clone, Copy)]
pub(crate) struct Means<'a> {
    pub db: &'a Db,
    pub clock: &'a dyn Clock,
    pub ids: &'a Ids,
    /// What the variants cost, out of memory while nothing changes.
    pub book: &'a OfferBook,
    /// What price lists say they cost, out of memory as well.
    pub prices: &'a PriceBook,
    /// What is taken off by itself, out of memory as well.
    pub promotions: &'a PromotionBook,
    /// How long stock is held for an unpaid order.
    pub reservation: SignedDuration,
    /// Unpaid orders that one name may have open; 0: any number.
    pub hold_limit: u32,
    /// How the warehouses of an order are chosen.
    pub sourcing: Strategy,
}

/// What is decided about a request.
enum Decision {
    /// A new order: the next one of the accepted.
    New,
    /// The key has placed this order before.
    Replay(OrderId),
    Refused(Refusal),
}

/// A batch that is decided and written, but for its commit.
struct Written<'a> {
    decisions: Vec<Decision>,
    /// In the order of the decisions.
    accepted: Vec<Accepted<'a>>,
    sold_out: Vec<(VariantId, Arc<str>)>,
    lock_wait: Duration,
}

/// Places a batch in one transaction and answers for each request, in their order. No two of them
/// have the same key.
///
/// With `draft`, orders are written before their stock is locked, in the hope that there is enough
/// for all of them: a variant that everybody wants is held for less of the transaction, so that
/// batches overlap (ADR 0015). Stock is decided under its lock either way.
pub(crate) async fn place(
    means: Means<'_>,
    requests: &[&PlaceOrder],
    draft: bool,
) -> Result<Batch, BatchError> {
    let mut tx = means.db.begin().await?;
    let now = means.clock.now();
    let mut wanted: Vec<VariantId> =
        requests.iter().flat_map(|r| r.lines.iter().map(|line| line.variant)).collect();
    wanted.sort_unstable();
    wanted.dedup();
    // What needs no lock is read first: a hot variant's row is held as short as possible.
    let Reading { offers, revision } = means.book.read(&mut tx, &wanted, now).await?;
    let prices = means.prices.read(&mut tx, revision, &wanted).await?;
    let promotions = means.promotions.read(&mut tx, revision).await?;
    let promotions: Vec<&Promotion> = promotions.iter().filter(|it| it.is_valid_at(now)).collect();
    let stocked = bundles::stocked(&wanted, &offers);
    let methods = shipping::methods(&mut tx).await?;
    let payment_methods = payments::methods::offered(&mut tx).await?;
    let sourcing = Sourcing::new(&inventory::warehouses(&mut tx).await?, means.sourcing);
    let mut preferences: HashMap<&str, Preference> = HashMap::new();
    for code in requests.iter().map(|request| request.shipping_address.postal_code.as_str()) {
        preferences.entry(code).or_insert_with(|| sourcing.preference(code));
    }
    let facts = Facts {
        offers: &offers,
        prices: &prices,
        promotions: &promotions,
        methods: &methods,
        payment_methods: &payment_methods,
        sourcing: &sourcing,
        preferences: &preferences,
        reservation: means.reservation,
        hold_limit: means.hold_limit,
        now,
        clock: means.clock,
        ids: means.ids,
    };
    let limited = Allowances::concern(requests, &offers) || backorders::concern(&offers);
    let drafted = draft && !limited;
    let written = if drafted {
        draft_then_lock(&mut tx, requests, &stocked, &facts).await?
    } else {
        lock_then_write(&mut tx, requests, &stocked, &facts).await?
    };
    let replays = replayed(&mut tx, &written.decisions, &offers).await?;
    #[cfg(feature = "mutants")]
    let tx = crate::mutants::undo(tx, means.db, means.ids).await?;
    tx.commit().await.map_err(DbError::from)?;
    let Written { decisions, accepted, sold_out, lock_wait } = written;
    let outcomes = outcomes(decisions, accepted, &replays, &offers);
    Ok(Batch { outcomes, sold_out, revision, lock_wait, drafted })
}

/// Decides everything under the lock of the stock rows.
async fn lock_then_write<'a>(
    conn: &mut Connection,
    requests: &[&PlaceOrder],
    stocked: &[VariantId],
    facts: &Facts<'a>,
) -> Result<Written<'a>, BatchError> {
    holds::lock(conn, requests, facts.hold_limit).await?;
    // The stock rows come before the keys: who waits for them sees, once it has them, every key that
    // was stored before they came free.
    let waiting = Instant::now();
    let mut ledger = inventory::lock(conn, stocked).await?;
    let queues = backorders::lock(conn, facts.offers, &ledger, facts.sourcing).await?;
    let mut queues = queues.ok_or(BatchError::StockMoved)?;
    let lock_wait = waiting.elapsed();
    let known = known_keys(conn, requests).await?;
    let mut allowances = Allowances::load(conn, requests, facts.offers, facts.hold_limit).await?;
    let mut accepted: Vec<Accepted<'_>> = Vec::new();
    let decisions = requests
        .iter()
        .map(|request| match seen_before(request, &known) {
            Some(decision) => decision,
            None => match decide(request, facts, &mut ledger, &mut queues, &mut allowances) {
                Ok(new) => {
                    accepted.push(new);
                    Decision::New
                }
                Err(refusal) => Decision::Refused(refusal),
            },
        })
        .collect();
    let sold_out = sold_out(stocked, &ledger, facts.offers);
    if !accepted.is_empty() {
        write_orders(conn, accepted.iter().map(|new| &new.draft), facts).await?;
        write_keys(conn, accepted.iter().map(|new| &new.draft), facts).await?;
        inventory::backorders::save(conn, &queues).await?;
        write_claims(conn, &accepted, ledger, facts).await?;
    }
    Ok(Written { decisions, accepted, sold_out, lock_wait })
}

/// Writes the orders first, then locks the stock rows and takes what the orders want of them.
///
/// Of what is written before the lock only the keys can meet what another transaction writes, and
/// whoever waits for one of them then holds no stock.
async fn draft_then_lock<'a>(
    conn: &mut Connection,
    requests: &[&PlaceOrder],
    stocked: &[VariantId],
    facts: &Facts<'a>,
) -> Result<Written<'a>, BatchError> {
    let known = known_keys(conn, requests).await?;
    let mut allowances = Allowances::of_holds(conn, requests, facts.hold_limit).await?;
    let mut drafts: Vec<Draft<'_>> = Vec::with_capacity(requests.len());
    let decisions: Vec<Decision> = requests
        .iter()
        .map(|request| match seen_before(request, &known) {
            Some(decision) => decision,
            None => match draft(request, facts, &allowances) {
                Ok(new) => {
                    new.note(&mut allowances);
                    drafts.push(new);
                    Decision::New
                }
                Err(refusal) => Decision::Refused(refusal),
            },
        })
        .collect();
    if drafts.is_empty() {
        let nothing = (Vec::new(), Vec::new(), Duration::ZERO);
        let (accepted, sold_out, lock_wait) = nothing;
        return Ok(Written { decisions, accepted, sold_out, lock_wait });
    }
    write_orders(conn, drafts.iter(), facts).await?;
    write_keys(conn, &drafts, facts).await?;
    let holders: Vec<Holder> = drafts.iter().filter_map(|draft| draft.holder).collect();
    if !allowances.holds().hold_still(conn, &holders).await? {
        return Err(BatchError::DraftsFailed);
    }
    let waiting = Instant::now();
    let mut ledger = inventory::lock(conn, stocked).await?;
    let lock_wait = waiting.elapsed();
    let accepted = drafts
        .into_iter()
        .map(|draft| {
            let taken = draft.take(&mut ledger, &mut Queues::default(), facts);
            let (allocations, backordered) = taken.map_err(|_| BatchError::DraftsFailed)?;
            Ok(Accepted { draft, allocations, backordered })
        })
        .collect::<Result<Vec<_>, BatchError>>()?;
    let sold_out = sold_out(stocked, &ledger, facts.offers);
    write_claims(conn, &accepted, ledger, facts).await?;
    Ok(Written { decisions, accepted, sold_out, lock_wait })
}

async fn known_keys(
    conn: &mut Connection,
    requests: &[&PlaceOrder],
) -> Result<HashMap<Uuid, Vec<KnownKey>>, BatchError> {
    let keys: Vec<Uuid> = requests.iter().map(|request| request.key).collect();
    let mut known: HashMap<Uuid, Vec<KnownKey>> = HashMap::new();
    for stored in orders::idempotency::find(conn, &keys).await? {
        known.entry(stored.key).or_default().push(stored);
    }
    Ok(known)
}

/// The variants for sale of which no warehouse has anything available, frozen or not. Bundles are not
/// among the `stocked`, and a component that nobody asked for by itself has no offer here.
fn sold_out(
    stocked: &[VariantId],
    ledger: &Ledger,
    offers: &HashMap<VariantId, Offer>,
) -> Vec<(VariantId, Arc<str>)> {
    let is_gone =
        |variant: VariantId| ledger.rows_of(variant).all(|row| row.balance.available == 0);
    stocked
        .iter()
        .filter(|variant| is_gone(**variant))
        .filter_map(|variant| {
            let offer = offers.get(variant).filter(|offer| offer.sellable)?;
            let offer = Some(offer).filter(|offer| offer.backorder_limit == 0)?;
            Some((*variant, Arc::clone(&offer.sku)))
        })
        .collect()
}

/// What becomes of a request whose key has made an order.
fn seen_before(request: &PlaceOrder, known: &HashMap<Uuid, Vec<KnownKey>>) -> Option<Decision> {
    let stored = known.get(&request.key)?;
    let same = stored.iter().find(|k| k.fingerprint == request.fingerprint);
    Some(same.map_or(Decision::Refused(Refusal::KeyReused), |k| Decision::Replay(k.order)))
}

/// Writes the orders, what their bundles are made of, and their events: rows nobody else can know of.
async fn write_orders<'a>(
    conn: &mut Connection,
    drafts: impl Iterator<Item = &'a Draft<'a>> + Clone,
    facts: &Facts<'_>,
) -> Result<(), BatchError> {
    let new: Vec<NewOrder<'_>> = drafts
        .clone()
        .map(|draft| NewOrder { order: &draft.order, holder: draft.holder })
        .collect();
    orders::insert(conn, &new).await?;
    let parts: Vec<&LineComponent> = drafts.clone().flat_map(|draft| &draft.components).collect();
    orders::components::insert(conn, &parts).await?;
    let taken_off: Vec<&Adjustment> = drafts.flat_map(|draft| &draft.adjustments).collect();
    adjustments::insert(conn, &taken_off).await?;
    let event = |new: &NewOrder<'_>| orders::events::created(new.order, facts.clock, facts.ids);
    let events: Vec<_> = new.iter().map(event).collect();
    outbox::append(conn, &events).await?;
    Ok(())
}

/// Writes the keys that have made the orders.
async fn write_keys<'a>(
    conn: &mut Connection,
    new: impl IntoIterator<Item = &'a Draft<'a>>,
    facts: &Facts<'_>,
) -> Result<(), BatchError> {
    let keys: Vec<KnownKey> = new.into_iter().map(|draft| draft.key).collect();
    if orders::idempotency::insert(conn, &keys, facts.now).await? {
        Ok(())
    } else {
        Err(BatchError::KeyRace)
    }
}

/// Writes what the orders claim: their units, and their share of what is limited.
async fn write_claims(
    conn: &mut Connection,
    accepted: &[Accepted<'_>],
    ledger: Ledger,
    facts: &Facts<'_>,
) -> Result<(), BatchError> {
    let held: Vec<Reservation> = accepted
        .iter()
        .flat_map(|Accepted { draft: Draft { order, .. }, allocations, .. }| {
            let until = order.reserved_until;
            allocations.iter().map(move |it| Reservation::of(it, order.id, facts.now, until))
        })
        .collect();
    reservations::insert(conn, &held).await?;
    let counted: Vec<_> = accepted.iter().flat_map(|new| new.draft.purchases.clone()).collect();
    purchases::insert(conn, &counted).await?;
    let redeemed: Vec<_> = accepted.iter().filter_map(|new| new.draft.redemption.clone()).collect();
    pricing::redeem(conn, &redeemed, facts.now).await?;
    inventory::save(conn, ledger, &SaveContext { clock: facts.clock, ids: facts.ids }).await?;
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
    let mut stored = orders::as_placed(conn, stored).await?;
    as_told_first(conn, &mut stored).await?;
    let mut held = reservations::of_orders(conn, &ids).await?;
    inventory::parts::as_first_held(conn, &ids, &mut held).await?;
    let waited = backorders::remembered(conn, &ids, &mut held).await?;
    let components = bundles::remembered(conn, &stored, &held).await?;
    let taken_off = adjustments::as_placed(conn, &ids).await?;
    let replay = |order: Order| {
        let id = order.id;
        (id, Arc::new(first_answer(order, &held, &waited, &components, &taken_off, offers)))
    };
    Ok(stored.into_iter().map(replay).collect())
}

/// The orders with the time for which they were held at first: another way of paying may have made it
/// longer.
pub(crate) async fn as_told_first(conn: &mut Connection, orders: &mut [Order]) -> DbResult<()> {
    let ids: Vec<OrderId> = orders.iter().map(|order| order.id).collect();
    let first_ends = orders::awaiting::first_ends(conn, &ids).await?;
    for order in orders {
        order.reserved_until = first_ends.get(&order.id).copied().unwrap_or(order.reserved_until);
    }
    Ok(())
}

/// What was answered when an order was placed, whatever happened since.
pub(crate) fn first_answer(
    mut order: Order,
    held: &[Reservation],
    waited: &[Backorder],
    components: &[LineComponent],
    taken_off: &[Adjustment],
    offers: &HashMap<VariantId, Offer>,
) -> Placed {
    order.status = OrderStatus::PendingPayment;
    order.paid_at = None;
    let id = order.id;
    let taken = held
        .iter()
        .filter(|r| r.order == id)
        .map(|r| (r.line_no, r.key, r.quantity, r.available_before));
    let own = components.iter().filter(|component| component.order == id).cloned().collect();
    let backordered = backorders::of_order(waited, &order);
    let adjustments = taken_off.iter().filter(|it| it.order == id).cloned().collect();
    Placed { adjustments, backordered, ..placed(order, taken, own, offers, true) }
}

fn outcomes(
    decisions: Vec<Decision>,
    accepted: Vec<Accepted<'_>>,
    replays: &HashMap<OrderId, Arc<Placed>>,
    offers: &HashMap<VariantId, Offer>,
) -> Vec<Outcome> {
    // Accepted in the order of the decisions.
    let mut accepted = accepted.into_iter().map(|Accepted { draft, allocations, backordered }| {
        let taken = allocations.iter().map(|a| (a.line_no, a.key, a.quantity, a.available_before));
        let placed = placed(draft.order, taken, draft.components, offers, false);
        Arc::new(Placed { backordered, adjustments: draft.adjustments, ..placed })
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
    components: Vec<LineComponent>,
    offers: &HashMap<VariantId, Offer>,
    replayed: bool,
) -> Placed {
    let sku_of = |line_no: i16, variant: VariantId| {
        let line = order.lines.iter().find(|line| line.line_no == line_no);
        let own = line.filter(|line| line.variant == variant).map(|line| &line.sku);
        let part = || bundles::sku_of(&components, line_no, variant);
        own.or_else(part).cloned().unwrap_or_default()
    };
    let mut deductions: Vec<Deduction> = taken
        .map(|(line_no, key, quantity, available_before)| Deduction {
            line_no,
            variant: key.variant,
            sku: sku_of(line_no, key.variant),
            warehouse: key.warehouse,
            quantity,
            available_before,
            available_after: available_before - quantity,
        })
        .collect();
    // The order in which a replay reads them, whatever the order in which they were taken.
    deductions.sort_unstable_by_key(|it| {
        (it.line_no, it.variant, Reverse(it.available_before), it.warehouse)
    });
    let face = |line: &orders::Line| {
        offers.get(&line.variant).map_or_else(LineFace::default, |offer| LineFace {
            product_slug: offer.product_slug.clone(),
            image: offer.image.clone(),
        })
    };
    let faces = order.lines.iter().map(face).collect();
    Placed {
        order,
        deductions,
        components,
        adjustments: Vec::new(),
        backordered: Vec::new(),
        faces,
        replayed,
    }
}
