//! `GET /api/admin/shipments/pick-list`

#![expect(unused_qualifications, reason = "utoipa's macro qualifies the type of the query")]

use std::collections::BTreeMap;

use ::shipping::{Shipment, shipments};
use axum::{extract::State, response::Response};
use jiff::tz::Offset;
use kernel::{
    ErrorCode, Locale,
    id::{ShipmentId, WarehouseId},
};
use minijinja::{Value, context, value::Serde};
use pg::Connection;
use queries::orders::ParcelView;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::{
    packing_slip::{Printed, printed},
    print::{self, Print},
};
use crate::{
    AppState,
    access::Permit,
    kit::{Problem, Query, problem::ProblemBody},
};

/// The most parcels on one list.
const PARCELS_MAX: usize = 100;

/// Which parcels.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PickListParams {
    /// These, with commas between their ids; at most 100, of one warehouse.
    ids: Option<String>,
    /// The oldest 100 of this warehouse that are to be picked (`pending`).
    warehouse_id: Option<WarehouseId>,
}

/// What to take from the shelves for many parcels of a warehouse, to be printed: first everything
/// together, by SKU, then parcel by parcel.
#[utoipa::path(
    get, path = "/api/admin/shipments/pick-list", tag = "shipping", operation_id = "print_pick_list",
    params(PickListParams),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "A page", body = String, content_type = "text/html"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`SHIPMENT_NOT_FOUND`, `WAREHOUSE_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
    Query(params): Query<PickListParams>,
) -> Result<Response, Problem> {
    let mut conn = state.db.acquire().await?;
    let (warehouse, shipments) = chosen(&mut conn, &params).await?;
    let warehouse = ::inventory::warehouse(&mut conn, warehouse).await?;
    let warehouse = warehouse.ok_or(ErrorCode::WarehouseNotFound)?;
    let mut parcels = Vec::with_capacity(shipments.len());
    let mut items: BTreeMap<String, Printed> = BTreeMap::new();
    for shipment in &shipments {
        let order = queries::orders::detail(&mut conn, shipment.order).await?;
        let order = order.ok_or(ErrorCode::ShipmentNotFound)?;
        let view = ParcelView::from(shipment);
        // People in the warehouse read Chinese, whatever the buyer does.
        let locale = Locale::ZhTw;
        let lines: Vec<Printed> =
            view.lines.iter().map(|line| printed(&order, line, locale)).collect();
        for line in &lines {
            match items.get_mut(&line.sku) {
                Some(item) => item.quantity += line.quantity,
                None => {
                    items.insert(line.sku.clone(), line.clone());
                }
            }
        }
        parcels.push(Parcel {
            order: order.number,
            ordinal: view.parcel,
            receiver: order.shipping_address.name,
            carrier: view.carrier.map(|it| it.name.get(locale).to_owned()),
            lines,
        });
    }
    let printed = Offset::constant(8).to_datetime(state.clock.now()).strftime("%Y-%m-%d %H:%M");
    let page = context! {
        title => format!("揀貨單 {}", warehouse.code),
        lang => Locale::ZhTw.tag(),
        warehouse => format!("{} {}", warehouse.code, warehouse.name.zh_tw),
        printed => printed.to_string(),
        items => Value::from(Serde(items.into_values().collect::<Vec<_>>())),
        parcels => Value::from(Serde(parcels)),
    };
    print::page(Print::PickList, page)
}

#[derive(Debug, Serialize)]
struct Parcel {
    order: String,
    ordinal: i16,
    receiver: String,
    carrier: Option<String>,
    lines: Vec<Printed>,
}

/// The parcels that were asked for, and their warehouse.
async fn chosen(
    conn: &mut Connection,
    params: &PickListParams,
) -> Result<(WarehouseId, Vec<Shipment>), Problem> {
    let invalid =
        |place: &str, what: &str| Problem::new(ErrorCode::ValidationFailed).field(place, what);
    match (&params.ids, params.warehouse_id) {
        (Some(ids), None) => {
            let ids: Result<Vec<ShipmentId>, _> = ids.split(',').map(str::parse).collect();
            let ids = ids.map_err(|_| invalid("#ids", "is no list of ids"))?;
            if ids.len() > PARCELS_MAX {
                return Err(invalid("#ids", "has at most 100 ids"));
            }
            let shipments = shipments::find_all(conn, &ids).await?;
            let mut known: Vec<ShipmentId> = ids;
            known.sort_unstable();
            known.dedup();
            let first = shipments.first().filter(|_| shipments.len() == known.len());
            let warehouse = first.ok_or(ErrorCode::ShipmentNotFound)?.warehouse;
            if shipments.iter().any(|it| it.warehouse != warehouse) {
                return Err(invalid("#ids", "are of several warehouses: print a list for each"));
            }
            Ok((warehouse, shipments))
        }
        (None, Some(warehouse)) => {
            let limit = i64::try_from(PARCELS_MAX).unwrap_or(100);
            Ok((warehouse, shipments::to_pack(conn, warehouse, limit).await?))
        }
        _ => Err(invalid("#ids", "give either ids or warehouse_id")),
    }
}
