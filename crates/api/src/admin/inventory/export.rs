//! `GET /api/admin/inventory/export`

use axum::{
    body::Body,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};

use crate::{
    AppState,
    access::Permit,
    kit::{Problem, problem::ProblemBody},
    stock_files,
};

/// All stock as CSV (UTF-8), by SKU and warehouse, a thousand rows at a time. What
/// `POST /api/admin/inventory/import` takes back, once it has a column `reason`.
#[utoipa::path(
    get, path = "/api/admin/inventory/export", tag = "inventory", operation_id = "export_inventory",
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = String, content_type = "text/csv"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(State(state): State<AppState>, _: Permit) -> Result<Response, Problem> {
    let rows = stock_files::export(state.db.clone());
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"stock.csv\""),
    ];
    Ok((headers, Body::from_stream(rows)).into_response())
}
