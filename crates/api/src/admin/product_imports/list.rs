//! `GET /api/admin/product-imports`

#![expect(unused_qualifications, reason = "utoipa's macro qualifies the type of the query")]

use axum::{Json, extract::State};
use kernel::{Cursor, ErrorCode, Page, PageLimit, id::ProductImportId};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::view::ImportView;
use crate::{
    AppState,
    access::Permit,
    kit::{Problem, Query, problem::ProblemBody},
};

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ProductImportPageParams {
    /// Files on a page, 24 unless asked; less than 1 counts as 1, and more than 100 as 100.
    #[param(format = "uint32")]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A page of files.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described: the answer is a `Page`")]
pub struct ProductImportPage {
    /// The files, the newest first.
    items: Vec<ImportView>,
    /// Give this back as `cursor` for the next page; `null` on the last page.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// Files of products that were sent here, the newest first.
#[utoipa::path(
    get, path = "/api/admin/product-imports", tag = "catalog", operation_id = "list_product_imports",
    params(ProductImportPageParams),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = ProductImportPage),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
    Query(params): Query<ProductImportPageParams>,
) -> Result<Json<Page<ImportView>>, Problem> {
    let after = params.cursor.as_deref().map(Cursor::unpack::<ProductImportId>).transpose();
    let after = after.map_err(|_| {
        Problem::new(ErrorCode::ValidationFailed).field("#cursor", "is not from this list")
    })?;
    let limit = PageLimit::clamped(params.limit);
    let mut conn = state.db.acquire().await?;
    let imports = catalog::product_imports(&mut conn, after, limit.fetch()).await?;
    let views: Vec<ImportView> = imports.into_iter().map(ImportView::from).collect();
    Ok(Json(Page::from_rows(views, limit, |last| Cursor::pack(&last.id))))
}
