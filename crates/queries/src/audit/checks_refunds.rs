//! The checks about money that goes back.

use super::checks::Check;

/// Every check about refunds.
pub const REFUND_CHECKS: &[Check] = &[
    Check {
        claim: "what is to go back of a payment is never more than it brought",
        offending: "
            SELECT format('payment %s (%s): brought %s, %s is to go back', p.id, p.status,
                          CASE WHEN p.status IN ('succeeded', 'partially_refunded', 'refunded')
                               THEN p.amount ELSE 0 END, sum(r.amount))
              FROM payments.attempts p
              JOIN payments.refunds r ON r.shard = p.shard AND r.payment_id = p.id
             WHERE r.status <> 'rejected'
             GROUP BY p.shard, p.id, p.status, p.amount
            HAVING sum(r.amount) > CASE WHEN p.status IN ('succeeded', 'partially_refunded',
                                                          'refunded') THEN p.amount ELSE 0 END
             LIMIT $1",
    },
    Check {
        claim: "every payment's status is what its refunds say",
        offending: "
            SELECT format('payment %s (%s): counts %s as gone back, its refunds %s', p.id, p.status,
                          p.refunded, coalesce(r.amount, 0))
              FROM payments.attempts p
              LEFT JOIN (
                  SELECT shard, payment_id, sum(amount) AS amount
                    FROM payments.refunds WHERE status = 'succeeded' GROUP BY shard, payment_id
              ) r ON r.shard = p.shard AND r.payment_id = p.id
             WHERE p.refunded <> coalesce(r.amount, 0)
                OR (p.status = 'refunded') <> (p.refunded = p.amount)
                OR (p.status = 'partially_refunded') <> (p.refunded > 0 AND p.refunded < p.amount)
             LIMIT $1",
    },
    Check {
        claim: "every refund is of a payment of its order, and its lines are its amount",
        offending: "
            SELECT format('refund %s of payment %s, order %s: amount %s, lines %s', r.id,
                          r.payment_id, r.order_id, r.amount, coalesce(l.amount::text, 'none'))
              FROM payments.refunds r
              LEFT JOIN payments.attempts p ON p.shard = r.shard AND p.id = r.payment_id
              LEFT JOIN (
                  SELECT shard, refund_id, sum(amount) AS amount
                    FROM payments.refund_lines GROUP BY shard, refund_id
              ) l ON l.shard = r.shard AND l.refund_id = r.id
             WHERE p.order_id IS DISTINCT FROM r.order_id OR l.amount <> r.amount
             LIMIT $1",
    },
    Check {
        claim: "every refund's history is gapless and ends where the refund is",
        offending: "
            SELECT format('refund %s is %s, its history: %s', r.id, r.status,
                          coalesce(h.steps, 'none'))
              FROM payments.refunds r
              LEFT JOIN (
                  SELECT shard, refund_id, max(seq) AS last, count(*) AS steps_count,
                         (array_agg(to_status ORDER BY seq DESC))[1] AS ends,
                         string_agg(seq || ' ' || from_status || '→' || to_status, ', '
                                    ORDER BY seq) AS steps
                    FROM payments.refund_transitions GROUP BY shard, refund_id
              ) h ON h.shard = r.shard AND h.refund_id = r.id
             WHERE coalesce(h.ends, 'requested') <> r.status
                OR coalesce(h.last, 0) <> coalesce(h.steps_count, 0)
             LIMIT $1",
    },
    Check {
        claim: "an order waits for its refund exactly while all of its money is to go back",
        offending: "
            SELECT format('order %s (%s): paid %s, to go back %s, gone back %s', o.id, o.status,
                          p.amount, coalesce(sum(r.amount), 0), p.refunded)
              FROM orders.orders o
              JOIN payments.attempts p ON p.shard = o.shard AND p.order_id = o.id AND p.kept
               AND p.status IN ('succeeded', 'partially_refunded', 'refunded')
              LEFT JOIN payments.refunds r ON r.shard = p.shard AND r.payment_id = p.id
               AND r.status <> 'rejected'
             WHERE o.status = 'refund_requested'
             GROUP BY o.shard, o.id, o.status, p.amount, p.refunded
            HAVING coalesce(sum(r.amount), 0) <> p.amount OR p.refunded = p.amount
             LIMIT $1",
    },
    Check {
        claim: "every refund that people have to look into is an open task",
        offending: "
            SELECT format('refund %s (%s) is nobody''s task', r.id, r.status)
              FROM payments.refunds r
             WHERE (r.status = 'failed' OR (r.status = 'processing' AND r.by_hand))
               AND NOT EXISTS (SELECT FROM payments.tasks t
                                WHERE t.refund_id = r.id
                                  AND (t.status = 'open' OR t.resolution = 'accepted'))
             LIMIT $1",
    },
];
