//! The measurements. Each begins with a fresh database and fresh processes, and ends them.

mod abuse;
mod aftermath;
mod importing;
mod limits;
mod orders;
mod queue;
mod reads;
mod searching;

use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};

use crate::{load::outcome::Outcome, plan::Measure, stage::Stage};

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Not counted.
    pub warm_up: Duration,
    /// Counted.
    pub measure: Duration,
    /// Connections of a closed loop.
    pub connections: usize,
    /// Connections of a closed loop of orders.
    pub crowd: usize,
    /// Orders that expire, and whose events are drained.
    pub backlog: u64,
}

/// What a run gave.
#[derive(Debug)]
pub struct Figures {
    /// Rows and their figures.
    pub rows: Vec<(&'static str, f64)>,
    /// For people who want to know more.
    pub detail: Value,
}

impl Figures {
    /// One figure of a load.
    pub fn of(row: &'static str, outcome: &Outcome) -> Self {
        Self { rows: vec![(row, outcome.rate())], detail: detail(outcome) }
    }
}

/// What a run cannot be done with.
#[derive(Debug)]
pub enum Skipped {
    /// Something is missing on this machine, for this reason.
    Impossible(String),
}

/// Measures.
pub struct Bench {
    /// Where.
    pub stage: Stage,
    /// How much.
    pub effort: Effort,
    /// The rate of the hot row in this round, for the latency at half of it.
    pub top_rate: Option<f64>,
    /// Makes every load's keys different.
    pub loads: u64,
}

impl Bench {
    /// Measures once.
    pub async fn measure(&mut self, by: Measure) -> Result<Result<Figures, Skipped>> {
        let figures = match by {
            Measure::Generator => self.generator().await,
            Measure::HttpLibrary => self.bare_handler("limit_http_library").await,
            Measure::BareHandler => self.bare_handler("limit_bare_handler").await,
            Measure::SqlOnly => self.sql_only("limit_sql_only", &[]).await,
            Measure::SqlOnlyLockFirst => {
                self.sql_only("limit_sql_only_lock_first", &["--lock", "first"]).await
            }
            Measure::SqlOnlySpread => {
                self.sql_only("limit_sql_only_spread", &["--orders", "spread"]).await
            }
            Measure::OrdersHot
            | Measure::OrdersUniform
            | Measure::OrdersZipf1
            | Measure::OrdersZipf2
            | Measure::OrdersThreeLines => self.orders(by).await,
            Measure::HalfLoad => self.half_load().await,
            Measure::UnderAbuse => self.under_abuse().await,
            Measure::SoldOut => self.sold_out().await,
            Measure::ProductApi => self.product_api().await,
            Measure::ProductPage => return self.product_page("product_page", "0", false).await,
            Measure::HotPage => return self.product_page("hot_page", "64", true).await,
            Measure::Searching => self.searching().await,
            Measure::Importing => self.importing().await,
            Measure::NaiveGuardedUpdate => self.naive("naive_guarded_update").await,
            Measure::NaiveForUpdate => self.naive("naive_for_update").await,
            Measure::OutboxDrain => self.outbox_drain("outbox_drain", false).await,
            Measure::OutboxFanOut => self.outbox_drain("outbox_fan_out", true).await,
            Measure::Expiry => self.expiry().await,
            Measure::FullQueue => self.full_queue().await,
            Measure::Stored1M => return self.stored(1_000_000, "orders_hot_1m_stored").await,
            Measure::Stored10M => return self.stored(10_000_000, "orders_hot_10m_stored").await,
            Measure::Derived => Ok(Figures { rows: Vec::new(), detail: Value::Null }),
        };
        figures.map(Ok)
    }

    /// Another seed for each load.
    fn seed(&mut self) -> u64 {
        use kernel::{Clock as _, SystemClock};
        self.loads += 1;
        // Keys live longer than a run where the data are kept.
        u64::try_from(SystemClock.now().as_microsecond()).unwrap_or_default() + self.loads
    }
}

/// Who spent how much processor time, in microseconds an answer, and how long answers took.
fn detail(outcome: &Outcome) -> Value {
    let spent = outcome.spent;
    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52 answers")]
    let answers = outcome.measured.max(1) as f64;
    let each = |seconds: f64| (seconds * 1e7 / answers).round() / 10.0;
    let seconds = spent.seconds.max(0.001);
    json!({
        "cpu_us": {
            "load": each(spent.load),
            "server": each(spent.server),
            "rest": each(spent.machine - spent.load - spent.server),
        },
        "busy_cores": (spent.machine / seconds * 100.0).round() / 100.0,
        "stolen_percent": (spent.stolen / seconds * 1000.0).round() / 10.0,
        "latency_ms": outcome.latency,
        "statuses": outcome.statuses,
        "unanswered": outcome.unanswered,
    })
}
