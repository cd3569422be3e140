//! `PUT /api/me/addresses/{id}`

use axum::{Json, extract::State};
use identity::Address;
use kernel::{ErrorCode, id::AddressId};
use pg::DbError;

use super::form::{SavedAddressForm, SavedAddressView};
use crate::{
    AppState,
    kit::{self, Path, Person, Problem, problem::ProblemBody},
};

/// Writes an address anew.
#[utoipa::path(
    put, path = "/api/me/addresses/{id}", tag = "auth", operation_id = "replace_address",
    params(("id" = AddressId, Path)),
    request_body = SavedAddressForm,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = SavedAddressView),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Unknown, or somebody else's", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    Person(claims): Person,
    Path(id): Path<AddressId>,
    kit::Json(form): kit::Json<SavedAddressForm>,
) -> Result<Json<SavedAddressView>, Problem> {
    let address = Address { id, fields: form.into() };
    let mut tx = state.db.begin().await?;
    let clock = &*state.clock;
    if !identity::replace_address(&mut tx, claims.user_id, &address, clock).await? {
        return Err(ErrorCode::NotFound.into());
    }
    tx.commit().await.map_err(DbError::from)?;
    Ok(Json(address.into()))
}
