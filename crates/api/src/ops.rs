//! For those who run the shop: is it alive, is it ready, how is it doing?

use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::json;

use crate::AppState;

/// `/healthz`, `/readyz`, `/metrics`.
pub fn router() -> Router<AppState> {
    Router::new()
        .route("/healthz", get(async || "ok"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
}

/// Ready when the database answers and has the schema this program knows. Each part by its name.
async fn ready(State(state): State<AppState>) -> Response {
    let database = match state.db.acquire().await {
        Ok(mut conn) => match pg::migrate::current(&mut conn).await {
            Ok(version) if version >= pg::migrate::latest() => "ok",
            Ok(_) => "migrations are pending",
            Err(_) => "does not answer",
        },
        Err(_) => "cannot be reached",
    };
    let ready = database == "ok";
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = json!({
        "ready": ready, "database": database, "orders_waiting": state.intake.depth(),
    });
    (status, Json(body)).into_response()
}

async fn metrics(State(state): State<AppState>) -> Response {
    match state.metrics.encode() {
        Ok(text) => ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response(),
        Err(error) => crate::kit::Problem::internal(&error).into_response(),
    }
}
