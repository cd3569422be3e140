//! `GET /api/payment-methods`

use axum::Json;
use kernel::LocalizedText;
use serde::Serialize;
use utoipa::ToSchema;

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
}

/// The ways of paying on offer.
#[derive(Debug, Serialize, ToSchema)]
pub struct PaymentMethods {
    /// In the shop's order.
    pub items: Vec<PaymentMethod>,
}

/// Credit card through ECPay: so far the only way of paying.
pub const ECPAY_CREDIT: &str = "ecpay_credit";

/// The ways of paying on offer.
#[utoipa::path(
    get, path = "/api/payment-methods", tag = "checkout", operation_id = "list_payment_methods",
    responses((status = 200, body = PaymentMethods))
)]
pub async fn handler() -> Json<PaymentMethods> {
    let credit = PaymentMethod {
        code: ECPAY_CREDIT.into(),
        name: LocalizedText::new("信用卡一次付清", "Credit card"),
        description: LocalizedText::new(
            "前往綠界科技的付款頁面，卡號不會經過本店。",
            "You pay on ECPay's page; your card number never reaches this shop.",
        ),
        enabled: true,
    };
    Json(PaymentMethods { items: vec![credit] })
}
