//! ECPay's callbacks. Its server is answered with exactly `1|OK`, and only after the commit;
//! anything else makes it ask again later. Its fields are trusted only after their signature.

use axum::{
    body::Bytes,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use checkout::Reply;
use ecpay::NoticeError;
use kernel::ErrorCode;
use payments::notices::Verdict;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    AppState,
    kit::{Problem, locale},
};

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(notify)).routes(routes!(info)).routes(routes!(result))
}

/// The result of a payment, from ECPay's server (`ReturnURL`).
#[utoipa::path(
    post, path = "/api/payments/ecpay/notify", tag = "payments",
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "Taken: `1|OK`", body = String, content_type = "text/plain"),
        (status = 400, description = "`PAYMENT_NOTICE_REJECTED`", body = crate::kit::problem::ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`SERVICE_UNAVAILABLE`: ask again", body = crate::kit::problem::ProblemBody, content_type = "application/problem+json"),
    )
)]
async fn notify(State(state): State<AppState>, body: Bytes) -> Result<&'static str, Problem> {
    answer(&receive(&state, &body).await?)
}

/// A wrong amount is refused: `1|OK` would end ECPay's reminders of a mistake.
fn answer(reply: &Reply) -> Result<&'static str, Problem> {
    match reply.verdict {
        Verdict::Accepted | Verdict::Repeated | Verdict::Simulated => Ok(ecpay::ACKNOWLEDGED),
        refused => Err(rejected(refused.as_str())),
    }
}

/// A code to pay by was issued (`PaymentInfoURL`), or could not be.
#[utoipa::path(
    post, path = "/api/payments/ecpay/info", tag = "payments",
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "Taken: `1|OK`", body = String, content_type = "text/plain"),
        (status = 400, description = "`PAYMENT_NOTICE_REJECTED`", body = crate::kit::problem::ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`SERVICE_UNAVAILABLE`: ask again", body = crate::kit::problem::ProblemBody, content_type = "application/problem+json"),
    )
)]
async fn info(State(state): State<AppState>, body: Bytes) -> Result<&'static str, Problem> {
    let notice = match state.checkout.verify_code(&body) {
        Ok(notice) => notice,
        Err(error) => return Err(not_believed(&state, &body, &error).await),
    };
    let text = String::from_utf8_lossy(&body);
    answer(&state.checkout.receive_code(&notice, &text).await?)
}

/// The buyer's browser comes back with the same fields (`OrderResultURL`). It may be the first to
/// bring them, so they are acted on like the server's; then the browser goes to the order's page.
#[utoipa::path(
    post, path = "/api/payments/ecpay/result", tag = "payments",
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses((status = 303, description = "To the order's page"))
)]
async fn result(State(state): State<AppState>, body: Bytes) -> Response {
    let reply = match receive(&state, &body).await {
        Ok(reply) => reply,
        Err(problem) if problem.code() == ErrorCode::PaymentNoticeRejected => {
            return (StatusCode::SEE_OTHER, Redirect::to(&state.public_url)).into_response();
        }
        Err(problem) => return problem.into_response(),
    };
    let to = match reply.order {
        Some((order, language, guest)) => {
            state.checkout.order_url(order, language, "/result", guest)
        }
        None => format!("{}/{}", state.public_url, language_prefix()),
    };
    Redirect::to(&to).into_response()
}

fn language_prefix() -> &'static str {
    match locale() {
        kernel::Locale::ZhTw => "",
        kernel::Locale::En => "en",
    }
}

async fn receive(state: &AppState, body: &[u8]) -> Result<Reply, Problem> {
    let notice = match state.checkout.verify_notice(body) {
        Ok(notice) => notice,
        Err(error) => return Err(not_believed(state, body, &error).await),
    };
    let text = String::from_utf8_lossy(body);
    Ok(state.checkout.receive_notice(&notice, &text).await?)
}

/// What is not believed is kept and counted all the same.
async fn not_believed(state: &AppState, body: &[u8], error: &NoticeError) -> Problem {
    if let Err(error) = state.checkout.refuse_notice(body, error).await {
        tracing::warn!(%error, "a refused payment notice could not be kept");
    }
    rejected(&error.to_string())
}

fn rejected(why: &str) -> Problem {
    tracing::warn!(why, "a payment notice was refused: {why}");
    Problem::new(ErrorCode::PaymentNoticeRejected).detail(why)
}
