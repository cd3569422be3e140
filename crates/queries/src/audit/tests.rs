//! Each check is shown a shop that is right, and then the mistake it is for.

use testkit::{TestDb, seed::Shop};

use super::*;

/// Two white mugs, limited to two a buyer, bought and paid by an account; one black mug, held by a
/// guest's order with a coupon that waits for its money.
const ORDERS: &str = "
    INSERT INTO orders.orders (shard, id, status, locale, contact_email, contact_phone,
        ship_name, ship_phone, ship_postal_code, ship_city, ship_district, ship_address1,
        shipping_method, payment_method, currency, subtotal, discount,
        shipping_fee, total, reserved_until, created_at, paid_at)
    SELECT shard, id, status, 'zh-TW', 'a@example.com', '0912345678', '', '', '', '', '', '', 'home_delivery',
           'ecpay_credit', 'TWD', subtotal, 0, 80, subtotal + 80, at + interval '30 minutes', at,
           CASE WHEN status = 'paid' THEN at END
      FROM (VALUES (1, '01990000-0000-7000-8000-00000000a001'::uuid, 'paid', 780),
                   (2, '01990000-0000-7000-8000-00000000b002', 'pending_payment', 420))
           AS new (shard, id, status, subtotal),
           (SELECT '2026-06-01T02:00:00Z'::timestamptz AS at) AS time;

    INSERT INTO orders.lines (shard, order_id, line_no, variant_id, sku, name_zh, name_en,
        variant_name_zh, variant_name_en, quantity, unit_price, line_total)
    SELECT o.shard, o.id, 1, v.id, v.sku, '', '', '', '', o.subtotal / v.price, v.price, o.subtotal
      FROM orders.orders o
      JOIN catalog.variants v
        ON v.sku = CASE WHEN o.status = 'paid' THEN 'MUG-WHITE' ELSE 'MUG-BLACK' END;

    INSERT INTO inventory.reservations (shard, order_id, line_no, warehouse_id, variant_id,
        quantity, available_before, status, expires_at, created_at, closed_at)
    SELECT l.shard, l.order_id, 1, w.id, l.variant_id, l.quantity, s.available,
           CASE WHEN o.status = 'paid' THEN 'confirmed' ELSE 'active' END, o.reserved_until,
           o.created_at, o.paid_at
      FROM orders.lines l
      JOIN orders.orders o ON o.id = l.order_id
      JOIN inventory.warehouses w ON w.code = 'TPE'
      JOIN inventory.stock s ON s.variant_id = l.variant_id AND s.warehouse_id = w.id;

    INSERT INTO inventory.movements (shard, variant_id, warehouse_id, seq, kind, d_total,
        d_available, d_reserved, d_sold, available_after, reference_id, actor_kind, occurred_at)
    SELECT r.shard, r.variant_id, r.warehouse_id, 2, 'reserve', 0, -quantity, quantity, 0,
           available_before - quantity, order_id, 'guest', created_at
      FROM inventory.reservations r
    UNION ALL
    SELECT r.shard, r.variant_id, r.warehouse_id, 3, 'confirm', 0, 0, -quantity, quantity,
           available_before - quantity, order_id, 'payment_provider', created_at
      FROM inventory.reservations r WHERE status = 'confirmed';

    UPDATE inventory.stock s
       SET available = available - r.quantity,
           reserved = CASE WHEN r.status = 'active' THEN r.quantity ELSE 0 END,
           sold = CASE WHEN r.status = 'active' THEN 0 ELSE r.quantity END,
           version = CASE WHEN r.status = 'active' THEN 2 ELSE 3 END
      FROM inventory.reservations r
     WHERE s.variant_id = r.variant_id AND s.warehouse_id = r.warehouse_id;

    INSERT INTO orders.transitions (shard, order_id, seq, from_status, to_status, actor_kind,
        occurred_at)
    SELECT shard, id, 1, 'pending_payment', 'paid', 'payment_provider', paid_at
      FROM orders.orders WHERE status = 'paid';

    INSERT INTO payments.attempts (shard, id, order_id, merchant_trade_no, provider, method, amount,
        currency, status, idempotency_key, created_at, updated_at, paid_at)
    SELECT shard, '01990000-0000-7000-8000-00000000c001', id, '01A', 'ecpay', 'ecpay_credit', total,
           currency, 'succeeded', id, created_at, created_at, paid_at
      FROM orders.orders WHERE status = 'paid';

    INSERT INTO payments.refunds (shard, id, payment_id, order_id, amount, currency, status, reason,
        automatic, created_at, updated_at)
    SELECT shard, '01990000-0000-7000-8000-00000000e001', id, order_id, 390, currency, 'requested',
           'one is chipped', false, created_at, created_at
      FROM payments.attempts;
    INSERT INTO payments.refund_lines (shard, refund_id, line_no, quantity, amount)
    SELECT shard, id, 1, 1, amount FROM payments.refunds;

    UPDATE catalog.variants SET purchase_limit = 2, purchase_limit_since = '2026-05-01T00:00:00Z'
     WHERE sku = 'MUG-WHITE';
    UPDATE orders.orders SET customer_id = '01990000-0000-7000-8000-00000000f001' WHERE shard = 1;
    INSERT INTO orders.purchases (shard, variant_id, buyer, order_id, quantity)
    SELECT l.shard, l.variant_id, names.buyer, o.id, l.quantity
      FROM orders.orders o
      JOIN orders.lines l ON l.order_id = o.id
      CROSS JOIN LATERAL (VALUES (o.customer_id), (orders.buyer_of_email(o.contact_email)))
           AS names (buyer)
     WHERE o.shard = 1;

    INSERT INTO pricing.coupons (code, kind, value, redeemed, created_at, updated_at)
    VALUES ('TEN', 'percentage', 10, 1, '2026-05-01T00:00:00Z', '2026-05-01T00:00:00Z');
    UPDATE orders.orders SET coupon_code = 'TEN', discount = 42, total = total - 42 WHERE shard = 2;
    INSERT INTO pricing.redemptions (shard, order_id, coupon, email_buyer, amount, redeemed_at)
    SELECT shard, id, coupon_code, orders.buyer_of_email(contact_email), discount, created_at
      FROM orders.orders WHERE shard = 2;
    INSERT INTO orders.adjustments (shard, order_id, position, line_no, edition, kind, code, amount)
    SELECT shard, id, 1, 1, 0, 'coupon', coupon_code, discount FROM orders.orders WHERE shard = 2;
