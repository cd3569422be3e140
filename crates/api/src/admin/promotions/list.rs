//! `GET /api/admin/promotions`

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use super::PromotionView;
use crate::{
    AppState,
    access::Permit,
    kit::{Problem, problem::ProblemBody},
};

/// All promotions.
#[derive(Debug, Serialize, ToSchema)]
pub struct AdminPromotions {
    /// In the order in which they are evaluated: by priority and id.
    pub items: Vec<PromotionView>,
}

/// The shop's promotions, those that are switched off or over too.
#[utoipa::path(
    get, path = "/api/admin/promotions", tag = "pricing", operation_id = "list_admin_promotions",
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = AdminPromotions),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
) -> Result<Json<AdminPromotions>, Problem> {
    let mut conn = state.db.acquire().await?;
    let promotions = pricing::promotions::all(&mut conn).await?;
    Ok(Json(AdminPromotions { items: promotions.into_iter().map(PromotionView::from).collect() }))
}
