//! `GET /api/orders/{id}/returns/{return_id}/pictures/{position}`

use ::shipping::Return;
use axum::{
    extract::State,
    http::header,
    response::{IntoResponse as _, Response},
};
use kernel::{
    ErrorCode,
    id::{OrderId, ReturnId},
};
use ports::ObjectKey;
use serde::Deserialize;

use super::of_order;
use crate::{
    AppState,
    kit::{Path, Problem, problem::ProblemBody},
    storefront::orders::access::AccessibleOrder,
};

/// Which picture.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct PicturePath {
    return_id: ReturnId,
    position: i16,
}

/// A picture that was added to a return.
#[utoipa::path(
    get, path = "/api/orders/{id}/returns/{return_id}/pictures/{position}", tag = "returns", operation_id = "get_own_return_picture",
    params(
        ("id" = OrderId, Path), ("return_id" = ReturnId, Path), ("position" = i16, Path),
        ("X-Order-Token" = Option<String>, Header),
        ("access_token" = Option<String>, Query, description = "A guest's token"),
    ),
    security((), ("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "The picture", body = Vec<u8>, content_type = "image/jpeg"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`ORDER_NOT_FOUND`, `RETURN_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    accessible: AccessibleOrder,
    Path(PicturePath { return_id, position }): Path<PicturePath>,
) -> Result<Response, Problem> {
    let mut conn = state.db.acquire().await?;
    let back = of_order(&mut conn, accessible.order.id, return_id).await?;
    drop(conn);
    show(&state, &back, position).await
}

/// A picture of a return, for whoever may see the return.
pub async fn show(state: &AppState, back: &Return, position: i16) -> Result<Response, Problem> {
    let picture = back.pictures.iter().find(|picture| picture.position == position);
    let picture = picture.ok_or(ErrorCode::ReturnNotFound)?;
    let key: ObjectKey = picture.key.parse().map_err(|error| Problem::internal(&error))?;
    let bytes = state.objects.get(&key).await?.ok_or(ErrorCode::ReturnNotFound)?;
    let kind = [
        (header::CONTENT_TYPE, "image/jpeg"),
        (header::CACHE_CONTROL, "private, max-age=3600"),
        (header::CONTENT_DISPOSITION, "inline; filename=\"picture.jpg\""),
    ];
    Ok((kind, bytes).into_response())
}
