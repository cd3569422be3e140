//! The checks of what comes after the sale: parcels, returns, edits.

use super::checks::Check;

/// Every check.
pub const CHECKS: &[Check] = &[
    Check {
        claim: "what left is exactly what is in parcels that left",
        offending: "
            WITH counted AS (
                SELECT shard, order_id, line_no, variant_id, warehouse_id
                     , sum(shipped - withdrawn) AS units
                  FROM inventory.fulfilments
                 GROUP BY shard, order_id, line_no, variant_id, warehouse_id
                HAVING sum(shipped - withdrawn) > 0),
            sent AS (
                SELECT s.shard, s.order_id, l.line_no, l.variant_id, s.warehouse_id
                     , sum(l.quantity) AS units
                  FROM shipping.shipments s
                  JOIN shipping.shipment_lines l ON l.shard = s.shard AND l.shipment_id = s.id
                 WHERE s.status IN ('shipped', 'delivered', 'returned')
                 GROUP BY s.shard, s.order_id, l.line_no, l.variant_id, s.warehouse_id)
            SELECT format('order %s, line %s, variant %s in warehouse %s: %s left, %s in parcels',
                          order_id, line_no, variant_id, warehouse_id, coalesce(counted.units, 0)
                          , coalesce(sent.units, 0))
              FROM counted
              FULL JOIN sent USING (shard, order_id, line_no, variant_id, warehouse_id)
             WHERE coalesce(counted.units, 0) <> coalesce(sent.units, 0)
             LIMIT $1",
    },
    Check {
        claim: "no parcel is planned with units that were not bought, or are gone",
        offending: "
            SELECT format('order %s, line %s, variant %s in warehouse %s: %s planned, %s to ship',
                          planned.order_id, line_no, variant_id, warehouse_id, planned.units
                          , coalesce(bought.units, 0))
              FROM (
                  SELECT s.shard, s.order_id, l.line_no, l.variant_id, s.warehouse_id
                       , sum(l.quantity) AS units
                    FROM shipping.shipments s
                    JOIN shipping.shipment_lines l ON l.shard = s.shard AND l.shipment_id = s.id
                   WHERE s.status IN ('pending', 'ready_to_ship')
                   GROUP BY s.shard, s.order_id, l.line_no, l.variant_id, s.warehouse_id
              ) planned
              LEFT JOIN (
                  SELECT r.shard, r.order_id, r.line_no, r.variant_id, r.warehouse_id
                       , r.quantity - coalesce(f.shipped, 0) AS units
                    FROM inventory.every_reservation r
                    LEFT JOIN inventory.fulfilments f
                           ON f.shard = r.shard AND f.order_id = r.order_id
                          AND f.line_no = r.line_no AND f.variant_id = r.variant_id
                          AND f.warehouse_id = r.warehouse_id
                   WHERE r.status = 'confirmed'
              ) bought USING (shard, order_id, line_no, variant_id, warehouse_id)
             WHERE planned.units > coalesce(bought.units, 0)
             LIMIT $1",
    },
    Check {
        claim: "what came back is exactly what inspections accepted",
        offending: "
            WITH counted AS (
                SELECT shard, order_id, line_no, variant_id, sum(returned - withdrawn) AS units
                  FROM inventory.fulfilments
                 GROUP BY shard, order_id, line_no, variant_id
                HAVING sum(returned - withdrawn) > 0),
            accepted AS (
                SELECT r.shard, r.order_id, b.line_no
                     , coalesce(c.component_id, l.variant_id) AS variant_id
                     , sum((b.restocked + b.written_off) * coalesce(c.quantity, 1)) AS units
                  FROM shipping.returns r
                  JOIN shipping.return_lines b ON b.shard = r.shard AND b.return_id = r.id
                  JOIN orders.lines l ON l.shard = r.shard AND l.order_id = r.order_id
                                     AND l.line_no = b.line_no
                  LEFT JOIN orders.line_components c
                         ON c.shard = r.shard AND c.order_id = r.order_id
                        AND c.line_no = b.line_no
                 WHERE b.restocked + b.written_off > 0
                 GROUP BY 1, 2, 3, 4)
            SELECT format('order %s, line %s, variant %s: %s came back, %s accepted', order_id,
                          line_no, variant_id, coalesce(counted.units, 0)
                          , coalesce(accepted.units, 0))
              FROM counted FULL JOIN accepted USING (shard, order_id, line_no, variant_id)
             WHERE coalesce(counted.units, 0) <> coalesce(accepted.units, 0)
             LIMIT $1",
    },
    Check {
        // An order that was cancelled after it was sold has given up everything that had not left.
        claim: "what operations took off an order is exactly what was given back of it",
        offending: "
            WITH off AS (
                SELECT l.shard, l.order_id, l.line_no
                     , coalesce(p.component_id, l.variant_id) AS variant_id
                     , (l.quantity - c.quantity) * coalesce(p.quantity, 1) AS units
                  FROM orders.cut_lines c
                  JOIN orders.lines l USING (shard, order_id, line_no)
                  LEFT JOIN orders.line_components p USING (shard, order_id, line_no)),
            back AS (
                SELECT shard, order_id, line_no, variant_id, sum(units) AS units
                  FROM (
                      SELECT shard, order_id, line_no, variant_id, cut AS units
                        FROM inventory.reservation_cuts
                      UNION ALL
                      SELECT shard, order_id, line_no, variant_id, withdrawn
                        FROM inventory.fulfilments WHERE withdrawn > 0
                  ) AS parts
                 GROUP BY shard, order_id, line_no, variant_id),
            compared AS (
                SELECT shard, order_id, line_no, variant_id, coalesce(off.units, 0) AS off
                     , coalesce(back.units, 0) AS back
                  FROM off FULL JOIN back USING (shard, order_id, line_no, variant_id))
            SELECT format('order %s (%s), line %s, variant %s: %s taken off, %s given back', o.id,
                          o.status, c.line_no, c.variant_id, c.off, c.back)
              FROM compared c
              JOIN orders.orders o ON o.shard = c.shard AND o.id = c.order_id
             WHERE c.off > c.back
                OR (c.off < c.back
                    AND o.status NOT IN ('refund_requested', 'refunded', 'cancelled'))
             LIMIT $1",
    },
    Check {
        claim: "an order is shipped exactly when everything of it has left",
        offending: "
            SELECT format('order %s is %s, and %s units have not left', o.id, o.status, rest.units)
              FROM orders.orders o
              JOIN (
                  SELECT r.shard, r.order_id
                       , sum(r.quantity - coalesce(f.shipped, 0)) AS units
                       , sum(coalesce(f.shipped - f.withdrawn, 0)) AS gone
                    FROM inventory.every_reservation r
                    LEFT JOIN inventory.fulfilments f
                           ON f.shard = r.shard AND f.order_id = r.order_id
                          AND f.line_no = r.line_no AND f.variant_id = r.variant_id
                          AND f.warehouse_id = r.warehouse_id
                   WHERE r.status = 'confirmed' GROUP BY r.shard, r.order_id
              ) rest ON rest.shard = o.shard AND rest.order_id = o.id
             WHERE (o.status IN ('shipped', 'completed', 'return_requested', 'returned')
                    AND rest.units > 0)
                OR (o.status = 'preparing_shipment' AND rest.units = 0 AND rest.gone > 0
                    AND NOT EXISTS (SELECT FROM inventory.backorders b
                                     WHERE b.shard = o.shard AND b.order_id = o.id
                                       AND b.status = 'waiting'))
                OR (o.status = 'paid' AND rest.gone > 0)
             LIMIT $1",
    },
    Check {
        claim: "a return is under way exactly while its order says so",
        offending: "
            SELECT format('order %s is %s, returns under way: %s', o.id, o.status,
                          coalesce(r.open, 0))
              FROM orders.orders o
              LEFT JOIN (
                  SELECT shard, order_id, count(*) AS open FROM shipping.returns
                   WHERE status IN ('requested', 'approved', 'received')
                   GROUP BY shard, order_id
              ) r ON r.shard = o.shard AND r.order_id = o.id
             WHERE coalesce(r.open, 0) <> CASE o.status WHEN 'return_requested' THEN 1 ELSE 0 END
             LIMIT $1",
    },
    Check {
        // Unless its money went back otherwise, or was to be paid at the door and never came.
        claim: "every accepted return has its refund",
        offending: "
            SELECT format('return %s of order %s: accepted for %s, refund %s', b.id, b.order_id,
                          b.worth, coalesce(b.refund_id::text, 'none'))
              FROM (
                  SELECT r.shard, r.id, r.order_id, r.refund_id
                       , sum((l.restocked + l.written_off) * s.unit_price) AS worth
                    FROM shipping.returns r
                    JOIN shipping.return_lines l ON l.shard = r.shard AND l.return_id = r.id
                    JOIN orders.lines s ON s.shard = r.shard AND s.order_id = r.order_id
                                       AND s.line_no = l.line_no
                   WHERE r.status = 'inspected'
                   GROUP BY r.shard, r.id, r.order_id, r.refund_id
              ) b
              JOIN orders.orders o ON o.shard = b.shard AND o.id = b.order_id
             WHERE (b.worth > 0 AND b.refund_id IS NULL AND o.discount < o.subtotal
                    AND o.paid_at IS NOT NULL AND NOT EXISTS (
                       SELECT FROM payments.refunds m
                        WHERE m.shard = b.shard AND m.order_id = b.order_id
                          AND m.status <> 'rejected'))
                OR (b.refund_id IS NOT NULL AND NOT EXISTS (
                       SELECT FROM payments.refunds m
                        WHERE m.shard = b.shard AND m.id = b.refund_id
                          AND m.order_id = b.order_id))
             LIMIT $1",
    },
    Check {
        claim: "every parcel's and every return's history is gapless and ends where it is",
        offending: "
            SELECT format('%s %s is %s, its history: %s', what, id, status,
                          coalesce(steps, 'none'))
              FROM (
                  SELECT 'parcel' AS what, s.id, s.status, h.last, h.count, h.ends, h.steps
                    FROM shipping.shipments s
                    LEFT JOIN (
                        SELECT shard, shipment_id, max(seq) AS last, count(*)
                             , (array_agg(to_status ORDER BY seq DESC))[1] AS ends
                             , string_agg(seq || ' ' || to_status, ', ' ORDER BY seq) AS steps
                          FROM shipping.shipment_transitions GROUP BY shard, shipment_id
                    ) h ON h.shard = s.shard AND h.shipment_id = s.id
                  UNION ALL
                  SELECT 'return', r.id, r.status, h.last, h.count, h.ends, h.steps
                    FROM shipping.returns r
                    LEFT JOIN (
                        SELECT shard, return_id, max(seq) AS last, count(*)
                             , (array_agg(to_status ORDER BY seq DESC))[1] AS ends
                             , string_agg(seq || ' ' || to_status, ', ' ORDER BY seq) AS steps
                          FROM shipping.return_transitions GROUP BY shard, return_id
                    ) h ON h.shard = r.shard AND h.return_id = r.id
              ) things
             WHERE ends IS DISTINCT FROM status OR last IS DISTINCT FROM count
             LIMIT $1",
    },
];
