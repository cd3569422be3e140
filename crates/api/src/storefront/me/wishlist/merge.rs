//! `POST /api/me/wishlist/items`

use axum::{Json, extract::State};
use garde::Validate;
use pg::DbError;
use queries::products;
use serde::Deserialize;
use utoipa::ToSchema;

use super::list::{self, WishList};
use crate::{
    AppState,
    kit::{self, Person, Problem, problem::ProblemBody},
};

/// What a browser has kept for a guest.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GuestWishes {
    /// Slugs, the newest first. Those of no product on show are left out.
    #[garde(length(max = 200), inner(length(max = 200)))]
    #[schema(max_items = 200)]
    pub slugs: Vec<String>,
}

/// Adds a guest's list to one's own, at its head. What is on it already keeps its place, so that
/// asking twice is asking once. The list holds 200 products; beyond that the oldest go.
#[utoipa::path(
    post, path = "/api/me/wishlist/items", tag = "auth", operation_id = "merge_wishlist",
    request_body = GuestWishes,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = WishList, description = "The whole list now"),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    Person(claims): Person,
    kit::Json(body): kit::Json<GuestWishes>,
) -> Result<Json<WishList>, Problem> {
    let (user, now) = (claims.user_id, state.clock.now());
    let mut tx = state.db.begin().await?;
    let found = products::find(&mut tx, &body.slugs, now).await?;
    cart::add_wishes(&mut tx, user, &found, &*state.clock).await?;
    let list = list::read(&mut tx, user, now).await?;
    tx.commit().await.map_err(DbError::from)?;
    Ok(Json(list))
}
