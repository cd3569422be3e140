//! Expiry with a crowd of orders, with several nodes, and with money arriving at the same moment.

use checkout::Checkout;
use orders::OrderStatus;
use payments::notices::Verdict;
use sqlx::AssertSqlSafe;

use crate::bench::Bench;

/// `count` unpaid orders of one tote each, as the engine leaves them behind, alternately of two
/// variants, due half an hour after the test's beginning.
const WAITING: &str = "
    CREATE TEMP TABLE waiting AS
    SELECT n, (n - 1) / 2 + 1 AS turn, v.id AS variant_id, v.sku, v.price, s.warehouse_id, s.shard
         , s.available, format('01990000-0000-7000-8000-%s', lpad(to_hex(n * 64 + s.shard), 12, '0'))::uuid AS id
         , timestamptz '2026-06-01T02:00:00Z' + n * interval '1 microsecond' AS at
      FROM generate_series(1, $COUNT$) AS n
      JOIN catalog.variants v ON v.sku = CASE WHEN n % 2 = 0 THEN 'TOTE-L' ELSE 'MUG-WHITE' END
      JOIN inventory.stock s ON s.variant_id = v.id
      JOIN inventory.warehouses w ON w.id = s.warehouse_id AND w.code = 'TPE';
    INSERT INTO orders.orders (shard, id, status, locale, contact_email, contact_phone, ship_name
         , ship_phone, ship_postal_code, ship_city, ship_district, ship_address1, shipping_method
         , payment_method, currency, subtotal, discount, shipping_fee, total, reserved_until, created_at)
    SELECT shard, id, 'pending_payment', 'zh-TW', 'a@example.com', '0912345678', '王小明', '0912345678'
         , '100', '臺北市', '中正區', '重慶南路', 'home_delivery', 'ecpay_credit', 'TWD', price, 0, 80
         , price + 80, at + interval '30 minutes', at
      FROM waiting;
    INSERT INTO orders.lines (shard, order_id, line_no, variant_id, sku, name_zh, name_en
         , variant_name_zh, variant_name_en, quantity, unit_price, line_total)
    SELECT shard, id, 1, variant_id, sku, '', '', '', '', 1, price, price FROM waiting;
    INSERT INTO inventory.reservations (shard, order_id, line_no, warehouse_id, variant_id, quantity
         , available_before, status, expires_at, created_at)
    SELECT shard, id, 1, warehouse_id, variant_id, 1, available - turn + 1, 'active'
         , at + interval '30 minutes', at
      FROM waiting;
    INSERT INTO inventory.movements (shard, variant_id, warehouse_id, seq, kind, d_total, d_available
         , d_reserved, d_sold, available_after, reference_id, actor_kind, occurred_at)
    SELECT w.shard, w.variant_id, w.warehouse_id, s.version + turn, 'reserve', 0, -1, 1, 0
         , w.available - turn, w.id, 'guest', at
      FROM waiting w JOIN inventory.stock s USING (shard, variant_id, warehouse_id);
    UPDATE inventory.stock s
       SET available = s.available - held.units, reserved = held.units, version = version + held.units
      FROM (SELECT variant_id, warehouse_id, count(*) AS units FROM waiting GROUP BY 1, 2) AS held
     WHERE s.variant_id = held.variant_id AND s.warehouse_id = held.warehouse_id;
    ANALYZE orders.orders, orders.lines, inventory.reservations, inventory.movements;
    DROP TABLE waiting;";

/// A shop with `count` orders that wait for their money.
pub async fn crowd(count: i32) -> Bench {
    let bench = Bench::new().await;
    let shop = bench.shop;
    for variant in [shop.tote_large, shop.mug_white] {
        testkit::seed::receive(&bench.test, variant, shop.taipei, count).await;
    }
    let sql = WAITING.replace("$COUNT$", &count.to_string());
    let mut conn = bench.test.owner().acquire().await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *conn).await.unwrap();
    drop(conn);
    bench
}

/// Ends batch after batch; how many orders it was.
async fn expire_all(node: &Checkout) -> usize {
    let mut ended = 0;
    loop {
        match node.expire_batch().await.unwrap() {
            0 => return ended,
            more => ended += more,
        }
    }
}

/// Waits until `count` transactions wait for a lock.
pub async fn until_waiting(bench: &Bench, count: i64) {
    let waiting = "SELECT count(*) FROM pg_stat_activity
                    WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let seen = async {
        while bench.count(waiting).await != count {
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(8), seen).await.expect("they wait");
}

/// `OXCART_EXPIRY_ORDERS=100000` makes the crowd as large as the promise and prints how fast it went.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_nodes_end_each_order_of_a_crowd_exactly_once() {
    let crowd_size = std::env::var("OXCART_EXPIRY_ORDERS").map_or(3_000, |n| n.parse().unwrap());
    let count = usize::try_from(crowd_size).unwrap();
    let bench = crowd(crowd_size).await;
    bench.assert_books_are_right().await;
    let other = bench.another_node();
    bench.minutes_pass(29);
    assert_eq!(expire_all(&other).await, 0);
    bench.minutes_pass(2);
    let began = std::time::Instant::now();
    let (here, there) = tokio::join!(expire_all(&bench.checkout), expire_all(&other));
    eprintln!("{count} orders ended in {:?}: {here} and {there}", began.elapsed());
    // A node that found the rest claimed by the other one went home early; nothing is left.
    assert_eq!(here + there + expire_all(&other).await, count);

    let size = i64::from(crowd_size);
    for (sql, expected) in [
        ("SELECT count(*) FROM orders.orders WHERE status = 'cancelled'", size),
        ("SELECT count(*) FROM inventory.reservations WHERE status = 'expired'", size),
        ("SELECT count(*) FROM inventory.movements WHERE kind = 'release'", size),
        ("SELECT count(DISTINCT order_id) FROM orders.transitions WHERE seq = 1", size),
        ("SELECT count(*) FROM orders.transitions", size),
        ("SELECT count(DISTINCT subject) FROM outbox.events WHERE type = 'order.cancelled'", size),
        ("SELECT count(*) FROM outbox.events WHERE type = 'order.cancelled'", size),
        ("SELECT sum(reserved)::bigint FROM inventory.stock", 0),
        ("SELECT sum(total - available)::bigint FROM inventory.stock", 0),
    ] {
        assert_eq!(bench.count(sql).await, expected, "{sql}");
    }
    bench.assert_books_are_right().await;
}

