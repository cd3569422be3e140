//! The cashier: from the posted form to the way back to the shop.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use minijinja::{Value, context};

use crate::form::Form;
use crate::messages::{self, Voice};
use crate::payment::{self, Outcome, PayError};
use crate::rules::{self, Method, Refusal, codes};
use crate::server::Shared;
use crate::trade::{CardDigits, Trade};
use crate::{signature, taipei};

/// Cards that never cost anything; no other is taken.
const TEST_CARDS: [&str; 3] = ["4311952222222222", "4311951111111111", "4938177777777777"];
/// The code that 3-D Secure asks for.
const OTP: &str = "1234";

fn refused(shared: &Shared, status: StatusCode, refusal: &Refusal) -> Response {
    tracing::warn!(code = refusal.code, message = refusal.message, "request refused");
    let values = context! { code => refusal.code, message => refusal.message.as_str() };
    (status, shared.pages.show("error.html", values)).into_response()
}

fn not_found(shared: &Shared) -> Response {
    let refusal = Refusal { code: 10_200_047, message: "Trade not found".into() };
    refused(shared, StatusCode::NOT_FOUND, &refusal)
}

/// What every page about an order shows.
fn summary(trade: &Trade) -> Value {
    context! {
        shop => trade.merchant.name.as_str(),
        merchant_id => trade.merchant.id.as_str(),
        merchant_trade_no => trade.merchant_trade_no.as_str(),
        trade_no => trade.trade_no.as_str(),
        amount => trade.amount,
        items => trade.items(),
        description => trade.request.get("TradeDesc"),
        created_at => taipei::date_time(trade.created_at),
        back_url => trade.request.get("ClientBackURL"),
    }
}

fn step(trade_no: &str, step: &str) -> Response {
    Redirect::to(&format!("/Cashier/Pay/{trade_no}{step}")).into_response()
}

/// `GET /`: the newest orders, for people who wonder what is running here.
pub(crate) async fn index(State(shared): State<Arc<Shared>>) -> Response {
    let trades: Vec<Value> = {
        let store = shared.store();
        let newest = store.newest_first().take(50);
        newest.map(|trade| context! { status => trade.status(), ..summary(trade) }).collect()
    };
    shared.pages.show("index.html", context! { trades })
}

/// `POST /Cashier/AioCheckOut/V5`
pub(crate) async fn checkout(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    match accept(&shared, &body) {
        Ok(trade_no) => step(&trade_no, ""),
        Err(refusal) => refused(&shared, StatusCode::BAD_REQUEST, &refusal),
    }
}

/// Checks a checkout form and makes its order; answers ECPay's number.
fn accept(shared: &Shared, body: &[u8]) -> Result<String, Refusal> {
    let refuse = |code, message: &str| Refusal { code, message: message.into() };
    let form = Form::parse(body).map_err(|reason| refuse(codes::UNREADABLE, &reason))?;
    // A platform's keys sign for the merchants under it.
    let signer = form.filled("PlatformID").unwrap_or(form.get("MerchantID"));
    let Some(merchant) = shared.merchant(signer) else {
        return Err(refuse(codes::UNKNOWN_MERCHANT, "MerchantID Error: no such merchant"));
    };
    if !signature::verify(merchant, &form.0) {
        return Err(refuse(codes::CHECK_MAC_VALUE, "CheckMacValue Error"));
    }
    let accepted = rules::check(&form)?;
    let mut merchant = merchant.clone();
    form.get("MerchantID").clone_into(&mut merchant.id);
    let now = shared.now();
    let mut store = shared.store();
    let merchant_trade_no = form.get("MerchantTradeNo").to_owned();
    if store.is_burnt(&merchant.id, &merchant_trade_no) {
        return Err(refuse(codes::DUPLICATE_NUMBER, "MerchantTradeNo has been used before"));
    }
    let trade_no = store.new_trade_no(now);
    store.insert(Trade {
        merchant,
        trade_no: trade_no.clone(),
        merchant_trade_no,
        amount: accepted.amount,
        methods: accepted.methods,
        request: form,
        created_at: now,
        paid_at: None,
        paid_by: None,
        last_event: None,
        card: None,
        code: None,
        notices: Vec::new(),
    });
    Ok(trade_no)
}

