//! The card form and the bank's page.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::Response;
use minijinja::{Value, context};

use super::{Problem, finish, not_found, show_pay_page, step, summary};
use crate::card::Entry;
use crate::form::Form;
use crate::method::Method;
use crate::payment::{self, Outcome};
use crate::server::Shared;
use crate::taipei;
use crate::trade::Trade;

/// Cards that never cost anything; no other is taken. The last one can pay in flexible instalments.
const TEST_CARDS: [&str; 3] = ["4311952222222222", "4311951111111111", "4938177777777777"];
/// The code that 3-D Secure asks for.
const OTP: &str = "1234";
/// After so many wrong codes the bank refuses.
const MAX_WRONG_CODES: u8 = 3;

const NO_TEST_CARD: Problem = (
    "這裡只接受測試卡號，請勿輸入真實信用卡：4311-9522-2222-2222",
    "Only test cards are taken, never a real one: 4311-9522-2222-2222",
);
const BAD_EXPIRY: Problem =
    ("信用卡有效期限不正確或已過期", "The card’s expiry is wrong, or in the past");
const BAD_CVC: Problem =
    ("安全碼應為卡片背面末三碼", "The security code is the last three digits on the card’s back");
const BAD_PLAN: Problem = ("請選擇分期期數", "Please choose how many instalments");
const WRONG_CODE: Problem = (
    "驗證碼錯誤，請重新輸入（模擬環境為 1234）",
    "Wrong code; please try again (here it is always 1234)",
);

/// What the card form lets a buyer choose.
pub(super) fn choices(trade: &Trade) -> Value {
    context! {
        plans => trade.instalment_plans().into_iter().map(str::to_owned).collect::<Vec<_>>(),
        // Who chose the card on a page of many methods may still pay at once.
        one_payment => one_payment(trade),
        card_form => trade.request.get("UnionPay") != "1",
        union_pay => takes_union_pay(trade),
        redeem => trade.request.get("Redeem") == "Y",
        recurring => trade.request.filled("PeriodType").is_some(),
    }
}

fn one_payment(trade: &Trade) -> bool {
    trade.instalment_plans().is_empty() || trade.request.get("ChoosePayment") == "ALL"
}

fn takes_union_pay(trade: &Trade) -> bool {
    let request = &trade.request;
    let alone = trade.instalment_plans().is_empty()
        && request.get("Redeem") != "Y"
        && request.get("BindingCard") != "1"
        && request.filled("PeriodType").is_none();
    request.get("UnionPay") != "2" && alone
}

/// `POST /Cashier/Pay/{trade_no}/card`: the card form. Nothing but a test card is taken, and of
/// that only the digits that notices carry are kept.
pub(crate) async fn card(
    State(shared): State<Arc<Shared>>,
    Path(trade_no): Path<String>,
    body: Bytes,
) -> Response {
    let form = Form::parse(&body).unwrap_or_default();
    let now = taipei::year_and_month(shared.now());
    let entered = {
        let mut store = shared.store();
        let Some(trade) = store.get_mut(&trade_no) else { return not_found(&shared) };
        if !trade.methods.contains(&Method::Credit) {
            return not_found(&shared);
        }
        entry(trade, &form, now).map(|entry| {
            trade.entry = Some(entry);
            trade.wrong_codes = 0;
        })
    };
    match entered {
        Ok(()) => step(&trade_no, "/3d"),
        Err(problem) => show_pay_page(&shared, &trade_no, Some(problem)),
    }
}

fn entry(trade: &Trade, form: &Form, now: (i16, i8)) -> Result<Entry, Problem> {
    if form.get("brand") == "unionpay" {
        let (first6, last4) = ("625000".to_owned(), "0000".to_owned());
        let entry = Entry { first6, last4, instalments: None, union_pay: true };
        return if takes_union_pay(trade) { Ok(entry) } else { Err(NO_TEST_CARD) };
    }
    let number: String = form.get("card_number").chars().filter(char::is_ascii_digit).collect();
    if !TEST_CARDS.contains(&number.as_str()) || trade.request.get("UnionPay") == "1" {
        return Err(NO_TEST_CARD);
    }
    if !expiry_is_ahead(form.get("expiry"), now) {
        return Err(BAD_EXPIRY);
    }
    let cvc = form.get("cvc");
    if cvc.len() != 3 || !cvc.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(BAD_CVC);
    }
    let instalments = match form.filled("instalments") {
        Some(plan) if trade.instalment_plans().contains(&plan) => Some(plan.to_owned()),
        None if one_payment(trade) => None,
        _ => return Err(BAD_PLAN),
    };
    let (first6, last4) = (number[..6].to_owned(), number[12..].to_owned());
    Ok(Entry { first6, last4, instalments, union_pay: false })
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

fn show_three_d(shared: &Shared, trade_no: &str, problem: Option<Problem>) -> Response {
    let values = {
        let store = shared.store();
        let Some(trade) = store.get(trade_no) else { return not_found(shared) };
        if trade.paid_at.is_some() {
            return step(trade_no, "/result");
        }
        let Some(entry) = &trade.entry else { return step(trade_no, "") };
        context! {
            last4 => entry.last4.as_str(),
            instalments => entry.instalments.as_deref(),
            union_pay => entry.union_pay,
            otp => OTP,
            problem,
            ..summary(trade)
        }
    };
    shared.pages.show("three_d.html", values)
}

/// What the bank makes of the buyer's answer.
enum Verdict {
    Passed,
    Again,
    Refused,
}

/// `POST /Cashier/Pay/{trade_no}/3d`: the code, or the wish not to give it.
pub(crate) async fn three_d(
    State(shared): State<Arc<Shared>>,
    Path(trade_no): Path<String>,
    body: Bytes,
) -> Response {
    let form = Form::parse(&body).unwrap_or_default();
    let verdict = {
        let mut store = shared.store();
        let trade = store.get_mut(&trade_no).filter(|trade| trade.entry.is_some());
        let Some(trade) = trade else { return step(&trade_no, "") };
        judge(trade, &form)
    };
    match verdict {
        Verdict::Passed => finish(&shared, &trade_no, Method::Credit, Outcome::Paid),
        Verdict::Again => show_three_d(&shared, &trade_no, Some(WRONG_CODE)),
        Verdict::Refused => {
            let failed = Outcome::Failed(payment::FAILED_3D);
            finish(&shared, &trade_no, Method::Credit, failed)
        }
    }
}

fn judge(trade: &mut Trade, form: &Form) -> Verdict {
    if form.filled("refuse").is_some() {
        return Verdict::Refused;
    }
    if form.get("otp").trim() == OTP {
        return Verdict::Passed;
    }
    trade.wrong_codes += 1;
    if trade.wrong_codes < MAX_WRONG_CODES {
        return Verdict::Again;
    }
    // Another try begins with the card.
    trade.wrong_codes = 0;
    Verdict::Refused
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
