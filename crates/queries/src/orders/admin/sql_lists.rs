//! The statements behind the lists of parcels and of returns. As with orders, each shard gives its
//! newest by its primary key.

use jiff_sqlx::Timestamp;
use kernel::{PageLimit, id::WarehouseId};
use orders::OrderNumber;
use pg::{Connection, DbResult};
use shipping::{Carrier, ReturnStatus, ShipmentStatus};
use sqlx::query;
use tracing::instrument;
use uuid::Uuid;

use super::{ParcelSummary, ReturnSummary, ShipmentFilter};
use crate::{
    corrupt::corrupt,
    orders::{CarrierView, ReturnStatusWord, status},
};

/// One row more than a page holds.
#[instrument(name = "db.queries.parcels", skip_all, err)]
pub async fn parcels(
    conn: &mut Connection,
    filter: &ShipmentFilter,
    after: Option<Uuid>,
    limit: PageLimit,
) -> DbResult<Vec<ParcelSummary>> {
    let rows = query!(
        r#"
        SELECT s.id AS "id!", s.order_id AS "order_id!", s.number AS "number!"
             , s.warehouse_id AS "warehouse_id!", s.status AS "status!", s.carrier
             , s.tracking_number, s.version AS "version!"
             , s.created_at AS "created_at!: Timestamp", s.shipped_at AS "shipped_at: Timestamp"
             , s.delivered_at AS "delivered_at: Timestamp", o.ship_name
             , coalesce((SELECT sum(l.quantity) FROM shipping.shipment_lines AS l
                          WHERE l.shard = s.shard AND l.shipment_id = s.id), 0) AS "units!"
          FROM generate_series(0, 63) AS lane (shard)
         CROSS JOIN LATERAL (
               SELECT s.shard, s.id, s.order_id, s.number, s.warehouse_id, s.status, s.carrier
                    , s.tracking_number, s.version, s.created_at, s.shipped_at, s.delivered_at
                 FROM shipping.shipments AS s
                WHERE s.shard = lane.shard::smallint
                  AND ($1::uuid IS NULL OR s.id < $1)
                  AND ($2::text IS NULL OR s.status = $2)
                  AND ($3::uuid IS NULL OR s.warehouse_id = $3)
                  AND ($4::text IS NULL OR s.tracking_number = $4)
                ORDER BY s.id DESC
                LIMIT $5) AS s
          JOIN orders.orders AS o ON o.shard = s.shard AND o.id = s.order_id
         ORDER BY s.id DESC
         LIMIT $5
        "#,
        after,
        filter.status.map(|word| ShipmentStatus::from(word).as_str()),
        filter.warehouse.map(WarehouseId::as_uuid),
        filter.tracking_number,
        limit.fetch(),
    )
    .fetch_all(conn)
    .await?;
    let summary = rows.into_iter().map(|row| {
        let carrier = row.carrier.as_deref().and_then(Carrier::find);
        Ok(ParcelSummary {
            id: row.id.into(),
            order_id: row.order_id.into(),
            order_number: OrderNumber::of(row.order_id.into()).to_string(),
            parcel: row.number,
            warehouse_id: row.warehouse_id.into(),
            status: status::read(&row.status)
                .ok_or_else(|| corrupt("shipping.shipments", "status", &row.status))?,
            carrier: carrier.map(CarrierView::from),
            tracking_number: row.tracking_number,
            receiver: row.ship_name,
            units: row.units,
            version: row.version,
            created_at: row.created_at.to_jiff(),
            shipped_at: row.shipped_at.map(Timestamp::to_jiff),
            delivered_at: row.delivered_at.map(Timestamp::to_jiff),
        })
    });
    summary.collect()
}

/// One row more than a page holds.
#[instrument(name = "db.queries.returns", skip_all, err)]
pub async fn returns(
    conn: &mut Connection,
    status: Option<ReturnStatusWord>,
    after: Option<Uuid>,
    limit: PageLimit,
) -> DbResult<Vec<ReturnSummary>> {
    let rows = query!(
        r#"
        SELECT r.id AS "id!", r.order_id AS "order_id!", r.number AS "number!"
             , r.status AS "status!", r.cause AS "cause!", r.version AS "version!"
             , r.requested_at AS "requested_at!: Timestamp", r.closed_at AS "closed_at: Timestamp"
             , coalesce((SELECT sum(l.quantity) FROM shipping.return_lines AS l
                          WHERE l.shard = r.shard AND l.return_id = r.id), 0) AS "units!"
          FROM generate_series(0, 63) AS lane (shard)
         CROSS JOIN LATERAL (
               SELECT r.shard, r.id, r.order_id, r.number, r.status, r.cause, r.version
                    , r.requested_at, r.closed_at
                 FROM shipping.returns AS r
                WHERE r.shard = lane.shard::smallint
                  AND ($1::uuid IS NULL OR r.id < $1)
                  AND ($2::text IS NULL OR r.status = $2)
                ORDER BY r.id DESC
                LIMIT $3) AS r
         ORDER BY r.id DESC
         LIMIT $3
        "#,
        after,
        status.map(|word| ReturnStatus::from(word).as_str()),
        limit.fetch(),
    )
    .fetch_all(conn)
    .await?;
    let summary = rows.into_iter().map(|row| {
        Ok(ReturnSummary {
            id: row.id.into(),
            order_id: row.order_id.into(),
            order_number: OrderNumber::of(row.order_id.into()).to_string(),
            number: row.number,
            status: status::read(&row.status)
                .ok_or_else(|| corrupt("shipping.returns", "status", &row.status))?,
            cause: status::read(&row.cause)
                .ok_or_else(|| corrupt("shipping.returns", "cause", &row.cause))?,
            units: row.units,
            version: row.version,
            requested_at: row.requested_at.to_jiff(),
            closed_at: row.closed_at.map(Timestamp::to_jiff),
        })
    });
    summary.collect()
}