/// `GET /Cashier/Pay/{trade_no}`: how do you want to pay?
pub(crate) async fn pay_page(
    State(shared): State<Arc<Shared>>,
    Path(trade_no): Path<String>,
) -> Response {
    show_pay_page(&shared, &trade_no, None)
}

fn show_pay_page(shared: &Shared, trade_no: &str, problem: Option<&str>) -> Response {
    let values = {
        let store = shared.store();
        let Some(trade) = store.get(trade_no) else { return not_found(shared) };
        if trade.paid_at.is_some() {
            return step(trade_no, "/result");
        }
        let methods: Vec<&str> = trade.methods.iter().map(|method| method.as_str()).collect();
        // A card's expiry three years on, so that the prefilled form can just be sent.
        let (year, _) = taipei::year_and_month(shared.now());
        let expiry = format!("12/{:02}", (year + 3) % 100);
        context! { methods, expiry, problem, ..summary(trade) }
    };
    shared.pages.show("pay.html", values)
}

/// `POST /Cashier/Pay/{trade_no}/card`: the card form. Nothing but a test card is taken, and of
/// that only the digits that notices carry are kept.
pub(crate) async fn card(
    State(shared): State<Arc<Shared>>,
    Path(trade_no): Path<String>,
    body: Bytes,
) -> Response {
    let form = Form::parse(&body).unwrap_or_default();
    let number: String = form.get("card_number").chars().filter(char::is_ascii_digit).collect();
    if !TEST_CARDS.contains(&number.as_str()) {
        let problem = "這裡只接受測試卡號，請勿輸入真實信用卡：4311-9522-2222-2222";
        return show_pay_page(&shared, &trade_no, Some(problem));
    }
    if !expiry_is_ahead(form.get("expiry"), taipei::year_and_month(shared.now())) {
        return show_pay_page(&shared, &trade_no, Some("信用卡有效期限不正確或已過期"));
    }
    let cvc = form.get("cvc");
    if cvc.len() != 3 || !cvc.bytes().all(|byte| byte.is_ascii_digit()) {
        return show_pay_page(&shared, &trade_no, Some("安全碼應為卡片背面末三碼"));
    }
    {
        let mut store = shared.store();
        let Some(trade) = store.get_mut(&trade_no) else { return not_found(&shared) };
        if !trade.methods.contains(&Method::Credit) {
            return not_found(&shared);
        }
        let (first6, last4) = (number[..6].to_owned(), number[12..].to_owned());
        trade.card = Some(CardDigits { first6, last4 });
    }
    step(&trade_no, "/3d")
}

fn expiry_is_ahead(text: &str, (year_now, month_now): (i16, i8)) -> bool {
    let Some((month, year)) = text.split_once('/') else { return false };
    let (Ok(month), Ok(year)) = (month.trim().parse::<i8>(), year.trim().parse::<i16>()) else {
        return false;
    };
    (1..=12).contains(&month) && (0..100).contains(&year) && (year, month) >= (year_now, month_now)
}

/// `GET /Cashier/Pay/{trade_no}/3d`: the bank's page.
pub(crate) async fn three_d_page(
    State(shared): State<Arc<Shared>>,
    Path(trade_no): Path<String>,
) -> Response {
    show_three_d(&shared, &trade_no, None)
}

fn show_three_d(shared: &Shared, trade_no: &str, problem: Option<&str>) -> Response {
    let values = {
        let store = shared.store();
        let Some(trade) = store.get(trade_no) else { return not_found(shared) };
        if trade.paid_at.is_some() {
            return step(trade_no, "/result");
        }
        let Some(card) = &trade.card else { return step(trade_no, "") };
        context! { last4 => card.last4.as_str(), otp => OTP, problem, ..summary(trade) }
    };
    shared.pages.show("three_d.html", values)
}

/// `POST /Cashier/Pay/{trade_no}/3d`: the code, or the wish not to give it.
pub(crate) async fn three_d(
    State(shared): State<Arc<Shared>>,
    Path(trade_no): Path<String>,
    body: Bytes,
) -> Response {
    let form = Form::parse(&body).unwrap_or_default();
    let known = shared.store().get(&trade_no).is_some_and(|trade| trade.card.is_some());
    if !known {
        return step(&trade_no, "");
    }
    if form.filled("refuse").is_some() {
        return finish(&shared, &trade_no, Outcome::Failed(payment::FAILED_3D));
    }
    if form.get("otp").trim() != OTP {
        return show_three_d(&shared, &trade_no, Some("驗證碼錯誤，請重新輸入（模擬環境為 1234）"));
    }
    finish(&shared, &trade_no, Outcome::Paid)
}

