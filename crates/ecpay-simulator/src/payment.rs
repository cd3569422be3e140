//! What paying does: the order changes, and notices are written.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::card::{Card, Entry};
use crate::code;
use crate::delivery::{After, Letter};
use crate::fault::{FaultKind, NoticeKind, Stage};
use crate::form;
use crate::messages::{self, Fields, Voice};
use crate::method::Method;
use crate::signature;
use crate::store::Store;
use crate::trade::{Event, Notice, NoticeState, PayCode, Trade};

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

/// Whether an order can be paid by a method now.
fn payable(trade: &Trade, method: Method, now: Timestamp) -> Result<(), PayError> {
    if trade.paid_at.is_some() {
        return Err(PayError::AlreadyPaid);
    }
    if !trade.methods.contains(&method) {
        return Err(PayError::WrongMethod);
    }
    let expired = |code: &PayCode| code.method == method && code.expires_at < now;
    if trade.code.as_ref().is_some_and(expired) {
        return Err(PayError::CodeExpired);
    }
    Ok(())
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
    payable(trade, method, now)?;
    let number = trade.merchant_trade_no.clone();
    let faults = store.take_faults(Stage::Payment, &number);
    let ids = [store.next_number(), store.next_number()];
    let trade = store.get_mut(trade_no).ok_or(PayError::NoTrade)?;
    trade.paid_by = Some(method);
    let simulated = outcome == Outcome::Simulated
        || (outcome == Outcome::Paid && faults.contains(&FaultKind::Simulated));
    let code = if let Outcome::Failed(code) = outcome { code } else { Event::PAID };
    let event = Event { code, at: now, simulated };
    if event.is_success() && !simulated {
        trade.paid_at = Some(now);
        if method.is_card() {
            let entry = trade.entry.clone().unwrap_or_else(Entry::test_card);
            let points = trade.request.get("Redeem") == "Y";
            let gwsr = 10_000_000 + ids[0];
            trade.card = Some(Card::authorise(entry, gwsr, trade.amount, points, now));
        }
    }
    trade.last_event = Some(event.clone());

    if event.is_success() && faults.contains(&FaultKind::FailedThenSucceeded) {
        let failure = Event { code: FAILED, at: now, simulated: false };
        let mut letters = write_result(trade, ids[0], &failure, &faults, None, now);
        let reordered = |fault: &FaultKind| matches!(fault, FaultKind::Reordered { .. });
        let after = (!faults.iter().any(reordered)).then_some(After::Notice(ids[0]));
        let kept: Vec<_> = faults.into_iter().filter(|fault| !reordered(fault)).collect();
        letters.extend(write_result(trade, ids[1], &event, &kept, after, now));
        return Ok(letters);
    }
    Ok(write_result(trade, ids[0], &event, &faults, None, now))
}

/// Writes one payment result with everything that is to go wrong with it.
fn write_result(
    trade: &mut Trade,
    id: u64,
    event: &Event,
    faults: &[FaultKind],
    after: Option<After>,
    now: Timestamp,
) -> Vec<Letter> {
    let say = |voice| messages::payment_result(trade, event, voice);
    let copied = faults.iter().any(|fault| matches!(fault, FaultKind::Duplicated { .. }));
    let again = if copied { Voice::Server } else { Voice::ServerAgain };
    let texts = [say(Voice::Server), say(again)];
    let url = trade.request.get("ReturnURL").to_owned();
    Draft { id, kind: NoticeKind::Payment, url, texts, after }.send(trade, faults, now)
}

/// A notice before anything went wrong with it.
struct Draft {
    id: u64,
    kind: NoticeKind,
    url: String,
    /// What is sent first, and what when that failed.
    texts: [Fields; 2],
    after: Option<After>,
}

impl Draft {
    /// Writes it into the order's list; the letters to post.
    fn send(mut self, trade: &mut Trade, faults: &[FaultKind], now: Timestamp) -> Vec<Letter> {
        let (mut forged, mut silent, mut copies) = (false, false, 1);
        let mut delay = Duration::ZERO;
        for fault in faults {
            match fault {
                FaultKind::Late { delay_ms } => delay = Duration::from_millis(*delay_ms),
                FaultKind::Duplicated { copies: n } => copies = *n,
                FaultKind::Reordered { hold_ms } => {
                    let at_most = Duration::from_millis(*hold_ms);
                    self.after = Some(After::AnyOther { at_most });
                }
                FaultKind::WrongAmount { amount } => {
                    let amount = amount.unwrap_or_else(|| trade.amount.saturating_sub(1));
                    self.twist("TradeAmt", &amount.to_string());
                }
                FaultKind::WrongMerchant { merchant_id } => {
                    self.twist("MerchantID", merchant_id.as_deref().unwrap_or("2000132"));
                }
                FaultKind::ForgedMac => forged = true,
                FaultKind::Silence => silent = true,
                _ => {}
            }
        }
        let [body, body_again] = self.texts.map(|fields| {
            let mut signed = signature::signed(&trade.merchant, fields);
            if forged {
                signature::spoil(&mut signed);
            }
            form::encode(&signed)
        });
        let notice = Notice {
            id: self.id,
            kind: self.kind,
            url: self.url,
            body,
            body_again,
            state: if silent { NoticeState::Silenced } else { NoticeState::Pending },
            next_at: (!silent).then(|| later(now, delay)),
            attempts: Vec::new(),
        };
        let letter = Letter::new(trade, &notice).delayed(delay).waiting(self.after);
        trade.log(notice);
        if silent { Vec::new() } else { vec![letter; usize::try_from(copies).unwrap_or(1)] }
    }

    /// Says something else in a field.
    fn twist(&mut self, name: &str, value: &str) {
        for fields in &mut self.texts {
            for (_, known) in fields.iter_mut().filter(|(field, _)| field == name) {
                value.clone_into(known);
            }
        }
    }
}

/// A time so much later.
pub(crate) fn later(now: Timestamp, wait: Duration) -> Timestamp {
    let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX);
    now.saturating_add(wait).unwrap_or(Timestamp::MAX)
}

/// Issues a payment code for a delayed method, once, and answers the announcements to send.
pub(crate) fn issue_code(
    store: &mut Store,
    trade_no: &str,
    method: Method,
    now: Timestamp,
) -> Result<Vec<Letter>, PayError> {
    let trade = store.get(trade_no).ok_or(PayError::NoTrade)?;
    if trade.paid_at.is_some() {
        return Err(PayError::AlreadyPaid);
    }
    if !method.is_delayed() || !trade.methods.contains(&method) {
        return Err(PayError::WrongMethod);
    }
    if trade.code.is_some() {
        return Ok(Vec::new());
    }
    let announced = trade.request.filled("PaymentInfoURL").is_some();
    let merchant_trade_no = trade.merchant_trade_no.clone();
    let id = store.next_number();
    let trade = store.get_mut(trade_no).ok_or(PayError::NoTrade)?;
    trade.code = Some(code::make(trade, method, id, now));
    if !announced {
        return Ok(Vec::new());
    }
    let faults = store.take_faults(Stage::Code, &merchant_trade_no);
    let trade = store.get_mut(trade_no).ok_or(PayError::NoTrade)?;
    let fields = messages::code_issued(trade).unwrap_or_default();
    let url = trade.request.get("PaymentInfoURL").to_owned();
    let texts = [fields.clone(), fields];
    Ok(Draft { id, kind: NoticeKind::Code, url, texts, after: None }.send(trade, &faults, now))
}
