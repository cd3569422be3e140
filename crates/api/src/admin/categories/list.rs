//! `GET /api/admin/categories`

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use super::CategoryView;
use crate::{
    AppState,
    access::Permit,
    kit::{Problem, problem::ProblemBody},
};

/// All categories.
#[derive(Debug, Serialize, ToSchema)]
pub struct AdminCategories {
    /// By position and slug; `parent_id` tells what lies where.
    pub items: Vec<CategoryView>,
}

/// The shop's categories with their versions, the empty ones too.
#[utoipa::path(
    get, path = "/api/admin/categories", tag = "catalog", operation_id = "list_admin_categories",
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = AdminCategories),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
) -> Result<Json<AdminCategories>, Problem> {
    let mut conn = state.db.acquire().await?;
    let categories = catalog::categories(&mut conn).await?;
    Ok(Json(AdminCategories { items: categories.into_iter().map(CategoryView::from).collect() }))
}