/// The money is being booked when the time is over: the payment has the order, and keeps it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_that_is_being_paid_is_left_alone() {
    let bench = Bench::new().await;
    let shop = bench.shop;
    let paying = bench.place(&[(shop.tote_large, 1)]).await.order.id;
    let idle = bench.place(&[(shop.mug_white, 1)]).await.order.id;
    let (trade_no, amount) = bench.begin(paying).await;
    let body = bench.notice(&trade_no, amount, "1", "0");
    bench.minutes_pass(31);
    // Somebody has the stock row, so that the payment stops halfway, with the order's row in hand.
    let mut tx = bench.test.db().begin().await.unwrap();
    inventory::lock(&mut tx, &[shop.tote_large]).await.unwrap();
    let paid = async { bench.deliver(&body).await };
    let expired = async {
        until_waiting(&bench, 1).await;
        let ended = bench.end_due().await;
        assert_eq!(bench.load(paying).await.status, OrderStatus::PendingPayment);
        tx.rollback().await.unwrap();
        ended
    };
    let (reply, ended) = tokio::join!(paid, expired);
    assert_eq!((reply.verdict, ended), (Verdict::Accepted, 1));
    assert_eq!(bench.load(idle).await.status, OrderStatus::Cancelled);
    assert_eq!(bench.end_due().await, 0);
    assert_eq!(bench.load(paying).await.status, OrderStatus::Paid);
    assert_eq!(bench.events(paying).await, ["order.created", "payment.succeeded", "order.paid"]);
    bench.assert_books_are_right().await;
}

/// The other way round: expiry has the order when the money comes. The money waits, finds the order
/// ended, and takes the stock again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn money_that_comes_while_its_order_expires_waits_and_revives_it() {
    let bench = Bench::new().await;
    let tote = bench.shop.tote_large;
    let order = bench.place(&[(tote, 1)]).await.order.id;
    let (trade_no, amount) = bench.begin(order).await;
    let body = bench.notice(&trade_no, amount, "1", "0");
    bench.minutes_pass(31);
    let mut tx = bench.test.db().begin().await.unwrap();
    inventory::lock(&mut tx, &[tote]).await.unwrap();
    let expired = async { bench.end_due().await };
    let paid = async {
        until_waiting(&bench, 1).await;
        bench.deliver(&body).await
    };
    let freed = async {
        until_waiting(&bench, 2).await;
        tx.rollback().await.unwrap();
    };
    let (ended, reply, ()) = tokio::join!(expired, paid, freed);
    assert_eq!((ended, reply.verdict), (1, Verdict::Accepted));
    assert_eq!(bench.load(order).await.status, OrderStatus::Paid);
    assert_eq!(
        bench.events(order).await,
        ["order.created", "order.cancelled", "payment.succeeded", "order.paid"]
    );
    let stock = bench.stock(tote, bench.shop.taipei).await;
    assert_eq!((stock.available, stock.reserved, stock.sold), (99, 0, 1));
    bench.assert_books_are_right().await;
}

/// With twenty thousand orders waiting, those that are due are found without looking at the others.
#[tokio::test]
async fn orders_that_are_not_due_cost_nothing() {
    let bench = crowd(20_000).await;
    let due = "UPDATE orders.orders SET reserved_until = '2026-06-01T01:00:00Z'
                WHERE id IN (SELECT id FROM orders.orders ORDER BY id DESC LIMIT 70)";
    let mut conn = bench.test.owner().acquire().await.unwrap();
    sqlx::raw_sql(due).execute(&mut *conn).await.unwrap();
    drop(conn);
    let mut tx = bench.test.db().begin().await.unwrap();
    let now = kernel::Clock::now(&*bench.test.clock());
    let claimed = orders::claim_expired(&mut tx, now, 50).await.unwrap();
    assert_eq!(claimed.len(), 50);
    let (scans, rows): (i64, i64) = sqlx::query_as(
        "SELECT seq_scan, idx_tup_fetch FROM pg_stat_xact_user_tables
          WHERE relid = 'orders.orders'::regclass",
    )
    .fetch_one(&mut *tx)
    .await
    .unwrap();
    // Fifty to claim them, fifty to read them, and what was updated away just now.
    assert_eq!(scans, 0);
    assert!(rows <= 200, "{rows} rows were looked at");
}
