//! `GET /api/me/wishlist`

use axum::{Json, extract::State};
use jiff::Timestamp;
use kernel::id::{ProductId, UserId};
use pg::{Connection, DbResult};
use queries::products::{self, OnShow};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    AppState,
    kit::{Person, Problem, problem::ProblemBody},
};

/// What one likes.
#[derive(Debug, Serialize, ToSchema)]
pub struct WishList {
    /// The products, the newest on the list first. Those that are no longer on show are left out.
    pub items: Vec<OnShow>,
}

/// One's wish list, by the products' names: enough to show which hearts are full.
#[utoipa::path(
    get, path = "/api/me/wishlist", tag = "auth", operation_id = "get_wishlist",
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = WishList),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    Person(claims): Person,
) -> Result<Json<WishList>, Problem> {
    let mut conn = state.db.acquire().await?;
    Ok(Json(read(&mut conn, claims.user_id, state.clock.now()).await?))
}

/// Somebody's list as it is now.
pub(super) async fn read(
    conn: &mut Connection,
    user: UserId,
    now: Timestamp,
) -> DbResult<WishList> {
    let wished = wished(conn, user).await?;
    Ok(WishList { items: products::on_show(conn, &wished, now).await? })
}

/// The products on somebody's list.
pub(super) async fn wished(conn: &mut Connection, user: UserId) -> DbResult<Vec<ProductId>> {
    let wishes = cart::wishes(conn, user).await?;
    Ok(wishes.into_iter().map(|wish| wish.product_id).collect())
}
