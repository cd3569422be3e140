//! Limit A: the same body read and checked as for an order, and nothing done about it.

use anyhow::Result;
use api::{
    kit::{IdempotencyKey, Json, Limits, limits::Whom},
    storefront::orders::create::NewOrder,
};
use axum::{Router, http::StatusCode, routing::post};
use kernel::Ids;
use serde_json::{Value, json};
use telemetry::Metrics;

/// Runs until it is killed: behind the layers that every request to the shop passes, or straight
/// behind the HTTP library.
pub fn main(layers: bool) -> Result<()> {
    super::runtime()?.block_on(async {
        let bare = Router::new().route("/api/orders", post(handler));
        let app = if layers {
            // As the shop is set up for its load.
            let whom = Whom { exempt: "127.0.0.0/8".parse()?, ..Whom::default() };
            let limits = Limits::in_process(whom, &Metrics::new());
            api::surround(bare, Ids::from_system(), "http://127.0.0.1", limits)
        } else {
            bare
        };
        super::serve(app).await
    })
}

async fn handler(_key: IdempotencyKey, form: Json<NewOrder>) -> (StatusCode, axum::Json<Value>) {
    let answer = json!({
        "status": "nothing was stored",
        "items": form.0.items.len(),
        "shipping_method": form.0.shipping_method,
    });
    (StatusCode::CREATED, axum::Json(answer))
}