/// `POST /Cashier/Pay/{trade_no}/fail`: the bank declines.
pub(crate) async fn fail(
    State(shared): State<Arc<Shared>>,
    Path(trade_no): Path<String>,
) -> Response {
    finish(&shared, &trade_no, Outcome::Failed(payment::FAILED))
}

fn finish(shared: &Shared, trade_no: &str, outcome: Outcome) -> Response {
    let now = shared.now();
    let settled = {
        let mut store = shared.store();
        let Some(trade) = store.get(trade_no) else { return not_found(shared) };
        // In the browser a card is what is paid or declined at once, if cards are offered.
        let card = trade.methods.contains(&Method::Credit);
        let method = if card { Method::Credit } else { trade.methods[0] };
        payment::settle(&mut store, trade_no, method, outcome, now)
    };
    match settled {
        Ok(letters) => {
            shared.post(letters);
            step(trade_no, "/result")
        }
        Err(PayError::AlreadyPaid) => step(trade_no, "/result"),
        Err(_) => not_found(shared),
    }
}

/// `GET /Cashier/Pay/{trade_no}/result`: the way back to the shop.
pub(crate) async fn result_page(
    State(shared): State<Arc<Shared>>,
    Path(trade_no): Path<String>,
) -> Response {
    let (page, values) = {
        let store = shared.store();
        let Some(trade) = store.get(&trade_no) else { return not_found(&shared) };
        let Some(event) = trade.last_event.clone() else { return step(&trade_no, "") };
        let success = event.is_success();
        let by_card = trade.paid_by == Some(Method::Credit);
        match trade.request.filled("OrderResultURL").filter(|_| by_card) {
            Some(url) => {
                let honest = messages::Result::honest(trade, event);
                let fields = messages::payment_result(trade, &honest, Voice::Browser);
                let fields = signature::signed(&trade.merchant, fields);
                let values = context! { success, action => url, fields, ..summary(trade) };
                ("return.html", values)
            }
            None => ("result.html", context! { success, code => event.code, ..summary(trade) }),
        }
    };
    shared.pages.show(page, values)
}

/// `GET /Cashier/Pay/{trade_no}/cancelled`: the buyer left, and the shop gave no address.
pub(crate) async fn cancelled_page(
    State(shared): State<Arc<Shared>>,
    Path(trade_no): Path<String>,
) -> Response {
    let values = {
        let store = shared.store();
        let Some(trade) = store.get(&trade_no) else { return not_found(&shared) };
        context! { cancelled => true, ..summary(trade) }
    };
    shared.pages.show("result.html", values)
}

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
        Ok(letter) => {
            shared.post(letter);
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
        if let Some(url) = trade.request.filled("ClientRedirectURL") {
            let fields = messages::code_issued(trade).unwrap_or_default();
            let fields = signature::signed(&trade.merchant, fields);
            let values = context! { success => true, issued => true, action => url, fields, ..summary(trade) };
            ("return.html", values)
        } else {
            let field = |name: &str| {
                let mut fields = code.fields.iter();
                fields.find(|(known, _)| known == name).map(|(_, value)| value.clone())
            };
            let values = context! {
                method => code.method.as_str(),
                bank_code => field("BankCode"),
                account => field("vAccount"),
                payment_no => field("PaymentNo"),
                barcodes => [field("Barcode1"), field("Barcode2"), field("Barcode3")],
                expires => field("ExpireDate"),
                paid => trade.paid_at.is_some(),
                ..summary(trade)
            };
            ("code.html", values)
        }
    };
    shared.pages.show(page, values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_expire_at_the_end_of_their_month() {
        let now = (26, 5);
        for (text, ahead) in [
            ("05/26", true),
            ("12 / 29", true),
            ("04/26", false),
            ("13/30", false),
            ("00/30", false),
            ("1230", false),
            ("", false),
        ] {
            assert_eq!(expiry_is_ahead(text, now), ahead, "{text}");
        }
    }
}
