//! The provider's word that a payment succeeded or failed (ECPay's `ReturnURL` and
//! `OrderResultURL`), or that a code to pay by was issued (`PaymentInfoURL`).
//!
//! The checks, in their order: form and signature and merchant (by the `ecpay` crate), attempt
//! known, amount as asked, not simulated; then one transaction, idempotent: a repetition changes
//! nothing and is answered the same. The answer is given after the commit.

use ecpay::{CodeNotice, NoticeError, PaymentNotice};
use payments::{
    Payment, TradeNo,
    notices::{self, Verdict},
};
use pg::{Backoff, DbError, retry};

use crate::{Checkout, error::CheckoutError, word::Word};

/// What a notice led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// What was made of it.
    pub verdict: Verdict,
    /// The order it is about, and whether a guest bought it.
    pub order: Option<(kernel::id::OrderId, kernel::Locale, bool)>,
}

/// Where a word comes from.
#[derive(Clone, Copy, Debug)]
enum Source<'a> {
    /// A notice, kept word for word, for the number it names.
    Notice { number: &'a str, body: &'a str },
    /// A question of ours, or somebody of the shop.
    Asked,
}

impl Checkout {
    /// Reads and believes a notice, or says why not.
    pub fn verify_notice(&self, body: &[u8]) -> Result<PaymentNotice, NoticeError> {
        PaymentNotice::verify(body, &self.provider.merchant)
    }

    /// Reads and believes the announcement of a code, or says why not.
    pub fn verify_code(&self, body: &[u8]) -> Result<CodeNotice, NoticeError> {
        CodeNotice::verify(body, &self.provider.merchant)
    }

    /// Keeps a body that was posted as a notice and is not believed, and counts it.
    pub async fn refuse_notice(
        &self,
        body: &[u8],
        error: &NoticeError,
    ) -> Result<Verdict, CheckoutError> {
        let verdict = Verdict::of(error);
        self.metrics.notice(verdict);
        let mut conn = self.db.acquire().await?;
        notices::record_refused(&mut conn, body, verdict, &*self.clock, &self.ids).await?;
        Ok(verdict)
    }

    /// Acts on a verified notice, once.
    pub async fn receive_notice(
        &self,
        notice: &PaymentNotice,
        body: &str,
    ) -> Result<Reply, CheckoutError> {
        let (number, word) = (notice.merchant_trade_no.as_str(), Word::from(notice));
        self.receive(number, &word, Source::Notice { number, body }).await
    }

    /// Acts on the verified announcement of a code, once.
    pub async fn receive_code(
        &self,
        notice: &CodeNotice,
        body: &str,
    ) -> Result<Reply, CheckoutError> {
        let (number, word) = (notice.merchant_trade_no.as_str(), Word::from(notice));
        self.receive(number, &word, Source::Notice { number, body }).await
    }

    /// Acts on what is known of an attempt otherwise than by a notice: because its provider was
    /// asked, or because somebody of the shop says so. The same as a notice that says it.
    pub async fn take_word(&self, trade_no: &TradeNo, word: &Word) -> Result<Reply, CheckoutError> {
        self.receive(trade_no.as_str(), word, Source::Asked).await
    }

    async fn receive(
        &self,
        number: &str,
        word: &Word,
        source: Source<'_>,
    ) -> Result<Reply, CheckoutError> {
        let reply = retry(Backoff::TRANSACTION, &self.ids, async || {
            self.try_receive(number, word, source).await
        })
        .await?;
        if matches!(source, Source::Notice { .. }) {
            self.metrics.notice(reply.verdict);
        }
        if !matches!(reply.verdict, Verdict::Accepted | Verdict::Repeated) {
            tracing::warn!(
                merchant_trade_no = number,
                verdict = reply.verdict.as_str(),
                "what the provider said of a payment was not acted on"
            );
        }
        Ok(reply)
    }

    async fn try_receive(
        &self,
        number: &str,
        word: &Word,
        source: Source<'_>,
    ) -> Result<Reply, CheckoutError> {
        let mut tx = self.db.begin().await?;
        let known: Option<Payment> = match TradeNo::parse(number) {
            Some(trade_no) => payments::find(&mut tx, &trade_no).await?,
            None => None,
        };
        let mut reply = Reply { verdict: Verdict::Unknown, order: None };
        if let Some(payment) = known {
            let order = orders::lock(&mut tx, payment.order).await?;
            let payment = payments::lock(&mut tx, payment.id).await?;
            reply.order = Some((order.id, order.locale, order.customer.is_none()));
            reply.verdict = self.settle(&mut tx, order, payment, word).await?;
        }
        if let Source::Notice { number, body } = source {
            notices::record(&mut tx, number, body, reply.verdict, &*self.clock, &self.ids).await?;
        }
        tx.commit().await.map_err(DbError::from)?;
        Ok(reply)
    }
}
