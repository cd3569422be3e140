//! Operations confirm money that they saw: a bank transfer on the statement, what the carrier handed
//! over. When all of it is there, it is the same as a provider's word.

use kernel::{
    Actor, Money,
    id::{OrderId, PaymentId},
};
use payments::{
    Payment,
    receipts::{self, Receipt},
};
use pg::{Connection, DbResult};
use uuid::Uuid;

use crate::{Checkout, error::CheckoutError, word::Word};

/// What was seen.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// The key of whoever enters it: entered twice, it came once.
    pub key: Uuid,
    /// How much.
    pub amount: Money,
    /// What the statement calls it.
    pub reference: &'a str,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Noted {
    /// The attempt as it is now.
    pub payment: Payment,
    /// Its order.
    pub order: OrderId,
    /// Whether this was noted now, and not before.
    pub new: bool,
}

impl Checkout {
    /// Notes money that somebody of the shop saw come in, in the caller's transaction; settles the
    /// attempt when all of it is there.
    pub async fn note_receipt(
        &self,
        conn: &mut Connection,
        payment: PaymentId,
        seen: &Seen<'_>,
        actor: Actor,
    ) -> Result<Noted, CheckoutError> {
        let found = payments::load(conn, payment).await?;
        let found = found.ok_or(payments::PaymentError::NotFound)?;
        let order = orders::lock(conn, found.order).await?;
        let mut payment = payments::lock(conn, found.id).await?;
        let now = self.clock.now();
        let receipt = Receipt {
            key: seen.key,
            amount: seen.amount,
            reference: seen.reference.to_owned(),
            received_at: now,
        };
        let by = actor.user_id().map(kernel::id::UserId::as_uuid);
        let (id, order_id) = (payment.id, order.id);
        let new = receipts::note(conn, &mut payment, &receipt, by).await?;
        if new && payment.received == payment.amount {
            let word = Word::of_staff(payment.amount, actor);
            self.settle(conn, order, payment, &word).await?;
        } else if new && order.status.awaits_payment() {
            // It does not end by itself any more: what has come has to go somewhere.
            orders::awaiting::ask_again(conn, order.id, order.reserved_until).await?;
        }
        let payment = payments::load(conn, id).await?;
        let payment = payment.ok_or(payments::PaymentError::NotFound)?;
        Ok(Noted { payment, order: order_id, new })
    }

    /// What came in for an attempt, the first one first.
    pub async fn receipts(
        &self,
        conn: &mut Connection,
        payment: &Payment,
    ) -> DbResult<Vec<Receipt>> {
        receipts::of(conn, payment).await
    }
}
