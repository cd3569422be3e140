//! After the faults: everybody learns the fate of their orders, what is not paid expires, and what
//! is left is sold to the last unit.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Result;
use tokio::{task::JoinSet, time::sleep};
use uuid::Uuid;

use super::{
    audit,
    client::Client,
    shopper::{Market, is_definite},
    stage::Stage,
};
use crate::checker::{Answer, Kind, Line, Verdict};

/// How long each of the things below may take.
const PATIENCE: Duration = Duration::from_mins(1);
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// Reservations last a minute.
const PAST_ALL_RESERVATIONS: i64 = 90;
/// Who buys what is left, at the same time.
const BUYERS: u64 = 8;
/// How long a refusal may be wrong, because news of stock that came back is still on its way.
const GRACE: Duration = Duration::from_secs(3);
/// Orders that are looked at once more.
const LOOKED_AT: usize = 600;

/// Everything; what does not come to its end is a violation. Answers which variants were sold to
/// the last unit.
pub async fn finish(
    stage: &Stage,
    market: &Arc<Market>,
    client: &Client,
    verdict: &mut Verdict,
) -> Result<Vec<Uuid>> {
    if !stage.wait_ready(client).await {
        verdict.add(Kind::Stuck, "the shop was not ready a minute after the last fault");
        return Ok(Vec::new());
    }
    for (key, lines) in market.unknown() {
        if !ask_until_known(client, &key, &lines).await {
            verdict.add(Kind::Stuck, format!("key {key} got no definite answer"));
        }
    }
    if !expire(stage, client).await? {
        verdict.add(Kind::Stuck, "unpaid orders did not expire within a minute");
    }
    let mut sold = Vec::new();
    for (number, goods) in market.goods.iter().enumerate() {
        let name = format!("{}-last-{number}", market.run);
        sell_to_the_last(stage, client, goods.variant, &name).await?;
        sold.push(goods.variant);
    }
    for held in market.remembered().iter().rev().take(LOOKED_AT) {
        client.read(held).await;
    }
    Ok(sold)
}

async fn ask_until_known(client: &Client, key: &str, lines: &[Line]) -> bool {
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        if is_definite(&client.place(key, lines, None).await.0) {
            return true;
        }
        sleep(LOOK_AGAIN).await;
    }
    false
}

/// Moves the clock past all reservations, and waits until no order holds stock unpaid.
async fn expire(stage: &Stage, client: &Client) -> Result<bool> {
    let mut conn = audit::connect(&stage.url).await?;
    let began = Instant::now();
    while !client.advance_clock(PAST_ALL_RESERVATIONS).await.is_success() {
        if began.elapsed() > PATIENCE {
            return Ok(false);
        }
        sleep(LOOK_AGAIN).await;
    }
    while audit::waiting_orders(&mut conn).await? > 0 {
        if began.elapsed() > PATIENCE {
            return Ok(false);
        }
        sleep(LOOK_AGAIN).await;
    }
    Ok(true)
}

/// Buys until there is nothing left. Whether that is true is for the checker to say.
async fn sell_to_the_last(stage: &Stage, client: &Client, variant: Uuid, name: &str) -> Result<()> {
    let mut conn = audit::connect(&stage.url).await?;
    let began = Instant::now();
    let mut left = audit::available(&mut conn, variant).await?;
    let mut progress = Instant::now();
    for round in 0_u64.. {
        if left <= 0 || progress.elapsed() > GRACE || began.elapsed() > PATIENCE {
            break;
        }
        let mut buyers = JoinSet::new();
        for buyer in 0..BUYERS {
            let key = format!("{name}-{round}-{buyer}");
            buyers.spawn(buy_all(client.clone(), variant, key));
        }
        while buyers.join_next().await.is_some() {}
        let now = audit::available(&mut conn, variant).await?;
        if now < left {
            progress = Instant::now();
        }
        left = now;
    }
    Ok(())
}

/// One by one, until one is refused.
async fn buy_all(client: Client, variant: Uuid, name: String) {
    let lines = [Line { variant, quantity: 1 }];
    for count in 0_u64.. {
        let key = format!("{name}-{count}");
        let began = Instant::now();
        loop {
            match client.place(&key, &lines, None).await.0 {
                Answer::Placed { .. } => break,
                answer if is_definite(&answer) || began.elapsed() > PATIENCE => return,
                _ => sleep(LOOK_AGAIN).await,
            }
        }
    }
}
