//! Orders that no shop placed: to try the pages out, and for examples.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use serde::Deserialize;

use super::Problem;
use crate::form::Form;
use crate::server::Shared;
use crate::{signature, taipei};

/// What is asked for. Everything has a default.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewTrade {
    #[serde(default)]
    pub(super) merchant_trade_no: Option<String>,
    /// Whole TWD.
    #[serde(default)]
    pub(super) amount: Option<u32>,
    /// `ChoosePayment`, also `ALL`.
    #[serde(default)]
    pub(super) method: Option<String>,
    /// Further fields of the checkout form, by ECPay's names.
    #[serde(default)]
    pub(super) fields: BTreeMap<String, String>,
}

/// The form that a shop of the first merchant would post.
pub(super) fn form(shared: &Shared, asked: NewTrade) -> Result<Form, Problem> {
    let Some(merchant) = shared.config.merchants.first() else {
        return Err(Problem::new(StatusCode::CONFLICT, "no merchant is known"));
    };
    let now = shared.now();
    let number = asked.merchant_trade_no.unwrap_or_else(|| {
        let number = shared.store().next_number();
        format!("SIM{}{:05}", taipei::compact(now), number % 100_000)
    });
    let amount = asked.amount.unwrap_or(100).to_string();
    let mut fields = BTreeMap::from(
        [
            ("MerchantID", merchant.id.as_str()),
            ("MerchantTradeNo", &number),
            ("MerchantTradeDate", &taipei::date_time(now)),
            ("PaymentType", "aio"),
            ("TotalAmount", &amount),
            ("TradeDesc", "Order"),
            ("ItemName", "Sample x1"),
            // Nobody listens there: a shop that wants to know names itself.
            ("ReturnURL", "http://127.0.0.1:9/"),
            ("ChoosePayment", asked.method.as_deref().unwrap_or("ALL")),
            ("EncryptType", "1"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned())),
    );
    fields.extend(asked.fields);
    let fields: Vec<(String, String)> = fields.into_iter().collect();
    Ok(Form(signature::signed(merchant, fields)))
}
