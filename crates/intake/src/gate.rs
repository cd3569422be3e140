//! The sold-out gate: requests for what is surely gone stay away from the stock's locks.
//!
//! A batch that finds nothing left of a variant closes its gate. A request all of whose variants
//! are closed takes the *lane* beside the queue: hundreds of them share two small reads without
//! locks, in no transaction: does a key know an order already (then it is a replay, and has its
//! order), and is something available again (then the gate opens)? Whoever is neither is sold out.
//!
//! So the gate is never the authority. It decides only who looks; the refusal is true at the moment
//! of the look, on every node and however the stock came back, without anybody having to tell the
//! gates about it. That costs a few microseconds of the server's time a request (ADR 0012).

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, PoisonError, RwLock},
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
pub(crate) struct Gate {
    closed: RwLock<HashMap<VariantId, Arc<str>>>,
}

/// The most variants that are remembered; it is only about speed.
const CLOSED_MAX: usize = 100_000;

impl Gate {
    /// Closes these, with their SKUs.
    pub fn close(&self, variants: impl IntoIterator<Item = (VariantId, Arc<str>)>) {
        let mut variants = variants.into_iter().peekable();
        if variants.peek().is_none() {
            return;
        }
        let mut closed = self.closed.write().unwrap_or_else(PoisonError::into_inner);
        for (variant, sku) in variants {
            if closed.len() < CLOSED_MAX {
                closed.insert(variant, sku);
            }
        }
    }

    fn open(&self, variants: &HashSet<VariantId>) {
        if !variants.is_empty() {
            let mut closed = self.closed.write().unwrap_or_else(PoisonError::into_inner);
            closed.retain(|variant, _| !variants.contains(variant));
        }
    }

    /// Whether everything a request wants is closed. Only then is its refusal complete: it names
    /// every line.
    pub fn is_closed_for(&self, request: &PlaceOrder) -> bool {
        let closed = self.closed.read().unwrap_or_else(PoisonError::into_inner);
        !closed.is_empty() && request.lines.iter().all(|line| closed.contains_key(&line.variant))
    }

    /// The refusal of a request, if everything it wants is closed.
    fn refusal(&self, request: &PlaceOrder) -> Option<Refusal> {
        let closed = self.closed.read().unwrap_or_else(PoisonError::into_inner);
        let short = |(index, line): (usize, &crate::RequestedLine)| {
            let sku = closed.get(&line.variant)?;
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
        self.open(&inventory::in_stock(&mut conn, &variants).await?);
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
