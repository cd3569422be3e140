//! The cashier: from the posted form to the way back to the shop.

pub(crate) mod card;
pub(crate) mod delayed;
pub(crate) mod result;

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use minijinja::{Value, context};

use crate::form::Form;
use crate::method::Method;
use crate::payment::{self, Outcome, PayError};
use crate::rules::{self, Refusal, codes};
use crate::server::Shared;
use crate::trade::Trade;
use crate::{signature, taipei};

/// Something to tell the buyer, in Chinese and English.
type Problem = (&'static str, &'static str);

fn refused(shared: &Shared, status: StatusCode, refusal: &Refusal) -> Response {
    tracing::warn!(code = refusal.code, message = refusal.message, "request refused");
    let values = context! { code => refusal.code, message => refusal.message.as_str() };
    (status, shared.pages.show("error.html", values)).into_response()
}

pub(crate) fn not_found(shared: &Shared) -> Response {
    let refusal = Refusal { code: 10_200_047, message: "Trade not found".into() };
    refused(shared, StatusCode::NOT_FOUND, &refusal)
}

/// What every page about an order shows.
pub(crate) fn summary(trade: &Trade) -> Value {
    context! {
        english => matches!(trade.request.get("Language"), "ENG" | "KOR" | "JPN"),
        shop => trade.merchant.name.as_str(),
        merchant_id => trade.merchant.id.as_str(),
        merchant_trade_no => trade.merchant_trade_no.as_str(),
        trade_no => trade.trade_no.as_str(),
        amount => trade.amount,
        items => trade.items(),
        description => trade.request.get("TradeDesc"),
        created_at => taipei::date_time(trade.created_at),
        back_url => trade.request.get("ClientBackURL"),
        control_page => trade.control_page(),
    }
}

fn step(trade_no: &str, step: &str) -> Response {
    Redirect::to(&format!("/Cashier/Pay/{trade_no}{step}")).into_response()
}

/// `POST /Cashier/AioCheckOut/V5`
pub(crate) async fn checkout(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    match accept_body(&shared, &body) {
        Ok(trade_no) => step(&trade_no, ""),
        Err(refusal) => refused(&shared, StatusCode::BAD_REQUEST, &refusal),
    }
}

fn accept_body(shared: &Shared, body: &[u8]) -> Result<String, Refusal> {
    let form =
        Form::parse(body).map_err(|reason| Refusal { code: codes::UNREADABLE, message: reason })?;
    accept(shared, form)
}

/// Checks a checkout form and makes its order; answers ECPay's number.
pub(crate) fn accept(shared: &Shared, form: Form) -> Result<String, Refusal> {
    let refuse = |code, message: &str| Refusal { code, message: message.into() };
    let Some(merchant) = shared.merchant(Trade::signer_id(&form)) else {
        return Err(refuse(codes::UNKNOWN_MERCHANT, "MerchantID Error: no such merchant"));
    };
    if !signature::verify(merchant, &form.0) {
        return Err(refuse(codes::CHECK_MAC_VALUE, "CheckMacValue Error"));
    }
    let accepted = rules::check(&form, &shared.config)?;
    let mut merchant = merchant.clone();
    form.get("MerchantID").clone_into(&mut merchant.id);
    let now = shared.now();
    let mut store = shared.store();
    if store.is_burnt(&merchant.id, form.get("MerchantTradeNo")) {
        return Err(refuse(codes::DUPLICATE_NUMBER, "MerchantTradeNo has been used before"));
    }
    let trade_no = store.new_trade_no(now);
    let asked = (accepted.amount, accepted.methods);
    store.insert(Trade::new(merchant, trade_no.clone(), form, asked, now));
    Ok(trade_no)
}

/// `GET /Cashier/Pay/{trade_no}`: how do you want to pay?
pub(crate) async fn pay_page(
    State(shared): State<Arc<Shared>>,
    Path(trade_no): Path<String>,
) -> Response {
    show_pay_page(&shared, &trade_no, None)
}

fn show_pay_page(shared: &Shared, trade_no: &str, problem: Option<Problem>) -> Response {
    let values = {
        let store = shared.store();
        let Some(trade) = store.get(trade_no) else { return not_found(shared) };
        if trade.paid_at.is_some() {
            return step(trade_no, "/result");
        }
        let methods: Vec<Value> = trade.methods.iter().map(|method| offer(*method)).collect();
        // A card's expiry three years on, so that the prefilled form can just be sent.
        let (year, _) = taipei::year_and_month(shared.now());
        context! {
            methods,
            problem,
            expiry => format!("12/{:02}", (year + 3) % 100),
            can_fail => trade.methods.iter().any(|method| !method.is_delayed()),
            ..context! { ..card::choices(trade), ..summary(trade) }
        }
    };
    shared.pages.show("pay.html", values)
}

fn offer(method: Method) -> Value {
    let (zh, en) = method.label();
    context! { name => method.as_str(), zh, en, delayed => method.is_delayed() }
}

/// `POST /Cashier/Pay/{trade_no}/fail`: the bank declines.
pub(crate) async fn fail(
    State(shared): State<Arc<Shared>>,
    Path(trade_no): Path<String>,
) -> Response {
    let method = {
        let store = shared.store();
        let Some(trade) = store.get(&trade_no) else { return not_found(&shared) };
        // What is paid or declined at once, a card if cards are offered.
        trade.methods.iter().copied().find(|method| !method.is_delayed())
    };
    match method {
        Some(method) => finish(&shared, &trade_no, method, Outcome::Failed(payment::FAILED)),
        None => not_found(&shared),
    }
}

/// `POST /Cashier/Pay/{trade_no}/confirm`: everything that takes no card number and is paid at
/// once, as the buyer's bank or telephone says yes.
pub(crate) async fn confirm(
    State(shared): State<Arc<Shared>>,
    Path(trade_no): Path<String>,
    body: Bytes,
) -> Response {
    let form = Form::parse(&body).unwrap_or_default();
    let method = Method::parse(form.get("method"))
        .filter(|method| !method.is_delayed() && *method != Method::Credit);
    match method {
        Some(method) => finish(&shared, &trade_no, method, Outcome::Paid),
        None => not_found(&shared),
    }
}

fn finish(shared: &Shared, trade_no: &str, method: Method, outcome: Outcome) -> Response {
    let now = shared.now();
    let settled = payment::settle(&mut shared.store(), trade_no, method, outcome, now);
    match settled {
        Ok(letters) => {
            shared.post(letters);
            step(trade_no, "/result")
        }
        Err(PayError::AlreadyPaid) => step(trade_no, "/result"),
        Err(_) => not_found(shared),
    }
}
