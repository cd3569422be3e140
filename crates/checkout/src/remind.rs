//! Telling buyers what no event tells: that their order was received and waits for its money, and
//! that its time to pay is nearly over.
//!
//! A job for each order, written when it is placed, would be paid for by every order of a flash sale.
//! So somebody looks every few seconds: at what was placed a minute ago and is still unpaid (whoever
//! pays at once is told that it is paid, and needs no other mail), and at what ends soon. An order is
//! told once by any number of nodes: it is marked in the transaction that writes the jobs, and the mark
//! is there only once. The jobs' number in a round is bounded, so that a crowd does not keep more
//! urgent mails waiting; of a crowd that waits, those who paid meanwhile drop out.
//!
//! Each worker remembers how far it has looked. After a restart it looks again at the last hour's
//! orders and at all that end soon, and the marks keep it from telling anybody twice.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use kernel::{SHARD_COUNT, Shard, id::OrderId};
use notifications::{
    Mark, jobs,
    mails::order::{OrderReceived, PaymentReminder},
    marks,
    payload::{self, Bill},
    templates::{SEND_ORDER_RECEIVED, SEND_PAYMENT_REMINDER, TEXT_PAYMENT_REMINDER},
    texts::{self, PaymentReminderText},
};
use orders::{
    Order, OrderNumber, OrderStatus,
    waiting::{self, EndPlace},
};
use outbox::NewJob;
use pg::{Backoff, Connection, DbResult, retry};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::Checkout;

/// How often to look.
const PERIOD: Duration = Duration::from_secs(5);
/// Orders told in a round that they were received.
const RECEIVED_BATCH: u32 = 100;
/// Orders told in a round that their time ends.
const ENDING_BATCH: u32 = 500;
/// How long after it was placed an order is told that it was received. Longer than it can take to
/// place one, so that none appears where the worker has looked already.
const RECEIVED_AFTER: SignedDuration = SignedDuration::from_mins(1);
/// Orders that were placed longer ago than this are not told any more.
const RECEIVED_WITHIN: SignedDuration = SignedDuration::from_hours(1);

/// Tells buyers of orders that wait for their money.
#[derive(Debug)]
pub struct Reminders {
    checkout: Checkout,
    /// How long before its end; none: nobody is told.
    lead: Option<SignedDuration>,
    /// Whether also by short message.
    texts: bool,
    /// How far it has looked, by the end of the orders' time.
    ends: EndPlace,
    /// How far it has looked in each shard, by the orders' ids.
    placed: [Uuid; SHARD_COUNT as usize],
    /// The shard to look at next.
    shard: u8,
}

/// What a round came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// Orders told that they were received.
    pub received: usize,
    /// Orders told that their time ends.
    pub ending: usize,
}

impl Reminders {
    /// `lead` before their end, also by short message where `texts` are wanted. Orders that have less
    /// than twice that time to be paid are not told of its end: they were placed only a moment ago.
    pub const fn new(checkout: Checkout, lead: Option<SignedDuration>, texts: bool) -> Self {
        let ends = EndPlace::after(Timestamp::MIN);
        let placed = [Uuid::nil(); SHARD_COUNT as usize];
        Self { checkout, lead, texts, ends, placed, shard: 0 }
    }

    /// Looks once.
    pub async fn round(&mut self) -> DbResult<Told> {
        // What keeps one from being told is nothing to the other.
        let (received, ending) = (self.tell_received().await, self.tell_ending().await);
        Ok(Told { received: received?, ending: ending? })
    }

    /// Looks until `stop` is cancelled.
    pub async fn run(mut self, stop: CancellationToken) {
        loop {
            match self.round().await {
                Ok(Told { received: 0, ending: 0 }) => {}
                Ok(Told { received, ending }) => {
                    tracing::info!(received, ending, "buyers of unpaid orders are told");
                }
                Err(error) => {
                    tracing::warn!(%error, "looking for unpaid orders failed; trying again");
                }
            }
            if stop.run_until_cancelled(tokio::time::sleep(PERIOD)).await.is_none() {
                return;
            }
        }
    }

    /// Goes through the shards, on from where the last round ended.
    async fn tell_received(&mut self) -> DbResult<usize> {
        let now = self.checkout.clock.now();
        let oldest = waiting::first_id(now - RECEIVED_WITHIN);
        let before = waiting::first_id(now - RECEIVED_AFTER);
        let (mut told, mut room) = (0, RECEIVED_BATCH);
        for _ in 0..SHARD_COUNT {
            let shard = self.shard;
            let after = self.placed[usize::from(shard)].max(oldest);
            let found = {
                let mut conn = self.checkout.db.acquire().await?;
                waiting::placed(&mut conn, Shard::new(shard), after, before, room).await?
            };
            told += self.tell(Mark::Received, &found, now).await?;
            let seen = u32::try_from(found.len()).unwrap_or(u32::MAX);
            let is_all = seen < room;
            let last = found.last().map(|(order, _)| order.as_uuid()).filter(|_| !is_all);
            self.placed[usize::from(shard)] = last.unwrap_or(before);
            self.shard = (shard + 1) % SHARD_COUNT;
            room = room.saturating_sub(seen);
            if room == 0 {
                break;
            }
        }
        Ok(told)
    }

