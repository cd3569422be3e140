//! Years of orders at once: what they, and the shop's housekeeping after them, would have left in
//! every table of the hot path.

use anyhow::{Context as _, Result, ensure};
use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx as _;
use kernel::{Clock as _, SystemClock};
use pg::Connection;
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::connect;
use crate::seed;

/// Orders in one transaction.
const STEP: u64 = 500_000;

/// Which orders: their number, when, of which variant, and their id (version 7, of the time, with
/// the variant's shard). A tenth of them are of the most wanted variant. `pos` is the place of the
/// order among those of its variant.
///
/// `$1`, `$2`: from which number to which; `$3`: all of them; `$4`: the variants; `$5`: when the last
/// one was placed. Every statement has to draw the same ids.
const WHICH: &str = "
    WITH drawn AS (
        SELECT n, $5::timestamptz - ($3::bigint - n) * interval '3 seconds' AS at
             , n % 10 = 0 AS hot, n / 10 * 9 + n % 10 - 1 AS k, cardinality($4::uuid[]) - 1 AS m
          FROM generate_series($1::bigint, $2::bigint - 1) AS n
    ), placed AS (
        SELECT n, at, ($4::uuid[])[CASE WHEN hot THEN 1 ELSE 2 + k % m END] AS variant
             , CASE WHEN hot THEN n / 10 ELSE k / m END AS pos
          FROM drawn
    ), stored AS (
        SELECT p.*, (get_byte(uuid_send(variant), 15) & 63)::smallint AS shard
             , (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7'
                || lpad(to_hex(n & 4095), 3, '0') || '8' || lpad(to_hex(n), 13, '0')
                || lpad(to_hex(((n % 4) << 6) | (get_byte(uuid_send(variant), 15) & 63)), 2, '0')
               )::uuid AS id
          FROM placed AS p
    )";

/// A table, and what differs from row to row in it; everything else is as in a row that the shop
/// itself has written.
struct Table {
    name: &'static str,
    /// Where the shop has written such a row.
    template: &'static str,
    /// Which of the shop's rows.
    like: &'static str,
    differs: &'static [(&'static str, &'static str)],
    /// For which of the orders.
    only: &'static str,
    order: &'static str,
}

const ORDERS: Table = Table {
    name: "orders.orders",
    template: "orders.orders",
    like: "true",
    differs: &[
        ("shard", "g.shard"),
        ("id", "g.id"),
        ("status", "'paid'"),
        ("contact_email", "'buyer-' || g.n || '@example.com'"),
        ("reserved_until", "g.at + interval '30 minutes'"),
        ("created_at", "g.at"),
        ("paid_at", "g.at + interval '1 minute'"),
    ],
    only: "true",
    order: "",
};
const LINES: Table = Table {
    name: "orders.lines",
    template: "orders.lines",
    like: "true",
    differs: &[("shard", "g.shard"), ("order_id", "g.id"), ("variant_id", "g.variant")],
    only: "true",
    order: "",
};
/// What housekeeping has left of the keys: it forgets those that are two days old. (With all of them
/// there, it would be forgetting them while the shop is measured.)
const KEYS: Table = Table {
    name: "orders.idempotency_keys",
    template: "orders.idempotency_keys",
    like: "true",
    differs: &[
        ("key", "md5('stored ' || g.n)::uuid"),
        ("shard", "g.shard"),
        ("order_id", "g.id"),
        ("created_at", "g.at"),
    ],
    only: "g.at >= $5::timestamptz - interval '48 hours'",
    // Keys are random; sorted, they reach each page of the index once a step.
    order: "ORDER BY md5('stored ' || g.n)::uuid",
};
/// What the shop has at hand of its reservations: those that were closed a month ago and more are in
/// the archive (ADR 0019).
const RESERVATIONS: Table = Table {
    name: "inventory.reservations",
    template: "inventory.reservations",
    like: "true",
    differs: OF_RESERVATIONS,
    only: "g.at >= $5::timestamptz - interval '30 days'",
    order: "",
};
const ARCHIVED: Table = Table {
    name: "inventory.reservations_archive",
    only: "g.at < $5::timestamptz - interval '30 days'",
    ..RESERVATIONS
};
const OF_RESERVATIONS: &[(&str, &str)] = &[
    ("shard", "g.shard"),
    ("order_id", "g.id"),
    ("variant_id", "g.variant"),
    ("status", "'confirmed'"),
    ("expires_at", "g.at + interval '30 minutes'"),
    ("created_at", "g.at"),
    ("closed_at", "g.at + interval '1 minute'"),
];
const RESERVED: Table = Table {
    name: "inventory.movements",
    template: "inventory.movements",
    like: "kind = 'reserve'",
    differs: &[
        ("shard", "g.shard"),
        ("variant_id", "g.variant"),
        ("seq", "b.version + g.pos * 2 + 1"),
        ("available_after", "b.available - g.pos - 1"),
        ("reference_id", "g.id"),
        ("occurred_at", "g.at"),
    ],
    only: "true",
    order: "",
};
const SOLD: Table = Table {
    name: "inventory.movements",
    template: "inventory.movements",
    like: "kind = 'reserve'",
    differs: &[
        ("shard", "g.shard"),
        ("variant_id", "g.variant"),
        ("seq", "b.version + g.pos * 2 + 2"),
        ("kind", "'confirm'"),
        ("d_available", "0"),
        ("d_reserved", "-1"),
        ("d_sold", "1"),
        ("available_after", "b.available - g.pos - 1"),
        ("reference_id", "g.id"),
        ("occurred_at", "g.at + interval '1 minute'"),
    ],
    only: "true",
    order: "",
};
/// Published events are kept for a week.
const EVENTS: Table = Table {
    name: "outbox.events",
    template: "outbox.events",
    like: "type = 'order.created'",
    differs: &[
        ("shard", "g.shard"),
        ("id", "g.id"),
        ("subject", "g.id"),
        ("occurred_at", "g.at"),
        ("published_at", "g.at + interval '1 second'"),
    ],
    only: "g.at >= $5::timestamptz - interval '7 days'",
    order: "",
};

