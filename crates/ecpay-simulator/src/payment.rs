//! What paying does: the order changes, and notices are written.

use std::time::Duration;

use jiff::Timestamp;

use crate::delivery::{After, Letter};
use crate::fault::FaultKind;
use crate::form;
use crate::messages::{self, Voice};
use crate::rules::Method;
use crate::signature;
use crate::store::Store;
use crate::taipei;
use crate::trade::{CardDigits, Event, Notice, NoticeKind, NoticeState, PayCode, Trade};

/// What a buyer, or a test in the buyer's stead, makes happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Paid,
    /// The payment failed, with this `RtnCode`.
    Failed(u32),
    /// Fired from the back office: no money moves.
    Simulated,
}

/// `RtnCode` of a failed payment.
pub(crate) const FAILED: u32 = 10_100_058;
/// `RtnCode` when 3-D Secure was not passed.
pub(crate) const FAILED_3D: u32 = 10_200_043;

/// Why nothing can be paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PayError {
    #[error("there is no such order")]
    NoTrade,
    #[error("the order is paid already")]
    AlreadyPaid,
    #[error("the order cannot be paid this way")]
    WrongMethod,
    #[error("the payment code has expired")]
    CodeExpired,
}

/// Lets an order be paid, or fail, and answers the letters to send.
pub(crate) fn settle(
    store: &mut Store,
    trade_no: &str,
    method: Method,
    outcome: Outcome,
    now: Timestamp,
) -> Result<Vec<Letter>, PayError> {
    let trade = store.get(trade_no).ok_or(PayError::NoTrade)?;
    if trade.paid_at.is_some() {
        return Err(PayError::AlreadyPaid);
    }
    if !trade.methods.contains(&method) {
        return Err(PayError::WrongMethod);
    }
    if trade.code.as_ref().is_some_and(|code| code.method == method && code.expires_at < now) {
        return Err(PayError::CodeExpired);
    }
    let number = trade.merchant_trade_no.clone();
    let faults = store.faults.take(&number);
    let ids = [store.next_number(), store.next_number()];
    let trade = store.get_mut(trade_no).ok_or(PayError::NoTrade)?;
    trade.paid_by = Some(method);
    if method == Method::Credit && trade.card.is_none() {
        // Paid without a browser: by the public test card.
        trade.card = Some(CardDigits { first6: "431195".into(), last4: "2222".into() });
    }

    let simulated = outcome == Outcome::Simulated
        || (outcome == Outcome::Paid && faults.contains(&FaultKind::Simulated));
    let code = if let Outcome::Failed(code) = outcome { code } else { Event::PAID };
    let event = Event { code, at: now, simulated };
    if event.is_success() && !simulated {
        trade.paid_at = Some(now);
    }
    trade.last_event = Some(event.clone());

    let mut letters = Vec::new();
    let mut after = None;
    if event.is_success() && faults.contains(&FaultKind::FailedThenSucceeded) {
        let failure = Event { code: FAILED, at: now, simulated: false };
        letters.extend(write_result(trade, ids[0], failure, &faults, None));
        if !faults.iter().any(|fault| matches!(fault, FaultKind::Reordered { .. })) {
            after = Some(After::Notice(ids[0]));
        }
        let last = write_result(trade, ids[1], event, &without_reorder(&faults), after);
        letters.extend(last);
    } else {
        letters.extend(write_result(trade, ids[0], event, &faults, after));
    }
    Ok(letters)
}

fn without_reorder(faults: &[FaultKind]) -> Vec<FaultKind> {
    let kept = faults.iter().filter(|fault| !matches!(fault, FaultKind::Reordered { .. }));
    kept.cloned().collect()
}

