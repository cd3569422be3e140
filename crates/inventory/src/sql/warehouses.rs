//! Warehouses.

use kernel::{LocalizedText, id::WarehouseId};
use pg::{Affected, Connection, DbResult};
use uuid::Uuid;

use crate::warehouses::Warehouse;

struct Row {
    id: Uuid,
    code: String,
    name_zh: String,
    name_en: String,
    postal_code: String,
    city: String,
    district: String,
    address1: String,
    latitude: f64,
    longitude: f64,
    priority: i32,
    active: bool,
    version: i64,
}

impl From<Row> for Warehouse {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.into(),
            code: row.code,
            name: LocalizedText::new(row.name_zh, row.name_en),
            postal_code: row.postal_code,
            city: row.city,
            district: row.district,
            address1: row.address1,
            latitude: row.latitude,
            longitude: row.longitude,
            priority: row.priority,
            active: row.active,
            version: row.version,
        }
    }
}

pub(crate) async fn warehouses(conn: &mut Connection) -> DbResult<Vec<Warehouse>> {
    let rows = sqlx::query_as!(
        Row,
        r#"
        SELECT id, code, name_zh, name_en, postal_code, city, district, address1, latitude
             , longitude, priority, active, version
          FROM inventory.warehouses
         ORDER BY priority, code
        "#
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(Warehouse::from).collect())
}

pub(crate) async fn warehouse(
    conn: &mut Connection,
    id: WarehouseId,
) -> DbResult<Option<Warehouse>> {
    let row = sqlx::query_as!(
        Row,
        r#"
        SELECT id, code, name_zh, name_en, postal_code, city, district, address1, latitude
             , longitude, priority, active, version
          FROM inventory.warehouses
         WHERE id = $1
        "#,
        id.as_uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(Warehouse::from))
}

/// Keeps every warehouse as it is until the end of the transaction: nobody opens one meanwhile.
pub(crate) async fn hold_all(conn: &mut Connection) -> DbResult<()> {
    sqlx::query_scalar!(
        r#"
        SELECT count(*) AS "count!"
          FROM (SELECT FROM inventory.warehouses ORDER BY id FOR SHARE) AS held
        "#
    )
    .fetch_one(conn)
    .await?;
    Ok(())
}

pub(crate) async fn warehouse_is_active(
    conn: &mut Connection,
    warehouse: WarehouseId,
) -> DbResult<bool> {
    let active = sqlx::query_scalar!(
        "SELECT active FROM inventory.warehouses WHERE id = $1",
        warehouse.as_uuid()
    )
    .fetch_optional(conn)
    .await?;
    Ok(active.unwrap_or(false))
}

pub(crate) async fn insert_warehouse(conn: &mut Connection, new: &Warehouse) -> DbResult<()> {
    sqlx::query!(
        r#"
        INSERT INTO inventory.warehouses (id, code, name_zh, name_en, postal_code, city, district
             , address1, latitude, longitude, priority, active, version)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        "#,
        new.id.as_uuid(),
        new.code,
        &*new.name.zh_tw,
        &*new.name.en,
        new.postal_code,
        new.city,
        new.district,
        new.address1,
        new.latitude,
        new.longitude,
        new.priority,
        new.active,
        new.version,
    )
    .execute(conn)
    .await?
    .one_row("add a warehouse")
}

/// Writes what a warehouse is from now on, if it still has the version before that of `after`.
pub(crate) async fn update_warehouse(conn: &mut Connection, after: &Warehouse) -> DbResult<bool> {
    let done = sqlx::query!(
        r#"
        UPDATE inventory.warehouses
           SET code = $2, name_zh = $3, name_en = $4, postal_code = $5, city = $6, district = $7
             , address1 = $8, latitude = $9, longitude = $10, priority = $11, active = $12
             , version = $13::bigint
         WHERE id = $1 AND version = $13::bigint - 1
        "#,
        after.id.as_uuid(),
        after.code,
        &*after.name.zh_tw,
        &*after.name.en,
        after.postal_code,
        after.city,
        after.district,
        after.address1,
        after.latitude,
        after.longitude,
        after.priority,
        after.active,
        after.version,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(crate) async fn put_warehouse(conn: &mut Connection, warehouse: &Warehouse) -> DbResult<()> {
    sqlx::query!(
        r#"
        INSERT INTO inventory.warehouses AS w (id, code, name_zh, name_en, postal_code, city
             , district, address1, latitude, longitude, priority, active)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        ON CONFLICT (id) DO UPDATE
           SET code = excluded.code, name_zh = excluded.name_zh, name_en = excluded.name_en
             , postal_code = excluded.postal_code, city = excluded.city
             , district = excluded.district, address1 = excluded.address1
             , latitude = excluded.latitude, longitude = excluded.longitude
             , priority = excluded.priority, active = excluded.active
             , version = w.version + CASE WHEN
                   (w.code, w.name_zh, w.name_en, w.postal_code, w.city, w.district, w.address1
                  , w.latitude, w.longitude, w.priority, w.active)
                   IS DISTINCT FROM
                   (excluded.code, excluded.name_zh, excluded.name_en, excluded.postal_code
                  , excluded.city, excluded.district, excluded.address1, excluded.latitude
                  , excluded.longitude, excluded.priority, excluded.active)
                   THEN 1 ELSE 0 END
        "#,
        warehouse.id.as_uuid(),
        warehouse.code,
        &*warehouse.name.zh_tw,
        &*warehouse.name.en,
        warehouse.postal_code,
        warehouse.city,
        warehouse.district,
        warehouse.address1,
        warehouse.latitude,
        warehouse.longitude,
        warehouse.priority,
        warehouse.active,
    )
    .execute(conn)
    .await?
    .one_row("put a warehouse")
}