/// A step.
struct Which<'a> {
    range: [u64; 3],
    variants: &'a [Uuid],
    last: Timestamp,
}

/// Stores `number` (a multiple of ten) paid orders of one unit, one each three seconds, with their
/// lines, reservations and movements (reserved, sold), with the keys and published events that
/// housekeeping keeps, but without payments. The ledger adds up. Two connections share the work.
pub async fn store_orders(url: &str, number: u64, mut progress: impl FnMut(u64)) -> Result<()> {
    let (mut first, mut second) = (connect(url).await?, connect(url).await?);
    let variants = seed::variants();
    let last = SystemClock.now() - SignedDuration::from_mins(5);
    let mut from = 0;
    while from < number {
        let to = (from + STEP).min(number);
        let which = Which { range: [from, to, number], variants: &variants, last };
        tokio::try_join!(
            store(&mut first, &[ORDERS, LINES, KEYS], &which),
            store(&mut second, &[RESERVATIONS, ARCHIVED, RESERVED, SOLD, EVENTS], &which),
        )?;
        progress(to);
        from = to;
    }
    settle(&mut first, number, &variants).await
}

async fn store(conn: &mut Connection, tables: &[Table], which: &Which<'_>) -> Result<()> {
    let [from, to, all] = which.range.map(i64::try_from);
    let (from, to, all) = (from?, to?, all?);
    for table in tables {
        let sql = statement(conn, table).await?;
        sqlx::query(AssertSqlSafe(sql))
            .bind(from)
            .bind(to)
            .bind(all)
            .bind(which.variants)
            .bind(which.last.to_sqlx())
            .execute(&mut *conn)
            .await
            .with_context(|| format!("store orders in {}", table.name))?;
    }
    Ok(())
}

/// Which columns there are is asked, so that this does not have to follow every migration.
async fn statement(conn: &mut Connection, table: &Table) -> Result<String> {
    let columns: Vec<String> = sqlx::query_scalar(
        "SELECT attname::text FROM pg_attribute
         WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped
             AND attidentity = '' AND attgenerated = ''
         ORDER BY attnum",
    )
    .bind(table.name)
    .fetch_all(conn)
    .await?;
    let values: Vec<String> = columns
        .iter()
        .map(|column| {
            let own = table.differs.iter().find(|(name, _)| name == column);
            own.map_or_else(|| format!("s.{column}"), |(_, value)| (*value).to_owned())
        })
        .collect();
    let Table { name, template, like, only, order, .. } = table;
    Ok(format!(
        "{WHICH}
         INSERT INTO {name} ({})
         SELECT {}
           FROM stored AS g
           CROSS JOIN (SELECT * FROM {template} WHERE {like} LIMIT 1) AS s
           JOIN inventory.stock AS b ON b.shard = g.shard AND b.variant_id = g.variant
          WHERE {only}
         {order}",
        columns.join(", "),
        values.join(", "),
    ))
}

/// Moves the stock of each variant by what its orders have taken.
async fn settle(conn: &mut Connection, number: u64, variants: &[Uuid]) -> Result<()> {
    sqlx::query(
        "WITH taken AS (
             SELECT v.id, CASE WHEN v.place = 1 THEN $1::bigint / 10
                 ELSE ($1::bigint / 10 * 9 - (v.place - 2) + m - 1) / m END AS units
             FROM unnest($2::uuid[]) WITH ORDINALITY AS v (id, place)
             CROSS JOIN (SELECT cardinality($2::uuid[]) - 1 AS m) AS others
         )
         UPDATE inventory.stock AS s
            SET available = available - taken.units::int, sold = sold + taken.units::int
              , version = version + 2 * taken.units
           FROM taken WHERE s.variant_id = taken.id",
    )
    .bind(i64::try_from(number)?)
    .bind(variants)
    .execute(conn)
    .await?;
    Ok(())
}

/// The relay took the stored events long ago: without this, a shop that has just started would be
/// busy with those of years.
pub async fn take_events(url: &str) -> Result<()> {
    let mut conn = connect(url).await?;
    let marked = sqlx::query(
        "UPDATE outbox.lanes SET taken = pg_current_snapshot(), high = (
             SELECT last_value FROM outbox.events_position_seq)",
    )
    .execute(&mut conn)
    .await?;
    ensure!(marked.rows_affected() == 64, "there are 64 lanes");
    Ok(())
}
