//! Money that operations saw come in, for methods that are confirmed by hand: bank transfers, and
//! what carriers collected. In parts, if need be: an attempt is paid when all of it is there.

use jiff::Timestamp;
use kernel::Money;
use pg::{Connection, DbResult};
use uuid::Uuid;

use crate::{error::PaymentError, model::Payment, sql};

/// What came in at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Whoever enters it twice with one key has seen it once.
    pub key: Uuid,
    /// How much.
    pub amount: Money,
    /// What the bank's statement, or the carrier's, calls it.
    pub reference: String,
    /// When it was entered.
    pub received_at: Timestamp,
}

/// Notes money for a locked attempt that is confirmed by hand, never more than is outstanding.
/// `false`: this key has noted it before, and nothing was done.
pub async fn note(
    conn: &mut Connection,
    payment: &mut Payment,
    receipt: &Receipt,
    actor: Option<Uuid>,
) -> Result<bool, PaymentError> {
    let known = sql::receipts::of(conn, payment).await?;
    if let Some(before) = known.iter().find(|it| it.key == receipt.key) {
        let same = (before.amount, &before.reference) == (receipt.amount, &receipt.reference);
        return if same { Ok(false) } else { Err(PaymentError::KeyReused) };
    }
    if payment.askable {
        return Err(PaymentError::NotByHand);
    }
    let outstanding = payment.outstanding();
    if receipt.amount == Money::ZERO || receipt.amount > outstanding {
        return Err(PaymentError::NotOutstanding { outstanding });
    }
    sql::receipts::insert(conn, payment, receipt, actor).await?;
    payment.received = payment.received.plus(receipt.amount).unwrap_or(payment.amount);
    Ok(true)
}

/// What came in for an attempt, the first one first.
pub async fn of(conn: &mut Connection, payment: &Payment) -> DbResult<Vec<Receipt>> {
    sql::receipts::of(conn, payment).await
}
