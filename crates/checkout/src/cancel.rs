//! Cancelling an order: unpaid, it ends; paid and not sent yet, its money goes back.

use inventory::{Fate, ReservationStatus};
use jiff::Timestamp;
use kernel::{Actor, id::OrderId};
use orders::{Move, Order};
use payments::{PaymentMove, Settlement};
use pg::{Backoff, Connection, DbError, retry};

use crate::{Checkout, error::CheckoutError, limits};

impl Checkout {
    /// Ends an unpaid order and gives back its stock and what it took of limits. Of a paid one that has
    /// not left, even in part, the money is asked back, and its stock is on sale again.
    pub async fn cancel(
        &self,
        order: OrderId,
        actor: Actor,
        reason: Option<&str>,
    ) -> Result<(), CheckoutError> {
        retry(Backoff::TRANSACTION, &self.ids, || self.try_cancel(order, actor, reason)).await
    }

    async fn try_cancel(
        &self,
        order: OrderId,
        actor: Actor,
        reason: Option<&str>,
    ) -> Result<(), CheckoutError> {
        let mut tx = self.db.begin().await?;
        let now = self.clock.now();
        let mut order = orders::lock(&mut tx, order).await?;
        if order.status.is_before_shipment() {
            self.cancel_paid(&mut tx, &mut order, Fate::OnSale, reason, actor, now).await?;
            tx.commit().await.map_err(DbError::from)?;
            return Ok(());
        }
        self.cancel_unpaid(&mut tx, &mut order, reason, actor, now).await?;
        tx.commit().await.map_err(DbError::from)?;
        Ok(())
    }

    /// Ends a locked order that is not paid.
    pub(crate) async fn cancel_unpaid(
        &self,
        conn: &mut Connection,
        order: &mut Order,
        reason: Option<&str>,
        actor: Actor,
        now: Timestamp,
    ) -> Result<(), CheckoutError> {
        orders::transition(conn, order, Move::Cancel, actor, reason, now).await?;
        end_attempts(conn, order.id, actor, now).await?;
        let (context, status) = (self.save_context(), ReservationStatus::Released);
        inventory::release(conn, &[order.id], status, actor, now, &context).await?;
        self.tell_cancelled(conn, order, now).await
    }

    /// Gives back what an order that was cancelled took of limits, and tells that it was.
    pub(crate) async fn tell_cancelled(
        &self,
        conn: &mut Connection,
        order: &Order,
        now: Timestamp,
    ) -> Result<(), CheckoutError> {
        limits::release(conn, std::slice::from_ref(order), now).await?;
        let event = orders::events::cancelled(order, "cancelled", &*self.clock, &self.ids);
        outbox::append(conn, &[event]).await?;
        Ok(())
    }
}

/// Ends the attempts to pay a locked order that are open.
pub(crate) async fn end_attempts(
    conn: &mut Connection,
    order: OrderId,
    actor: Actor,
    now: Timestamp,
) -> Result<(), CheckoutError> {
    for payment in payments::of_order(conn, order).await? {
        if payment.status.after(PaymentMove::Cancel).is_err() {
            continue;
        }
        let mut payment = payments::lock(conn, payment.id).await?;
        let nothing = Settlement::default();
        payments::transition(conn, &mut payment, PaymentMove::Cancel, &nothing, actor, now).await?;
    }
    Ok(())
}
