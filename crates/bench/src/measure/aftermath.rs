//! What orders leave to be done: their events, and their end when nobody pays.

use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::{Bench, Figures};
use crate::{children::ask, sql, stage::RUN};

/// How often to look: seldom enough not to take part.
const LOOK: Duration = Duration::from_millis(100);
/// How long it may take.
const LIMIT: Duration = Duration::from_mins(3);
/// Longer than any order is reserved.
const LATER: &str = r#"{"seconds": 86400}"#;

impl Bench {
    /// Events of a backlog that the shop's relay hands over, in a second: to nobody, or to a webhook
    /// that wants every one, of which each becomes a delivery.
    pub(super) async fn outbox_drain(
        &mut self,
        row: &'static str,
        to_webhook: bool,
    ) -> Result<Figures> {
        // An event is less work than an order.
        self.backlog(self.effort.backlog * 3).await?;
        let mut conn = sql::connect(&self.stage.url(RUN)).await?;
        if to_webhook {
            sql::register_webhook(&mut conn).await?;
        }
        sql::checkpoint(&mut conn).await?;
        let shop = self.stage.shop(RUN, &[]).await?;
        let (began, first) = (Instant::now(), sql::events_pending(&mut conn).await?);
        let (rate, seconds) =
            drained(began, first, async || sql::events_pending(&mut conn).await).await?;
        shop.stop().await?;
        let dead = sql::events_dead(&mut conn).await?;
        ensure!(dead == 0, "{dead} events could not be handed over");
        let told = sql::deliveries(&mut conn).await?;
        ensure!(told == if to_webhook { first } else { 0 }, "{told} deliveries of {first} events");
        let detail = json!({"events": first, "seconds": seconds});
        Ok(Figures { rows: vec![(row, rate)], detail })
    }

    /// Unpaid orders whose time is over, ended in a second; and the same until their events, which
    /// become mails, are handed over too.
    pub(super) async fn expiry(&mut self) -> Result<Figures> {
        self.backlog(self.effort.backlog).await?;
        let mut conn = sql::connect(&self.stage.url(RUN)).await?;
        sql::publish_everything(&mut conn).await?;
        sql::vacuum(&mut conn).await?;
        sql::checkpoint(&mut conn).await?;
        let shop = self.stage.shop(RUN, &[("OXCART_DEV_CLOCK", "true".to_owned())]).await?;
        let waiting = sql::orders_waiting(&mut conn).await?;
        let began = Instant::now();
        let (status, body) = ask(shop.address, "POST", "/api/dev/clock/advance", LATER).await?;
        ensure!(status == 200, "the clock cannot be moved: {body}");
        let (rate, seconds) =
            drained(began, waiting, async || sql::orders_waiting(&mut conn).await).await?;
        let (with_mails, _) =
            drained(began, waiting, async || sql::events_pending(&mut conn).await).await?;
        let held = sql::units_held(&mut conn).await?;
        shop.stop().await?;
        ensure!(held == (0, 0), "every order is over, and units are held: {held:?}");
        let detail = json!({"orders": waiting, "seconds": seconds});
        let rows = vec![("expiry", rate), ("expiry_with_mails", with_mails)];
        Ok(Figures { rows, detail })
    }

    /// A database with orders that nobody has looked after.
    async fn backlog(&self, orders: u64) -> Result<()> {
        self.stage.copy(RUN).await?;
        let number = orders.to_string();
        self.write(&["--number", &number]).await?;
        Ok(())
    }
}

/// How fast `count` falls to zero, and how long that took.
#[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52 rows")]
async fn drained(
    began: Instant,
    first: u64,
    mut count: impl AsyncFnMut() -> Result<u64>,
) -> Result<(f64, f64)> {
    ensure!(first > 0, "there is nothing to do");
    loop {
        sleep(LOOK).await;
        let left = count().await?;
        let seconds = began.elapsed().as_secs_f64();
        if left == 0 {
            return Ok((first as f64 / seconds, seconds));
        }
        ensure!(began.elapsed() < LIMIT, "{left} of {first} are left after {LIMIT:?}");
    }
}
