//! The questions a shop's server asks.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;

use crate::config::MerchantConfig;
use crate::form::{self, Form};
use crate::server::Shared;
use crate::{messages, signature};

/// How far `TimeStamp` may be off, in seconds.
const TIME_STAMP_WINDOW: i64 = 180;

/// `POST /Cashier/QueryTradeInfo/V5`
pub(crate) async fn trade_info(State(shared): State<Arc<Shared>>, body: Bytes) -> String {
    answer(&shared, &body, |merchant, number| {
        let store = shared.store();
        Some(
            store.of_merchant(&merchant.id, number).map_or_else(
                || messages::no_trade_info(&merchant.id, number),
                messages::trade_info,
            ),
        )
    })
}

/// `POST /Cashier/QueryPaymentInfo`
pub(crate) async fn payment_info(State(shared): State<Arc<Shared>>, body: Bytes) -> String {
    answer(&shared, &body, |merchant, number| {
        let store = shared.store();
        messages::code_issued(store.of_merchant(&merchant.id, number)?)
    })
}

fn answer(
    shared: &Shared,
    body: &[u8],
    find: impl FnOnce(&MerchantConfig, &str) -> Option<Vec<(String, String)>>,
) -> String {
    let form = match Form::parse(body) {
        Ok(form) => form,
        Err(reason) => return format!("0|{reason}"),
    };
    let Some(merchant) = shared.merchant(form.get("MerchantID")) else {
        return "0|MerchantID Error".into();
    };
    if !signature::verify(merchant, &form.0) {
        return "0|CheckMacValue Error".into();
    }
    let now = shared.now().as_second();
    let fresh = form.get("TimeStamp").parse::<i64>();
    if !fresh.is_ok_and(|stamp| now.abs_diff(stamp) <= TIME_STAMP_WINDOW.unsigned_abs()) {
        return "0|TimeStamp Is Expired".into();
    }
    match find(merchant, form.get("MerchantTradeNo")) {
        Some(fields) => form::unencoded(&signature::signed(merchant, fields)),
        None => "0|No Payment Info".into(),
    }
}
