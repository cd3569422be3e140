//! `DoAction`: what a shop does with a card's money after it was authorised.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;

use crate::card::Action;
use crate::fault::{FaultKind, Stage};
use crate::form::{self, Form};
use crate::question::{Question, hold, leave_unanswered};
use crate::rules::codes;
use crate::server::Shared;
use crate::store::Store;

/// What a merchant hears whose account is empty.
const NO_BALANCE: &str = "餘額不足";
const NO_TRADE: &str = "訂單不存在";

/// `RtnCode` and `RtnMsg`.
type Told = (u32, String);

/// `POST /CreditDetail/DoAction`
pub(crate) async fn do_action(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let question = match Question::read(&shared, "/CreditDetail/DoAction", &body) {
        Ok(question) => question,
        Err(reason) => {
            let code = if reason == "CheckMacValue Error" { codes::CHECK_MAC_VALUE } else { 0 };
            return told(&Form::default(), (code, reason.into()));
        }
    };
    let (told_so, faults) = {
        let now = shared.now();
        let mut store = shared.store();
        let faults = store.take_faults(Stage::Action, question.number());
        let in_vain = faults
            .iter()
            .any(|fault| matches!(fault, FaultKind::ActionUnanswered { acted: false, .. }));
        let told_so = match refused(&faults) {
            Some(message) => (0, message),
            None if in_vain => (0, String::new()),
            None => act(&mut store, &question, now),
        };
        (told_so, faults)
    };
    if let Some(time) = hold(&faults) {
        return leave_unanswered(&shared, time).await;
    }
    told(&question.form, told_so)
}

fn refused(faults: &[FaultKind]) -> Option<String> {
    faults.iter().find_map(|fault| match fault {
        FaultKind::ActionRefused { message } => {
            Some(message.clone().unwrap_or_else(|| NO_BALANCE.to_owned()))
        }
        _ => None,
    })
}

fn act(store: &mut Store, question: &Question, now: Timestamp) -> Told {
    let form = &question.form;
    let trade_no = form.get("TradeNo");
    let known = store
        .of_merchant(&question.merchant.id, question.number())
        .is_some_and(|trade| trade.trade_no == trade_no && trade.card.is_some());
    if !known {
        return (0, NO_TRADE.into());
    }
    let Some(action) = Action::parse(form.get("Action")) else {
        return (0, "Action Error".into());
    };
    let text = form.get("TotalAmount");
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let Some(amount) = text.parse().ok().filter(|_| digits) else {
        return (0, "TotalAmount Error".into());
    };
    let card = store.get_mut(trade_no).and_then(|trade| trade.card.as_mut());
    match card.map(|card| card.act(action, amount, now)) {
        Some(Ok(())) => (1, "成功".into()),
        Some(Err(error)) => (0, error.to_string()),
        None => (0, NO_TRADE.into()),
    }
}

/// The reply: unencoded and not signed. Of an unknown order it has one key too many.
fn told(form: &Form, (code, message): Told) -> Response {
    let mut fields: Vec<(String, String)> = ["MerchantID", "MerchantTradeNo", "TradeNo"]
        .into_iter()
        .map(|name| (name.to_owned(), form.get(name).to_owned()))
        .collect();
    if message == NO_TRADE {
        fields.insert(0, ("Merchant".into(), String::new()));
    }
    fields.push(("RtnCode".into(), code.to_string()));
    fields.push(("RtnMsg".into(), message));
    form::unencoded(&fields).into_response()
}
