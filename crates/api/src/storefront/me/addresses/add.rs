//! `POST /api/me/addresses`

use axum::{Json, extract::State, http::StatusCode};
use kernel::ErrorCode;
use pg::DbError;

use super::form::{SavedAddressForm, SavedAddressView};
use crate::{
    AppState,
    kit::{self, Person, Problem, problem::ProblemBody},
    storefront::auth::problem,
};

/// Keeps an address, up to twenty.
#[utoipa::path(
    post, path = "/api/me/addresses", tag = "auth", operation_id = "add_address",
    request_body = SavedAddressForm,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 201, body = SavedAddressView),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`VALIDATION_FAILED`, also for one address too many", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    Person(claims): Person,
    kit::Json(form): kit::Json<SavedAddressForm>,
) -> Result<(StatusCode, Json<SavedAddressView>), Problem> {
    let mut tx = state.db.begin().await?;
    let (ids, clock) = (&state.ids, &*state.clock);
    let added = identity::add_address(&mut tx, claims.user_id, form.into(), ids, clock).await;
    let address = added.map_err(problem)?.ok_or(ErrorCode::AuthUnauthorized)?;
    tx.commit().await.map_err(DbError::from)?;
    Ok((StatusCode::CREATED, Json(address.into())))
}