/// Writes one payment result with everything that is to go wrong with it.
fn write_result(
    trade: &mut Trade,
    id: u64,
    event: Event,
    faults: &[FaultKind],
    mut after: Option<After>,
) -> Vec<Letter> {
    let mut result = messages::Result::honest(trade, event);
    let (mut forged, mut silent, mut copies) = (false, false, 1);
    let mut delay = Duration::ZERO;
    for fault in faults {
        match fault {
            FaultKind::Late { delay_ms } => delay = Duration::from_millis(*delay_ms),
            FaultKind::Duplicated { copies: n } => copies = *n,
            FaultKind::Reordered { hold_ms } => {
                after = Some(After::AnyOther { at_most: Duration::from_millis(*hold_ms) });
            }
            FaultKind::WrongAmount { amount } => {
                result.amount = amount.unwrap_or_else(|| trade.amount.saturating_sub(1));
            }
            FaultKind::WrongMerchant { merchant_id } => {
                result.merchant_id = merchant_id.clone().unwrap_or_else(|| "2000132".into());
            }
            FaultKind::ForgedMac => forged = true,
            FaultKind::Silence => silent = true,
            FaultKind::FailedThenSucceeded | FaultKind::Simulated => {}
        }
    }
    let body = |voice| {
        let fields = messages::payment_result(trade, &result, voice);
        let mut signed = signature::signed(&trade.merchant, fields);
        if forged && let Some((_, mac)) = signed.last_mut() {
            // One digit other than it should be.
            let other = if mac.starts_with('0') { "1" } else { "0" };
            mac.replace_range(..1, other);
        }
        form::encode(&signed)
    };
    let notice = Notice {
        id,
        kind: NoticeKind::Payment,
        url: trade.request.get("ReturnURL").to_owned(),
        body: body(Voice::Server),
        body_again: if copies > 1 { body(Voice::Server) } else { body(Voice::ServerAgain) },
        state: if silent { NoticeState::Silenced } else { NoticeState::Pending },
        attempts: Vec::new(),
    };
    let letter = Letter::new(trade, &notice).delayed(delay).waiting(after);
    trade.log(notice);
    if silent { Vec::new() } else { vec![letter; usize::try_from(copies).unwrap_or(1)] }
}

/// Issues a payment code for a delayed method, once, and answers the announcement to send.
pub(crate) fn issue_code(
    store: &mut Store,
    trade_no: &str,
    method: Method,
    now: Timestamp,
) -> Result<Option<Letter>, PayError> {
    let number = store.next_number();
    let trade = store.get_mut(trade_no).ok_or(PayError::NoTrade)?;
    if trade.paid_at.is_some() {
        return Err(PayError::AlreadyPaid);
    }
    if method == Method::Credit || !trade.methods.contains(&method) {
        return Err(PayError::WrongMethod);
    }
    if trade.code.is_some() {
        return Ok(None);
    }
    trade.code = Some(make_code(trade, method, number, now));
    let Some(url) = trade.request.filled("PaymentInfoURL").map(str::to_owned) else {
        return Ok(None);
    };
    let fields = messages::code_issued(trade).unwrap_or_default();
    let body = form::encode(&signature::signed(&trade.merchant, fields));
    let notice = Notice {
        id: number,
        kind: NoticeKind::Code,
        url,
        body_again: body.clone(),
        body,
        state: NoticeState::Pending,
        attempts: Vec::new(),
    };
    let letter = Letter::new(trade, &notice);
    trade.log(notice);
    Ok(Some(letter))
}

fn make_code(trade: &Trade, method: Method, number: u64, now: Timestamp) -> PayCode {
    // With ChoosePayment=ALL the unit of the expiry would be ambiguous: the default holds.
    let asked = |field: &str, default: i64| {
        let chosen = trade.request.get("ChoosePayment") == method.as_str();
        let value = trade.request.filled(field).filter(|_| chosen);
        value.and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let mut fields: Vec<(String, String)> = Vec::new();
    let mut push = |name: &str, value: String| fields.push((name.to_owned(), value));
    let expires_at = match method {
        Method::Atm => {
            let expires_at = taipei::end_of_day(now, asked("ExpireDate", 3));
            push("BankCode", bank_code(&trade.payment_type(method)).into());
            push("ExpireDate", taipei::date(expires_at));
            push("vAccount", format!("9103522{:09}", number % 1_000_000_000));
            expires_at
        }
        Method::Cvs => {
            let minutes = asked("StoreExpireDate", 10_080);
            let expires_at = taipei::plus_seconds(now, minutes * 60);
            push("ExpireDate", taipei::date_time(expires_at));
            push("PaymentNo", format!("LLL{:011}", number % 100_000_000_000));
            expires_at
        }
        Method::Barcode | Method::Credit => {
            let expires_at = taipei::end_of_day(now, asked("StoreExpireDate", 7));
            push("Barcode1", format!("{}HEE", &taipei::compact(expires_at)[..6]));
            push("Barcode2", format!("3453010{:09}", number % 1_000_000_000));
            push("Barcode3", format!("{:06}{:09}", number % 1_000_000, trade.amount));
            push("ExpireDate", taipei::date_time(expires_at));
            expires_at
        }
    };
    PayCode { method, fields, expires_at }
}

fn bank_code(payment_type: &str) -> &'static str {
    match payment_type {
        "ATM_ESUN" => "808",
        "ATM_BOT" => "004",
        "ATM_FUBON" => "012",
        "ATM_CHINATRUST" => "822",
        "ATM_FIRST" => "007",
        "ATM_LAND" => "005",
        "ATM_CATHAY" => "013",
        "ATM_MEGA" => "017",
        "ATM_PANHSIN" => "118",
        "ATM_KGI" => "809",
        _ => "812",
    }
}