    async fn tell_ending(&mut self) -> DbResult<usize> {
        let Some(lead) = self.lead else { return Ok(0) };
        let now = self.checkout.clock.now();
        let until = now + lead;
        // What has ended is not to be reminded of.
        let place = self.ends.max(EndPlace::after(now));
        let found = {
            let mut conn = self.checkout.db.acquire().await?;
            waiting::ending(&mut conn, place, until, lead * 2, ENDING_BATCH).await?
        };
        let told = self.tell(Mark::Ending, &found, now).await?;
        let is_all = found.len() < ENDING_BATCH as usize;
        self.ends = match found.last() {
            Some((order, end)) if !is_all => EndPlace { end: *end, order: order.as_uuid() },
            _ => EndPlace::after(until),
        };
        Ok(told)
    }

    /// Marks orders and writes their jobs, in one transaction.
    async fn tell(
        &self,
        mark: Mark,
        found: &[(OrderId, Timestamp)],
        now: Timestamp,
    ) -> DbResult<usize> {
        if found.is_empty() {
            return Ok(0);
        }
        let Checkout { db, ids, .. } = &self.checkout;
        retry(Backoff::TRANSACTION, ids, async || {
            let mut tx = db.begin().await?;
            let fresh = marks::mark(&mut tx, mark, found, now).await?;
            let told = self.write_jobs(&mut tx, mark, &fresh).await?;
            tx.commit().await?;
            Ok(told)
        })
        .await
    }

    async fn write_jobs(
        &self,
        conn: &mut Connection,
        mark: Mark,
        fresh: &[OrderId],
    ) -> DbResult<usize> {
        let mut orders = orders::load(conn, fresh).await?;
        // Paid, or cancelled, since it was found.
        orders.retain(|order| {
            matches!(order.status, OrderStatus::PendingPayment | OrderStatus::PaymentFailed)
        });
        let jobs: Vec<NewJob> = orders
            .iter()
            .flat_map(|order| match mark {
                Mark::Received => vec![self.received(order)],
                Mark::Ending => self.ending(order),
            })
            .collect();
        outbox::enqueue(conn, &jobs).await?;
        Ok(orders.len())
    }

    fn received(&self, order: &Order) -> NewJob {
        let payload = OrderReceived {
            order: self.addressee(order),
            bill: bill(order),
            created_at: order.created_at,
            pay_until: order.reserved_until,
        };
        self.job(SEND_ORDER_RECEIVED, &payload)
    }

    fn ending(&self, order: &Order) -> Vec<NewJob> {
        let addressee = self.addressee(order);
        let (number, locale) = (addressee.number.clone(), addressee.locale);
        let (total, pay_until) = (order.total, order.reserved_until);
        let mail = PaymentReminder { order: addressee, total, pay_until };
        let mut jobs = vec![self.job(SEND_PAYMENT_REMINDER, &mail)];
        if self.texts && texts::reaches(&order.contact.phone) {
            let phone = order.contact.phone.to_string();
            let text = PaymentReminderText { phone, locale, number, pay_until };
            jobs.push(self.job(TEXT_PAYMENT_REMINDER, &text));
        }
        jobs
    }

    fn addressee(&self, order: &Order) -> payload::Order {
        let guest = order.customer.is_none();
        payload::Order {
            number: OrderNumber::of(order.id).to_string(),
            email: order.contact.email.to_string(),
            locale: order.locale,
            order_url: Some(self.checkout.order_url(order.id, order.locale, "", guest)),
        }
    }

    fn job(&self, kind: &'static str, payload: &impl serde::Serialize) -> NewJob {
        jobs::job(kind, payload, None, &self.checkout.ids, &*self.checkout.clock)
    }
}

fn bill(order: &Order) -> Bill {
    let lines = order.lines.iter().map(|line| payload::Line {
        name: line.name.clone(),
        variant_name: line.variant_name.clone(),
        quantity: line.quantity.get(),
        line_total: line.line_total,
    });
    Bill {
        lines: lines.collect(),
        subtotal: order.subtotal,
        discount: order.discount,
        shipping_fee: order.shipping_fee,
        total: order.total,
    }
}
