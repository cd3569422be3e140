//! The memory of the shop while its queue is full.

use std::time::Duration;

use anyhow::{Result, ensure};
use pg::{Db, DbOptions};
use tokio::time::{Instant, sleep};

use super::{Bench, Figures, detail};
use crate::{
    children::LoadProcess,
    load::{outcome::Rhythm, random::Spread, request::Ask},
    machine, seed, sql,
    stage::RUN,
};

/// More than the queue and the batches hold together.
const REQUESTS: usize = 15_000;
/// How long the stock is held: long enough for all of them to come in, shorter than any time limit.
const HOLD: Duration = Duration::from_secs(4);

impl Bench {
    /// Somebody holds the stock row, and everybody waits.
    pub(super) async fn full_queue(&mut self) -> Result<Figures> {
        self.stage.copy(RUN).await?;
        let more = [
            ("OXCART_HTTP_CONNECTIONS", "20000".to_owned()),
            // That statements take long is the point.
            ("OXCART_LOG", "error".to_owned()),
        ];
        let shop = self.stage.shop(RUN, &more).await?;
        let ask = Ask::Orders { variants: vec![seed::hot()], spread: Spread::One, lines: 1 };
        let mut load = self.closed(&shop, ask, 201);
        load.connections = REQUESTS;
        load.pace = Rhythm::Number { requests: REQUESTS as u64, on_command: true };
        let mut process = LoadProcess::start(&load, true).await?;
        let connected = machine::resident_mib(shop.pid).unwrap_or_default();
        let owner = Db::open(&DbOptions::owner(self.stage.url(RUN)))?;
        let mut tx = owner.begin().await?;
        sql::hold_stock(&mut tx, seed::hot()).await?;
        process.go().await?;
        let mut most = connected;
        let began = Instant::now();
        while began.elapsed() < HOLD {
            sleep(Duration::from_millis(50)).await;
            most = most.max(machine::resident_mib(shop.pid).unwrap_or_default());
        }
        tx.rollback().await?;
        owner.close().await;
        let watch = async {
            loop {
                sleep(Duration::from_millis(50)).await;
                most = most.max(machine::resident_mib(shop.pid).unwrap_or_default());
            }
        };
        let outcome = tokio::select! {
            outcome = process.outcome() => outcome?,
            () = watch => unreachable!("it watches for ever"),
        };
        shop.stop().await?;
        let refused = outcome.statuses.of(503);
        ensure!(refused > 0, "the queue was never full: {}", outcome.statuses);
        self.check(&outcome, 1).await?;
        let rows = vec![("rss_mib_full_queue", most), ("rss_mib_15k_connections", connected)];
        Ok(Figures { rows, detail: detail(&outcome) })
    }
}
