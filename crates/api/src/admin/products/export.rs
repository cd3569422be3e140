//! `GET /api/admin/products/export`

#![expect(unused_qualifications, reason = "utoipa's macro qualifies the type of the query")]

use axum::{
    body::Body,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use kernel::Locale;
use product_files::Format;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    AppState,
    access::Permit,
    kit::{Problem, Query, problem::ProblemBody},
};

/// How the file is written.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ProductExportParams {
    /// `csv` (Shopify's, in one language) unless asked, or `jsonl`, which says everything.
    #[param(inline)]
    format: Option<Format>,
    /// The language of a CSV, zh-TW unless asked.
    #[param(inline)]
    language: Option<Locale>,
}

/// All products in every state by slug, some hundred at a time: what `POST
/// /api/admin/product-imports` takes back. A CSV leaves out what is not sold any more.
#[utoipa::path(
    get, path = "/api/admin/products/export", tag = "catalog", operation_id = "export_products",
    params(ProductExportParams),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, content((String = "text/csv"), (String = "application/x-ndjson"))),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
    Query(params): Query<ProductExportParams>,
) -> Result<Response, Problem> {
    let format = params.format.unwrap_or_default();
    let language = params.language.unwrap_or_default();
    let now = state.clock.now();
    let products = product_files::export(state.db.clone(), format, language, now);
    let (kind, name) = match format {
        Format::Csv => ("text/csv; charset=utf-8", "attachment; filename=\"products.csv\""),
        Format::Jsonl => ("application/x-ndjson", "attachment; filename=\"products.jsonl\""),
    };
    let headers = [(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, Body::from_stream(products)).into_response())
}
