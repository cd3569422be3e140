//! The statement behind timelines.

use jiff_sqlx::Timestamp;
use kernel::id::{OrderId, UserId};
use pg::{Connection, DbError, DbResult};
use sqlx::query_as;
use tracing::instrument;
use uuid::Uuid;

use super::{HistoryEntry, TimelineActor, TimelineKind};
use crate::corrupt::corrupt;

struct StepRow {
    kind: String,
    id: Uuid,
    from_status: Option<String>,
    to_status: String,
    actor_kind: String,
    actor_id: Option<Uuid>,
    reason: Option<String>,
    occurred_at: Timestamp,
}

impl TryFrom<StepRow> for HistoryEntry {
    type Error = DbError;

    fn try_from(row: StepRow) -> DbResult<Self> {
        let kind = match row.kind.as_str() {
            "payment" => TimelineKind::Payment,
            "refund" => TimelineKind::Refund,
            "shipment" => TimelineKind::Shipment,
            "return" => TimelineKind::Return,
            _ => TimelineKind::Order,
        };
        let actor = match row.actor_kind.as_str() {
            "guest" | "customer" => TimelineActor::Customer,
            "staff" => TimelineActor::Staff,
            "payment_provider" => TimelineActor::PaymentProvider,
            "system" => TimelineActor::System,
            other => return Err(corrupt("orders.transitions", "actor_kind", &other)),
        };
        Ok(Self {
            at: row.occurred_at.to_jiff(),
            kind,
            id: row.id,
            from: row.from_status,
            to: row.to_status,
            actor,
            actor_id: row.actor_id.map(UserId::from),
            reason: row.reason,
        })
    }
}

/// Every step, the first one first. Of steps in one transaction, causes come before what follows.
#[instrument(name = "db.queries.order_steps", skip_all, err)]
pub async fn steps(conn: &mut Connection, id: OrderId) -> DbResult<Vec<HistoryEntry>> {
    let rows = query_as!(
        StepRow,
        r#"SELECT kind AS "kind!", id AS "id!", from_status, to_status AS "to_status!",
             actor_kind AS "actor_kind!", actor_id, reason, occurred_at AS "occurred_at!: Timestamp"
         FROM (
             SELECT 'payment' AS kind, 1 AS rank, t.payment_id AS id, t.seq, t.from_status,
                 t.to_status, t.actor_kind, t.actor_id, t.reason, t.occurred_at
             FROM payments.attempts a
             JOIN payments.transitions t ON t.shard = a.shard AND t.payment_id = a.id
             WHERE a.shard = $1 AND a.order_id = $2
             UNION ALL
             SELECT 'order', 2, order_id, seq, from_status, to_status, actor_kind, actor_id,
                 reason, occurred_at
             FROM orders.transitions WHERE shard = $1 AND order_id = $2
             UNION ALL
             SELECT 'shipment', 3, t.shipment_id, t.seq, t.from_status, t.to_status, t.actor_kind,
                 t.actor_id, t.reason, t.occurred_at
             FROM shipping.shipments s
             JOIN shipping.shipment_transitions t ON t.shard = s.shard AND t.shipment_id = s.id
             WHERE s.shard = $1 AND s.order_id = $2
             UNION ALL
             SELECT 'return', 4, t.return_id, t.seq, t.from_status, t.to_status, t.actor_kind,
                 t.actor_id, t.reason, t.occurred_at
             FROM shipping.returns r
             JOIN shipping.return_transitions t ON t.shard = r.shard AND t.return_id = r.id
             WHERE r.shard = $1 AND r.order_id = $2
             UNION ALL
             SELECT 'refund', 5, id, 0, NULL, 'requested', requested_by_kind, requested_by, reason,
                 created_at
             FROM payments.refunds WHERE shard = $1 AND order_id = $2
             UNION ALL
             SELECT 'refund', 5, t.refund_id, t.seq, t.from_status, t.to_status, t.actor_kind,
                 t.actor_id, t.reason, t.occurred_at
             FROM payments.refunds m
             JOIN payments.refund_transitions t ON t.shard = m.shard AND t.refund_id = m.id
             WHERE m.shard = $1 AND m.order_id = $2
         ) AS steps
         ORDER BY occurred_at, rank, id, seq"#,
        id.shard().to_i16(),
        id.as_uuid(),
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(HistoryEntry::try_from).collect()
}
