//! `GET /api/payment-methods`

use axum::{Json, extract::State};
use jiff::SignedDuration;
use kernel::{LocalizedText, Money};
use payments::Method;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{AppState, kit::Problem};

/// A way of paying.
#[derive(Debug, Serialize, ToSchema)]
pub struct PaymentMethod {
    /// What orders call it.
    #[schema(example = "ecpay_credit")]
    pub code: String,
    /// Its name.
    pub name: LocalizedText,
    /// What to know about it.
    pub description: LocalizedText,
    /// Whether it can be chosen now.
    pub enabled: bool,
    /// For orders of at least this much.
    pub min_amount: Money,
    /// For orders of at most this much; `null`: of any.
    #[schema(required)]
    pub max_amount: Option<Money>,
    /// For how many minutes after it was placed an order can be paid by it, unless what is in it is
    /// held for less.
    #[schema(example = 30)]
    pub pay_within_minutes: i64,
    /// Numbers of instalments offered; empty: one payment.
    #[schema(value_type = Vec<u32>)]
    pub instalments: Vec<u8>,
}

/// The ways of paying on offer.
#[derive(Debug, Serialize, ToSchema)]
pub struct PaymentMethods {
    /// In the shop's order.
    pub items: Vec<PaymentMethod>,
}

impl PaymentMethod {
    fn of(method: Method, shop: SignedDuration) -> Self {
        let pay_within = method.time(shop, None) - method.grace;
        Self {
            code: method.code,
            name: method.name,
            description: method.description,
            enabled: method.active,
            min_amount: method.min_amount,
            max_amount: method.max_amount,
            pay_within_minutes: pay_within.as_mins(),
            instalments: method.instalments,
        }
    }
}

/// The ways of paying on offer, with what they are for.
#[utoipa::path(
    get, path = "/api/payment-methods", tag = "checkout", operation_id = "list_payment_methods",
    responses((status = 200, body = PaymentMethods))
)]
pub async fn handler(State(state): State<AppState>) -> Result<Json<PaymentMethods>, Problem> {
    let mut conn = state.db.acquire().await?;
    let shop = state.checkout.patience.reservation;
    let methods = payments::methods::offered(&mut conn).await?.into_iter();
    // What this installation has no account for cannot be chosen.
    let offered = methods.filter(|method| state.checkout.providers.of(method).is_some());
    let items = offered.map(|method| PaymentMethod::of(method, shop)).collect();
    Ok(Json(PaymentMethods { items }))
}
