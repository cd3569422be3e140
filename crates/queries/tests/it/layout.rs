//! The layout that lets the database be spread over machines (ADR 0002), read from the catalogue of
//! the migrated database: nothing on the hot path that Citus would refuse.

use testkit::TestDb;

/// Tables every order writes to or depends on while it is placed, paid or ended.
const HOT: &[&str] = &[
    "inventory.movements",
    "inventory.reservations",
    "inventory.reservations_archive",
    "inventory.stock",
    "orders.adjustments",
    "orders.idempotency_keys",
    "orders.line_components",
    "orders.lines",
    "orders.orders",
    "orders.purchases",
    "orders.transitions",
    "outbox.events",
    "payments.attempts",
    "payments.receipts",
    "payments.refund_lines",
    "payments.refund_transitions",
    "payments.refunds",
    "payments.transitions",
    "pricing.redemptions",
];

/// Tables that are never written over: what happened stays as it was told.
const APPEND_ONLY: &[&str] = &[
    "inventory.movements",
    "orders.adjustments",
    "orders.edits",
    "orders.line_components",
    "orders.lines",
    "orders.transitions",
    "payments.notices",
    "payments.receipts",
    "payments.refund_lines",
    "payments.refund_transitions",
    "payments.transitions",
    "shipping.return_pictures",
    "shipping.return_transitions",
    "shipping.shipment_lines",
    "shipping.shipment_transitions",
];

/// Unique indexes of tables with a shard that do not begin with it.
const UNIQUE_WITHOUT_SHARD_FIRST: &str = "
    SELECT format('%s: %s', i.indexrelid::regclass, pg_get_indexdef(i.indexrelid, 1, true))
      FROM pg_index i
      JOIN pg_attribute s ON s.attrelid = i.indrelid AND s.attname = 'shard' AND NOT s.attisdropped
      JOIN pg_class t ON t.oid = i.indrelid AND t.relkind IN ('r', 'p')
     WHERE i.indisunique AND i.indkey[0] <> s.attnum
     ORDER BY 1";

/// Tables with a shard that have no primary key at all.
const NO_KEY: &str = "
    SELECT s.attrelid::regclass::text
      FROM pg_attribute s JOIN pg_class t ON t.oid = s.attrelid AND t.relkind IN ('r', 'p')
     WHERE s.attname = 'shard' AND NOT s.attisdropped
       AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = t.oid AND i.indisprimary)";

/// Triggers on them, and foreign keys from or to them.
const TIES: &str = "
    SELECT format('%s on %s', g.tgname, g.tgrelid::regclass)
      FROM pg_trigger g JOIN pg_attribute s ON s.attrelid = g.tgrelid AND s.attname = 'shard'
    UNION ALL
    SELECT format('%s from %s to %s', c.conname, c.conrelid::regclass, c.confrelid::regclass)
      FROM pg_constraint c JOIN pg_attribute s ON s.attrelid IN (c.conrelid, c.confrelid)
       AND s.attname = 'shard'
     WHERE c.contype = 'f'";

async fn list(test: &TestDb, sql: &'static str) -> Vec<String> {
    let mut conn = test.owner().acquire().await.unwrap();
    sqlx::query_scalar(sql).fetch_all(&mut *conn).await.unwrap()
}

#[tokio::test]
async fn every_hot_table_can_be_distributed() {
    let test = TestDb::new().await;
    let sharded = list(
        &test,
        "SELECT s.attrelid::regclass::text FROM pg_attribute s
           JOIN pg_class t ON t.oid = s.attrelid AND t.relkind IN ('r', 'p')
          WHERE s.attname = 'shard' AND s.attnotnull AND s.atttypid = 'smallint'::regtype",
    )
    .await;
    for table in HOT {
        assert!(sharded.iter().any(|it| it == table), "{table} has no shard: {sharded:?}");
    }
    // The one exception has a decision of its own (ADR 0004).
    assert_eq!(
        list(&test, UNIQUE_WITHOUT_SHARD_FIRST).await,
        ["orders.idempotency_keys_pkey: key"]
    );
    let none: [&str; 0] = [];
    assert_eq!(list(&test, NO_KEY).await, none);
    assert_eq!(list(&test, TIES).await, none);
}

