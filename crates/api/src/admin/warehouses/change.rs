//! `PUT /api/admin/warehouses/{id}`

use ::access::{Kind, Resource};
use ::inventory::{SaveContext, Warehouse};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse as _, Response},
};
use kernel::id::WarehouseId;
use pg::DbError;
use serde_json::json;

use super::{WarehouseView, form::WarehouseForm, problem};
use crate::{
    AppState,
    access::{Change, Permit},
    kit::{self, IfMatch, Path, Problem, edit::edit, etag, problem::ProblemBody},
};

/// Changes, closes or opens a warehouse. `If-Match` has to be the `ETag` that was read last, so that
/// nobody overwrites what they have not seen. When everything is as it was, nothing happens. Opened
/// again, it first serves those who wait for what lies there (預購), the oldest first.
#[utoipa::path(
    put, path = "/api/admin/warehouses/{id}", tag = "inventory", operation_id = "change_warehouse",
    params(
        ("id" = WarehouseId, Path),
        ("If-Match" = String, Header, description = "The `ETag` that was read last, e.g. `\"3\"`"),
    ),
    request_body = WarehouseForm,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = WarehouseView, headers(("ETag" = String, description = "Its version"))),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "`VERSION_CONFLICT`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Also a code that another warehouse has, and no `If-Match`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    permit: Permit,
    Path(id): Path<WarehouseId>,
    IfMatch(seen): IfMatch,
    kit::Json(form): kit::Json<WarehouseForm>,
) -> Result<Response, Problem> {
    let (wish, reason) = form.into_warehouse(id, seen)?;
    let after = edit(&state.ids, || perform(&state, &permit, &wish, reason.as_deref())).await?;
    Ok((etag(after.version), Json(after)).into_response())
}

async fn perform(
    state: &AppState,
    permit: &Permit,
    wish: &Warehouse,
    reason: Option<&str>,
) -> Result<WarehouseView, Problem> {
    let mut tx = state.db.begin().await?;
    let context = SaveContext { clock: &*state.clock, ids: &state.ids };
    let (before, after) =
        ::inventory::change_warehouse(&mut tx, wish.clone(), &context).await.map_err(problem)?;
    let (before, after) = (WarehouseView::from(before), WarehouseView::from(after));
    if before != after {
        let change = Change { before: Some(json!(before)), after: Some(json!(after)), reason };
        permit.record(&mut tx, &Resource::one(Kind::Stock, after.id), change).await?;
    }
    tx.commit().await.map_err(DbError::from)?;
    Ok(after)
}
