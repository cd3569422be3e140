//! Limit B: set-based SQL alone. The rows of an order as the shop writes them, by the modules' own
//! statements, from prepared batches on overlapping connections; no HTTP, no queue, no decisions.
//!
//! By default the stock rows are locked last, just before they are written, so that while one
//! transaction waits for the disk the next one is at work: no way of batching these statements can
//! be quicker. The engine has to lock them first, because it decides by them; `--lock first` shows
//! what that costs.

use std::{
    io::Write as _,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use clap::ValueEnum;
use inventory::{Cause, Ledger, MovementKind, Reservation, SaveContext, reservations};
use kernel::{Clock as _, Ids, SystemClock, id::VariantId};
use orders::{KnownKey, Order};
use outbox::NewEvent;
use pg::{Connection, Db, DbOptions};
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::samples::{Sample, Samples};

/// Which orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Orders {
    /// All of one variant.
    Hot,
    /// Of variants here and there.
    Spread,
}

/// When the stock rows are locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Lock {
    /// Before everything, as the engine does.
    First,
    /// When they are written.
    Last,
}

/// What to write.
#[derive(Clone, Debug, clap::Args)]
pub struct Work {
    /// The database, as its owner.
    #[arg(long)]
    pub database: String,
    /// Where samples of orders are.
    #[arg(long)]
    pub samples: String,
    /// Which orders.
    #[arg(long, value_enum, default_value = "hot")]
    pub orders: Orders,
    /// When the stock rows are locked.
    #[arg(long, value_enum, default_value = "last")]
    pub lock: Lock,
    /// Orders in a transaction.
    #[arg(long, default_value_t = 500)]
    pub batch: usize,
    /// Transactions at the same time.
    #[arg(long, default_value_t = 2)]
    pub connections: usize,
    /// Milliseconds that are not counted.
    #[arg(long, default_value_t = 500)]
    pub warm_up_ms: u64,
    /// Milliseconds that are counted.
    #[arg(long, default_value_t = 3000)]
    pub measure_ms: u64,
    /// So many orders instead, however long it takes.
    #[arg(long)]
    pub number: Option<u64>,
}

/// What was written.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Written {
    /// Orders, those outside the window included.
    pub total: u64,
    /// Orders committed within the window.
    pub measured: u64,
    /// The window; longer where a writer's first batch took longer.
    pub seconds: f64,
}

/// A batch, ready but for its ids.
#[derive(Clone)]
struct Batch {
    keys: Vec<KnownKey>,
    orders: Vec<Order>,
    /// What each order holds, and the order's place.
    held: Vec<Reservation>,
    owners: Vec<usize>,
    events: Vec<NewEvent>,
    variants: Vec<VariantId>,
}

struct Writer {
    lock: Lock,
    db: Db,
    ids: Ids,
}

/// Writes, and says how much it was.
pub fn main(work: Work) -> Result<()> {
    let written = crate::servers::runtime()?.block_on(write(work))?;
    writeln!(std::io::stdout(), "{}", serde_json::to_string(&written)?)?;
    Ok(())
}

async fn write(work: Work) -> Result<Written> {
    let samples = Samples::load(&work.samples).await?;
    let samples = match work.orders {
        Orders::Hot => samples.hot,
        Orders::Spread => samples.spread,
    };
    let ids = Ids::from_system();
    let size = u32::try_from(work.connections)?.max(1);
    let db = Db::open(&DbOptions::app(&work.database).with_max_connections(size))?;
    let batches: Vec<Batch> = (0..8).map(|turn| batch(&samples, turn, work.batch, &ids)).collect();
    let measure = Duration::from_millis(work.measure_ms);
    let quota = work.number.map(|number| number.div_ceil(work.connections as u64));
    let writer = Arc::new(Writer { lock: work.lock, db, ids });
    let began = Instant::now();
    let (from, until) = if quota.is_some() {
        (began, began + Duration::from_hours(1))
    } else {
        let from = began + Duration::from_millis(work.warm_up_ms);
        (from, from + measure)
    };
    let mut writers = JoinSet::new();
    for place in 0..work.connections {
        let (writer, mut batches) = (Arc::clone(&writer), batches.clone());
        batches.rotate_left(place);
        writers.spawn(async move { writer.run(batches, from, until, quota).await });
    }
    let mut written = Written { total: 0, measured: 0, seconds: measure.as_secs_f64() };
    while let Some(ended) = writers.join_next().await {
        let (total, measured, last) = ended??;
        written.total += total;
        written.measured += measured;
        written.seconds = written.seconds.max(last.duration_since(from).as_secs_f64());
    }
    if quota.is_some() {
        written.seconds = began.elapsed().as_secs_f64();
    }
    Ok(written)
}

