//! `POST /api/orders/lookup`

use axum::{Json, extract::State};
use garde::Validate;
use identity::AttemptKey;
use kernel::{ErrorCode, id::OrderId};
use orders::{Given, OrderNumber};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    AppState,
    kit::{self, Problem, problem::ProblemBody},
    storefront::auth::too_many,
};

/// What a guest knows of an order. Besides the number, an e-mail address or a telephone number; of
/// both, both have to be right.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderLookup {
    /// Its number. Case, spaces and dashes do not matter.
    #[garde(length(max = 64))]
    #[schema(example = "261121-K7M3-9QWD-2XAB", max_length = 64)]
    pub number: String,
    /// The e-mail address it was placed with.
    #[serde(default)]
    #[garde(inner(length(min = 1, max = 254)))]
    #[schema(example = "a@example.com", min_length = 1, max_length = 254)]
    pub email: Option<String>,
    /// The telephone number it was placed with, however it is written.
    #[serde(default)]
    #[garde(inner(length(min = 1, max = 32)))]
    #[schema(example = "0912345678", min_length = 1, max_length = 32)]
    pub phone: Option<String>,
}

/// The key to an order that was found.
#[derive(Debug, Serialize, ToSchema)]
pub struct FoundOrder {
    /// Its id.
    pub id: OrderId,
    /// Its number.
    #[schema(example = "261121-K7M3-9QWD-2XAB")]
    pub number: String,
    /// Opens the order, as `?access_token=` or `X-Order-Token`.
    pub access_token: String,
}

/// Finds an order that was placed without an account, by its number and what it was placed with. A
/// number that no order has, an account's order and a wrong address or telephone number get the same
/// answer after the same work. After ten failures in a quarter of an hour an order is not looked for
/// any more, wherever from; the link in its mails opens it all the same.
#[utoipa::path(
    post, path = "/api/orders/lookup", tag = "orders", operation_id = "find_order",
    request_body = OrderLookup,
    responses(
        (status = 200, body = FoundOrder),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`ORDER_NOT_FOUND`: whatever of it is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`VALIDATION_FAILED`: not a number of an order, or nothing besides it", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    kit::Json(body): kit::Json<OrderLookup>,
) -> Result<Json<FoundOrder>, Problem> {
    let (number, given) = read(&body)?;
    let key = AttemptKey::about("order", &number.to_string());
    state.order_lookups().begin(key, state.clock.now()).map_err(too_many)?;
    match find(&state, number, &given).await {
        Ok(Some(id)) => {
            state.order_lookups().clear(key);
            let access_token = state.checkout.access.token(id);
            Ok(Json(FoundOrder { id, number: number.to_string(), access_token }))
        }
        Ok(None) => Err(ErrorCode::OrderNotFound.into()),
        Err(problem) => {
            // It was not even looked for.
            state.order_lookups().forgive(key);
            Err(problem)
        }
    }
}

fn read(body: &OrderLookup) -> Result<(OrderNumber, Given), Problem> {
    let invalid = |pointer: &str, detail: &str| {
        Problem::new(ErrorCode::ValidationFailed).field(pointer, detail)
    };
    let number: OrderNumber =
        body.number.parse().map_err(|_| invalid("/number", "is not an order's number"))?;
    if body.email.is_none() && body.phone.is_none() {
        return Err(invalid("/email", "give the e-mail address, or the telephone number"));
    }
    Ok((number, Given::new(body.email.as_deref(), body.phone.as_deref())))
}

async fn find(
    state: &AppState,
    number: OrderNumber,
    given: &Given,
) -> Result<Option<OrderId>, Problem> {
    let mut conn = state.db.acquire().await?;
    Ok(orders::find(&mut conn, number, given).await?)
}
