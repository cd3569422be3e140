//! Orders that the shop itself has placed, to be written again as they are: whatever an order's
//! rows hold, the limits and the usual ways write the same.

use std::collections::HashMap;

use anyhow::{Result, ensure};
use inventory::{Reservation, reservations};
use kernel::id::OrderId;
use orders::Order;
use pg::{Db, DbOptions};

use crate::{seed, sql};

/// An order with what it holds.
pub type Sample = (Order, Vec<Reservation>);

/// Orders of one line.
#[derive(Debug)]
pub struct Samples {
    /// All of the most wanted variant.
    pub hot: Vec<Sample>,
    /// Of variants here and there.
    pub spread: Vec<Sample>,
}

impl Samples {
    /// Reads them all.
    pub async fn load(url: &str) -> Result<Self> {
        let db = Db::open(&DbOptions::owner(url))?;
        let mut conn = db.acquire().await?;
        let ids: Vec<OrderId> =
            sql::order_ids(&mut conn).await?.into_iter().map(Into::into).collect();
        let orders = orders::load(&mut conn, &ids).await?;
        let mut held: HashMap<OrderId, Vec<Reservation>> = HashMap::new();
        for reservation in reservations::of_orders(&mut conn, &ids).await? {
            held.entry(reservation.order).or_default().push(reservation);
        }
        drop(conn);
        db.close().await;
        let (hot, spread): (Vec<Sample>, Vec<Sample>) = orders
            .into_iter()
            .map(|order| {
                let held = held.remove(&order.id).unwrap_or_default();
                (order, held)
            })
            .partition(|(order, _)| order.lines[0].variant.as_uuid() == seed::hot());
        ensure!(!hot.is_empty() && !spread.is_empty(), "there are too few samples of orders");
        Ok(Self { hot, spread })
    }
}
