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
        claim: "what is frozen is exactly what open stocktakes count (BR-007)",
        offending: "
            SELECT format('variant %s in warehouse %s: frozen by %s, counted by %s', variant_id,
                          warehouse_id, coalesce(frozen_by::text, 'none'),
                          coalesce(stocktake_id::text, 'none that is open'))
              FROM (
                  SELECT variant_id, warehouse_id, frozen_by
                    FROM inventory.stock WHERE frozen_by IS NOT NULL
              ) frozen
              FULL JOIN (
                  SELECT l.variant_id, t.warehouse_id, l.stocktake_id
                    FROM inventory.stocktakes t
                    JOIN inventory.stocktake_lines l ON l.stocktake_id = t.id
                   WHERE t.status IN ('open', 'review')
              ) counted USING (variant_id, warehouse_id)
             WHERE frozen_by IS DISTINCT FROM stocktake_id
             LIMIT $1",
    },
    Check {
        claim: "no bundle has stock of its own, in a warehouse or on the way",
        offending: "
            SELECT format('variant %s: %s units in warehouses, %s on the way', bundle_id,
                          coalesce(here.units, 0), coalesce(away.units, 0))
              FROM (SELECT DISTINCT bundle_id FROM catalog.bundle_components) bundles
              LEFT JOIN (
                  SELECT variant_id, sum(total) AS units FROM inventory.stock GROUP BY variant_id
              ) here ON here.variant_id = bundle_id
              LEFT JOIN (
                  SELECT variant_id, sum(sent - received - returned - lost) AS units
                    FROM inventory.transfer_lines GROUP BY variant_id
              ) away ON away.variant_id = bundle_id
             WHERE coalesce(here.units, 0) <> 0 OR coalesce(away.units, 0) <> 0
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
                    FROM inventory.every_reservation WHERE status = 'confirmed'
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
                  FROM inventory.every_reservation
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
        claim: "every reservation lies at one place, at hand or in the archive",
        offending: "
            SELECT format('order %s, line %s, variant %s in warehouse %s: in both', order_id, line_no,
                          variant_id, warehouse_id)
              FROM inventory.reservations
              JOIN inventory.reservations_archive
                   USING (shard, order_id, line_no, variant_id, warehouse_id)
             LIMIT $1",
    },
    Check {
        claim: "what was shipped and returned is exactly what is counted of its order",
        offending: "
            SELECT format('order %s variant %s in warehouse %s: shipped %s and returned %s, moved %s and %s',
                   order_id, variant_id, warehouse_id, coalesce(counted.shipped, 0)
                   , coalesce(counted.returned, 0), coalesce(moved.shipped, 0)
                   , coalesce(moved.returned, 0))
              FROM (
                  SELECT order_id, variant_id, warehouse_id, sum(shipped) AS shipped
                       , sum(returned) AS returned
                    FROM inventory.fulfilments GROUP BY order_id, variant_id, warehouse_id
              ) counted
              FULL JOIN (
                  SELECT reference_id AS order_id, variant_id, warehouse_id
                       , coalesce(-sum(d_total) FILTER (WHERE kind = 'ship'), 0) AS shipped
                       , coalesce(sum(d_total) FILTER (WHERE kind = 'return'), 0) AS returned
                    FROM inventory.movements WHERE kind IN ('ship', 'return')
                   GROUP BY reference_id, variant_id, warehouse_id
              ) moved USING (order_id, variant_id, warehouse_id)
             WHERE (coalesce(counted.shipped, 0), coalesce(counted.returned, 0))
                <> (coalesce(moved.shipped, 0), coalesce(moved.returned, 0))
             LIMIT $1",
    },
    Check {
        claim: "every order has lines, and its amounts are theirs",
        offending: "
            SELECT format('order %s: %s lines, subtotal %s, sum of the lines %s', o.id,
                          count(l.line_no), o.subtotal, coalesce(sum(l.line_total), 0))
              FROM orders.orders o
              LEFT JOIN orders.current_lines l ON l.shard = o.shard AND l.order_id = o.id
             GROUP BY o.shard, o.id, o.subtotal
            HAVING count(l.line_no) = 0 OR o.subtotal <> sum(l.line_total)
             LIMIT $1",
    },
    Check {
        claim: "every line, reservation, idempotency key, parcel and return belongs to an order",
        offending: "
            SELECT format('%s of order %s, which does not exist', what, order_id)
              FROM (
                  SELECT 'line' AS what, shard, order_id FROM orders.lines
                  UNION ALL
                  SELECT 'reservation', shard, order_id FROM inventory.every_reservation
                  UNION ALL
                  SELECT 'key', shard, order_id FROM orders.idempotency_keys
                  UNION ALL
                  SELECT 'component', shard, order_id FROM orders.line_components
                  UNION ALL
                  SELECT 'back-order', shard, order_id FROM inventory.backorders
                  UNION ALL
                  SELECT 'shipment', shard, order_id FROM shipping.shipments
                  UNION ALL
                  SELECT 'return', shard, order_id FROM shipping.returns
                  UNION ALL
                  SELECT 'edit', shard, order_id FROM orders.edits
                  UNION ALL
                  SELECT 'adjustment', shard, order_id FROM orders.adjustments
              ) parts
             WHERE NOT EXISTS (
                  SELECT FROM orders.orders o
                   WHERE o.shard = parts.shard AND o.id = parts.order_id)
             LIMIT $1",
    },
    Check {
        claim: "every order holds, or has bought, exactly what its lines say",
        // The line of a bundle takes what the bundle was made of, and nothing of the bundle itself.
        offending: "
            WITH wanted AS (
                SELECT l.shard, l.order_id, l.line_no
                     , coalesce(c.component_id, l.variant_id) AS variant_id
                     , l.quantity * coalesce(c.quantity, 1) AS quantity
                  FROM orders.lines l
                  LEFT JOIN orders.line_components c USING (shard, order_id, line_no)),
            held AS (
                SELECT shard, order_id, line_no, variant_id
                     , sum(r.quantity) FILTER (WHERE status = 'active') AS held
                     , sum(r.quantity) FILTER (WHERE status = 'confirmed') AS bought
                     , sum(r.quantity - coalesce(f.withdrawn, 0)) FILTER (WHERE status = 'confirmed')
                       AS kept
                  FROM inventory.every_reservation r
                  LEFT JOIN inventory.fulfilments f
                      USING (shard, order_id, line_no, variant_id, warehouse_id)
                 GROUP BY shard, order_id, line_no, variant_id),
            -- units that still wait for stock are neither held nor bought, nor are those that waited
            -- of a paid order that was given up
            missing AS (
                SELECT shard, order_id, line_no, variant_id, waiting
                     , CASE WHEN status = 'waiting' THEN waiting ELSE 0 END AS still
                  FROM inventory.backorders
                 WHERE status = 'waiting' OR (status = 'released' AND paid)),
            -- what was taken off before it was paid
            cut AS (
                SELECT shard, order_id, line_no, variant_id, sum(cut) AS cut
                  FROM inventory.reservation_cuts GROUP BY shard, order_id, line_no, variant_id),
            line AS (
                SELECT shard, order_id, line_no, coalesce(held.held, 0) AS held
                     , coalesce(held.bought, 0) AS bought, coalesce(held.kept, 0) AS kept
                     , coalesce(missing.still, 0) AS waiting
                     , coalesce(wanted.quantity, 0) - coalesce(missing.waiting, 0)
                     - coalesce(cut.cut, 0) AS quantity
                  FROM wanted
                  FULL JOIN held USING (shard, order_id, line_no, variant_id)
                  FULL JOIN missing USING (shard, order_id, line_no, variant_id)
                  FULL JOIN cut USING (shard, order_id, line_no, variant_id))
            SELECT format('order %s (%s), line %s: %s ordered, %s held, %s bought', o.id, o.status,
                          line.line_no, line.quantity, line.held, line.bought)
              FROM orders.orders o
              JOIN line ON line.shard = o.shard AND line.order_id = o.id
             WHERE line.held <> CASE
                      WHEN o.status IN ('pending_payment', 'payment_failed') THEN line.quantity
                      ELSE 0
                   END
                OR line.bought <> CASE
                      WHEN o.status IN ('pending_payment', 'payment_failed') THEN 0
                      -- given back after it was sold to be paid at the door
                      WHEN o.status = 'cancelled' AND line.kept = 0 THEN line.bought
                      WHEN o.status = 'cancelled' THEN 0
                      ELSE line.quantity
                   END
                OR (o.status = 'cancelled' AND line.waiting > 0)
             LIMIT $1",
    },
    Check {
        claim: "every queue of back-orders counts exactly what waits in it",
        offending: "
            SELECT format('variant %s: counted %s, waiting %s', variant_id, coalesce(c.waiting, 0),
                          coalesce(b.waiting, 0))
              FROM inventory.backorder_counts c
              FULL JOIN (
                  SELECT variant_id, sum(waiting) AS waiting
                    FROM inventory.backorders WHERE status = 'waiting' GROUP BY variant_id
              ) b USING (variant_id)
             WHERE coalesce(c.waiting, 0) <> coalesce(b.waiting, 0)
             LIMIT $1",
    },
    Check {
        claim: "nobody waits for units that are available in an open warehouse",
        offending: "
            SELECT format('variant %s: %s units are waited for, %s are available in warehouse %s',
                          variant_id, b.waiting, s.available, s.warehouse_id)
              FROM (
                  SELECT variant_id, sum(waiting) AS waiting
                    FROM inventory.backorders WHERE status = 'waiting' GROUP BY variant_id
              ) b
              JOIN inventory.stock s USING (variant_id)
              JOIN inventory.warehouses w ON w.id = s.warehouse_id
             WHERE w.active AND s.frozen_by IS NULL AND s.available > 0
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
        // What is to be paid at the door is sold on the promise of one attempt, which is still open.
        claim: "every paid order has exactly one payment that is kept, over what it cost then",
        offending: "
            SELECT format('order %s (%s): total %s, kept %s in %s payments, promised in %s', o.id,
                          o.status, o.total, coalesce(p.amount, 0), coalesce(p.count, 0)
                          , coalesce(p.promised, 0))
              FROM orders.orders o
              LEFT JOIN (
                  SELECT shard, order_id
                       , count(*) FILTER (WHERE status <> 'pending')
                       , sum(amount) FILTER (WHERE status <> 'pending') AS amount
                       , count(*) FILTER (WHERE status = 'pending' AND provider = 'cod') AS promised
                    FROM payments.attempts
                   WHERE kept
                     AND status IN ('pending', 'succeeded', 'partially_refunded', 'refunded')
                   GROUP BY shard, order_id
              ) p ON p.shard = o.shard AND p.order_id = o.id
              LEFT JOIN (
                  SELECT shard, order_id, sum(refunded) AS less
                    FROM orders.edits GROUP BY shard, order_id
              ) e ON e.shard = o.shard AND e.order_id = o.id
             WHERE (o.paid_at IS NOT NULL
                    AND (p.count, p.amount) IS DISTINCT FROM (1, o.total + coalesce(e.less, 0)))
                OR (o.paid_at IS NULL AND p.count > 0)
                OR (o.paid_at IS NULL AND p.promised IS DISTINCT FROM 1
                    AND o.status NOT IN ('pending_payment', 'payment_failed', 'cancelled',
                                         'returned'))
                OR (o.paid_at IS NOT NULL
                    AND o.status IN ('pending_payment', 'payment_failed', 'cancelled'))
             LIMIT $1",
    },
    Check {
        claim: "what operations confirmed of a payment is exactly what is counted of it",
        offending: "
            SELECT format('payment %s of order %s: counted %s, confirmed %s', a.id, a.order_id,
                          a.received, coalesce(r.amount, 0))
              FROM payments.attempts a
              FULL JOIN (
                  SELECT shard, payment_id, sum(amount) AS amount
                    FROM payments.receipts GROUP BY shard, payment_id
              ) r ON r.shard = a.shard AND r.payment_id = a.id
             WHERE a.received IS DISTINCT FROM coalesce(r.amount, 0)
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
               AND r.status <> 'rejected'
             WHERE o.id IS NULL
                OR (NOT p.kept AND p.status IN ('succeeded', 'partially_refunded') AND r.id IS NULL)
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
              FROM (
                  -- what promotions take off is none of the coupon's; orders from before they were
                  -- kept have none
                  SELECT shard, id, status, coupon_code, customer_id, contact_email, shipping_fee
                       , discount - coalesce((
                             SELECT sum(amount) FROM (
                                 SELECT DISTINCT ON (position, line_no) amount
                                   FROM orders.adjustments a
                                  WHERE a.shard = orders.shard AND a.order_id = orders.id
                                    AND a.kind = 'promotion'
                                  ORDER BY position, line_no, edition DESC) AS now), 0) AS discount
                    FROM orders.orders
              ) o
              FULL JOIN pricing.redemptions r ON r.shard = o.shard AND r.order_id = o.id
             WHERE o.coupon_code IS DISTINCT FROM r.coupon
                OR (o.discount > 0 AND o.discount IS DISTINCT FROM r.amount)
                OR (r.amount > 0 AND o.discount = 0 AND o.shipping_fee > 0 AND NOT EXISTS (
                       SELECT FROM orders.edits e WHERE e.shard = o.shard AND e.order_id = o.id))
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
                  JOIN orders.current_lines l ON l.variant_id = limited.id
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
                  SELECT 'receipt of payment', shard, payment_id FROM payments.receipts
                  UNION ALL
                  SELECT 'refund', shard, id FROM payments.refunds
                  UNION ALL
                  SELECT 'purchase of variant', shard, variant_id FROM orders.purchases
                  UNION ALL
                  SELECT 'redemption of order', shard, order_id FROM pricing.redemptions
                  UNION ALL
                  SELECT 'shipment', shard, id FROM shipping.shipments
                  UNION ALL
                  SELECT 'shipment of order', shard, order_id FROM shipping.shipments
                  UNION ALL
                  SELECT 'return', shard, id FROM shipping.returns
                  UNION ALL
                  SELECT 'return of order', shard, order_id FROM shipping.returns
              ) placed
             WHERE shard <> get_byte(uuid_send(id), 15) & 63
             LIMIT $1",
    },
];
