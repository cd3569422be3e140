//! Back-orders 預購: units of a variant that are sold beyond stock, and wait until some comes in.
//!
//! Off unless a variant's offer says how many units may wait; without it nothing is ever sold that is
//! not there. What is available goes first; the rest waits in the variant's queue. Whatever comes in
//! (received, returned, transferred, adjusted, given back by others, thawed, or in a warehouse that is
//! opened again) goes to the oldest first, in the same transaction: it is reserved for its order, and
//! sold at once if that is paid. Stock rows know nothing of units that wait.
//!
//! *Invariant:* the count of a variant is the sum of what waits for it. *Lock order:* after all stock
//! rows, the counts of the queues, in the order of the variants. Whoever holds a queue's count may
//! change what waits in it, and the reservations that come of it, without the orders' locks; so who
//! settles an order of which something waits locks its queues before reading what it holds.

mod fill;
mod sql;

use std::collections::BTreeMap;

use jiff::Timestamp;
use kernel::id::{OrderId, VariantId};
use pg::{Connection, DbResult};

use crate::{ledger::Ledger, model::StockKey, reservations::ReservationStatus, sourcing::Sourcing};

pub(crate) use self::fill::{fill, fill_opened};

/// What became of units that were sold beyond stock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackorderStatus {
    /// Some of them have got nothing yet.
    Waiting,
    /// All of them have their units.
    Filled,
    /// Given up: the order was cancelled or failed.
    Released,
    /// Given up: the order was not paid in time (BR-003).
    Expired,
}

impl BackorderStatus {
    /// The word kept in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Filled => "filled",
            Self::Released => "released",
            Self::Expired => "expired",
        }
    }

    /// The status a word stands for.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Waiting, Self::Filled, Self::Released, Self::Expired]
            .into_iter()
            .find(|status| status.as_str() == word)
    }
}

/// Units of one line that were sold beyond stock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backorder {
    /// Whose.
    pub order: OrderId,
    /// Which line.
    pub line_no: i16,
    /// Of what.
    pub variant: VariantId,
    /// Its place in the variant's queue.
    pub seq: i64,
    /// Units beyond stock when the order was placed.
    pub quantity: i32,
    /// Of these, how many have got nothing yet.
    pub waiting: i32,
    /// What became of it.
    pub status: BackorderStatus,
    /// Whether the order is paid: what comes in is sold at once.
    pub paid: bool,
    /// Until when what comes in is held.
    pub expires_at: Timestamp,
    /// Since when it waits.
    pub created_at: Timestamp,
}

/// The count of a variant's queue, as locked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub waiting: i32,
    pub last_seq: i64,
}

/// Locked queues, and who joins them. Saved at the end.
#[derive(Debug, Default)]
pub struct Queues {
    counts: BTreeMap<VariantId, Count>,
    joined: Vec<Backorder>,
}

impl Queues {
    /// Whether no queue is locked: nothing can be sold beyond stock.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// How many more units of a variant may wait when `limit` of them may; none when its queue is
    /// not locked.
    pub fn room(&self, variant: VariantId, limit: u32) -> i64 {
        let count = self.counts.get(&variant);
        count.map_or(0, |count| (i64::from(limit) - i64::from(count.waiting)).max(0))
    }

    /// Units of a line join their variant's queue, last.
    ///
    /// # Panics
    /// When the queue is not locked, or there are no units: both are for the caller to know.
    pub fn join(
        &mut self,
        (order, line_no): (OrderId, i16),
        variant: VariantId,
        quantity: i32,
        created_at: Timestamp,
        expires_at: Timestamp,
    ) {
        assert!(quantity > 0, "{quantity} units cannot wait");
        let count = self.counts.get_mut(&variant).unwrap_or_else(|| panic!("a queue unlocked"));
        count.waiting += quantity;
        count.last_seq += 1;
        self.joined.push(Backorder {
            order,
            line_no,
            variant,
            seq: count.last_seq,
            quantity,
            waiting: quantity,
            status: BackorderStatus::Waiting,
            paid: false,
            expires_at,
            created_at,
        });
    }
}

