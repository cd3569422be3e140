//! `POST /api/admin/products/import`

#![expect(unused_qualifications, reason = "utoipa's macro qualifies the type of the query")]

use ::access::{Kind, Resource};
use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderMap, header},
};
use futures::{StreamExt as _, future::BoxFuture};
use kernel::{ErrorCode, Locale};
use pg::{Connection, DbResult};
use product_files::{Format, Import, Recorder, Report, Rules, Tally};
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;
use uuid::Uuid;

use super::{context, problem::problem};
use crate::{
    AppState,
    access::{Change, Permit},
    kit::{Problem, Query, problem::ProblemBody},
};

/// The most bytes of a file. Larger ones are for `oxcart import products`.
const MAX_BYTES: usize = 16 * 1024 * 1024;
/// How much of it is read before something is written.
const PIECE: usize = 64 * 1024;

/// How the file is taken.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ProductImportParams {
    /// Write nothing; only say what would become of it.
    #[serde(default)]
    #[param(required = false)]
    dry_run: bool,
    /// All of it or nothing: one bad row, and nothing is written.
    #[serde(default)]
    #[param(required = false)]
    strict: bool,
    /// The language of a CSV, zh-TW unless asked; what is empty in the other language is the same
    /// there.
    #[param(inline)]
    language: Option<Locale>,
    /// Make the categories that are missing.
    #[serde(default)]
    #[param(required = false)]
    create_categories: bool,
    /// The category, by slug or name, of new products that name none.
    #[param(min_length = 1, max_length = 200)]
    category: Option<String>,
}

/// Takes a file of products, at most 16 MiB: Shopify's product CSV (`text/csv`), or a product a line as
/// `PUT /api/admin/products/{id}` takes it (`application/x-ndjson`), with `category` by slug, `state`
/// and `publish_at` besides. A product with a bad row is left as it is and the others are taken, 200 in
/// a transaction, unless `strict`. What is so already is not written: the same file can be sent again.
/// Pictures are not fetched, and stock has files of its own.
#[utoipa::path(
    post, path = "/api/admin/products/import", tag = "catalog", operation_id = "import_products",
    params(ProductImportParams),
    request_body(content(
        (String = "text/csv", example = "Handle,Title,Type,Variant SKU,Variant Price,Status\nmug,Mug,kitchen,MUG-1,390,draft\n"),
        (String = "application/x-ndjson"),
    )),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = Report),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A file that is none, or `strict` and a bad row: `rows` names them", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    permit: Permit,
    Query(params): Query<ProductImportParams>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Report>, Problem> {
    let rules = params.rules(format(&headers)?)?;
    // All of it first: nobody's slow line keeps a transaction open.
    let file = receive(body).await?;
    let recorder = ByPermit(&permit);
    let failed = |error| problem(error, ErrorCode::ProductNotFound);
    let mut import = Import::new(&state.db, rules, context(&state), &recorder);
    for piece in file.chunks(PIECE) {
        import.push(piece).await.map_err(failed)?;
    }
    let report = import.finish().await.map_err(failed)?;
    let is_none = !report.complete && report.products == 0;
    if is_none || !(report.written || report.dry_run) {
        return Err(wrong(&report));
    }
    Ok(Json(report))
}

impl ProductImportParams {
    fn rules(self, format: Format) -> Result<Rules, Problem> {
        let is_bad = |text: &String| text.chars().count() > 200 || text.contains('\0');
        if self.category.as_ref().is_some_and(is_bad) {
            let problem = Problem::new(ErrorCode::ValidationFailed);
            return Err(problem.field("#category", "has at most 200 characters"));
        }
        Ok(Rules {
            format,
            language: self.language.unwrap_or_default(),
            dry_run: self.dry_run,
            strict: self.strict,
            create_categories: self.create_categories,
            category: self.category.filter(|text| !text.trim().is_empty()),
        })
    }
}

/// By what the body says it is.
fn format(headers: &HeaderMap) -> Result<Format, Problem> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|it| it.to_str().ok());
    let essence = content_type.and_then(|it| it.split(';').next()).unwrap_or_default().trim();
    match essence.to_ascii_lowercase().as_str() {
        "text/csv" => Ok(Format::Csv),
        "application/x-ndjson" | "application/jsonl" => Ok(Format::Jsonl),
        _ => Err(Problem::new(ErrorCode::UnsupportedMediaType)
            .detail("send the body as Content-Type: text/csv or application/x-ndjson")),
    }
}

/// Reads the file; the limit is this route's own.
async fn receive(body: Body) -> Result<Vec<u8>, Problem> {
    let mut file = Vec::new();
    let mut pieces = body.into_data_stream();
    while let Some(piece) = pieces.next().await {
        let broken = Problem::new(ErrorCode::MalformedRequest);
        let piece = piece.map_err(|_| broken.detail("the body could not be received"))?;
        if file.len() + piece.len() > MAX_BYTES {
            return Err(ErrorCode::PayloadTooLarge.into());
        }
        file.extend_from_slice(&piece);
    }
    Ok(file)
}

/// The problem of a file of which nothing was taken.
fn wrong(report: &Report) -> Problem {
    Problem::new(ErrorCode::ValidationFailed)
        .detail("nothing was changed: some of the rows are wrong")
        .with("rejected", report.bad_rows)
        .with("rows", json!(report.errors))
}

/// An entry of the caller's for each transaction.
struct ByPermit<'a>(&'a Permit);

impl Recorder for ByPermit<'_> {
    fn record<'a>(
        &'a self,
        conn: &'a mut Connection,
        import_id: Uuid,
        done: &'a Tally,
    ) -> BoxFuture<'a, DbResult<()>> {
        Box::pin(async move {
            let after = Some(json!({"import_id": import_id, "products": done}));
            let change = Change { after, ..Change::default() };
            self.0.record(conn, &Resource::any(Kind::Product), change).await
        })
    }
}