/// The samples again and again, until the batch is full.
fn batch(samples: &[Sample], turn: usize, size: usize, ids: &Ids) -> Batch {
    let now = SystemClock.now();
    let mut batch = Batch {
        keys: Vec::new(),
        orders: Vec::new(),
        held: Vec::new(),
        owners: Vec::new(),
        events: Vec::new(),
        variants: Vec::new(),
    };
    for (order, held) in samples.iter().cycle().skip(turn * size).take(size) {
        let lasts = order.reserved_until - order.created_at;
        let order = Order { created_at: now, reserved_until: now + lasts, ..order.clone() };
        for reservation in held {
            batch.owners.push(batch.orders.len());
            let (created_at, expires_at) = (now, order.reserved_until);
            batch.held.push(Reservation { created_at, expires_at, ..*reservation });
        }
        let (key, fingerprint) = (Uuid::nil(), [7; 32]);
        batch.keys.push(KnownKey { key, fingerprint, order: order.id });
        batch.events.push(orders::events::created(&order, &SystemClock, ids));
        batch.variants.extend(order.lines.iter().map(|line| line.variant));
        batch.orders.push(order);
    }
    batch
}

impl Batch {
    /// New ids; everything else stays.
    fn renew(&mut self, ids: &Ids) {
        let orders = self.orders.iter_mut().zip(&mut self.keys).zip(&mut self.events);
        for ((order, known), event) in orders {
            order.id = ids.next_on(&SystemClock, order.lines[0].variant.shard());
            (known.key, known.order) = (Uuid::from_bytes(ids.bytes()), order.id);
            (event.id, event.subject) = (ids.next(&SystemClock), order.id.as_uuid());
        }
        for (reservation, owner) in self.held.iter_mut().zip(&self.owners) {
            reservation.order = self.orders[*owner].id;
        }
    }
}

impl Writer {
    /// Orders written, how many of them within the window, and when the last of these were. A batch
    /// counts even on a machine so busy that the window is over before it is written.
    async fn run(
        &self,
        mut batches: Vec<Batch>,
        from: Instant,
        until: Instant,
        quota: Option<u64>,
    ) -> Result<(u64, u64, Instant)> {
        let (mut total, mut measured, mut last, count) = (0, 0, from, batches.len());
        for turn in 0.. {
            let batch = &mut batches[turn % count];
            batch.renew(&self.ids);
            self.place(batch).await?;
            let (now, size) = (Instant::now(), batch.orders.len() as u64);
            total += size;
            if now >= from && (now < until || measured == 0) {
                (measured, last) = (measured + size, now);
            }
            if now >= until || quota.is_some_and(|quota| total >= quota) {
                break;
            }
        }
        Ok((total, measured, last))
    }

    async fn place(&self, batch: &Batch) -> Result<()> {
        let mut tx = self.db.begin().await?;
        let conn: &mut Connection = &mut tx;
        let ledger = if self.lock == Lock::First {
            let ledger = inventory::lock(conn, &batch.variants).await?;
            read(conn, batch).await?;
            insert(conn, batch).await?;
            ledger
        } else {
            read(conn, batch).await?;
            insert(conn, batch).await?;
            inventory::lock(conn, &batch.variants).await?
        };
        self.save(conn, ledger, batch).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Takes the units and writes balances, movements and their events.
    async fn save(&self, conn: &mut Connection, mut ledger: Ledger, batch: &Batch) -> Result<()> {
        for (reservation, owner) in batch.held.iter().zip(&batch.owners) {
            let order = &batch.orders[*owner];
            let cause = Cause {
                actor: order.buyer(),
                reference: Some(order.id.as_uuid()),
                reason: None,
                at: order.created_at,
            };
            let (key, quantity) = (reservation.key, reservation.quantity);
            ledger.apply(key, MovementKind::Reserve, quantity, &cause)?;
        }
        let context = SaveContext { clock: &SystemClock, ids: &self.ids };
        inventory::save(conn, ledger, &context).await?;
        Ok(())
    }
}

/// What a batch reads.
async fn read(conn: &mut Connection, batch: &Batch) -> Result<()> {
    let keys: Vec<Uuid> = batch.keys.iter().map(|known| known.key).collect();
    orders::idempotency::find(conn, &keys).await?;
    catalog::offers(conn, &batch.variants, SystemClock.now()).await?;
    shipping::methods(conn).await?;
    inventory::warehouses(conn).await?;
    Ok(())
}

async fn insert(conn: &mut Connection, batch: &Batch) -> Result<()> {
    let now = SystemClock.now();
    ensure!(orders::idempotency::insert(conn, &batch.keys, now).await?, "a key was there before");
    orders::insert(conn, &batch.orders.iter().map(Into::into).collect::<Vec<_>>()).await?;
    reservations::insert(conn, &batch.held).await?;
    outbox::append(conn, &batch.events).await?;
    Ok(())
}
