//! Codes to be paid at the bank or the store.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::Response;
use minijinja::{Value, context};

use super::{not_found, step, summary};
use crate::barcode;
use crate::form::Form;
use crate::messages;
use crate::method::Method;
use crate::payment::{self, PayError};
use crate::server::Shared;
use crate::signature;
use crate::trade::{PayCode, Trade};

/// `POST /Cashier/Pay/{trade_no}/issue`: a payment code for a delayed method.
pub(crate) async fn issue(
    State(shared): State<Arc<Shared>>,
    Path(trade_no): Path<String>,
    body: Bytes,
) -> Response {
    let form = Form::parse(&body).unwrap_or_default();
    let Some(method) = Method::parse(form.get("method")) else { return not_found(&shared) };
    let now = shared.now();
    let issued = payment::issue_code(&mut shared.store(), &trade_no, method, now);
    match issued {
        Ok(letters) => {
            shared.post(letters);
            step(&trade_no, "/code")
        }
        Err(PayError::AlreadyPaid) => step(&trade_no, "/result"),
        Err(_) => not_found(&shared),
    }
}

/// `GET /Cashier/Pay/{trade_no}/code`: what to pay with at the bank or the store.
pub(crate) async fn code_page(
    State(shared): State<Arc<Shared>>,
    Path(trade_no): Path<String>,
) -> Response {
    let (page, values) = {
        let store = shared.store();
        let Some(trade) = store.get(&trade_no) else { return not_found(&shared) };
        let Some(code) = &trade.code else { return step(&trade_no, "") };
        match trade.request.filled("ClientRedirectURL") {
            Some(url) => {
                let fields = messages::code_issued(trade).unwrap_or_default();
                let fields = signature::signed(&trade.merchant, fields);
                let (success, issued) = (true, true);
                let values = context! { success, issued, action => url, fields, ..summary(trade) };
                ("return.html", values)
            }
            None => ("code.html", code_values(trade, code)),
        }
    };
    shared.pages.show(page, values)
}

fn code_values(trade: &Trade, code: &PayCode) -> Value {
    let barcodes: Vec<Value> = ["Barcode1", "Barcode2", "Barcode3"]
        .into_iter()
        .filter_map(|name| code.field(name))
        .map(|text| context! { text, bars => Value::from_safe_string(barcode::svg(text)) })
        .collect();
    let lines: Vec<String> = ["Desc_1", "Desc_2", "Desc_3", "Desc_4"]
        .into_iter()
        .filter_map(|name| trade.request.filled(name))
        .map(str::to_owned)
        .collect();
    context! {
        method => code.method.as_str(),
        bank_code => code.field("BankCode"),
        account => code.field("vAccount"),
        payment_no => code.field("PaymentNo"),
        application => code.field("BNPLTradeNo"),
        barcodes,
        lines,
        expires => code.field("ExpireDate"),
        paid => trade.paid_at.is_some(),
        ..summary(trade)
    }
}
