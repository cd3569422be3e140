//! The rules, as SQL: how many rows there are to look at, and the rows that break the rule, each
//! described in one text.

/// A rule.
pub(super) struct Check {
    pub name: &'static str,
    pub rule: &'static str,
    pub population: &'static str,
    pub offenders: &'static str,
}

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "balances_add_up",
        rule: "total = available + reserved + sold, none below zero (BR-001, BR-004)",
        population: "SELECT count(*) FROM inventory.stock",
        offenders: "
            SELECT format('variant %s warehouse %s: total %s, available %s, reserved %s, sold %s',
                   variant_id, warehouse_id, total, available, reserved, sold)
              FROM inventory.stock
             WHERE total <> available + reserved + sold OR least(available, reserved, sold) < 0",
    },
    Check {
        name: "balances_equal_movements",
        rule: "every balance is the sum of its movements, numbered without gaps",
        population: "SELECT count(*) FROM inventory.stock",
        offenders: "
            SELECT format('variant %s warehouse %s: balance (%s, %s, %s, %s) version %s, '
                          'movements (%s, %s, %s, %s) count %s, last %s',
                   variant_id, warehouse_id, s.total, s.available, s.reserved, s.sold, s.version,
                   m.total, m.available, m.reserved, m.sold, m.count, m.last)
              FROM (SELECT shard, variant_id, warehouse_id, sum(d_total) AS total
                         , sum(d_available) AS available, sum(d_reserved) AS reserved
                         , sum(d_sold) AS sold, count(*) AS count, max(seq) AS last
                      FROM inventory.movements
                     GROUP BY shard, variant_id, warehouse_id) AS m
              FULL JOIN inventory.stock AS s USING (shard, variant_id, warehouse_id)
             WHERE (s.total, s.available, s.reserved, s.sold, s.version, s.version)
                   IS DISTINCT FROM (coalesce(m.total, 0), coalesce(m.available, 0)
                     , coalesce(m.reserved, 0), coalesce(m.sold, 0), coalesce(m.count, 0)
                     , coalesce(m.last, 0))",
    },
    Check {
        name: "movements_explain_themselves",
        rule: "each movement's available_after is the running sum, and never below zero",
        population: "SELECT count(*) FROM inventory.movements",
        offenders: "
            SELECT format('variant %s warehouse %s movement %s: available_after %s, running sum %s',
                   variant_id, warehouse_id, seq, available_after, running)
              FROM (SELECT *, sum(d_available) OVER (PARTITION BY shard, variant_id, warehouse_id
                                                     ORDER BY seq) AS running
                      FROM inventory.movements) AS m
             WHERE available_after <> running OR running < 0",
    },
    Check {
        name: "reserved_equals_reservations",
        rule: "reserved is the sum of the active reservations, warehouse by warehouse",
        population: "SELECT count(*) FROM inventory.reservations",
        offenders: "
            SELECT format('variant %s warehouse %s: reserved %s, active reservations %s',
                   variant_id, warehouse_id, s.reserved, coalesce(r.units, 0))
              FROM inventory.stock AS s
              FULL JOIN (SELECT variant_id, warehouse_id, sum(quantity) AS units
                           FROM inventory.reservations WHERE status = 'active'
                          GROUP BY variant_id, warehouse_id) AS r
                        USING (variant_id, warehouse_id)
             WHERE coalesce(s.reserved, 0) <> coalesce(r.units, 0)",
    },
    Check {
        name: "reservations_have_movements",
        rule: "what an order holds or bought is what its movements moved, once (BR-006)",
        population: "SELECT count(*) FROM inventory.reservations",
        offenders: "
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
            SELECT format('order %s variant %s warehouse %s: reservations (%s, %s), '
                          'movements (%s, %s) [held, sold]',
                   order_id, variant_id, warehouse_id, coalesce(held.active, 0)
                   , coalesce(held.confirmed, 0), coalesce(moved.active, 0)
                   , coalesce(moved.confirmed, 0))
              FROM held FULL JOIN moved USING (order_id, variant_id, warehouse_id)
             WHERE (coalesce(held.active, 0), coalesce(held.confirmed, 0))
                <> (coalesce(moved.active, 0), coalesce(moved.confirmed, 0))",
    },
    Check {
        name: "orders_have_lines",
        rule: "every order has lines, and they add up to its subtotal and total",
        population: "SELECT count(*) FROM orders.orders",
        offenders: "
            SELECT format('order %s: subtotal %s, lines %s; total %s',
                   o.id, o.subtotal, coalesce(l.sum::text, 'none'), o.total)
              FROM orders.orders AS o
              LEFT JOIN (SELECT shard, order_id, sum(line_total) AS sum FROM orders.lines
                          GROUP BY shard, order_id) AS l ON l.shard = o.shard AND l.order_id = o.id
             WHERE l.sum IS DISTINCT FROM o.subtotal
                OR o.total <> o.subtotal - o.discount + o.shipping_fee",
    },
    Check {
        name: "nothing_is_orphaned",
        rule: "lines, reservations, payments and keys belong to orders that exist",
        population: "
            SELECT (SELECT count(*) FROM orders.lines)
                 + (SELECT count(*) FROM inventory.reservations)
                 + (SELECT count(*) FROM payments.attempts)
                 + (SELECT count(*) FROM orders.idempotency_keys)",
        offenders: "
            SELECT format('%s of order %s, which does not exist', child.what, child.order_id)
              FROM (SELECT 'a line' AS what, shard, order_id FROM orders.lines
                    UNION ALL SELECT 'a reservation', shard, order_id FROM inventory.reservations
                    UNION ALL SELECT 'a payment', shard, order_id FROM payments.attempts
                    UNION ALL SELECT 'a key', shard, order_id FROM orders.idempotency_keys) AS child
             WHERE NOT EXISTS (SELECT FROM orders.orders AS o
                                WHERE o.shard = child.shard AND o.id = child.order_id)",
    },
    Check {
        name: "orders_hold_their_stock",
        rule: "an unpaid order holds all its units, a paid one has bought them, an ended one neither",
        population: "SELECT count(*) FROM orders.lines",
        offenders: "
            WITH held AS (
                SELECT shard, order_id, line_no
                     , sum(quantity) FILTER (WHERE status = 'active') AS active
                     , sum(quantity) FILTER (WHERE status = 'confirmed') AS confirmed
                  FROM inventory.reservations
                 GROUP BY shard, order_id, line_no)
            SELECT format('order %s (%s) line %s: wants %s, holds %s, bought %s',
                   o.id, o.status, l.line_no, l.quantity, coalesce(h.active, 0)
                   , coalesce(h.confirmed, 0))
              FROM orders.orders AS o
              JOIN orders.lines AS l ON l.shard = o.shard AND l.order_id = o.id
              LEFT JOIN held AS h ON h.shard = l.shard AND h.order_id = l.order_id
                    AND h.line_no = l.line_no
             WHERE (coalesce(h.active, 0), coalesce(h.confirmed, 0)) <> CASE
                   WHEN o.status IN ('pending_payment', 'payment_failed') THEN (l.quantity::bigint, 0::bigint)
                   WHEN o.status = 'cancelled' THEN (0::bigint, 0::bigint)
                   ELSE (0::bigint, l.quantity::bigint) END",
    },
    Check {
        name: "orders_remember_their_moves",
        rule: "the moves written down lead, one after the other, to the status the order has",
        population: "SELECT count(*) FROM orders.transitions",
        offenders: "
            WITH moves AS (
                SELECT shard, order_id, seq, from_status, to_status
                     , lag(to_status, 1, 'pending_payment') OVER w AS came_from
                     , row_number() OVER w AS place
                  FROM orders.transitions WINDOW w AS (PARTITION BY shard, order_id ORDER BY seq))
            SELECT format('order %s move %s: from %s after %s', order_id, seq, from_status, came_from)
              FROM moves WHERE from_status <> came_from OR seq <> place
            UNION ALL
            SELECT format('order %s: is %s, last move to %s', o.id, o.status, last.to_status)
              FROM orders.orders AS o
              LEFT JOIN LATERAL (SELECT to_status FROM orders.transitions AS t
                                  WHERE t.shard = o.shard AND t.order_id = o.id
                                  ORDER BY seq DESC LIMIT 1) AS last ON true
             WHERE o.status <> coalesce(last.to_status, 'pending_payment')",
    },
    Check {
        name: "payments_match_orders",
        rule: "a paid order has exactly one kept payment of its total, an unpaid one none",
        population: "SELECT count(*) FROM payments.attempts",
        offenders: "
            SELECT format('order %s (%s): total %s, kept payments %s of %s',
                   o.id, o.status, o.total, coalesce(p.count, 0), coalesce(p.sum, 0))
              FROM orders.orders AS o
              LEFT JOIN (SELECT shard, order_id, count(*) AS count, sum(amount) AS sum
                           FROM payments.attempts
                          WHERE kept AND status IN ('succeeded', 'partially_refunded', 'refunded')
                          GROUP BY shard, order_id) AS p ON p.shard = o.shard AND p.order_id = o.id
             WHERE (coalesce(p.count, 0), coalesce(p.sum, 0)) <> CASE
                   WHEN o.status IN ('pending_payment', 'payment_failed', 'cancelled') THEN (0::bigint, 0::numeric)
                   ELSE (1::bigint, o.total::numeric) END",
    },
    Check {
        name: "unkept_money_goes_back",
        rule: "money that came too late or twice has exactly one refund of its amount",
        population: "SELECT count(*) FROM payments.attempts WHERE NOT kept",
        offenders: "
            SELECT format('payment %s of order %s: %s came, refunds of %s', p.id, p.order_id, p.amount
                   , coalesce(r.sum, 0))
              FROM payments.attempts AS p
              LEFT JOIN (SELECT shard, payment_id, sum(amount) AS sum FROM payments.refunds
                          WHERE status <> 'rejected'
                          GROUP BY shard, payment_id) AS r ON r.shard = p.shard AND r.payment_id = p.id
             WHERE NOT p.kept AND coalesce(r.sum, 0) <> p.amount",
    },
];
