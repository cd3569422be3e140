//! Each check of what comes after the sale is shown a shop that is right, and then the mistake it is
//! for.

use testkit::{TestDb, seed::Shop};

use super::{after_sale::CHECKS, *};

/// An order of three white mugs, one of which operations took off; two were sent, and one came back.
const ORDER: &str = "
    INSERT INTO orders.orders (shard, id, status, locale, contact_email, contact_phone, ship_name,
        ship_phone, ship_postal_code, ship_city, ship_district, ship_address1, shipping_method,
        payment_method, currency, subtotal, discount, shipping_fee, total, reserved_until,
        created_at, paid_at)
    SELECT 1, '01990000-0000-7000-8000-00000000a001', 'shipped', 'zh-TW', 'a@example.com',
        '0912345678', '', '', '', '', '', '', 'home_delivery', 'ecpay_credit', 'TWD', 780, 0, 0, 780,
        at, at, at
      FROM (VALUES ('2026-06-01T02:00:00Z'::timestamptz)) AS time (at);
    INSERT INTO orders.lines (shard, order_id, line_no, variant_id, sku, name_zh, name_en,
        variant_name_zh, variant_name_en, quantity, unit_price, line_total)
    SELECT o.shard, o.id, 1, v.id, v.sku, '', '', '', '', 3, 390, 1170
      FROM orders.orders o JOIN catalog.variants v ON v.sku = 'MUG-WHITE';
    INSERT INTO orders.cut_lines SELECT shard, order_id, line_no, 2 FROM orders.lines;
    INSERT INTO orders.edits (shard, order_id, seq, actor_kind, reason, occurred_at, before, after,
        subtotal_before, discount_before, total_before, total_after, refunded)
    SELECT shard, id, 1, 'staff', 'broken', created_at, '{}', '{}', 1170, 0, 1170, 780, 390
      FROM orders.orders;
    INSERT INTO orders.transitions (shard, order_id, seq, from_status, to_status, actor_kind,
        occurred_at)
    SELECT o.shard, o.id, n, f, t, 'system', o.created_at
      FROM orders.orders o
     CROSS JOIN (VALUES (1, 'pending_payment', 'paid'), (2, 'paid', 'preparing_shipment'),
        (3, 'preparing_shipment', 'shipped'), (4, 'shipped', 'return_requested'),
        (5, 'return_requested', 'shipped')) AS moves (n, f, t);
    INSERT INTO payments.attempts (shard, id, order_id, merchant_trade_no, provider, method, amount,
        currency, status, kept, idempotency_key, created_at, updated_at, paid_at)
    SELECT shard, '01990000-0000-7000-8000-00000000c001', id, '01A', 'ecpay', 'ecpay_credit', 1170,
        'TWD', 'succeeded', true, id, created_at, created_at, paid_at FROM orders.orders;
    INSERT INTO payments.refunds (shard, id, payment_id, order_id, amount, currency, status, reason,
        created_at, updated_at)
    SELECT shard, '01990000-0000-7000-8000-00000000d001', id, order_id, 390, 'TWD', 'requested',
        'returned', created_at, created_at FROM payments.attempts;
    INSERT INTO inventory.reservations (shard, order_id, line_no, warehouse_id, variant_id, quantity,
        available_before, status, expires_at, created_at, closed_at)
    SELECT l.shard, l.order_id, 1, w.id, l.variant_id, 3, 10, 'confirmed', o.created_at,
        o.created_at, o.created_at
      FROM orders.lines l JOIN orders.orders o ON o.id = l.order_id
      JOIN inventory.warehouses w ON w.code = 'TPE';
    INSERT INTO inventory.fulfilments (shard, order_id, line_no, variant_id, warehouse_id, quantity,
        shipped, returned, withdrawn)
    SELECT shard, order_id, line_no, variant_id, warehouse_id, 3, 3, 2, 1
      FROM inventory.reservations;
    INSERT INTO inventory.movements (shard, variant_id, warehouse_id, seq, kind, d_total, d_available,
        d_reserved, d_sold, available_after, reference_id, actor_kind, occurred_at)
    SELECT r.shard, r.variant_id, r.warehouse_id, n, k, t, a, v, s, after, r.order_id, 'system',
        r.created_at
      FROM inventory.reservations r
     CROSS JOIN (VALUES (2, 'reserve', 0, -3, 3, 0, 7), (3, 'confirm', 0, 0, -3, 3, 7),
        (4, 'ship', -1, 0, 0, -1, 7), (5, 'return', 1, 1, 0, 0, 8),
        (6, 'ship', -2, 0, 0, -2, 8), (7, 'return', 1, 1, 0, 0, 9)) AS moves (n, k, t, a, v, s, after);
    UPDATE inventory.stock s SET total = 9, available = 9, version = 7
      FROM inventory.reservations r
     WHERE s.variant_id = r.variant_id AND s.warehouse_id = r.warehouse_id;
    INSERT INTO shipping.shipments (shard, id, order_id, number, warehouse_id, status, version,
        created_at, shipped_at, delivered_at)
    SELECT r.shard, '01990000-0000-7000-8000-00000000e001', r.order_id, 1, r.warehouse_id,
        'delivered', 4, r.created_at, r.created_at, r.created_at FROM inventory.reservations r;
    INSERT INTO shipping.shipment_lines (shard, shipment_id, line_no, variant_id, quantity)
    SELECT s.shard, s.id, 1, l.variant_id, 2 FROM shipping.shipments s, orders.lines l;
    INSERT INTO shipping.shipment_transitions (shard, shipment_id, seq, from_status, to_status,
        actor_kind, occurred_at)
    SELECT s.shard, s.id, n, f, t, 'staff', s.created_at
      FROM shipping.shipments s
     CROSS JOIN (VALUES (1, NULL, 'pending'), (2, 'pending', 'ready_to_ship'),
        (3, 'ready_to_ship', 'shipped'), (4, 'shipped', 'delivered')) AS moves (n, f, t);
    INSERT INTO shipping.returns (shard, id, order_id, number, status, cause, reason, refund_id,
        version, requested_at, closed_at)
    SELECT o.shard, '01990000-0000-7000-8000-00000000f001', o.id, 1, 'inspected', 'damaged', '',
        m.id, 4, o.created_at, o.created_at
      FROM orders.orders o JOIN payments.refunds m ON m.order_id = o.id;
    INSERT INTO shipping.return_lines (shard, return_id, line_no, quantity, received, restocked)
    SELECT shard, id, 1, 1, 1, 1 FROM shipping.returns;
    INSERT INTO shipping.return_transitions (shard, return_id, seq, from_status, to_status,
        actor_kind, occurred_at)
    SELECT r.shard, r.id, n, f, t, 'staff', r.requested_at
      FROM shipping.returns r
     CROSS JOIN (VALUES (1, NULL, 'requested'), (2, 'requested', 'approved'),
        (3, 'approved', 'received'), (4, 'received', 'inspected')) AS moves (n, f, t);";

