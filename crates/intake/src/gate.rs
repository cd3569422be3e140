//! The sold-out gate: requests for what is surely gone stay away from the stock's locks.
//!
//! A batch that finds nothing left of a variant closes its gate. A request all of whose variants
//! are closed takes the *lane* beside the queue: hundreds of them share small reads without locks,
//! in no transaction: does a key know an order already (then it is a replay, and has its
//! order), and is something available again (then the gate opens)? Whoever is neither is sold out.
//!
//! What is closed is closed by what the catalogue said: once it is changed, everything is open again
//! until a batch has looked (a variant may have become a bundle, whose stock is other variants').
//!
//! So the gate is never the authority. It decides only who looks; the refusal is true at the moment
//! of the look, on every node and however the stock came back, without anybody having to tell the
//! gates about it. That costs a few microseconds of the server's time a request (ADR 0012).

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use kernel::id::VariantId;
use pg::{Db, DbResult};
use uuid::Uuid;

use crate::{
    request::{PlaceOrder, Refusal, ShortLine},
    ticket::Ticket,
};

/// Variants of which nothing was left when somebody last looked, with their SKUs.
#[derive(Debug, Default)]
pub(crate) struct Gate(RwLock<Closed>);

#[derive(Debug, Default)]
struct Closed {
    /// By which revision of the catalogue.
    revision: i64,
    skus: HashMap<VariantId, Arc<str>>,
}

impl Closed {
    /// Opens everything that was closed by an earlier revision.
    fn turn_to(&mut self, revision: i64) {
        if self.revision < revision {
            *self = Self { revision, skus: HashMap::new() };
        }
    }
}

/// The most variants that are remembered; it is only about speed.
const CLOSED_MAX: usize = 100_000;

impl Gate {
    /// Closes these, with their SKUs, by this revision of the catalogue.
    pub fn close(&self, variants: impl IntoIterator<Item = (VariantId, Arc<str>)>, revision: i64) {
        let mut variants = variants.into_iter().peekable();
        if variants.peek().is_none() {
            return;
        }
        let mut closed = self.write();
        closed.turn_to(revision);
        // What was decided by an earlier revision may be true no more.
        if closed.revision > revision {
            return;
        }
        for (variant, sku) in variants {
            if closed.skus.len() < CLOSED_MAX {
                closed.skus.insert(variant, sku);
            }
        }
    }

    fn open(&self, variants: &HashSet<VariantId>, revision: i64) {
        if !variants.is_empty() || self.read().revision < revision {
            let mut closed = self.write();
            closed.turn_to(revision);
            closed.skus.retain(|variant, _| !variants.contains(variant));
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, Closed> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Closed> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether everything a request wants is closed. Only then is its refusal complete: it names
    /// every line.
    pub fn is_closed_for(&self, request: &PlaceOrder) -> bool {
        let closed = self.read();
        !closed.skus.is_empty()
            && request.lines.iter().all(|line| closed.skus.contains_key(&line.variant))
    }

    /// The refusal of a request, if everything it wants is closed.
    fn refusal(&self, request: &PlaceOrder) -> Option<Refusal> {
        let closed = self.read();
        let short = |(index, line): (usize, &crate::RequestedLine)| {
            let sku = closed.skus.get(&line.variant)?;
            let same = request.lines.iter().filter(|other| other.variant == line.variant);
            Some(ShortLine {
                index,
                variant: line.variant,
                sku: Arc::clone(sku),
                requested: same.map(|other| i64::from(other.quantity.get())).sum(),
                available: 0,
            })
        };
        request
            .lines
            .iter()
            .enumerate()
            .map(short)
            .collect::<Option<Vec<_>>>()
            .map(Refusal::Shortage)
    }

    /// Looks for all of them at once. Who is sold out gets a refusal; the others have to go through
    /// the queue.
    pub async fn look(&self, db: &Db, tickets: &[Ticket]) -> DbResult<Vec<Option<Refusal>>> {
        let keys: Vec<Uuid> = tickets.iter().map(|ticket| ticket.request.key).collect();
        let mut variants: Vec<VariantId> = tickets
            .iter()
            .flat_map(|ticket| ticket.request.lines.iter().map(|line| line.variant))
            .collect();
        variants.sort_unstable();
        variants.dedup();
        let mut conn = db.acquire().await?;
        // The stock first: an order that took the last unit has stored its key by then.
        let in_stock = inventory::in_stock(&mut conn, &variants).await?;
        self.open(&in_stock, catalog::revision(&mut conn).await?);
        let known: HashSet<Uuid> = orders::idempotency::find(&mut conn, &keys)
            .await?
            .into_iter()
            .map(|known| known.key)
            .collect();
        drop(conn);
        let decide = |ticket: &Ticket| {
            let request = &ticket.request;
            if known.contains(&request.key) { None } else { self.refusal(request) }
        };
        Ok(tickets.iter().map(decide).collect())
    }
}