/// The check sees what it is there for.
#[tokio::test]
async fn what_cannot_be_distributed_is_found() {
    let test = TestDb::new().await;
    let mut conn = test.owner().acquire().await.unwrap();
    sqlx::raw_sql(
        "CREATE UNIQUE INDEX bad_idx ON orders.orders (id);
         ALTER TABLE orders.lines ADD FOREIGN KEY (shard, order_id) REFERENCES orders.orders;
         CREATE TABLE orders.keyless (shard smallint NOT NULL);",
    )
    .execute(&mut *conn)
    .await
    .unwrap();
    drop(conn);
    let found = list(&test, UNIQUE_WITHOUT_SHARD_FIRST).await;
    assert!(found.contains(&"orders.bad_idx: id".to_owned()), "{found:?}");
    assert_eq!(list(&test, NO_KEY).await, ["orders.keyless"]);
    let ties = list(&test, TIES).await;
    assert!(ties.iter().any(|tie| tie.contains("from orders.lines to orders.orders")), "{ties:?}");
}

#[tokio::test]
async fn the_server_owns_no_table_and_rewrites_no_history() {
    let test = TestDb::new().await;
    let none: [&str; 0] = [];
    let owned = "SELECT oid::regclass::text FROM pg_class
                  WHERE relowner = 'oxcart_app'::regrole AND relkind IN ('r', 'p', 'v', 'm')";
    assert_eq!(list(&test, owned).await, none);
    let mut conn = test.owner().acquire().await.unwrap();
    for table in APPEND_ONLY {
        let rights: (bool, bool) = sqlx::query_as(
            "SELECT has_table_privilege('oxcart_app', $1, 'INSERT'),
                    has_table_privilege('oxcart_app', $1, 'UPDATE, DELETE, TRUNCATE')",
        )
        .bind(table)
        .fetch_one(&mut *conn)
        .await
        .unwrap();
        assert_eq!(rights, (true, false), "{table}");
    }
}

/// Functions that lend their owner's rights: found by nobody's own path, called by nobody unasked.
#[tokio::test]
async fn lent_rights_are_guarded() {
    let test = TestDb::new().await;
    let careless = "
        SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace
         WHERE prosecdef AND nspname NOT IN ('pg_catalog', 'information_schema')
           AND (has_function_privilege('public', p.oid, 'EXECUTE')
                OR proowner <> 'oxcart_app'::regrole
                OR NOT coalesce(proconfig @> ARRAY['search_path=pg_catalog, pg_temp'], false))";
    let none: [&str; 0] = [];
    assert_eq!(list(&test, careless).await, none);
    let lent = "SELECT proname::text FROM pg_proc JOIN pg_namespace n ON n.oid = pronamespace
                 WHERE prosecdef AND nspname NOT IN ('pg_catalog', 'information_schema')";
    assert_eq!(list(&test, lent).await, ["create_order_with_inventory_deduction"]);
}

/// All the way back, and forth again: every migration has a way back that works.
#[tokio::test]
async fn migrations_go_both_ways() {
    let test = TestDb::new().await;
    let tables = "SELECT table_schema || '.' || table_name || '.' || column_name
                    || ' ' || data_type FROM information_schema.columns
                   WHERE table_schema NOT IN ('pg_catalog', 'information_schema')
                   ORDER BY 1";
    let before = list(&test, tables).await;
    pg::migrate::down_to(test.owner_url(), 0).await.unwrap();
    let left = "SELECT nspname::text FROM pg_namespace
                 WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'public')";
    let none: [&str; 0] = [];
    assert_eq!(list(&test, left).await, none);
    let left = "SELECT proname::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace";
    assert_eq!(list(&test, left).await, none);
    pg::migrate::up(test.owner_url()).await.unwrap();
    assert_eq!(list(&test, tables).await, before);
}
