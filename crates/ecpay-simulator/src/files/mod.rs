//! Reconciliation: what ECPay has on file, as comma-separated values.

mod funding;
mod trades;

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use jiff::ToSpan as _;
use jiff::civil::Date;

use crate::fault::{Fault, FaultKind};
use crate::form::Form;
use crate::question::Question;
use crate::server::Shared;
use crate::taipei;

/// Why there is no file.
type Refused = &'static str;

/// `POST /PaymentMedia/TradeNoAio`
pub(crate) async fn trades(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    respond(&shared, "/PaymentMedia/TradeNoAio", &body, trades::write)
}

/// `POST /CreditDetail/FundingReconDetail`
pub(crate) async fn funding(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    respond(&shared, "/CreditDetail/FundingReconDetail", &body, funding::write)
}

fn respond(
    shared: &Shared,
    path: &'static str,
    body: &[u8],
    write: fn(&Shared, &Question) -> Result<Vec<String>, Refused>,
) -> Response {
    let made = Question::read(shared, path, body).and_then(|question| {
        let big5 = match question.form.get("CharSet") {
            "" | "1" => true,
            "2" => false,
            _ => return Err("CharSet Error"),
        };
        if !shared.may_fetch_file() {
            return Err("Only One File Per Minute");
        }
        let lines = write(shared, &question)?;
        shared.note_file();
        Ok((lines, big5))
    });
    match made {
        Ok((lines, big5)) => {
            let text = lines.join("\r\n") + "\r\n";
            let bytes = if big5 {
                encoding_rs::BIG5.encode(&text).0.into_owned()
            } else {
                text.into_bytes()
            };
            ([(header::CONTENT_TYPE, "text/csv")], bytes).into_response()
        }
        Err(reason) => format!("0|{reason}").into_response(),
    }
}

/// The days asked for, both included; at most a month.
fn period(form: &Form, begin: &str, end: &str) -> Result<(Date, Date), Refused> {
    let date = |name: &str| taipei::parse_date(form.get(name)).ok_or("Date Error");
    let (begin, end) = (date(begin)?, date(end)?);
    if begin > end || end > begin.saturating_add(1.month()) {
        return Err("Date Range Error");
    }
    Ok((begin, end))
}

/// A row before it is written.
trait Row {
    /// The shop's number of the order.
    fn number(&self) -> &str;
    /// Says another amount.
    fn set_amount(&mut self, amount: i64);
}

/// Plants the differences that were ordered.
fn falsify<R: Row>(rows: &mut Vec<R>, faults: Vec<Fault>, extra: impl Fn(String, i64) -> R) {
    for fault in faults {
        let named = fault.merchant_trade_no;
        let first = rows.first().map(|row| row.number().to_owned());
        let target = named.clone().or(first).unwrap_or_default();
        match fault.kind {
            FaultKind::RowMissing { .. } => rows.retain(|row| row.number() != target),
            FaultKind::RowAmount { amount, .. } => {
                for row in rows.iter_mut().filter(|row| row.number() == target) {
                    row.set_amount(amount);
                }
            }
            FaultKind::RowExtra { amount, .. } => {
                rows.push(extra(named.unwrap_or_else(|| "SIMEXTRA1".to_owned()), amount));
            }
            _ => {}
        }
    }
}

/// A text that fits between commas.
fn cell(text: &str) -> String {
    let odd = |c: char| matches!(c, ',' | '"') || c.is_control();
    text.replace(odd, " ")
}
