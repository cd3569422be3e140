//! Cancelling an order that is not paid.

use inventory::ReservationStatus;
use kernel::{Actor, id::OrderId};
use orders::Move;
use payments::{PaymentMove, Settlement};
use pg::{Backoff, DbError, retry};

use crate::{Checkout, error::CheckoutError, limits};

impl Checkout {
    /// Ends an unpaid order and gives back its stock and what it took of limits.
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
        orders::transition(&mut tx, &mut order, Move::Cancel, actor, reason, now).await?;
        for payment in payments::of_order(&mut tx, order.id).await? {
            if payment.status.after(PaymentMove::Cancel).is_err() {
                continue;
            }
            let mut payment = payments::lock(&mut tx, payment.id).await?;
            let nothing = Settlement::default();
            payments::transition(&mut tx, &mut payment, PaymentMove::Cancel, &nothing, actor, now)
                .await?;
        }
        let (context, status) = (self.save_context(), ReservationStatus::Released);
        inventory::release(&mut tx, &[order.id], status, actor, now, &context).await?;
        limits::release(&mut tx, std::slice::from_ref(&order), now).await?;
        let event = orders::events::cancelled(&order, "cancelled", &*self.clock, &self.ids);
        outbox::append(&mut tx, &[event]).await?;
        tx.commit().await.map_err(DbError::from)?;
        Ok(())
    }
}
