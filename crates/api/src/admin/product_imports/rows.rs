//! `GET /api/admin/product-imports/{id}/rows`

#![expect(unused_qualifications, reason = "utoipa's macro qualifies the type of the query")]

use axum::{Json, extract::State};
use kernel::{Cursor, ErrorCode, Page, PageLimit, id::ProductImportId};
use pg::DbResult;
use product_files::BadRow;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::{
    AppState,
    access::Permit,
    kit::{Path, Problem, Query, problem::ProblemBody},
};

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ProductImportRowParams {
    /// Rows on a page, 24 unless asked; less than 1 counts as 1, and more than 100 as 100.
    #[param(format = "uint32")]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A page of bad rows.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described: the answer is a `Page`")]
pub struct ProductImportRowPage {
    /// The rows, as they were found.
    items: Vec<BadRow>,
    /// Give this back as `cursor` for the next page; `null` on the last page.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// The bad rows of a file, each with its line and column; the first 10,000. More may come while the file
/// is being taken.
#[utoipa::path(
    get, path = "/api/admin/product-imports/{id}/rows", tag = "catalog", operation_id = "list_product_import_rows",
    params(("id" = ProductImportId, Path), ProductImportRowParams),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = ProductImportRowPage),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`PRODUCT_IMPORT_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
    Path(id): Path<ProductImportId>,
    Query(params): Query<ProductImportRowParams>,
) -> Result<Json<Page<BadRow>>, Problem> {
    let after = params.cursor.as_deref().map(Cursor::unpack::<u64>).transpose();
    let after = after.map_err(|_| {
        Problem::new(ErrorCode::ValidationFailed).field("#cursor", "is not from this list")
    })?;
    let limit = PageLimit::clamped(params.limit);
    let mut conn = state.db.acquire().await?;
    let import = catalog::product_import(&mut conn, id).await?;
    import.ok_or(ErrorCode::ProductImportNotFound)?;
    let rows = catalog::import_rows(&mut conn, id, after, limit.fetch()).await?;
    let page = Page::from_rows(rows, limit, |last| Cursor::pack(&last.number));
    let items: DbResult<Vec<BadRow>> = page.items.into_iter().map(BadRow::try_from).collect();
    Ok(Json(Page { items: items?, next_cursor: page.next_cursor }))
}