";

/// What somebody with the owner's password might do, and the claim it breaks first.
const MISTAKES: &[(&str, &str)] = &[
    (
        "ALTER TABLE inventory.stock DROP CONSTRAINT stock_balance_check;
         UPDATE inventory.stock SET total = total + 1 WHERE variant_id = $WHITE$",
        "every balance is total",
    ),
    (
        "UPDATE inventory.stock SET total = total + 1, available = available + 1
          WHERE variant_id = $WHITE$",
        "every balance is the sum",
    ),
    ("DELETE FROM inventory.stock WHERE variant_id = $BLACK$", "every balance is the sum"),
    (
        "UPDATE inventory.movements SET seq = 9 WHERE kind = 'reserve' AND variant_id = $WHITE$",
        "every ledger is gapless",
    ),
    (
        "UPDATE inventory.movements SET available_after = 7 WHERE kind = 'confirm'",
        "every ledger is gapless",
    ),
    ("UPDATE inventory.stock SET version = 9 WHERE variant_id = $WHITE$", "every stock row counts"),
    (
        // By nothing that there is; by a stocktake that is over; by one that counts something else.
        "UPDATE inventory.stock SET frozen_by = '01990000-0000-7000-8000-00000000e001'
          WHERE variant_id = $WHITE$",
        "what is frozen",
    ),
    (
        "INSERT INTO inventory.stocktakes (id, warehouse_id, status, counts_required, note, version,
             opened_by, opened_at, expires_at, closed_at)
         SELECT '01990000-0000-7000-8000-00000000e001', id, 'expired', 1, '', 2, id, now(), now(),
                now()
           FROM inventory.warehouses WHERE code = 'TPE';
         INSERT INTO inventory.stocktake_lines (stocktake_id, variant_id, expected, promised)
         VALUES ('01990000-0000-7000-8000-00000000e001', $BLACK$, 1, 1);
         UPDATE inventory.stock SET frozen_by = '01990000-0000-7000-8000-00000000e001'
          WHERE variant_id = $BLACK$",
        "what is frozen",
    ),
    (
        "INSERT INTO inventory.stocktakes (id, warehouse_id, status, counts_required, note, version,
             opened_by, opened_at, expires_at)
         SELECT '01990000-0000-7000-8000-00000000e001', id, 'open', 1, '', 1, id, now(), now()
           FROM inventory.warehouses WHERE code = 'TPE';
         UPDATE inventory.stock SET frozen_by = '01990000-0000-7000-8000-00000000e001'
          WHERE variant_id = $BLACK$",
        "what is frozen",
    ),
    (
        // One counts what may be sold meanwhile.
        "INSERT INTO inventory.stocktakes (id, warehouse_id, status, counts_required, note, version,
             opened_by, opened_at, expires_at)
         SELECT '01990000-0000-7000-8000-00000000e001', id, 'review', 1, '', 1, id, now(), now()
           FROM inventory.warehouses WHERE code = 'TPE';
         INSERT INTO inventory.stocktake_lines (stocktake_id, variant_id, expected, promised)
         VALUES ('01990000-0000-7000-8000-00000000e001', $BLACK$, 1, 1)",
        "what is frozen",
    ),
    (
        "INSERT INTO catalog.bundle_components VALUES ($BLACK$, $WHITE$, 1)",
        "no bundle has stock",
    ),
    (
        // None of it is in a warehouse, but some is on the way.
        "INSERT INTO catalog.bundle_components
         SELECT id, $WHITE$, 1 FROM catalog.variants WHERE sku = 'TOTE-S';
         INSERT INTO inventory.transfers (id, from_warehouse_id, to_warehouse_id, status, version,
             note, created_by, created_at, dispatched_at)
         SELECT '01990000-0000-7000-8000-00000000e002', tpe.id, khh.id, 'in_transit', 2, '', tpe.id,
                now(), now()
           FROM inventory.warehouses tpe, inventory.warehouses khh
          WHERE tpe.code = 'TPE' AND khh.code = 'KHH';
         INSERT INTO inventory.transfer_lines (transfer_id, variant_id, quantity, sent, received,
             returned, lost, lost_reason)
         SELECT '01990000-0000-7000-8000-00000000e002', id, 9, 9, 3, 2, 3, 'x'
           FROM catalog.variants WHERE sku = 'TOTE-S'",
        "no bundle has stock",
    ),
    (
        "UPDATE inventory.reservations SET quantity = 2 WHERE variant_id = $BLACK$",
        "what is reserved",
    ),
    (
        "UPDATE inventory.reservations SET status = 'released' WHERE variant_id = $WHITE$",
        "what was sold",
    ),
    (
        // Two orders swap what they moved: every sum over all of them stays the same.
        "UPDATE inventory.movements SET reference_id = '01990000-0000-7000-8000-00000000b002'
          WHERE variant_id = $WHITE$ AND kind <> 'receive'",
        "every order moved exactly",
    ),
    (
        "INSERT INTO inventory.reservations_archive
         SELECT * FROM inventory.reservations WHERE status = 'confirmed'",
        "every reservation lies",
    ),
    (
        "INSERT INTO inventory.fulfilments (shard, order_id, line_no, variant_id, warehouse_id,
             quantity, shipped)
         SELECT shard, order_id, line_no, variant_id, warehouse_id, quantity, 1
           FROM inventory.reservations WHERE status = 'confirmed'",
        "what was shipped and returned",
    ),
    ("DELETE FROM orders.lines WHERE shard = 2", "every order has lines"),
    (
        "UPDATE orders.lines SET quantity = 1, line_total = unit_price WHERE shard = 1",
        "every order has lines",
    ),
    ("DELETE FROM orders.orders WHERE shard = 2", "every line, reservation"),
    (
        "UPDATE inventory.reservations SET line_no = 2 WHERE variant_id = $WHITE$",
        "every order holds",
    ),
    ("UPDATE orders.orders SET status = 'cancelled' WHERE shard = 2", "every order holds"),
    (
        // The line turns out to be a bundle of something else.
        "INSERT INTO orders.line_components
         SELECT shard, order_id, line_no, $BLACK$, '', '', '', '', '', 1
           FROM orders.lines WHERE shard = 1",
        "every order holds",
    ),
    (
        "INSERT INTO inventory.backorders (shard, order_id, line_no, variant_id, seq, quantity,
             waiting, status, expires_at, created_at)
         SELECT shard, order_id, line_no, variant_id, 1, 1, 1, 'waiting', now(), now()
           FROM orders.lines WHERE shard = 1",
        "every order holds",
    ),
    (
        "INSERT INTO inventory.backorder_counts (shard, variant_id, waiting)
         VALUES (1, $WHITE$, 2)",
        "every queue of back-orders",
    ),
    (
        "INSERT INTO inventory.backorders (shard, order_id, line_no, variant_id, seq, quantity,
             waiting, status, expires_at, created_at)
         SELECT shard, order_id, line_no, variant_id, 1, 1, 1, 'waiting', now(), now()
           FROM orders.lines WHERE shard = 1",
        "nobody waits",
    ),
    ("DELETE FROM orders.transitions", "every order's history"),
    ("UPDATE orders.transitions SET seq = 2", "every order's history"),
    ("UPDATE payments.attempts SET amount = 1", "every paid order"),
    ("UPDATE payments.attempts SET status = 'failed'", "every paid order"),
    ("UPDATE orders.orders SET paid_at = NULL", "every paid order"),
    (
        // Sold on a promise, but not on one that is made at the door.
        "UPDATE orders.orders SET paid_at = NULL;
         UPDATE payments.attempts SET status = 'pending', paid_at = NULL",
        "every paid order",
    ),
    ("UPDATE payments.attempts SET received = 1", "what operations confirmed"),
    (
        "INSERT INTO payments.receipts (shard, payment_id, seq, idempotency_key, amount, currency,
             reference, received_at)
         SELECT shard, id, 1, id, 1, 'TWD', '', now() FROM payments.attempts",
        "what operations confirmed",
    ),
    (
        "INSERT INTO payments.attempts (shard, id, order_id, merchant_trade_no, provider, method,
             amount, currency, status, kept, idempotency_key, created_at, updated_at)
         SELECT shard, '01990000-0000-7000-8000-00000000d001', order_id, '01B', provider, method,
                amount, currency, status, false, '01990000-0000-7000-8000-00000000d001', created_at,
                updated_at
           FROM payments.attempts",
        "every payment belongs",
    ),
    ("DELETE FROM orders.orders WHERE shard = 1", "every payment belongs"),
    (
        "UPDATE payments.attempts SET id = '01990000-0000-7000-8000-00000000c005'",
        "every row lies on the shard",
    ),
    ("UPDATE pricing.coupons SET redeemed = 2", "every coupon counts"),
    ("UPDATE pricing.redemptions SET released_at = now()", "every coupon counts"),
    ("DELETE FROM pricing.coupons", "every coupon counts"),
    ("DELETE FROM pricing.redemptions", "every order has redeemed"),
    ("UPDATE pricing.redemptions SET amount = 41", "every order has redeemed"),
    ("UPDATE pricing.redemptions SET released_at = now()", "every order has redeemed"),
    (
        "UPDATE pricing.redemptions SET email_buyer = orders.buyer_of_email('b@example.com')",
        "every order has redeemed",
    ),
    ("UPDATE orders.orders SET coupon_code = NULL WHERE shard = 2", "every order has redeemed"),
    ("UPDATE orders.orders SET status = 'cancelled' WHERE shard = 2", "every order has redeemed"),
    (
        "UPDATE pricing.redemptions SET order_id = '01990000-0000-7000-8000-00000000a001', shard = 1",
        "every order has redeemed",
    ),
    ("UPDATE orders.adjustments SET amount = 41", "what is taken off an order's lines"),
    ("UPDATE orders.adjustments SET code = 'ELEVEN'", "what is taken off an order's lines"),
    ("UPDATE orders.adjustments SET line_no = 2", "no more is taken off a line"),
    (
        "UPDATE orders.adjustments SET order_id = '01990000-0000-7000-8000-00000000c002'",
        "every line, reservation",
    ),
    ("UPDATE orders.purchases SET quantity = 1", "what purchase limits count"),
    ("DELETE FROM orders.purchases WHERE buyer = $ACCOUNT$", "what purchase limits count"),
    ("DELETE FROM orders.purchases", "what purchase limits count"),
    ("UPDATE orders.orders SET status = 'cancelled' WHERE shard = 1", "what purchase limits count"),
    (
        "UPDATE orders.purchases SET buyer = '01990000-0000-7000-8000-00000000f002'
          WHERE buyer = $ACCOUNT$",
        "what purchase limits count",
    ),
    ("UPDATE orders.purchases SET shard = 5", "every row lies on the shard"),
    ("UPDATE pricing.redemptions SET shard = 5", "every row lies on the shard"),
    ("UPDATE payments.refunds SET amount = 861", "what is to go back"),
    ("UPDATE payments.attempts SET status = 'failed'", "what is to go back"),
    (
        "UPDATE payments.refunds SET status = 'succeeded', ended_at = now()",
        "every payment's status",
    ),
    (
        "UPDATE payments.attempts SET refunded = 1, status = 'partially_refunded'",
        "every payment's status",
    ),
    (
        "UPDATE payments.refunds SET order_id = '01990000-0000-7000-8000-00000000b002'",
        "every refund is of a payment",
    ),
    ("UPDATE payments.refund_lines SET amount = 389", "every refund is of a payment"),
    ("UPDATE payments.refunds SET status = 'approved'", "every refund's history"),
    (
        "INSERT INTO payments.refund_transitions
         SELECT shard, id, 2, 'requested', 'requested', 'system', NULL, NULL, now()
           FROM payments.refunds",
        "every refund's history",
    ),
    ("UPDATE orders.orders SET status = 'refund_requested' WHERE shard = 1", "an order waits"),
    ("UPDATE payments.refunds SET status = 'failed'", "every refund that people"),
    (
        "UPDATE payments.refunds SET id = '01990000-0000-7000-8000-00000000e005'",
        "every row lies on the shard",
    ),
];

