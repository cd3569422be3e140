//! `PATCH /api/admin/price-lists/{id}/entries`

use axum::{
    Json,
    extract::State,
    response::{IntoResponse as _, Response},
};
use kernel::{
    ErrorCode, Money,
    id::{PriceListId, VariantId},
};
use pg::{Connection, DbError};
use serde_json::{Value, json};

use super::{PriceListView, form::PriceListChanges, problem, resource};
use crate::{
    AppState,
    access::{Change, Permit},
    kit::{self, IfMatch, Path, Problem, edit::edit, etag, problem::ProblemBody},
};

/// Puts prices into a list and takes variants off it, up to 500 of each at once; the others stay. They
/// count from the next order on. `If-Match` has to be the list's `ETag` that was read last. When
/// everything is as it was, nothing happens.
#[utoipa::path(
    patch, path = "/api/admin/price-lists/{id}/entries", tag = "pricing",
    operation_id = "change_price_list_entries",
    params(
        ("id" = PriceListId, Path),
        ("If-Match" = String, Header, description = "The list's `ETag` that was read last, e.g. `\"3\"`"),
    ),
    request_body = PriceListChanges,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = PriceListView, headers(("ETag" = String, description = "Its version"))),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "`VERSION_CONFLICT`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Also variants that nothing has or that are named twice, too many prices, and no `If-Match`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    permit: Permit,
    Path(id): Path<PriceListId>,
    IfMatch(seen): IfMatch,
    kit::Json(form): kit::Json<PriceListChanges>,
) -> Result<Response, Problem> {
    let wish = form.entries()?;
    let work = || perform(&state, &permit, (id, seen), &form, &wish);
    let after = edit(&state.ids, work).await?;
    Ok((etag(after.version), Json(after)).into_response())
}

async fn perform(
    state: &AppState,
    permit: &Permit,
    (id, seen): (PriceListId, i64),
    form: &PriceListChanges,
    wish: &[(VariantId, Option<Money>)],
) -> Result<PriceListView, Problem> {
    let mut tx = state.db.begin().await?;
    let now = state.clock.now();
    let put = pricing::price_lists::put_entries(&mut tx, id, wish, seen, now).await;
    let (list, was) = put.map_err(problem)?;
    check_variants(&mut tx, form, state).await?;
    if !was.is_empty() {
        let changed = |it: &&(VariantId, Option<Money>)| was.iter().any(|(was, _)| *was == it.0);
        let change = Change {
            before: Some(told(was.iter())),
            after: Some(told(wish.iter().filter(changed))),
            reason: form.reason.as_deref(),
        };
        permit.record(&mut tx, &resource(id), change).await?;
    }
    tx.commit().await.map_err(DbError::from)?;
    Ok(list.into())
}

/// Prices are for variants that there are; whether they are on sale is no matter.
async fn check_variants(
    conn: &mut Connection,
    form: &PriceListChanges,
    state: &AppState,
) -> Result<(), Problem> {
    let variants: Vec<VariantId> = form.put.iter().map(|entry| entry.variant_id).collect();
    let offers = catalog::offers(conn, &variants, state.clock.now()).await?;
    match variants.iter().position(|variant| !offers.contains_key(variant)) {
        None => Ok(()),
        Some(at) => Err(Problem::new(ErrorCode::ValidationFailed)
            .field(format!("/put/{at}/variant_id"), "is no variant of the catalogue")),
    }
}

/// Prices for the audit log, by variant; `null`: none.
fn told<'a>(entries: impl Iterator<Item = &'a (VariantId, Option<Money>)>) -> Value {
    let prices = entries.map(|(variant, price)| (variant.to_string(), json!(price)));
    json!({ "prices": Value::Object(prices.collect()) })
}
