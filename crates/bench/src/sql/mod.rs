//! Every SQL statement of the benchmark: setting the shop up as its owner, and checking what the
//! shop did. They are not the shop's, so they are not checked at build time.

mod growth;

pub use growth::{store_orders, take_events};

use anyhow::Result;
use inventory::{Reservation, StockKey};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use pg::Connection;
use sqlx::{AssertSqlSafe, Connection as _, Row as _};
use uuid::Uuid;

use crate::seed;

/// Connects to a database as its owner, outside any pool.
pub async fn connect(url: &str) -> Result<Connection> {
    Ok(Connection::connect(url).await?)
}

/// Makes `name` a copy of `template`, whatever it was before. `admin` is connected to another one.
pub async fn copy_database(admin: &mut Connection, name: &str, template: &str) -> Result<()> {
    drop_database(admin, name).await?;
    let make = format!("CREATE DATABASE {name} TEMPLATE {template}");
    sqlx::query(AssertSqlSafe(make)).execute(admin).await?;
    Ok(())
}

/// Drops a database with all who are connected.
pub async fn drop_database(admin: &mut Connection, name: &str) -> Result<()> {
    let away = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
    sqlx::query(AssertSqlSafe(away)).execute(admin).await?;
    Ok(())
}

/// Gives a database its name.
pub async fn rename_database(admin: &mut Connection, old: &str, new: &str) -> Result<()> {
    sqlx::query(AssertSqlSafe(format!("ALTER DATABASE {old} RENAME TO {new}")))
        .execute(admin)
        .await?;
    Ok(())
}

/// Whether there is such a database.
pub async fn database_exists(admin: &mut Connection, name: &str) -> Result<bool> {
    let there = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)");
    Ok(there.bind(name).fetch_one(admin).await?)
}

/// Flushes what earlier rows have left, so that each begins alike.
pub async fn checkpoint(admin: &mut Connection) -> Result<()> {
    sqlx::query("CHECKPOINT").execute(admin).await?;
    Ok(())
}

/// Cleans up and counts anew, so that nothing does it during the measurement.
pub async fn vacuum(conn: &mut Connection) -> Result<()> {
    sqlx::query("VACUUM (ANALYZE)").execute(conn).await?;
    Ok(())
}

/// Adds the variants to the shop, each with its stock and the movement that explains it.
pub async fn seed_variants(conn: &mut Connection) -> Result<()> {
    let (ids, ranks): (Vec<Uuid>, Vec<i32>) =
        (0..=seed::VARIANTS).map(|rank| (seed::variant(rank), i32::from(rank))).unzip();
    sqlx::query(
        "INSERT INTO catalog.products (id, category_id, slug, name_zh, name_en, status,
             published_at, created_at, updated_at)
         SELECT overlay(i.id::text placing '8b01' from 20 for 4)::uuid, c.id,
             'bench-' || i.rank, '測試商品 ' || i.rank, 'Bench product ' || i.rank, 'published',
             now() - interval '1 day', now(), now()
         FROM unnest($1::uuid[], $2::int[]) AS i (id, rank)
         CROSS JOIN (SELECT id FROM catalog.categories ORDER BY position LIMIT 1) AS c
         WHERE i.rank % 4 = 0",
    )
    .bind(&ids)
    .bind(&ranks)
    .execute(&mut *conn)
    .await?;
    sqlx::query(
        "INSERT INTO catalog.variants (id, product_id, sku, name_zh, name_en, price, position)
         SELECT i.id, p.id, 'BENCH-' || i.rank, '款式 ' || i.rank % 4, 'Style ' || i.rank % 4,
             500 + i.rank % 1000, i.rank % 4
         FROM unnest($1::uuid[], $2::int[]) AS i (id, rank)
         JOIN catalog.products AS p ON p.slug = 'bench-' || (i.rank - i.rank % 4)",
    )
    .bind(&ids)
    .bind(&ranks)
    .execute(&mut *conn)
    .await?;
    // One warehouse has it all, the nearest to the buyers; another one has the sold-out row too.
    sqlx::query(
        "WITH stock AS (
             INSERT INTO inventory.stock
                 (shard, variant_id, warehouse_id, total, available, version)
             SELECT get_byte(uuid_send(i.id), 15) & 63, i.id, w.id, u.units, u.units,
                 least(u.units, 1)
             FROM unnest($1::uuid[], $2::int[]) AS i (id, rank)
             CROSS JOIN (SELECT id FROM inventory.warehouses ORDER BY priority LIMIT 1) AS w
             CROSS JOIN LATERAL (SELECT CASE WHEN i.rank < $3 THEN $4 ELSE 0 END AS units) AS u
             RETURNING *
         )
         INSERT INTO inventory.movements (shard, variant_id, warehouse_id, seq, kind, d_total,
             d_available, d_reserved, d_sold, available_after, actor_kind, reason, occurred_at)
         SELECT shard, variant_id, warehouse_id, 1, 'receive', total, total, 0, 0, total, 'system',
             'bench', now()
         FROM stock WHERE total > 0",
    )
    .bind(&ids)
    .bind(&ranks)
    .bind(i32::from(seed::VARIANTS))
    .bind(seed::UNITS)
    .execute(conn)
    .await?;
    Ok(())
}

