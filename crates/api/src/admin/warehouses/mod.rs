//! The shop's warehouses. They are closed and opened again, never deleted.

pub mod change;
pub mod create;
pub mod detail;
pub mod form;
pub mod list;

use ::inventory::Warehouse;
use kernel::{ErrorCode, LocalizedText, id::WarehouseId};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{AppState, kit::Problem};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::handler, create::handler))
        .routes(routes!(detail::handler, change::handler))
}

/// A warehouse.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct WarehouseView {
    /// Its id.
    pub id: WarehouseId,
    /// A short name, e.g. `TPE`.
    pub code: String,
    /// Its name.
    pub name: LocalizedText,
    /// Where it is.
    pub postal_code: String,
    /// 縣市.
    pub city: String,
    /// 鄉鎮市區.
    pub district: String,
    /// Street and number.
    pub address1: String,
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// Lower serves first when two are equally near.
    pub priority: i32,
    /// Whether it is open: closed ones serve no orders and receive no goods.
    pub active: bool,
    /// Counts its changes; also its `ETag`.
    pub version: i64,
}

impl From<Warehouse> for WarehouseView {
    fn from(warehouse: Warehouse) -> Self {
        Self {
            id: warehouse.id,
            code: warehouse.code,
            name: warehouse.name,
            postal_code: warehouse.postal_code,
            city: warehouse.city,
            district: warehouse.district,
            address1: warehouse.address1,
            latitude: warehouse.latitude,
            longitude: warehouse.longitude,
            priority: warehouse.priority,
            active: warehouse.active,
            version: warehouse.version,
        }
    }
}

fn problem(error: ::inventory::WarehouseError) -> Problem {
    use ::inventory::WarehouseError;
    match error {
        WarehouseError::NotFound => ErrorCode::WarehouseNotFound.into(),
        WarehouseError::Changed => ErrorCode::VersionConflict.into(),
        WarehouseError::StockMoved => Problem::overtaken(),
        WarehouseError::CodeTaken => Problem::new(ErrorCode::ValidationFailed)
            .field("/code", "another warehouse has this code"),
        WarehouseError::Db(error) => error.into(),
    }
}