async fn sell(test: &TestDb) -> Shop {
    let shop = Shop::small(test).await;
    sqlx::raw_sql(ORDERS).execute(&mut *test.owner().acquire().await.unwrap()).await.unwrap();
    shop
}

#[tokio::test]
async fn a_new_shop_and_a_selling_one_are_right() {
    let test = TestDb::new().await;
    let report = run(test.db()).await.unwrap();
    assert!(report.is_clean(), "{report}");
    sell(&test).await;
    test.assert_ledger_balanced().await;
    let report = run(test.db()).await.unwrap();
    assert!(report.is_clean(), "{report}");
    assert_eq!(
        report.census,
        Census { products: 2, orders: 2, movements: 8, payments: 1 },
        "{report}"
    );
    assert!(report.to_string().ends_with("The books are right."), "{report}");
}

#[tokio::test]
async fn every_mistake_is_found_by_the_check_it_is_for() {
    let test = TestDb::new().await;
    let shop = sell(&test).await;
    let mut broken: Vec<&str> = Vec::new();
    for (mistake, claim) in MISTAKES {
        let mistake = mistake
            .replace("$WHITE$", &format!("'{}'", shop.mug_white))
            .replace("$BLACK$", &format!("'{}'", shop.mug_black))
            .replace("$ACCOUNT$", "'01990000-0000-7000-8000-00000000f001'");
        // Undone by its rollback: the auditor looks from within the transaction.
        let mut tx = test.owner().begin().await.unwrap();
        sqlx::raw_sql(sqlx::AssertSqlSafe(mistake.clone())).execute(&mut *tx).await.unwrap();
        let report = examine(&mut tx).await.unwrap();
        let finding = report.findings.iter().find(|finding| finding.claim.starts_with(claim));
        let rows = &finding.unwrap_or_else(|| panic!("no check claims {claim:?}")).rows;
        assert!(!rows.is_empty(), "{mistake}\nwas not found:\n{report}");
        assert!(report.to_string().contains("THE BOOKS ARE NOT RIGHT"), "{report}");
        broken.push(claim);
    }
    for check in CHECKS.iter().chain(REFUND_CHECKS).chain(ADJUSTMENT_CHECKS) {
        let shown = broken.iter().any(|claim| check.claim.starts_with(claim));
        assert!(shown, "no mistake was shown to the check that {}", check.claim);
    }
}
