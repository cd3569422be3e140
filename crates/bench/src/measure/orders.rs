//! Orders through the shop, and the check that every one acknowledged is there.

use anyhow::{Result, ensure};
use jiff::{SignedDuration, Timestamp};
use kernel::{Clock as _, SystemClock};
use serde_json::json;

use super::{Bench, Figures, Skipped, detail};
use crate::{
    children::{self, Server},
    load::{
        outcome::{Load, Outcome, Rhythm},
        random::Spread,
        request::Ask,
    },
    machine,
    plan::Measure,
    seed, sql,
    stage::RUN,
};

/// Connections of the open loop: enough to never wait for one while the shop keeps up.
const OPEN_CONNECTIONS: usize = 2000;

impl Bench {
    /// Orders in a closed loop.
    pub(super) async fn orders(&mut self, by: Measure) -> Result<Figures> {
        let (row, spread, lines) = match by {
            Measure::OrdersUniform => ("orders_uniform", Spread::Uniform, 1),
            Measure::OrdersZipf1 => ("orders_zipf1", Spread::Zipf(1.0), 1),
            Measure::OrdersZipf2 => ("orders_zipf2", Spread::Zipf(2.0), 1),
            Measure::OrdersThreeLines => ("orders_three_lines", Spread::Uniform, 3),
            _ => ("orders_hot", Spread::One, 1),
        };
        self.stage.copy(RUN).await?;
        let shop = self.stage.shop(RUN, &[]).await?;
        let ask = Ask::Orders { variants: seed::variants(), spread, lines };
        let mut load = self.closed(&shop, ask, 201);
        load.connections = self.effort.crowd;
        let outcome = children::load(&load).await?;
        shop.stop().await?;
        self.check(&outcome, lines as u64).await?;
        if row == "orders_hot" {
            self.top_rate = Some(outcome.rate());
        }
        Ok(Figures::of(row, &outcome))
    }

    /// Orders by a schedule, at half the rate of the closed loop.
    pub(super) async fn half_load(&mut self) -> Result<Figures> {
        let top = match self.top_rate {
            Some(rate) => rate,
            None => self.orders(Measure::OrdersHot).await?.rows[0].1,
        };
        let rate = top / 2.0;
        self.stage.copy(RUN).await?;
        let shop = self.stage.shop(RUN, &[]).await?;
        let ask = Ask::Orders { variants: seed::variants(), spread: Spread::One, lines: 1 };
        let mut load = self.closed(&shop, ask, 201);
        load.connections = OPEN_CONNECTIONS;
        let (warm_up_ms, measure_ms) = self.window();
        load.pace = Rhythm::Open { rate, warm_up_ms, measure_ms };
        let outcome = children::load(&load).await?;
        shop.stop().await?;
        self.check(&outcome, 1).await?;
        let latency = outcome.latency;
        let mut more = detail(&outcome);
        more["rate"] = json!(rate.round());
        more["latest_start_ms"] = json!(outcome.latest_ms);
        Ok(Figures {
            rows: vec![
                ("p50_ms_half_load", latency.p50),
                ("p99_ms_half_load", latency.p99),
                ("p999_ms_half_load", latency.p999),
            ],
            detail: more,
        })
    }

    /// The hot row with so many orders stored already.
    pub(super) async fn stored(
        &mut self,
        number: u64,
        row: &'static str,
    ) -> Result<Result<Figures, Skipped>> {
        let name = format!("bench_stored_{number}");
        let mut admin = self.stage.admin().await?;
        if !sql::database_exists(&mut admin, &name).await?
            && let Err(skipped) = self.store(&name, number).await?
        {
            return Ok(Err(skipped));
        }
        sql::take_events(&self.stage.url(&name)).await?;
        sql::checkpoint(&mut admin).await?;
        let since = SystemClock.now() - SignedDuration::from_millis(10);
        let shop = self.stage.shop(&name, &[]).await?;
        let ask = Ask::Orders { variants: seed::variants(), spread: Spread::One, lines: 1 };
        let mut load = self.closed(&shop, ask, 201);
        load.connections = self.effort.crowd;
        let outcome = children::load(&load).await?;
        shop.stop().await?;
        self.check_since(&name, since, &outcome).await?;
        Ok(Ok(Figures::of(row, &outcome)))
    }

