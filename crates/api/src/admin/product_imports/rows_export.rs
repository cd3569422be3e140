//! `GET /api/admin/product-imports/{id}/rows/export`

use axum::{
    body::{Body, Bytes},
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use catalog::ImportRow;
use futures::{Stream, stream};
use kernel::{ErrorCode, id::ProductImportId};
use pg::DbResult;

use crate::{
    AppState,
    access::Permit,
    kit::{Path, Problem, csv, problem::ProblemBody},
};

/// Rows that are read at a time.
const BATCH: i64 = 1_000;

const COLUMNS: [&str; 5] = ["line", "column", "code", "message", "product"];

/// The bad rows of a file as CSV (UTF-8), for whoever mends it in a spreadsheet.
#[utoipa::path(
    get, path = "/api/admin/product-imports/{id}/rows/export", tag = "catalog", operation_id = "export_product_import_rows",
    params(("id" = ProductImportId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = String, content_type = "text/csv"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`PRODUCT_IMPORT_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
    Path(id): Path<ProductImportId>,
) -> Result<Response, Problem> {
    let import = catalog::product_import(&mut *state.db.acquire().await?, id).await?;
    import.ok_or(ErrorCode::ProductImportNotFound)?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"bad-rows.csv\""),
    ];
    Ok((headers, Body::from_stream(rows(state, id))).into_response())
}

/// Where an export has got to.
enum Place {
    Head,
    After(Option<u64>),
    End,
}

fn rows(state: AppState, id: ProductImportId) -> impl Stream<Item = DbResult<Bytes>> {
    stream::try_unfold(Place::Head, move |place| {
        let state = state.clone();
        async move {
            let after = match place {
                Place::Head => return Ok(Some((csv::head(COLUMNS), Place::After(None)))),
                Place::After(after) => after,
                Place::End => return Ok(None),
            };
            let mut conn = state.db.acquire().await?;
            let rows = catalog::import_rows(&mut conn, id, after, BATCH).await?;
            let Some(last) = rows.last().map(|it| it.number) else { return Ok(None) };
            let is_last = i64::try_from(rows.len()).is_ok_and(|count| count < BATCH);
            let next = if is_last { Place::End } else { Place::After(Some(last)) };
            let text: Vec<u8> = rows.iter().flat_map(|it| csv::row(fields(it))).collect();
            Ok(Some((Bytes::from(text), next)))
        }
    })
}

fn fields(row: &ImportRow) -> [String; 5] {
    [
        row.line.to_string(),
        row.column.clone(),
        row.code.clone(),
        row.message.clone(),
        row.product.clone(),
    ]
}
