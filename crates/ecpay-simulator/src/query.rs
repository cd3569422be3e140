//! The questions a shop's server asks.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use crate::card::Card;
use crate::fault::{FaultKind, Stage};
use crate::form;
use crate::messages::{self, Fields};
use crate::question::{Question, hold, leave_unanswered};
use crate::server::Shared;
use crate::trade::Trade;
use crate::{signature, taipei};

/// `POST /Cashier/QueryTradeInfo/V5`
pub(crate) async fn trade_info(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let question = match Question::read_fresh(&shared, "/Cashier/QueryTradeInfo/V5", &body) {
        Ok(question) => question,
        Err(reason) => return format!("0|{reason}").into_response(),
    };
    let (mut fields, faults) = {
        let (merchant, number) = (&question.merchant.id, question.number());
        let mut store = shared.store();
        let faults = store.take_faults(Stage::Query, number);
        let trade = store.of_merchant(merchant, number);
        let unknown = || messages::no_trade_info(merchant, number);
        (trade.map_or_else(unknown, messages::trade_info), faults)
    };
    for fault in &faults {
        if let FaultKind::QuerySays { trade_status, amount } = fault {
            say_otherwise(&mut fields, *trade_status, *amount, &taipei::date_time(shared.now()));
        }
    }
    answer(&shared, &question, fields, &faults).await
}

/// `POST /Cashier/QueryPaymentInfo`
pub(crate) async fn payment_info(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let question = match Question::read_fresh(&shared, "/Cashier/QueryPaymentInfo", &body) {
        Ok(question) => question,
        Err(reason) => return format!("0|{reason}").into_response(),
    };
    let (fields, faults) = {
        let mut store = shared.store();
        let faults = store.take_faults(Stage::CodeQuery, question.number());
        let trade = store.of_merchant(&question.merchant.id, question.number());
        (trade.and_then(messages::payment_info), faults)
    };
    match fields {
        Some(fields) => answer(&shared, &question, fields, &faults).await,
        None => "0|No Payment Info".into_response(),
    }
}

/// Signs, or not quite, and answers, or not.
async fn answer(
    shared: &Shared,
    question: &Question,
    fields: Fields,
    faults: &[FaultKind],
) -> Response {
    if let Some(time) = hold(faults) {
        return leave_unanswered(shared, time).await;
    }
    let mut signed = signature::signed(&question.merchant, fields);
    if faults.contains(&FaultKind::QueryForged) {
        signature::spoil(&mut signed);
    }
    form::unencoded(&signed).into_response()
}

/// Makes an answer tell another story, one that hangs together.
fn say_otherwise(fields: &mut Fields, trade_status: u32, amount: Option<u32>, now: &str) {
    for (name, value) in fields {
        match name.as_str() {
            "TradeStatus" => *value = trade_status.to_string(),
            "TradeAmt" => {
                if let Some(amount) = amount {
                    *value = amount.to_string();
                }
            }
            "PaymentDate" if trade_status != 1 => value.clear(),
            "PaymentDate" if value.is_empty() => now.clone_into(value),
            "PaymentType" if trade_status == 1 && value.is_empty() => {
                "Credit_CreditCard".clone_into(value);
            }
            _ => {}
        }
    }
}

/// `POST /CreditDetail/QueryTrade/V2`
pub(crate) async fn card_trade(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let error = |message: &str| Json(json!({ "RtnMsg": message, "RtnValue": null }));
    let Ok(question) = Question::read(&shared, "/CreditDetail/QueryTrade/V2", &body) else {
        return error("error").into_response();
    };
    let check_code = question.form.get("CreditCheckCode");
    let right = match shared.config.credit_check_code {
        Some(expected) => check_code == expected.to_string(),
        None => !check_code.is_empty() && check_code.bytes().all(|byte| byte.is_ascii_digit()),
    };
    if !right {
        return error("error").into_response();
    }
    let (detail, faults) = {
        let mut store = shared.store();
        let found = find_card(store.newest_first(), &question);
        let number = found.as_ref().map_or("", |(number, _)| number).to_owned();
        let faults = store.take_faults(Stage::CardQuery, &number);
        (found.map(|(_, detail)| detail), faults)
    };
    if let Some(time) = hold(&faults) {
        return leave_unanswered(&shared, time).await;
    }
    match detail {
        Some(_) if faults.contains(&FaultKind::CardPending) => error("error_nopay").into_response(),
        Some(detail) => Json(json!({ "RtnMsg": "", "RtnValue": detail })).into_response(),
        None => error("error").into_response(),
    }
}

/// The order's number and what is told of its card.
fn find_card<'a>(
    mut trades: impl Iterator<Item = &'a Trade>,
    question: &Question,
) -> Option<(String, Value)> {
    let number = |name: &str| question.form.get(name).parse::<u64>().ok();
    let (gwsr, amount) = (number("CreditRefundId")?, number("CreditAmount")?);
    trades.find_map(|trade| {
        let card = trade.card.as_ref().filter(|card| card.gwsr == gwsr)?;
        let mine = trade.merchant.id == question.merchant.id && u64::from(card.amount) == amount;
        mine.then(|| (trade.merchant_trade_no.clone(), card_detail(card)))
    })
}

fn card_detail(card: &Card) -> Value {
    let closes = card.closes.iter().map(|close| {
        json!({
            "status": close.status(),
            "amount": close.amount,
            "sno": close.number.to_string(),
            "datetime": taipei::in_words(close.closed_at.unwrap_or(close.asked_at)),
        })
    });
    json!({
        "TradeID": card.gwsr,
        "amount": card.amount,
        "clsamt": card.captured,
        "authtime": taipei::in_words(card.authorised_at),
        "status": card.state.as_str(),
        "close_data": closes.collect::<Vec<_>>(),
    })
}