/// Makes the queue of a variant of which units may be sold beyond stock from now on, before anybody
/// can join it: whoever opens a warehouse looks at every queue there is. Waits for who is just
/// opening one.
pub async fn make_queue(conn: &mut Connection, variant: VariantId) -> DbResult<()> {
    crate::sql::warehouses::hold_all(conn).await?;
    sql::make_counts(conn, &[variant]).await
}

/// Locks the queues of these variants, whose stock rows this ledger holds; makes those there are none
/// of. Nothing when stock came to be in another place, or another warehouse is open than `sourcing`
/// knows of, because this waited: then all is to be done again, for nobody may wait for what is
/// there. No statement for no variants.
pub async fn lock(
    conn: &mut Connection,
    variants: &[VariantId],
    ledger: &Ledger,
    sourcing: &Sourcing,
) -> DbResult<Option<Queues>> {
    if variants.is_empty() {
        return Ok(Some(Queues::default()));
    }
    let mut variants = variants.to_vec();
    variants.sort_unstable();
    variants.dedup();
    let counts = sql::lock_counts(conn, &variants).await?;
    // Whoever brings stock in, or opens a warehouse, locks the queue as well: they have been, and it
    // shows; or come later.
    let known: usize = variants.iter().map(|variant| ledger.rows_of(*variant).count()).sum();
    let (rows, open) = sql::places(conn, &variants).await?;
    let same = usize::try_from(rows) == Ok(known) && sourcing.knows(&open);
    Ok(same.then_some(Queues { counts, joined: Vec::new() }))
}

/// Locks the queues that these are in.
pub(crate) async fn lock_those_of(conn: &mut Connection, waiting: &[Backorder]) -> DbResult<()> {
    let mut variants: Vec<VariantId> = waiting.iter().map(|it| it.variant).collect();
    variants.sort_unstable();
    variants.dedup();
    sql::lock_known(conn, &variants).await.map(drop)
}

/// Writes who joined, and the counts; no statement when nobody did.
pub async fn save(conn: &mut Connection, queues: &Queues) -> DbResult<()> {
    if queues.joined.is_empty() {
        return Ok(());
    }
    sql::insert(conn, &queues.joined).await?;
    let changed = |variant: &VariantId| queues.joined.iter().any(|it| it.variant == *variant);
    let counts: Vec<_> = queues.counts.iter().filter(|(variant, _)| changed(variant)).collect();
    sql::set_counts(conn, &counts).await
}

/// What these orders were sold beyond stock, whatever became of it: by order, in line order.
pub async fn of_orders(conn: &mut Connection, orders: &[OrderId]) -> DbResult<Vec<Backorder>> {
    sql::of_orders(conn, orders).await
}

/// Units that reservations of these orders got after the orders were placed.
pub async fn fills_of(
    conn: &mut Connection,
    orders: &[OrderId],
) -> DbResult<BTreeMap<(OrderId, i16, StockKey), i32>> {
    sql::fills_of(conn, orders).await
}

/// How many units of a variant wait.
pub async fn waiting(conn: &mut Connection, variant: VariantId) -> DbResult<i64> {
    sql::waiting(conn, variant).await
}

/// Who waits for a variant, the oldest first: at most `limit` of them, after the one with this number.
pub async fn queue(
    conn: &mut Connection,
    variant: VariantId,
    after: i64,
    limit: i64,
) -> DbResult<Vec<Backorder>> {
    sql::queue(conn, variant, after, limit).await
}

/// Of these, those that wait.
pub(crate) async fn waiting_of(
    conn: &mut Connection,
    orders: &[OrderId],
) -> DbResult<Vec<Backorder>> {
    let mut found = sql::of_orders(conn, orders).await?;
    found.retain(|it| it.status == BackorderStatus::Waiting);
    Ok(found)
}

/// What becomes of what waits for orders that are settled: with the payment it waits as paid; else it
/// leaves its queue. Their queues are locked.
pub(crate) async fn settle(
    conn: &mut Connection,
    waiting: &[Backorder],
    outcome: ReservationStatus,
    at: Timestamp,
) -> DbResult<()> {
    let status = match outcome {
        ReservationStatus::Active => return Ok(()),
        ReservationStatus::Confirmed => return sql::mark_paid(conn, waiting).await,
        ReservationStatus::Released => BackorderStatus::Released,
        ReservationStatus::Expired => BackorderStatus::Expired,
    };
    sql::leave(conn, waiting, status, at).await
}
