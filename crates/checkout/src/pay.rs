//! Beginning a payment: what the buyer's browser has to post to the provider.

use jiff::Timestamp;
use kernel::{
    Actor, Locale, Money,
    id::{OrderId, PaymentId},
};
use orders::{Move, Order, OrderNumber};
use payments::{Payment, PaymentMove, PaymentStatus, Settlement, TradeNo};
use pg::{Backoff, DbError, retry};
use uuid::Uuid;

use crate::{Checkout, error::CheckoutError};

/// What the browser posts, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentForm {
    /// The attempt.
    pub payment: PaymentId,
    /// The provider's name.
    pub provider: String,
    /// Where to post.
    pub action: String,
    /// What to post: names and values, in this order, nothing else.
    pub fields: Vec<(String, String)>,
    /// Until when the stock is held.
    pub expires_at: Timestamp,
}

impl Checkout {
    /// Begins an attempt to pay an order. The same key gives the same attempt and the same form.
    pub async fn begin_payment(
        &self,
        order: OrderId,
        key: Uuid,
        actor: Actor,
    ) -> Result<PaymentForm, CheckoutError> {
        retry(Backoff::TRANSACTION, &self.ids, || self.try_begin_payment(order, key, actor)).await
    }

    async fn try_begin_payment(
        &self,
        order: OrderId,
        key: Uuid,
        actor: Actor,
    ) -> Result<PaymentForm, CheckoutError> {
        let mut tx = self.db.begin().await?;
        let now = self.clock.now();
        let order = orders::lock(&mut tx, order).await?;
        if let Some(payment) = payments::lock_by_key(&mut tx, order.id, key).await? {
            return self.form(&order, &payment);
        }
        // The machine decides whether this order can still be paid.
        order.status.after(Move::Pay).map_err(CheckoutError::InvalidTransition)?;
        if order.reserved_until <= now {
            return Err(CheckoutError::ReservationOver);
        }
        let shard = order.id.shard();
        let mut payment = Payment {
            id: self.ids.next_on(&*self.clock, shard),
            order: order.id,
            trade_no: TradeNo::new(shard, &self.ids),
            provider: "ecpay".into(),
            method: order.payment_method.to_string(),
            amount: order.total,
            status: PaymentStatus::Created,
            provider_trade_no: None,
            kept: true,
            created_at: now,
            paid_at: None,
        };
        let form = self.form(&order, &payment)?;
        payments::insert(&mut tx, &payment, key).await?;
        let nothing_yet = Settlement::default();
        payments::transition(&mut tx, &mut payment, PaymentMove::Begin, &nothing_yet, actor, now)
            .await?;
        tx.commit().await.map_err(DbError::from)?;
        Ok(form)
    }

    /// The form of an attempt: a pure function of what is stored, so that asking again gives it
    /// again.
    fn form(&self, order: &Order, payment: &Payment) -> Result<PaymentForm, CheckoutError> {
        let number = OrderNumber::of(order.id);
        let name =
            |line: &orders::Line| format!("{} x {}", line.name.get(order.locale), line.quantity);
        let guest = order.customer.is_none();
        let mut checkout = ecpay::Checkout::new(
            ecpay::Order {
                merchant_trade_no: ecpay::MerchantTradeNo::new(payment.trade_no.as_str())
                    .unwrap_or_else(|_| unreachable!("our trade numbers fit ECPay's rule")),
                created_at: payment.created_at,
                total_amount: twd(payment.amount),
                description: format!("Order {number}"),
                items: order.lines.iter().map(name).collect(),
                return_url: format!("{}/api/payments/ecpay/notify", self.public_url),
            },
            ecpay::Method::credit(),
        )
        .order_result_url(format!("{}/api/payments/ecpay/result", self.public_url))
        .client_back_url(self.order_url(order.id, order.locale, "", guest));
        if order.locale == Locale::En {
            checkout = checkout.language(ecpay::Language::English);
        }
        let form = checkout.sign(&self.provider.merchant, &self.provider.environment)?;
        Ok(PaymentForm {
            payment: payment.id,
            provider: payment.provider.clone(),
            action: form.action().to_owned(),
            fields: form.fields().map(|(n, v)| (n.to_owned(), v.to_owned())).collect(),
            expires_at: order.reserved_until,
        })
    }
}

/// Whole dollars, as the provider counts them.
fn twd(amount: Money) -> u32 {
    u32::try_from(amount.amount()).unwrap_or(u32::MAX)
}
