//! Statements on shipments.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use kernel::{
    Actor,
    id::{OrderId, ShipmentId, UserId, WarehouseId},
};
use pg::{Affected as _, Connection, DbError, DbResult};
use uuid::Uuid;

use super::model::{Shipment, ShipmentLine, ShipmentStatus, Tracking};
use crate::carriers::Carrier;

struct ShipmentRow {
    id: Uuid,
    order_id: Uuid,
    number: i16,
    warehouse_id: Uuid,
    status: String,
    carrier: Option<String>,
    tracking_number: Option<String>,
    version: i64,
    created_at: SqlTimestamp,
    shipped_at: Option<SqlTimestamp>,
    delivered_at: Option<SqlTimestamp>,
}

impl TryFrom<ShipmentRow> for Shipment {
    type Error = DbError;

    fn try_from(row: ShipmentRow) -> DbResult<Self> {
        let corrupt =
            |column, value: String| DbError::Corrupt { table: "shipping.shipments", column, value };
        let carrier = match row.carrier {
            Some(code) => {
                Some(Carrier::find(&code).ok_or_else(|| corrupt("carrier", code.clone()))?)
            }
            None => None,
        };
        Ok(Self {
            id: row.id.into(),
            order: row.order_id.into(),
            number: row.number,
            warehouse: row.warehouse_id.into(),
            status: ShipmentStatus::parse(&row.status)
                .ok_or_else(|| corrupt("status", row.status.clone()))?,
            tracking: Tracking { carrier, number: row.tracking_number },
            version: row.version,
            created_at: row.created_at.to_jiff(),
            shipped_at: row.shipped_at.map(SqlTimestamp::to_jiff),
            delivered_at: row.delivered_at.map(SqlTimestamp::to_jiff),
            lines: Vec::new(),
        })
    }
}

pub(super) async fn find(conn: &mut Connection, ids: &[ShipmentId]) -> DbResult<Vec<Shipment>> {
    let shards: Vec<i16> = ids.iter().map(|id| id.shard().to_i16()).collect();
    let ids: Vec<Uuid> = ids.iter().map(|id| id.as_uuid()).collect();
    let rows = sqlx::query_as!(
        ShipmentRow,
        r#"
        SELECT s.id, s.order_id, s.number, s.warehouse_id, s.status, s.carrier, s.tracking_number
             , s.version, s.created_at, s.shipped_at, s.delivered_at
          FROM unnest($1::smallint[], $2::uuid[]) AS wanted (shard, id)
          JOIN shipping.shipments AS s USING (shard, id)
         ORDER BY s.id
        "#,
        &shards,
        &ids,
    )
    .fetch_all(&mut *conn)
    .await?;
    with_lines(conn, rows).await
}

pub(super) async fn of_order(conn: &mut Connection, order: OrderId) -> DbResult<Vec<Shipment>> {
    let rows = sqlx::query_as!(
        ShipmentRow,
        r#"
        SELECT id, order_id, number, warehouse_id, status, carrier, tracking_number, version
             , created_at, shipped_at, delivered_at
          FROM shipping.shipments
         WHERE shard = $1 AND order_id = $2
         ORDER BY number
        "#,
        order.shard().to_i16(),
        order.as_uuid(),
    )
    .fetch_all(&mut *conn)
    .await?;
    with_lines(conn, rows).await
}

pub(super) async fn by_tracking(
    conn: &mut Connection,
    carrier: &str,
    number: &str,
) -> DbResult<Vec<Shipment>> {
    let rows = sqlx::query_as!(
        ShipmentRow,
        r#"
        SELECT id, order_id, number, warehouse_id, status, carrier, tracking_number, version
             , created_at, shipped_at, delivered_at
          FROM shipping.shipments
         WHERE tracking_number = $2 AND carrier = $1 AND status <> 'cancelled'
         ORDER BY id DESC
         LIMIT 10
        "#,
        carrier,
        number,
    )
    .fetch_all(&mut *conn)
    .await?;
    with_lines(conn, rows).await
}

pub(super) async fn to_pack(
    conn: &mut Connection,
    warehouse: WarehouseId,
    limit: i64,
) -> DbResult<Vec<Shipment>> {
    let rows = sqlx::query_as!(
        ShipmentRow,
        r#"
        SELECT id, order_id, number, warehouse_id, status, carrier, tracking_number, version
             , created_at, shipped_at, delivered_at
          FROM shipping.shipments
         WHERE warehouse_id = $1 AND status = 'pending'
         ORDER BY id
         LIMIT $2
        "#,
        warehouse.as_uuid(),
        limit,
    )
    .fetch_all(&mut *conn)
    .await?;
    with_lines(conn, rows).await
}