/// Orders there are.
pub async fn count_orders(conn: &mut Connection) -> Result<u64> {
    count(conn, "SELECT count(*) FROM orders.orders").await
}

/// Orders placed since a time, found by their ids: reading them all would take long when there are
/// ten million.
pub async fn count_orders_since(conn: &mut Connection, since: Timestamp) -> Result<u64> {
    let millis = u64::try_from(since.as_millisecond())?;
    let first = Uuid::from_u128(u128::from(millis) << 80);
    let counted: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM generate_series(0, 63) AS s
         JOIN orders.orders AS o ON o.shard = s AND o.id >= $1",
    )
    .bind(first)
    .fetch_one(conn)
    .await?;
    Ok(u64::try_from(counted)?)
}

/// Ids of all orders.
pub async fn order_ids(conn: &mut Connection) -> Result<Vec<Uuid>> {
    Ok(sqlx::query_scalar("SELECT id FROM orders.orders ORDER BY id").fetch_all(conn).await?)
}

/// Units that orders hold, by the balances and by the reservations. They have to be the same.
pub async fn units_held(conn: &mut Connection) -> Result<(u64, u64)> {
    let by_balances = "SELECT coalesce(sum(reserved), 0)::bigint FROM inventory.stock";
    let by_orders = "SELECT coalesce(sum(quantity), 0)::bigint FROM inventory.reservations
         WHERE status = 'active'";
    Ok((count(&mut *conn, by_balances).await?, count(conn, by_orders).await?))
}

/// Events the relay has not dealt with: not taken yet, or taken and put aside for later.
pub async fn events_pending(conn: &mut Connection) -> Result<u64> {
    let untaken = "SELECT count(*) FROM outbox.lanes l CROSS JOIN LATERAL
         outbox.untaken(l.shard, l.taken, l.floor, pg_current_snapshot())";
    let deferred = "SELECT count(*) FROM outbox.deferred WHERE NOT dead";
    Ok(count(&mut *conn, untaken).await? + count(conn, deferred).await?)
}

/// A webhook that wants every event, at an address where nothing may be sent: what is measured is
/// writing its deliveries.
pub async fn register_webhook(conn: &mut Connection) -> Result<()> {
    let sql = "INSERT INTO webhooks.endpoints (id, url, description, filters, status, created_by, created_at)
         VALUES (gen_random_uuid(), 'https://127.0.0.1/', 'bench', '{*}', 'active',
             gen_random_uuid(), now())";
    sqlx::query(sql).execute(conn).await?;
    Ok(())
}

/// Deliveries of webhooks, whatever became of them.
pub async fn deliveries(conn: &mut Connection) -> Result<u64> {
    count(conn, "SELECT count(*) FROM webhooks.deliveries").await
}

/// Events that nobody will hand over any more.
pub async fn events_dead(conn: &mut Connection) -> Result<u64> {
    count(conn, "SELECT count(*) FROM outbox.deferred WHERE dead").await
}

