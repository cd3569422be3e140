//! Moving attempts along their machine, with the guard repeated in SQL and an audit row a move.

use jiff::Timestamp;
use kernel::Actor;
use pg::Connection;

use crate::{
    error::PaymentError,
    model::{Payment, PaymentMove},
    sql,
};

/// What the provider said with a move.
#[derive(Clone, Copy, Debug, Default)]
pub struct Settlement<'a> {
    /// The provider's number.
    pub provider_trade_no: Option<&'a str>,
    /// The provider's code for a failure.
    pub failure_code: Option<i64>,
    /// The provider's words for a failure.
    pub failure_message: Option<&'a str>,
    /// When the money came.
    pub paid_at: Option<Timestamp>,
    /// The money came, but has to go back.
    pub goes_back: bool,
    /// The provider's number of the card authorisation.
    pub card_auth_no: Option<i64>,
    /// Why, where the provider has said nothing: for the record.
    pub reason: Option<&'a str>,
}

/// Moves a locked attempt.
pub async fn transition(
    conn: &mut Connection,
    payment: &mut Payment,
    asked: PaymentMove,
    settlement: &Settlement<'_>,
    actor: Actor,
    at: Timestamp,
) -> Result<(), PaymentError> {
    let from = payment.status;
    let to = from.after(asked)?;
    payment.status = to;
    payment.kept = payment.kept && !settlement.goes_back;
    if let Some(number) = settlement.provider_trade_no {
        payment.provider_trade_no = Some(number.to_owned());
    }
    payment.paid_at = settlement.paid_at.or(payment.paid_at);
    payment.card_auth_no = settlement.card_auth_no.or(payment.card_auth_no);
    let reason = settlement.failure_message.or(settlement.reason);
    sql::update(conn, payment, from, settlement, at).await?;
    sql::insert_transition(conn, payment, from, actor, reason, at).await?;
    Ok(())
}