async fn with_lines(conn: &mut Connection, rows: Vec<ShipmentRow>) -> DbResult<Vec<Shipment>> {
    let mut shipments =
        rows.into_iter().map(Shipment::try_from).collect::<DbResult<Vec<Shipment>>>()?;
    let shards: Vec<i16> = shipments.iter().map(|it| it.id.shard().to_i16()).collect();
    let ids: Vec<Uuid> = shipments.iter().map(|it| it.id.as_uuid()).collect();
    let rows = sqlx::query!(
        r#"
        SELECT l.shipment_id, l.line_no, l.variant_id, l.quantity
          FROM unnest($1::smallint[], $2::uuid[]) AS wanted (shard, shipment_id)
          JOIN shipping.shipment_lines AS l USING (shard, shipment_id)
         ORDER BY l.shipment_id, l.line_no, l.variant_id
        "#,
        &shards,
        &ids,
    )
    .fetch_all(conn)
    .await?;
    let mut lines: HashMap<Uuid, Vec<ShipmentLine>> = HashMap::new();
    for row in rows {
        lines.entry(row.shipment_id).or_default().push(ShipmentLine {
            line_no: row.line_no,
            variant: row.variant_id.into(),
            quantity: row.quantity,
        });
    }
    for shipment in &mut shipments {
        shipment.lines = lines.remove(&shipment.id.as_uuid()).unwrap_or_default();
    }
    Ok(shipments)
}

pub(super) async fn insert(conn: &mut Connection, shipment: &Shipment) -> DbResult<()> {
    sqlx::query!(
        r#"
        INSERT INTO shipping.shipments (shard, id, order_id, number, warehouse_id, status, carrier
             , tracking_number, version, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        "#,
        shipment.order.shard().to_i16(),
        shipment.id.as_uuid(),
        shipment.order.as_uuid(),
        shipment.number,
        shipment.warehouse.as_uuid(),
        shipment.status.as_str(),
        shipment.tracking.carrier.map(|carrier| carrier.code),
        shipment.tracking.number,
        shipment.version,
        shipment.created_at.to_sqlx(),
    )
    .execute(conn)
    .await?
    .one_row("insert a shipment")
}

pub(super) async fn insert_lines(conn: &mut Connection, shipment: &Shipment) -> DbResult<()> {
    let lines: Vec<i16> = shipment.lines.iter().map(|line| line.line_no).collect();
    let variants: Vec<Uuid> = shipment.lines.iter().map(|line| line.variant.as_uuid()).collect();
    let quantities: Vec<i32> = shipment.lines.iter().map(|line| line.quantity).collect();
    sqlx::query!(
        r#"
        INSERT INTO shipping.shipment_lines (shard, shipment_id, line_no, variant_id, quantity)
        SELECT $1, $2, * FROM unnest($3::smallint[], $4::uuid[], $5::int[])
        "#,
        shipment.order.shard().to_i16(),
        shipment.id.as_uuid(),
        &lines,
        &variants,
        &quantities,
    )
    .execute(conn)
    .await?
    .rows("insert lines of a shipment", lines.len())
}

pub(super) async fn update(
    conn: &mut Connection,
    before: &Shipment,
    after: &Shipment,
) -> DbResult<()> {
    sqlx::query!(
        r#"
        UPDATE shipping.shipments
           SET status = $5, carrier = $6, tracking_number = $7, version = $8, shipped_at = $9
             , delivered_at = $10
         WHERE shard = $1 AND id = $2 AND status = $3 AND version = $4
        "#,
        before.order.shard().to_i16(),
        before.id.as_uuid(),
        before.status.as_str(),
        before.version,
        after.status.as_str(),
        after.tracking.carrier.map(|carrier| carrier.code),
        after.tracking.number,
        after.version,
        after.shipped_at.map(ToSqlx::to_sqlx) as _,
        after.delivered_at.map(ToSqlx::to_sqlx) as _,
    )
    .execute(conn)
    .await?
    .one_row("change a shipment")
}

pub(super) async fn insert_transition(
    conn: &mut Connection,
    shipment: &Shipment,
    from: Option<ShipmentStatus>,
    actor: Actor,
    reason: Option<&str>,
    at: Timestamp,
) -> DbResult<()> {
    sqlx::query!(
        r#"
        INSERT INTO shipping.shipment_transitions (shard, shipment_id, seq, from_status, to_status
             , actor_kind, actor_id, reason, occurred_at)
        SELECT $1, $2
             , 1 + (SELECT count(*) FROM shipping.shipment_transitions
                     WHERE shard = $1 AND shipment_id = $2)::smallint
             , $3, $4, $5, $6, $7, $8
        "#,
        shipment.order.shard().to_i16(),
        shipment.id.as_uuid(),
        from.map(ShipmentStatus::as_str),
        shipment.status.as_str(),
        actor.kind(),
        actor.user_id().map(UserId::as_uuid),
        reason,
        at.to_sqlx(),
    )
    .execute(conn)
    .await?
    .one_row("insert a transition of a shipment")
}
