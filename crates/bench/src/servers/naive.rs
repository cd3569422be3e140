//! The same order placed the usual ways: one transaction a request, the same rows written one by
//! one, on the same PostgreSQL with a pool of the same size. It shows what batching buys.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use api::{
    kit::{IdempotencyKey, Json, idempotency},
    storefront::orders::create::NewOrder,
};
use axum::{
    Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
};
use clap::ValueEnum;
use inventory::{Cause, MovementKind, Reservation, SaveContext, StockKey, reservations};
use kernel::{
    Ids, Money, SharedClock, SystemClock,
    id::{OrderId, VariantId},
};
use orders::{KnownKey, Order};
use pg::{Connection, Db, DbOptions};
use serde_json::json;

use crate::{samples::Samples, sql};

/// How stock is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Way {
    /// `UPDATE … WHERE available >= n`.
    GuardedUpdate,
    /// `SELECT … FOR UPDATE`, then `UPDATE`.
    ForUpdate,
}

struct Shop {
    way: Way,
    db: Db,
    clock: SharedClock,
    ids: Ids,
    /// What an order looks like; each takes from it what its request does not say.
    sample: (Order, Vec<Reservation>),
}

/// Runs until it is killed.
pub fn main(way: Way, database_url: &str, samples_url: &str) -> Result<()> {
    super::runtime()?.block_on(async {
        let samples = Samples::load(samples_url).await?;
        let sample = samples.hot.into_iter().next().context("there is no sample of an order")?;
        let shop = Shop {
            way,
            db: Db::open(&DbOptions::app(database_url))?,
            clock: Arc::new(SystemClock),
            ids: Ids::from_system(),
            sample,
        };
        let app = Router::new().route("/api/orders", post(handler)).with_state(Arc::new(shop));
        super::serve(app).await
    })
}

async fn handler(
    State(shop): State<Arc<Shop>>,
    key: IdempotencyKey,
    Json(form): Json<NewOrder>,
) -> Response {
    match shop.place(&key, form).await {
        Ok(Some(order)) => {
            let answer = json!({
                "id": order.id, "status": order.status.as_str(), "total": order.total,
                "reserved_until": order.reserved_until, "created_at": order.created_at,
            });
            (StatusCode::CREATED, axum::Json(answer)).into_response()
        }
        Ok(None) => StatusCode::CONFLICT.into_response(),
        Err(error) => {
            tracing::error!("{error:#}");
            (StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}")).into_response()
        }
    }
}

impl Shop {
    /// One order in one transaction; nothing when there is too little.
    async fn place(&self, key: &IdempotencyKey, form: NewOrder) -> Result<Option<Order>> {
        let fingerprint = idempotency::fingerprint(&form);
        let key = key.scoped("orders", None);
        let mut tx = self.db.begin().await?;
        let conn: &mut Connection = &mut tx;
        if !orders::idempotency::find(conn, &[key]).await?.is_empty() {
            return Ok(None);
        }
        let variant = form.items.first().context("no line")?.variant_id;
        let quantity = form.items[0].quantity.to_i32();
        let Some((order, held)) = self.order(conn, form, variant).await? else { return Ok(None) };
        if !self.take(conn, &order, &held, quantity).await? {
            return Ok(None);
        }
        let known = KnownKey { key, fingerprint, order: order.id };
        orders::idempotency::insert(conn, &[known], order.created_at).await?;
        orders::insert(conn, &[(&order).into()]).await?;
        reservations::insert(conn, &[held]).await?;
        let event = orders::events::created(&order, &*self.clock, &self.ids);
        outbox::append(conn, &[event]).await?;
        tx.commit().await?;
        Ok(Some(order))
    }

    /// The order to write, with the catalogue's price.
    async fn order(
        &self,
        conn: &mut Connection,
        form: NewOrder,
        variant: VariantId,
    ) -> Result<Option<(Order, Reservation)>> {
        let now = self.clock.now();
        let offers = catalog::offers(conn, &[variant], now).await?;
        let Some(offer) = offers.get(&variant) else { return Ok(None) };
        let (sample, held) = &self.sample;
        let id: OrderId = self.ids.next_on(&*self.clock, variant.shard());
        let mut order = Order {
            id,
            contact: Arc::new(form.contact.into()),
            shipping_address: Arc::new(form.shipping_address.into()),
            reserved_until: now + (sample.reserved_until - sample.created_at),
            created_at: now,
            ..sample.clone()
        };
        let line = &mut order.lines[0];
        (line.variant, line.sku) = (variant, offer.sku.clone());
        (line.name, line.variant_name) = (offer.name.clone(), offer.variant_name.clone());
        line.quantity = form.items[0].quantity;
        line.unit_price = offer.price;
        line.line_total = Money::twd(offer.price.amount() * i64::from(line.quantity.get()))?;
        order.subtotal = line.line_total;
        order.total = order.subtotal.minus(order.discount)?.plus(order.shipping_fee)?;
        let key = StockKey { variant, warehouse: held[0].key.warehouse };
        let held = Reservation {
            order: id,
            key,
            quantity: line.quantity.to_i32(),
            created_at: now,
            expires_at: order.reserved_until,
            ..held[0]
        };
        Ok(Some((order, held)))
    }

    /// Takes the units; false when there are too few.
    async fn take(
        &self,
        conn: &mut Connection,
        order: &Order,
        held: &Reservation,
        quantity: i32,
    ) -> Result<bool> {
        let reference = Some(order.id.as_uuid());
        match self.way {
            Way::GuardedUpdate => {
                let Some(row) = sql::take_guarded(conn, held.key, quantity).await? else {
                    return Ok(false);
                };
                sql::insert_movement(conn, held, row, order.created_at).await?;
                let data = json!({
                    "variant_id": held.key.variant, "warehouse_id": held.key.warehouse,
                    "quantity": quantity, "available": row.available, "version": row.version,
                });
                let event = outbox::NewEvent::new(
                    inventory::events::RESERVED,
                    held.key.variant.shard(),
                    held.key.variant.as_uuid(),
                    &data,
                    &*self.clock,
                    &self.ids,
                );
                outbox::append(conn, &[event]).await?;
            }
            Way::ForUpdate => {
                let mut ledger = inventory::lock(conn, &[held.key.variant]).await?;
                let at = order.created_at;
                let cause = Cause { actor: order.buyer(), reference, reason: None, at };
                if ledger.apply(held.key, MovementKind::Reserve, quantity, &cause).is_err() {
                    return Ok(false);
                }
                let context = SaveContext { clock: &*self.clock, ids: &self.ids };
                inventory::save(conn, ledger, &context).await?;
            }
        }
        Ok(true)
    }
}
