//! The database with our own eyes: statements of our own, read as the owner, past the program.

use std::{collections::HashMap, time::Duration};

use anyhow::{Context as _, Result};
use jiff_sqlx::Timestamp as SqlTimestamp;
use sqlx::{Connection as _, PgConnection};
use uuid::Uuid;

use crate::checker::{
    Attempt, Movement, Order, OrderLine, Refund, Reservation, Snapshot, State, StockRow, Transition,
};

/// How long a connection may take: PostgreSQL may just be recovering.
const CONNECT_TIME: Duration = Duration::from_secs(30);
const CONNECT_PAUSE: Duration = Duration::from_millis(50);

/// A connection as the owner.
pub async fn connect(url: &str) -> Result<PgConnection> {
    let began = std::time::Instant::now();
    loop {
        match PgConnection::connect(url).await {
            Ok(conn) => return Ok(conn),
            Err(error) if began.elapsed() > CONNECT_TIME => {
                return Err(error).context("PostgreSQL does not answer");
            }
            Err(_) => tokio::time::sleep(CONNECT_PAUSE).await,
        }
    }
}

/// A variant that can be bought, and the warehouses that have it.
#[derive(Clone, Debug)]
pub struct Goods {
    /// The variant.
    pub variant: Uuid,
    /// Where it may lie.
    pub warehouses: Vec<Uuid>,
}

/// `count` variants of little stock, the same ones for the same shop.
pub async fn goods(conn: &mut PgConnection, count: i64) -> Result<Vec<Goods>> {
    let rows: Vec<(Uuid, Vec<Uuid>)> = sqlx::query_as(
        "SELECT s.variant_id, array_agg(s.warehouse_id ORDER BY s.warehouse_id)
           FROM inventory.stock s
           JOIN inventory.warehouses w ON w.id = s.warehouse_id AND w.active
           JOIN catalog.variants v ON v.id = s.variant_id AND v.active AND v.price > 0
           JOIN catalog.products p ON p.id = v.product_id AND p.status = 'published'
                AND p.published_at <= now()
          GROUP BY s.variant_id, v.sku
         HAVING sum(s.total) BETWEEN 1 AND 40
          ORDER BY v.sku
          LIMIT $1",
    )
    .bind(count)
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|(variant, warehouses)| Goods { variant, warehouses }).collect())
}

/// The processes that serve the program.
pub async fn backends(conn: &mut PgConnection) -> Result<Vec<i32>> {
    let pids = sqlx::query_scalar(
        "SELECT pid FROM pg_stat_activity
          WHERE application_name = 'oxcart' AND pid <> pg_backend_pid() ORDER BY pid",
    );
    Ok(pids.fetch_all(conn).await?)
}

/// Orders that hold stock, unpaid.
pub async fn waiting_orders(conn: &mut PgConnection) -> Result<i64> {
    let waiting = sqlx::query_scalar(
        "SELECT count(*) FROM orders.orders
          WHERE status IN ('pending_payment', 'payment_failed')",
    );
    Ok(waiting.fetch_one(conn).await?)
}

/// How many units of a variant are free.
pub async fn available(conn: &mut PgConnection, variant: Uuid) -> Result<i64> {
    let free = sqlx::query_scalar(
        "SELECT coalesce(sum(available), 0) FROM inventory.stock WHERE variant_id = $1",
    );
    Ok(free.bind(variant).fetch_one(conn).await?)
}

/// Whether commits are durable: the proof is worth nothing else.
pub async fn is_durable(conn: &mut PgConnection) -> Result<bool> {
    let durable = sqlx::query_scalar(
        "SELECT bool_and(setting = 'on') FROM pg_settings
          WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes')",
    );
    Ok(durable.fetch_one(conn).await?)
}

/// The stock.
pub async fn stock(conn: &mut PgConnection) -> Result<Vec<StockRow>> {
    type Row = (Uuid, Uuid, i32, i32, i32, i32, i64);
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT variant_id, warehouse_id, total, available, reserved, sold, version
           FROM inventory.stock ORDER BY variant_id, warehouse_id",
    )
    .fetch_all(conn)
    .await?;
    let row = |(variant, warehouse, total, available, reserved, sold, version): Row| StockRow {
        variant,
        warehouse,
        total: total.into(),
        available: available.into(),
        reserved: reserved.into(),
        sold: sold.into(),
        version,
    };
    Ok(rows.into_iter().map(row).collect())
}

/// Everything the checker wants to know of the end.
pub async fn snapshot(conn: &mut PgConnection) -> Result<Snapshot> {
    Ok(Snapshot {
        stock_before: Vec::new(),
        stock: stock(conn).await?,
        movements: movements(conn).await?,
        orders: orders(conn).await?,
        reservations: reservations(conn).await?,
        attempts: attempts(conn).await?,
        refunds: refunds(conn).await?,
        sold_to_the_last: Vec::new(),
    })
}

