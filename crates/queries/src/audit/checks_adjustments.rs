//! The checks about what was taken off orders.

use super::checks::Check;

/// Every check about adjustments.
pub const ADJUSTMENT_CHECKS: &[Check] = &[
    Check {
        // Orders from before adjustments were kept have none.
        claim: "what is taken off an order's lines is its discount, by the coupon it names",
        offending: "
            SELECT format('order %s: discount %s, coupon %s; taken off its lines %s, by %s', o.id,
                          o.discount, coalesce(o.coupon_code, 'none'), a.off, a.codes)
              FROM orders.orders o
              JOIN (
                  SELECT shard, order_id, array_agg(DISTINCT code) AS codes
                       , coalesce(sum(amount) FILTER (WHERE line_no > 0), 0) AS off
                    FROM (
                        SELECT DISTINCT ON (shard, order_id, position, line_no) shard, order_id
                             , line_no, code, amount
                          FROM orders.adjustments
                         ORDER BY shard, order_id, position, line_no, edition DESC) AS now
                   GROUP BY shard, order_id
              ) a ON a.shard = o.shard AND a.order_id = o.id
             WHERE a.off <> o.discount
                OR EXISTS (SELECT FROM unnest(a.codes) AS code
                            WHERE code IS NOT NULL AND code IS DISTINCT FROM o.coupon_code)
             LIMIT $1",
    },
    Check {
        claim: "no more is taken off a line than it costs",
        offending: "
            SELECT format('order %s, line %s: costs %s, taken off %s', a.order_id, a.line_no,
                          coalesce(l.line_total::text, 'nothing'), a.off)
              FROM (
                  SELECT shard, order_id, line_no, sum(amount) AS off
                    FROM (
                        SELECT DISTINCT ON (shard, order_id, position, line_no) shard, order_id
                             , line_no, amount
                          FROM orders.adjustments
                         ORDER BY shard, order_id, position, line_no, edition DESC) AS now
                   WHERE line_no > 0
                   GROUP BY shard, order_id, line_no
              ) a
              LEFT JOIN orders.current_lines l USING (shard, order_id, line_no)
             WHERE a.off > coalesce(l.line_total, 0)
             LIMIT $1",
    },
];