/// Calls all events taken, as they would be long before their orders expire.
pub async fn publish_everything(conn: &mut Connection) -> Result<()> {
    let sql = "UPDATE outbox.lanes SET taken = pg_current_snapshot()";
    sqlx::query(sql).execute(conn).await?;
    Ok(())
}

/// Orders that wait for their money.
pub async fn orders_waiting(conn: &mut Connection) -> Result<u64> {
    let sql = "SELECT count(*) FROM orders.orders
         WHERE status IN ('pending_payment', 'payment_failed')";
    count(conn, sql).await
}

async fn count(conn: &mut Connection, sql: &'static str) -> Result<u64> {
    let counted: i64 = sqlx::query_scalar(sql).fetch_one(conn).await?;
    Ok(u64::try_from(counted)?)
}

/// Holds a variant's stock until the transaction is dropped.
pub async fn hold_stock(tx: &mut pg::Transaction, variant: Uuid) -> Result<()> {
    let lock = "SELECT 1 FROM inventory.stock WHERE variant_id = $1 FOR UPDATE";
    sqlx::query(lock).bind(variant).execute(&mut **tx).await?;
    Ok(())
}

/// A stock row after its units were taken.
#[derive(Clone, Copy, Debug)]
pub struct Taken {
    /// What is left.
    pub available: i32,
    /// The row's movements so far.
    pub version: i64,
}

/// Takes units if there are enough: the guarded UPDATE.
pub async fn take_guarded(
    conn: &mut Connection,
    key: StockKey,
    quantity: i32,
) -> Result<Option<Taken>> {
    let row = sqlx::query(
        "UPDATE inventory.stock
            SET available = available - $4, reserved = reserved + $4, version = version + 1
          WHERE shard = $1 AND variant_id = $2 AND warehouse_id = $3 AND available >= $4
            AND frozen_by IS NULL
        RETURNING available, version",
    )
    .bind(key.variant.shard().to_i16())
    .bind(key.variant.as_uuid())
    .bind(key.warehouse.as_uuid())
    .bind(quantity)
    .fetch_optional(conn)
    .await?;
    Ok(match row {
        Some(row) => {
            Some(Taken { available: row.try_get("available")?, version: row.try_get("version")? })
        }
        None => None,
    })
}

/// The movement of a guarded UPDATE.
pub async fn insert_movement(
    conn: &mut Connection,
    held: &Reservation,
    taken: Taken,
    at: Timestamp,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO inventory.movements (shard, variant_id, warehouse_id, seq, kind, d_total,
             d_available, d_reserved, d_sold, available_after, reference_id, actor_kind,
             occurred_at)
         VALUES ($1, $2, $3, $4, 'reserve', 0, -$5, $5, 0, $6, $7, 'guest', $8)",
    )
    .bind(held.key.variant.shard().to_i16())
    .bind(held.key.variant.as_uuid())
    .bind(held.key.warehouse.as_uuid())
    .bind(taken.version)
    .bind(held.quantity)
    .bind(taken.available)
    .bind(held.order.as_uuid())
    .bind(at.to_sqlx())
    .execute(conn)
    .await?;
    Ok(())
}

/// PostgreSQL's version, and settings that matter here.
pub async fn server_settings(conn: &mut Connection) -> Result<Vec<(String, String)>> {
    let mut settings: Vec<(String, String)> = sqlx::query_as(
        "SELECT name, current_setting(name) FROM pg_settings WHERE name IN ('fsync',
             'synchronous_commit', 'full_page_writes', 'shared_buffers', 'wal_buffers',
             'max_wal_size', 'checkpoint_timeout', 'wal_sync_method', 'wal_compression',
             'data_checksums', 'jit', 'max_connections', 'autovacuum', 'effective_io_concurrency',
             'commit_delay', 'wal_level')
         ORDER BY name",
    )
    .fetch_all(&mut *conn)
    .await?;
    let version = sqlx::query_scalar("SELECT version()").fetch_one(conn).await?;
    settings.insert(0, ("version".to_owned(), version));
    Ok(settings)
}