async fn movements(conn: &mut PgConnection) -> Result<Vec<Movement>> {
    #[derive(sqlx::FromRow)]
    struct Row {
        variant_id: Uuid,
        warehouse_id: Uuid,
        seq: i64,
        kind: String,
        d_total: i32,
        d_available: i32,
        d_reserved: i32,
        d_sold: i32,
        available_after: i32,
        reference_id: Option<Uuid>,
        reason: Option<String>,
    }
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT variant_id, warehouse_id, seq, kind, d_total, d_available, d_reserved, d_sold
              , available_after, reference_id, reason
           FROM inventory.movements ORDER BY variant_id, warehouse_id, seq",
    )
    .fetch_all(conn)
    .await?;
    let movement = |row: Row| Movement {
        variant: row.variant_id,
        warehouse: row.warehouse_id,
        seq: row.seq,
        kind: row.kind,
        total: row.d_total.into(),
        available: row.d_available.into(),
        reserved: row.d_reserved.into(),
        sold: row.d_sold.into(),
        available_after: row.available_after.into(),
        reference: row.reference_id,
        reason: row.reason,
    };
    Ok(rows.into_iter().map(movement).collect())
}

async fn orders(conn: &mut PgConnection) -> Result<Vec<Order>> {
    type Head = (Uuid, Option<String>, String, i64, SqlTimestamp);
    let heads: Vec<Head> = sqlx::query_as(
        "SELECT id, note, status, total, reserved_until FROM orders.orders ORDER BY id",
    )
    .fetch_all(&mut *conn)
    .await?;
    let mut lines: HashMap<Uuid, Vec<OrderLine>> = HashMap::new();
    let rows: Vec<(Uuid, Uuid, i32)> = sqlx::query_as(
        // The line of a bundle wants what it was made of.
        "SELECT l.order_id, coalesce(c.component_id, l.variant_id)
              , l.quantity * coalesce(c.quantity, 1)
           FROM orders.lines l
           LEFT JOIN orders.line_components c USING (shard, order_id, line_no)
          ORDER BY l.order_id, l.line_no, c.component_id",
    )
    .fetch_all(&mut *conn)
    .await?;
    for (order, variant, quantity) in rows {
        let quantity = quantity.into();
        lines.entry(order).or_default().push(OrderLine { variant, quantity });
    }
    let mut transitions: HashMap<Uuid, Vec<Transition>> = HashMap::new();
    let rows: Vec<(Uuid, String, String, SqlTimestamp)> = sqlx::query_as(
        "SELECT order_id, to_status, actor_kind, occurred_at FROM orders.transitions
          ORDER BY order_id, seq",
    )
    .fetch_all(conn)
    .await?;
    for (order, to, actor, at) in rows {
        let transition = Transition { to: state(&to)?, actor, at: micros(at) };
        transitions.entry(order).or_default().push(transition);
    }
    let order = |(id, key, status, total, reserved_until): Head| -> Result<Order> {
        Ok(Order {
            id,
            key,
            state: state(&status)?,
            total,
            reserved_until: micros(reserved_until),
            lines: lines.remove(&id).unwrap_or_default(),
            transitions: transitions.remove(&id).unwrap_or_default(),
        })
    };
    heads.into_iter().map(order).collect()
}

async fn reservations(conn: &mut PgConnection) -> Result<Vec<Reservation>> {
    type Row = (Uuid, Uuid, i32, String, SqlTimestamp, Option<SqlTimestamp>);
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT order_id, variant_id, quantity, status, expires_at, closed_at
           FROM inventory.every_reservation ORDER BY order_id, line_no, variant_id, warehouse_id",
    )
    .fetch_all(conn)
    .await?;
    let reservation =
        |(order, variant, quantity, status, expires_at, closed_at): Row| Reservation {
            order,
            variant,
            quantity: quantity.into(),
            status,
            expires_at: micros(expires_at),
            closed_at: closed_at.map(micros),
        };
    Ok(rows.into_iter().map(reservation).collect())
}

async fn attempts(conn: &mut PgConnection) -> Result<Vec<Attempt>> {
    type Row = (Uuid, Uuid, String, i64, String, bool);
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT id, order_id, merchant_trade_no, amount, status, kept
           FROM payments.attempts ORDER BY id",
    )
    .fetch_all(conn)
    .await?;
    let attempt = |(id, order, trade_no, amount, status, kept): Row| Attempt {
        id,
        order,
        trade_no,
        amount,
        status,
        kept,
    };
    Ok(rows.into_iter().map(attempt).collect())
}

async fn refunds(conn: &mut PgConnection) -> Result<Vec<Refund>> {
    let rows: Vec<(Uuid, i64)> =
        sqlx::query_as("SELECT payment_id, amount FROM payments.refunds ORDER BY id")
            .fetch_all(conn)
            .await?;
    Ok(rows.into_iter().map(|(attempt, amount)| Refund { attempt, amount }).collect())
}

fn state(word: &str) -> Result<State> {
    State::parse(word).with_context(|| format!("an order is {word:?}"))
}

fn micros(at: SqlTimestamp) -> i64 {
    at.to_jiff().as_microsecond()
}
