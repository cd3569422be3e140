//! `POST /api/admin/products`

use ::access::{Kind, Resource};
use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use catalog::Product;
use kernel::ErrorCode;
use pg::DbError;
use serde_json::json;

use super::{context, form::ProductForm, problem::problem, view::ProductView};
use crate::{
    AppState,
    access::{Change, Permit},
    kit::{self, Problem, edit::edit, etag, problem::ProblemBody},
};

/// Adds a product, as a draft. Nobody else has its slug and SKUs, so that asking twice adds one.
#[utoipa::path(
    post, path = "/api/admin/products", tag = "catalog", operation_id = "create_product",
    request_body = ProductForm,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 201, body = ProductView, headers(
            ("ETag" = String, description = "Its version"),
            ("Location" = String, description = "Where it is read and changed"),
        )),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Also a slug or a SKU that is taken", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    permit: Permit,
    kit::Json(form): kit::Json<ProductForm>,
) -> Result<Response, Problem> {
    let reason = form.reason.clone();
    let product = form.into_product(&*state.clock, &state.ids)?;
    let work = || perform(&state, &permit, product.clone(), reason.as_deref());
    let view = edit(&state.ids, work).await?;
    let location = [(header::LOCATION, format!("/api/admin/products/{}", view.id))];
    Ok((StatusCode::CREATED, etag(view.version), location, Json(view)).into_response())
}

async fn perform(
    state: &AppState,
    permit: &Permit,
    product: Product,
    reason: Option<&str>,
) -> Result<ProductView, Problem> {
    let mut tx = state.db.begin().await?;
    let stored = catalog::add_product(&mut tx, product, &context(state))
        .await
        .map_err(|error| problem(error, ErrorCode::ProductNotFound))?;
    let view = ProductView::new(stored, state.clock.now());
    let change = Change { after: Some(json!(view)), reason, ..Change::default() };
    permit.record(&mut tx, &Resource::one(Kind::Product, view.id), change).await?;
    tx.commit().await.map_err(DbError::from)?;
    Ok(view)
}
