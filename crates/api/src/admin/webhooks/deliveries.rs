//! `GET /api/admin/webhooks/{id}/deliveries`

#![expect(unused_qualifications, reason = "utoipa's macro qualifies the type of the query")]

use ::webhooks::{DeliveryFilter, DeliveryStatus, deliveries, endpoints};
use axum::{Json, extract::State};
use jiff::Timestamp;
use kernel::{
    Cursor, ErrorCode, Page, PageLimit,
    id::{DeliveryId, WebhookId},
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::view::DeliveryView;
use crate::{
    AppState,
    access::Permit,
    kit::{Path, Problem, Query, problem::ProblemBody},
};

/// Which deliveries.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DeliveryParams {
    /// With this status: `pending`, `delivered`, `failed`.
    #[param(value_type = Option<String>)]
    status: Option<DeliveryStatus>,
    /// Of this kind of event, e.g. `order.paid`.
    #[param(max_length = 100)]
    kind: Option<String>,
    /// Of events that occurred not before this.
    from: Option<Timestamp>,
    /// Before this.
    until: Option<Timestamp>,
    /// Rows on a page, 24 unless asked; less than 1 counts as 1, and more than 100 as 100.
    #[param(format = "uint32")]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A page of deliveries.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described: the answer is a `Page`")]
pub struct DeliveryPage {
    /// The deliveries, the newest first.
    items: Vec<DeliveryView>,
    /// Give this back as `cursor` for the next page; `null` on the last page.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// What was sent to a webhook, the newest first.
#[utoipa::path(
    get, path = "/api/admin/webhooks/{id}/deliveries", tag = "webhooks", operation_id = "list_deliveries",
    params(("id" = WebhookId, Path), DeliveryParams),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = DeliveryPage),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`WEBHOOK_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
    Path(id): Path<WebhookId>,
    Query(params): Query<DeliveryParams>,
) -> Result<Json<Page<DeliveryView>>, Problem> {
    let wrong =
        |name: &str, detail: &str| Problem::new(ErrorCode::ValidationFailed).field(name, detail);
    let after = params.cursor.as_deref().map(Cursor::unpack::<DeliveryId>).transpose();
    let after = after.map_err(|_| wrong("#cursor", "is not from this list"))?;
    let usable = |text: &String| text.chars().count() <= 100 && !text.contains('\0');
    if !params.kind.as_ref().is_none_or(usable) {
        return Err(wrong("#kind", "has at most 100 characters"));
    }
    let DeliveryParams { status, kind, from, until, .. } = params;
    let filter = DeliveryFilter { status, kind, from, until };
    let limit = PageLimit::clamped(params.limit);
    let mut conn = state.db.acquire().await?;
    endpoints::find(&mut conn, id).await?.ok_or(ErrorCode::WebhookNotFound)?;
    let rows = deliveries::list(&mut conn, id, &filter, after, limit.fetch()).await?;
    let page = Page::from_rows(rows, limit, |last| Cursor::pack(&last.id));
    Ok(Json(page.map(DeliveryView::from)))
}
