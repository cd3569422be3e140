//! `GET /api/admin/inventory/replenishment`

#![expect(unused_qualifications, reason = "utoipa's macro qualifies the type of the query")]

use axum::{Json, extract::State};
use kernel::{ErrorCode, Page, PageLimit, id::WarehouseId};
use queries::{
    ListError,
    stock::{Replenishment, replenishment},
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::{
    AppState,
    access::Permit,
    kit::{Problem, Query, problem::ProblemBody},
};

/// Which rows.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ReplenishmentParams {
    /// In this warehouse.
    warehouse_id: Option<WarehouseId>,
    /// Rows on a page, 24 unless asked; less than 1 counts as 1, and more than 100 as 100.
    #[param(format = "uint32")]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A page of what is to be replenished.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described: the answer is a `Page`")]
pub struct ReplenishmentPage {
    /// The most urgent first.
    items: Vec<Replenishment>,
    /// Give this back as `cursor` for the next page; `null` on the last page.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// What is below its safety stock 安全庫存, in open warehouses: first that of which the least part is
/// left.
#[utoipa::path(
    get, path = "/api/admin/inventory/replenishment", tag = "inventory", operation_id = "list_replenishment",
    params(ReplenishmentParams),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = ReplenishmentPage),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
    Query(params): Query<ReplenishmentParams>,
) -> Result<Json<Page<Replenishment>>, Problem> {
    let limit = PageLimit::clamped(params.limit);
    let cursor = params.cursor.as_deref();
    let mut conn = state.db.acquire().await?;
    let page = replenishment(&mut conn, params.warehouse_id, cursor, limit).await;
    Ok(Json(page.map_err(problem)?))
}

fn problem(error: ListError) -> Problem {
    match error {
        ListError::Cursor(_) => {
            Problem::new(ErrorCode::ValidationFailed).field("#cursor", "is not from this list")
        }
        ListError::Db(error) => error.into(),
    }
}
