//! The checks. Each is one SELECT that describes offending rows, at most `$1` of them.

/// Something that must hold.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// In words.
    pub claim: &'static str,
    /// The rows for which it does not hold, one text each.
    pub offending: &'static str,
}

/// Every check, the cheapest explanation of a mistake first.
pub const CHECKS: &[Check] = &[
    Check {
        claim: "every balance is total = available + reserved + sold, and none is negative",
        offending: "
            SELECT format('variant %s in warehouse %s: total %s, available %s, reserved %s, sold %s',
                          variant_id, warehouse_id, total, available, reserved, sold)
              FROM inventory.stock
             WHERE total <> available + reserved + sold
                OR least(total, available, reserved, sold) < 0
             LIMIT $1",
    },
    Check {
        claim: "every balance is the sum of its movements",
        offending: "
            SELECT format('variant %s in warehouse %s: balance (%s, %s, %s, %s), movements (%s, %s, %s, %s)',
                          variant_id, warehouse_id, s.total, s.available, s.reserved, s.sold,
                          m.total, m.available, m.reserved, m.sold)
              FROM inventory.stock s
              FULL JOIN (
                  SELECT shard, variant_id, warehouse_id, sum(d_total) AS total,
                         sum(d_available) AS available, sum(d_reserved) AS reserved,
                         sum(d_sold) AS sold
                    FROM inventory.movements GROUP BY shard, variant_id, warehouse_id
              ) m USING (shard, variant_id, warehouse_id)
             WHERE (s.total, s.available, s.reserved, s.sold) IS DISTINCT FROM
                   (coalesce(m.total, 0), coalesce(m.available, 0), coalesce(m.reserved, 0),
                    coalesce(m.sold, 0))
             LIMIT $1",
    },
    Check {
        claim: "every ledger is gapless, and each movement follows from the one before",
        offending: "
            SELECT format('variant %s in warehouse %s: movement %s has number %s, available %s instead of %s',
                          variant_id, warehouse_id, place, seq, available_after, available)
              FROM (
                  SELECT variant_id, warehouse_id, seq, available_after,
                         row_number() OVER ledger AS place, sum(d_available) OVER ledger AS available
                    FROM inventory.movements
                  WINDOW ledger AS (PARTITION BY shard, variant_id, warehouse_id ORDER BY seq)
              ) numbered
             WHERE seq <> place OR available_after <> available
             LIMIT $1",
    },
    Check {
        claim: "every stock row counts exactly its movements",
        offending: "
            SELECT format('variant %s in warehouse %s: version %s, movements %s',
                          variant_id, warehouse_id, version, count(m.seq))
              FROM inventory.stock s
              LEFT JOIN inventory.movements m USING (shard, variant_id, warehouse_id)
             GROUP BY shard, variant_id, warehouse_id, version
            HAVING version <> count(m.seq)
             LIMIT $1",
    },
    Check {
        claim: "what is reserved is exactly what waiting orders hold",
        offending: "
            SELECT format('variant %s in warehouse %s: reserved %s, held by orders %s',
                          variant_id, warehouse_id, coalesce(reserved, 0), coalesce(held, 0))
              FROM inventory.stock
              FULL JOIN (
                  SELECT variant_id, warehouse_id, sum(quantity) AS held
                    FROM inventory.reservations WHERE status = 'active'
                   GROUP BY variant_id, warehouse_id
              ) r USING (variant_id, warehouse_id)
             WHERE coalesce(reserved, 0) <> coalesce(held, 0)
             LIMIT $1",
    },
    Check {
        claim: "what was sold is exactly what orders confirmed",
        offending: "
            SELECT format('variant %s in warehouse %s: sold %s by movements, %s by reservations',
                          variant_id, warehouse_id, coalesce(m.sold, 0), coalesce(r.sold, 0))
              FROM (
                  SELECT variant_id, warehouse_id, sum(d_sold) AS sold
                    FROM inventory.movements WHERE kind = 'confirm'
                   GROUP BY variant_id, warehouse_id
              ) m
              FULL JOIN (
                  SELECT variant_id, warehouse_id, sum(quantity) AS sold
                    FROM inventory.reservations WHERE status = 'confirmed'
                   GROUP BY variant_id, warehouse_id
              ) r USING (variant_id, warehouse_id)
             WHERE coalesce(m.sold, 0) <> coalesce(r.sold, 0)
             LIMIT $1",
    },
    Check {
        claim: "every order moved exactly the units it holds or bought, once (BR-006)",
        offending: "
            WITH held AS (
                SELECT order_id, variant_id, warehouse_id
                     , sum(quantity) FILTER (WHERE status = 'active') AS active
                     , sum(quantity) FILTER (WHERE status = 'confirmed') AS confirmed
                  FROM inventory.reservations
                 GROUP BY order_id, variant_id, warehouse_id),
            moved AS (
                SELECT reference_id AS order_id, variant_id, warehouse_id
                     , sum(d_reserved) AS active
                     , sum(d_sold) FILTER (WHERE kind = 'confirm') AS confirmed
                  FROM inventory.movements
                 WHERE kind IN ('reserve', 'release', 'confirm')
                 GROUP BY reference_id, variant_id, warehouse_id)
            SELECT format('order %s variant %s in warehouse %s: holds %s and bought %s, moved %s and %s',
                   order_id, variant_id, warehouse_id, coalesce(held.active, 0)
                   , coalesce(held.confirmed, 0), coalesce(moved.active, 0)
                   , coalesce(moved.confirmed, 0))
              FROM held FULL JOIN moved USING (order_id, variant_id, warehouse_id)
             WHERE (coalesce(held.active, 0), coalesce(held.confirmed, 0))
                <> (coalesce(moved.active, 0), coalesce(moved.confirmed, 0))
             LIMIT $1",
    },
    Check {
        claim: "every order has lines, and its amounts are theirs",
        offending: "
            SELECT format('order %s: %s lines, subtotal %s, sum of the lines %s', o.id,
                          count(l.line_no), o.subtotal, coalesce(sum(l.line_total), 0))
              FROM orders.orders o
              LEFT JOIN orders.lines l ON l.shard = o.shard AND l.order_id = o.id
             GROUP BY o.shard, o.id, o.subtotal
            HAVING count(l.line_no) = 0 OR o.subtotal <> sum(l.line_total)
             LIMIT $1",
    },
    Check {
        claim: "every line, reservation and idempotency key belongs to an order",
        offending: "
            SELECT format('%s of order %s, which does not exist', what, order_id)
              FROM (
                  SELECT 'line' AS what, shard, order_id FROM orders.lines
                  UNION ALL
                  SELECT 'reservation', shard, order_id FROM inventory.reservations
                  UNION ALL
                  SELECT 'key', shard, order_id FROM orders.idempotency_keys
              ) parts
             WHERE NOT EXISTS (
                  SELECT FROM orders.orders o
                   WHERE o.shard = parts.shard AND o.id = parts.order_id)
             LIMIT $1",
    },
    Check {
        claim: "every order holds, or has bought, exactly what its lines say",
        offending: "
            SELECT format('order %s (%s), line %s: %s ordered, %s held, %s bought', o.id, o.status,
                          l.line_no, l.quantity, coalesce(r.held, 0), coalesce(r.bought, 0))
              FROM orders.orders o
              JOIN orders.lines l ON l.shard = o.shard AND l.order_id = o.id
              LEFT JOIN (
                  SELECT shard, order_id, line_no, variant_id,
                         sum(quantity) FILTER (WHERE status = 'active') AS held,
                         sum(quantity) FILTER (WHERE status = 'confirmed') AS bought
                    FROM inventory.reservations GROUP BY shard, order_id, line_no, variant_id
              ) r ON r.shard = l.shard AND r.order_id = l.order_id AND r.line_no = l.line_no
                 AND r.variant_id = l.variant_id
             WHERE coalesce(r.held, 0) <> CASE
                      WHEN o.status IN ('pending_payment', 'payment_failed') THEN l.quantity
                      ELSE 0
                   END
                OR coalesce(r.bought, 0) <> CASE
                      WHEN o.status IN ('pending_payment', 'payment_failed', 'cancelled') THEN 0
                      ELSE l.quantity
                   END
             LIMIT $1",
    },
    Check {
        claim: "every order's history is gapless and ends where the order is",
        offending: "
            SELECT format('order %s is %s, its history: %s', o.id, o.status,
                          coalesce(h.steps, 'none'))
              FROM orders.orders o
              LEFT JOIN (
                  SELECT shard, order_id, max(seq) AS last, count(*) AS steps_count,
                         (array_agg(to_status ORDER BY seq DESC))[1] AS ends,
                         string_agg(seq || ' ' || from_status || '→' || to_status, ', '
                                    ORDER BY seq) AS steps
                    FROM orders.transitions GROUP BY shard, order_id
              ) h ON h.shard = o.shard AND h.order_id = o.id
             WHERE coalesce(h.ends, 'pending_payment') <> o.status
                OR coalesce(h.last, 0) <> coalesce(h.steps_count, 0)
             LIMIT $1",
    },
    Check {
        claim: "every paid order has exactly one payment that is kept, over its total",
        offending: "
            SELECT format('order %s (%s): total %s, kept %s in %s payments', o.id, o.status,
                          o.total, coalesce(p.amount, 0), coalesce(p.count, 0))
              FROM orders.orders o
              LEFT JOIN (
                  SELECT shard, order_id, count(*), sum(amount) AS amount
                    FROM payments.attempts
                   WHERE kept AND status IN ('succeeded', 'partially_refunded', 'refunded')
                   GROUP BY shard, order_id
              ) p ON p.shard = o.shard AND p.order_id = o.id
             WHERE (o.paid_at IS NOT NULL AND (p.count, p.amount) IS DISTINCT FROM (1, o.total))
                OR (o.paid_at IS NULL AND p.count > 0)
                OR (o.paid_at IS NULL) <>
                   (o.status IN ('pending_payment', 'payment_failed', 'cancelled'))
             LIMIT $1",
    },
    Check {
        claim: "every payment belongs to an order, and money not kept is on its way back",
        offending: "
            SELECT format('payment %s of order %s: %s, %s', p.id, p.order_id, p.status,
                          CASE WHEN o.id IS NULL THEN 'no such order' ELSE 'no refund' END)
              FROM payments.attempts p
              LEFT JOIN orders.orders o ON o.shard = p.shard AND o.id = p.order_id
              LEFT JOIN payments.refunds r ON r.shard = p.shard AND r.payment_id = p.id
             WHERE o.id IS NULL
                OR (NOT p.kept AND p.status = 'succeeded' AND r.id IS NULL)
             LIMIT $1",
    },
    Check {
        claim: "every coupon counts exactly its live redemptions",
        offending: "
            SELECT format('coupon %s: counts %s, live redemptions %s', code, redeemed,
                          coalesce(live, 0))
              FROM pricing.coupons
              FULL JOIN (
                  SELECT coupon AS code, count(*) AS live
                    FROM pricing.redemptions WHERE released_at IS NULL GROUP BY coupon
              ) r USING (code)
             WHERE redeemed IS DISTINCT FROM coalesce(live, 0)
             LIMIT $1",
    },
    Check {
        claim: "every order has redeemed the coupon it names, for what it saved, until it ended",
        offending: "
            SELECT format('order %s (%s): coupon %s, discount %s; redeemed %s for %s, %s',
                          coalesce(o.id, r.order_id), coalesce(o.status, 'no such order'),
                          coalesce(o.coupon_code, 'none'), o.discount, coalesce(r.coupon, 'none'),
                          r.amount, coalesce('released ' || r.released_at, 'live'))
              FROM orders.orders o
              FULL JOIN pricing.redemptions r ON r.shard = o.shard AND r.order_id = o.id
             WHERE o.coupon_code IS DISTINCT FROM r.coupon
                OR (o.discount > 0 AND o.discount IS DISTINCT FROM r.amount)
                OR (r.amount > 0 AND o.discount = 0 AND o.shipping_fee > 0)
                OR (r.coupon IS NOT NULL AND (r.released_at IS NULL) <> (o.status <> 'cancelled'))
                OR (r.coupon IS NOT NULL AND (r.customer_id, r.email_buyer) IS DISTINCT FROM
                   (o.customer_id, orders.buyer_of_email(o.contact_email)))
             LIMIT $1",
    },
    Check {
        // An order that was on its way when the limit was set may be counted or not.
        claim: "what purchase limits count is what their buyers' live orders bought",
        offending: "
            WITH limited AS (
                SELECT id, purchase_limit_since AS since FROM catalog.variants
                 WHERE purchase_limit IS NOT NULL
                    OR id IN (SELECT variant_id FROM orders.purchases)),
            bought AS (
                SELECT o.id AS order_id, o.customer_id, o.contact_email, o.created_at
                     , l.variant_id, limited.since, sum(l.quantity) AS quantity
                  FROM limited
                  JOIN orders.lines l ON l.variant_id = limited.id
                  JOIN orders.orders o ON o.shard = l.shard AND o.id = l.order_id
                 WHERE o.status <> 'cancelled'
                 GROUP BY o.id, o.customer_id, o.contact_email, o.created_at, l.variant_id
                     , limited.since),
            named AS (
                SELECT order_id, variant_id, quantity, buyer
                     , created_at >= since + interval '5 minutes' AS counts
                  FROM bought
                 CROSS JOIN LATERAL (VALUES (customer_id)
                     , (orders.buyer_of_email(contact_email))) AS names (buyer)
                 WHERE buyer IS NOT NULL)
            SELECT format('variant %s, order %s, buyer %s: counted %s, bought %s', variant_id,
                          order_id, buyer, coalesce(p.quantity, 0), coalesce(named.quantity, 0))
              FROM named FULL JOIN orders.purchases p USING (variant_id, order_id, buyer)
             WHERE (p.quantity IS NOT NULL AND p.quantity IS DISTINCT FROM named.quantity)
                OR (p.quantity IS NULL AND counts)
             LIMIT $1",
    },
    Check {
        claim: "every row lies on the shard its id says",
        offending: "
            SELECT format('%s %s on shard %s', what, id, shard)
              FROM (
                  SELECT 'order' AS what, shard, id FROM orders.orders
                  UNION ALL
                  SELECT 'stock of variant', shard, variant_id FROM inventory.stock
                  UNION ALL
                  SELECT 'payment', shard, id FROM payments.attempts
                  UNION ALL
                  SELECT 'purchase of variant', shard, variant_id FROM orders.purchases
                  UNION ALL
                  SELECT 'redemption of order', shard, order_id FROM pricing.redemptions
              ) placed
             WHERE shard <> get_byte(uuid_send(id), 15) & 63
             LIMIT $1",
    },
];
