//! What follows from money that went back.

use inventory::{Cause, Fate};
use jiff::Timestamp;
use kernel::Actor;
use orders::{Move, Order, OrderStatus};
use payments::{
    Payment, PaymentStatus,
    refunds::{self, Refund, events},
    tasks::{self, TaskResolution},
};
use pg::Connection;

use crate::{Checkout, error::CheckoutError};

impl Checkout {
    /// The money of a refund went back: its order moves on with the last of it, and nobody has to
    /// look into it any more. The order's row is locked.
    pub(super) async fn after_refund(
        &self,
        conn: &mut Connection,
        order: &mut Order,
        payment: &Payment,
        refund: &Refund,
        actor: Actor,
    ) -> Result<(), CheckoutError> {
        let now = self.clock.now();
        tasks::close_of_refund(conn, refund.id, TaskResolution::Done, actor, now).await?;
        let all_back = payment.kept && payment.status == PaymentStatus::Refunded;
        let moves_on = match order.status {
            OrderStatus::RefundRequested => all_back,
            // What was accepted of the goods may be worth less than all of them.
            OrderStatus::Returned => {
                let all = refunds::of_order(conn, order.id).await?;
                payment.kept && all.iter().all(|it| it.status.is_over())
            }
            _ => false,
        };
        if moves_on {
            orders::transition(conn, order, Move::Refund, actor, Some(&refund.reason), now).await?;
        }
        let event = self.refund_event(events::SUCCEEDED, order, refund);
        outbox::append(conn, &[event]).await?;
        Ok(())
    }

    /// Units of an order whose money goes back, and that never left, may be sold again, and its parcels
    /// are given up; none when they were given back before. What waits for units beyond stock leaves its
    /// queues. Before the money goes: a stocktake may hold the stock, and nothing may hold up what is
    /// true about money.
    pub(super) async fn put_back_on_sale(
        &self,
        conn: &mut Connection,
        order: &Order,
        now: Timestamp,
    ) -> Result<(), CheckoutError> {
        self.cancel_planned(conn, order, Actor::System, now).await?;
        let reference = Some(order.id.as_uuid());
        let cause = Cause { actor: Actor::System, reference, reason: Some("refunded"), at: now };
        let context = self.save_context();
        inventory::parts::withdraw_all(conn, order.id, Fate::OnSale, &cause, &context).await?;
        Ok(())
    }
}
