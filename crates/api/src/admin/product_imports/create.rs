//! `POST /api/admin/product-imports`

#![expect(unused_qualifications, reason = "utoipa's macro qualifies the type of the query")]

use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use futures::StreamExt as _;
use kernel::{ErrorCode, Locale, id::ProductImportId};
use pg::DbError;
use product_files::{Format, Rules, Upload};
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;

use super::{resource, view::ImportView};
use crate::{
    AppState,
    access::{Change, Permit},
    kit::{Problem, Query, edit::edit, problem::ProblemBody},
};

/// The most bytes of a file. Larger ones are for `oxcart import products`.
const MAX_BYTES: u64 = 64 * 1024 * 1024;
/// The most files that wait at the same time, those included that are on their way.
const MAX_OPEN: u64 = 20;
/// When there may be room again.
const BUSY_SECONDS: u32 = 60;

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

/// Takes a file of products, at most 64 MiB, and answers as soon as it is there: it is taken in the
/// background, files one after the other. It is Shopify's product CSV (`text/csv`), or a product a line
/// as `PUT /api/admin/products/{id}` takes it (`application/x-ndjson`), with `category` by slug, `state`
/// and `publish_at` besides. A product with a bad row is left as it is and the others are taken, 200 in a
/// transaction, unless `strict`. What is so already is not written: the same file can be sent again.
/// Pictures are not fetched, and stock has files of its own.
#[utoipa::path(
    post, path = "/api/admin/product-imports", tag = "catalog", operation_id = "import_products",
    params(ProductImportParams),
    request_body(content(
        (String = "text/csv", example = "Handle,Title,Type,Variant SKU,Variant Price,Status\nmug,Mug,kitchen,MUG-1,390,draft\n"),
        (String = "application/x-ndjson"),
    )),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 202, body = ImportView, headers(
            ("Location" = String, description = "Where to see how far it has come"),
        )),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Also an empty file, and one that is none of products", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`SERVICE_UNAVAILABLE`: too many files wait", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    permit: Permit,
    Query(params): Query<ProductImportParams>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let rules = params.rules(format(&headers)?)?;
    check_room(&state).await?;
    let id: ProductImportId = state.ids.next(&*state.clock);
    let told = (&rules, &permit.sender());
    let mut upload = Upload::begin(&state.db, id, told, state.clock.now()).await?;
    if let Err(problem) = receive(&mut upload, body).await {
        // What is left is forgotten within minutes, should this fail.
        upload.give_up().await.ok();
        return Err(problem);
    }
    let view = edit(&state.ids, || queue(&state, &permit, id, &upload)).await?;
    let location = [(header::LOCATION, format!("/api/admin/product-imports/{id}"))];
    Ok((StatusCode::ACCEPTED, location, Json(view)).into_response())
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

/// Who is only a little late may find one more than there should be.
async fn check_room(state: &AppState) -> Result<(), Problem> {
    let open = catalog::open_imports(&mut *state.db.acquire().await?).await?;
    if open < MAX_OPEN {
        return Ok(());
    }
    Err(Problem::new(ErrorCode::ServiceUnavailable)
        .detail("too many files wait to be taken")
        .retry_after(BUSY_SECONDS))
}

/// Keeps the file piece by piece; the limit is this route's own.
async fn receive(upload: &mut Upload<'_>, body: Body) -> Result<(), Problem> {
    let mut pieces = body.into_data_stream();
    while let Some(piece) = pieces.next().await {
        let broken = Problem::new(ErrorCode::MalformedRequest);
        let piece = piece.map_err(|_| broken.detail("the body could not be received"))?;
        let length = u64::try_from(piece.len()).unwrap_or(u64::MAX);
        if upload.bytes().saturating_add(length) > MAX_BYTES {
            return Err(ErrorCode::PayloadTooLarge.into());
        }
        upload.push(&piece).await?;
        check_beginning(upload)?;
    }
    if upload.bytes() == 0 {
        return Err(Problem::new(ErrorCode::ValidationFailed).detail("the file is empty"));
    }
    upload.finish().await?;
    check_beginning(upload)
}

/// Whoever sends something else by mistake is told at once.
fn check_beginning(upload: &Upload<'_>) -> Result<(), Problem> {
    let Some(bad) = upload.unreadable() else { return Ok(()) };
    let why = format!("this is no file of products: line {}: {}", bad.line, bad.message);
    Err(Problem::new(ErrorCode::ValidationFailed).detail(why).with("rows", json!([bad])))
}

async fn queue(
    state: &AppState,
    permit: &Permit,
    id: ProductImportId,
    upload: &Upload<'_>,
) -> Result<ImportView, Problem> {
    let mut tx = state.db.begin().await?;
    if !upload.queue(&mut tx, state.clock.now()).await? {
        let lost = Problem::new(ErrorCode::ServiceUnavailable);
        return Err(lost.detail("the file took too long to arrive").retry_after(1));
    }
    let import = catalog::product_import(&mut tx, id).await?;
    let view = ImportView::from(import.ok_or(ErrorCode::ProductImportNotFound)?);
    let (dry_run, strict, bytes) = (view.dry_run, view.strict, view.bytes);
    let after = Some(json!({"import": {"dry_run": dry_run, "strict": strict, "bytes": bytes}}));
    permit.record(&mut tx, &resource(id), Change { after, ..Change::default() }).await?;
    tx.commit().await.map_err(DbError::from)?;
    Ok(view)
}
