//! Cancelling an order that is sold and has not left: its money is asked back, if it has come, and its
//! stock is free.

use inventory::{Cause, Fate};
use jiff::Timestamp;
use kernel::{Actor, id::OrderId};
use orders::{Move, Order};
use pg::Connection;

use super::error::AfterSaleError;
use crate::{
    Checkout,
    cancel::end_attempts,
    error::CheckoutError,
    refunds::{RefundAmount, RefundAsk},
};

impl Checkout {
    /// Cancels an order for operations, with what becomes of its stock. What is not paid yet simply
    /// ends; see [`Checkout::cancel`].
    pub async fn cancel_for_operations(
        &self,
        conn: &mut Connection,
        order: OrderId,
        fate: Fate,
        reason: &str,
        actor: Actor,
        now: Timestamp,
    ) -> Result<Order, CheckoutError> {
        let mut order = orders::lock(conn, order).await?;
        if order.status.is_before_shipment() {
            self.cancel_paid(conn, &mut order, fate, Some(reason), actor, now).await?;
        } else {
            self.cancel_unpaid(conn, &mut order, Some(reason), actor, now).await?;
        }
        Ok(order)
    }

    /// Cancels a locked order that is paid, or is to be paid at the door. Units that left never come back by this: what is left of
    /// such an order is taken off it by an edit.
    pub(crate) async fn cancel_paid(
        &self,
        conn: &mut Connection,
        order: &mut Order,
        fate: Fate,
        reason: Option<&str>,
        actor: Actor,
        now: Timestamp,
    ) -> Result<(), CheckoutError> {
        let bought = inventory::parts::fulfilments(conn, &[order.id]).await?;
        if bought.iter().any(|it| it.left() > 0) {
            let why = "a part of the order has left; take the rest off it, or return it";
            return Err(AfterSaleError::NotNow { status: order.status, why }.into());
        }
        let no_money_came = order.paid_at.is_none();
        if no_money_came {
            orders::transition(conn, order, Move::CallOff, actor, reason, now).await?;
            end_attempts(conn, order.id, actor, now).await?;
        } else {
            orders::transition(conn, order, Move::RequestRefund, actor, reason, now).await?;
            // Buyers see why: a word, not what the house says to itself.
            let amount = RefundAmount::Whole;
            let ask = RefundAsk { amount, reason: "cancelled", automatic: true };
            self.request_refund(conn, order, &ask, actor, now).await?;
        }
        self.cancel_planned(conn, order, actor, now).await?;
        let cause = Cause { actor, reference: Some(order.id.as_uuid()), reason, at: now };
        let context = self.save_context();
        inventory::parts::withdraw_all(conn, order.id, fate, &cause, &context).await?;
        if no_money_came {
            self.tell_cancelled(conn, order, now).await?;
        }
        Ok(())
    }
}