/// What a mistake might do, and the claim it breaks.
const MISTAKES: &[(&str, &str)] = &[
    ("UPDATE shipping.shipment_lines SET quantity = 1", "what left is exactly"),
    ("UPDATE shipping.shipments SET status = 'cancelled'", "what left is exactly"),
    (
        "INSERT INTO shipping.shipments (shard, id, order_id, number, warehouse_id, status, version,
             created_at)
         SELECT shard, '01990000-0000-7000-8000-00000000e041', order_id, 2, warehouse_id,
                'pending', 1, created_at FROM shipping.shipments;
         INSERT INTO shipping.shipment_lines
         SELECT shard, '01990000-0000-7000-8000-00000000e041', line_no, variant_id, 1
           FROM shipping.shipment_lines",
        "no parcel is planned",
    ),
    ("UPDATE shipping.return_lines SET restocked = 0, refused = 1", "what came back"),
    ("UPDATE shipping.return_lines SET quantity = 2, received = 2, written_off = 1", "what came back"),
    ("UPDATE orders.cut_lines SET quantity = 1", "what operations took off"),
    ("DELETE FROM orders.cut_lines", "what operations took off"),
    ("UPDATE inventory.fulfilments SET withdrawn = 0", "what operations took off"),
    ("UPDATE orders.orders SET status = 'preparing_shipment'", "an order is shipped exactly"),
    ("UPDATE orders.orders SET status = 'paid'", "an order is shipped exactly"),
    ("UPDATE inventory.reservations SET quantity = 4", "an order is shipped exactly"),
    ("UPDATE orders.orders SET status = 'return_requested'", "a return is under way"),
    (
        "UPDATE shipping.returns SET status = 'received', closed_at = NULL, refund_id = NULL",
        "a return is under way",
    ),
    (
        "UPDATE shipping.returns SET refund_id = NULL; DELETE FROM payments.refunds",
        "every accepted return",
    ),
    ("DELETE FROM payments.refunds", "every accepted return"),
    ("DELETE FROM shipping.shipment_transitions WHERE seq = 2", "every parcel's"),
    ("DELETE FROM shipping.return_transitions WHERE seq = 4", "every parcel's"),
    ("UPDATE shipping.shipments SET status = 'returned'", "every parcel's"),
    ("DELETE FROM shipping.return_transitions", "every parcel's"),
];

#[tokio::test]
async fn every_mistake_after_the_sale_is_found_by_the_check_it_is_for() {
    let test = TestDb::new().await;
    Shop::small(&test).await;
    sqlx::raw_sql(ORDER).execute(&mut *test.owner().acquire().await.unwrap()).await.unwrap();
    let report = run(test.db()).await.unwrap();
    assert!(report.is_clean(), "{report}");
    let mut broken: Vec<&str> = Vec::new();
    for (mistake, claim) in MISTAKES {
        // Undone by its rollback: the auditor looks from within the transaction.
        let mut tx = test.owner().begin().await.unwrap();
        sqlx::raw_sql(*mistake).execute(&mut *tx).await.unwrap();
        let report = examine(&mut tx).await.unwrap();
        let finding = report.findings.iter().find(|finding| finding.claim.starts_with(claim));
        let rows = &finding.unwrap_or_else(|| panic!("no check claims {claim:?}")).rows;
        assert!(!rows.is_empty(), "{mistake}\nwas not found:\n{report}");
        broken.push(claim);
    }
    for check in CHECKS {
        let shown = broken.iter().any(|claim| check.claim.starts_with(claim));
        assert!(shown, "no mistake was shown to the check that {}", check.claim);
    }
}
