//! The provider's word that a payment succeeded or failed (ECPay's `ReturnURL` and
//! `OrderResultURL`).
//!
//! The checks, in their order: form and signature and merchant (by the `ecpay` crate), attempt
//! known, amount as asked, not simulated; then one transaction, idempotent: a repetition changes
//! nothing and is answered the same. The answer is given after the commit.

use ecpay::{NoticeError, Outcome, PaymentNotice};
use inventory::{Cause, Demand, Sourcing};
use kernel::{Actor, Money};
use orders::{Move, Order, OrderNumber, OrderStatus};
use payments::{
    Payment, PaymentMove, Settlement, TradeNo,
    events::RefundNotice,
    notices::{self, Verdict},
    refunds::{self, AutomaticRefund},
};
use pg::{Backoff, Connection, DbError, retry};

use crate::{Checkout, error::CheckoutError, limits};

/// What a notice led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// What was made of it.
    pub verdict: Verdict,
    /// The order it is about, and whether a guest bought it.
    pub order: Option<(kernel::id::OrderId, kernel::Locale, bool)>,
}

/// Who the provider's word is credited to.
const ACTOR: Actor = Actor::PaymentProvider;

impl Checkout {
    /// Reads and believes a notice, or says why not.
    pub fn verify_notice(&self, body: &[u8]) -> Result<PaymentNotice, NoticeError> {
        PaymentNotice::verify(body, &self.provider.merchant)
    }

    /// Acts on a verified notice, once.
    pub async fn receive_notice(
        &self,
        notice: &PaymentNotice,
        body: &str,
    ) -> Result<Reply, CheckoutError> {
        retry(Backoff::TRANSACTION, &self.ids, async || self.try_receive(notice, body).await).await
    }

    async fn try_receive(
        &self,
        notice: &PaymentNotice,
        body: &str,
    ) -> Result<Reply, CheckoutError> {
        let mut tx = self.db.begin().await?;
        let trade_no = TradeNo::parse(notice.merchant_trade_no.as_str());
        let known = match &trade_no {
            Some(trade_no) => payments::find(&mut tx, trade_no).await?,
            None => None,
        };
        let mut reply = Reply { verdict: Verdict::Unknown, order: None };
        if let Some(payment) = known {
            let order = orders::lock(&mut tx, payment.order).await?;
            let payment = payments::lock(&mut tx, payment.id).await?;
            reply.order = Some((order.id, order.locale, order.customer.is_none()));
            reply.verdict = self.settle(&mut tx, order, payment, notice).await?;
        }
        let number = notice.merchant_trade_no.as_str();
        notices::record(&mut tx, number, body, reply.verdict, &*self.clock, &self.ids).await?;
        tx.commit().await.map_err(DbError::from)?;
        if !matches!(reply.verdict, Verdict::Accepted | Verdict::Repeated) {
            tracing::warn!(
                merchant_trade_no = number,
                verdict = reply.verdict.as_str(),
                "a signed payment notice was not acted on"
            );
        }
        Ok(reply)
    }

    async fn settle(
        &self,
        conn: &mut Connection,
        order: Order,
        payment: Payment,
        notice: &PaymentNotice,
    ) -> Result<Verdict, CheckoutError> {
        if Money::twd(notice.amount.into()) != Ok(payment.amount) {
            return Ok(Verdict::WrongAmount);
        }
        if notice.simulated {
            return Ok(Verdict::Simulated);
        }
        if payment.status.is_settled() {
            return Ok(Verdict::Repeated);
        }
        match notice.outcome() {
            Outcome::Failed { code } => self.settle_failure(conn, payment, notice, code).await,
            Outcome::Paid => {
                self.settle_success(conn, order, payment, notice).await?;
                Ok(Verdict::Accepted)
            }
        }
    }

    /// The attempt failed; the order keeps its stock, and may be paid by another attempt until its
    /// time is over.
    async fn settle_failure(
        &self,
        conn: &mut Connection,
        mut payment: Payment,
        notice: &PaymentNotice,
        code: i64,
    ) -> Result<Verdict, CheckoutError> {
        if payment.status.after(PaymentMove::Fail).is_err() {
            return Ok(Verdict::Repeated);
        }
        let settlement = Settlement {
            provider_trade_no: Some(&notice.trade_no),
            failure_code: Some(code),
            failure_message: Some(&notice.message),
            ..Settlement::default()
        };
        let now = self.clock.now();
        payments::transition(conn, &mut payment, PaymentMove::Fail, &settlement, ACTOR, now)
            .await?;
        let event = payments::events::failed(&payment, code, &*self.clock, &self.ids);
        outbox::append(conn, &[event]).await?;
        Ok(Verdict::Accepted)
    }

