//! What people of the shop decide about refunds. Each is one transaction of the caller's, who writes
//! it into the audit log before the commit.

use jiff::Timestamp;
use kernel::{
    Actor, Money,
    id::{OrderId, RefundId},
};
use orders::{Move, Order, OrderStatus};
use payments::{
    Payment,
    refunds::{self, Refund, RefundAccount, RefundError, RefundStatus},
    tasks::{self, TaskResolution},
};
use pg::{Connection, DbError};

use crate::{Checkout, error::CheckoutError};

/// What is decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The money goes back; with the last of it, what has not left may be sold again.
    Approve,
    /// The money stays, and the order goes back to where it was.
    Reject,
    /// What failed is tried again.
    Retry,
    /// The money went back by hand; the reference shows it.
    Confirm {
        /// The number of the transfer.
        reference: String,
    },
    /// A transfer goes there.
    Account(RefundAccount),
}

/// Who decides what, and why.
#[derive(Clone, Debug)]
pub struct Ruling<'a> {
    /// What.
    pub decision: Decision,
    /// The version they have seen, if they say so.
    pub seen: Option<i64>,
    /// Who.
    pub actor: Actor,
    /// Why.
    pub reason: Option<&'a str>,
}

impl Checkout {
    /// A refund with its order, locked: what policies decide by.
    pub async fn lock_refund(
        &self,
        conn: &mut Connection,
        id: RefundId,
    ) -> Result<(Order, Refund), CheckoutError> {
        let (order, _, refund) = lock_all(conn, id).await?;
        Ok((order, refund))
    }

    /// Decides about a refund: as it was, and as it is.
    pub async fn decide_refund(
        &self,
        conn: &mut Connection,
        id: RefundId,
        ruling: &Ruling<'_>,
    ) -> Result<(Refund, Refund), CheckoutError> {
        let now = self.clock.now();
        let (mut order, mut payment, before) = lock_all(conn, id).await?;
        before.seen(ruling.seen)?;
        let by = (ruling.actor, ruling.reason, now);
        let after = match &ruling.decision {
            Decision::Approve => {
                let after = refunds::approve(conn, &before, by).await?;
                if self.ends_order(conn, &order, &payment).await? {
                    self.put_back_on_sale(conn, &order, now).await?;
                }
                after
            }
            Decision::Reject => self.reject_refund(conn, &mut order, &payment, &before, by).await?,
            Decision::Retry => {
                let after = refunds::retry(conn, &before, by).await?;
                let done = TaskResolution::Done;
                tasks::close_of_refund(conn, id, done, ruling.actor, now).await?;
                after
            }
            Decision::Confirm { reference } => {
                let reference = reference.as_str();
                let after = refunds::confirm(conn, &mut payment, &before, reference, by).await?;
                self.after_refund(conn, &mut order, &payment, &after, ruling.actor).await?;
                after
            }
            Decision::Account(account) => {
                refunds::set_account(conn, &before, account.clone(), now).await?
            }
        };
        Ok((before, after))
    }

    /// Whether all of an order's money goes back for sure: nothing of it is left, and nothing is
    /// undecided. Then nothing of it is shipped any more.
    async fn ends_order(
        &self,
        conn: &mut Connection,
        order: &Order,
        payment: &Payment,
    ) -> Result<bool, CheckoutError> {
        if !payment.kept || order.status != OrderStatus::RefundRequested {
            return Ok(false);
        }
        let left = refunds::balance(conn, payment).await?.left();
        let all = refunds::of_order(conn, order.id).await?;
        let undecided = all.iter().any(|it| it.status == RefundStatus::Requested);
        Ok(left == Money::ZERO && !undecided)
    }

    async fn reject_refund(
        &self,
        conn: &mut Connection,
        order: &mut Order,
        payment: &Payment,
        refund: &Refund,
        (actor, reason, now): (Actor, Option<&str>, Timestamp),
    ) -> Result<Refund, CheckoutError> {
        let why = reason.unwrap_or_default();
        let rejected = refunds::reject(conn, refund, (actor, why, now)).await?;
        if !payment.kept || order.status != OrderStatus::RefundRequested {
            return Ok(rejected);
        }
        // Not all of its money is asked for any more.
        let came_from = orders::came_from(conn, order.id, OrderStatus::RefundRequested).await?;
        let back = match came_from {
            Some(OrderStatus::Paid) => Move::ResumePaid,
            Some(OrderStatus::PreparingShipment) => Move::ResumePreparing,
            other => {
                return Err(CheckoutError::Db(DbError::Corrupt {
                    table: "orders.transitions",
                    column: "from_status",
                    value: format!("order {}: {other:?}", order.id),
                }));
            }
        };
        orders::transition(conn, order, Move::RejectRefund, actor, reason, now).await?;
        orders::transition(conn, order, back, Actor::System, None, now).await?;
        Ok(rejected)
    }

    /// The buyer says where a transfer is to go, as long as it is still to be made.
    pub async fn refund_account(
        &self,
        conn: &mut Connection,
        (order, id): (OrderId, RefundId),
        account: &RefundAccount,
    ) -> Result<Refund, CheckoutError> {
        let now = self.clock.now();
        let known = refunds::find(conn, id).await?.filter(|refund| refund.order == order);
        if known.is_none() {
            return Err(RefundError::NotFound.into());
        }
        let (_, _, refund) = lock_all(conn, id).await?;
        if refund.status == RefundStatus::Processing && refund.account.is_some() {
            // Somebody may be transferring to it at this moment: from now on the shop changes it.
            return Err(CheckoutError::AccountTaken);
        }
        Ok(refunds::set_account(conn, &refund, account.clone(), now).await?)
    }
}

/// Locks a refund with its order and payment, in the order of the locks.
pub(super) async fn lock_all(
    conn: &mut Connection,
    id: RefundId,
) -> Result<(Order, Payment, Refund), CheckoutError> {
    let known = refunds::find(conn, id).await?.ok_or(RefundError::NotFound)?;
    let order = orders::lock(conn, known.order).await?;
    let payment = payments::lock(conn, known.payment).await?;
    let refund = refunds::lock(conn, id).await?;
    Ok((order, payment, refund))
}
