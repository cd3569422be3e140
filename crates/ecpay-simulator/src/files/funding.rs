//! `FundingReconDetail`: what cards earn a merchant, payout by payout.

use jiff::Timestamp;
use jiff::civil::{Date, time};

use super::{Refused, Row, cell, falsify, period};
use crate::card::{Card, Close};
use crate::fault::FileName;
use crate::messages;
use crate::method::Method;
use crate::question::Question;
use crate::server::Shared;
use crate::taipei;
use crate::trade::Trade;

const HEADER: &str = "序號,授權單號,授權碼,訂單編號,交易日期,請款日期,交易金額,服務費,撥款金額";

/// A capture, or a refund below 0. Amounts are whole TWD.
struct Entry {
    gwsr: u64,
    number: String,
    traded_at: Timestamp,
    closed_at: Timestamp,
    amount: i64,
    fee: i64,
}

impl Row for Entry {
    fn number(&self) -> &str {
        &self.number
    }

    fn set_amount(&mut self, amount: i64) {
        self.amount = amount;
    }
}

impl Entry {
    fn new(trade: &Trade, card: &Card, close: &Close) -> Option<Self> {
        // What is refunded costs nothing more, and brings no fee back.
        let fee = u32::try_from(close.amount).map_or(0, |sum| messages::fee(Method::Credit, sum));
        Some(Self {
            gwsr: card.gwsr,
            number: trade.merchant_trade_no.clone(),
            traded_at: card.authorised_at,
            closed_at: close.closed_at?,
            amount: close.amount,
            fee: fee.into(),
        })
    }

    fn line(&self, place: usize) -> String {
        [
            place.to_string(),
            self.gwsr.to_string(),
            Card::AUTH_CODE.to_owned(),
            cell(&self.number),
            taipei::plain_date(self.traded_at),
            taipei::plain_date(self.closed_at),
            self.amount.to_string(),
            self.fee.to_string(),
            (self.amount - self.fee).to_string(),
        ]
        .join(",")
    }
}

/// The day a close counts for; none while its file is not ready: payouts are told from 14:00 of
/// their day on.
fn counted_on(close: &Close, by_capture: bool, now: Timestamp) -> Option<Date> {
    if by_capture {
        return close.closed_at.map(taipei::day);
    }
    let day = close.payout_day()?;
    let ready = taipei::on(day, time(14, 0, 0, 0)) <= now;
    ready.then_some(day)
}

/// The file's lines, its header first.
pub(super) fn write(shared: &Shared, question: &Question) -> Result<Vec<String>, Refused> {
    let by_capture = match question.form.get("PayDateType") {
        "close" => true,
        "fund" | "enter" => false,
        _ => return Err("PayDateType Error"),
    };
    let (begin, end) = period(&question.form, "StartDate", "EndDate")?;
    let now = shared.now();
    let (mut entries, faults) = {
        let mut store = shared.store();
        let mut entries = Vec::new();
        for trade in store.newest_first().rev() {
            let Some(card) = &trade.card else { continue };
            if trade.merchant.id != question.merchant.id {
                continue;
            }
            let asked = |close: &&Close| {
                let day = counted_on(close, by_capture, now);
                day.is_some_and(|day| (begin..=end).contains(&day))
            };
            let closes = card.closes.iter().filter(asked);
            entries.extend(closes.filter_map(|close| Entry::new(trade, card, close)));
        }
        (entries, store.take_file_faults(FileName::Funding))
    };
    falsify(&mut entries, faults, |number, amount| {
        let at = taipei::on(begin, time(12, 0, 0, 0));
        Entry { gwsr: 99_999_999, number, traded_at: at, closed_at: at, amount, fee: 0 }
    });
    let lines = entries.iter().enumerate().map(|(at, entry)| entry.line(at + 1));
    Ok(std::iter::once(HEADER.to_owned()).chain(lines).collect())
}
