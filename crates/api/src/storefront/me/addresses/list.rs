//! `GET /api/me/addresses`

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use super::form::SavedAddressView;
use crate::{
    AppState,
    kit::{Person, Problem, problem::ProblemBody},
};

/// Where one has goods sent to.
#[derive(Debug, Serialize, ToSchema)]
pub struct SavedAddresses {
    /// The addresses, in the order in which they were added.
    pub items: Vec<SavedAddressView>,
}

/// One's addresses.
#[utoipa::path(
    get, path = "/api/me/addresses", tag = "auth", operation_id = "list_addresses",
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = SavedAddresses),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    Person(claims): Person,
) -> Result<Json<SavedAddresses>, Problem> {
    let mut conn = state.db.acquire().await?;
    let addresses = identity::addresses(&mut conn, claims.user_id).await?;
    Ok(Json(SavedAddresses { items: addresses.into_iter().map(Into::into).collect() }))
}
