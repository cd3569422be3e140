//! `POST /api/orders/{id}/returns/{return_id}/pictures`

use axum::{
    Json,
    body::Bytes,
    extract::{DefaultBodyLimit, State, rejection::BytesRejection},
    http::{HeaderMap, StatusCode},
};
use checkout::{CheckoutError, after_sale};
use kernel::id::{OrderId, ReturnId};
use pg::DbError;
use ports::ObjectKey;
use queries::orders::ReturnView;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{ReturnPath, of_order};
use crate::{
    AppState,
    kit::{Path, Problem, body::unreadable, edit::edit, problem::ProblemBody},
    pictures::{self, Picture},
    storefront::orders::access::AccessibleOrder,
};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(handler))
        .layer(DefaultBodyLimit::max(pictures::UPLOAD_LIMIT))
}

/// Adds a picture to a return that is not decided yet: JPEG, PNG or WebP, at most 8 MiB, six a return.
/// It is made anew, without whatever else the file holds.
#[utoipa::path(
    post, path = "/api/orders/{id}/returns/{return_id}/pictures", tag = "returns", operation_id = "add_return_picture",
    params(
        ("id" = OrderId, Path), ("return_id" = ReturnId, Path),
        ("X-Order-Token" = Option<String>, Header),
    ),
    request_body(content = Vec<u8>, content_type = "image/jpeg"),
    security((), ("bearer" = []), ("cookie" = [])),
    responses(
        (status = 201, body = ReturnView),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`ORDER_NOT_FOUND`, `RETURN_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`INVALID_TRANSITION`: it is decided", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`SERVICE_UNAVAILABLE`: too many pictures at once, or they cannot be kept just now", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    accessible: AccessibleOrder,
    Path(ReturnPath { return_id }): Path<ReturnPath>,
    headers: HeaderMap,
    file: Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, Json<ReturnView>), Problem> {
    pictures::check_kind(&headers)?;
    let file = file.map_err(|rejection| unreadable(&rejection))?;
    let mut conn = state.db.acquire().await?;
    let back = of_order(&mut conn, accessible.order.id, return_id).await?;
    drop(conn);
    // Before anything is kept of it; and once more when it is written down.
    after_sale::check_room_for_picture(&back).map_err(CheckoutError::from)?;
    let picture = pictures::make_anew(file).await?;
    let name: Uuid = state.ids.next(&*state.clock);
    let key: ObjectKey =
        format!("private/returns/{name}.jpg").parse().map_err(|error| Problem::internal(&error))?;
    // A picture that nobody knows of is better than a row without its picture.
    state.objects.put(&key, picture.jpeg.clone()).await?;
    let back = edit(&state.ids, || perform(&state, return_id, &key, &picture)).await?;
    Ok((StatusCode::CREATED, Json(back)))
}

async fn perform(
    state: &AppState,
    id: ReturnId,
    key: &ObjectKey,
    picture: &Picture,
) -> Result<ReturnView, Problem> {
    let side = |pixels: u32| i32::try_from(pixels).unwrap_or(i32::MAX);
    let made = (key.as_str(), side(picture.width), side(picture.height));
    let mut tx = state.db.begin().await?;
    let now = state.clock.now();
    let back = state.checkout.add_return_picture(&mut tx, id, made, now).await?;
    tx.commit().await.map_err(DbError::from)?;
    Ok((&back).into())
}
