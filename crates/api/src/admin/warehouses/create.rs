//! `POST /api/admin/warehouses`

use ::access::{Kind, Resource};
use ::inventory::Warehouse;
use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use pg::DbError;
use serde_json::json;

use super::{WarehouseView, form::WarehouseForm, problem};
use crate::{
    AppState,
    access::{Change, Permit},
    kit::{self, Problem, edit::edit, etag, problem::ProblemBody},
};

/// Adds a warehouse. Without coordinates it is in the middle of its postal district.
#[utoipa::path(
    post, path = "/api/admin/warehouses", tag = "inventory", operation_id = "create_warehouse",
    request_body = WarehouseForm,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 201, body = WarehouseView, headers(
            ("ETag" = String, description = "Its version"),
            ("Location" = String, description = "Where it is read and changed"),
        )),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Also a code that another warehouse has", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    permit: Permit,
    kit::Json(form): kit::Json<WarehouseForm>,
) -> Result<Response, Problem> {
    let (warehouse, reason) = form.into_warehouse(state.ids.next(&*state.clock), 1)?;
    let reason = reason.as_deref();
    let view = edit(&state.ids, || perform(&state, &permit, &warehouse, reason)).await?;
    let location = [(header::LOCATION, format!("/api/admin/warehouses/{}", view.id))];
    Ok((StatusCode::CREATED, etag(view.version), location, Json(view)).into_response())
}

async fn perform(
    state: &AppState,
    permit: &Permit,
    warehouse: &Warehouse,
    reason: Option<&str>,
) -> Result<WarehouseView, Problem> {
    let mut tx = state.db.begin().await?;
    ::inventory::add_warehouse(&mut tx, warehouse).await.map_err(problem)?;
    let view = WarehouseView::from(warehouse.clone());
    let change = Change { after: Some(json!(view)), reason, ..Change::default() };
    permit.record(&mut tx, &Resource::one(Kind::Stock, view.id), change).await?;
    tx.commit().await.map_err(DbError::from)?;
    Ok(view)
}