    async fn store(&self, name: &str, number: u64) -> Result<Result<(), Skipped>> {
        // Rows, indexes, and the log of the writing.
        #[expect(clippy::cast_precision_loss, reason = "an estimate")]
        let needed = number as f64 * 2200.0 / f64::from(1 << 30) + 6.0;
        if let Some(free) = machine::free_gib(self.stage.data())
            && free < needed
        {
            let why = format!("needs {needed:.0} GiB of disk, and {free:.0} are free");
            return Ok(Err(Skipped::Impossible(why)));
        }
        // Made under another name, so that one that is half full is never taken for a full one.
        self.stage.copy_samples("bench_growing").await?;
        let url = self.stage.url("bench_growing");
        sql::store_orders(&url, number, |stored| {
            println!("    {stored} of {number} orders stored");
        })
        .await?;
        sql::vacuum(&mut sql::connect(&url).await?).await?;
        let mut admin = self.stage.admin().await?;
        sql::rename_database(&mut admin, "bench_growing", name).await?;
        Ok(Ok(()))
    }

    /// A closed loop with this effort.
    pub(super) fn closed(&mut self, server: &Server, ask: Ask, expected: u16) -> Load {
        let (warm_up_ms, measure_ms) = self.window();
        Load {
            server: server.address,
            ask,
            connections: self.effort.connections,
            pace: Rhythm::Closed { warm_up_ms, measure_ms },
            expected,
            seed: self.seed(),
            watched: vec![server.pid],
            sources: None,
        }
    }

    /// Warm-up and window, in milliseconds.
    pub(super) fn window(&self) -> (u64, u64) {
        let ms = |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        (ms(self.effort.warm_up), ms(self.effort.measure))
    }

    /// Every acknowledged order is in the database, nothing else is, and it holds its units.
    pub(super) async fn check(&self, outcome: &Outcome, units: u64) -> Result<()> {
        let mut conn = sql::connect(&self.stage.url(RUN)).await?;
        let stored = sql::count_orders(&mut conn).await?;
        agree(outcome, stored)?;
        let (by_balances, by_orders) = sql::units_held(&mut conn).await?;
        ensure!(
            by_balances == by_orders && by_orders == stored * units,
            "{stored} orders hold {by_orders} units, and {by_balances} by the balances"
        );
        Ok(())
    }

    async fn check_since(&self, name: &str, since: Timestamp, outcome: &Outcome) -> Result<()> {
        let mut conn = sql::connect(&self.stage.url(name)).await?;
        agree(outcome, sql::count_orders_since(&mut conn, since).await?)
    }
}

/// Whether the answers and the database tell the same story.
fn agree(outcome: &Outcome, stored: u64) -> Result<()> {
    let acknowledged = outcome.statuses.of(201);
    let example = outcome.example.as_deref().unwrap_or_default();
    ensure!(
        acknowledged > 0 && outcome.measured > 0,
        "no order was placed ({}):\n{example}",
        outcome.statuses
    );
    let most = acknowledged + outcome.unanswered;
    ensure!(
        (acknowledged..=most).contains(&stored),
        "{acknowledged} orders were acknowledged ({} requests unanswered), and {stored} are in the \
         database",
        outcome.unanswered
    );
    ensure!(
        outcome.unanswered == 0 && outcome.broken == 0,
        "{} requests were not answered, {} connections broke",
        outcome.unanswered,
        outcome.broken
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::load::outcome::Statuses;

    use super::*;

    fn outcome(placed: u64, unanswered: u64) -> Outcome {
        let mut statuses = Statuses::default();
        (0..placed).for_each(|_| statuses.add(201));
        Outcome {
            sent: placed + unanswered,
            statuses,
            unanswered,
            broken: 0,
            measured: placed,
            seconds: 1.0,
            latency: crate::load::outcome::Latency::default(),
            latest_ms: 0.0,
            spent: crate::load::watch::Spent::default(),
            example: None,
        }
    }

    #[test]
    fn a_count_that_differs_from_the_database_is_an_error() {
        assert!(agree(&outcome(3, 0), 3).is_ok());
        for stored in [2, 4] {
            let error = agree(&outcome(3, 0), stored).unwrap_err().to_string();
            assert!(error.contains("3 orders were acknowledged"), "{error}");
        }
        // Without an answer nobody knows; but it does not pass for a clean run.
        assert!(agree(&outcome(3, 1), 4).unwrap_err().to_string().contains("not answered"));
        assert!(agree(&outcome(0, 0), 0).is_err());
    }
}
