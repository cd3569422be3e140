//! Orders of those who mean well, while ten times as many requests come from those who do not.
//!
//! Everything is at one shop and in one run: first the good orders alone, by a schedule, then the same
//! again while four crowds are at it. Two of them press "buy" as fast as they were told to, one from a
//! few addresses and one from many; two never finish what they say, likewise. The good ones come from
//! an address that limits spare, as a shop's own back ends do; nobody else is spared, so the limits are
//! those that a shop has by default.

use std::{net::Ipv4Addr, process::Stdio, time::Duration};

use anyhow::{Context as _, Result, ensure};
use serde_json::json;
use tokio::process::{Child, Command};

use super::{Bench, Figures, detail};
use crate::{
    children::{self, LoadProcess, Server},
    load::{
        outcome::{Load, Outcome, Rhythm, Sources},
        random::Spread,
        request::Ask,
    },
    seed, sql,
    stage::RUN,
};

/// Good orders a second: what a busy shop has in a good minute, and a small part of what it can.
const GOOD: f64 = 2_000.0;
/// Bad requests for each of them, from few addresses and from many together.
const TIMES: f64 = 10.0;
const GOOD_CONNECTIONS: usize = 500;
const BAD_CONNECTIONS: usize = 1_000;
const SLOW_CONNECTIONS: usize = 1_000;
/// Where the good ones are.
const SPARED: &str = "127.0.0.1/32";
/// Loopback addresses of the bad ones.
const FEW: Sources = Sources { first: Ipv4Addr::new(127, 1, 0, 1), count: 8 };
const MANY: Sources = Sources { first: Ipv4Addr::new(127, 2, 0, 1), count: 1_000 };
const FEW_SLOW: Sources = Sources { first: Ipv4Addr::new(127, 3, 0, 1), count: 8 };
const MANY_SLOW: Sources = Sources { first: Ipv4Addr::new(127, 4, 0, 1), count: 1_000 };
/// The bad ones begin so much earlier, and go on so much longer, than what is measured.
const MARGIN: Duration = Duration::from_secs(3);

impl Bench {
    /// The rate of good orders under abuse, and how much of the undisturbed one it is.
    pub(super) async fn under_abuse(&mut self) -> Result<Figures> {
        self.stage.copy(RUN).await?;
        let more = [("OXCART_RATE_LIMIT_EXEMPT", SPARED.to_owned())];
        let shop = self.stage.shop(RUN, &more).await?;
        let calm = children::load(&self.good(&shop)).await?;
        let bad = self.let_loose(&shop).await?;
        tokio::time::sleep(MARGIN).await;
        let abused = children::load(&self.good(&shop)).await?;
        let bad = bad.outcomes().await?;
        shop.stop().await?;
        for good in [&calm, &abused] {
            let example = good.example.as_deref().unwrap_or_default();
            ensure!(
                good.measured > 0 && good.unanswered == 0 && good.broken == 0,
                "good orders: {}, {} unanswered, {} connections broke\n{example}",
                good.statuses,
                good.unanswered,
                good.broken
            );
        }
        let sent: u64 = bad.iter().map(|it| it.sent).sum();
        let refused: u64 = bad.iter().map(|it| it.statuses.of(429)).sum();
        ensure!(refused > 0, "nobody was refused: {}", bad[0].statuses);
        self.check_all(&[&[&calm, &abused][..], &bad.iter().collect::<Vec<_>>()].concat()).await?;
        let share = abused.rate() / calm.rate() * 100.0;
        Ok(Figures {
            rows: vec![
                ("orders_under_abuse", abused.rate()),
                ("orders_under_abuse_of_calm", share),
            ],
            detail: json!({
                "calm": detail(&calm), "abused": detail(&abused),
                "bad": {
                    "sent": sent, "refused_429": refused, "few": bad[0].statuses,
                    "many": bad[1].statuses,
                },
            }),
        })
    }

    fn good(&mut self, shop: &Server) -> Load {
        let mut load = self.orders_by_schedule(shop, GOOD);
        load.connections = GOOD_CONNECTIONS;
        load
    }

    /// Orders of one unit of the most wanted variant, so many a second.
    fn orders_by_schedule(&mut self, shop: &Server, rate: f64) -> Load {
        let ask = Ask::Orders { variants: seed::variants(), spread: Spread::One, lines: 1 };
        let mut load = self.closed(shop, ask, 201);
        let (warm_up_ms, measure_ms) = self.window();
        load.pace = Rhythm::Open { rate, warm_up_ms, measure_ms };
        load
    }

    /// Starts the bad ones.
    async fn let_loose(&mut self, shop: &Server) -> Result<Crowds> {
        let (warm_up, measure) = self.window();
        let length = Duration::from_millis(warm_up + measure) + 2 * MARGIN;
        let mut fast = Vec::new();
        for sources in [FEW, MANY] {
            let mut load = self.orders_by_schedule(shop, GOOD * TIMES / 2.0);
            let measure_ms = u64::try_from(length.as_millis())?;
            load.pace = Rhythm::Open { rate: GOOD * TIMES / 2.0, warm_up_ms: 0, measure_ms };
            load.connections = BAD_CONNECTIONS;
            load.sources = Some(sources);
            load.expected = 429;
            fast.push(LoadProcess::start(&load, false).await?);
        }
        let slow = [FEW_SLOW, MANY_SLOW].map(|sources| slow(shop, sources, length));
        Ok(Crowds { fast, slow: slow.into_iter().collect::<Result<_>>()? })
    }

    /// Every order that anybody was told of is there, and no other, and each holds its unit.
    async fn check_all(&self, outcomes: &[&Outcome]) -> Result<()> {
        let placed: u64 = outcomes.iter().map(|it| it.statuses.of(201)).sum();
        let unknown: u64 = outcomes.iter().map(|it| it.unanswered).sum();
        let mut conn = sql::connect(&self.stage.url(RUN)).await?;
        let stored = sql::count_orders(&mut conn).await?;
        ensure!(
            (placed..=placed + unknown).contains(&stored),
            "{placed} orders were acknowledged ({unknown} requests unanswered), and {stored} are \
             in the database"
        );
        let held = sql::units_held(&mut conn).await?;
        ensure!(held == (stored, stored), "{stored} orders hold {held:?} units");
        Ok(())
    }
}

/// Those who mean no good.
struct Crowds {
    /// From few addresses, then from many.
    fast: Vec<LoadProcess>,
    slow: Vec<Child>,
}

impl Crowds {
    /// Waits until they have had enough.
    async fn outcomes(self) -> Result<Vec<Outcome>> {
        let mut outcomes = Vec::new();
        for process in self.fast {
            outcomes.push(process.outcome().await?);
        }
        for mut process in self.slow {
            ensure!(process.wait().await?.success(), "the slow ones failed");
        }
        Ok(outcomes)
    }
}

fn slow(shop: &Server, sources: Sources, length: Duration) -> Result<Child> {
    Command::new(std::env::current_exe()?)
        .arg("slow")
        .args(["--server", &shop.address.to_string()])
        .args(["--connections", &SLOW_CONNECTIONS.to_string()])
        .args(["--first", &sources.first.to_string()])
        .args(["--count", &sources.count.to_string()])
        .args(["--seconds", &length.as_secs_f64().to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .context("start the slow ones")
}
