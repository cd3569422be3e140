//! What the operator sees of the engine.

use std::time::Duration;

use telemetry::{
    Metrics,
    prometheus::{Histogram, IntCounter, IntCounterVec, Result},
};

use crate::{
    request::{PlaceError, Refusal},
    ticket::Answer,
};

/// Seconds: from a tenth of a millisecond to ten seconds.
const SECONDS: &[f64] =
    &[0.000_1, 0.000_5, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0];
const ORDERS: &[f64] = &[1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0];

/// The engine's metrics. Cheap to clone.
#[derive(Clone, Debug)]
pub struct IntakeMetrics {
    batch_orders: Histogram,
    queued: Histogram,
    transaction: Histogram,
    lock_wait: Histogram,
    outcomes: IntCounterVec,
    retries: IntCounter,
    splits: IntCounter,
    redrafted: IntCounter,
    sold_out: IntCounter,
}

impl Default for IntakeMetrics {
    /// Metrics that nobody looks at.
    fn default() -> Self {
        Self::new(&Metrics::new()).unwrap_or_else(|error| panic!("names in use: {error}"))
    }
}

impl IntakeMetrics {
    /// Registers them. The length of the queue is a gauge of its own, kept by who owns the engine.
    pub fn new(metrics: &Metrics) -> Result<Self> {
        Ok(Self {
            batch_orders: metrics.histogram(
                "oxcart_intake_batch_orders",
                "Requests in one transaction",
                ORDERS,
            )?,
            queued: metrics.histogram(
                "oxcart_intake_queued_seconds",
                "From a request's arrival to the start of its transaction",
                SECONDS,
            )?,
            transaction: metrics.histogram(
                "oxcart_intake_transaction_seconds",
                "A batch's transaction, with its commit",
                SECONDS,
            )?,
            lock_wait: metrics.histogram(
                "oxcart_intake_lock_seconds",
                "Until a batch had its stock rows",
                SECONDS,
            )?,
            outcomes: metrics.counters(
                "oxcart_intake_outcomes_total",
                "Answers by their code",
                &["code"],
            )?,
            retries: metrics
                .counter("oxcart_intake_retries_total", "Transactions that were done again")?,
            splits: metrics.counter(
                "oxcart_intake_splits_total",
                "Batches halved to find the request that fails",
            )?,
            redrafted: metrics.counter(
                "oxcart_intake_redrafts_total",
                "Batches whose orders were written before there turned out to be too little stock",
            )?,
            sold_out: metrics.counter(
                "oxcart_intake_gate_hits_total",
                "Requests answered at the sold-out gate",
            )?,
        })
    }

    pub(crate) fn batch(&self, orders: usize, transaction: Duration, lock_wait: Duration) {
        #[expect(clippy::cast_precision_loss, reason = "a batch is small")]
        self.batch_orders.observe(orders as f64);
        self.transaction.observe(transaction.as_secs_f64());
        self.lock_wait.observe(lock_wait.as_secs_f64());
    }

    /// How long each of a batch's requests had waited.
    pub(crate) fn queued(&self, waits: impl Iterator<Item = Duration>) {
        let local = self.queued.local();
        waits.for_each(|wait| local.observe(wait.as_secs_f64()));
        local.flush();
    }

    pub(crate) fn outcomes<'a>(&self, answers: impl Iterator<Item = &'a Answer>) {
        let mut counts: Vec<(&'static str, u64)> = Vec::new();
        for answer in answers {
            let code = code(answer);
            match counts.iter_mut().find(|(known, _)| *known == code) {
                Some((_, count)) => *count += 1,
                None => counts.push((code, 1)),
            }
        }
        for (code, count) in counts {
            self.outcomes.with_label_values(&[code]).inc_by(count);
        }
    }

    pub(crate) fn refused(&self, error: &PlaceError) {
        self.outcomes.with_label_values(&[error_code(error)]).inc();
    }

    pub(crate) fn retry(&self) {
        self.retries.inc();
    }

    pub(crate) fn split(&self) {
        self.splits.inc();
    }

    pub(crate) fn redrafted(&self) {
        self.redrafted.inc();
    }

    pub(crate) fn sold_out(&self, requests: usize) {
        self.sold_out.inc_by(u64::try_from(requests).unwrap_or(0));
    }
}

fn code(answer: &Answer) -> &'static str {
    match answer {
        Ok(placed) if placed.replayed => "replayed",
        Ok(_) => "placed",
        Err(error) => error_code(error),
    }
}

const fn error_code(error: &PlaceError) -> &'static str {
    match error {
        PlaceError::Refused(refusal) => match refusal {
            Refusal::VariantNotFound { .. } => "product_not_found",
            Refusal::PriceChanged { .. } => "price_changed",
            Refusal::Shortage(_) => "inventory_shortage",
            Refusal::Frozen(_) => "stock_frozen",
            Refusal::UnknownShippingMethod => "unknown_shipping_method",
            Refusal::PaymentMethod(_) => "payment_method",
            Refusal::PurchaseLimit(_) => "purchase_limit_exceeded",
            Refusal::HoldLimit { .. } => "hold_limit_exceeded",
            Refusal::CouponInvalid(_) => "coupon_invalid",
            Refusal::TotalOutOfRange => "total_out_of_range",
            Refusal::KeyReused => "idempotency_key_reused",
        },
        PlaceError::QueueFull => "queue_full",
        PlaceError::StillWorking => "still_working",
        PlaceError::Unavailable => "unavailable",
        PlaceError::Internal => "internal",
    }
}