    /// The money is there: it is kept if the order can have its stock, else it goes back.
    async fn settle_success(
        &self,
        conn: &mut Connection,
        mut order: Order,
        mut payment: Payment,
        notice: &PaymentNotice,
    ) -> Result<(), CheckoutError> {
        let now = self.clock.now();
        let goes_back = match order.status {
            OrderStatus::PendingPayment | OrderStatus::PaymentFailed => {
                orders::transition(conn, &mut order, Move::Pay, ACTOR, None, now).await?;
                let context = self.save_context();
                inventory::confirm(conn, &[order.id], ACTOR, now, &context).await?;
                None
            }
            OrderStatus::Cancelled => self.revive(conn, &mut order).await?,
            _ => Some(AutomaticRefund::PaidTwice),
        };
        let settlement = Settlement {
            provider_trade_no: Some(&notice.trade_no),
            paid_at: Some(now),
            goes_back: goes_back.is_some(),
            ..Settlement::default()
        };
        payments::transition(conn, &mut payment, PaymentMove::Succeed, &settlement, ACTOR, now)
            .await?;
        let (clock, ids) = (&*self.clock, &self.ids);
        let mut events = vec![payments::events::succeeded(&payment, clock, ids)];
        match goes_back {
            None => {
                let guest = order.customer.is_none();
                let url = self.order_url(order.id, order.locale, "", guest);
                events.push(orders::events::paid(&order, &url, clock, ids));
            }
            Some(reason) => {
                refunds::request(conn, &payment, reason, clock, ids).await?;
                let number = OrderNumber::of(order.id).to_string();
                let told = RefundNotice {
                    number: &number,
                    email: &order.contact.email,
                    locale: order.locale,
                    amount: payment.amount,
                    reason: reason.as_str(),
                };
                events.push(payments::events::refund_requested(&payment, &told, clock, ids));
            }
        }
        outbox::append(conn, &events).await?;
        Ok(())
    }

    /// Money for an order that has ended. One that only ran out of time gets its stock again if it
    /// is still to be had, and if limits still leave room for it; one its buyer cancelled stays
    /// cancelled.
    async fn revive(
        &self,
        conn: &mut Connection,
        order: &mut Order,
    ) -> Result<Option<AutomaticRefund>, CheckoutError> {
        let held = inventory::reservations::of_orders(conn, &[order.id]).await?;
        let waited = inventory::backorders::of_orders(conn, &[order.id]).await?;
        let ran_out = held.iter().all(|r| r.status == inventory::ReservationStatus::Expired)
            && waited
                .iter()
                .all(|it| it.status != inventory::backorders::BackorderStatus::Released);
        if !ran_out {
            return Ok(Some(AutomaticRefund::OrderCancelled));
        }
        let now = self.clock.now();
        let warehouses = inventory::warehouses(conn).await?;
        let postal_code = &order.shipping_address.postal_code;
        let preference = Sourcing::new(&warehouses, self.sourcing).preference(postal_code);
        let demands = demands(conn, order).await?;
        let cause = Cause {
            actor: ACTOR,
            reference: Some(order.id.as_uuid()),
            reason: Some("late payment"),
            at: now,
        };
        let context = self.save_context();
        let variants: Vec<_> = demands.iter().map(|demand| demand.variant).collect();
        // Limits are decided under the locks of the stock rows, which `reclaim` needs anyway.
        inventory::lock(conn, &variants).await?;
        let Some(counted) = limits::room_again(conn, order, now).await? else {
            return Ok(Some(AutomaticRefund::LimitReached));
        };
        let again =
            inventory::reclaim(conn, order.id, &demands, &preference, &cause, &context).await?;
        if !again {
            return Ok(Some(AutomaticRefund::StockGone));
        }
        limits::take_again(conn, order.id, &counted).await?;
        let reason = Some("late payment");
        orders::transition(conn, order, Move::PayLate, ACTOR, reason, now).await?;
        Ok(None)
    }
}

/// What an order takes out of stock: of its bundles, what they were made of when it was placed.
async fn demands(conn: &mut Connection, order: &Order) -> Result<Vec<Demand>, DbError> {
    let components = orders::components::of_orders(conn, &[order.id]).await?;
    let mut demands = Vec::with_capacity(order.lines.len());
    for line in &order.lines {
        for taken in orders::components::taken_by(line, &components) {
            let (variant, quantity) = taken.map_err(|_| DbError::Corrupt {
                table: "orders.line_components",
                column: "quantity",
                value: format!("order {}, line {}", order.id, line.line_no),
            })?;
            demands.push(Demand { line_no: line.line_no, variant, quantity });
        }
    }
    Ok(demands)
}
