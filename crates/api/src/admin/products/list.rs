//! `GET /api/admin/products`

#![expect(unused_qualifications, reason = "utoipa's macro qualifies the type of the query")]

use axum::{Json, extract::State};
use kernel::{ErrorCode, Page, PageLimit};
use queries::products::admin::{self, AdminProductSummary, AdminQuery, StateView};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::{
    AppState,
    access::Permit,
    kit::{Problem, Query, problem::ProblemBody},
    storefront::products::list::problem,
};

/// Which products.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AdminProductParams {
    /// A part of a name, a slug, a SKU or a tag, or a whole bar code.
    #[param(max_length = 200)]
    q: Option<String>,
    /// Only in this state.
    #[param(inline)]
    state: Option<StateView>,
    /// Only this category and what lies in it, by slug.
    #[param(max_length = 200)]
    category: Option<String>,
    /// Rows on a page, 24 unless asked; less than 1 counts as 1, and more than 100 as 100.
    #[param(format = "uint32")]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A page of products.
#[derive(ToSchema)]
#[schema(as = AdminProductPage)]
#[expect(dead_code, reason = "only described: the answer is a `Page`")]
pub struct AdminProductPage {
    /// What was changed last first.
    items: Vec<AdminProductSummary>,
    /// Give this back as `cursor` for the next page; `null` on the last page.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// The products in every state, what was changed last first.
#[utoipa::path(
    get, path = "/api/admin/products", tag = "catalog", operation_id = "list_admin_products",
    params(AdminProductParams),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = AdminProductPage),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
    Query(params): Query<AdminProductParams>,
) -> Result<Json<Page<AdminProductSummary>>, Problem> {
    let query = params.checked()?;
    let mut conn = state.db.acquire().await?;
    Ok(Json(admin::list(&mut conn, &query, state.clock.now()).await.map_err(problem)?))
}

impl AdminProductParams {
    fn checked(self) -> Result<AdminQuery, Problem> {
        let bad = |text: &Option<String>| {
            text.as_ref().is_some_and(|text| text.chars().count() > 200 || text.contains('\0'))
        };
        let wrong = |name: &str| {
            Problem::new(ErrorCode::ValidationFailed).field(name, "at most 200 characters")
        };
        if bad(&self.q) {
            return Err(wrong("#q"));
        }
        if bad(&self.category) {
            return Err(wrong("#category"));
        }
        Ok(AdminQuery {
            q: self.q,
            state: self.state,
            category: self.category,
            cursor: self.cursor,
            limit: PageLimit::clamped(self.limit),
        })
    }
}
