//! `GET /api/shipping-methods`

use axum::{Json, extract::State};
use kernel::{LocalizedText, Money};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{AppState, kit::Problem};

/// A way of shipping.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShippingMethod {
    /// What orders call it.
    #[schema(example = "home_delivery")]
    pub code: String,
    /// Its name.
    pub name: LocalizedText,
    /// How long it takes, who brings it.
    pub description: LocalizedText,
    /// The fee.
    pub fee: Money,
    /// No fee when the goods cost at least this.
    #[schema(required)]
    pub free_from: Option<Money>,
}

/// The ways of shipping on offer.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShippingMethods {
    /// In the shop's order.
    pub items: Vec<ShippingMethod>,
}

/// The ways of shipping on offer.
#[utoipa::path(
    get, path = "/api/shipping-methods", tag = "checkout", operation_id = "list_shipping_methods",
    responses((status = 200, body = ShippingMethods))
)]
pub async fn handler(State(state): State<AppState>) -> Result<Json<ShippingMethods>, Problem> {
    let mut conn = state.db.acquire().await?;
    let items = shipping::methods(&mut conn)
        .await?
        .into_iter()
        .map(|method| ShippingMethod {
            code: method.code,
            name: method.name,
            description: method.description,
            fee: method.fee,
            free_from: method.free_from,
        })
        .collect();
    Ok(Json(ShippingMethods { items }))
}
